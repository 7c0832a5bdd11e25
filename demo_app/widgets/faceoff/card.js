const zoo = window.zoo;
const D = 784;
const SIDE = 28;
const FIRST = 305; // its upper half could be of a 2 or a 3

const find = (selector) => element.querySelector(selector);
const all = (selector) => [...element.querySelectorAll(selector)];
const { models, count } = props.data; // [{name, kind, tab, slow}], the quickest first

/* What is known: is the pixel in row r, column c? Of the first rows, as many as the line says. */
const MASKS = {
  rows: (r) => r < part.get("rows"),
  left: (r, c) => c < 14,
  bottom: (r) => r >= 14,
  hole: (r, c) => Math.hypot(r - 13.5, c - 13.5) >= 6.5,
};

const part = zoo.part(
  "faceoff",
  { image: FIRST, rows: 12, mask: "rows", seed: 1, sort: "score" },
  restore
);

let x = null; // the true digit (784,)
let known = null; // (784,), 1 where it is known
let byRow = {}; // of this digit, by model: log p of all rows from the r-th on, given those before
let peek = null; // what the large picture shows: null, or {card, n}
let lookingAt = false; // a pointer is over the large picture
let pinned = false; // the true rest is shown for good

/* The large picture */

const grid = new zoo.Grid(find(".canvas"), {
  label: "faceoff.canvas",
  read: (i) => zoo.t(!known[i] && !isTrue() ? "faceoff.unknown" : x[i] ? "faceoff.ink" : "faceoff.empty"),
  onpoint(i) {
    lookingAt = i !== null;
    showPicture();
  },
});
grid.surface.addEventListener("blur", () => {
  lookingAt = false;
  showPicture();
});
grid.addLayer((context, size) => x && peek && zoo.outline(context, size, x));

const isTrue = () => !peek && (lookingAt || pinned);

grid.repaint = () => {
  if (!x) return;
  if (peek) peek.card.paint(grid.cells, peek.n);
  else zoo.paintRest(grid.cells, x, (i) => known[i], (i) => (isTrue() ? x[i] : null));
};

function showPicture() {
  grid.repaint();
  grid.refresh();
  find(".truth").setAttribute("aria-pressed", pinned);
  const key = peek ? "faceoff.shown_made" : isTrue() ? "faceoff.shown_true" : "faceoff.shown_known";
  const values = peek ? { model: peek.card.model.name, n: zoo.number(peek.n + 1) } : {};
  find(".shown").textContent = zoo.t(key, values);
}

find(".truth").addEventListener("click", () => {
  pinned = !pinned;
  showPicture();
});

/* A card for each model: its completions, and how well it foresaw the true rest */

class Card {
  constructor(model) {
    this.model = model;
    this.exact = model.kind === "raster" || model.kind === "any";
    this.answer = null; // {levels, logProb, ms, x, known}
    const name = zoo.make("button", { type: "button" }, model.name);
    name.addEventListener("click", () => zoo.selectTab(model.tab));
    this.name = name;
    this.time = zoo.make("span", { class: "time" });
    const strip = zoo.make("div", { class: "strip" });
    this.root = zoo.make("div", { class: "card waiting", "data-testid": "faceoff-" + model.name },
      zoo.make("div", { class: "head" }, name, this.time), strip);
    this.grid = new zoo.Grid(strip, {
      columns: count,
      rows: 1,
      label: "faceoff.strip",
      read: () => zoo.t("faceoff.by", { model: model.name }),
      onpoint: (n) => this.point(n),
    });
    this.grid.surface.addEventListener("blur", () => this.point(null));
    this.grid.cells.width = count * SIDE;
    this.grid.cells.height = SIDE;
    this.grid.repaint = () => this.repaint();
    this.grid.addLayer((context, size) => {
      context.fillStyle = zoo.token("line");
      for (let n = 1; n < count; n++) context.fillRect(Math.round(n * size), 0, 1, size);
    });
    if (this.exact) {
      this.bar = zoo.make("span", { class: "bar" });
      this.number = zoo.make("output", {});
      this.root.append(zoo.make("div", { class: "score" }, this.bar, this.number));
    }
    find(this.exact ? ".exact" : ".coded").append(this.root);
  }

  /* Can it be given what is known? */
  get able() {
    return this.model.kind !== "raster" || part.get("mask") === "rows";
  }

  /* log p(the true rest | known), or null where it is not known yet. */
  get score() {
    const rows = byRow[this.model.name];
    if (part.get("mask") === "rows") return rows ? rows[part.get("rows")] : null;
    return this.fresh ? this.answer.logProb : null;
  }

  get fresh() {
    return this.answer !== null && this.answer.turn === turn;
  }

  /* The n-th completion's i-th pixel, 0 to 1. */
  made(n, i) {
    return this.answer.levels[n * D + i] / 255;
  }

  paint(canvas, n) {
    const { x, known } = this.answer;
    zoo.paintRest(canvas, x, (i) => known[i], (i) => this.made(n, i));
  }

  point(n) {
    if (n !== null && this.answer) peek = { card: this, n };
    else if (peek && peek.card === this) peek = null;
    else return;
    showPicture();
  }

  repaint() {
    if (!this.answer) return;
    const one = zoo.make("canvas", { width: SIDE, height: SIDE });
    const context = this.grid.cells.getContext("2d");
    for (let n = 0; n < count; n++) {
      this.paint(one, n);
      context.drawImage(one, n * SIDE, 0);
    }
  }

  show(answer) {
    this.answer = answer;
    this.grid.repaint();
    this.grid.cells.dataset.turn = answer.turn;
    this.grid.cells.dataset.seed = answer.seed;
    this.time.textContent = zoo.t("faceoff.seconds", { s: zoo.number(answer.ms / 1000, 2) });
    if (peek && peek.card === this) showPicture();
  }
}

const cards = models.map((model) => new Card(model));
