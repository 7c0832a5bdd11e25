const zoo = window.zoo;
const find = (name) => element.querySelector("." + name);

/* The game on the server, and the record by which it can be played again. */

const LOSSES = { n: "non-saturating", m: "minimax", w: "wasserstein" };
const PENALTIES = { n: "none", r: "real", b: "between" };
const WHO = { b: "both", c: "critic", g: "generator" };
const MAX_STEPS_A_CALL = 6;
const MAX_PHASES = 12;
const SPEEDS = {
  slow: { n: 1, every: 900 },
  normal: { n: 2, every: 40 },
  fast: { n: 4, every: 0 },
};

const letter = (names, value) => Object.keys(names).find((key) => names[key] === value);

/* A record is a list of phases, {rules, acts: [[who, n], ...]}, each by other rules. In the address:
   nr-0.003-0.002-0.004-1-b1200-c3_... */
function written(phases) {
  return phases.map(({ rules, acts }) => [
    letter(LOSSES, rules.loss) + letter(PENALTIES, rules.penalty),
    rules.weight, rules.lr, rules.lr_critic, rules.n_critic,
    ...acts.map(([who, n]) => letter(WHO, who) + n),
  ].join("-")).join("_");
}

/* The phases that a text tells of, or null. */
function read(text) {
  const phases = text.split("_").slice(0, MAX_PHASES).map((phase) => {
    const match = /^([nmw])([nrb])-([\d.]+)-([\d.]+)-([\d.]+)-(\d+)((?:-[bcg]\d{1,5})*)$/.exec(phase);
    if (!match) return null;
    const [weight, lr, lr_critic, n_critic] = match.slice(3, 7).map(Number);
    const valid = weight <= 10 && lr <= 0.05 && lr_critic <= 0.05 && n_critic >= 1 && n_critic <= 5;
    if (!valid) return null;
    const acts = match[7].split("-").slice(1).map((act) => [WHO[act[0]], Number(act.slice(1))]);
    return {
      rules: { loss: LOSSES[match[1]], penalty: PENALTIES[match[2]], weight, lr, lr_critic, n_critic },
      acts,
    };
  });
  return phases.every(Boolean) ? phases : null;
}

const same = (a, b) => Object.keys(a).every((key) => a[key] === b[key]);

const FACE =
  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABgMAAGAwAAYDAAAAAAAAAAAAAAAAAAAA" +
  "AAAAADAAwAOAHAAcA4AA4HAAB_4AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const first = { rules: props.data.rules, acts: [["both", props.data.exhibit]] };

/* `game` is the record. What is drawn at first is a face. */
const part = zoo.part("gan", {
  target: "ring", ink: FACE, seed: 0, game: written([first]), speed: "normal", best: false,
  arrows: false, mesh: false, hand: false, x: 0.5, y: 0.5,
}, restore);
let rules = { ...first.rules }; // by which the next step is

/* The game that is played, null before the first. `begun` is how it began, `phases` its record,
   `records` what was told after each call, `measured` after some. */
let match = null;

/* What is still to be asked: a new game (`begin`, its record), acts of one step, whether to play on,
   and to which step, whether only to look again, or to answer a hand that has moved. `replay` are
   acts that were played once. */
const want = { begin: null, acts: [], replay: [], playing: false, stopAt: null, look: false,
  handMoved: false, aim: false };

let running = false;
let wake = () => {};
const sleep = (milliseconds) =>
  new Promise((resolve) => {
    const timeout = setTimeout(resolve, milliseconds);
    wake = () => {
      clearTimeout(timeout);
      resolve();
    };
  });

/* Ask the server until there is nothing left to ask. One call is under way at a time. */
async function run() {
  wake();
  if (running) return;
  running = true;
  try {
    for (let asked; (asked = nextQuestion()); ) await ask(asked);
  } finally {
    running = false;
  }
  rested();
}

async function ask(asked) {
  const start = performance.now();
  let answer = null;
  try {
    answer = await asked.call(asked.given);
  } catch (error) {
    answer = null; // no connection: told as any other missing answer
  }
  answer = answer || { ok: false, error: zoo.t("zoo.no_answer") };
  const total = performance.now() - start;
  if (!answer.ok || answer.ended) {
    Object.assign(want, { begin: null, acts: [], replay: [], playing: false, look: false });
    if (match && answer.ended) match.ended = answer.ended;
    return failed(answer);
  }
  if (answer.wait) {
    waiting(answer);
    return sleep(1000 * answer.wait);
  }
  zoo.release();
  asked.done(answer, total);
  if (!want.replay.length && !want.playing) return;
  const every = want.replay.length ? 0 : SPEEDS[part.get("speed")].every;
  if (every > 100) return sleep(every);
  // Not faster than the screen, and not at all where nobody looks.
  do await new Promise(requestAnimationFrame);
  while (performance.now() - start < every - 8);
}

function nextQuestion() {
  if (want.begin) {
    const asked = want.begin;
    const { target, seed, phases } = asked;
    const [who, n] = phases[0].acts[0] || ["both", 0];
    const given = {
      target,
      ink: ink(),
      seed,
      rules: phases[0].rules,
      exhibit: who === "both" && n >= props.data.exhibit,
    };
    // Another may be wanted by then.
    return { call: server.begin, given, done: (answer) => want.begin === asked && begun(answer) };
  }
  if (!match || match.ended) return null;
  const hand = part.get("hand") ? place() : null;
  if (want.replay.length) {
    const act = want.replay[0];
    const n = Math.min(act.n, MAX_STEPS_A_CALL);
    return question({ who: act.who, n, rules: act.rules }, () => replayed(act, n));
  }
  if (want.acts.length) {
    const { acts } = want;
    const who = hand ? "critic" : acts[0];
    return question({ who, n: 1, hand }, () => acts.shift() && done(who, 1, hand));
  }
  if (want.playing) {
    const { n } = SPEEDS[part.get("speed")];
    const who = hand ? "critic" : "both";
    return question({ who, n, hand }, () => done(who, n, hand));
  }
  if (hand && want.handMoved) return question({ who: "critic", n: 1, hand }, forget);
  if (want.look) return question({ who: "both", n: 0, hand });
  return null;
}

const measureSoon = zoo.wait(300, () => {
  if (want.playing || want.replay.length) return;
  want.look = true;
  run();
});

let calls = 0;
function question(given, finish = () => {}) {
  const show = [part.get("arrows") && "pull", part.get("mesh") && "mesh"].filter(Boolean);
  // To measure takes longer than a step: seldom on the way, and once when the game comes to rest.
  const often = part.get("best") || !match.measured.length || calls++ % 6 === 0;
  if (!given.n || (often && !given.hand && want.acts.length === 0)) show.push("measure");
  const aim = want.aim ? [part.get("target"), ink()] : null;
  Object.assign(want, { look: false, handMoved: false, aim: false });
  return {
    call: server.play,
    given: { game: match.game, rules, ...given, aim, show },
    done: (answer, total) => {
      finish();
      told(answer, given, total);
      if (!show.includes("measure")) measureSoon();
    },
  };
}

function done(who, n, hand) {
  if (hand) forget();
  else note(who, n);
}

function replayed(act, n) {
  if (want.replay[0] === act) {
    act.n -= n;
    if (!act.n) want.replay.shift();
  } else if (!want.begin) {
    // The replay was broken off meanwhile, but these steps were done.
    rules = { ...act.rules };
    note(act.who, n);
  }
}

/* The phase of the present rules. */
function phase() {
  const last = match.phases[match.phases.length - 1];
  if (same(rules, last.rules)) return last;
  if (!last.acts.length) match.phases.pop();
  // Too many phases for an address: it begins anew from here.
  if (match.phases.length === MAX_PHASES) match.phases = [];
  match.phases.push({ rules: { ...rules }, acts: [] });
  return match.phases[match.phases.length - 1];
}

/* From here on the game is not what a record could tell: a hand was in it, or another drawing. */
function forget() {
  match.phases = [{ rules: { ...rules }, acts: [] }];
  keepRecord();
}

/* What was done, for the record. */
function note(who, n) {
  const { acts } = phase();
  const last = acts[acts.length - 1];
  if (last && last[0] === who) last[1] += n;
  else if (acts.length < 40) acts.push([who, n]);
  keepRecord();
}

/* A replay that is broken off: what was not played goes from the record. */
function cutReplay() {
  if (!want.replay.length) return;
  for (const { n } of want.replay.reverse()) {
    while (!match.phases[match.phases.length - 1].acts.length) match.phases.pop();
    const { acts } = match.phases[match.phases.length - 1];
    acts[acts.length - 1][1] -= n;
    if (!acts[acts.length - 1][1]) acts.pop();
  }
  want.replay = [];
  rules = { ...match.phases[match.phases.length - 1].rules };
  keepRecord();
}

const keepRecord = zoo.wait(200, () => part.set({ game: written(match.phases) }));

/* A new game, played along a record; what was to be done with the old one is forgotten. */
function begin(phases) {
  Object.assign(want, { acts: [], replay: [], look: false, handMoved: false, aim: false });
  if (match) match.ended = null;
  want.begin = { target: part.get("target"), seed: part.get("seed"), phases };
  rules = { ...phases[phases.length - 1].rules };
  run();
}

function begun(answer) {
  const { phases } = want.begin;
  want.begin = null;
  want.replay = phases.flatMap(({ rules, acts }) => acts.map(([who, n]) => ({ rules, who, n })));
  const played = answer.n_steps.critic + answer.n_steps.generator;
  if (played) {
    want.replay[0].n -= played;
    if (!want.replay[0].n) want.replay.shift();
  }
  match = { game: answer.game, phases, ended: null, records: [], measured: [], shown: null };
  answer.history.forEach(remember);
  showTarget(answer);
  want.look = !want.replay.length;
  showPlaying();
  part.set({ game: written(phases) });
}

/* Numbers for the charts. */
function remember(answer) {
  const x = answer.n_steps.critic + answer.n_steps.generator;
  const { value, generator, moves } = answer;
  match.records.push({ x, value, generator, moves });
  if ("covered" in answer) {
    const { covered, n_parts, good, divergence } = answer;
    match.measured.push({ x, covered, n_parts, good, divergence, best: answer.best_value });
  }
  for (const list of [match.records, match.measured]) if (list.length > 1500) list.splice(0, 500);
}
