// @ts-check
import { float32 } from "../shared/arrays.js";
import { isSeed } from "../shared/random.js";
import { drawOf, isDraw, isScale, isWhole, lengthOf, N_Z } from "../shared/runtime/draws.js";
import { normals } from "../shared/runtime/noise.js";
import { areNumbers, packBytes, round, rounded } from "../shared/runtime/wire.js";

const N_DIRECTIONS = 8;
const REACH = 6;

const unit = (x) => x.map((v) => v / lengthOf(x));

/* Direction k of z: one of those that are known, or for 0 one at random, at right angles to `other`. */
function direction(known, k, seed, other = null) {
  if (k) return known.subarray((k - 1) * N_Z, k * N_Z);
  const two = normals(seed, 2 * N_Z);
  if (other === null) return unit(two.subarray(0, N_Z));
  const second = two.subarray(N_Z);
  const along = second.reduce((sum, v, j) => sum + v * other[j], 0);
  return unit(second.map((v, j) => v - along * other[j]));
}

export default {
  place: {
    graphs: ({ model, draw, scale, u, v, a, b, seed }) =>
      isDraw(draw) && isScale(scale) && isSeed(seed) && areNumbers([a, b], REACH) &&
      [u, v].every((k) => isWhole(k, 0, N_DIRECTIONS)) && !(u === v && u)
        ? [[model, "generate"]]
        : null,
    fetch: async ({ model }, server) => float32((await server.directions({ model })).directions),
    async answer({ model, draw, scale, u, v, a, b, seed }, run, known) {
      const start = drawOf(draw, scale);
      const first = direction(known, u, seed);
      const second = direction(known, v, seed, first);
      const z = start.map((x, k) => x + a * first[k] + b * second[k]);
      const { image } = await run(model, "generate", { z: [z, [1, N_Z]] });
      return { image: packBytes(image), length: round(lengthOf(z), 3), z: rounded(z) };
    },
  },
};
