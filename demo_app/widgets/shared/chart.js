// @ts-check
/* Small line charts that grow while one looks on. */

import { sharp } from "./color.js";
import { token } from "./look.js";
import { number } from "./words.js";

const [LEFT, RIGHT, TOP, BOTTOM] = [44, 8, 6, 6];

/* Round numbers between low and high, about so many. */
export function ticks(low, high, about = 3) {
  const raw = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= raw);
  const values = [];
  for (let k = Math.ceil(low / step); k * step <= high + 1e-9; k++) values.push(k * step + 0); // no -0
  return { values, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

/* Draws on a canvas: `marks`, [{y, dash}] across it, and `lines`, lists of [x, y, ...] in the
   styles of `styles`, [{color, width}]. What lies outside [low, high] is drawn at its edge. */
export function drawChart(canvas, { from, to, low, high, lines, styles, marks = [], about = 3 }) {
  if (!canvas.clientWidth) return;
  const context = sharp(canvas);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const x = (v) => LEFT + ((v - from) / Math.max(1e-9, to - from)) * (width - LEFT - RIGHT);
  const y = (v) => {
    const share = (high - Math.max(low, Math.min(high, v))) / (high - low);
    return TOP + share * (height - TOP - BOTTOM);
  };
  const across = (v, color, dash) => {
    context.beginPath();
    context.moveTo(LEFT, Math.round(y(v)) + 0.5);
    context.lineTo(width - RIGHT, Math.round(y(v)) + 0.5);
    context.setLineDash(dash);
    context.lineWidth = dash.length ? 1.5 : 1;
    context.strokeStyle = color;
    context.stroke();
    context.setLineDash([]);
  };
  const { values, digits } = ticks(low, high, about);
  context.font = `11px ${getComputedStyle(canvas).fontFamily}`;
  context.fillStyle = token("muted");
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const v of values) {
    across(v, token("line"), []);
    context.fillText(number(v, digits), LEFT - 8, y(v));
  }
  for (const { y: v, color, dash } of marks) across(v, color || token("strong-line"), dash || [5, 4]);
  context.lineJoin = "round";
  context.lineCap = "round";
  lines.forEach((points, k) => {
    context.beginPath();
    for (let i = 0; i < points.length; i += 2) {
      if (points[i] === null) {
        // A gap: the next two numbers begin another piece.
        i += 2;
        context.moveTo(x(points[i]), y(points[i + 1]));
      } else context.lineTo(x(points[i]), y(points[i + 1]));
    }
    context.lineWidth = styles[k].width;
    context.strokeStyle = styles[k].color;
    context.stroke();
  });
}
