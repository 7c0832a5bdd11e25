// @ts-check
import * as zoo from "../shared/zoo.js";

export default zoo.widget({
  name: "compare",
  state: ({ data }) => ({ data: data[0] }),
  choices: ({ data }) => ({ data }),
  setup({ props, server, part, find, ask }) {
    const data = () => part.get("data");
    const short = (name) => name.replace("-" + data(), "");
    const answers = {}; // by data set
    let shown = null; // the one on the page
    let grid = null;
    let pointed = 0;

    const askMatrix = ask(server.matrix, (answer, given) => {
      answers[given.data] = answer;
      if (given.data === data()) show();
    });

    /* By how much a sheet is held more likely than test images are: nothing else can be compared from
       row to row. */
    const apart = (row, column) => shown.mean[row][column] - shown.real[row];

    /* Where nobody can say how likely a picture is, there is nothing to show. */
    function show() {
      const believed = props.data.believed.includes(data());
      shown = believed ? answers[data()] : null;
      find("zoo-panel").hidden = shown ? !shown.rows.length : !believed;
      if (believed && !shown) return askMatrix({ data: data() });
      if (!shown?.rows.length) return;
      const { rows, columns } = shown;
      find("matrix").style.setProperty("--n", columns.length);
      const labels = (names) => names.map((name) => zoo.showName(zoo.make("div"), short(name)));
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
      grid.cells.dataset.shown = data();
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
      [...find("names").children].forEach((name, k) => name.classList.toggle("pointed", k === row));
      [...find("heads").children].forEach((name, k) => name.classList.toggle("pointed", k === column));
      find("reading").textContent = sentence(cell);
      grid.mark(cell);
    }

    function paint() {
      find("zoo-bar").style.background = zoo.gradient("diverging");
    }

    return {
      restore: show,
      paint,
      words: () => shown?.rows.length && point(pointed),
      json() {
        if (!shown?.rows.length) return null;
        const { rows, columns, mean, deviation, real } = shown;
        return [{ data: data(), unit: "nats", rows, columns, mean, deviation, real }, "genzoo-compare-matrix.json"];
      },
    };
  },
});
