// @ts-check
/* Pictures of any data set: of one channel as ink on paper, of three in color, told channel after
   channel. */

import { paintInk } from "./color.js";
import { paintFace } from "./face.js";

/* Levels 0 to 255 onto a canvas of as many pixels: of one picture, or of a sheet of them. */
export const paintLevels = (canvas, levels, channels = 1) =>
  (channels === 3 ? paintFace : paintInk)(canvas, levels);

/* A picture of the shape [C, H, W] onto a canvas, which becomes as large. */
export function paintPicture(canvas, levels, [channels, height, width]) {
  resize(canvas, width, height);
  paintLevels(canvas, levels, channels);
}

/* Give a canvas so many pixels, if it has others. A new size clears the image that paint keeps. */
export function resize(canvas, width, height) {
  if (canvas.width === width && canvas.height === height) return;
  canvas.width = width;
  canvas.height = height;
  canvas.zooImage = null;
}
