// @ts-check
import { isSeed } from "../shared/random.js";
import { normals } from "../shared/runtime/noise.js";
import { areNumbers, packBytes, rounded } from "../shared/runtime/wire.js";

export const MODEL = "infogan-mnist";
export const N_CATEGORIES = 10;
export const LIMIT = 2; // of the continuous codes
const N_NOISE = 62;
const N_Z = N_CATEGORIES + 2 + N_NOISE;

export const isCategory = (k) => Number.isInteger(k) && k >= 0 && k < N_CATEGORIES;
export const fits = (continuous, seed) => areNumbers(continuous, LIMIT, 2) && isSeed(seed);

/* Each category in turn, with the same of all else. */
const each = (continuous, seed) =>
  Array.from({ length: N_CATEGORIES }, (_, category) => ({ category, continuous, seed }));

/* G of several codes, {category, continuous, seed} each. */
export async function generate(run, several) {
  const z = new Float32Array(several.length * N_Z);
  several.forEach(({ category, continuous, seed }, n) => {
    z[n * N_Z + category] = 1;
    z.set(continuous, n * N_Z + N_CATEGORIES);
    z.set(normals(seed, N_NOISE), n * N_Z + N_CATEGORIES + 2);
  });
  return (await run(MODEL, "generate", { z: [z, [several.length, N_Z]] })).image;
}

/* Q of as many images: the probabilities of the categories, and the means of the continuous codes. */
export async function infer(run, images, n) {
  const read = await run(MODEL, "infer", { x: [images, [n, 1, 28, 28]] });
  return { probabilities: read.category.map(Math.exp), mean: read.continuous };
}

/* In few digits; of a small probability those that count in its logarithm. */
export const written = ({ probabilities, mean }) => ({
  probabilities: Array.from(probabilities, (p) => Number(p.toPrecision(5))),
  mean: rounded(mean),
});

export default {
  generate: {
    graphs: ({ category, continuous, seed }) =>
      isCategory(category) && fits(continuous, seed) ? [[MODEL, "generate"], [MODEL, "infer"]] : null,
    async answer(given, run) {
      const image = await generate(run, [given]);
      return { image: packBytes(image), ...written(await infer(run, image, 1)) };
    },
  },

  categories: {
    graphs: ({ continuous, seed }) => (fits(continuous, seed) ? [[MODEL, "generate"]] : null),
    answer: async ({ continuous, seed }, run) => ({
      images: packBytes(await generate(run, each(continuous, seed))),
    }),
  },
};
