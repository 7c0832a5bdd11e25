// @ts-check
import { isSeed } from "../shared/random.js";
import { drawOf, isScale, lengthOf, N_Z, spherical } from "../shared/runtime/draws.js";
import { areNumbers, packBytes, round } from "../shared/runtime/wire.js";

const N_STOPS = 8;

export default {
  place: {
    graphs: ({ model, seed, scale, at }) =>
      isSeed(seed) && isScale(scale) && areNumbers([at], N_STOPS) && at >= 0 ? [[model, "generate"]] : null,
    async answer({ model, seed, scale, at }, run) {
      const place = Math.fround(at);
      const k = Math.floor(place) % N_STOPS;
      const [start, end] = [k, (k + 1) % N_STOPS].map((cell) => drawOf([seed, cell], scale));
      const z = spherical(start, end, place % 1);
      if (z === null) return null; // the server says why
      const { image } = await run(model, "generate", { z: [z, [1, N_Z]] });
      return { image: packBytes(image), length: round(lengthOf(z), 3) };
    },
  },
};
