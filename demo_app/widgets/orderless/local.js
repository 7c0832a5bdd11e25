// @ts-check
import { unpackBits } from "../shared/arrays.js";
import { packFloat32 } from "../shared/runtime/wire.js";

const D = 784;
const SHAPE = [1, 1, 28, 28];

const bitsOf = (x) => (typeof x === "string" ? unpackBits(x, D) : null);

export default {
  look: {
    graphs: ({ x, hole }) => (bitsOf(x) && bitsOf(hole) ? [["nade-orderless-mnist", "marginals"]] : null),
    async answer({ x, hole }, run) {
      const pixels = Float32Array.from(bitsOf(x));
      const known = Float32Array.from(bitsOf(hole), (v) => 1 - v);
      const { p } = await run("nade-orderless-mnist", "marginals", { x: [pixels, SHAPE], known: [known, SHAPE] });
      return { p: packFloat32(p) };
    },
  },
};
