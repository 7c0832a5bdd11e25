/* Ranks, bars and the verdict, from the scores that are there */

function rank() {
  const scored = cards.filter((card) => card.exact && card.able && card.score !== null);
  const largest = Math.max(...scored.map((card) => -card.score), 0);
  const order = [...scored].sort((a, b) => b.score - a.score);
  const hidden = known && known.includes(0);
  cards.forEach((card) => {
    card.root.hidden = !card.able;
    card.root.classList.toggle("waiting", !card.fresh);
    if (!card.exact) return;
    const score = card.score;
    card.root.classList.toggle("best", Boolean(hidden && card === order[0]));
    card.number.textContent = score === null ? "\u2026" : zoo.number(score, 1);
    card.bar.style.setProperty("--share", score === null || !largest ? 0 : -score / largest);
  });
  const byName = (a, b) => (a.model.name < b.model.name ? -1 : 1);
  const place = (card) => (order.includes(card) ? order.indexOf(card) : order.length);
  const sorted = cards.filter((card) => card.exact).sort(byName);
  if (part.get("sort") === "score") sorted.sort((a, b) => place(a) - place(b));
  const there = [...find(".exact").children];
  // What stands right is not moved: a card under the keyboard would lose its focus.
  if (sorted.some((card, k) => there[k] !== card.root)) {
    find(".exact").append(...sorted.map((card) => card.root));
  }
  find(".sorts").hidden = sorted.filter((card) => card.able).length < 2;
  const unable = cards.filter((card) => !card.able).map((card) => card.model.name).sort();
  find(".unable").hidden = !unable.length;
  find(".unable").textContent = zoo.t("faceoff.unable", { models: unable.join(", ") });
  tell(order, hidden);
}

const raised = (n) => String(n).replace(/\d/g, (digit) => "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"[digit]);

const tell = zoo.wait(250, (order, hidden) => {
  const [best, worst] = [order[0], order[order.length - 1]];
  const values = best && {
    best: best.model.name,
    score: zoo.number(best.score, 1),
    worst: worst.model.name,
    factor: raised(Math.round((best.score - worst.score) / Math.LN10)),
  };
  const key = !hidden ? "nothing" : !best ? "" : order.length < 2 ? "alone" : "verdict";
  find(".verdict").textContent = key && zoo.t("faceoff." + key, values);
});

/* Asking: one call at a time to the quick models and one to the slow ones, so that neither wait for
   the other. A change begins a new turn: what waits is dropped, and what the server has under way
   for an older turn it stops itself. */

const page = String(zoo.newSeed()) + "-" + String(zoo.newSeed());
let turn = 0;

class Lane {
  constructor() {
    this.jobs = [];
    this.busy = false;
  }

  async set(jobs) {
    this.jobs = jobs;
    if (this.busy) return;
    this.busy = true;
    while (this.jobs.length) await this.jobs.shift()();
    this.busy = false;
  }
}

const [quick, slow] = [new Lane(), new Lane()];

async function call(name, given) {
  let answer = null;
  const begin = performance.now();
  try {
    answer = await server[name]({ ...given, page, turn: given.turn });
  } catch (error) {
    answer = null; // no connection: told below
  }
  if (!answer) answer = { ok: false, error: zoo.t("zoo.no_answer") };
  zoo.release();
  if (given.turn === turn) zoo.showStatus(find(".state"), answer, performance.now() - begin);
  return answer;
}

function foresee(card, mine, digit) {
  const { name } = card.model;
  return async () => {
    if (name in byRow) return;
    const table = byRow; // of this digit: another one has another
    const answer = await call("foresee", { model: name, x: zoo.packBits(digit), turn: mine });
    if (!answer.ok || !answer.by_row) return;
    table[name] = answer.by_row;
    if (table === byRow) rank();
  };
}

function complete(card, mine, digit, mask) {
  return async () => {
    const seed = part.get("seed");
    const answer = await call("complete", { model: card.model.name, x: zoo.packBits(digit),
      known: zoo.packBits(mask), seed, turn: mine });
    if (!answer.ok || !answer.images || mine !== turn) return;
    card.show({ levels: zoo.bytes(answer.images), logProb: answer.log_prob, ms: answer.ms,
      x: digit, known: mask, turn: mine, seed });
    rank();
  };
}

function jobsOf(mine, isSlow) {
  const [digit, mask] = [x, known];
  const able = cards.filter((card) => card.model.slow === isSlow && card.able);
  const rows = part.get("mask") === "rows";
  const readers = (kind) => (rows ? able.filter((card) => card.model.kind === kind) : []);
  const last = able.filter((card) => card.model.kind === "any");
  const others = able.filter((card) => card.model.kind !== "any");
  return [
    ...readers("raster").map((card) => foresee(card, mine, digit)),
    ...others.map((card) => complete(card, mine, digit, mask)),
    ...readers("any").map((card) => foresee(card, mine, digit)),
    ...last.map((card) => complete(card, mine, digit, mask)),
  ];
}

const askSlow = zoo.wait(280, (mine) => mine === turn && slow.set(jobsOf(mine, true)));

function ask() {
  if (!x) return;
  known = Uint8Array.from({ length: D }, (_, i) =>
    Number(MASKS[part.get("mask")](Math.floor(i / SIDE), i % SIDE))
  );
  turn += 1;
  slow.jobs = [];
  quick.set(jobsOf(turn, false));
  askSlow(turn);
  zoo.withAnswer(showPicture);
  zoo.withAnswer(rank);
}
