import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const find = (name) => element.querySelector("." + name);

  /* The game on the server, and the record by which it can be played again. */

  const LOSSES = { n: "non-saturating", m: "minimax", w: "wasserstein" };
  const PENALTIES = { n: "none", r: "r1", b: "wgan-gp" };
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
     nr-0.024-0.002-0.004-1-b1200-c3_... */
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
      const valid = weight <= 100 && lr <= 0.05 && lr_critic <= 0.05 && n_critic >= 1 && n_critic <= 5;
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

  /* What is to be seen of the game: the square, the charts, the numbers. */

  const SCALE = 30000; // of numbers in [0, 1]
  const PER_LINE = 41; // places of a line of the mesh
  const WINDOW = 600; // steps on the charts, at most
  const NO_SLOPE = { logits: 0.012, wasserstein: 0.08 }; // of the square, for a pull of one
  const LONGEST = 0.08; // of an arrow
  const EQUAL = -Math.log(4); // V where p = q

  const mini = find("mini").firstChild;
  const fieldCanvas = zoo.make("canvas", { class: "field", width: 48, height: 48, "aria-hidden": "true",
    "data-testid": "gan-field" });

  /* The place that is kept, in the square; the plane's own numbers go from -1 to 1. */
  const place = () => [part.get("x"), part.get("y")];
  const toPlane = ([x, y]) => [2 * x - 1, 2 * y - 1];
  const toSquare = ([x, y]) => [(x + 1) / 2, (y + 1) / 2];

  let askedAt = null; // of a move that is still to be seen, where the critic was asked about
  function handMoved() {
    want.handMoved = true;
    run();
  }

  const plane = new zoo.Plane(find("plane"), {
    label: "gan.plane_label",
    testid: "gan-plane",
    get: () => toPlane(place()),
    keep: (z) => {
      const [x, y] = toSquare(z);
      part.set({ x: Number(x.toFixed(3)), y: Number(y.toFixed(3)) });
    },
    // Before the frame in which the move is seen: the critic's answer to a hand takes as long.
    ask: (z) => {
      if (!part.get("hand") || !plane.dragging) return;
      plane.keep(z);
      askedAt = place().join();
      handMoved();
    },
    moved: () => {
      const known = askedAt === place().join();
      askedAt = null;
      if (known && match && !match.ended) return; // it is drawn with the answer
      if (part.get("hand") && !plane.hover) handMoved();
      zoo.withAnswer(plane.drawOver);
      zoo.afterFrame(readProbe);
    },
    paint,
  });
  plane.extent = 1;
  plane.surface.prepend(fieldCanvas);

  const isWasserstein = () => rules.loss === "wasserstein";
  const sigmoid = (logit) => 1 / (1 + Math.exp(-logit));

  /* Levels from 0 to 1 for the critic's numbers: D, or f about the middle of both sides'. */
  function levels(shown) {
    if (!isWasserstein()) return { level: sigmoid, middle: 0 };
    let sum = 0;
    for (const points of [match.real, shown.points]) {
      let side = 0;
      for (let i = 0; i < points.length; i += 2) side += zoo.cellAt(shown.field, [points[i], points[i + 1]]);
      sum += side / (points.length / 2);
    }
    const middle = sum / 2;
    const spread = shown.field.reduce((most, v) => Math.max(most, Math.abs(v - middle)), 1e-6);
    return { level: (v) => 0.5 + (0.5 * (v - middle)) / spread, middle };
  }

  function paintFields() {
    const { shown } = match;
    if (!shown) return;
    const best = part.get("best");
    const { level, middle } = levels(shown);
    zoo.paintCells(best ? mini : fieldCanvas, shown.field, level);
    if (shown.best) zoo.paintCells(best ? fieldCanvas : mini, shown.best, (v) => v);
    shown.line = zoo.contour(best ? shown.best || [] : shown.field, best ? 0.5 : middle);
    fieldCanvas.dataset.steps = shown.critic + " " + shown.generator;
  }

  function paint(context, size) {
    if (!match || !match.shown) return;
    const { shown } = match;
    const draw = zoo.overField;
    if (part.get("mesh") && shown.mesh && !part.get("hand")) draw.mesh(context, size, shown.mesh, PER_LINE);
    draw.line(context, size, shown.line);
    draw.rings(context, size, match.real);
    draw.diamonds(context, size, shown.moving || shown.points);
    if (part.get("arrows") && shown.pull && !shown.moving) {
      draw.arrows(context, size, shown.points, shown.pull);
    }
  }

  /* Arrows as long as the pull is strong, up to the longest: on one scale for both losses of logits, so
     that it shows where minimax has hardly any. */
  function steps(pull) {
    const scale = NO_SLOPE[isWasserstein() ? "wasserstein" : "logits"];
    const result = new Float32Array(pull.length);
    for (let i = 0; i < pull.length; i += 2) {
      const length = Math.hypot(pull[i], pull[i + 1]) || 1e-9;
      const shown = LONGEST * Math.tanh((scale * length) / LONGEST);
      result[i] = (pull[i] / length) * shown;
      result[i + 1] = (pull[i + 1] / length) * shown;
    }
    return result;
  }

  const scaled = (packed) => zoo.int16(packed.values, packed.scale);

  function showTarget(answer) {
    match.real = zoo.int16(answer.real, SCALE);
  }

  /* An answer of the game, drawn at once. */
  function told(answer, given, total) {
    if (answer.real) showTarget(answer);
    const before = match.shown;
    remember(answer);
    match.shown = {
      ...(before || {}),
      critic: answer.n_steps.critic,
      generator: answer.n_steps.generator,
      points: zoo.int16(answer.points, SCALE),
      field: scaled(answer.field),
      value: answer.value,
      loss: answer.generator,
      moving: null,
      pull: answer.pull ? steps(scaled(answer.pull)) : null,
      mesh: answer.mesh ? zoo.int16(answer.mesh, SCALE) : null,
      n_active: answer.n_active,
      byHand: Boolean(given.hand),
    };
    if (answer.best) match.shown.best = zoo.int16(answer.best, SCALE);
    if (answer.moves.length) match.shown.moves = answer.moves;
    // What the hand did to V: what it was after the critic's last step, and before this one's first.
    if (given.hand && before && answer.moves.length) {
      match.shown.moves = [
        { who: "generator", before: before.value, after: answer.moves[0].before }, ...answer.moves];
    }
    if (zoo.still() && want.replay.length) return; // no show on the way
    paintFields();
    if (given.n === 1 && !given.hand && before && !zoo.still()) glide(before.moving || before.points);
    else plane.draw();
    zoo.afterFrame(showNumbers);
    zoo.showStatus(find("state"), answer, total);
    if (want.stopAt !== null && answer.n_steps.critic + answer.n_steps.generator >= want.stopAt) pauseGame();
  }

  /* A single step is shown as a movement. */
  function glide(from) {
    const { shown } = match;
    const start = performance.now();
    shown.moving = from;
    const frame = (now) => {
      if (!match || match.shown !== shown) return;
      const u = Math.min(1, Math.max(0, (now - start) / 260));
      const eased = u * (2 - u);
      shown.moving = u < 1 ? shown.points.map((v, i) => from[i] + eased * (v - from[i])) : null;
      plane.drawBase();
      if (u < 1) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  /* Numbers, and the charts. */
  function showNumbers() {
    if (!match || !match.shown) return;
    const { shown } = match;
    find("count").textContent = zoo.t("gan.count", { d: zoo.number(shown.critic), g: zoo.number(shown.generator) });
    find("value").textContent = zoo.number(shown.value, 3);
    for (const who of ["critic", "generator"]) {
      const move = (shown.moves || []).filter((one) => one.who === who).pop();
      showMove(find("mover." + who), move);
    }
    drawCharts();
    showMeasured();
    readProbe();
  }

  function showMove(host, move) {
    host.classList.toggle("moved", Boolean(move));
    const delta = move ? move.after - move.before : 0;
    const still = Math.abs(delta) < 0.0005;
    host.querySelector("b").textContent = still ? "\u2013" : delta > 0 ? "\u25b2" : "\u25bc";
    host.querySelector("output").textContent = move ? "V " + zoo.signed(delta, 3) : "";
    // From the middle to the side it moved to; by the root, so that small steps show.
    const share = 50 * Math.min(1, Math.sqrt(Math.abs(delta) / 0.3));
    const [from, to] = delta >= 0 ? [50, 50 + share] : [50 - share, 50];
    const [line, tint] = ["var(--zoo-line)", "var(--tint)"];
    host.querySelector("i").style.background =
      `linear-gradient(to right, ${line} ${from}%, ${tint} ${from}% ${to}%, ${line} ${to}%)`;
  }

  function drawCharts() {
    const { records, measured, shown } = match;
    const to = Math.max(40, shown.critic + shown.generator);
    const from = Math.max(0, to - WINDOW);
    const recent = records.filter(({ x }) => x >= from);
    const saw = { critic: [], generator: [] };
    const between = [];
    const values = [];
    for (const { x, value, moves } of recent) {
      moves.forEach(({ who, before, after }, k) => {
        const at = x - moves.length + k;
        saw[who].push(null, null, at, before, at + 1, after);
        values.push(before, after);
      });
      between.push(x, value);
      values.push(value);
    }
    const reference = isWasserstein() ? 0 : EQUAL;
    const latest = measured[measured.length - 1];
    const best = latest && !isWasserstein() ? [{ y: latest.best, color: zoo.token("accent"), dash: [2, 3] }] : [];
    const pad = isWasserstein() ? 0.02 : 0.06;
    const top = Math.max(...values, reference) + pad;
    const low = Math.max(Math.min(...values, reference) - pad, reference - 1.6);
    // What the best D would reach is shown where it is near; far above, it is told in words.
    const high = best.length && best[0].y < top + 0.25 ? Math.max(top, best[0].y + pad) : top;
    const colors = { d: zoo.token("negative"), g: zoo.token("positive"), rest: zoo.token("strong-line") };
    zoo.drawChart(find("values"), {
      from, to, low, high,
      about: 4,
      marks: [{ y: reference }, ...best.filter(({ y }) => y < high)],
      lines: [between, saw.critic, saw.generator],
      styles: [{ color: colors.rest, width: 1 }, { color: colors.d, width: 2 }, { color: colors.g, width: 2 }],
    });
    const d = recent.flatMap(({ x, value }) => [x, -value]);
    const g = recent.flatMap(({ x, generator }) => [x, generator]);
    const ends = [...d, ...g].filter((_, i) => i % 2);
    zoo.drawChart(find("losses"), {
      from, to,
      low: Math.max(-6, Math.min(0, ...ends)),
      high: Math.min(8, Math.max(0.5, ...ends)) + 0.1,
      lines: [d, g],
      styles: [{ color: colors.d, width: 1.75 }, { color: colors.g, width: 1.75 }],
    });
    const seen = measured.filter(({ x }) => x >= from);
    const parts = latest ? latest.n_parts : 8;
    zoo.drawChart(find("coverage"), {
      from, to, low: 0, high: parts,
      lines: [seen.flatMap(({ x, good }) => [x, good * parts]), seen.flatMap(({ x, covered }) => [x, covered])],
      styles: [{ color: colors.rest, width: 1.5 }, { color: zoo.token("accent"), width: 2 }],
    });
    const numbers = { d: zoo.number(-shown.value, 3), g: zoo.number(shown.loss, 3) };
    find("ends").innerHTML = "";
    find("ends").append(zoo.make("b", { class: "d" }, "D " + numbers.d), "  ",
      zoo.make("b", { class: "g" }, "G " + numbers.g));
    find("marks").textContent = zoo.t(isWasserstein() ? "gan.marks_wasserstein" : "gan.marks", {
      best: latest ? zoo.number(latest.best, 3) : "\u2026",
    });
  }

  function showMeasured() {
    const latest = match.measured[match.measured.length - 1];
    if (!latest) return;
    const { covered, n_parts, good, divergence } = latest;
    const values = { covered, n: n_parts, good: zoo.percent(good), js: zoo.number(divergence, 3) };
    element.querySelectorAll(".ends")[1].textContent = zoo.t("gan.covered_of", values);
    find("divergence").textContent = zoo.t("gan.divergence", values);
    find("verdict").textContent = zoo.t("gan.verdict_" + verdict(latest), values);
  }

  function verdict({ covered, n_parts, good }) {
    const { critic, generator } = match.shown;
    if (match.shown.byHand) return "hand";
    if (critic + generator < 100) return "start";
    // Before that it has hardly had the time to spread.
    if (n_parts > 1 && covered <= n_parts / 4 && critic + generator >= 400) return "collapsed";
    if (covered < n_parts) return "some";
    return good > 0.5 ? "all" : "loose";
  }

  /* What is known of the place under the pointer. */
  function readProbe() {
    if (!match || !match.shown) return;
    const at = toSquare(plane.current());
    const { shown } = match;
    const critic = zoo.cellAt(shown.field, at);
    const values = {
      x: zoo.number(at[0], 2),
      y: zoo.number(at[1], 2),
      d: zoo.number(isWasserstein() ? critic : sigmoid(critic), 2),
      best: shown.best ? zoo.number(zoo.cellAt(shown.best, at), 2) : "\u2026",
    };
    find("probe").textContent = zoo.t(isWasserstein() ? "gan.probe_wasserstein" : "gan.probe", values);
    say(find("probe").textContent + " " + find("verdict").textContent);
  }

  const say = zoo.wait(300, (sentence) => {
    if (plane.isFocused()) find("said").textContent = sentence;
  });

  /* The controls. */

  const LRS = [0.0001, 0.0002, 0.0003, 0.0005, 0.001, 0.002, 0.004, 0.01, 0.02, 0.05];
  const WEIGHTS = [0.008, 0.024, 0.1, 0.3, 1, 3, 8];

  /* Found by trying, on the ring, for seeds 0 to 2: by the first, G runs to wherever D is highest, all
     points at once, and D is too slow to send them apart; either of the others brings them apart. */
  const COLLAPSE = { loss: "non-saturating", penalty: "none", weight: 0, lr: 0.01, lr_critic: 0.0003, n_critic: 1 };
  const CURE = { ...props.data.rules };
  const CURE_W = { loss: "wasserstein", penalty: "wgan-gp", weight: 0.1, lr: 0.002, lr_critic: 0.004, n_critic: 3 };
  const FAR = { collapse: 1200, cure: 2400 }; // steps after which a preset comes to rest

  const canvas = new zoo.PixelCanvas(find("drawing"), {
    label: "zoo.canvas",
    onchange: (pixels, finished) => finished && drawn(pixels),
  });
  const ink = () => (part.get("target") === "drawn" ? Array.from(canvas.pixels) : null);

  /* State of the page */

  function state(sentence, bad = false) {
    find("state").textContent = sentence;
    find("state").parentElement.classList.toggle("zoo-bad", bad);
  }

  function failed(answer) {
    state(answer.ok ? zoo.t("gan.ended_" + answer.ended) : answer.error, true);
    plane.drawOver();
    showPlaying();
  }

  function waiting({ n_active, wait }) {
    if (n_active > 1 && wait > 0.1) state(zoo.t("gan.waiting", { n: zoo.number(n_active) }));
  }

  function rested() {
    showPlaying();
  }

  function showPlaying() {
    const moving = want.playing || want.replay.length > 0;
    const [button, words] = [find("play"), zoo.t(moving ? "zoo.pause" : "zoo.play")];
    const name = button.querySelector("span");
    // What is written anew asks for a frame, the same or not, and a step is to be answered in its first.
    if (button.dataset.playing === String(moving) && name.textContent === words) return;
    name.textContent = words;
    button.querySelector("path").setAttribute("d", moving ? "M7 5h4v14H7zM13 5h4v14h-4z" : "M7 5v14l12-7z");
    button.dataset.playing = moving;
  }

  function press(host, chosen) {
    host.querySelectorAll("button").forEach((button) => {
      button.setAttribute("aria-pressed", String(chosen(button.dataset)));
    });
  }

  function show() {
    const hand = part.get("hand");
    press(find("targets"), ({ key }) => key === part.get("target"));
    press(find("players"), (data) => (data.hand === "1") === hand);
    press(find("fields"), (data) => (data.best === "1") === part.get("best"));
    press(find("losses-of"), ({ key }) => key === rules.loss);
    press(find("penalties"), ({ key }) => key === rules.penalty);
    press(find("toggles"), (data) => Boolean(data.show) && part.get(data.show));
    find("redraw").hidden = part.get("target") !== "drawn" || !find("drawing").hidden;
    find("redraw").removeAttribute("aria-pressed");
    find("speed").value = part.get("speed");
    find("seed").value = part.get("seed");
    find("step-generator").disabled = hand;
    find("plane").classList.toggle("hand", hand);
    const rate = (name, list) => {
      const input = element.querySelector(`[data-rule=${name}]`);
      const value = rules[name];
      const nearest = list.reduce((a, b) => (Math.abs(Math.log(b / value)) < Math.abs(Math.log(a / value)) ? b : a));
      input.value = list.indexOf(nearest);
      input.nextElementSibling.textContent = value;
      input.setAttribute("aria-valuetext", value);
    };
    rate("lr", LRS);
    rate("lr_critic", LRS);
    const n_critic = element.querySelector("[data-rule=n_critic]");
    n_critic.value = rules.n_critic;
    n_critic.nextElementSibling.textContent = rules.n_critic;
    const weight = element.querySelector("[data-rule=weight]");
    weight.value = String(WEIGHTS.find((w) => w === rules.weight) ?? "");
    weight.parentElement.classList.toggle("off", rules.penalty === "none");
    showWords();
    showPlaying();
  }

  function showWords() {
    const kind = isWasserstein() ? "_wasserstein" : "";
    const names = [zoo.t("gan.field_now" + kind), zoo.t("gan.field_best")];
    if (part.get("best")) names.reverse();
    find("field-name").textContent = names[0];
    find("mini-name").textContent = names[1];
    find("mini-words").textContent = zoo.t(part.get("best") ? "gan.mini_now" : "gan.mini_best" + kind);
    find("made-name").textContent = zoo.t(part.get("hand") ? "gan.made_hand" : "gan.made");
    find("low").textContent = zoo.t(isWasserstein() ? "gan.low_wasserstein" : "gan.low");
    find("high").textContent = zoo.t(isWasserstein() ? "gan.high_wasserstein" : "gan.high");
    find("zoo-bar").style.background = zoo.gradient("cividis");
    find("value-name").textContent = zoo.t("gan.value" + kind);
    element.querySelector(".mover.generator span").textContent =
      zoo.t(part.get("hand") ? "gan.descends_hand" : "gan.descends");
  }

  /* Play */

  function playGame(until = null) {
    if (match && match.ended === "gone") begin(match.phases); // and then on
    else if (match && match.ended && !want.begin) return failed({ ok: true, ended: match.ended });
    want.playing = true;
    want.stopAt = until;
    run();
    showPlaying();
  }

  function pauseGame() {
    want.playing = false;
    want.stopAt = null;
    cutReplay();
    wake();
    showPlaying();
  }

  const nPlayed = () => (match && match.shown ? match.shown.critic + match.shown.generator : 0);

  function step(who) {
    pauseGame();
    stopDrawing();
    want.acts.push(who);
    run();
  }

  /* By other rules from here on. */
  function ruled(changed) {
    rules = { ...rules, ...changed };
    if (match) phase();
    if (match) keepRecord();
    look();
  }

  function look() {
    show();
    if (match) paintFields();
    plane.draw();
    showNumbers();
    want.look = true;
    run();
  }

  function preset(next, until) {
    stopDrawing();
    part.set({ hand: false, speed: "fast" });
    rules = { ...next };
    show();
    playGame(until);
  }

  find("play").addEventListener("click", () => {
    stopDrawing();
    if (want.playing || want.replay.length) pauseGame();
    else playGame();
  });
  /* What is around a button is pressed in its place. A button looks otherwise while it is pressed, which
     takes a frame at the press and at its end, and a step would have to wait for the next. */
  element.querySelectorAll(".step").forEach((around) => {
    const button = around.firstElementChild;
    around.addEventListener("click", () => {
      if (!button.disabled) step(around.dataset.who);
    });
  });
  find("over").addEventListener("click", () => {
    want.stopAt = null;
    begin([{ rules: { ...rules }, acts: [] }]);
  });
  find("collapse").addEventListener("click", () => {
    part.set({ target: "ring" });
    begin([{ rules: { ...COLLAPSE }, acts: [] }]);
    preset(COLLAPSE, FAR.collapse);
  });
  find("cure").addEventListener("click", () => preset(CURE, nPlayed() + FAR.cure));
  find("cure-w").addEventListener("click", () => preset(CURE_W, nPlayed() + FAR.cure));
  for (const speed of Object.keys(SPEEDS)) {
    find("speed").append(zoo.make("option", { value: speed, "data-t": "gan.speed_" + speed }));
  }
  find("speed").addEventListener("change", () => {
    part.set({ speed: find("speed").value });
    wake();
  });

  /* What is shown */

  find("toggles").addEventListener("click", ({ target }) => {
    const { show: key } = target.dataset;
    if (!key) return;
    part.set({ [key]: !part.get(key) });
    look();
  });
  find("fields").addEventListener("click", ({ target }) => {
    if (!target.dataset.best) return;
    part.set({ best: target.dataset.best === "1" });
    look();
  });
  find("mini").addEventListener("click", () => {
    part.set({ best: !part.get("best") });
    look();
  });
  find("players").addEventListener("click", ({ target }) => {
    if (!target.dataset.hand) return;
    part.set({ hand: target.dataset.hand === "1" });
    look();
  });

  /* What is played for */

  function choices(host, key, values, choose) {
    for (const value of values) {
      const button = zoo.make("button", { type: "button", "data-key": value,
        "data-t": `gan.${key}_${value}`, "data-testid": `gan-${key}-${value}` });
      button.addEventListener("click", () => choose(value));
      host.append(button);
    }
  }
  choices(find("targets"), "target", props.data.targets, (target) => {
    part.set({ target });
    stopDrawing();
    begin([{ rules: { ...rules }, acts: [] }]);
    if (target === "drawn") startDrawing();
    show();
  });
  choices(find("losses-of"), "loss", props.data.losses, (loss) => {
    // A critic of Wasserstein's without a bound on its slope grows for ever.
    const other = { penalty: "wgan-gp", weight: 0.1, n_critic: 3 };
    const back = { penalty: "r1", weight: 0.024, n_critic: 1 };
    const was = isWasserstein();
    ruled({ loss, ...(loss === "wasserstein" ? (was ? {} : other) : was ? back : {}) });
  });
  choices(find("penalties"), "penalty", props.data.penalties, (penalty) => {
    const weight = penalty === "none" ? 0 : rules.weight || (penalty === "r1" ? 0.024 : 0.1);
    ruled({ penalty, weight });
  });
  for (const name of ["lr", "lr_critic"]) {
    const input = element.querySelector(`[data-rule=${name}]`);
    input.max = LRS.length - 1;
    input.addEventListener("input", () => ruled({ [name]: LRS[Number(input.value)] }));
  }
  element.querySelector("[data-rule=n_critic]").addEventListener("input", ({ target }) => {
    ruled({ n_critic: Number(target.value) });
  });
  for (const weight of WEIGHTS) {
    element.querySelector("[data-rule=weight]").append(zoo.make("option", { value: weight }, String(weight)));
  }
  element.querySelector("[data-rule=weight]").addEventListener("change", ({ target }) => {
    ruled({ weight: Number(target.value) });
  });

  /* A drawing: each stroke moves the goal, and the game goes on */

  function startDrawing() {
    find("drawing").hidden = find("pens").hidden = false;
    canvas.refresh();
    canvas.surface.focus({ preventScroll: true });
    show();
  }

  function stopDrawing() {
    if (find("drawing").hidden) return;
    find("drawing").hidden = find("pens").hidden = true;
    show();
  }

  function drawn(pixels) {
    part.set({ ink: zoo.urlBits(pixels) });
    if (!match || loading || !pixels.some(Boolean)) return;
    want.aim = true;
    want.look = true;
    forget();
    run();
  }

  find("pens").addEventListener("click", ({ target }) => {
    if (!target.dataset.tool) return;
    canvas.tool = target.dataset.tool;
    press(find("pens").firstElementChild, ({ tool }) => tool === canvas.tool);
  });
  press(find("pens").firstElementChild, ({ tool }) => tool === canvas.tool);
  find("undo").addEventListener("click", () => canvas.undo());
  find("clear").addEventListener("click", () => canvas.clear());
  find("done").addEventListener("click", stopDrawing);
  find("redraw").addEventListener("click", startDrawing);

  /* Seeds, and keeping */

  function reseed(seed) {
    part.set({ seed });
    begin([{ rules: { ...rules }, acts: [] }]);
    show();
  }
  zoo.seedField(find("seed"), part, reseed);
  find("random").addEventListener("click", () => reseed(zoo.newSeed()));
  find("reset").addEventListener("click", () => {
    part.set(part.defaults);
    open();
  });
  find("png").addEventListener("click", () => {
    if (!match || !match.shown) return;
    const items = [{ canvas: mini, title: find("mini-name").textContent, note: find("divergence").textContent }];
    const sheet = zoo.make("canvas", { width: 1120 + 3 * 28 + 504, height: 1120 + 2 * 28 });
    const context = sheet.getContext("2d");
    context.drawImage(plane.sheet(items), 0, 0);
    context.imageSmoothingEnabled = true;
    context.drawImage(fieldCanvas, 28, 28, 1120, 1120);
    context.drawImage(plane.base, 28, 28, 1120, 1120);
    const values = find("values");
    context.drawImage(values, 1176, 640, 448, (448 * values.height) / values.width);
    zoo.savePNG(sheet, "genzoo-gan.png");
  });
  find("json").addEventListener("click", () => {
    if (!match || !match.shown) return;
    const { shown, measured, records, phases } = match;
    const pairs = (list) => Array.from({ length: list.length / 2 }, (_, i) => [list[2 * i], list[2 * i + 1]]);
    zoo.saveJSON({
      target: part.get("target"), drawing: ink(), seed: part.get("seed"), played: phases,
      steps: { critic: shown.critic, generator: shown.generator },
      value: shown.value, generator_loss: shown.loss, measured: measured[measured.length - 1] || null,
      values: records.map(({ x, value, generator }) => [x, value, generator]),
      real: pairs(match.real), points: pairs(shown.points), field: Array.from(shown.field),
    }, "genzoo-gan.json");
  });

  /* All together */

  let loading = false;
  function open() {
    Object.assign(want, { playing: false, stopAt: null });
    stopDrawing();
    const wanted = part.get("target");
    const seed = part.get("seed");
    const pixels = zoo.unpackBits(part.get("ink"), 784);
    const ranged = (key) => Math.max(0, Math.min(1, part.get(key)));
    part.set({
      target: props.data.targets.includes(wanted) ? wanted : part.defaults.target,
      seed: zoo.isSeed(seed) ? seed : 0,
      speed: part.get("speed") in SPEEDS ? part.get("speed") : "normal",
      ink: pixels && pixels.some(Boolean) ? part.get("ink") : part.defaults.ink,
      x: ranged("x"),
      y: ranged("y"),
    });
    loading = true;
    canvas.put(zoo.unpackBits(part.get("ink"), 784));
    loading = false;
    const phases = read(part.get("game")) || read(part.defaults.game);
    part.set({ game: written(phases) });
    begin(phases);
    show();
  }

  let started = false;
  function restore() {
    if (started) open();
  }

  new ResizeObserver(() => match && match.shown && drawCharts()).observe(find("values"));
  zoo.onChange(zoo.theme, () => {
    if (!match) return;
    plane.draw();
    showNumbers();
  });
  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    if (!started) return;
    show();
    showNumbers();
  });
  zoo.onChange(zoo.tab, (tab) => tab !== "gan" && pauseGame());
  zoo.translate(element);
  zoo.whenShown("gan", () => {
    started = true;
    open();
  });
}
