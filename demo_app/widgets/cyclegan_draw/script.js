import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const find = (name) => element.querySelector("." + name);
  const { side, pixels: N } = zoo.FACE;

  /* A drawing in the address is its levels; without one the sketch is that of the seed's face. */
  const part = zoo.part("cyclegan", { seed: 0, drawing: "" }, restore);

  let shown = null; // the last answer, and the sketch that it is to
  let loading = false; // the canvas is being filled by us, not drawn on

  const canvas = new zoo.SoftCanvas(find("draw"), {
    columns: side,
    rows: side,
    label: "zoo.canvas",
    read: (i) => zoo.percent(canvas.pixels[i] / 255),
    onchange: drew,
  });

  function drew(pixels, finished) {
    find("undo").disabled = !canvas.past.length;
    find("redo").disabled = !canvas.future.length;
    if (loading) return;
    if (finished) {
      // As the address will have it: sixteen levels.
      const drawing = zoo.urlLevels(pixels);
      pixels.set(zoo.readLevels(drawing, N));
      canvas.repaint();
      part.set({ drawing });
    }
    color();
  }

  function fill(levels, undoable) {
    loading = true;
    if (undoable) canvas.load(levels);
    else canvas.put(levels);
    loading = false;
    color();
  }

  /* Ink is dark in a sketch: 0 where the canvas has 255. */
  const sketch = () => canvas.pixels.map((v) => 255 - v);

  const askColor = zoo.latest(server.draw, (answer, given, total) => {
    zoo.showStatus(find("state"), answer, total);
    if (!answer.ok) return;
    shown = { sketch: zoo.bytes(given.sketch), colored: zoo.bytes(answer.colored),
      again: zoo.bytes(answer.again), error: answer.error };
    paint();
    zoo.afterFrame(tell);
  });
  const color = () => askColor({ sketch: btoa(String.fromCharCode(...sketch())) });

  function paint() {
    if (!shown) return;
    zoo.paintFace(find("colored"), shown.colored);
    zoo.paintSketch(find("again"), shown.again);
    find("colored").dataset.ink = String(shown.sketch.reduce((sum, v) => sum + 255 - v, 0));
  }

  function tell() {
    if (!shown) return;
    find("error").textContent = zoo.t("cyclegan.off_by", { error: zoo.number(100 * shown.error, 2) });
    said();
  }

  const said = zoo.wait(500, () => {
    if (element.contains(document.activeElement)) find("said").textContent = find("error").textContent;
  });

  /* The sketch of a face */

  let undoable = false;
  const askFace = zoo.latest(server.face, (answer, given, total) => {
    zoo.showStatus(find("state"), answer, total);
    if (!answer.ok || part.get("drawing") || given.seed !== part.get("seed")) return;
    fill(zoo.bytes(answer.sketch).map((v) => 255 - v), undoable);
  });

  function fromSeed(seed) {
    part.set({ seed, drawing: "" });
    find("seed").value = seed;
    undoable = true;
    askFace({ seed });
  }
  find("random").addEventListener("click", () => fromSeed(zoo.newSeed()));
  zoo.seedField(find("seed"), part, fromSeed);

  /* Controls */

  element.querySelectorAll(".pen").forEach((button) => {
    button.addEventListener("click", () => setTool(button.dataset.tool));
  });
  function setTool(tool) {
    canvas.tool = tool;
    element.querySelectorAll(".pen").forEach((button) => {
      button.setAttribute("aria-pressed", button.dataset.tool === tool);
    });
  }
  find("undo").addEventListener("click", () => canvas.undo());
  find("redo").addEventListener("click", () => canvas.redo());
  find("clear").addEventListener("click", () => canvas.clear());
  find("reset").addEventListener("click", () => {
    part.set(part.defaults);
    open();
  });

  find("png").addEventListener("click", () => {
    if (!shown) return;
    const items = [
      { canvas: canvas.cells, title: zoo.t("cyclegan.sketch") },
      { canvas: find("colored"), title: zoo.t("cyclegan.colored") },
      { canvas: find("again"), title: zoo.t("cyclegan.again") },
    ];
    zoo.savePNG(zoo.sheet(items, { columns: 3, heading: zoo.t("cyclegan.draw_title") }), "genzoo-cyclegan.png");
  });
  find("json").addEventListener("click", () => {
    if (!shown) return;
    const levels = (bytes) => Array.from(bytes, (v) => v / 255);
    const { sketch, colored, again, error } = shown;
    zoo.saveJSON({ model: "cyclegan-avatars", sketch: levels(sketch), colored: levels(colored),
      again: levels(again), error }, "genzoo-cyclegan.json");
  });

  /* All together */

  function open() {
    zoo.sane(part, { seed: [0, zoo.MAX_SEED] });
    find("seed").value = part.get("seed");
    const drawn = part.get("drawing") ? zoo.readLevels(part.get("drawing"), N) : null;
    if (drawn) return fill(drawn, false);
    part.set({ drawing: "" });
    undoable = false;
    askFace({ seed: part.get("seed") });
  }

  let started = false;
  function restore() {
    if (started) open();
  }

  setTool("draw");
  zoo.onChange(zoo.theme, paint);
  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    tell();
  });
  zoo.translate(element);
  zoo.whenShown("cyclegan", () => {
    started = true;
    open();
  });
}
