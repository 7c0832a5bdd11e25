// @ts-check
import { drawOf, isDraw, isScale, lengthOf, N_Z, spherical, straight } from "../shared/runtime/draws.js";
import { areNumbers, packBytes, round } from "../shared/runtime/wire.js";

const D = 784;

export default {
  between: {
    graphs: ({ model, a, b, scale, t }) =>
      isDraw(a) && isDraw(b) && isScale(scale) && areNumbers([t], 1) && t >= 0 ? [[model, "generate"]] : null,
    async answer({ model, a, b, scale, t }, run) {
      const ends = [drawOf(a, scale), drawOf(b, scale)];
      const places = [spherical(ends[0], ends[1], t), straight(ends[0], ends[1], t)];
      if (places[0] === null) return null; // the server says why
      const z = Float32Array.from(places.flatMap((place) => [...place]));
      const { image } = await run(model, "generate", { z: [z, [2, N_Z]] });
      const [arc, line] = places.map((place, k) => ({
        image: packBytes(image.subarray(k * D, (k + 1) * D)),
        length: round(lengthOf(place), 3),
      }));
      return { spherical: arc, straight: line };
    },
  },
};
