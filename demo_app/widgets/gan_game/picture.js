// @ts-check
/* What is to be seen of a game: the square, the charts, the numbers. */

import * as zoo from "../shared/zoo.js";
import { drawNetwork } from "./network.js";

const computation = zoo.computation("gan");
const SCALE = 30000; // of numbers in [0, 1]
const PER_LINE = 41; // places of a line of the mesh
const WINDOW = 600; // steps on the charts, at most
const NO_SLOPE = { logits: 0.012, wasserstein: 0.08 }; // of the square, for a pull of one
const LONGEST = 0.08; // of an arrow
const EQUAL = -Math.log(4); // V where p = q

/* A place in the square; the plane's own numbers go from -1 to 1. */
/** @type {(place: number[]) => [number, number]} */
const toPlane = ([x, y]) => [2 * x - 1, 2 * y - 1];
const toSquare = ([x, y]) => [(x + 1) / 2, (y + 1) / 2];

const sigmoid = (logit) => 1 / (1 + Math.exp(-logit));
const scaled = (packed) => zoo.int16(packed.values, packed.scale);

/* Arrows as long as the pull is strong, up to the longest: on one scale for both losses of logits, so
   that it shows where minimax has hardly any. */
function steps(pull, scale) {
  const result = new Float32Array(pull.length);
  for (let i = 0; i < pull.length; i += 2) {
    const length = Math.hypot(pull[i], pull[i + 1]) || 1e-9;
    const shown = LONGEST * Math.tanh((scale * length) / LONGEST);
    result[i] = (pull[i] / length) * shown;
    result[i + 1] = (pull[i + 1] / length) * shown;
  }
  return result;
}

/* By how much V was moved, in a .mover. */
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

export class Picture {
  /* Of `game`, a Game, in a widget; handMoved() is called when a hand has moved the points. */
  constructor({ part, find, say }, game, handMoved) {
    this.part = part;
    this.find = find;
    this.say = say;
    this.game = game;
    this.mini = find("mini").firstChild;
    this.fieldCanvas = zoo.make("canvas", { class: "field", width: 48, height: 48, "aria-hidden": "true",
      "data-testid": "gan-field" });
    this.plane = this.makePlane(handMoved);
    this.readProbe = this.readProbe.bind(this);
    this.showNumbers = this.showNumbers.bind(this);
    new ResizeObserver(() => this.shown() && this.drawCharts()).observe(find("values"));
    new ResizeObserver(() => this.shown() && this.drawNetworks()).observe(find("network"));
    new ResizeObserver(() => this.shown() && this.paintSecond()).observe(find("second-marks"));
  }

  /* What was told last, or the moment that is gone back to; or null. */
  shown() {
    const { match } = this.game;
    return match ? match.looked || match.shown : null;
  }

  /* What was measured last at the moment that is shown. */
  measured() {
    const { critic, generator } = this.shown();
    return this.game.match.measured.findLast(({ x }) => x <= critic + generator);
  }

  makePlane(handMoved) {
    const { part } = this;
    const place = () => [part.get("x"), part.get("y")];
    let askedAt = null; // of a move that is still to be seen, where the critic was asked about
    const keep = (z) => {
      const [x, y] = toSquare(z);
      part.set({ x: Number(x.toFixed(3)), y: Number(y.toFixed(3)) });
    };
    const plane = new zoo.Plane(this.find("plane"), {
      label: "gan.plane_label",
      testid: "gan-plane",
      get: () => toPlane(place()),
      keep,
      // Before the frame in which the move is seen: the critic's answer to a hand takes as long.
      ask: (z) => {
        if (!part.get("hand") || !plane.dragging) return;
        keep(z);
        askedAt = place().join();
        handMoved();
      },
      moved: () => {
        const known = askedAt === place().join();
        askedAt = null;
        if (known && this.game.match && !this.game.match.ended) return; // it is drawn with the answer
        if (part.get("hand") && !plane.hover) handMoved();
        zoo.withAnswer(plane.drawOver);
        zoo.afterFrame(this.readProbe);
      },
      paint: (context, size) => this.paint(context, size),
    });
    plane.extent = 1;
    plane.surface.prepend(this.fieldCanvas);
    return plane;
  }

  /* Levels from 0 to 1 for the critic's numbers: D, or f about the middle of both sides'. */
  levels(shown) {
    if (!shown.wasserstein) return { level: sigmoid, middle: 0 };
    const mean = (points) => {
      let sum = 0;
      for (let i = 0; i < points.length; i += 2) sum += zoo.cellAt(shown.field, [points[i], points[i + 1]]);
      return sum / (points.length / 2);
    };
    const middle = (mean(this.game.match.real) + mean(shown.points)) / 2;
    const spread = shown.field.reduce((most, v) => Math.max(most, Math.abs(v - middle)), 1e-6);
    return { level: (v) => 0.5 + (0.5 * (v - middle)) / spread, middle };
  }

  /* The same from the lowest to the highest of them, however near they are to each other; the legend
     says which these are in the first game. */
  stretched(shown, level) {
    let [low, high] = [Infinity, -Infinity];
    for (const v of shown.field) [low, high] = [Math.min(low, level(v)), Math.max(high, level(v))];
    if (shown === this.shown() && !shown.wasserstein && !this.part.get("best")) {
      for (const [name, value] of [["low", low], ["high", high]]) this.find(name).textContent = zoo.number(value, 3);
    }
    return (v) => (level(v) - low) / (high - low || 1);
  }

  paintFields() {
    const shown = this.shown();
    if (!shown) return;
    const best = this.part.get("best");
    const [large, small] = [this.fieldCanvas, this.mini];
    const { level, middle } = this.levels(shown);
    zoo.paintCells(best ? small : large, shown.field, this.part.get("stretch") ? this.stretched(shown, level) : level);
    if (shown.best) zoo.paintCells(best ? large : small, shown.best, (v) => v);
    shown.line = zoo.contour(best ? shown.best || [] : shown.field, best ? 0.5 : middle);
    large.dataset.steps = shown.critic + " " + shown.generator;
    this.paintSecond();
  }

  /* The square of the game beside it. */
  paintSecond() {
    const { beside, critic, generator } = this.shown();
    const [field, marks] = [this.find("second-field"), this.find("second-marks")];
    field.dataset.steps = beside ? critic + " " + generator : "";
    if (!beside || !marks.clientWidth) return;
    const { level, middle } = this.levels(beside);
    zoo.paintCells(field, beside.field, this.part.get("stretch") ? this.stretched(beside, level) : level);
    const [context, size] = [zoo.sharp(marks), marks.clientWidth];
    zoo.overField.line(context, size, zoo.contour(beside.field, middle));
    zoo.overField.rings(context, size, this.game.match.real);
    zoo.overField.diamonds(context, size, beside.points);
  }

  paint(context, size) {
    const shown = this.shown();
    if (!shown) return;
    const { part } = this;
    const draw = zoo.overField;
    if (part.get("mesh") && shown.mesh && !part.get("hand")) draw.mesh(context, size, shown.mesh, PER_LINE);
    draw.line(context, size, shown.line);
    draw.rings(context, size, this.game.match.real);
    draw.diamonds(context, size, shown.moving || shown.points);
    if (part.get("arrows") && shown.pull && !shown.moving) {
      draw.arrows(context, size, shown.points, shown.pull);
    }
  }

  showTarget(answer) {
    this.game.match.real = zoo.int16(answer.real, SCALE);
  }

  /* An answer of the game, drawn at once. */
  told(answer, given) {
    const { game } = this;
    if (answer.real) this.showTarget(answer);
    const before = game.match.shown;
    const scale = NO_SLOPE[game.isWasserstein() ? "wasserstein" : "logits"];
    const shown = {
      ...before,
      critic: answer.n_steps.critic,
      generator: answer.n_steps.generator,
      points: zoo.int16(answer.points, SCALE),
      field: scaled(answer.field),
      value: answer.value,
      loss: answer.generator,
      moving: null,
      pull: answer.pull ? steps(scaled(answer.pull), scale) : null,
      mesh: answer.mesh ? zoo.int16(answer.mesh, SCALE) : null,
      gradients: answer.gradients,
      byHand: Boolean(given.hand),
      wasserstein: game.isWasserstein(),
      beside: answer.beside && {
        points: zoo.int16(answer.beside.points, SCALE),
        field: scaled(answer.beside.field),
        value: answer.beside.value,
        gradients: answer.beside.gradients,
        wasserstein: game.isWasserstein(),
      },
    };
    game.keep(shown);
    if (answer.best) shown.best = zoo.int16(answer.best, SCALE);
    if (answer.moves.length) shown.moves = answer.moves;
    // What the hand did to V: what it was after the critic's last step, and before this one's first.
    if (given.hand && before && answer.moves.length) {
      shown.moves = [
        { who: "generator", before: before.value, after: answer.moves[0].before }, ...answer.moves];
    }
    if (zoo.still() && game.want.replay.length) return; // no show on the way
    this.paintFields();
    if (given.n === 1 && !given.hand && before && !zoo.still()) this.glide(before.moving || before.points);
    else this.plane.draw();
    zoo.afterFrame(this.showNumbers);
  }

  /* A single step is shown as a movement. */
  glide(from) {
    const shown = this.shown();
    const start = performance.now();
    shown.moving = from;
    const frame = (now) => {
      if (this.shown() !== shown) return;
      const u = Math.min(1, Math.max(0, (now - start) / 260));
      const eased = u * (2 - u);
      shown.moving = u < 1 ? shown.points.map((v, i) => from[i] + eased * (v - from[i])) : null;
      this.plane.drawBase();
      if (u < 1) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  /* All of it anew, as when the rules, what is shown or the colors have changed. */
  draw() {
    this.paintFields();
    this.plane.draw();
    this.showNumbers();
  }

  /* Numbers, and the charts. */
  showNumbers() {
    const { find } = this;
    const shown = this.shown();
    if (!shown) return;
    const [d, g] = [shown.critic, shown.generator].map((n) => zoo.number(n));
    find("count").textContent = zoo.t("gan.count", { d, g });
    find("value").textContent = zoo.number(shown.value, 3);
    for (const who of ["critic", "generator"]) {
      showMove(find("mover." + who), (shown.moves || []).findLast((move) => move.who === who));
    }
    this.drawCharts();
    this.drawNetworks();
    this.showMeasured();
    this.showPast();
    this.readProbe();
  }

  /* Where in what was shown the moment is. */
  showPast() {
    const { past, looked } = this.game.match;
    const range = this.find("past");
    const last = past.length - 1;
    const k = looked ? past.indexOf(looked) : last;
    Object.assign(range, { max: Math.max(1, last), value: k, disabled: last < 1 });
    const { critic, generator } = this.shown();
    const step = zoo.number(critic + generator);
    range.nextElementSibling.textContent = step;
    range.setAttribute("aria-valuetext", zoo.t("gan.past_at", { step }));
  }

  drawCharts() {
    const { find, game } = this;
    const { records, measured, shown, looked } = game.match;
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
    const wasserstein = game.isWasserstein();
    const reference = wasserstein ? 0 : EQUAL;
    const latest = this.measured();
    const best = latest && !wasserstein ? [{ y: latest.best_value, color: zoo.token("accent"), dash: [2, 3] }] : [];
    const pad = wasserstein ? 0.02 : 0.06;
    const top = Math.max(...values, reference) + pad;
    const low = Math.max(Math.min(...values, reference) - pad, reference - 1.6);
    // What the best D would reach is shown where it is near; far above, it is told in words.
    const high = best.length && best[0].y < top + 0.25 ? Math.max(top, best[0].y + pad) : top;
    const now = looked && looked.critic + looked.generator;
    const style = (name, width) => ({ color: zoo.token(name), width });
    zoo.drawChart(find("values"), {
      from, to, low, high,
      about: 4,
      marks: [{ y: reference }, ...best.filter(({ y }) => y < high)],
      lines: [between, saw.critic, saw.generator, looked ? [now, low, now, high] : []],
      styles: [style("strong-line", 1), style("negative", 2), style("positive", 2), style("ink", 1)],
    });
    const d = recent.flatMap(({ x, value }) => [x, -value]);
    const g = recent.flatMap(({ x, generator }) => [x, generator]);
    const ends = [...d, ...g].filter((_, i) => i % 2);
    zoo.drawChart(find("losses"), {
      from, to,
      low: Math.max(-6, Math.min(0, ...ends)),
      high: Math.min(8, Math.max(0.5, ...ends)) + 0.1,
      lines: [d, g],
      styles: [style("negative", 1.75), style("positive", 1.75)],
    });
    const seen = measured.filter(({ x }) => x >= from);
    const parts = latest ? latest.n_parts : 8;
    zoo.drawChart(find("coverage"), {
      from, to, low: 0, high: parts,
      lines: [
        seen.flatMap(({ x, good }) => [x, good * parts]),
        seen.flatMap(({ x, covered }) => [x, covered]),
      ],
      styles: [style("strong-line", 1.5), style("accent", 2)],
    });
    const { value, loss } = this.shown();
    find("d-loss").textContent = "D " + zoo.number(-value, 3);
    find("g-loss").textContent = "G " + zoo.number(loss, 3);
    find("marks").textContent = this.marks(latest);
  }

  /* What the lines of the chart of V mean, and what is known of the distance. */
  marks(latest) {
    const { game } = this;
    const told = (key, digits) => (latest?.[key] == null ? "\u2026" : zoo.number(latest[key], digits));
    if (!game.isWasserstein()) return zoo.t("gan.marks", { best: told("best_value", 3) });
    return zoo.t(game.isDistance() ? "gan.marks_distance" : "gan.marks_wasserstein", {
      steepness: told("steepness", 2),
      distance: told("distance", 3),
      data: told("distance_data", 3),
    });
  }

  /* Both players as they are, and how large the gradients of their last steps were. */
  drawNetworks() {
    const { find, game } = this;
    const shown = this.shown();
    const isTwo = Boolean(game.beside());
    find("network-of").textContent = isTwo ? find("first-name").textContent : "";
    find("other-of").textContent = isTwo ? find("second-name").textContent : "";
    find("other").hidden = !isTwo;
    drawNetwork(find("network"), game.networks(), shown.gradients);
    if (isTwo) drawNetwork(find("other-network"), game.networks(), shown.beside?.gradients);
  }

  showMeasured() {
    const { find } = this;
    const latest = this.measured();
    if (!latest) return;
    const values = this.measuredWords(latest);
    find("covered").textContent = zoo.t("gan.covered_of", values);
    find("divergence").textContent = zoo.t("gan.divergence", values);
    this.showVerdict(find("verdict"), latest);
    if (!this.game.beside()) return;
    const { beside } = this.shown();
    if (beside && latest.beside) this.showVerdict(find("second-verdict"), latest.beside);
    else if (!beside) {
      find("second-verdict").textContent = zoo.t("gan.second_diverged");
      find("second-verdict").dataset.verdict = "ended";
    }
    find("first-value").textContent = "V = " + zoo.number(this.shown().value, 3);
    find("second-value").textContent = beside ? "V = " + zoo.number(beside.value, 3) : "";
  }

  showVerdict(line, latest) {
    const { verdict, d_real } = latest;
    const kind = verdict === "diverging" && d_real === null ? "_wasserstein" : "";
    line.textContent = zoo.t("gan.verdict_" + verdict + kind, this.measuredWords(latest));
    line.dataset.verdict = verdict;
  }

  measuredWords({ covered, n_parts, good, divergence, together, d_real, d_fake, steepness }) {
    return {
      covered,
      n: n_parts,
      good: zoo.percent(good),
      together: zoo.percent(together),
      js: zoo.number(divergence, 3),
      d_real: zoo.number(d_real ?? 0, 2),
      d_fake: zoo.number(d_fake ?? 0, 2),
      steepness: zoo.number(steepness, 1),
    };
  }

  /* What is known of the place under the pointer. */
  readProbe() {
    const { find } = this;
    const shown = this.shown();
    if (!shown) return;
    const at = toSquare(this.plane.current());
    const critic = zoo.cellAt(shown.field, at);
    const { wasserstein } = shown;
    computation.value = {
      n_latent: this.part.get("latent"), points: shown.points, real: this.game.match.real, field: shown.field, wasserstein, at,
      d: wasserstein ? critic : sigmoid(critic), value: shown.value, gradients: shown.gradients,
    };
    find("probe").textContent = zoo.t(wasserstein ? "gan.probe_wasserstein" : "gan.probe", {
      x: zoo.number(at[0], 2),
      y: zoo.number(at[1], 2),
      d: zoo.number(wasserstein ? critic : sigmoid(critic), 2),
      best: shown.best ? zoo.number(zoo.cellAt(shown.best, at), 2) : "\u2026",
    });
    if (this.plane.isFocused()) this.say(() => find("probe").textContent + " " + find("verdict").textContent);
  }

  /* The picture to keep. */
  sheet() {
    const { find, plane, mini } = this;
    const [title, note] = [find("mini-name").textContent, find("divergence").textContent];
    const sheet = plane.sheet([{ canvas: mini, title, note }]);
    const context = sheet.getContext("2d");
    context.imageSmoothingEnabled = true;
    context.drawImage(this.fieldCanvas, 28, 28, 1120, 1120);
    context.drawImage(plane.base, 28, 28, 1120, 1120);
    const values = find("values");
    context.drawImage(values, 1176, 640, 448, (448 * values.height) / values.width);
    return sheet;
  }
}
