import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const D = 784;
  const SIDE = 28;
  const FIRST = 305; // its upper half could be of a 2 or a 3

  const find = (selector) => element.querySelector(selector);
  const all = (selector) => [...element.querySelectorAll(selector)];
  const { models, count } = props.data; // [{name, kind, tab, slow}], the quickest first

  /* What is known: is the pixel in row r, column c? Of the first rows, as many as the line says. */
  const MASKS = {
    rows: (r) => r < part.get("rows"),
    left: (r, c) => c < 14,
    bottom: (r) => r >= 14,
    hole: (r, c) => Math.hypot(r - 13.5, c - 13.5) >= 6.5,
  };

  const part = zoo.part(
    "faceoff",
    { image: FIRST, rows: 12, mask: "rows", seed: 1, sort: "score" },
    restore
  );

  let x = null; // the true digit (784,)
  let known = null; // (784,), 1 where it is known
  let byRow = {}; // of this digit, by model: log p of all rows from the r-th on, given those before
  let peek = null; // what the large picture shows: null, or {card, n}
  let lookingAt = false; // a pointer is over the large picture
  let pinned = false; // the true rest is shown for good

  /* The large picture */

  const grid = new zoo.Grid(find(".canvas"), {
    label: "faceoff.canvas",
    read: (i) => zoo.t(!known[i] && !isTrue() ? "faceoff.unknown" : x[i] ? "faceoff.ink" : "faceoff.empty"),
    onpoint(i) {
      lookingAt = i !== null;
      showPicture();
    },
  });
  grid.surface.addEventListener("blur", () => {
    lookingAt = false;
    showPicture();
  });
  grid.addLayer((context, size) => x && peek && zoo.outline(context, size, x));

  const isTrue = () => !peek && (lookingAt || pinned);

  grid.repaint = () => {
    if (!x) return;
    if (peek) peek.card.paint(grid.cells, peek.n);
    else zoo.paintRest(grid.cells, x, (i) => known[i], (i) => (isTrue() ? x[i] : null));
  };

  function showPicture() {
    grid.repaint();
    grid.refresh();
    find(".truth").setAttribute("aria-pressed", pinned);
    const key = peek ? "faceoff.shown_made" : isTrue() ? "faceoff.shown_true" : "faceoff.shown_known";
    const values = peek ? { model: peek.card.model.name, n: zoo.number(peek.n + 1) } : {};
    find(".shown").textContent = zoo.t(key, values);
  }

  find(".truth").addEventListener("click", () => {
    pinned = !pinned;
    showPicture();
  });

  /* A card for each model: its completions, and how well it foresaw the true rest */

  class Card {
    constructor(model) {
      this.model = model;
      this.exact = model.kind === "raster" || model.kind === "any";
      this.answer = null; // {levels, logProb, ms, x, known}
      const name = zoo.make("button", { type: "button" }, model.name);
      name.addEventListener("click", () => zoo.selectTab(model.tab));
      this.name = name;
      this.time = zoo.make("span", { class: "time" });
      const strip = zoo.make("div", { class: "strip" });
      this.root = zoo.make("div", { class: "card waiting", "data-testid": "faceoff-" + model.name },
        zoo.make("div", { class: "head" }, name, this.time), strip);
      this.grid = new zoo.Grid(strip, {
        columns: count,
        rows: 1,
        label: "faceoff.strip",
        read: () => zoo.t("faceoff.by", { model: model.name }),
        onpoint: (n) => this.point(n),
      });
      this.grid.surface.addEventListener("blur", () => this.point(null));
      this.grid.cells.width = count * SIDE;
      this.grid.cells.height = SIDE;
      this.grid.repaint = () => this.repaint();
      this.grid.addLayer((context, size) => {
        context.fillStyle = zoo.token("line");
        for (let n = 1; n < count; n++) context.fillRect(Math.round(n * size), 0, 1, size);
      });
      if (this.exact) {
        this.bar = zoo.make("span", { class: "bar" });
        this.number = zoo.make("output", {});
        this.root.append(zoo.make("div", { class: "score" }, this.bar, this.number));
      }
      find(this.exact ? ".exact" : ".coded").append(this.root);
    }

    /* Can it be given what is known? */
    get able() {
      return this.model.kind !== "raster" || part.get("mask") === "rows";
    }

    /* log p(the true rest | known), or null where it is not known yet. */
    get score() {
      const rows = byRow[this.model.name];
      if (part.get("mask") === "rows") return rows ? rows[part.get("rows")] : null;
      return this.fresh ? this.answer.logProb : null;
    }

    get fresh() {
      return this.answer !== null && this.answer.turn === turn;
    }

    /* The n-th completion's i-th pixel, 0 to 1. */
    made(n, i) {
      return this.answer.levels[n * D + i] / 255;
    }

    paint(canvas, n) {
      const { x, known } = this.answer;
      zoo.paintRest(canvas, x, (i) => known[i], (i) => this.made(n, i));
    }

    point(n) {
      if (n !== null && this.answer) peek = { card: this, n };
      else if (peek && peek.card === this) peek = null;
      else return;
      showPicture();
    }

    repaint() {
      if (!this.answer) return;
      const one = zoo.make("canvas", { width: SIDE, height: SIDE });
      const context = this.grid.cells.getContext("2d");
      for (let n = 0; n < count; n++) {
        this.paint(one, n);
        context.drawImage(one, n * SIDE, 0);
      }
    }

    show(answer) {
      this.answer = answer;
      this.grid.repaint();
      this.grid.cells.dataset.turn = answer.turn;
      this.grid.cells.dataset.seed = answer.seed;
      this.time.textContent = zoo.t("faceoff.seconds", { s: zoo.number(answer.ms / 1000, 2) });
      if (peek && peek.card === this) showPicture();
    }
  }

  const cards = models.map((model) => new Card(model));

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

  /* Controls */

  const chooser = new zoo.Chooser(find(".chooser"), {
    label: "zoo.digits",
    onchoose(id) {
      part.set({ image: id });
      showDigit(id);
      ask();
    },
  });

  function showDigit(id) {
    x = chooser.picture(id).map((level) => (level ? 1 : 0));
    byRow = {};
    peek = null;
  }

  const line = find(".zoo-line");
  function moveLine(rows) {
    const next = Math.max(0, Math.min(SIDE, rows));
    if (next === part.get("rows")) return;
    part.set({ rows: next });
    showControls();
    ask();
  }
  line.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    line.focus({ preventScroll: true });
    line.setPointerCapture(event.pointerId);
  });
  line.addEventListener("pointermove", (event) => {
    if (!line.hasPointerCapture(event.pointerId)) return;
    const box = grid.surface.getBoundingClientRect();
    moveLine(Math.round(((event.clientY - box.top) / box.height) * SIDE));
  });
  line.addEventListener("keydown", (event) => {
    const by = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1, PageUp: -4, PageDown: 4,
      Home: -SIDE, End: SIDE }[event.key];
    if (!by) return;
    event.preventDefault();
    moveLine(part.get("rows") + by);
  });
  grid.addLayer((context, size) => {
    if (part.get("mask") !== "rows") return;
    context.strokeStyle = zoo.token("accent");
    context.lineWidth = 2;
    context.stroke(zoo.staircase(size, part.get("rows") * SIDE));
  });

  for (const key of Object.keys(MASKS)) {
    const button = zoo.make("button", { type: "button", "data-mask": key,
      "data-t": "faceoff.mask_" + key, "data-t-title": `faceoff.mask_${key}_title`,
      "data-testid": "faceoff-mask-" + key });
    button.addEventListener("click", () => {
      part.set({ mask: key });
      showControls();
      ask();
    });
    find(".masks .zoo-joined").append(button);
  }
  all("[data-sort]").forEach((button) =>
    button.addEventListener("click", () => {
      part.set({ sort: button.dataset.sort });
      showControls();
      rank();
    })
  );
  zoo.seedField(find(".seed"), part, (seed) => {
    part.set({ seed });
    showControls();
    ask();
  });
  find(".random").addEventListener("click", () => {
    part.set({ seed: zoo.newSeed() });
    showControls();
    ask();
  });
  find(".reset").addEventListener("click", () => {
    part.set(part.defaults);
    pinned = false;
    restore();
  });

  function showControls() {
    for (const key of ["mask", "sort"]) {
      all(`[data-${key}]`).forEach((button) =>
        button.setAttribute("aria-pressed", button.dataset[key] === part.get(key))
      );
    }
    find(".seed").value = part.get("seed");
    const rows = part.get("rows");
    line.hidden = part.get("mask") !== "rows";
    line.style.top = (100 * rows) / SIDE + "%";
    line.setAttribute("aria-valuenow", rows);
    line.setAttribute("aria-valuetext", zoo.t("faceoff.rows_known", { rows: zoo.number(rows) }));
  }

  /* Saving */

  function crop(draw) {
    const canvas = zoo.make("canvas", { width: SIDE, height: SIDE });
    draw(canvas);
    return canvas;
  }

  find(".png").addEventListener("click", () => {
    if (!x) return;
    const items = [
      { title: zoo.t("faceoff.shown_known"), canvas: crop((c) => zoo.paintRest(c, x, (i) => known[i], () => null)) },
      { title: zoo.t("faceoff.shown_true"), canvas: crop((c) => zoo.paintRest(c, x, (i) => known[i], (i) => x[i])) },
    ];
    while (items.length < count) items.push({ title: "", canvas: crop(() => {}) });
    const shown = new Set([...all(".exact .card"), ...all(".coded .card")]);
    shown.forEach((root) => {
      const card = cards.find((one) => one.root === root);
      if (!card.fresh || !card.able) return;
      const score = card.exact && card.score !== null ? `  ${zoo.number(card.score, 1)}` : "";
      for (let n = 0; n < count; n++) {
        items.push({ title: n === 0 ? card.model.name : n === 1 ? score : "",
          canvas: crop((c) => card.paint(c, n)) });
      }
    });
    const heading = `${zoo.t("faceoff.title")}   ${zoo.t("zoo.seed")} ${part.get("seed")}`;
    zoo.savePNG(zoo.sheet(items, { columns: count, size: 224, heading }), "genzoo-faceoff.png");
  });

  find(".json").addEventListener("click", () => {
    if (!x) return;
    const entries = cards.filter((card) => card.able).map((card) => ({
      model: card.model.name,
      kind: card.model.kind,
      log_prob: card.exact ? card.score : null,
      images: card.fresh
        ? Array.from({ length: count }, (_, n) => Array.from(x, (_, i) => card.made(n, i)))
        : null,
    }));
    zoo.saveJSON(
      { address: location.href, digit: Math.floor(part.get("image") / 100), pixels: [...x],
        known: [...known], seed: part.get("seed"), models: entries },
      "genzoo-faceoff.json"
    );
  });

  /* All together */

  function name() {
    cards.forEach((card) => {
      card.name.title = zoo.t("faceoff.open", { model: card.model.name });
      if (card.answer) {
        card.time.textContent = zoo.t("faceoff.seconds", { s: zoo.number(card.answer.ms / 1000, 2) });
      }
    });
  }

  function restore() {
    zoo.sane(
      part,
      { image: [0, 999], rows: [0, SIDE], seed: [0, zoo.MAX_SEED] },
      { mask: Object.keys(MASKS), sort: ["score", "name"] }
    );
    showControls();
    if (!chooser.images) return;
    const id = chooser.nearest(part.get("image"));
    chooser.mark(id);
    showDigit(id);
    ask();
  }

  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    showControls();
    showPicture();
    name();
    rank();
  });
  zoo.onChange(zoo.theme, () => cards.forEach((card) => card.repaint()));
  zoo.translate(element);
  find(".coding").hidden = cards.every((card) => card.exact);
  name();
  showControls();

  zoo.whenSeen(element, () => {
    const begin = zoo.latest(
      () => server.start({}),
      (reply, given, milliseconds) => {
        if (!zoo.showStatus(find(".state"), reply, milliseconds)) return;
        const levels = new Uint8Array(reply.digits.length * D);
        reply.digits.forEach((text, n) =>
          levels.set(zoo.unpackBits(text, D).map((bit) => 255 * bit), n * D)
        );
        chooser.load(levels, reply.labels, (c) => zoo.t("zoo.digit", { digit: c }));
        restore();
      }
    );
    begin({});
  });
}
