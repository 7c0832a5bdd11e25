// @ts-check
import { normals } from "../shared/runtime/noise.js";
import { areNumbers, bytesOf, packBytes, rounded } from "../shared/runtime/wire.js";
import { about } from "../shared/twins.js";

const D = 784;
const LIMIT = 6;
const HALF = 4; // draws of z from q(z | x); each is used with its mirror image about the mean

/* Levels of 8 bits as pixels in [0, 1]; null where they are none of this model's images. */
function pixels(model, text) {
  const levels = bytesOf(text, D);
  const binary = (about(model)?.likelihood ?? "bernoulli") === "bernoulli";
  if (levels === null || (binary && levels.some((v) => v % 255))) return null;
  return Float32Array.from(levels, (v) => v / 255);
}

const mean = (x) => x.reduce((sum, v) => sum + v, 0) / x.length;

export default {
  decode: {
    graphs: ({ model, z, x = null }) =>
      areNumbers(z, LIMIT) && (x === null || pixels(model, x))
        ? [[model, x === null ? "decode" : "likelihood"]]
        : null,
    async answer({ model, z, x = null }, run) {
      const code = [z, [1, z.length]];
      if (x === null) {
        const { image } = await run(model, "decode", { z: code });
        return { image: packBytes(image), log_likelihood: null };
      }
      const found = await run(model, "likelihood", { z: code, x: [pixels(model, x), [1, 1, 28, 28]] });
      return { image: packBytes(found.image), log_likelihood: found.log_likelihood[0] };
    },
  },

  encode: {
    graphs: ({ model, x }) => (pixels(model, x) ? [[model, "encode"], [model, "likelihood"]] : null),
    async answer({ model, x }, run) {
      const image = pixels(model, x);
      const q = await run(model, "encode", { x: [image, [1, 1, 28, 28]] });
      const K = q.mean.length;
      const kl = q.mean.map((m, k) => 0.5 * (q.deviation[k] ** 2 + m ** 2 - 1 - 2 * Math.log(q.deviation[k])));

      // The mean itself, and the draws.
      const eps = normals(0, HALF * K);
      const N = 1 + 2 * HALF;
      const z = new Float32Array(N * K);
      const images = new Float32Array(N * D);
      for (let n = 0; n < N; n++) {
        const sign = n > HALF ? -1 : 1;
        for (let k = 0; k < K; k++) {
          const noise = n ? sign * eps[((n - 1) % HALF) * K + k] : 0;
          z[n * K + k] = q.mean[k] + q.deviation[k] * noise;
        }
        images.set(image, n * D);
      }
      const found = await run(model, "likelihood", { z: [z, [N, K]], x: [images, [N, 1, 28, 28]] });
      const reconstruction = mean(found.log_likelihood.subarray(1));
      const elbo = reconstruction - kl.reduce((sum, v) => sum + v, 0);
      return {
        mean: rounded(q.mean),
        deviation: rounded(q.deviation),
        kl: rounded(kl),
        reconstruction,
        elbo,
        bits_per_dim: -elbo / D / Math.LN2,
        image: packBytes(found.image.subarray(0, D)),
        log_likelihood: found.log_likelihood[0],
      };
    },
  },
};
