// @ts-check
import { float32, unpackBits } from "../shared/arrays.js";
import { packBytes, packFloat32 } from "../shared/runtime/wire.js";

const MODEL = "nade-mnist";
const D = 784;
const SHAPE = [1, 1, 28, 28];
const AMONG = ["ink", "all"];

const bitsOf = (x) => (typeof x === "string" ? unpackBits(x, D) : null);

/* log(1 + exp(v)). */
const softplus = (v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));

/* How many of them, which rise, are below `value`. */
function below(rising, value) {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

export default {
  look: {
    graphs: ({ x, i = null, among = "all" }) =>
      bitsOf(x) && AMONG.includes(among) && (i === null || (Number.isInteger(i) && i >= 0 && i < D))
        ? [[MODEL, "conditionals"], ...(i === null ? [] : [[MODEL, "pixel"]])]
        : null,

    fetch: async (_, server) => float32((await server.scores({})).scores),

    async answer({ x, i = null, among = "all" }, run, scores) {
      const pixels = bitsOf(x);
      const image = [Float32Array.from(pixels), SHAPE];
      const [{ logits }, of] = await Promise.all([
        run(MODEL, "conditionals", { x: image }),
        i === null ? null : run(MODEL, "pixel", {
          x: image,
          before: [Float32Array.from(pixels, (_, j) => Number(j < i)), [1, D]],
          i: [Float32Array.from(pixels, (_, j) => Number(j === i)), [1, D]],
        }),
      ]);
      const log_prob = -logits.reduce((sum, l, k) => sum + softplus(pixels[k] ? -l : l), 0);
      return {
        logits: packFloat32(logits),
        log_prob,
        bits_per_dim: -log_prob / D / Math.LN2,
        percentile: below(scores, log_prob) / scores.length,
        influence: of && packFloat32(of.influence.map((v, j) => (among === "all" || pixels[j] ? v : 0))),
        hidden: of && packBytes(of.hidden),
        terms: of && packFloat32(of.terms),
      };
    },
  },
};
