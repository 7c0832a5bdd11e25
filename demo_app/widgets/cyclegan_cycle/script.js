import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const find = (name) => element.querySelector("." + name);
  const { pixels: N } = zoo.FACE;
  const FULL = 8; // bits of a level

  const part = zoo.part("cyclegan-cycle", { seed: 1, bits: FULL }, restore);
  let shown = null; // the last answer, and what it was asked for

  const slider = find("levels").querySelector("input");
  const levelsOf = (bits) => 2 ** bits;

  const askCycle = zoo.latest(server.cycle, (answer, given, total) => {
    zoo.showStatus(find("state"), answer, total);
    if (!answer.ok) return;
    const bytes = (key) => zoo.bytes(answer[key]);
    shown = { ...given, error: answer.error };
    for (const key of ["color", "sketch", "between", "back"]) shown[key] = bytes(key);
    paint();
    zoo.afterFrame(tell);
  });
  const ask = () => askCycle({ seed: part.get("seed"), levels: levelsOf(part.get("bits")) });

  function paint() {
    if (!shown) return;
    zoo.paintFace(find("face"), shown.color);
    zoo.paintSketch(find("between"), shown.between);
    zoo.paintFace(find("back"), shown.back);
    const apart = Array.from({ length: N }, (_, i) => 8 * Math.abs(shown.between[i] - shown.sketch[i]));
    zoo.paint(find("hidden"), apart, { map: "cividis", high: 255 });
    find("back").dataset.shown = `${shown.seed} ${shown.levels}`;
  }

  function tell() {
    if (!shown) return;
    const away = shown.between.reduce((sum, v, i) => sum + Math.abs(v - shown.sketch[i]), 0) / N / 255;
    find("told").textContent = zoo.t("cyclegan.told", {
      away: zoo.number(100 * away, 2),
      error: zoo.number(100 * shown.error, 2),
    });
    said();
  }

  const said = zoo.wait(500, () => {
    if (element.contains(document.activeElement)) find("said").textContent = find("told").textContent;
  });

  slider.addEventListener("input", () => {
    part.set({ bits: Number(slider.value) });
    showLevels();
    ask();
  });

  function showLevels() {
    slider.value = part.get("bits");
    const levels = zoo.number(levelsOf(part.get("bits")));
    find("levels").querySelector("output").textContent = levels;
    slider.setAttribute("aria-valuetext", levels);
  }

  function fromSeed(seed) {
    part.set({ seed });
    find("seed").value = seed;
    ask();
  }
  find("random").addEventListener("click", () => fromSeed(zoo.newSeed()));
  zoo.seedField(find("seed"), part, fromSeed);
  find("reset").addEventListener("click", () => {
    part.set(part.defaults);
    open();
  });
  zoo.on("cyclegan-take", (seed) => {
    fromSeed(seed);
    element.scrollIntoView({ block: "start", behavior: zoo.still() ? "auto" : "smooth" });
  });

  find("png").addEventListener("click", () => {
    if (!shown) return;
    const items = ["face", "between", "back", "hidden"].map((name) => ({
      canvas: find(name),
      title: find(name).getAttribute("aria-label"),
    }));
    const heading = find("told").textContent;
    zoo.savePNG(zoo.sheet(items, { columns: 2, heading }), "genzoo-cyclegan-cycle.png");
  });
  find("json").addEventListener("click", () => {
    if (!shown) return;
    const levels = (bytes) => Array.from(bytes, (v) => v / 255);
    const { seed, levels: n, color, sketch, between, back, error } = shown;
    zoo.saveJSON({ model: "cyclegan-avatars", seed, levels: n, color: levels(color),
      true_sketch: levels(sketch), sketch: levels(between), back: levels(back), error },
      "genzoo-cyclegan-cycle.json");
  });

  function open() {
    const bits = part.get("bits");
    if (!Number.isInteger(bits) || bits < 1 || bits > FULL) part.set({ bits: FULL });
    zoo.sane(part, { seed: [0, zoo.MAX_SEED] });
    find("seed").value = part.get("seed");
    showLevels();
    ask();
  }

  let started = false;
  function restore() {
    if (started) open();
  }

  zoo.onChange(zoo.theme, paint);
  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    showLevels();
    tell();
  });
  zoo.translate(element);
  zoo.whenShown("cyclegan", () => {
    started = true;
    open();
  });
}
