// @ts-check
import { LIMIT, MODEL, N_CATEGORIES, fits, generate, infer, isCategory } from "../infogan_codes/local.js";
import { packBytes, round, rounded, sheetOf } from "../shared/runtime/wire.js";

const STEPS = 9; // of a continuous code
const N_ROWS = 8; // noises of a sheet of all categories
const N_SEEDS = 2 ** 31;
const D = 784;

const along = Array.from({ length: STEPS }, (_, k) => -LIMIT + (2 * LIMIT * k) / (STEPS - 1));
const down = along.toReversed();

/* Of each kind of sheet: its rows, its columns, and what a cell has that is not as it is given. */
const KINDS = {
  category: [N_ROWS, N_CATEGORIES, (row, column, { seed }) => ({ category: column, seed: (seed + row) % N_SEEDS })],
  first: [N_CATEGORIES, STEPS, (row, column, { continuous: [, b] }) => ({ category: row, continuous: [along[column], b] })],
  second: [N_CATEGORIES, STEPS, (row, column, { continuous: [a] }) => ({ category: row, continuous: [a, along[column]] })],
  both: [STEPS, STEPS, (row, column) => ({ continuous: [along[column], down[row]] })],
};

export default {
  sheet: {
    graphs: ({ kind, category, continuous, seed }) =>
      Object.hasOwn(KINDS, kind) && isCategory(category) && fits(continuous, seed)
        ? [[MODEL, "generate"], [MODEL, "infer"]] : null,

    async answer({ kind, ...given }, run) {
      const [rows, columns, varied] = KINDS[kind];
      const images = new Float32Array(rows * columns * D);
      const cells = [];
      // Row by row: a pointer does not wait for a whole sheet.
      for (let row = 0; row < rows; row++) {
        const codes = Array.from({ length: columns }, (_, column) => ({ ...given, ...varied(row, column, given) }));
        const made = await generate(run, codes);
        images.set(made, row * columns * D);
        const { probabilities, mean } = await infer(run, made, columns);
        codes.forEach((code, n) => {
          const p = probabilities.subarray(n * N_CATEGORIES, (n + 1) * N_CATEGORIES);
          cells.push({ ...code, probability: p[code.category], read: p.indexOf(Math.max(...p)), mean: mean.subarray(2 * n, 2 * n + 2) });
        });
      }
      return {
        rows,
        columns,
        category: cells.map((cell) => cell.category),
        continuous: cells.map((cell) => rounded(cell.continuous)),
        seed: cells.map((cell) => cell.seed),
        probability: cells.map((cell) => round(cell.probability)),
        read: cells.map((cell) => cell.read),
        mean: cells.map((cell) => rounded(cell.mean)),
        sheet: packBytes(sheetOf(images, columns)),
      };
    },
  },
};
