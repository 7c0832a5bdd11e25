// @ts-check
import { areNumbers, packBytes } from "../shared/runtime/wire.js";

const LIMIT = 6;

export default {
  decode: {
    graphs: ({ model, z, x = null }) => (areNumbers(z, LIMIT, 2) && x === null ? [[model, "decode"]] : null),
    async answer({ model, z }, run) {
      const { image } = await run(model, "decode", { z: [z, [1, 2]] });
      return { image: packBytes(image), log_likelihood: null };
    },
  },
};
