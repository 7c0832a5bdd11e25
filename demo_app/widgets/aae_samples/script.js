// @ts-check
import * as zoo from "../shared/zoo.js";

const SIDE = 6;

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/* Which is lower and by how much; and whether another seed could turn it round. */
function verdict(pair) {
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

export default zoo.widget({
  name: "aae-samples",
  state: { seed: 1, scale: 1 },
  limits: { scale: [0, 1.5] },
  setup({ props, part, server, find, change, ask }) {
    const { pair } = props.data; // [{model, fids}], the VAE and the AAE
    let shown = null; // the last answer: {seed, scale, z, sheets}

    /* The same cell of both sheets is of the same z: what points at one points at both. */
    const numbers = [];
    const grids = pair.map(({ model }, k) => {
      numbers[k] = zoo.make("span", { class: "zoo-hint", "data-testid": "aae-fid-" + k });
      const host = zoo.make("div", { "data-testid": "aae-sheet-" + k });
      const head = zoo.make("div", { class: "head" }, zoo.make("h3", {}, model), numbers[k]);
      find("sheets").append(zoo.make("div", {}, head, host));
      return new zoo.Grid(host, {
        columns: SIDE,
        rows: SIDE,
        label: k ? "aae.aae_sheet_label" : "aae.vae_sheet_label",
        onpoint: (cell) => grids.forEach((one) => one.mark(cell)),
      });
    });

    function showWords() {
      pair.forEach(({ fids }, k) => {
        const values = fids.length && {
          mean: zoo.number(mean(fids), 2),
          low: zoo.number(Math.min(...fids), 2),
          high: zoo.number(Math.max(...fids), 2),
          n: fids.length,
        };
        const key = fids.length > 1 ? "aae.fid_seeds" : "aae.fid";
        numbers[k].textContent = fids.length ? zoo.t(key, values) : zoo.t("aae.unmeasured");
      });
      find("better").textContent = verdict(pair);
      find("factor").textContent = zoo.number(part.get("scale"), 2);
    }

    const askSamples = ask(server.samples, (answer, given) => {
      shown = { ...given, z: answer.z, sheets: answer.sheets.map(zoo.bytes) };
      grids.forEach((grid, k) => {
        grid.showSheet(SIDE * 28, SIDE * 28, shown.sheets[k]);
        Object.assign(grid.cells.dataset, given);
      });
    });

    find("scale").addEventListener("input", () => change({ scale: Number(find("scale").value) }));

    return {
      restore() {
        find("scale").value = part.get("scale");
        showWords();
        askSamples({ seed: part.get("seed"), scale: part.get("scale") });
      },
      words: showWords,
      png() {
        if (!shown) return null;
        const items = pair.map(({ model }, k) => ({ canvas: grids[k].cells, title: model }));
        const { seed, scale } = shown;
        const heading = `${zoo.t("zoo.seed")} ${seed}   ${zoo.t("aae.scale")} ${zoo.number(scale, 2)}`;
        return [zoo.sheet(items, { columns: 2, size: 672, heading }), "genzoo-aae-samples.png"];
      },
      json() {
        if (!shown) return null;
        const { seed, scale, z, sheets } = shown;
        const images = (sheet) =>
          Array.from({ length: SIDE * SIDE }, (_, i) => zoo.fractions(zoo.cellOf(sheet, SIDE, i)));
        const models = pair.map(({ model, fids }, k) => ({ model, fids, images: images(sheets[k]) }));
        return [{ seed, scale, z, models }, "genzoo-aae-samples.json"];
      },
    };
  },
});
