// @ts-check
/* Gray pixels, drawn with a pen that is soft at its edge. */

import { unpackBits, urlBytes } from "./arrays.js";
import { paint } from "./color.js";
import { PixelCanvas } from "./grid.js";

const STEP = 17; // between two levels that are drawn: sixteen of them, from 0 to 255
/* A pen is full within so many pixels and gone so far beyond. Its lines are as thick as those that the
   models were trained on: across a stroke there are 2.8 pixels' worth of ink in the digits of MNIST, and
   1.3 in the sketches of faces, in the median. */
export const PENS = { digit: [0.7, 1.3], sketch: [0.15, 1] };
const ERASER = [1.4, 1.4];
const REACH = 3;

export class SoftCanvas extends PixelCanvas {
  /* As a PixelCanvas, of levels 0 to 255, with one of PENS as `pen`. What was drawn on holds sixteen
     levels, so that it fits into an address. */
  constructor(host, { pen = PENS.digit, ...options }) {
    super(host, options);
    this.pen = pen;
  }

  dab(x, y, ink) {
    const [full, edge] = ink ? this.pen : ERASER;
    for (let row = Math.floor(y) - REACH; row <= y + REACH; row++) {
      for (let column = Math.floor(x) - REACH; column <= x + REACH; column++) {
        if (column < 0 || row < 0 || column >= this.columns || row >= this.rows) continue;
        const away = Math.hypot(column + 0.5 - x, row + 0.5 - y);
        const level = Math.max(0, Math.min(1, 1 - (away - full) / edge));
        const i = row * this.columns + column;
        const before = this.pixels[i];
        const wanted = ink ? Math.max(before, 255 * level) : Math.min(before, 255 * (1 - level));
        const after = STEP * Math.round(wanted / STEP);
        if (after === before) continue;
        this.pixels[i] = after;
        this.dirty = true;
      }
    }
  }

  /* By keys: a dab in the middle of the pixel; where there is ink, ink of 1 - level is none. */
  setPixel(i, ink) {
    const before = this.pixels.slice();
    this.dab((i % this.columns) + 0.5, Math.floor(i / this.columns) + 0.5, ink > 0 ? 1 : 0);
    if (!this.dirty) return;
    this.dirty = false;
    this.remember(before);
    this.repaint();
    this.onchange(this.pixels, true);
  }

  repaint() {
    if (this.pixels) paint(this.cells, this.pixels, { map: "ink", high: 255 });
  }
}

/* Sixteen levels as text for an address, two pixels to a byte; and back, or null. */
export function urlLevels(levels) {
  const bytes = new Uint8Array(Math.ceil(levels.length / 2));
  levels.forEach((v, i) => (bytes[i >> 1] |= Math.round(v / STEP) << (i & 1 ? 0 : 4)));
  return urlBytes(bytes);
}

export function readLevels(text, n) {
  const bits = unpackBits(text, 4 * n);
  if (!bits) return null;
  const four = (i) => 8 * bits[i] + 4 * bits[i + 1] + 2 * bits[i + 2] + bits[i + 3];
  return Uint8Array.from({ length: n }, (_, i) => STEP * four(4 * i));
}
