// @ts-check
/* The game on the server, and the record by which it can be played again. */

import * as zoo from "../shared/zoo.js";

const LOSSES = { n: "non-saturating", m: "minimax", w: "wasserstein" };
const PENALTIES = { n: "none", r: "r1", b: "wgan-gp" };
const WHO = { b: "both", c: "critic", g: "generator" };
const MAX_STEPS_A_CALL = 6;
const MAX_PHASES = 12;
const MAX_PAST = 600; // moments that can be gone back to
export const OFF = "off"; // no game beside this one
const BESIDE = { none: 0, r1: 0.024, "wgan-gp": 0.1 }; // weight of the penalty of a second game
const MEASURED = ["covered", "n_parts", "good", "divergence", "best_value", "together", "d_real", "d_fake",
  "steepness", "distance", "distance_data", "verdict"];
export const SPEEDS = {
  slow: { n: 1, every: 900 },
  normal: { n: 2, every: 40 },
  fast: { n: 4, every: 0 },
};

const letter = (names, value) => Object.keys(names).find((key) => names[key] === value);
const same = (a, b) => Object.keys(a).every((key) => a[key] === b[key]);

/* A record is a list of phases, {rules, acts: [[who, n], ...]}, each by other rules. In the address:
   nr-0.003-0.002-0.004-1-b1200-c3_... */
export function written(phases) {
  return phases.map(({ rules, acts }) => [
    letter(LOSSES, rules.loss) + letter(PENALTIES, rules.penalty),
    rules.weight, rules.lr, rules.lr_critic, rules.n_critic,
    ...acts.map(([who, n]) => letter(WHO, who) + n),
  ].join("-")).join("_");
}

/* The phases that a text tells of, or null. */
export function read(text) {
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

export class Game {
  /* Plays on `server` by the state of `part`; `exhibit` is the number of steps that it keeps the result
     of, `rules` are those at first, ink() is what is drawn. `tell` hears of what happens: begun(answer),
     told(answer, given, milliseconds), failed(answer), waiting(answer), rested(). */
  constructor({ server, part, exhibit, rules, ink, tell }) {
    this.server = server;
    this.part = part;
    this.exhibit = exhibit;
    this.ink = ink;
    this.tell = tell;
    this.rules = { ...rules }; // by which the next step is

    /* The game that is played, null before the first: {game, phases, its record, ended, real, shown},
       `records` of what was told after each call, `measured` after some; `past`, what was shown after
       each call, and `looked`, that of it which is looked at again, or null. */
    this.match = null;

    /* What is still to be asked: a new game (`begin`, its record), acts of one step, whether to play on,
       and to which step, whether only to look again, or to answer a hand that has moved. `replay` are
       acts that were played once. */
    this.want = { begin: null, acts: [], replay: [], playing: false, stopAt: null, look: false,
      handMoved: false, aim: false };

    this.running = false;
    this.calls = 0;
    this.wake = () => {};
    this.keepRecord = zoo.wait(200, () => part.set({ game: written(this.match.phases) }));
    this.measureSoon = zoo.wait(300, () => {
      if (!this.isMoving()) this.look();
    });
  }

  /* How large both networks are. */
  networks() {
    const { part } = this;
    return { n_layers: part.get("layers"), n_hidden: part.get("units"), n_latent: part.get("latent") };
  }

  /* The penalty of the game beside this one, and its weight, or null. */
  beside() {
    const penalty = this.part.get("beside");
    return penalty === OFF ? null : [penalty, BESIDE[penalty]];
  }

  isMoving() {
    return this.want.playing || this.want.replay.length > 0;
  }

  isWasserstein() {
    return this.rules.loss === "wasserstein";
  }

  /* Does V estimate a distance? Only if the critic is held to a slope of one. */
  isDistance() {
    return this.isWasserstein() && this.rules.penalty === "wgan-gp" && this.rules.weight > 0;
  }

  /* Steps that were played of what is shown. */
  played() {
    return this.match?.shown ? this.match.shown.critic + this.match.shown.generator : 0;
  }

  /* Ask the server until there is nothing left to ask. One call is under way at a time. */
  async run() {
    this.wake();
    if (this.running) return;
    this.running = true;
    try {
      for (let asked = this.nextQuestion(); asked; asked = this.nextQuestion()) await this.ask(asked);
    } finally {
      this.running = false;
    }
    this.tell.rested();
  }

  look() {
    this.want.look = true;
    this.run();
  }

  sleep(milliseconds) {
    return new Promise((resolve) => {
      const timeout = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timeout);
        resolve();
      };
    });
  }

  async ask(asked) {
    const { want, match } = this;
    const start = performance.now();
    // No connection is told as any other missing answer.
    const given = await asked.call(asked.given).catch(() => null);
    const answer = given || { ok: false, error: zoo.t("zoo.no_answer") };
    const total = performance.now() - start;
    if (!answer.ok || answer.ended) {
      Object.assign(want, { begin: null, acts: [], replay: [], playing: false, look: false });
      if (match && answer.ended) match.ended = answer.ended;
      return this.tell.failed(answer);
    }
    if (answer.wait) {
      this.tell.waiting(answer);
      return this.sleep(1000 * answer.wait);
    }
    zoo.release();
    asked.done(answer, total);
    if (!this.isMoving()) return;
    const every = want.replay.length ? 0 : SPEEDS[this.part.get("speed")].every;
    if (every > 100) return this.sleep(every);
    // Not faster than the screen, and not at all where nobody looks.
    do await new Promise(requestAnimationFrame);
    while (performance.now() - start < every - 8);
  }

  nextQuestion() {
    const { want, match, part } = this;
    if (want.begin) return this.firstQuestion(want.begin);
    if (!match || match.ended) return null;
    const hand = part.get("hand") ? [part.get("x"), part.get("y")] : null;
    if (want.replay.length) {
      const act = want.replay[0];
      const n = Math.min(act.n, MAX_STEPS_A_CALL);
      return this.question({ who: act.who, n, rules: act.rules }, () => this.replayed(act, n));
    }
    if (want.acts.length) {
      const { acts } = want;
      const who = hand ? "critic" : acts[0];
      return this.question({ who, n: 1, hand }, () => acts.shift() && this.done(who, 1, hand));
    }
    if (want.playing) {
      const { n } = SPEEDS[part.get("speed")];
      const who = hand ? "critic" : "both";
      return this.question({ who, n, hand }, () => this.done(who, n, hand));
    }
    if (hand && want.handMoved) return this.question({ who: "critic", n: 1, hand }, () => this.forget());
    return want.look ? this.question({ who: "both", n: 0, hand }) : null;
  }

  firstQuestion(asked) {
    const { target, seed, phases } = asked;
    const [who, n] = phases[0].acts[0] || ["both", 0];
    const exhibit = who === "both" && n >= this.exhibit;
    return {
      call: this.server.begin,
      given: {
        target, ink: this.ink(), seed, rules: phases[0].rules, exhibit, networks: this.networks(), beside: this.beside(),
      },
      // Another may be wanted by then.
      done: (answer) => this.want.begin === asked && this.begun(answer),
    };
  }

  question(given, finish = () => {}) {
    const { want, match, part } = this;
    const show = [part.get("arrows") && "pull", part.get("mesh") && "mesh"].filter(Boolean);
    // To measure takes longer than a step: seldom on the way, and once when the game comes to rest.
    const often = part.get("best") || !match.measured.length || this.calls++ % 6 === 0;
    if (!given.n || (often && !given.hand && want.acts.length === 0)) show.push("measure");
    const aim = want.aim ? [part.get("target"), this.ink()] : null;
    Object.assign(want, { look: false, handMoved: false, aim: false });
    return {
      call: this.server.play,
      given: { game: match.game, rules: this.rules, ...given, aim, show },
      done: (answer, total) => {
        finish();
        this.remember(answer);
        this.tell.told(answer, given, total);
        if (want.stopAt !== null && this.played() >= want.stopAt) this.pause();
        if (!show.includes("measure")) this.measureSoon();
      },
    };
  }

  done(who, n, hand) {
    if (hand) this.forget();
    else this.note(who, n);
  }

  replayed(act, n) {
    const { want } = this;
    if (want.replay[0] === act) {
      act.n -= n;
      if (!act.n) want.replay.shift();
    } else if (!want.begin) {
      // The replay was broken off meanwhile, but these steps were done.
      this.rules = { ...act.rules };
      this.note(act.who, n);
    }
  }

  /* The phase of the present rules. */
  phase() {
    const { match, rules } = this;
    const last = match.phases.at(-1);
    if (same(rules, last.rules)) return last;
    if (!last.acts.length) match.phases.pop();
    // Too many phases for an address: it begins anew from here.
    if (match.phases.length === MAX_PHASES) match.phases = [];
    match.phases.push({ rules: { ...rules }, acts: [] });
    return match.phases.at(-1);
  }

  /* By other rules from here on. */
  rule(changed) {
    this.rules = { ...this.rules, ...changed };
    if (!this.match) return;
    this.phase();
    this.keepRecord();
  }

  /* From here on the game is not what a record could tell: a hand was in it, or another drawing. */
  forget() {
    this.match.phases = this.anew();
    this.keepRecord();
  }

  /* The record of a new game by the present rules. */
  anew() {
    return [{ rules: { ...this.rules }, acts: [] }];
  }

  /* What was done, for the record. */
  note(who, n) {
    const { acts } = this.phase();
    const last = acts.at(-1);
    if (last && last[0] === who) last[1] += n;
    else if (acts.length < 40) acts.push([who, n]);
    this.keepRecord();
  }

  /* A replay that is broken off: what was not played goes from the record. */
  cutReplay() {
    const { want, match } = this;
    if (!want.replay.length) return;
    for (const { n } of want.replay.reverse()) {
      while (!match.phases.at(-1).acts.length) match.phases.pop();
      const { acts } = match.phases.at(-1);
      acts.at(-1)[1] -= n;
      if (!acts.at(-1)[1]) acts.pop();
    }
    want.replay = [];
    this.rules = { ...match.phases.at(-1).rules };
    this.keepRecord();
  }

  pause() {
    Object.assign(this.want, { playing: false, stopAt: null });
    this.cutReplay();
    this.wake();
    this.tell.rested();
  }

  /* A new game, played along a record; what was to be done with the old one is forgotten. */
  begin(phases = this.anew()) {
    const { want, part } = this;
    Object.assign(want, { acts: [], replay: [], look: false, handMoved: false, aim: false });
    if (this.match) this.match.ended = null;
    want.begin = { target: part.get("target"), seed: part.get("seed"), phases };
    this.rules = { ...phases.at(-1).rules };
    this.run();
  }

  begun(answer) {
    const { want } = this;
    const { phases } = want.begin;
    want.begin = null;
    want.replay = phases.flatMap(({ rules, acts }) => acts.map(([who, n]) => ({ rules, who, n })));
    const played = answer.n_steps.critic + answer.n_steps.generator;
    if (played) {
      want.replay[0].n -= played;
      if (!want.replay[0].n) want.replay.shift();
    }
    this.match = { game: answer.game, phases, ended: null, records: [], measured: [], shown: null,
      past: [], looked: null };
    for (const past of answer.history) this.remember(past);
    want.look = !want.replay.length;
    this.tell.begun(answer);
    this.part.set({ game: written(phases) });
  }

  /* What is shown from now on, to go back to; of a long game every other moment is let go. What was
     only measured of the last moment does not end a look at another. */
  keep(shown) {
    const { match } = this;
    const step = (moment) => moment.critic + moment.generator;
    if (match.shown && step(match.shown) === step(shown)) match.past.pop();
    else match.looked = null;
    match.shown = shown;
    match.past.push(shown);
    if (match.past.length > MAX_PAST) match.past = match.past.filter((_, k) => k % 2 === 0);
  }

  /* Go back to moment k of what was shown. The game itself stays where it is. */
  goBack(k) {
    const { past } = this.match;
    this.match.looked = k < past.length - 1 ? past[k] : null;
  }

  /* Numbers for the charts. */
  remember(answer) {
    const { records, measured } = this.match;
    const x = answer.n_steps.critic + answer.n_steps.generator;
    const { value, generator, moves } = answer;
    records.push({ x, value, generator, moves });
    if (answer.covered !== undefined) {
      const kept = (of) => Object.fromEntries(MEASURED.map((key) => [key, of[key]]));
      measured.push({ x, ...kept(answer), beside: answer.beside ? kept(answer.beside) : null });
    }
    for (const list of [records, measured]) if (list.length > 1500) list.splice(0, 500);
  }
}
