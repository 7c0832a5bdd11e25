/* Codes of two kinds, one of some categories and two numbers: how sure a reader is of each category,
   and where it takes the numbers to be. */
(function () {
  "use strict";

  const zoo = window.zoo;

  class CategoryBars {
    /* Fills `host` with a bar for each category, beside its number and the class in `meaning` that
       it was matched to. */
    constructor(host, { meaning, testid }) {
      host.classList.add("zoo-category-bars");
      const make = zoo.make;
      const head = make("div", { class: "head", "aria-hidden": "true" },
        make("span", { class: "zoo-math" }, "k"), make("span", { "data-t": "zoo.class" }),
        make("span", { class: "zoo-math" }, "q(k | x)"));
      host.append(head);
      this.rows = meaning.map((digit, k) => {
        const bar = make("i", {});
        const number = make("span", { class: "number" });
        const row = make("div", { class: "row", "data-testid": `${testid}-${k}` },
          make("span", { class: "code" }, String(k)), make("b", {}, String(digit)),
          make("span", { class: "track" }, bar), number);
        host.append(row);
        return { row, bar, number };
      });
      zoo.translate(host);
    }

    /* probabilities of each; `set` is the category that was set, -1 for none. */
    show(probabilities, set = -1) {
      this.probabilities = probabilities;
      this.set = set;
      this.rows.forEach(({ row, bar, number }, k) => {
        row.classList.toggle("set", k === set);
        const written = zoo.number(100 * probabilities[k], 1) + "\u202f%";
        if (number.textContent === written) return; // as most are, from one picture to the next
        bar.style.setProperty("--share", probabilities[k]);
        number.textContent = written;
      });
    }

    /* In the page's language. */
    refresh() {
      if (this.probabilities) this.show(this.probabilities, this.set);
    }
  }

  /* The square that the numbers are drawn from in training, on a plane from -extent to extent. */
  zoo.drawSquare = function (context, size, extent) {
    const edge = ((1 - 1 / extent) / 2) * size;
    context.fillStyle = zoo.token("sunken");
    context.fillRect(0, 0, size, size);
    context.fillStyle = zoo.token("paper");
    context.fillRect(edge, edge, size - 2 * edge, size - 2 * edge);
    context.strokeStyle = zoo.token("line");
    context.lineWidth = 1;
    context.beginPath();
    const middle = Math.round(size / 2) + 0.5;
    context.moveTo(middle, 0);
    context.lineTo(middle, size);
    context.moveTo(0, middle);
    context.lineTo(size, middle);
    context.stroke();
    context.strokeStyle = zoo.token("strong-line");
    context.setLineDash([4, 4]);
    context.strokeRect(edge, edge, size - 2 * edge, size - 2 * edge);
    context.setLineDash([]);
  };

  /* The Gaussian that a reader names: its mean as a dot at [x, y] on the screen, and a circle of one
     deviation about it, `radius` there; with `from` a line to it from what was set. */
  zoo.drawReading = function (context, [x, y], radius, from) {
    context.fillStyle = context.strokeStyle = zoo.token("accent");
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
  };

  zoo.CategoryBars = CategoryBars;
})();
