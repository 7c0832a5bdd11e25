// @ts-check
/* By tab: what the values that its widgets tell (`zoo.computation`) are in the steps of the flow. A
   step has `text`, some words and numbers, and `paint(canvas)`, a small picture, or one of them. */

import * as zoo from "../shared/zoo.js";

const SIDE = 28;
const D = SIDE * SIDE;
const GAP = 2; // pixels between two pictures on one canvas
const STRONGEST = 3; // keys that are outlined

const DIGITS = "₀₁₂₃₄₅₆₇₈₉";

const sigmoid = (logit) => 1 / (1 + Math.exp(-logit));
const say = (key, values) => zoo.t("flow.now_" + key, values);
const seeded = (seed) => say("seed", { seed: String(seed) });
const list = (values, digits = 2) => values.map((v) => zoo.number(v, digits)).join(", ");
const sub = (k) => [...String(k)].map((c) => DIGITS[Number(c)]).join("");
const at = (row, column) => say("place", { row: zoo.number(row + 1), column: zoo.number(column + 1) });
const place = (i) => at(Math.floor(i / SIDE), i % SIDE);
const nats = (value) => say("nats", { value: zoo.number(value, 1) });
const isRight = (right, all) => say("right", { right: zoo.number(right), all: zoo.number(all) });

function resize(canvas, width, height = width) {
  if (canvas.width !== width || canvas.height !== height) {
    Object.assign(canvas, { width, height, zooImage: null });
  }
}

/* color(i) of each of n cells across, and as many rows as there are, as [red, green, blue]. */
function cells(n, rows, color) {
  return (canvas) => {
    resize(canvas, n, rows);
    zoo.paintPixels(canvas, (data) => {
      for (let i = 0; i < n * rows; i++) data.set([...color(i), 255], 4 * i);
    });
  };
}

const colors = () =>
  Object.fromEntries(["paper", "pen", "sunken", "accent", "line"].map((name) => [name, zoo.rgb(zoo.token(name))]));

const mapped = (name, level) => {
  const k = 3 * Math.round(255 * Math.max(0, Math.min(1, level)));
  return zoo.colorMap(name).subarray(k, k + 3);
};

/* Gray levels 0 to 255 of an image of digits or clothes; faces in color; a sketch. */
const ink = (levels) => (canvas) => {
  resize(canvas, SIDE);
  zoo.paintInk(canvas, levels);
};
const face = (levels) => (canvas) => {
  resize(canvas, Math.sqrt(levels.length / 3));
  zoo.paintFace(canvas, levels);
};
const sketch = (levels) => (canvas) => {
  resize(canvas, zoo.FACE.side);
  zoo.paintSketch(canvas, levels);
};

/* An image of which only the pixels are shown that `is` known; pixel i is marked. */
function known(pixels, i, is) {
  const { paper, pen, sunken, accent } = colors();
  return cells(SIDE, SIDE, (j) => (j === i ? accent : !is(j) ? sunken : pixels[j] ? pen : paper));
}

/* Cells that are all probability p. */
const shade = (p) => cells(1, 1, () => mapped("cividis", p));

/* Side by side: how far the rows have come, and how far the diagonals. `at` is of the pixel, the line
   that is computed, and what is before it. */
function sweeps(pixels, i, back) {
  const { paper, pen, sunken, accent, line } = colors();
  const [row, column] = [Math.floor(i / SIDE), i % SIDE];
  const width = 2 * SIDE + GAP;
  const of = [(y) => y - (row - back), (y, x) => y + x - (row + column - back)];
  return cells(width, SIDE, (k) => {
    const [y, x] = [Math.floor(k / width), k % width];
    if (x >= SIDE && x < SIDE + GAP) return line;
    const [which, at] = x < SIDE ? [0, x] : [1, x - SIDE - GAP];
    const late = of[which](y, at);
    const j = y * SIDE + at;
    return late === 0 ? accent : late > 0 ? sunken : pixels[j] ? pen : paper;
  });
}

/* Latents in rows of eight, from blue at -3 to orange at 3. */
function latents(values) {
  const n = Math.min(8, values.length);
  return cells(n, Math.ceil(values.length / n), (k) => mapped("diverging", 0.5 + (values[k] ?? 0) / 6));
}

/* Points of the unit square on what lies under them, 48 cells a side. */
const points = (places, ground, color) => (canvas) => {
  const side = 48;
  const dots = new Set();
  for (let k = 0; k < places.length; k += 2) {
    const [x, y] = [places[k], places[k + 1]].map((v) => Math.min(side - 1, Math.floor(v * side)));
    dots.add((side - 1 - y) * side + x);
  }
  cells(side, side, (j) => (dots.has(j) ? color : ground(j)))(canvas);
};

export const NOW = {
  pixels({ pixels, i, back, p, logProb }) {
    const is = (j) => j < i && j >= i - back;
    return {
      past: { text: say("before", { n: zoo.number(Math.min(back, i)) }), paint: known(pixels, i, is) },
      table: { text: zoo.percent(p), paint: shade(p) },
      pixel: { text: say(pixels[i] ? "ink" : "empty"), paint: shade(pixels[i]) },
      product: { text: nats(logProb) },
    };
  },

  nade({ pixels, i, logit, hidden, terms }) {
    const { paper, pen, sunken } = colors();
    const n = pixels.subarray(0, i).reduce((sum, bit) => sum + bit, 0);
    const across = Math.ceil(Math.sqrt(hidden.length));
    const rows = Math.ceil(hidden.length / across);
    const most = terms.reduce((top, v) => Math.max(top, Math.abs(v)), 1e-6);
    const units = (map, level) => cells(across, rows, (k) => (k < hidden.length ? mapped(map, level(k)) : sunken));
    const sum = terms.reduce((total, v) => total + v, 0);
    return {
      past: { text: place(i), paint: known(pixels, i, (j) => j < i) },
      // A column for each pixel: those that are ink are added.
      weights: {
        text: say("columns", { n: zoo.number(n) }),
        paint: cells(SIDE, SIDE, (j) => (j >= i ? sunken : pixels[j] ? pen : paper)),
      },
      hidden: { text: say("units", { n: zoo.number(hidden.length) }), paint: units("cividis", (k) => hidden[k] / 255) },
      read: {
        text: `Σ = ${zoo.signed(sum, 2)}\nb = ${zoo.signed(logit - sum, 2)}`,
        paint: units("diverging", (k) => 0.5 + terms[k] / (2 * most)),
      },
      out: { text: zoo.percent(sigmoid(logit)), paint: shade(sigmoid(logit)) },
    };
  },

  pixelrnn({ pixels, i, odds }) {
    const [row, column] = [Math.floor(i / SIDE), i % SIDE];
    const values = (back) => ({ row: zoo.number(row + 1 - back), diagonal: zoo.number(row + column + 1 - back) });
    const before = row ? say("sweeps", values(1)) : say("first_row");
    return {
      conv: { text: place(i), paint: known(pixels, i, (j) => j < i && j >= row * SIDE) },
      before: { text: before, paint: sweeps(pixels, i, 1) },
      state: { text: say("sweeps", values(0)), paint: sweeps(pixels, i, 0) },
      out: { text: odds.map(({ name, logit }) => `${zoo.t(name)} ${zoo.percent(sigmoid(logit))}`).join("\n") },
    };
  },

  transformer({ pixels, i, patch, weights, layer, head, logit, pointed }) {
    const { paper, pen, sunken, accent } = colors();
    const query = Math.floor(i / patch);
    const token = (j) => Math.floor(j / patch);
    const order = [...weights.keys()].filter((s) => s <= query).sort((a, b) => weights[b] - weights[a]);
    const best = order.slice(0, STRONGEST);
    const most = weights[order[0]] || 1;
    const share = (s) => zoo.percent(weights[s]);
    const key = pointed !== null && pointed <= query ? pointed : null;
    const looked = key === null ? best : [key];
    return {
      past: {
        text: say("token", { t: zoo.number(query + 1), all: zoo.number(D / patch) }),
        paint: cells(SIDE, SIDE, (j) => (token(j) === query ? accent : token(j) > query ? sunken : pixels[j] ? pen : paper)),
      },
      qkv: { text: zoo.t("transformer.layer_head", { layer: zoo.number(layer), head: zoo.number(head) }) },
      weights: {
        text: key === null ? say("most", { share: share(best[0]) }) : say("key", { s: zoo.number(key + 1), share: share(key) }),
        paint: cells(SIDE, SIDE, (j) => (token(j) > query ? sunken : mapped("cividis", weights[token(j)] / most))),
      },
      sum: {
        text: say("tokens", {
          n: zoo.number(looked.length),
          share: zoo.percent(looked.reduce((sum, s) => sum + weights[s], 0)),
        }),
        paint: cells(SIDE, SIDE, (j) => (token(j) === query ? accent : !looked.includes(token(j)) ? sunken : pixels[j] ? pen : paper)),
      },
      out: { text: zoo.percent(sigmoid(logit)), paint: shade(sigmoid(logit)) },
    };
  },

  vae({ x, mean, deviation, order, pointed, z, image, kl, likelihood }) {
    const k = pointed ?? order[0];
    const one = (name, values) => `${name}${sub(k)} = ${zoo.number(values[k], 2)}`;
    const ranked = (values) => Array.from({ length: values.length }, (_, rank) => values[order[rank] ?? rank]);
    return {
      x: { paint: ink(x) },
      encoder: {
        text: deviation ? `${one("μ", mean)}\n${one("σ", deviation)}` : list(mean),
        paint: latents(ranked(mean)),
      },
      z: { text: deviation ? one("z", z) : list(z), paint: latents(ranked(z)) },
      out: { text: likelihood === null ? "" : nats(likelihood), paint: ink(image) },
      ...(kl !== null && { kl: { text: nats(kl) } }),
    };
  },

  aae({ x, code, z, image, p, q }) {
    const best = p + q > 0 ? p / (p + q) : 0.5; // of the best discriminator, which takes codes of the prior for real
    return {
      x: { text: say("nearest"), paint: ink(x) },
      encoder: { text: list(code) },
      z: { text: list(z) },
      out: { paint: ink(image) },
      d: { text: say("best_d", { d: zoo.number(best, 2) }), paint: shade(best) },
    };
  },

  gan({ n_latent, points: made, real, field, wasserstein, at, d, value, gradients }) {
    const { paper, pen, accent } = colors();
    const [low, high] = wasserstein
      ? field.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]) : [0, 1];
    const level = (v) => ((wasserstein ? v : sigmoid(v)) - low) / (high - low || 1);
    const side = Math.sqrt(field.length);
    const cell = at.map((v) => Math.max(0, Math.min(side - 1, Math.floor(v * side))));
    const here = (side - 1 - cell[1]) * side + cell[0];
    const pull = (who) => (gradients[who] ? `‖∇‖ = ${zoo.size(gradients[who].norm)}` : "");
    const name = wasserstein ? "f" : "D";
    return {
      z: { text: say("numbers", { n: zoo.number(n_latent) }) },
      g: { text: pull("generator"), paint: points(made, () => paper, zoo.rgb(zoo.token("positive"))) },
      x: { paint: points(real, () => paper, pen) },
      d: {
        text: [`${name}(${list(at, 1)}) = ${zoo.number(d, 2)}`, pull("critic")].filter(Boolean).join("\n"),
        paint: cells(side, side, (j) => {
          if (j === here) return accent;
          const [row, column] = [side - 1 - Math.floor(j / side), j % side];
          return mapped("cividis", level(field[row * side + column]));
        }),
      },
      v: { text: `V = ${zoo.number(value, 3)}` },
    };
  },

  dcgan({ seed, cell, length, image }) {
    return {
      z: { text: `${seeded(seed)}\n|z| = ${zoo.number(length, 2)}` },
      out: { text: at(Math.floor(cell / 8), cell % 8), paint: ink(image) },
    };
  },

  infogan({ category, continuous, seed, image, probabilities, mean }) {
    const read = probabilities.indexOf(Math.max(...probabilities));
    return {
      c: { text: `${category}\n${list(continuous)}` },
      z: { text: seeded(seed) },
      out: { paint: ink(image) },
      q: { text: `${read}: ${zoo.percent(probabilities[read])}\n${list(mean)}` },
    };
  },

  progan({ seed, cell, level, face: shown, stages }) {
    const k = Math.max(1, Math.ceil(level)); // the block that comes in
    const of = ({ image }) => face(zoo.bytes(image));
    const size = (stage) => zoo.t("progan.size", { size: stage.side });
    return {
      z: { text: `${seeded(seed)}\n${say("face", { n: zoo.number(cell + 1) })}` },
      first: { text: size(stages[0]), paint: of(stages[0]) },
      old: { text: size(stages[k - 1]), paint: of(stages[k - 1]) },
      new: { text: size(stages[k]), paint: of(stages[k]) },
      fade: { text: `α = ${zoo.number(Math.max(0, 1 + level - k), 2)}`, paint: of(shown) },
    };
  },

  stargan({ source, asked, image, back, error }) {
    const words = asked.slice(0, 2).map((key) => zoo.t(key)).join("\n");
    return {
      x: { text: words || say("unchanged"), paint: face(source) },
      g: { paint: face(image) },
      ...(back && { back: { text: say("error", { error: zoo.number(100 * error, 2) + zoo.percentSign() }), paint: face(back) } }),
    };
  },

  cyclegan({ seed, color, between, back, error, levels }) {
    return {
      x: { text: seeded(seed), paint: face(color) },
      g: { text: say("gray", { n: zoo.number(levels) }), paint: sketch(between) },
      f: { paint: face(back) },
      cycle: { text: zoo.number(100 * error, 2) + zoo.percentSign() },
    };
  },

  text2image({ text, n_phrases, seed, image, right, all }) {
    return {
      t: { text: text.length > 40 ? text.slice(0, 38).trimEnd() + "…" : text },
      text: { text: say("phrases", { n: zoo.number(n_phrases) }) },
      z: { text: seeded(seed) },
      ...(image && { out: { paint: face(image) } }),
      ...(all && { d: { text: isRight(right, all) } }),
    };
  },

  puzzle({ source, n, pieces, image, right, pointed, sure }) {
    const { side, pixels: N } = zoo.FACE;
    const s = Math.floor(side / n);
    const { sunken, accent } = colors();
    const cellOf = (k) => Math.floor(Math.floor(k / side) / s) * n + Math.floor((k % side) / s);
    const pixel = (k) => [0, 1, 2].map((c) => source[c * N + k]);
    const there = new Set(pieces);
    const only = (is) => cells(side, side, (k) => (is(cellOf(k)) ? pixel(k) : sunken));
    return {
      pieces: {
        text: say("pieces", { n: zoo.number(pieces.length), all: zoo.number(n * n) }),
        paint: pointed ? only((cell) => cell === pointed.piece) : only((cell) => there.has(cell)),
      },
      score: { text: zoo.percent(pointed ? pointed.probability : sure), paint: shade(pointed ? pointed.probability : sure) },
      assign: {
        text: pointed ? at(Math.floor(pointed.cell / n), pointed.cell % n) : isRight(right, pieces.length),
        paint: pointed ? cells(n, n, (k) => (k === pointed.cell ? accent : sunken)) : null,
      },
      out: { paint: face(image) },
    };
  },
};
