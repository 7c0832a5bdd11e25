// @ts-check
/* Where the square and its two sides are on their canvas, and what is drawn there again and again. */

import * as zoo from "../shared/zoo.js";

/* The square, the slice to its right on the same x_2, the marginal below on the same x_1. */
export function geometry(width) {
  const narrow = width < 560;
  const axis = narrow ? 28 : 30;
  const gap = narrow ? 12 : 20;
  const room = width - axis - gap - 2;
  const side = Math.round(room * (narrow ? 0.66 : 0.611));
  const square = { x: axis, y: 28, width: side, height: side };
  const beside = { x: axis + side + gap, y: 28, width: room - side, height: side };
  const below = { x: axis, y: 28 + side + 24, width: side, height: narrow ? 60 : 92 };
  return { narrow, width, height: below.y + below.height + 26, square, beside, below };
}

export const across = ({ square }, x1) => square.x + x1 * square.width;
export const upward = ({ square }, x2) => square.y + (1 - x2) * square.height;

export const font = (size, weight = 400) =>
  `${weight} ${size}px ${getComputedStyle(document.body).fontFamily}`;

/* Text with subscripts after "_", in the font of formulas; returns where it ends. */
export function formula(context, text, x, y, size) {
  context.textAlign = "left";
  for (const piece of text.split(/(_.)/)) {
    const low = piece.startsWith("_");
    context.font = `italic ${low ? 0.72 * size : size}px ${zoo.token("math")}`;
    context.fillText(low ? piece[1] : piece, x, y + (low ? 0.2 * size : 0));
    x += context.measureText(low ? piece[1] : piece).width;
  }
  return x;
}

export function caption(context, g, words, text, x, y) {
  context.textBaseline = "alphabetic";
  context.fillStyle = zoo.token("ink");
  context.textAlign = "left";
  if (!g.narrow) {
    context.font = font(14, 600);
    context.fillText(zoo.t(words), x, y);
    x += context.measureText(zoo.t(words)).width + 10;
  }
  context.fillStyle = zoo.token("muted");
  formula(context, text, x, y, 15);
}

export function frame(context, { x, y, width, height }) {
  context.strokeStyle = zoo.token("line");
  context.lineWidth = 1;
  context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
}

/* A path through place(0 .. length), a step to every half pixel. */
export function curve(context, length, place) {
  context.beginPath();
  for (let i = 0; i <= 2 * length; i++) context.lineTo(...place(i / 2));
}

const COMPONENTS = ["#e69f00", "#56b4e9", "#009e73", "#d55e00", "#0072b2", "#cc79a7", "#882255", "#6b4ce6"];

/* Of the colors the dark ones are lifted on dark paper. */
export function color(k) {
  const mix = zoo.dark() ? 0.25 : 0;
  const rgb = zoo.rgb(COMPONENTS[k % COMPONENTS.length]);
  return "rgb(" + rgb.map((v) => Math.round(v + mix * (255 - v))).join(" ");
}

/* 1, 2 or 5 times a power of ten, the largest below `high`. */
export function nice(high) {
  const power = 10 ** Math.floor(Math.log10(high));
  return power * [5, 2, 1].find((m) => m * power <= high);
}

/* White on black, so that it shows on any color. */
export function cased(context, from, to, width) {
  for (const [extra, style] of /** @type {const} */ ([[2, "rgb(0 0 0 / 60%)"], [0, "#fff"]])) {
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.lineWidth = width + extra;
    context.strokeStyle = style;
    context.stroke();
  }
}

export function dot(context, /** @type {number[]} */ [x, y]) {
  context.beginPath();
  context.arc(x, y, 4.5, 0, 7);
  context.fillStyle = zoo.token("accent");
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = zoo.token("surface");
  context.stroke();
}

export function label(context, words, /** @type {number[]} */ [x, y], align) {
  context.font = font(12, 650);
  context.textAlign = align;
  context.textBaseline = "alphabetic";
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = zoo.token("surface");
  context.strokeText(words, x, y);
  context.fillStyle = zoo.token("accent");
  context.fillText(words, x, y);
}
