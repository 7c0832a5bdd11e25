// @ts-check
import { isSeed } from "../shared/random.js";
import { normals } from "../shared/runtime/noise.js";
import { areNumbers, packBytes, rounded, sheetOf } from "../shared/runtime/wire.js";

const PAIR = ["vae-mnist-8", "aae-mnist-8"];
const K = 8; // numbers of a code
const SIDE = 6; // pictures along the side of a sheet
const MAX_SCALE = 1.5;

export default {
  samples: {
    graphs: ({ seed, scale }) =>
      isSeed(seed) && areNumbers([scale], MAX_SCALE) && scale >= 0 ? PAIR.map((model) => [model, "decode"]) : null,
    async answer({ seed, scale }, run) {
      const N = SIDE * SIDE;
      const z = normals(seed, N * K).map((v) => scale * v);
      const answers = await Promise.all(PAIR.map((model) => run(model, "decode", { z: [z, [N, K]] })));
      return {
        z: Array.from({ length: N }, (_, n) => rounded(z.subarray(n * K, (n + 1) * K))),
        sheets: answers.map(({ image }) => packBytes(sheetOf(image, SIDE))),
      };
    },
  },
};
