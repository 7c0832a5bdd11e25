// @ts-check
/* Answers in the form in which the server writes them: see demo_app/wire.py. */

import { base64, bytes } from "../arrays.js";

/* The nearest whole number; of two the even one. */
export function rint(v) {
  const low = Math.floor(v);
  const over = v - low;
  return over < 0.5 || (over === 0.5 && low % 2 === 0) ? low : low + 1;
}

/* n bytes in base64; null where the text is something else. */
export function bytesOf(text, n) {
  try {
    const found = typeof text === "string" ? bytes(text) : [];
    return found.length === n ? found : null;
  } catch {
    return null;
  }
}

/* Values in [0, 1] as bytes 0 to 255, in base64. */
export const packBytes = (x) =>
  base64(Uint8Array.from(x, (v) => Math.min(255, Math.max(0, rint(255 * v)))));

/* Little-endian 32-bit floats, in base64. */
export function packFloat32(x) {
  const view = new DataView(new ArrayBuffer(4 * x.length));
  x.forEach((v, k) => view.setFloat32(4 * k, v, true));
  return base64(new Uint8Array(view.buffer));
}

/* A number with so many digits after the point, and numbers. */
export const round = (v, digits = 4) => rint(v * 10 ** digits) / 10 ** digits;
export const rounded = (x, digits = 4) => Array.from(x, (v) => round(v, digits));

/* Is it a list of n numbers (any n where it is not given) from -limit to limit? */
export const areNumbers = (x, limit, n = x?.length) =>
  Array.isArray(x) && x.length === n && n > 0 && x.every((v) => typeof v === "number" && Math.abs(v) <= limit);

/* Pictures as one, `columns` of them to a row without gaps. */
export function sheetOf(images, columns, side = 28) {
  const sheet = new Float32Array(images.length);
  const width = columns * side;
  images.forEach((v, i) => {
    const cell = Math.floor(i / (side * side));
    const [y, x] = [Math.floor((i % (side * side)) / side), i % side];
    sheet[(Math.floor(cell / columns) * side + y) * width + (cell % columns) * side + x] = v;
  });
  return sheet;
}
