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
