// @ts-check
/* Autoregressive digits: an image with the line up to which it is known, what a model says of each of
   its pixels, and its completions. */

import { packBits, unpackBits, urlBits } from "./arrays.js";
import { Chooser } from "./chooser.js";
import { paintPixels, rgb } from "./color.js";
import { make, rove, wait } from "./controls.js";
import { PixelCanvas } from "./grid.js";
import { newest, once, showStatus, withAnswer } from "./live.js";
import { still, theme, token } from "./look.js";
import { Pens } from "./pens.js";
import { Player } from "./player.js";
import { MAX_SEED, newSeed, random } from "./random.js";
import { onChange } from "./signals.js";
import { language, number, percent, t, translate } from "./words.js";

const D = 784;
const SIDE = 28;
const FOLLOW = -1; // the line is at the last drawn pixel

/* The border between the first k pixels and the rest, as a path over cells of `size`. */
export function staircase(size, k) {
  const row = Math.floor(k / SIDE) * size;
  const column = (k % SIDE) * size;
  const path = new Path2D();
  if (column) {
    path.moveTo(0, row + size);
    path.lineTo(column, row + size);
    path.lineTo(column, row);
  } else path.moveTo(0, row);
  path.lineTo(SIDE * size, row);
  return path;
}

/* Color over all pixels from k on. */
export function shadeFrom(context, size, k, color, opacity) {
  if (k >= D) return;
  const path = staircase(size, k);
  path.lineTo(SIDE * size, SIDE * size);
  path.lineTo(0, SIDE * size);
  context.save();
  context.globalAlpha = opacity;
  context.fillStyle = color;
  context.fill(path);
  context.restore();
}

/* The edge of the ink, light inside dark, so that it shows on any color. */
export function outline(context, size, pixels) {
  const path = new Path2D();
  const ink = (x, y) => x >= 0 && y >= 0 && x < SIDE && y < SIDE && pixels[y * SIDE + x] === 1;
  const line = (x, y, dx, dy) => {
    path.moveTo(x * size, y * size);
    path.lineTo((x + dx) * size, (y + dy) * size);
  };
  for (let y = 0; y <= SIDE; y++) {
    for (let x = 0; x <= SIDE; x++) {
      if (ink(x, y) !== ink(x, y - 1)) line(x, y, 1, 0);
      if (ink(x, y) !== ink(x - 1, y)) line(x, y, 0, 1);
    }
  }
  context.lineCap = "round";
  context.lineWidth = 3;
  context.strokeStyle = "rgb(0 0 0 / 45%)";
  context.stroke(path);
  context.lineWidth = 1.5;
  context.strokeStyle = "rgb(255 255 255 / 90%)";
  context.stroke(path);
}

export const placeOf = (i) => ({
  row: number(Math.floor(i / SIDE) + 1),
  column: number((i % SIDE) + 1),
});

/* A line of words on pixel i, which begins with where that is. */
export function readAt(line, i, words) {
  line.replaceChildren(make("b", {}, t("zoo.place", placeOf(i))), " " + words);
}

/* What a logit says of a pixel that is ink or not: its probability, and log p of the pixel as it is. */
export function readLogit(logit, ink) {
  return t(ink ? "zoo.is_ink" : "zoo.is_empty", {
    p: percent(1 / (1 + Math.exp(-logit))),
    share: number(-Math.log1p(Math.exp(ink ? -logit : logit)), 2),
  });
}

/* How likely an image is, in the elements "log-prob", "bits" and "zoo-verdict" of `host`; the keys of
   the verdict begin with `words`. */
export function showScore(host, { log_prob, bits_per_dim, percentile }, words) {
  host.querySelector(".log-prob").textContent = number(log_prob, 1);
  host.querySelector(".bits").textContent = number(bits_per_dim, 3);
  const key = percentile <= 0 ? "below_all" : percentile >= 1 ? "above_all" : "above_some";
  host.querySelector(".zoo-verdict").textContent = t(words + key, { share: percent(percentile) });
}

export class Sketch {
  /* Fills `host` with an image to draw, the line beside it, pens, and test digits to choose.

     tab: prefix of its test ids; part: the tab's state, with Sketch.state, Sketch.ranges and
     Sketch.choices among its own; read(i), onpoint(i): as of a Grid, but silent while one draws;
     onchange(): pixels changed; online(): the line moved. */
  constructor(host, { tab, part, first = 200, read, onpoint, onchange, online }) {
    this.part = part;
    this.first = first; // the id of the test digit at the start
    this.onchange = onchange;
    this.online = online;
    this.listeners = [];
    this.showKnown = this.showKnown.bind(this);
    host.classList.add("zoo-sketch");
    const act = (key) =>
      `<button type="button" class="${key}" data-t="zoo.${key}" data-t-title="zoo.${key}_title"
        data-testid="${tab}-${key}"></button>`;
    host.innerHTML = `
      <div class="zoo-framed">
        <div class="canvas" data-testid="${tab}-canvas"></div>
        <div class="zoo-line" role="slider" tabindex="0" aria-valuemin="0" aria-valuemax="${D}"
          data-t-label="zoo.line" data-t-title="zoo.line" data-testid="${tab}-line"></div>
      </div>
      <div class="pens"></div>
      <div class="chooser" data-testid="${tab}-chooser"></div>
      <div class="zoo-tools">${act("clear")}${act("sprinkle")}${act("noise")}${act("reset")}</div>`;
    translate(host);
    const find = (this.find = (selector) => host.querySelector(selector));

    this.canvas = new PixelCanvas(find(".canvas"), {
      label: "zoo.canvas",
      read,
      onpoint: (i) => !this.drawing && onpoint(i),
      onchange: (_, finished) => this.changed(finished),
    });
    const surface = this.canvas.surface;
    surface.addEventListener("pointerdown", () => (this.drawing = true));
    for (const name of ["pointerup", "pointercancel"]) {
      surface.addEventListener(name, () => (this.drawing = false));
    }
    this.canvas.addLayer((context, size) => {
      const known = this.known;
      shadeFrom(context, size, known, token("page"), 0.62);
      context.strokeStyle = token("accent");
      context.lineWidth = 2;
      context.stroke(staircase(size, known));
    });

    this.chooser = new Chooser(find(".chooser"), {
      label: "zoo.digits",
      onchoose: (id) => {
        this.setKnown(part.defaults.known);
        this.canvas.load(this.chooser.bits(id));
      },
    });

    this.pens = new Pens(find(".pens"), this.canvas, { testid: tab, part, brushes: [1, 2, 3] });
    find(".clear").addEventListener("click", () => {
      this.setKnown(FOLLOW);
      this.canvas.clear();
    });
    find(".noise").addEventListener("click", () => this.canvas.load(this.flip(0.5)));
    find(".sprinkle").addEventListener("click", () => this.canvas.load(this.flip(0.02)));

    const grip = find(".zoo-line");
    grip.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      grip.focus({ preventScroll: true });
      grip.setPointerCapture(event.pointerId);
    });
    grip.addEventListener("pointermove", (event) => {
      if (!grip.hasPointerCapture(event.pointerId)) return;
      const [x, y] = this.canvas.position(event);
      // Beside the canvas the line goes by whole rows, over it by pixels.
      const known =
        x >= SIDE ? Math.round(y) * SIDE : Math.floor(y) * SIDE + Math.max(0, Math.round(x));
      this.moveLine(known);
    });
    grip.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -SIDE, ArrowDown: SIDE, Home: -D,
        End: D }[event.key];
      if (!by) return;
      event.preventDefault();
      this.moveLine(this.known + by);
    });
    onChange(language, () => this.showKnown());
  }

  get pixels() {
    return this.canvas.pixels;
  }

  /* How many pixels are before the line. */
  get known() {
    const known = this.part.get("known");
    return known === FOLLOW ? this.pixels.lastIndexOf(1) + 1 : known;
  }

  /* Pixels that are flipped with probability p; each press takes other random numbers. */
  flip(p) {
    const uniform = random(newSeed());
    return this.pixels.map((pixel) => (uniform() < p ? 1 - pixel : pixel));
  }

  /* Test digits as start() answered them; then what the state says. */
  load(digits, labels) {
    this.chooser.loadDigits(digits, labels);
    this.restore();
  }

  get loaded() {
    return Boolean(this.chooser.images);
  }

  restore() {
    this.pens.show();
    this.showKnown();
    if (!this.loaded) return;
    const first = this.chooser.nearest(this.first);
    const kept = this.part.get("x") ? unpackBits(this.part.get("x"), D) : null;
    this.canvas.restore(kept || this.chooser.bits(first));
    this.chooser.mark(kept ? this.idOf(kept) : first);
    if (!kept) this.part.set({ x: "" });
  }

  /* The id of the chosen test digit if it is these pixels, else null. */
  idOf(pixels) {
    const { id } = this.chooser;
    return id !== null && this.chooser.bits(id).every((bit, i) => bit === pixels[i]) ? id : null;
  }

  changed(finished) {
    this.onchange();
    if (this.part.get("known") === FOLLOW) withAnswer(this.showKnown);
    if (!finished) return;
    this.part.set({ x: urlBits(this.pixels) });
    if (this.idOf(this.pixels) === null) this.chooser.mark(null);
  }

  setKnown(known) {
    this.part.set({ known });
    this.showKnown();
  }

  follow() {
    this.setKnown(this.part.get("known") === FOLLOW ? this.known : FOLLOW);
    this.online();
  }

  moveLine(known) {
    const next = Math.max(0, Math.min(D, known));
    if (next === this.part.get("known")) return;
    this.setKnown(next);
    this.online();
  }

  /* Call f() whenever the line is shown anew. */
  whenLine(f) {
    this.listeners.push(f);
  }

  showKnown() {
    const known = this.known;
    if (known !== this.shown) this.canvas.refresh();
    this.shown = known;
    const row = Math.min(SIDE, Math.ceil(known / SIDE));
    const grip = this.find(".zoo-line");
    grip.style.top = (100 * (known % SIDE ? row - 1 : row)) / SIDE + "%";
    grip.setAttribute("aria-valuenow", known);
    grip.setAttribute("aria-valuetext", t("zoo.known_of", { known: number(known) }));
    this.listeners.forEach((f) => f());
  }
}

Sketch.state = { x: "", tool: "draw", brush: 2, known: D / 2 };
/** @type {Record<string, [number, number]>} */
Sketch.ranges = { known: [FOLLOW, D], brush: [1, 3] };
Sketch.choices = { tool: ["draw", "erase"] };

export class Completions {
  /* Fills `host` with controls, rows of tiles and a player for what models make of a sketch.

     tab, part: as of a Sketch, with Completions.state and Completions.choices among its own; rows: the
     key of a name for each row of tiles, or null; call(arguments): answers {ok, rows: [{images,
     log_prob}]} for {x, known, n, seed} and what extra() adds; fields: an element with more controls,
     if any. Its "seed" and "random" are the widget's. */
  constructor(host, { tab, part, sketch, rows, call, extra = () => ({}), fields = null }) {
    this.part = part;
    this.sketch = sketch;
    this.rows = rows;
    this.extra = extra;
    this.host = host;
    this.answer = null;
    host.classList.add("zoo-completions");
    const tiles = rows
      .map(
        (key, row) => `<div class="zoo-row">${key ? `<h3 data-t="${key}"></h3>` : ""}
          <div class="zoo-tiles" data-testid="${tab}-completions-${row}"></div></div>`
      )
      .join("");
    host.innerHTML = `
      <div class="zoo-controls">
        <label class="zoo-field zoo-known"><span data-t="zoo.known"></span><input type="range"
          class="zoo-range" min="0" max="${D}" step="1" data-testid="${tab}-known"><output
          class="zoo-figure"></output></label>
        <button type="button" class="follow" data-t="zoo.follow" data-t-title="zoo.follow_title"
          data-testid="${tab}-follow"></button>
        <label class="zoo-field"><span data-t="zoo.how_many"></span><select class="zoo-select count"
          data-testid="${tab}-count"><option>1</option><option>7</option><option>14</option></select></label>
        <button type="button" class="zoo-primary random" data-t="zoo.again"
          data-testid="${tab}-random"></button>
      </div>
      <div class="fields"></div>
      ${tiles}
      <p class="nothing zoo-hint" data-t="zoo.nothing_left" hidden></p>
      <div class="player" data-testid="${tab}-player"></div>
      <div class="zoo-foot">
        <p class="zoo-hint" data-t="zoo.rest_hint"></p>
        <div class="zoo-status" role="status" data-testid="${tab}-rest-status"></div>
        <div class="zoo-tools">
          <div class="zoo-more">
            <label class="zoo-field"><span data-t="zoo.seed"></span><input class="zoo-number seed"
              type="number" min="0" max="${MAX_SEED}" step="1" data-testid="${tab}-seed"></label>
          </div>
        </div>
      </div>`;
    const find = (this.find = (selector) => host.querySelector(selector));
    if (fields) find(".fields").replaceWith(fields);
    else find(".fields").remove();
    for (const tiles of host.querySelectorAll(".zoo-tiles")) rove(tiles);
    translate(host);
    this.player = new Player(find(".player"), { show: () => this.draw(), seconds: 5 });

    this.send = once(newest(call, (reply, given, milliseconds) => {
      if (!showStatus(find(".zoo-status"), reply, milliseconds)) return this.send.forget();
      this.answer = {
        rows: reply.rows.map((row) => ({
          images: row.images.map((text) => unpackBits(text, D)),
          logProb: row.log_prob,
        })),
        given,
      };
      this.showTiles();
    }));
    this.askSoon = wait(140, () => this.ask());

    find(".zoo-known input").addEventListener("input", (event) =>
      sketch.moveLine(Number(event.target.value))
    );
    find(".follow").addEventListener("click", () => sketch.follow());
    find(".count").addEventListener("change", (event) => {
      part.set({ count: Number(event.target.value) });
      this.ask();
    });
    sketch.whenLine(() => this.showKnown());
    onChange(language, () => this.answer && this.showTiles());
    onChange(theme, () => this.draw());
  }

  restore() {
    this.find(".count").value = this.part.get("count");
    this.showKnown();
    this.ask();
  }

  /* Another seed, whose completions play. */
  random() {
    this.playWhenDone = !still();
    return { seed: newSeed() };
  }

  showKnown() {
    this.find(".zoo-known input").value = this.sketch.known;
    this.find(".zoo-known output").textContent = number(this.sketch.known);
    this.find(".follow").setAttribute("aria-pressed", this.part.get("known") === FOLLOW);
  }

  ask() {
    if (!this.sketch.loaded) return;
    this.send({
      x: packBits(this.sketch.pixels),
      known: this.sketch.known,
      n: this.part.get("count"),
      seed: this.part.get("seed"),
      ...this.extra(),
    });
  }

  tiles(row) {
    return [...this.host.querySelectorAll(".zoo-tiles")[row].children];
  }

  showTiles() {
    this.answer.rows.forEach(({ images, logProb }, row) => {
      const host = this.host.querySelectorAll(".zoo-tiles")[row];
      while (host.children.length > images.length) host.lastChild.remove();
      while (host.children.length < images.length) host.append(this.tile(row, host.children.length));
      [...host.children].forEach((button, n) => {
        const score = number(logProb[n], 1);
        const quantity = make("i", { class: "quantity" }, "log p = ");
        button.querySelector("span").replaceChildren(quantity, score);
        button.title = t("zoo.take");
        const name = this.rows[row] ? t(this.rows[row]) + ": " : "";
        button.setAttribute(
          "aria-label",
          name + t("zoo.take_n", { n: number(n + 1), score })
        );
      });
    });
    const { known } = this.answer.given;
    this.find(".nothing").hidden = known < D;
    this.player.load(known, D);
    if (this.playWhenDone) this.player.play();
    this.playWhenDone = false;
  }

  tile(row, n) {
    const button = make("button", { type: "button" },
      make("canvas", { width: SIDE, height: SIDE }), make("span"));
    button.addEventListener("click", () => {
      const { canvas } = this.sketch;
      canvas.load(this.answer.rows[row].images[n]);
      canvas.surface.scrollIntoView({
        block: "nearest",
        behavior: still() ? "auto" : "smooth",
      });
    });
    return button;
  }

  draw() {
    if (!this.answer) return;
    const { frame } = this.player;
    const paper = rgb(token("paper"));
    const pen = rgb(token("pen"));
    const made = rgb(token("accent"));
    const blank = rgb(token("sunken"));
    const { known } = this.answer.given;
    this.answer.rows.forEach(({ images }, row) =>
      this.tiles(row).forEach((tile, n) => {
        const image = images[n];
        paintPixels(tile.querySelector("canvas"), (data) => {
          for (let i = 0, o = 0; i < D; i++, o += 4) {
            const color = i >= frame ? blank : !image[i] ? paper : i < known ? pen : made;
            data[o] = color[0];
            data[o + 1] = color[1];
            data[o + 2] = color[2];
            data[o + 3] = 255;
          }
        });
      })
    );
  }

  /* The pictures of a row for sheet, and its numbers for JSON. */
  pictures(row) {
    return this.tiles(row).map((tile) => ({
      canvas: tile.querySelector("canvas"),
      title: tile.textContent,
    }));
  }

  numbers(row) {
    const { images, logProb } = this.answer.rows[row];
    return images.map((image, n) => ({ pixels: [...image], log_prob: logProb[n] }));
  }
}

Completions.state = { count: 7, seed: 1 };
Completions.choices = { count: [1, 7, 14] };

/* What a widget of one image and its completions has in common with others: see digits(). */
export const digitsOptions = {
  state: { ...Sketch.state, ...Completions.state },
  ranges: Sketch.ranges,
  choices: { ...Sketch.choices, ...Completions.choices },
};

/* A widget of autoregressive digits, from the `w` of its setup and the key of its tab: a sketch, what a
   model says of the pixel that is "pixel" in the state, and completions.

   look(given): asks about {x, i}, the image and the pixel; read(i): as of a Grid; began(answer): the
   server has said what there is, and the digits are to come; drawn(): the image is another; the rest:
   as of Completions. */
/**
 * @param {any} w
 * @param {string} tab
 * @param {any} options
 */
export function digits(w, tab, { look, read, began, drawn, ...options }) {
  const { find, part, server } = w;
  const ask = () => sketch.loaded && look({ x: packBits(sketch.pixels), i: part.get("pixel") });
  const inspect = (i) => {
    if (i === null || i === part.get("pixel")) return;
    part.set({ pixel: i });
    ask();
  };
  const sketch = new Sketch(find("sketch"), {
    tab,
    part,
    read,
    onpoint: inspect,
    onchange() {
      ask();
      drawn?.();
      completions.askSoon();
    },
    online: () => completions.ask(),
  });
  const completions = new Completions(find("rest"), { ...options, tab, part, sketch });
  w.ask(server.start, (answer) => {
    began?.(answer);
    sketch.load(answer.digits, answer.labels);
  })({});
  const restore = () => {
    sketch.restore();
    completions.restore();
    ask();
  };
  return { sketch, completions, inspect, ask, restore, random: () => completions.random() };
}
