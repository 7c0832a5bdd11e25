// @ts-check
import { taken } from "../cyclegan_cycle/script.js";
import * as zoo from "../shared/zoo.js";

const { side, pixels: N } = zoo.FACE;
const ROWS = ["sketch", "colored", "color", "sketched"]; // as the server names them
const LAST = zoo.MAX_SEED - 12; // of the seeds: a sheet begins there

export default zoo.widget({
  name: "cyclegan-many",
  state: { seed: 10 },
  ranges: { seed: [0, LAST] },
  setup({ element, props, server, part, find, ask }) {
    const { n_faces } = props.data;
    let shown = null;

    element.style.setProperty("--faces", n_faces);
    const cells = ROWS.flatMap((row) => {
      find("sheet").append(zoo.make("h3", { "data-t": "cyclegan.row_" + row }));
      return Array.from({ length: n_faces }, (_, k) => {
        const canvas = zoo.make("canvas", { width: side, height: side, "aria-hidden": "true",
          "data-testid": `cyclegan-${row}-${k}` });
        const button = zoo.make("button", { type: "button" }, canvas);
        button.addEventListener("click", () => (taken.value = { seed: part.get("seed") + k }));
        find("sheet").append(button);
        return { row, k, button, canvas };
      });
    });
    zoo.translate(find("sheet"));
    zoo.rove(find("sheet"));

    const askMany = ask(server.several, (answer, given) => {
      shown = Object.fromEntries(ROWS.map((row) => [row, zoo.bytes(answer[row])]));
      paint();
      find("sheet").dataset.shown = given.seed;
      nameCells();
    });

    function paint() {
      if (!shown) return;
      for (const { row, k, canvas } of cells) {
        if (row.startsWith("sketch")) zoo.paintSketch(canvas, zoo.nth(shown[row], k, N));
        else zoo.paintFace(canvas, zoo.nth(shown[row], k, 3 * N));
      }
    }

    function nameCells() {
      for (const { row, k, button } of cells) {
        const seed = part.get("seed") + k;
        button.title = zoo.t("cyclegan.cell", { row: zoo.t("cyclegan.row_" + row), seed });
        button.setAttribute("aria-label", button.title);
      }
    }
    nameCells();

    return {
      restore: () => askMany({ seed: part.get("seed") }),
      paint,
      words: nameCells,
      png() {
        if (!shown) return null;
        const items = cells.map(({ row, k, canvas }) =>
          ({ canvas, title: k ? "" : zoo.t("cyclegan.row_" + row) }));
        return [zoo.sheet(items, { columns: n_faces, size: 128 }), "genzoo-cyclegan-sheet.png"];
      },
    };
  },
});
