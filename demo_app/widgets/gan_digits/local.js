// @ts-check
import { isSeed } from "../shared/random.js";
import { normals } from "../shared/runtime/noise.js";
import { packBytes, rounded, sheetOf } from "../shared/runtime/wire.js";

const MODEL = "gan-mnist";
const N_Z = 64;
const SIDE = 6; // pictures along the side of the sheet

export default {
  samples: {
    graphs: ({ seed }) => (isSeed(seed) ? [[MODEL, "generate"]] : null),
    async answer({ seed }, run) {
      const N = SIDE * SIDE;
      const z = normals(seed, N * N_Z);
      const { image } = await run(MODEL, "generate", { z: [z, [N, N_Z]] });
      const rows = Array.from({ length: N }, (_, k) => rounded(z.subarray(k * N_Z, (k + 1) * N_Z)));
      return { z: rows, sheet: packBytes(sheetOf(image, SIDE)) };
    },
  },
};
