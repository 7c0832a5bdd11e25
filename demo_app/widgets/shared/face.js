// @ts-check
/* Faces of 64 x 64 pixels in color, told channel after channel. */

import { paint, paintPixels } from "./color.js";

const SIDE = 64;
export const FACE = { side: SIDE, pixels: SIDE * SIDE };

/* Levels 0 to 255, [3 * 64 * 64], onto a canvas of 64 x 64 pixels; or so of several faces. */
export function paintFace(canvas, levels) {
  const n = levels.length / 3;
  paintPixels(canvas, (data) => {
    for (let i = 0; i < n; i++) {
      for (let c = 0; c < 3; c++) data[4 * i + c] = levels[c * n + i];
      data[4 * i + 3] = 255;
    }
  });
}

/* A sketch, [64 * 64], 0 being ink, onto one. */
export function paintSketch(canvas, levels) {
  paint(canvas, levels, { map: "ink", low: 255, high: 0 });
}
