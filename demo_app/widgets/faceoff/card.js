// @ts-check
/* What one model makes of the digit, and how well it foresaw the true rest. */

import * as zoo from "../shared/zoo.js";

export const SIDE = 28;
export const D = SIDE * SIDE;

export class Card {
  /* `play` is what all cards are of: {part, count, turn, byRow}, where byRow has by model log p of
     all rows from the r-th on, given those before. point(n): the pointer is at the n-th completion,
     or has left (null). */
  constructor(model, play, point) {
    const { count } = play;
    this.model = model;
    this.play = play;
    this.exact = model.kind === "raster" || model.kind === "any";
    this.answer = null; // {levels, logProb, ms, x, known, turn, seed}
    const name = zoo.showName(zoo.make("button", { type: "button" }), model.name);
    name.addEventListener("click", () => zoo.openTab(model.tab));
    this.name = name;
    this.time = zoo.make("span", { class: "time" });
    const strip = zoo.make("div", { class: "strip" });
    this.root = zoo.make("div", { class: "card waiting", "data-testid": "faceoff-" + model.name },
      zoo.make("div", { class: "head" }, name, this.time), strip);
    this.grid = new zoo.Grid(strip, {
      columns: count,
      rows: 1,
      label: "faceoff.strip",
      of: model.name,
      read: () => zoo.t("faceoff.by", { model: model.name }),
      onpoint: point,
    });
    this.grid.surface.addEventListener("blur", () => point(null));
    this.grid.cells.width = count * SIDE;
    this.grid.cells.height = SIDE;
    this.grid.repaint = () => this.repaint();
    this.grid.addLayer((context, size) => {
      context.fillStyle = zoo.token("line");
      for (let n = 1; n < count; n++) context.fillRect(Math.round(n * size), 0, 1, size);
    });
    if (this.exact) {
      this.bar = zoo.make("span", { class: "zoo-track" });
      this.number = zoo.make("output", {});
      this.root.append(zoo.make("div", { class: "score" }, this.bar, this.number));
    }
  }

  /* Can it be given what is known? */
  get able() {
    return this.model.kind !== "raster" || this.play.part.get("mask") === "rows";
  }

  /* log p(the true rest | known), or null where it is not known yet. */
  get score() {
    const { part, byRow } = this.play;
    const rows = byRow[this.model.name];
    if (part.get("mask") === "rows") return rows ? rows[part.get("rows")] : null;
    return this.fresh ? this.answer.logProb : null;
  }

  get fresh() {
    return this.answer !== null && this.answer.turn === this.play.turn;
  }

  /* The n-th completion's i-th pixel, 0 to 1. */
  made(n, i) {
    return this.answer.levels[n * D + i] / 255;
  }

  paint(canvas, n) {
    const { x, known } = this.answer;
    zoo.paintRest(canvas, x, (i) => known[i], (i) => this.made(n, i));
  }

  repaint() {
    if (!this.answer) return;
    const one = zoo.make("canvas", { width: SIDE, height: SIDE });
    const context = this.grid.cells.getContext("2d");
    for (let n = 0; n < this.play.count; n++) {
      this.paint(one, n);
      context.drawImage(one, n * SIDE, 0);
    }
  }

  show(answer) {
    this.answer = answer;
    this.grid.repaint();
    this.grid.cells.dataset.turn = answer.turn;
    this.grid.cells.dataset.seed = answer.seed;
    this.write();
  }

  showScore(largest) {
    const { score } = this;
    this.number.textContent = score === null ? "\u2026" : zoo.number(score, 1);
    this.bar.style.setProperty("--share", String(score === null || !largest ? 0 : -score / largest));
  }

  /* What it says in the page's language. */
  write() {
    this.name.title = zoo.t("faceoff.open", { model: this.model.name });
    if (!this.answer) return;
    this.time.textContent = zoo.t("faceoff.seconds", { s: zoo.number(this.answer.ms / 1000, 2) });
  }
}
