// @ts-check
/* Grids of cells: one to read (Heatmap), one to draw on (PixelCanvas). Each is one tab stop. */

import { paint, sharp } from "./color.js";
import { make } from "./controls.js";
import { withAnswer } from "./live.js";
import { theme } from "./look.js";
import { paintLevels, resize } from "./picture.js";
import { onChange } from "./signals.js";
import { number, t, translate } from "./words.js";

export class Grid {
  /**
   * Fills `host` with a canvas of columns x rows cells and an overlay as sharp as the screen.
   *
   * @param {HTMLElement} host
   * @param {object} options
   * @param {string} options.label key of its name
   * @param {string} [options.of] what stands before that name, where several grids have it: whose it is
   * @param {number} [options.columns]
   * @param {number} [options.rows]
   * @param {(i: number) => string} [options.read] a sentence about cell i, spoken when the cursor moves
   * @param {(i: number | null) => void} [options.onpoint] the pointer or cursor is at cell i, or has left
   * @param {(i: number) => void} [options.onchoose] cell i was clicked, or Enter or Space pressed at it
   */
  constructor(host, { label, of = "", columns = 28, rows = 28, read, onpoint, onchoose }) {
    this.columns = columns;
    this.rows = rows;
    this.read = read || (() => "");
    this.onpoint = onpoint || (() => {});
    this.cursor = 0;
    this.pointed = null;
    this.marked = null;
    this.layers = [];
    this.sheet = null;
    this.channels = 1; // of the sheet
    this.host = host;
    this.refresh = this.refresh.bind(this);
    host.classList.add("zoo-grid");
    host.style.setProperty("--columns", String(columns));
    host.style.setProperty("--rows", String(rows));
    this.cells = make("canvas", { class: "zoo-cells", width: columns, height: rows });
    this.overlay = make("canvas", { class: "zoo-overlay", "aria-hidden": "true" });
    this.live = make("div", { class: "zoo-hidden", "aria-live": "polite" });
    this.surface = make(
      "div",
      { class: "zoo-surface", tabindex: "0", role: "application", "data-t-label": label, ...(of && { "data-t-of": of }) },
      this.cells,
      this.overlay
    );
    host.append(this.surface, this.live);
    translate(host);
    this.surface.addEventListener("pointermove", (event) => this.point(this.cellAt(event)));
    this.surface.addEventListener("pointerdown", (event) => {
      const cell = this.cellAt(event);
      if (cell !== null) this.cursor = cell; // arrow keys go on from there
      this.point(cell);
    });
    // A finger that is lifted leaves too, and what it has tapped is still to be read.
    this.surface.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && this.point(null));
    if (onchoose) this.choosable(onchoose);
    this.surface.addEventListener("keydown", (event) => this.key(event));
    this.surface.addEventListener("focus", () => this.refresh());
    this.surface.addEventListener("blur", () => this.point(null));
    new ResizeObserver(() => this.refresh()).observe(this.surface);
    onChange(theme, () => {
      this.repaint();
      this.refresh();
    });
  }

  choosable(onchoose) {
    this.surface.addEventListener("click", (event) => {
      const cell = this.cellAt(event);
      // What is asked about by a tap is then shown by its mark, as when a mouse has left.
      if (event.pointerType === "touch") this.point(null);
      if (cell !== null) onchoose(cell);
    });
    this.surface.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      onchoose(this.cursor);
    });
  }

  /* A layer(context, size, grid) is drawn over the cells; a cell is `size` CSS pixels wide. */
  addLayer(layer) {
    this.layers.push(layer);
  }

  cellAt(event) {
    const box = this.surface.getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) / box.width) * this.columns);
    const y = Math.floor(((event.clientY - box.top) / box.height) * this.rows);
    if (x < 0 || y < 0 || x >= this.columns || y >= this.rows) return null;
    return y * this.columns + x;
  }

  point(cell) {
    if (cell === this.pointed) return;
    this.pointed = cell;
    this.onpoint(cell);
    withAnswer(this.refresh);
  }

  /* Put a lasting mark on a cell: the one that is being read. Arrow keys begin there. */
  mark(cell) {
    if (cell === this.marked) return;
    this.marked = cell;
    if (cell !== null && document.activeElement !== this.surface) this.cursor = cell;
    this.refresh();
  }

  moveCursor(cell) {
    this.cursor = Math.max(0, Math.min(this.columns * this.rows - 1, cell));
    this.pointed = this.cursor;
    this.refresh();
    this.onpoint(this.cursor);
    this.say(this.cursor);
  }

  say(cell) {
    clearTimeout(this.saying);
    this.saying = setTimeout(() => {
      const place = {
        row: number(Math.floor(cell / this.columns) + 1),
        column: number((cell % this.columns) + 1),
      };
      this.live.textContent = t("zoo.place", place) + " " + this.read(cell);
    }, 120);
  }

  key(event) {
    const x = this.cursor % this.columns;
    const y = Math.floor(this.cursor / this.columns);
    const target = {
      ArrowLeft: () => [Math.max(0, x - 1), y],
      ArrowRight: () => [Math.min(this.columns - 1, x + 1), y],
      ArrowUp: () => [x, Math.max(0, y - 1)],
      ArrowDown: () => [x, Math.min(this.rows - 1, y + 1)],
      Home: () => [0, event.ctrlKey ? 0 : y],
      End: () => [this.columns - 1, event.ctrlKey ? this.rows - 1 : y],
      PageUp: () => [x, 0],
      PageDown: () => [x, this.rows - 1],
    }[event.key];
    if (!target || event.altKey || event.metaKey) return false;
    event.preventDefault();
    const [nextX, nextY] = target();
    this.moveCursor(nextY * this.columns + nextX);
    return true;
  }

  /* Draw the overlay anew, with the next frame. It is as large as the screen shows it, so what
     changes the cells alone leaves it as it is. */
  refresh() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      this.drawOverlay();
    });
  }

  drawOverlay() {
    if (!this.overlay.clientWidth) return; // in a tab that is not shown
    const context = sharp(this.overlay);
    const size = this.overlay.clientWidth / this.columns;
    this.layers.forEach((layer) => layer(context, size, this));
    if (this.marked !== null) this.frameCell(context, size, this.marked, 2);
    if (this.pointed !== null && this.pointed !== this.marked) {
      this.frameCell(context, size, this.pointed, 1);
    }
    if (document.activeElement === this.surface && this.surface.matches(":focus-visible")) {
      this.frameCell(context, size, this.cursor, 3);
    }
  }

  frameCell(context, size, cell, width) {
    const x = (cell % this.columns) * size;
    const y = Math.floor(cell / this.columns) * size;
    // Light inside dark, so that it shows on any color.
    context.lineWidth = width + 2;
    context.strokeStyle = "rgb(0 0 0 / 55%)";
    context.strokeRect(x - 0.5, y - 0.5, size + 1, size + 1);
    context.lineWidth = width;
    context.strokeStyle = "#fff";
    context.strokeRect(x - 0.5, y - 0.5, size + 1, size + 1);
  }

  /* Many pixels to a cell: one sheet of pictures, its levels 0 to 255, channel after channel. */
  showSheet(width, height, levels, channels = 1) {
    resize(this.cells, width, height);
    // Far more pixels than the screen has for them are averaged.
    const shown = this.cells.clientWidth * (window.devicePixelRatio || 1);
    this.cells.style.imageRendering = shown && width > 1.5 * shown ? "auto" : "";
    this.sheet = levels;
    this.channels = channels;
    this.repaint();
  }

  /* Paint the cells anew. */
  repaint() {
    if (this.sheet) paintLevels(this.cells, this.sheet, this.channels);
  }
}

export class Heatmap extends Grid {
  constructor(host, options) {
    super(host, options);
    this.values = null;
  }

  /* Values row by row; `style` as for paint. */
  show(values, style = {}) {
    this.values = values;
    this.style = style;
    this.repaint();
  }

  repaint() {
    if (this.values) paint(this.cells, this.values, this.style);
  }
}

const BRUSHES = {
  1: [[0, 0]],
  2: [[0, 0], [1, 0], [0, 1], [1, 1]],
  3: [[0, -1], [-1, 0], [0, 0], [1, 0], [0, 1]],
  5: disc(2),
}

function disc(reach) {
  const cells = [];
  for (let dx = -reach; dx <= reach; dx++) {
    for (let dy = -reach; dy <= reach; dy++) {
      if (Math.hypot(dx, dy) < reach + 0.5) cells.push([dx, dy]);
    }
  }
  return cells;
}

const HISTORY = 200;

export class PixelCanvas extends Grid {
  /* Black and white pixels, drawn with a pointer or by keys. `tool` is "draw" or "erase" and
     `brush` a key of BRUSHES; onchange(pixels, finished) is called at every change, finished when
     the stroke has ended. */
  constructor(host, options) {
    super(host, options);
    this.pixels = new Uint8Array(this.columns * this.rows);
    this.repaint = this.repaint.bind(this);
    this.tool = "draw";
    this.brush = 2;
    this.onchange = options.onchange || (() => {});
    this.past = [];
    this.future = [];
    this.restored = false;
    this.stroke = null;
    const surface = this.surface;
    surface.classList.add("zoo-drawable");
    surface.addEventListener("pointerdown", (event) => this.startStroke(event));
    // A pointermove waits for the next frame; a raw update, where there are any, does not.
    const move = "onpointerrawupdate" in window ? "pointerrawupdate" : "pointermove";
    surface.addEventListener(move, (event) => this.continueStroke(event));
    surface.addEventListener("pointerup", () => this.endStroke());
    surface.addEventListener("pointercancel", () => this.endStroke());
    surface.addEventListener("contextmenu", (event) => event.preventDefault());
    this.repaint();
  }

  /* Position in cells, not rounded. */
  position(event) {
    const box = this.surface.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * this.columns,
      ((event.clientY - box.top) / box.height) * this.rows,
    ];
  }

  startStroke(event) {
    if (event.button !== 0 && event.button !== 2) return;
    event.preventDefault();
    withAnswer(() => this.surface.focus({ preventScroll: true }));
    this.surface.setPointerCapture(event.pointerId);
    const erase = this.tool === "erase" || event.button === 2;
    this.stroke = { ink: erase ? 0 : 1, at: this.position(event), before: this.pixels.slice() };
    this.along(this.stroke.at, this.stroke.at);
  }

  continueStroke(event) {
    if (!this.stroke) return;
    const events = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    for (const e of events.length ? events : [event]) {
      const to = this.position(e);
      this.along(this.stroke.at, to, false);
      this.stroke.at = to;
    }
    this.drawn();
  }

  /* Ink from one position to another, leaving no gap however fast the pen was. */
  along(from, to, announce = true) {
    const steps = Math.max(1, Math.ceil(2 * Math.hypot(to[0] - from[0], to[1] - from[1])));
    for (let k = 1; k <= steps; k++) {
      const x = from[0] + ((to[0] - from[0]) * k) / steps;
      const y = from[1] + ((to[1] - from[1]) * k) / steps;
      this.dab(x, y, this.stroke.ink);
    }
    if (announce) this.drawn();
  }

  dab(x, y, ink) {
    // An even brush is centered on a corner, an odd one on a cell.
    const shift = this.brush % 2 ? 0 : 0.5;
    const column = Math.floor(x - shift);
    const row = Math.floor(y - shift);
    for (const [dx, dy] of BRUSHES[this.brush]) {
      const cx = column + dx;
      const cy = row + dy;
      if (cx < 0 || cy < 0 || cx >= this.columns || cy >= this.rows) continue;
      const i = cy * this.columns + cx;
      if (this.pixels[i] === ink) continue;
      this.pixels[i] = ink;
      this.dirty = true;
    }
  }

  drawn() {
    if (!this.dirty) return;
    this.dirty = false;
    this.onchange(this.pixels, false);
    withAnswer(this.repaint);
  }

  endStroke() {
    if (!this.stroke) return;
    const before = this.stroke.before;
    this.stroke = null;
    if (before.some((value, i) => value !== this.pixels[i])) {
      this.remember(before);
      this.onchange(this.pixels, true);
    }
  }

  remember(before) {
    this.past.push(before);
    if (this.past.length > HISTORY) this.past.shift();
    this.future = [];
  }

  /* Replace all pixels, as one step that can be undone. */
  load(pixels) {
    this.remember(this.pixels.slice());
    this.put(pixels);
  }

  /* Replace all pixels without a memory of it. */
  put(pixels) {
    this.pixels.set(pixels);
    this.repaint();
    this.onchange(this.pixels, true);
  }

  /* Show what the address says: at first with nothing before it, later as a step, if it is another. */
  restore(pixels) {
    if (!this.restored) this.put(pixels);
    else if (pixels.some((value, i) => value !== this.pixels[i])) this.load(pixels);
    this.restored = true;
  }

  clear() {
    this.load(new Uint8Array(this.pixels.length));
  }

  undo() {
    if (!this.past.length) return;
    this.future.push(this.pixels.slice());
    this.put(this.past.pop());
  }

  redo() {
    if (!this.future.length) return;
    this.past.push(this.pixels.slice());
    this.put(this.future.pop());
  }

  setPixel(i, ink) {
    if (this.pixels[i] === ink) return;
    this.remember(this.pixels.slice());
    this.pixels[i] = ink;
    this.repaint();
    this.onchange(this.pixels, true);
  }

  key(event) {
    const command = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (command && key === "z" && !event.shiftKey) this.undo();
    else if (command && (key === "y" || (key === "z" && event.shiftKey))) this.redo();
    else if (key === " " || key === "enter") this.setPixel(this.cursor, 1 - this.pixels[this.cursor]);
    else {
      const moved = super.key(event);
      // Shift draws along, with the tool that is chosen.
      if (moved && event.shiftKey) this.setPixel(this.cursor, this.tool === "erase" ? 0 : 1);
      return moved;
    }
    event.preventDefault();
    this.say(this.cursor);
    return true;
  }

  repaint() {
    if (this.pixels) paint(this.cells, this.pixels, { map: "ink" });
  }

  /* The tools of a widget's template: "pen"s with a data-tool, "undo", "redo" and "clear". What this
     returns, to be called at each change, shows what can be undone and done again. */
  tools({ find, all }) {
    const take = (tool) => {
      this.tool = tool;
      for (const pen of all("pen")) pen.setAttribute("aria-pressed", String(pen.dataset.tool === tool));
    };
    for (const pen of all("pen")) pen.addEventListener("click", () => take(pen.dataset.tool));
    take(this.tool);
    for (const act of ["undo", "redo", "clear"]) find(act)?.addEventListener("click", () => this[act]());
    const show = () => {
      find("undo").disabled = !this.past.length;
      if (find("redo")) find("redo").disabled = !this.future.length;
    };
    show();
    return show;
  }
}
