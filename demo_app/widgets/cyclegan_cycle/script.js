// @ts-check
import * as zoo from "../shared/zoo.js";

/* The {seed} of a face that another widget hands over. */
export const taken = zoo.signal(null);

const N = zoo.FACE.pixels;
const FULL = 8; // bits of a level
const computation = zoo.computation("cyclegan");

export default zoo.widget({
  name: "cyclegan-cycle",
  state: { seed: 1, bits: FULL },
  ranges: { bits: [1, FULL] },
  setup({ element, server, part, find, change, ask, say }) {
    let shown = null; // the last answer, and what it was asked for

    const askCycle = ask(server.cycle, (answer, given) => {
      const [color, sketch, between, back] = ["color", "sketch", "between", "back"]
        .map((key) => zoo.bytes(answer[key]));
      shown = { ...given, error: answer.error, color, sketch, between, back };
      computation.value = shown;
      paint();
      zoo.afterFrame(tell);
    });

    function paint() {
      if (!shown) return;
      const { color, sketch, between, back, seed, levels } = shown;
      zoo.paintFace(find("face"), color);
      zoo.paintSketch(find("between"), between);
      zoo.paintFace(find("back"), back);
      const apart = Array.from({ length: N }, (_, i) => 8 * Math.abs(between[i] - sketch[i]));
      zoo.paint(find("hidden"), apart, { map: "cividis", high: 255 });
      find("back").dataset.shown = `${seed} ${levels}`;
    }

    function tell() {
      if (!shown) return;
      const { between, sketch, error } = shown;
      const away = between.reduce((sum, v, i) => sum + Math.abs(v - sketch[i]), 0) / N / 255;
      find("told").textContent = zoo.t("cyclegan.told", {
        away: zoo.number(100 * away, 2),
        error: zoo.number(100 * error, 2),
      });
      say(() => find("told").textContent);
    }

    const slider = find("bits");
    slider.addEventListener("input", () => change({ bits: Number(slider.value) }));

    function showLevels() {
      slider.value = part.get("bits");
      const levels = zoo.number(2 ** part.get("bits"));
      find("levels").textContent = levels;
      slider.setAttribute("aria-valuetext", levels);
    }

    zoo.onChange(taken, ({ seed }) => {
      change({ seed });
      zoo.bringUp(element);
    });

    return {
      restore() {
        showLevels();
        askCycle({ seed: part.get("seed"), levels: 2 ** part.get("bits") });
      },
      paint,
      words() {
        showLevels();
        tell();
      },
      png() {
        if (!shown) return null;
        const items = ["face", "between", "back", "hidden"].map((name) => ({
          canvas: find(name),
          title: find(name).getAttribute("aria-label"),
        }));
        const heading = find("told").textContent;
        return [zoo.sheet(items, { columns: 2, heading }), "genzoo-cyclegan-cycle.png"];
      },
      json() {
        if (!shown) return null;
        const { seed, levels, error } = shown;
        const [color, true_sketch, sketch, back] = [shown.color, shown.sketch, shown.between, shown.back]
          .map(zoo.fractions);
        return [{ model: "cyclegan-avatars", seed, levels, color, true_sketch, sketch, back, error },
          "genzoo-cyclegan-cycle.json"];
      },
    };
  },
});
