// @ts-check
/* What one draws with on a PixelCanvas: pen and eraser, brushes, undo and redo. */

import { choice } from "./controls.js";
import { translate } from "./words.js";

const BRUSHES = {
  1: `<path d="M7 7h4v4H7z"/>`,
  2: `<path d="M5 5h8v8H5z"/>`,
  3: `<path d="M7 3h4v4h4v4h-4v4H7v-4H3V7h4z"/>`,
  5: `<circle cx="9" cy="9" r="7.5"/>`,
};
const ARROWS = {
  undo: "M9 15 4 10l5-5M4 10h10a5 5 0 0 1 0 10h-3",
  redo: "m15 15 5-5-5-5M20 10H10a5 5 0 0 0 0 10h3",
};

const icon = (key, svg, attributes) =>
  `<button type="button" class="zoo-icon" data-t-title="zoo.${key}" data-t-label="zoo.${key}"
    ${attributes}>${svg}</button>`;

export class Pens {
  /**
   * Fills `host`. Ctrl-Z and Ctrl-Y work in the whole widget that it is in.
   *
   * @param {HTMLElement} host
   * @param {any} canvas a PixelCanvas
   * @param {object} options
   * @param {string} options.testid what the test ids begin with
   * @param {any} [options.part] a part of the address that keeps "tool" and "brush"
   * @param {number[]} [options.brushes]
   * @param {boolean} [options.clear] whether there is a button that clears the canvas
   * @param {string} [options.words] the keys of the words on pen and eraser: words + "draw", words + "erase"
   */
  constructor(host, canvas, { testid, part, brushes = [], clear = false, words = "zoo." }) {
    this.canvas = canvas;
    this.part = part;
    host.classList.add("zoo-tools", "zoo-pens");
    const tool = (key, title) =>
      `<button type="button" data-key="${key}" data-tool="${key}" data-t="${words}${key}"
        ${title}></button>`;
    const brush = (size) => {
      const svg = `<svg viewBox="0 0 18 18" aria-hidden="true">${BRUSHES[size]}</svg>`;
      return icon("brush_" + size, svg, `data-key="${size}" data-brush="${size}"`);
    };
    const arrow = (key) => {
      const path = `<path d="${ARROWS[key]}"/>`;
      const svg = `<svg class="zoo-stroke" viewBox="0 0 24 24" aria-hidden="true">${path}</svg>`;
      return icon(key, svg, `data-key="${key}" data-testid="${testid}-${key}"`);
    };
    const clearing = `<button type="button" data-key="clear" data-t="zoo.clear"
      data-testid="${testid}-clear"></button>`;
    host.innerHTML = `
      <div class="zoo-joined" role="group" data-t-label="zoo.tool">
        ${tool("draw", "")}${tool("erase", `data-t-title="${words}erase_title"`)}
      </div>
      <div class="zoo-joined zoo-brushes" role="group" data-t-label="zoo.brush" ${brushes.length ? "" : "hidden"}>
        ${brushes.map(brush).join("")}
      </div>
      <div class="zoo-joined" role="group">${arrow("undo")}${arrow("redo")}</div>
      ${clear ? clearing : ""}`;
    translate(host);
    const [tools, sizes] = /** @type {HTMLElement[]} */ ([...host.children]);
    this.markTool = choice(tools, (tool) => this.take({ tool }));
    this.markBrush = choice(sizes, (brush) => this.take({ brush: Number(brush) }));
    const button = (key) => /** @type {HTMLButtonElement} */ (host.querySelector(`[data-key=${key}]`));
    this.back = button("undo");
    this.forth = button("redo");
    for (const key of ["undo", "redo", "clear"]) button(key)?.addEventListener("click", () => canvas[key]());
    host.closest(".zoo-widget").addEventListener("keydown", (/** @type {any} */ event) => {
      if (event.defaultPrevented || event.target.matches("input, select")) return;
      if (!event.ctrlKey && !event.metaKey) return;
      const key = event.key.toLowerCase();
      if (key === "z" && !event.shiftKey) canvas.undo();
      else if (key === "y" || key === "z") canvas.redo();
      else return;
      event.preventDefault();
    });
    const { onchange } = canvas;
    canvas.onchange = (pixels, finished) => {
      onchange(pixels, finished);
      if (finished) this.show();
    };
    this.show();
  }

  take(chosen) {
    if (this.part) this.part.set(chosen);
    else Object.assign(this.canvas, chosen);
    this.show();
  }

  /* What is chosen, and whether there is something to undo. */
  show() {
    const { canvas, part } = this;
    for (const key of ["tool", "brush"]) canvas[key] = part?.get(key) ?? canvas[key];
    this.markTool(canvas.tool);
    this.markBrush(canvas.brush);
    this.back.disabled = !canvas.past.length;
    this.forth.disabled = !canvas.future.length;
  }
}
