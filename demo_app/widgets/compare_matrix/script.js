// @ts-check
import { data } from "../compare_sheets/script.js";
import * as zoo from "../shared/zoo.js";

const short = (name) => name.replace("-" + data.value, "");

export default zoo.widget({
  setup({ props, server, find, ask }) {
    const answers = {}; // by data set
    let shown = null; // the one on the page
    let grid = null;
    let pointed = 0;

    const askMatrix = ask(server.matrix, (answer, given) => {
      answers[given.data] = answer;
      if (given.data === data.value) show();
    });

    /* By how much a sheet is held more likely than test images are: nothing else can be compared from
       row to row. */
    const apart = (row, column) => shown.mean[row][column] - shown.real[row];

    /* Where nobody can say how likely a picture is, there is nothing to show. */
    function show() {
      const believed = props.data.includes(data.value);
      shown = believed ? answers[data.value] : null;
      find("zoo-panel").hidden = shown ? !shown.rows.length : !believed;
      if (believed && !shown) return askMatrix({ data: data.value });
      if (!shown?.rows.length) return;
      const { rows, columns } = shown;
      find("matrix").style.setProperty("--n", columns.length);
      const labels = (names) => names.map((name) => zoo.make("span", { title: name }, short(name)));
      find("heads").replaceChildren(...labels(columns));
      find("names").replaceChildren(...labels(rows));
      find("cells").replaceChildren();
      grid = new zoo.Heatmap(find("cells"), {
        columns: columns.length,
        rows: rows.length,
        label: "compare.matrix_label",
        read: sentence,
        onpoint: (cell) => cell !== null && point(cell),
      });
      // What is far below says no more than that it is: a scale that holds it would show nothing else.
      const values = rows.flatMap((_, row) => columns.map((_, column) => apart(row, column)));
      const sorted = values.slice().sort((a, b) => a - b);
      const reach = Math.max(...[0.1, 0.9].map((q) => Math.abs(sorted[Math.floor(q * (sorted.length - 1))])));
      // By the root, so that a few nats can be told from none.
      const root = (v) => Math.sign(v) * Math.sqrt(Math.abs(v));
      grid.show(values.map(root), { map: "diverging", low: -root(reach), high: root(reach) });
      grid.cells.dataset.shown = data.value;
      find("low").textContent = "\u2264 " + zoo.number(-reach);
      find("high").textContent = "\u2265 " + zoo.signed(reach, 0);
      paint();
      point(Math.min(pointed, values.length - 1));
    }

    function sentence(cell) {
      const [row, column] = [Math.floor(cell / shown.columns.length), cell % shown.columns.length];
      return zoo.t(shown.rows[row] === shown.columns[column] ? "compare.own" : "compare.of_other", {
        row: short(shown.rows[row]),
        column: short(shown.columns[column]),
        mean: zoo.number(shown.mean[row][column], 1),
        deviation: zoo.number(shown.deviation[row][column], 1),
        real: zoo.number(shown.real[row], 1),
        apart: zoo.signed(apart(row, column), 1),
      });
    }

    function point(cell) {
      pointed = cell;
      const [row, column] = [Math.floor(cell / shown.columns.length), cell % shown.columns.length];
      [...find("names").children].forEach((span, k) => span.classList.toggle("pointed", k === row));
      [...find("heads").children].forEach((span, k) => span.classList.toggle("pointed", k === column));
      find("reading").textContent = sentence(cell);
      grid.mark(cell);
    }

    function paint() {
      find("zoo-bar").style.background = zoo.gradient("diverging");
    }

    zoo.follow(data, show);
    return {
      paint,
      words: () => shown?.rows.length && point(pointed),
      json() {
        if (!shown?.rows.length) return null;
        const { rows, columns, mean, deviation, real } = shown;
        return [{ data: data.value, unit: "nats", rows, columns, mean, deviation, real }, "genzoo-compare-matrix.json"];
      },
    };
  },
});
