// @ts-check
import { handed } from "../infogan_read/script.js";
import * as zoo from "../shared/zoo.js";

const percent = (v) => zoo.number(v, 2) + zoo.percentSign();
const total = (numbers) => numbers.reduce((a, b) => a + b, 0);

/* Rows in the order of the digits that they were matched to: what is right is on the diagonal. */
const orderOf = (meaning) => meaning.map((_, k) => k).sort((a, b) => meaning[a] - meaning[b]);

/* What is wrong most often. */
function mostOften({ meaning, counts }) {
  const wrong = orderOf(meaning).flatMap((category) =>
    counts[category].map((n, digit) => ({ category, digit, n: digit === meaning[category] ? -1 : n }))
  );
  const { category, digit } = wrong.reduce((a, b) => (b.n > a.n ? b : a));
  return { category, digit };
}

export default zoo.widget({
  name: "infogan-matching",
  state: mostOften,
  ranges: ({ counts }) => ({ category: [0, counts.length - 1], digit: [0, counts[0].length - 1] }),
  setup({ element, props, server, part, find, change, ask }) {
    /* The digit of each category; how many test images of each class it was given; what was measured. */
    const { meaning, counts, figures, errors } = props.data;
    const L = counts[0].length;
    const order = orderOf(meaning);
    const largest = Math.max(...counts.flat());
    const n = total(counts.flat());

    /* On the scale of the square root, so that few show too. */
    const shade = (n) => Math.sqrt(n / largest);

    const at = (i) => ({ k: order[Math.floor(i / L)], c: i % L });

    const table = new zoo.Heatmap(find("cells"), {
      columns: L,
      rows: order.length,
      label: "infogan.table_label",
      read: (i) => reading(at(i)),
      onchoose: (i) => change({ category: at(i).k, digit: at(i).c }),
    });

    table.addLayer((context, size) => {
      context.textAlign = "center";
      context.textBaseline = "middle";
      const [points, inset] = size > 40 ? [13, 3.5] : [9.5, 1.5];
      const family = getComputedStyle(element).fontFamily;
      const map = zoo.colorMap("cividis");
      order.forEach((k, row) => {
        counts[k].forEach((n, c) => {
          if (!n && c !== meaning[k]) return;
          const [r, g, b] = map.subarray(3 * Math.round(255 * shade(n)));
          const ink = 0.299 * r + 0.587 * g + 0.114 * b > 120 ? "#14181c" : "#ffffff";
          const own = c === meaning[k]; // matched
          context.font = `${own ? "700 " : ""}${points}px ${family}`;
          context.fillStyle = context.strokeStyle = ink;
          context.fillText(n, (c + 0.5) * size, (row + 0.5) * size);
          context.lineWidth = 1.5;
          const [x, y, side] = [c * size + inset, row * size + inset, size - 2 * inset];
          if (own) context.strokeRect(x, y, side, side);
        });
      });
    });

    function reading({ k, c }) {
      const ofClass = total(counts.map((row) => row[c]));
      return zoo.t(c === meaning[k] ? "infogan.cell_right" : "infogan.cell_wrong", {
        n: zoo.number(counts[k][c]),
        category: k,
        digit: c,
        matched: meaning[k],
        of_category: zoo.number((100 * counts[k][c]) / Math.max(1, total(counts[k])), 1),
        of_class: zoo.number((100 * counts[k][c]) / Math.max(1, ofClass), 1),
      });
    }

    /* Some of the images of a cell */

    zoo.rove(find("examples"));
    let images = null;
    const askExamples = ask(server.examples, (answer, given) => {
      images = zoo.bytes(answer.images);
      find("examples").replaceChildren(
        ...Array.from({ length: answer.n }, (_, i) => {
          const button = zoo.make("button", { type: "button", title: zoo.t("infogan.to_canvas"),
            "aria-label": zoo.t("infogan.example", { n: i + 1 }) },
          zoo.make("canvas", { width: 28, height: 28, "aria-hidden": "true" }));
          button.addEventListener("click", () => send(i));
          return button;
        })
      );
      find("examples").dataset.cell = [given.category, given.label].join(" ");
      drawExamples();
    });

    function drawExamples() {
      [...find("examples").children].forEach((button, i) => {
        zoo.paintInk(button.firstChild, zoo.nth(images, i));
      });
    }

    /* To the canvas above, where Q reads it anew. */
    function send(i) {
      handed.value = zoo.nth(images, i);
      zoo.bringUp(document.querySelector("#infogan-read-title"));
    }

    /* Words */

    function showError() {
      const error = figures.unsupervised_error;
      const right = total(order.map((k) => counts[k][meaning[k]]));
      const value = error ? error.value : 100 * (1 - right / n);
      find("error").querySelector("output").textContent = percent(value);
      find("interval").textContent = error
        ? zoo.t("infogan.interval", { low: percent(error.low), high: percent(error.high), n: zoo.number(n) })
        : zoo.t("infogan.counted", { n: zoo.number(n) });
      const sorted = [...errors].sort((a, b) => a - b);
      const middle = (sorted.length - 1) / 2;
      const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
      find("over-seeds").textContent = errors.length < 2 ? "" : zoo.t("infogan.over_seeds", {
        n: errors.length,
        all: errors.map(percent).join(", "),
        median: percent(median),
      });
    }

    function showTable() {
      const span = (...children) => zoo.make("span", {}, ...children);
      find("heads").replaceChildren(...counts[0].map((_, c) => zoo.make("b", {}, String(c))));
      find("sides").replaceChildren(
        ...order.map((k) => span(`${k} \u2192 `, zoo.make("b", {}, String(meaning[k]))))
      );
      find("least").textContent = zoo.number(0);
      find("most").textContent = zoo.number(largest);
      find("zoo-bar").style.background = zoo.gradient("cividis");
      table.show(order.flatMap((k) => counts[k].map(shade)));
      table.refresh();
    }

    return {
      restore() {
        showError();
        showTable();
        const [k, c] = [part.get("category"), part.get("digit")];
        table.mark(order.indexOf(k) * L + c);
        find("which").textContent = zoo.t("infogan.which", { category: k, digit: c });
        find("reading").textContent = reading({ k, c });
        askExamples({ category: k, label: c });
      },
      words: () => change({}),
      paint: () => images && drawExamples(),
      png() {
        const size = 784;
        const large = zoo.make("canvas", { width: size + 120, height: size + 60 });
        const context = large.getContext("2d");
        context.fillStyle = zoo.token("page");
        context.fillRect(0, 0, large.width, large.height);
        context.imageSmoothingEnabled = false;
        context.drawImage(table.cells, 100, 40, size, size);
        context.imageSmoothingEnabled = true;
        context.drawImage(table.overlay, 100, 40, size, size);
        context.fillStyle = zoo.token("ink");
        context.font = `600 18px ${getComputedStyle(element).fontFamily}`;
        context.textBaseline = "middle";
        const side = size / L;
        context.textAlign = "center";
        counts[0].forEach((_, c) => context.fillText(c, 100 + (c + 0.5) * side, 22));
        context.textAlign = "right";
        order.forEach((k, row) => context.fillText(`${k} \u2192 ${meaning[k]}`, 88, 40 + (row + 0.5) * side));
        return [large, "genzoo-infogan-matching.png"];
      },
      json: () => [{
        model: "infogan-mnist",
        counts,
        meaning,
        unsupervised_error: figures.unsupervised_error || null,
        over_seeds: errors,
      }, "genzoo-infogan-matching.json"],
    };
  },
});
