// @ts-check
/* Functions and points over the unit square, on canvases. Places are [x_1, x_2], x_2 upward; cells
   are told row after row from x_2 = 0. */

import { colorMap, paintPixels } from "./color.js";
import { make } from "./controls.js";

/* Cells [0 .. side * side) onto a canvas of side x side pixels, x_2 upward; level(value) is from 0
   to 1 along the map. */
export function paintCells(canvas, cells, level, map = "cividis") {
  const side = Math.sqrt(cells.length);
  const colors = colorMap(map);
  paintPixels(canvas, (data) => {
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const share = Math.max(0, Math.min(1, level(cells[row * side + column])));
        const i = 3 * Math.round(255 * share);
        const o = 4 * ((side - 1 - row) * side + column);
        data[o] = colors[i];
        data[o + 1] = colors[i + 1];
        data[o + 2] = colors[i + 2];
        data[o + 3] = 255;
      }
    }
  });
}

/* The line on which cells have a value, as ends of straight pieces [x_1, x_2, x_1, x_2, ...]
   (marching squares between the centers of cells). */
export function contour(cells, value) {
  const side = Math.sqrt(cells.length);
  const pieces = [];
  for (let row = 0; row + 1 < side; row++) {
    for (let column = 0; column + 1 < side; column++) {
      const i = row * side + column;
      // Around the square: its corners, and where the line crosses the edge to the next corner.
      const v = [cells[i], cells[i + 1], cells[i + side + 1], cells[i + side]];
      const above = v.filter((one) => one > value).length;
      if (above % 4 === 0) continue; // the line is not here, as nearly everywhere
      const corner = [[0, 0], [1, 0], [1, 1], [0, 1]];
      const cut = [];
      for (let k = 0; k < 4; k++) {
        const [a, b] = [v[k] - value, v[(k + 1) % 4] - value];
        if (a > 0 === b > 0) continue;
        const t = a / (a - b);
        const [from, to] = [corner[k], corner[(k + 1) % 4]];
        cut.push((column + 0.5 + from[0] + t * (to[0] - from[0])) / side);
        cut.push((row + 0.5 + from[1] + t * (to[1] - from[1])) / side);
      }
      pieces.push(...cut); // two ends, or four at a saddle
    }
  }
  return pieces;
}

/* The value of cells at a place, between their centers. */
export function cellAt(cells, place) {
  const [x, y] = place;
  const side = Math.sqrt(cells.length);
  const inner = (v) => Math.max(0, Math.min(side - 1.001, v * side - 0.5));
  const [column, row] = [inner(x), inner(y)];
  const [left, below] = [Math.floor(column), Math.floor(row)];
  const [u, v] = [column - left, row - below];
  const line = (r) => (1 - u) * cells[r * side + left] + u * cells[r * side + left + 1];
  return (1 - v) * line(below) + v * line(below + 1);
}

const strokes = (context, passes) => {
  for (const [width, style] of passes) {
    context.lineWidth = width;
    context.strokeStyle = style;
    context.stroke();
  }
}

/* A mark is drawn once and then copied: to paint four hundred outlines anew takes ten times as
   long. `draw` paints about (0, 0), in pixels of the page. */
const marks = new Map();
function mark(name, radius, draw) {
  const scale = window.devicePixelRatio || 1;
  const key = [name, radius, scale].join();
  if (!marks.has(key)) {
    const half = Math.ceil((radius + 2) * scale);
    const canvas = make("canvas", { width: 2 * half, height: 2 * half });
    const context = canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, half, half);
    context.beginPath();
    draw(context);
    marks.set(key, { canvas, half: half / scale, side: (2 * half) / scale });
  }
  return marks.get(key);
}

/* On whole pixels of the screen: between them a copy is blurred, and takes twice as long. */
const whole = (v) => {
  const scale = window.devicePixelRatio || 1;
  return Math.round(v * scale) / scale;
}
function stamp(context, size, points, { canvas, half, side }) {
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [points[i] * size, (1 - points[i + 1]) * size];
    context.drawImage(canvas, whole(x) - half, whole(y) - half, side, side);
  }
}

/* All marks of points that stay where they are, on a canvas of their own. */
const layers = new WeakMap();
function layer(size, points, mark) {
  const scale = window.devicePixelRatio || 1;
  const width = Math.round(size * scale);
  let canvas = layers.get(points);
  if (!canvas || canvas.width !== width) {
    canvas = make("canvas", { width, height: width });
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    stamp(context, size, points, mark);
    layers.set(points, canvas);
  }
  return canvas;
}

/* By how much all points [x_1, x_2, ...] have moved, or null when they did not move together. */
function shift(from, to) {
  if (from.length !== to.length) return null;
  const by = [to[0] - from[0], to[1] - from[1]];
  const alike = to.every((v, i) => Math.abs(v - from[i] - by[i % 2]) < 1e-4);
  return alike ? by : null;
}

/* Points that move together, as those about a hand do, are drawn once and then moved. */
let swarm = { points: [] };
function stampSwarm(context, size, points, mark) {
  const by = swarm.size === size && swarm.mark === mark && shift(swarm.points, points);
  if (!by) {
    swarm = { points, size, mark, canvas: null };
    return stamp(context, size, points, mark);
  }
  if (!swarm.canvas) {
    const scale = window.devicePixelRatio || 1;
    const xs = swarm.points.filter((_, i) => i % 2 === 0).map((x) => whole(x * size));
    const ys = swarm.points.filter((_, i) => i % 2).map((y) => whole((1 - y) * size));
    swarm.left = Math.min(...xs) - mark.half;
    swarm.top = Math.min(...ys) - mark.half;
    swarm.width = Math.max(...xs) + mark.half - swarm.left;
    swarm.height = Math.max(...ys) + mark.half - swarm.top;
    swarm.canvas = make("canvas", {
      width: Math.round(swarm.width * scale), height: Math.round(swarm.height * scale) });
    const own = swarm.canvas.getContext("2d");
    own.scale(scale, scale);
    own.translate(-swarm.left, -swarm.top);
    stamp(own, size, swarm.points, mark);
  }
  const [x, y] = [whole(swarm.left + by[0] * size), whole(swarm.top - by[1] * size)];
  context.drawImage(swarm.canvas, x, y, swarm.width, swarm.height);
}

/* What is drawn over a field of any color: everything light has a dark edge. Each takes a context
   in which the square is `size` wide. */
export const overField = {
  line(context, size, pieces) {
    context.beginPath();
    for (let i = 0; i < pieces.length; i += 4) {
      context.moveTo(pieces[i] * size, (1 - pieces[i + 1]) * size);
      context.lineTo(pieces[i + 2] * size, (1 - pieces[i + 3]) * size);
    }
    strokes(context, [[3.5, "rgb(0 0 0 / 55%)"], [1.5, "#ffffff"]]);
  },

  /* Rings: what is real. The points of one array do not move. */
  rings(context, size, points) {
    const radius = size > 400 ? 3 : 2.2;
    const ring = mark("ring", radius, (sprite) => {
      sprite.arc(0, 0, radius, 0, 7);
      strokes(sprite, [[2.75, "rgb(0 0 0 / 55%)"], [1.25, "#ffffff"]]);
    });
    context.drawImage(layer(size, points, ring), 0, 0, size, size);
  },

  /* Squares on a corner: what is made. */
  diamonds(context, size, points) {
    const radius = size > 400 ? 3.6 : 2.6;
    stampSwarm(context, size, points, mark("diamond", radius, (sprite) => {
      for (const [x, y] of [[0, -1], [1, 0], [0, 1], [-1, 0]]) sprite.lineTo(x * radius, y * radius);
      sprite.closePath();
      strokes(sprite, [[1.5, "rgb(0 0 0 / 75%)"]]);
      sprite.fillStyle = "#ff8a3d";
      sprite.fill();
    }));
  },

  /* From points along steps [x_1, x_2, ...] in units of the square. */
  arrows(context, size, points, steps) {
    context.beginPath();
    for (let i = 0; i < steps.length; i += 2) {
      const [dx, dy] = [steps[i] * size, -steps[i + 1] * size];
      const length = Math.hypot(dx, dy);
      if (length < 1.5) continue;
      const [x, y] = [points[i] * size, (1 - points[i + 1]) * size];
      const head = Math.min(6, 0.45 * length) / length;
      context.moveTo(x, y);
      context.lineTo(x + dx, y + dy);
      for (const side of [-0.6, 0.6]) {
        context.moveTo(x + dx, y + dy);
        context.lineTo(x + dx - head * (dx - side * dy), y + dy - head * (dy + side * dx));
      }
    }
    strokes(context, [[3.5, "rgb(0 0 0 / 70%)"], [1.5, "#ffd9bd"]]);
  },

  /* Lines of `per` places each. */
  mesh(context, size, places, per) {
    context.beginPath();
    for (let i = 0; i < places.length; i += 2) {
      const to = (i / 2) % per ? "lineTo" : "moveTo";
      context[to](places[i] * size, (1 - places[i + 1]) * size);
    }
    strokes(context, [[2.25, "rgb(0 0 0 / 45%)"], [1, "rgb(255 196 158 / 90%)"]]);
  },
}
