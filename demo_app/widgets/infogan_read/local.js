// @ts-check
import { LIMIT, MODEL, fits, generate, infer, isCategory, written } from "../infogan_codes/local.js";
import { isSeed } from "../shared/random.js";
import { bytesOf, packBytes, rounded } from "../shared/runtime/wire.js";

const D = 784;
const N_OTHERS = 5; // pictures of the codes that were read, by other noise
const N_SEEDS = 2 ** 31;


export default {
  read: {
    graphs: ({ x, seed }) => (bytesOf(x, D) && isSeed(seed) ? [[MODEL, "infer"], [MODEL, "generate"]] : null),
    async answer({ x, seed }, run) {
      const image = Float32Array.from(bytesOf(x, D), (v) => v / 255);
      const q = await infer(run, image, 1);
      const category = q.probabilities.indexOf(Math.max(...q.probabilities));
      const continuous = Array.from(q.mean, (v) => Math.max(-LIMIT, Math.min(LIMIT, v)));
      const remade = await generate(run, [{ category, continuous, seed }]);
      return { ...written(q), category, continuous: rounded(continuous), image: packBytes(remade) };
    },
  },

  others: {
    graphs: ({ category, continuous, seed }) =>
      isCategory(category) && fits(continuous, seed) ? [[MODEL, "generate"]] : null,
    async answer({ category, continuous, seed }, run) {
      const codes = Array.from({ length: N_OTHERS }, (_, k) => ({ category, continuous, seed: (seed + k) % N_SEEDS }));
      return { images: packBytes(await generate(run, codes)) };
    },
  },
};
