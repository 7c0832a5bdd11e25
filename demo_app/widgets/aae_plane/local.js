// @ts-check
import { areNumbers, packBytes } from "../shared/runtime/wire.js";

const LIMIT = 6;
const VAE = "vae-mnist-2d"; // what the plane is held against

export default {
  decode: {
    graphs: ({ model, z }) => (areNumbers(z, LIMIT, 2) ? [[model, "decode"], [VAE, "decode"]] : null),
    async answer({ model, z }, run) {
      const [aae, vae] = await Promise.all([model, VAE].map((one) => run(one, "decode", { z: [z, [1, 2]] })));
      return { image: packBytes(aae.image), vae: packBytes(vae.image) };
    },
  },
};
