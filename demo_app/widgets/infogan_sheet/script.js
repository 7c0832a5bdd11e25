// @ts-check
import { chosen, pair, taken } from "../infogan_codes/script.js";
import * as zoo from "../shared/zoo.js";

const KINDS = ["category", "first", "second", "both"];

/* How far the ink leans to the right, in degrees, and how many pixels' worth of it there is. */
function leanAndInk(levels) {
  let [ink, sx, sy] = [0, 0, 0];
  levels.forEach((v, p) => {
    ink += v;
    sx += v * (p % 28);
    sy += v * Math.floor(p / 28);
  });
  let [xy, yy] = [0, 0];
  levels.forEach((v, p) => {
    const [x, y] = [(p % 28) - sx / ink, Math.floor(p / 28) - sy / ink];
    xy += v * x * y;
    yy += v * y * y;
  });
  return { lean: (Math.atan2(-xy, yy) * 180) / Math.PI, ink: ink / 255 };
}

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/* The seed is of the sheet of all categories alone, which has noises of its own, a row for each seed
   from this one on; the others are of the noise above. */
export default zoo.widget({
  name: "infogan-sheet",
  state: { kind: "first", seed: 1 },
  choices: { kind: KINDS },
  setup({ props, server, part, find, change, ask }) {
    const { meaning } = props.data; // the digit of each category

    let codes = null; // `chosen` of the widget above
    let sheet = null; // the last answer
    let at = null; // the cell that the pointer is at

    /* Cells */

    const cells = new zoo.Grid(find("cells"), {
      columns: 9,
      rows: 10,
      label: "infogan.sheet_label",
      read: (i) => (sheet && i < size() ? setAt(i) + " " + readAt(i) : ""),
      onpoint: (i) => {
        at = i;
        showCell();
      },
      onchoose: take,
    });

    const size = () => sheet.rows * sheet.columns;

    /* Make a cell's codes those above. */
    function take(cell) {
      if (!sheet || cell >= size()) return;
      const [category, continuous, seed] = [sheet.category, sheet.continuous, sheet.seed].map((v) => v[cell]);
      taken.value = { category, continuous, seed };
    }

    /* Of the cells that are as the codes above are, or nearest to them. */
    function nearest() {
      if (!sheet || !codes) return null;
      const far = (i) =>
        (sheet.category[i] === codes.category ? 0 : 100) +
        (sheet.seed[i] === codes.seed ? 0 : 100) +
        Math.hypot(...sheet.continuous[i].map((v, k) => v - codes.continuous[k]));
      const all = Array.from({ length: size() }, (_, i) => i);
      const best = all.reduce((a, b) => (far(b) < far(a) ? b : a));
      return far(best) < 1 ? best : null;
    }

    cells.addLayer((context, side) => {
      if (!sheet) return;
      // A corner where Q reads another category than was set.
      context.fillStyle = zoo.token("warn");
      sheet.read.forEach((k, i) => {
        if (k === sheet.category[i]) return;
        const [x, y] = [((i % sheet.columns) + 1) * side, Math.floor(i / sheet.columns) * side];
        context.beginPath();
        context.moveTo(x - side * 0.22, y);
        context.lineTo(x, y);
        context.lineTo(x, y + side * 0.22);
        context.fill();
      });
      const here = nearest();
      if (here === null) return;
      context.strokeStyle = zoo.token("accent");
      context.lineWidth = 2;
      const [x, y] = [(here % sheet.columns) * side, Math.floor(here / sheet.columns) * side];
      context.strokeRect(x + 1, y + 1, side - 2, side - 2);
    });

    function setAt(i) {
      return zoo.t("infogan.cell_set", {
        category: sheet.category[i],
        digit: meaning[sheet.category[i]],
        codes: pair(sheet.continuous[i]),
        seed: sheet.seed[i],
      });
    }

    function readAt(i) {
      const right = sheet.read[i] === sheet.category[i];
      return zoo.t(right ? "infogan.cell_read" : "infogan.cell_misread", {
        category: sheet.read[i],
        digit: meaning[sheet.read[i]],
        p: zoo.number(100 * sheet.probability[i], 1),
        mean: pair(sheet.mean[i]),
      });
    }

    const picture = (i) => zoo.cellOf(sheet.levels, sheet.columns, i);

    function showCell() {
      if (!sheet) return;
      const i = at !== null && at < size() ? at : (nearest() ?? 0);
      zoo.paintInk(find("cell"), picture(i));
      find("cell").dataset.cell = i;
      find("was-set").textContent = setAt(i);
      find("was-read").textContent = readAt(i);
      find("was-read").classList.toggle("off", sheet.read[i] !== sheet.category[i]);
    }

    /* Heads and sides, and what can be measured of each column */

    function label(k) {
      return [String(k), zoo.make("b", {}, String(meaning[k]))];
    }

    function showLabels() {
      const { kind, rows, columns } = sheet;
      const span = (...children) => zoo.make("span", {}, ...children);
      const value = (v) => span(zoo.number(v, 1));
      const heads = Array.from({ length: columns }, (_, j) =>
        kind === "category" ? span(...label(j)) : value(sheet.continuous[j][kind === "second" ? 1 : 0])
      );
      const sides = Array.from({ length: rows }, (_, i) => {
        if (kind === "category") return span(zoo.make("span", { class: "zoo-math" }, "\u03b5"), " " + sheet.seed[i * columns]);
        return kind === "both" ? value(sheet.continuous[i * columns][1]) : span(...label(i));
      });
      find("heads").replaceChildren(...heads);
      find("sides").replaceChildren(...sides);
    }

    /* Means over the cells of each column: what the code changes, and what Q reads. */
    function measure() {
      const { kind, rows, columns } = sheet;
      const over = (f) =>
        Array.from({ length: columns }, (_, j) =>
          mean(Array.from({ length: rows }, (_, i) => f(i * columns + j)))
        );
      const right = over((i) => (sheet.read[i] === sheet.category[i] ? 100 : 0));
      if (kind === "category") return { right };
      const seen = Array.from({ length: size() }, (_, i) => leanAndInk(picture(i)));
      return {
        lean: over((i) => seen[i].lean),
        ink: over((i) => seen[i].ink),
        ...(kind === "both" ? {} : { read: over((i) => sheet.mean[i][kind === "second" ? 1 : 0]) }),
        right,
      };
    }

    function showMeasured() {
      const digits = { read: 1 };
      const units = { lean: "\u00b0" };
      const rows = Object.entries(sheet.measured).map(([key, values]) =>
        zoo.make("div", { role: "row" }, zoo.make("span", { role: "rowheader", "data-t": "infogan.of_" + key,
          "data-t-title": "infogan.of_" + key + "_title" }),
        ...values.map((v) => zoo.make("span", { role: "cell" }, zoo.number(v, digits[key] || 0) + (units[key] || ""))))
      );
      find("measured").replaceChildren(...rows);
      zoo.translate(find("measured"));
    }

    function showTally() {
      const right = sheet.read.filter((k, i) => k === sheet.category[i]).length;
      const inside = sheet.continuous.flatMap((c, i) => (c.every((v) => Math.abs(v) <= 1) ? [i] : []));
      const off = inside.map((i) => mean(sheet.continuous[i].map((v, k) => Math.abs(v - sheet.mean[i][k]))));
      find("tally").textContent = zoo.t(off.length ? "infogan.tally" : "infogan.tally_outside", {
        right: zoo.number(right),
        all: zoo.number(size()),
        off: off.length ? zoo.number(mean(off), 2) : "",
      });
    }

    /* Answers */

    const askSheet = ask(server.sheet, (answer, given) => {
      sheet = { ...answer, kind: given.kind, levels: zoo.bytes(answer.sheet) };
      sheet.measured = measure();
      const { rows, columns } = sheet;
      for (const name of ["sheet", "measured"]) find(name).style.setProperty("--columns", columns);
      Object.assign(cells, { rows, columns });
      cells.cursor = Math.min(cells.cursor, size() - 1);
      cells.host.style.setProperty("--columns", columns);
      cells.host.style.setProperty("--rows", rows);
      cells.showSheet(28 * columns, 28 * rows, sheet.levels);
      find("cells").dataset.asked = asked;
      show();
    }, () => (asked = null));

    function show() {
      showLabels();
      showMeasured();
      showTally();
      showCell();
      cells.refresh();
    }

    let asked = null;
    function restore() {
      const kind = part.get("kind");
      press(kind);
      find("told").textContent = zoo.t("infogan.told_" + kind);
      for (const one of [find("random"), find("seed").closest("label")]) one.hidden = kind !== "category";
      if (!codes) return; // the widget above is not there yet
      const given = { kind, ...codes, seed: kind === "category" ? part.get("seed") : codes.seed };
      // What the sheet varies is not asked for again.
      if (kind !== "both") given.category = 0;
      const fixed = { category: [1, 1], first: [0, 1], second: [1, 0], both: [0, 0] }[kind];
      given.continuous = codes.continuous.map((v, k) => v * fixed[k]);
      if (JSON.stringify(given) === asked) {
        if (sheet) show();
        return;
      }
      asked = JSON.stringify(given);
      askSheet(given);
    }

    /* Controls */

    const press = zoo.segments(find("kinds"), KINDS, {
      label: "infogan.kind_",
      testid: "infogan-kind-",
      choose(kind) {
        at = null;
        change({ kind });
      },
    });

    const restoreSoon = zoo.wait(150, restore);
    zoo.follow(chosen, (next) => {
      const first = codes === null;
      const before = nearest();
      codes = next;
      if (first) return restore();
      if (nearest() !== before) zoo.withAnswer(cells.refresh);
      restoreSoon();
    });

    return {
      restore,
      paint: showCell,
      words() {
        find("told").textContent = zoo.t("infogan.told_" + part.get("kind"));
        if (sheet) show();
      },
      png() {
        if (!sheet) return null;
        return [zoo.enlarged(cells.cells, 4), "genzoo-infogan-sheet.png"];
      },
      json() {
        if (!sheet) return null;
        const { kind, rows, columns, measured } = sheet;
        const all = Array.from({ length: size() }, (_, i) => ({
          category: sheet.category[i],
          digit: meaning[sheet.category[i]],
          continuous: sheet.continuous[i],
          seed: sheet.seed[i],
          q: { read: sheet.read[i], probability: sheet.probability[i], mean: sheet.mean[i] },
          image: zoo.fractions(picture(i)),
        }));
        return [{ model: "infogan-mnist", kind, rows, columns, measured, cells: all }, "genzoo-infogan-sheet.json"];
      },
    };
  },
});
