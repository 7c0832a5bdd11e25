// @ts-check
/* A latent space of two dimensions: places to point at, the codes of digits as dots in the colors of
   their classes, and how densely they lie beside what the prior asks for. */

import { nth } from "./arrays.js";
import { classColors, paint, rgb, sharp } from "./color.js";
import { make, rove } from "./controls.js";
import { withAnswer } from "./live.js";
import { dark, token } from "./look.js";
import { fitted } from "./save.js";
import { number, t, translate } from "./words.js";

const GRID = 4; // densities are known from -4 to 4

/* Of the ten colors the dark ones are lifted on dark paper. */
export function classColor(c) {
  const mix = dark() ? 0.22 : 0;
  const lift = (v) => Math.round(v + mix * (255 - v));
  return "rgb(" + rgb(classColors[c]).map(lift).join(" ") + ")";
}

/* What can be read on that color. */
export function classInk(c) {
  const [r, g, b] = rgb(classColors[c]);
  return 0.299 * r + 0.587 * g + 0.114 * b > 120 || dark() ? "#14181c" : "#ffffff";
}

export class Plane {
  /* Fills `host` with two canvases: `base`, which paint(context, size) draws, and `over`, with
     rings at the place that is kept and at the pointer. One tab stop; arrows, Home.

     label: key of its name; get(): the place [x, y] that is kept; keep(z): keep another;
     ask(z): the pointer is at z, and the next frame has yet to come; moved(): `current()` has
     changed; under(context, size) draws what moves as often as the rings, below them. Nothing is
     drawn or called before `extent` is set: the plane reaches from -extent to extent. */
  constructor(host, { label, testid, get, keep, ask, moved, paint, under = null }) {
    this.host = host;
    this.get = get;
    this.keep = keep;
    this.ask = ask;
    this.moved = moved;
    this.paint = paint;
    this.under = under;
    this.extent = null;
    this.hover = null; // where the pointer is, when it is not dragging
    this.dragging = false;
    host.classList.add("zoo-plane");
    this.base = make("canvas", { "aria-hidden": "true" });
    this.over = make("canvas", { "aria-hidden": "true" });
    this.surface = make("div", { tabindex: "0", role: "application", "data-t-label": label,
      "data-testid": testid }, this.base, this.over);
    host.append(this.surface);
    translate(host);
    this.listen();
    this.drawOver = this.drawOver.bind(this);
    new ResizeObserver(() => this.draw()).observe(host);
  }

  current() {
    return this.hover || this.get();
  }

  isFocused() {
    return document.activeElement === this.surface;
  }

  inside(v) {
    return Math.round(Math.max(-this.extent, Math.min(this.extent, v)) * 100) / 100;
  }

  at(event) {
    const box = this.surface.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * 2 - 1;
    const y = 1 - ((event.clientY - box.top) / box.height) * 2;
    return [this.inside(x * this.extent), this.inside(y * this.extent)];
  }

  toScreen(/** @type {number[]} */ [x, y], size) {
    return [((x / this.extent + 1) / 2) * size, ((1 - y / this.extent) / 2) * size];
  }

  take(/** @type {number[]} */ [x, y]) {
    this.hover = null;
    this.keep([this.inside(x), this.inside(y)]);
    this.moved();
  }

  listen() {
    const { surface } = this;
    surface.addEventListener("pointerdown", (event) => {
      if (!this.extent || event.button !== 0) return;
      event.preventDefault();
      withAnswer(() => surface.focus({ preventScroll: true }));
      surface.setPointerCapture(event.pointerId);
      this.dragging = true;
      this.take(this.at(event));
    });
    surface.addEventListener("pointermove", (event) => {
      if (!this.extent) return;
      if (this.dragging) this.take(this.at(event));
      else if (event.pointerType !== "touch") {
        this.hover = this.at(event);
        this.moved();
      }
    });
    // A pointermove waits for the next frame. Where the browser tells of the move at once, the
    // question leaves at once.
    surface.addEventListener("pointerrawupdate", (/** @type {any} */ event) => {
      if (!this.extent || (!this.dragging && event.pointerType === "touch")) return;
      this.ask(this.at(event));
    });
    const drop = () => (this.dragging = false);
    surface.addEventListener("pointerup", drop);
    surface.addEventListener("pointercancel", drop);
    surface.addEventListener("pointerleave", () => {
      if (!this.hover) return;
      this.hover = null;
      this.moved();
    });
    surface.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
      const step = by[event.key];
      if (!this.extent || event.altKey || event.ctrlKey || event.metaKey) return;
      if (!step && event.key !== "Home") return;
      event.preventDefault();
      const size = event.shiftKey ? 0.5 : 0.1;
      const [x, y] = this.get();
      this.take(step ? [x + size * step[0], y + size * step[1]] : [0, 0]);
    });
    surface.addEventListener("focus", () => this.drawOver());
    surface.addEventListener("blur", () => this.drawOver());
  }

  draw() {
    this.drawBase();
    this.drawOver();
  }

  drawBase() {
    if (this.extent && this.base.clientWidth) this.paint(sharp(this.base), this.base.clientWidth);
  }

  /* The rings, with the next frame. */
  drawOver() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      if (!this.extent || !this.over.clientWidth) return;
      const context = sharp(this.over);
      const size = this.over.clientWidth;
      this.under?.(context, size);
      const focus = this.isFocused() && this.surface.matches(":focus-visible");
      ring(context, this.toScreen(this.get(), size), focus ? 10 : 8, 2.5);
      if (this.hover) ring(context, this.toScreen(this.hover, size), 6, 1.5);
    });
  }

  /* points [x0, y0, x1, y1, ...] in the colors of their labels; with `only` a class, the others
     hardly show. Each class by its digit too, at its median: color is never the only sign. */
  dots(context, size, points, labels, only) {
    const radius = size > 450 ? 2.6 : 2;
    const colors = classColors.map((_, c) => classColor(c));
    for (let i = 0; i < labels.length; i++) {
      const c = labels[i];
      const [x, y] = this.toScreen([points[2 * i], points[2 * i + 1]], size);
      context.globalAlpha = only < 0 || only === c ? 0.85 : 0.08;
      context.beginPath();
      context.arc(x, y, radius, 0, 7);
      context.fillStyle = colors[c];
      context.fill();
    }
    context.globalAlpha = 1;
    context.font = `700 ${size > 450 ? 17 : 14}px ${getComputedStyle(this.host).fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    const places = medians(points, labels).map((median) => this.toScreen(median, size));
    apart(places, 24).forEach(([x, y], c) => {
      if (only >= 0 && only !== c) return;
      context.lineWidth = 5;
      context.strokeStyle = token("paper");
      context.strokeText(c, x, y);
      context.fillStyle = token("ink");
      context.fillText(c, x, y);
    });
  }

  /* Whole numbers along two edges. */
  scale(context, size) {
    context.strokeStyle = token("strong-line");
    context.fillStyle = token("muted");
    context.font = `11px ${getComputedStyle(this.host).fontFamily}`;
    context.textBaseline = "alphabetic";
    const write = (v, x, y) => {
      context.lineWidth = 4;
      context.strokeStyle = token("paper");
      context.strokeText(number(v), x, y);
      context.fillText(number(v), x, y);
      context.lineWidth = 1;
      context.strokeStyle = token("strong-line");
    };
    context.lineWidth = 1;
    for (let v = -Math.floor(this.extent); v <= this.extent; v++) {
      const [x, y] = this.toScreen([v, v], size).map(Math.round);
      if (Math.min(x, y, size - x, size - y) < 14) continue;
      context.beginPath();
      context.moveTo(x + 0.5, size);
      context.lineTo(x + 0.5, size - 5);
      context.moveTo(0, y + 0.5);
      context.lineTo(5, y + 0.5);
      context.stroke();
      context.textAlign = "center";
      write(v, x, size - 8);
      context.textAlign = "left";
      write(v, 8, y + 4);
    }
  }

  /* The plane as a picture to keep, beside it one picture below the other: items of {canvas,
     title, note}. */
  sheet(items) {
    const size = 1120;
    const sheet = make("canvas", { width: size + 3 * 28 + 504, height: size + 2 * 28 });
    const context = sheet.getContext("2d");
    const font = getComputedStyle(this.host).fontFamily;
    context.fillStyle = token("page");
    context.fillRect(0, 0, sheet.width, sheet.height);
    context.fillStyle = token("paper");
    context.fillRect(28, 28, size, size);
    context.drawImage(this.base, 28, 28, size, size);
    context.drawImage(this.over, 28, 28, size, size);
    context.imageSmoothingEnabled = false;
    context.fillStyle = token("ink");
    items.forEach(({ canvas, title, note }, k) => {
      const [x, y] = [size + 56, 28 + (size / 2) * k];
      context.drawImage(canvas, x, y, 448, 448);
      // No wider than the place beside the plane, and above the next picture.
      let bottom = y + 482;
      for (const [words, style, most] of /** @type {const} */ ([[title, "600 24px", 1], [note, "20px", 2]])) {
        context.font = `${style} ${font}`;
        for (const line of fitted(words, 504, (part) => context.measureText(part).width, most)) {
          context.fillText(line, x, bottom);
          bottom += 26;
        }
      }
    });
    return sheet;
  }
}

function ring(context, /** @type {number[]} */ [x, y], radius, width) {
  for (const [extra, style] of /** @type {const} */ ([[2.5, "rgb(0 0 0 / 70%)"], [0, "#fff"]])) {
    context.beginPath();
    context.arc(x, y, radius, 0, 7);
    context.lineWidth = width + extra;
    context.strokeStyle = style;
    context.stroke();
  }
}

function medians(points, labels) {
  const middle = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)];
  return Array.from({ length: 10 }, (_, c) => {
    const mine = labels.flatMap((label, i) => (label === c ? [i] : []));
    return mine.length ? [0, 1].map((k) => middle(mine.map((i) => points[2 * i + k]))) : [99, 99];
  });
}

/* Places pushed apart until none is nearer than `room` to another. */
function apart(places, room) {
  for (let turn = 0; turn < 60; turn++) {
    places.forEach((a, i) => {
      places.slice(0, i).forEach((b) => {
        const [dx, dy] = [a[0] - b[0], a[1] - b[1]];
        const distance = Math.hypot(dx, dy) || 0.1;
        const push = (room - distance) / 2 / distance;
        if (push <= 0) return;
        a[0] += push * dx;
        a[1] += push * dy;
        b[0] -= push * dx;
        b[1] -= push * dy;
      });
    });
  }
  return places;
}

/* The n points next to a place, nearest first: {i, label, distance}. */
export function around(points, labels, /** @type {number[]} */ [x, y], n) {
  const distance = (i) => (points[2 * i] - x) ** 2 + (points[2 * i + 1] - y) ** 2;
  const nearest = [];
  for (let i = 0; i < labels.length; i++) {
    const d = distance(i);
    if (nearest.length === n && d >= nearest[n - 1].d) continue;
    let k = nearest.length;
    while (k > 0 && nearest[k - 1].d > d) k--;
    nearest.splice(k, 0, { i, d });
    if (nearest.length > n) nearest.pop();
  }
  return nearest.map(({ i, d }) => ({ i, label: labels[i], distance: Math.sqrt(d) }));
}

/* A density at a place, from its logarithm on a grid from -4 to 4, a row for each value of the
   second latent; 0 beyond. */
export function densityAt(logs, /** @type {number[]} */ [x, y]) {
  if (Math.max(Math.abs(x), Math.abs(y)) > GRID) return 0;
  const side = Math.sqrt(logs.length);
  const [column, row] = [x, y].map((v) => ((v + GRID) / (2 * GRID)) * (side - 1));
  const [left, below] = [column, row].map((v) => Math.min(Math.floor(v), side - 2));
  const [u, v] = [column - left, row - below];
  const line = (r) => {
    const first = r * side + left;
    return (1 - u) * logs[first] + u * logs[first + 1];
  };
  return Math.exp((1 - v) * line(below) + v * line(below + 1));
}

export class Densities {
  /* Fills `host` with how densely codes lie at a place, q(z), beside the prior p(z) that it
     should equal: two bars, and a sentence. */
  constructor(host, { testid }) {
    host.classList.add("zoo-densities");
    this.rows = {};
    host.append(make("h3", { "data-t": "zoo.density" }));
    for (const key of ["q", "p"]) {
      const bar = make("i", { class: "bar " + key });
      const value = make("span", { class: "number", "data-testid": testid + "-" + key });
      const name = make("span", { class: "zoo-math" }, key + "(z)");
      host.append(make("div", { class: "zoo-figure row" }, name, bar, value));
      this.rows[key] = { bar, value };
    }
    this.sentence = make("p", { class: "zoo-hint verdict", "data-testid": testid + "-density" });
    host.append(this.sentence);
    translate(host);
  }

  /* density {q, p}; peak is the prior's highest, and where it is below `rare` nothing is asked
     for: one draw in a hundred falls there. */
  show(density, { peak, rare }) {
    for (const [key, { bar, value }] of Object.entries(this.rows)) {
      // Up to ten times the prior's peak, on the scale of the square root, so that small ones show.
      bar.style.setProperty("--share", String(Math.min(1, Math.sqrt(density[key] / peak / 10))));
      value.textContent = number(density[key], 3);
    }
    this.sentence.textContent = verdict(density, rare);
  }
}

function verdict({ q, p }, rare) {
  const MOST = 100; // ratios above it say no more: densities are of finite samples
  if (p < rare) return t(q < rare ? "zoo.density_far" : "zoo.density_beyond");
  if (q < p / MOST) return t("zoo.density_empty");
  if (q < p / 3) return t("zoo.density_hole", { times: number(p / q, 1) });
  if (q > MOST * p) return t("zoo.density_heap");
  return t(q > 3 * p ? "zoo.density_crowd" : "zoo.density_even", { times: number(q / p, q < p ? 2 : 1) });
}

/* A place as it is written, its elements too: what codes of digits are nearest to it. `chart` has
   points, labels and digits; the elements have the classes "place", "nearest" and "real". */
export const placeText = (z) => "z = (" + z.map((v) => number(v, 2)).join(", ") + ")";

export function showPlace(find, chart, z) {
  const [nearest] = around(chart.points, chart.labels, z, 1);
  find("place").textContent = placeText(z);
  paint(find("nearest"), nth(chart.digits, nearest.i), { map: "ink" });
  const values = { digit: nearest.label, distance: number(nearest.distance, 2) };
  find("real").textContent = t("zoo.real", values);
}

export class ClassLegend {
  /* Fills `host` with a button for each digit; onchoose(c) when one is pressed, -1 for the one that was. */
  constructor(host, { onchoose }) {
    this.only = -1;
    host.classList.add("zoo-classes");
    host.setAttribute("role", "group");
    host.dataset.tLabel = "zoo.legend";
    for (let c = 0; c < 10; c++) {
      const button = make("button", { type: "button" }, make("i"), String(c));
      button.addEventListener("click", () => onchoose(c === this.only ? -1 : c));
      host.append(button);
    }
    this.host = host;
    rove(host);
    translate(host);
  }

  /* Mark the class that is seen alone, -1 for none, in the colors of this theme. */
  mark(only) {
    this.only = only;
    this.host.querySelectorAll("button").forEach((button, c) => {
      button.setAttribute("aria-pressed", String(c === only));
      button.querySelector("i").style.background = classColor(c);
      button.title = t("zoo.only", { digit: c });
    });
  }
}
