// @ts-check
/* Codes of two kinds, one of some categories and two numbers: how sure a reader is of each category,
   and where it takes the numbers to be. */

import { make } from "./controls.js";
import { token } from "./look.js";
import { number, percentSign, translate } from "./words.js";

export class CategoryBars {
  /* Fills `host` with a bar for each category, beside its number and the class in `meaning` that
     it was matched to. */
  constructor(host, { meaning, testid }) {
    host.classList.add("zoo-category-bars");
    const head = make("div", { class: "head", "aria-hidden": "true" },
      make("span", { class: "zoo-math" }, "k"), make("span", { "data-t": "zoo.class" }),
      make("span", { class: "zoo-math" }, "q(k | x)"));
    host.append(head);
    this.rows = meaning.map((digit, k) => {
      const bar = make("i", {});
      const value = make("span", { class: "number" });
      const row = make("div", { class: "row", "data-testid": `${testid}-${k}` },
        make("span", { class: "code" }, String(k)), make("b", {}, String(digit)),
        make("span", { class: "track" }, bar), value);
      host.append(row);
      return { row, bar, value };
    });
    translate(host);
  }

  /* probabilities of each; `set` is the category that was set, -1 for none. */
  show(probabilities, set = -1) {
    this.probabilities = probabilities;
    this.set = set;
    this.rows.forEach(({ row, bar, value }, k) => {
      row.classList.toggle("set", k === set);
      const written = number(100 * probabilities[k], 1) + percentSign();
      if (value.textContent === written) return; // as most are, from one picture to the next
      bar.style.setProperty("--share", probabilities[k]);
      value.textContent = written;
    });
  }

  /* In the page's language. */
  refresh() {
    if (this.probabilities) this.show(this.probabilities, this.set);
  }
}

/* The square that the numbers are drawn from in training, on a plane from -extent to extent. */
export function drawSquare(context, size, extent) {
  const edge = ((1 - 1 / extent) / 2) * size;
  context.fillStyle = token("sunken");
  context.fillRect(0, 0, size, size);
  context.fillStyle = token("paper");
  context.fillRect(edge, edge, size - 2 * edge, size - 2 * edge);
  context.strokeStyle = token("line");
  context.lineWidth = 1;
  context.beginPath();
  const middle = Math.round(size / 2) + 0.5;
  context.moveTo(middle, 0);
  context.lineTo(middle, size);
  context.moveTo(0, middle);
  context.lineTo(size, middle);
  context.stroke();
  context.strokeStyle = token("strong-line");
  context.setLineDash([4, 4]);
  context.strokeRect(edge, edge, size - 2 * edge, size - 2 * edge);
  context.setLineDash([]);
}

/* The Gaussian that a reader names: its mean as a dot at [x, y] on the screen, and a circle of one
   deviation about it, `radius` there; with `from` a line to it from what was set. */
export function drawReading(context, mean, radius, from = null) {
  const [x, y] = mean;
  context.fillStyle = context.strokeStyle = token("accent");
  context.lineWidth = 1.5;
  if (from) {
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(x, y);
    context.stroke();
  }
  context.globalAlpha = 0.14;
  context.beginPath();
  context.arc(x, y, radius, 0, 7);
  context.fill();
  context.globalAlpha = 1;
  context.beginPath();
  context.arc(x, y, 5, 0, 7);
  context.fill();
}
