// @ts-check
/* Draws of a DCGAN's z, and places between them, as demo_app/services/dcgan.py has them. */

import { isSeed } from "../random.js";
import { normals } from "./noise.js";
import { areNumbers } from "./wire.js";

export const N_Z = 64;
const N_SHEET = 64;
const MAX_SCALE = 1.5;
const KEPT = 16; // sheets

export const isDraw = (place) =>
  Array.isArray(place) && place.length === 2 && isSeed(place[0]) && isWhole(place[1], 0, N_SHEET - 1);

export const isWhole = (v, low, high) => Number.isInteger(v) && v >= low && v <= high;

export const isScale = (v) => areNumbers([v], MAX_SCALE) && v >= 0;

/* The z of a draw, multiplied by `scale`. */
const sheets = new Map();
export function drawOf([seed, cell], scale) {
  if (!sheets.has(seed)) {
    if (sheets.size >= KEPT) sheets.delete(sheets.keys().next().value);
    sheets.set(seed, normals(seed, N_SHEET * N_Z));
  }
  const factor = Math.fround(scale);
  return sheets.get(seed).slice(cell * N_Z, (cell + 1) * N_Z).map((v) => factor * v);
}

const dot = (a, b) => a.reduce((sum, v, k) => sum + v * b[k], 0);
export const lengthOf = (z) => Math.sqrt(dot(z, z));

export const straight = (a, b, t) => Float32Array.from(a, (v, k) => (1 - t) * v + t * b[k]);

/* The place t of the way along the great circle; null where no way is the shortest. */
export function spherical(a, b, t) {
  const [first, second] = [lengthOf(a), lengthOf(b)];
  if (Math.min(first, second) === 0) return straight(a, b, t);
  const omega = Math.acos(Math.min(1, Math.max(-1, dot(Array.from(a), b) / (first * second))));
  if (Math.PI - omega < 1e-3) return null;
  if (omega < 1e-3) return straight(a, b, t);
  const length = ((1 - t) * first + t * second) / Math.sin(omega);
  const [u, v] = [Math.sin((1 - t) * omega) / first, Math.sin(t * omega) / second];
  return Float32Array.from(a, (x, k) => length * (u * x + v * b[k]));
}
