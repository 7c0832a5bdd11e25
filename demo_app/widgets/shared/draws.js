// @ts-check
/* Draws of p(z), each named by its seed and its cell of the seed's sheet, and how to pick some. */

import { Grid } from "./grid.js";
import { token } from "./look.js";

/* Draws [[seed, cell], ...] as text for an address, "0-12_7-3", and back; null when the text is
   none of that, or names a cell that no sheet of `cells` has. */
export const drawsText = (draws) => draws.map((draw) => draw.join("-")).join("_");

export function readDraws(text, cells) {
  if (text === "") return [];
  if (!/^\d+-\d+(_\d+-\d+)*$/.test(text)) return null;
  const draws = text.split("_").map((draw) => draw.split("-").map(Number));
  return draws.every(([seed, cell]) => seed < 2 ** 31 && cell < cells) ? draws : null;
}

export const sameDraw = (a, b) => a[0] === b[0] && a[1] === b[1];

/* The cell's pixels, out of a sheet with `side` cells along its side. */
export function cellOf(levels, columns, cell, side = 28, channels = 1) {
  const image = new Uint8Array(channels * side * side);
  const corner = side * side * columns * Math.floor(cell / columns) + side * (cell % columns);
  for (let i = 0; i < image.length; i++) {
    const [channel, y, x] = [Math.floor(i / side / side), Math.floor(i / side) % side, i % side];
    image[i] = levels[(levels.length / channels) * channel + corner + y * columns * side + x];
  }
  return image;
}

export class DrawPicker {
  /* Fills `host` with a sheet to pick draws from; onpick(draw) on a click, Enter or Space.

     label: key of its name; marks(): the letters that stand on draws, as [[letter, draws], ...]. */
  constructor(host, { side, label, marks, onpick }) {
    this.onpick = onpick;
    this.seed = null;
    this.grid = new Grid(host, {
      columns: side,
      rows: side,
      label,
      read: (cell) => this.lettersOf(marks(), cell).join(", "),
      onchoose: (cell) => this.pick(cell),
    });
    this.grid.addLayer((context, size) => this.drawMarks(context, size, marks()));
  }

  /* Another sheet: gray levels 0 to 255. */
  show(seed, levels) {
    const { grid } = this;
    this.seed = seed;
    grid.showSheet(grid.columns * 28, grid.rows * 28, levels);
    grid.refresh();
  }

  pick(cell) {
    if (this.seed === null) return;
    this.grid.cursor = cell;
    this.onpick([this.seed, cell]);
    this.grid.refresh();
  }

  lettersOf(marks, cell) {
    const here = (draws) => draws.some((draw) => sameDraw(draw, [this.seed, cell]));
    return marks.filter(([, draws]) => here(draws)).map(([letter]) => letter);
  }

  drawMarks(context, size, marks) {
    const { columns, rows } = this.grid;
    for (let cell = 0; cell < columns * rows; cell++) {
      const letters = this.lettersOf(marks, cell).join("");
      if (!letters) continue;
      const [x, y] = [(cell % columns) * size, Math.floor(cell / columns) * size];
      context.strokeStyle = token("accent");
      context.lineWidth = 2;
      context.strokeRect(x + 1, y + 1, size - 2, size - 2);
      context.font = `700 11px ${getComputedStyle(this.grid.host).fontFamily}`;
      const width = context.measureText(letters).width + 7;
      context.fillStyle = token("accent");
      context.fillRect(x, y, width, 14);
      context.fillStyle = token("on-accent");
      context.textBaseline = "middle";
      context.textAlign = "left";
      context.fillText(letters, x + 3.5, y + 7.5);
    }
  }
}
