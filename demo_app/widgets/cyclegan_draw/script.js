// @ts-check
import * as zoo from "../shared/zoo.js";

const { side, pixels: N } = zoo.FACE;
const inverted = (levels) => levels.map((v) => 255 - v);

/* A drawing in the address is its levels; without one the sketch is that of the seed's face. */
export default zoo.widget({
  name: "cyclegan",
  state: { seed: 0, drawing: "" },
  setup({ props, server, part, find, all, ask, say }) {
    let shown = null; // the last answer, and the sketch that it is to
    let filled = false; // has there been a sketch?
    let loading = false; // the canvas is being filled by us, not drawn on

    const canvas = new zoo.SoftCanvas(find("draw"), {
      columns: side,
      rows: side,
      pen: zoo.PENS.sketch,
      label: "zoo.canvas",
      read: (i) => zoo.percent(canvas.pixels[i] / 255),
      onchange: drew,
    });
    const showTools = canvas.tools({ find, all });

    function drew(pixels, finished) {
      showTools();
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

    /* But for the first, it can be undone. */
    function fill(levels) {
      loading = true;
      canvas[filled ? "load" : "put"](levels);
      filled = true;
      loading = false;
      color();
    }

    const askColor = ask(server.draw, (answer, given) => {
      const [sketch, colored, again] = [given.sketch, answer.colored, answer.again].map(zoo.bytes);
      shown = { ...answer, sketch, colored, again };
      paint();
      zoo.afterFrame(tell);
    });

    /* Ink is dark in a sketch: 0 where the canvas has 255. */
    const color = () => askColor({ sketch: btoa(String.fromCharCode(...inverted(canvas.pixels))) });

    function paint() {
      if (!shown) return;
      zoo.paintFace(find("colored"), shown.colored);
      zoo.paintSketch(find("again"), shown.again);
      find("colored").dataset.ink = String(shown.sketch.reduce((sum, v) => sum + 255 - v, 0));
    }

    function tell() {
      if (!shown) return;
      find("error").textContent = zoo.t("cyclegan.off_by", { error: zoo.number(100 * shown.error, 2) });
      find("near").textContent = [zoo.nearness(shown), ...(shown.is_far ? [zoo.t("cyclegan.far")] : [])].join(" ");
      find("near").classList.toggle("zoo-bad", shown.is_far);
      say(() => find("near").textContent + " " + find("error").textContent);
    }

    /* How much of what a sketch shows F keeps, as it was measured. */
    function showKept() {
      const { kept } = props.data;
      find("kept").hidden = !kept;
      if (!kept) return;
      const shares = Object.entries(kept).map(([name, share]) => [name, zoo.number(share)]);
      find("kept").textContent = zoo.t("cyclegan.kept", Object.fromEntries(shares));
    }

    /* The sketch of a face */
    const askFace = ask(server.face, (answer, given) => {
      if (part.get("drawing") || given.seed !== part.get("seed")) return;
      fill(inverted(zoo.bytes(answer.sketch)));
    });

    showKept();
    return {
      restore() {
        const drawn = part.get("drawing") ? zoo.readLevels(part.get("drawing"), N) : null;
        if (drawn) return fill(drawn);
        part.set({ drawing: "" });
        askFace({ seed: part.get("seed") });
      },
      seeded: (seed) => ({ seed, drawing: "" }),
      paint,
      words() {
        tell();
        showKept();
      },
      png() {
        if (!shown) return null;
        const items = [
          { canvas: canvas.cells, title: zoo.t("cyclegan.sketch") },
          { canvas: find("colored"), title: zoo.t("cyclegan.colored") },
          { canvas: find("again"), title: zoo.t("cyclegan.again") },
        ];
        const heading = zoo.t("cyclegan.draw_title");
        return [zoo.sheet(items, { columns: 3, heading }), "genzoo-cyclegan.png"];
      },
      json() {
        if (!shown) return null;
        const [sketch, colored, again] = [shown.sketch, shown.colored, shown.again].map(zoo.fractions);
        const { error, distance, limit } = shown;
        const value = { model: "cyclegan-avatars", sketch, colored, again, error,
          from_training: { distance, limit } };
        return [value, "genzoo-cyclegan.json"];
      },
    };
  },
});
