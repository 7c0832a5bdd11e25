import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const find = (name) => element.querySelector("." + name);
  const { side, pixels: N } = zoo.FACE;
  const { n_faces } = props.data;
  const ROWS = ["sketch", "colored", "color", "sketched"]; // as the server names them
  const LAST = zoo.MAX_SEED - 12; // of the seeds: a sheet begins there

  const part = zoo.part("cyclegan-many", { seed: 10 }, restore);
  let shown = null;

  element.style.setProperty("--faces", n_faces);
  const cells = {};
  for (const row of ROWS) {
    find("sheet").append(zoo.make("h3", { "data-t": "cyclegan.row_" + row }));
    cells[row] = Array.from({ length: n_faces }, (_, k) => {
      const canvas = zoo.make("canvas", { width: side, height: side, "aria-hidden": "true",
        "data-testid": `cyclegan-${row}-${k}` });
      const button = zoo.make("button", { type: "button" }, canvas);
      button.addEventListener("click", () => zoo.emit("cyclegan-take", part.get("seed") + k));
      find("sheet").append(button);
      return { button, canvas };
    });
  }

  const askMany = zoo.latest(server.several, (answer, given, total) => {
    if (!zoo.showStatus(find("state"), answer, total)) return;
    shown = Object.fromEntries(ROWS.map((row) => [row, zoo.bytes(answer[row])]));
    paint();
    find("sheet").dataset.shown = given.seed;
    nameCells();
  });
  const ask = () => askMany({ seed: part.get("seed") });

  function paint() {
    if (!shown) return;
    for (const row of ROWS) {
      const gray = row.startsWith("sketch");
      const n = gray ? N : 3 * N;
      cells[row].forEach(({ canvas }, k) => {
        const levels = shown[row].subarray(k * n, (k + 1) * n);
        if (gray) zoo.paintSketch(canvas, levels);
        else zoo.paintFace(canvas, levels);
      });
    }
  }

  function nameCells() {
    for (const row of ROWS) {
      cells[row].forEach(({ button }, k) => {
        const seed = part.get("seed") + k;
        button.title = zoo.t("cyclegan.cell", { row: zoo.t("cyclegan.row_" + row), seed });
        button.setAttribute("aria-label", button.title);
      });
    }
  }

  function fromSeed(seed) {
    part.set({ seed });
    find("seed").value = seed;
    ask();
  }
  find("random").addEventListener("click", () => fromSeed(zoo.newSeed()));
  zoo.seedField(find("seed"), part, fromSeed, LAST);
  find("reset").addEventListener("click", () => {
    part.set(part.defaults);
    open();
  });
  find("png").addEventListener("click", () => {
    if (!shown) return;
    const items = ROWS.flatMap((row) =>
      cells[row].map(({ canvas }, k) => ({ canvas, title: k ? "" : zoo.t("cyclegan.row_" + row) }))
    );
    zoo.savePNG(zoo.sheet(items, { columns: n_faces, size: 128 }), "genzoo-cyclegan-sheet.png");
  });

  function open() {
    zoo.sane(part, { seed: [0, LAST] });
    find("seed").value = part.get("seed");
    ask();
  }

  let started = false;
  function restore() {
    if (started) open();
  }

  zoo.onChange(zoo.theme, paint);
  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    nameCells();
  });
  zoo.translate(element);
  nameCells();
  zoo.whenShown("cyclegan", () => {
    started = true;
    open();
  });
}
