import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const find = (name) => element.querySelector("." + name);
  const SIDE = 6;
  const D = 784;
  const { pair } = props.data; // [{model, fids}], the VAE and the AAE

  const part = zoo.part("aae-samples", { seed: 1, scale: 1 }, restore);
  let shown = null; // the last answer: {seed, scale, z, sheets}

  /* The same cell of both sheets is of the same z: what points at one points at both. */
  const grids = pair.map(({ model }, k) => {
    const numbers = zoo.make("span", { class: "zoo-hint", "data-testid": "aae-fid-" + k });
    const host = zoo.make("div", { "data-testid": "aae-sheet-" + k });
    const head = zoo.make("div", { class: "head" }, zoo.make("h3", {}, model), numbers);
    find("sheets").append(zoo.make("div", {}, head, host));
    const grid = new zoo.Grid(host, {
      columns: SIDE,
      rows: SIDE,
      label: k ? "aae.aae_sheet_label" : "aae.vae_sheet_label",
      onpoint: (cell) => grids.forEach((one) => one.mark(cell)),
    });
    grid.numbers = numbers;
    return grid;
  });

  /* Figures */

  const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

  function showFigures() {
    pair.forEach(({ fids }, k) => {
      const values = fids.length && {
        mean: zoo.number(mean(fids), 2),
        low: zoo.number(Math.min(...fids), 2),
        high: zoo.number(Math.max(...fids), 2),
        n: fids.length,
      };
      const key = fids.length > 1 ? "aae.fid_seeds" : "aae.fid";
      grids[k].numbers.textContent = fids.length ? zoo.t(key, values) : zoo.t("aae.unmeasured");
    });
    find("better").textContent = verdict();
  }

  /* Which is lower and by how much; and whether another seed could turn it round. */
  function verdict() {
    if (!pair.every(({ fids }) => fids.length)) return "";
    const [better, worse] = [...pair].sort((a, b) => mean(a.fids) - mean(b.fids));
    const [low, high] = [mean(better.fids), mean(worse.fids)];
    const values = {
      better: better.model,
      worse: worse.model,
      by: zoo.number(high - low, 2),
      percent: zoo.number((100 * (high - low)) / high, 0),
    };
    const first = zoo.t("aae.better", values);
    if (pair.some(({ fids }) => fids.length < 2)) return first + " " + zoo.t("aae.one_seed");
    const overlap = Math.max(...better.fids) >= Math.min(...worse.fids);
    return first + " " + zoo.t(overlap ? "aae.overlap" : "aae.no_overlap");
  }

  /* Samples */

  const ask = zoo.latest(server.samples, (answer, given, total) => {
    if (answer.ok) {
      shown = { ...given, z: answer.z, sheets: answer.sheets.map(zoo.bytes) };
      grids.forEach((grid, k) => {
        grid.showSheet(SIDE * 28, SIDE * 28, shown.sheets[k]);
        grid.cells.dataset.scale = given.scale;
        grid.cells.dataset.seed = given.seed;
      });
    }
    zoo.showStatus(find("state"), answer, total);
  });

  function open() {
    zoo.sane(part, { seed: [0, zoo.MAX_SEED] });
    part.set({ scale: Math.max(0, Math.min(1.5, part.get("scale"))) });
    find("seed").value = part.get("seed");
    find("scale").value = part.get("scale");
    find("factor").textContent = zoo.number(part.get("scale"), 2);
    ask({ seed: part.get("seed"), scale: part.get("scale") });
  }

  find("scale").addEventListener("input", () => {
    part.set({ scale: Number(find("scale").value) });
    open();
  });
  zoo.seedField(find("seed"), part, (seed) => {
    part.set({ seed });
    open();
  });
  find("random").addEventListener("click", () => {
    part.set({ seed: zoo.newSeed() });
    open();
  });
  find("reset").addEventListener("click", () => {
    part.set(part.defaults);
    open();
  });

  find("png").addEventListener("click", () => {
    if (!shown) return;
    const items = pair.map(({ model }, k) => ({ canvas: grids[k].cells, title: model }));
    const heading = `${zoo.t("zoo.seed")} ${shown.seed}   ${zoo.t("aae.scale")} ${zoo.number(shown.scale, 2)}`;
    zoo.savePNG(zoo.sheet(items, { columns: 2, size: 672, heading }), "genzoo-aae-samples.png");
  });
  find("json").addEventListener("click", () => {
    if (!shown) return;
    const images = (levels) =>
      Array.from({ length: SIDE * SIDE }, (_, cell) =>
        Array.from({ length: D }, (_, i) => {
          const y = 28 * Math.floor(cell / SIDE) + Math.floor(i / 28);
          return levels[y * SIDE * 28 + 28 * (cell % SIDE) + (i % 28)] / 255;
        })
      );
    const { seed, scale, z } = shown;
    const models = pair.map(({ model, fids }, k) => ({ model, fids, images: images(shown.sheets[k]) }));
    zoo.saveJSON({ seed, scale, z, models }, "genzoo-aae-samples.json");
  });

  /* All together */

  let started = false;
  function restore() {
    if (started) open();
  }

  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    showFigures();
    find("factor").textContent = zoo.number(part.get("scale"), 2);
  });
  zoo.translate(element);
  zoo.whenShown("aae", () => {
    started = true;
    showFigures();
    open();
  });
}
