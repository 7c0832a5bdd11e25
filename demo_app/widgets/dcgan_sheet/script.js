// @ts-check
import * as zoo from "../shared/zoo.js";

const SIDE = 8;
const computation = zoo.computation("dcgan");
const OWN = -1; // the cell in the address that stands for one that the model begins with

/* What the other widgets of the tab go by: {model, data, seed, scale, cell, levels, known, className}. */
export const chosen = zoo.signal(null);

/* Is it the first value of `chosen`, or another in one of these? */
export const differs = (before, now, ...keys) =>
  before === null || keys.some((key) => before[key] !== now[key]);

export const lengthOf = (value) => `|z| = ${zoo.number(value, 2)}`;

export default zoo.widget({
  name: "dcgan",
  state: (models) => ({ model: models[0].model, seed: 0, cell: OWN, scale: 1 }),
  ranges: { cell: [OWN, SIDE * SIDE - 1] },
  choices: (models) => ({ model: models.map(({ model }) => model) }),
  limits: { scale: [0, 1.5] },
  setup({ props, server, part, find, change, ask, askNew, say }) {
    const models = props.data; // [{model, data, searched, fid, reference}]
    const knowns = {}; // what the server knows of each model
    let about = null; // of the model that is shown
    let sheet = null; // the last sheet: {model, seed, scale, levels, lengths}
    let picture = null; // the current image: {image, length, scale}
    let near = null; // its neighbours: {seed, cell, found, distances, images, labels}

    /* The sheet */

    const grid = new zoo.Grid(find("sheet"), {
      columns: SIDE,
      rows: SIDE,
      label: "dcgan.sheet_label",
      read: (cell) => (sheet ? lengthOf(sheet.lengths[cell]) : ""),
      onpoint: tell,
      onchoose: choose,
    });
    // The cursor has moved when this hears of the key: where it stands is the current image.
    grid.surface.addEventListener("keydown", () => choose(grid.cursor));

    const current = () => (part.get("cell") === OWN ? about.ends[0][1] : part.get("cell"));

    function choose(cell) {
      if (!sheet || cell === current()) return;
      part.set({ cell });
      grid.cursor = cell;
      takeCurrent();
      tellOthers();
    }

    const askSamples = ask(server.samples, (answer, given) => {
      if (given.model !== about.model) return;
      sheet = { ...given, levels: zoo.bytes(answer.sheet), lengths: answer.lengths };
      grid.showSheet(SIDE * 28, SIDE * 28, sheet.levels);
      Object.assign(grid.cells.dataset, given);
      takeCurrent();
      tellOthers();
    });

    /* The current image */

    function takeCurrent() {
      const cell = current();
      const image = zoo.cellOf(sheet.levels, SIDE, cell);
      picture = { image, length: sheet.lengths[cell], scale: sheet.scale };
      grid.mark(cell);
      show();
      askNear();
    }

    /* While the scale is dragged one image follows; the sheet does when it is let go. */
    const askPicture = askNew(server.picture, (answer, given) => {
      const { model, seed } = sheet;
      if (given.model !== model || given.seed !== seed || given.cell !== current()) return;
      picture = { image: zoo.bytes(answer.image), length: answer.length, scale: given.scale };
      show();
    });

    /* The cell that is pointed at, or else the current image. */
    function tell(cell = null) {
      if (!picture || !sheet) return;
      const at = cell ?? current();
      computation.value = {
        seed: sheet.seed, cell: at,
        length: cell === null ? picture.length : sheet.lengths[cell],
        image: cell === null ? picture.image : zoo.cellOf(sheet.levels, SIDE, cell),
      };
    }

    function show() {
      if (!picture) return;
      const cell = current();
      tell();
      zoo.paintInk(find("current"), picture.image);
      Object.assign(find("current").dataset, { scale: picture.scale, cell });
      find("place").textContent = zoo.t("dcgan.cell", {
        row: zoo.number(Math.floor(cell / SIDE) + 1),
        column: zoo.number((cell % SIDE) + 1),
        length: lengthOf(picture.length),
      });
    }

    /* Its neighbours */

    const askNeighbours = zoo.latest(server.neighbours, (answer, given) => {
      if (!zoo.showStatus(find("state"), answer)) return;
      near = { ...answer, ...given, images: answer.found ? zoo.bytes(answer.images) : null };
      showNear();
    });

    function askNear() {
      if (sheet.scale === 1) return askNeighbours({ model: about.model, seed: sheet.seed, cell: current() });
      near = { found: false };
      showNear();
    }

    function className(c) {
      return about.data === "fashion" ? zoo.t("zoo.clothes_" + c) : String(c);
    }

    function showNear() {
      if (!near) return;
      const unsearched = sheet.scale === 1 ? "dcgan.unsearched" : "dcgan.unsearched_scale";
      find("unsearched").textContent = near.found ? "" : zoo.t(unsearched, { last: about.searched - 1 });
      const trio = near.found ? near.distances : [];
      find("trio").replaceChildren(...trio.map((distance, k) => {
        const canvas = zoo.make("canvas", { width: 28, height: 28, "aria-hidden": "true" });
        zoo.paintInk(canvas, zoo.nth(near.images, k));
        const words = zoo.t("dcgan.neighbour", {
          name: className(near.labels[k]),
          distance: zoo.number(distance, 2),
        });
        const paper = zoo.make("div", { class: "zoo-paper" }, canvas);
        return zoo.make("div", {}, paper, zoo.make("p", { class: "zoo-note" }, words));
      }));
      drawChart();
      find("verdict").textContent = verdict();
      find("verdict").dataset.cell = near.found ? near.cell : "";
      say(() => find("verdict").textContent);
    }

    /* The share of test images whose nearest training image is nearer than this. */
    function shareNearer(distance) {
      const real = about.real_distances;
      return real.filter((d) => d < distance).length / real.length;
    }

    function verdict() {
      const real = about.real_distances;
      const median = zoo.number(real[Math.floor(real.length / 2)], 2);
      if (!near.found) return zoo.t("dcgan.typical", { median });
      const share = shareNearer(near.distances[0]);
      const values = { distance: zoo.number(near.distances[0], 2), median, percent: zoo.number(100 * share) };
      return zoo.t("dcgan." + (share < 0.01 ? "copy" : share > 0.99 ? "odd" : "no_copy"), values);
    }

    /* How far test images are from their nearest training image, on a logarithmic scale; and where this
       image is. */
    function drawChart() {
      const canvas = find("chart");
      if (!canvas.clientWidth || !about) return;
      const context = zoo.sharp(canvas);
      const [width, height] = [canvas.clientWidth, canvas.clientHeight];
      const font = getComputedStyle(canvas).fontFamily;
      const real = about.real_distances;
      const own = near?.found ? near.distances[0] : 0;
      const [low, high] = [Math.max(real[0], 1e-3) / 1.6, Math.max(real.at(-1), own) * 1.6];
      const x = (d) => (Math.log(d / low) / Math.log(high / low)) * width;
      const bins = new Array(Math.max(16, Math.round(width / 14))).fill(0);
      for (const d of real) {
        const bin = Math.floor((x(Math.max(d, low)) / width) * bins.length);
        bins[Math.max(0, Math.min(bins.length - 1, bin))] += 1;
      }
      const [top, bottom] = [18, height - 18];
      const most = Math.max(...bins);
      context.fillStyle = zoo.token("strong-line");
      bins.forEach((n, k) => {
        const h = (n / most) * (bottom - top);
        context.fillRect((k * width) / bins.length + 1, bottom - h, width / bins.length - 2, h);
      });
      context.fillStyle = zoo.token("line");
      context.fillRect(0, bottom, width, 1);
      context.font = `11px ${font}`;
      context.fillStyle = zoo.token("muted");
      context.textAlign = "center";
      context.textBaseline = "alphabetic";
      for (const d of [0.1, 0.2, 0.5, 1, 2, 5, 10, 20]) {
        if (x(d) > 14 && x(d) < width - 14) context.fillText(zoo.number(d, d < 1 ? 1 : 0), x(d), height - 4);
      }
      if (!own) return;
      const at = Math.round(x(Math.max(own, low)));
      context.fillStyle = zoo.token("accent");
      context.fillRect(at - 1, top - 6, 2, bottom - top + 6);
      context.font = `600 12px ${font}`;
      context.textAlign = at > width / 2 ? "right" : "left";
      context.fillText(zoo.t("dcgan.this_one"), at + (at > width / 2 ? -6 : 6), top - 4);
    }
    new ResizeObserver(drawChart).observe(find("chart"));

    /* Controls */

    find("models").append(...models.map(({ model, data }) =>
      zoo.make("button", { type: "button", "data-key": model, "data-t": "zoo." + data,
        "data-testid": "dcgan-model-" + data })));
    zoo.translate(find("models"));
    const markModel = zoo.choice(find("models"), (model) => change({ model }));

    find("scale").addEventListener("input", () => {
      part.set({ scale: Number(find("scale").value) });
      showScale();
      follow(part.get("scale"));
    });
    find("scale").addEventListener("change", () => change({}));
    zoo.slide(find("scale"), follow);
    function follow(scale) {
      if (sheet) askPicture({ model: sheet.model, seed: sheet.seed, cell: current(), scale });
    }

    function showScale() {
      find("factor").textContent = zoo.number(part.get("scale"), 2);
    }

    function tellOthers() {
      const { model, seed, scale, levels } = sheet;
      const known = knowns[model];
      chosen.value = { model, data: about.data, seed, scale, cell: current(), levels, known, className };
    }

    const askStart = ask(server.start, (answer, { model }) => {
      knowns[model] = answer;
      restore();
    });

    function restore() {
      const model = part.get("model");
      markModel(model);
      find("scale").value = part.get("scale");
      showScale();
      if (!knowns[model]) return askStart({ model });
      about = { ...models.find((one) => one.model === model), ...knowns[model] };
      grid.cursor = current();
      showWords();
      askSamples({ model, seed: part.get("seed"), scale: part.get("scale") });
    }

    function showWords() {
      const { model, fid, reference } = about;
      find("fid").textContent = fid === null ? zoo.t("dcgan.unmeasured") : zoo.t("dcgan.fid", {
        model,
        fid: zoo.number(fid, 2),
        reference: reference === null ? "—" : zoo.number(reference, 2),
      });
    }

    return {
      restore,
      reset: () => ({ ...part.defaults, model: part.get("model") }),
      paint() {
        show();
        showNear();
      },
      words() {
        if (!sheet) return;
        showScale();
        showWords();
        show();
        showNear();
        tellOthers();
      },
      png() {
        if (!sheet) return null;
        const scale = `${zoo.t("dcgan.scale")} ${zoo.number(sheet.scale, 2)}`;
        const heading = `${sheet.model}   ${zoo.t("zoo.seed")} ${sheet.seed}   ${scale}`;
        const items = [{ canvas: grid.cells, title: "" }];
        return [zoo.sheet(items, { columns: 1, size: 896, heading }), "genzoo-dcgan-sheet.png"];
      },
      json() {
        if (!sheet) return null;
        const { model, seed, scale, lengths } = sheet;
        const neighbours = near?.found ? near.distances.map((distance, k) => ({
          distance,
          label: near.labels[k],
          image: zoo.fractions(zoo.nth(near.images, k)),
        })) : null;
        return [{
          model, seed, scale, cell: current(), lengths, image: zoo.fractions(picture.image), neighbours,
          nearest_of_test_images: about.real_distances,
        }, "genzoo-dcgan-sheet.json"];
      },
    };
  },
});
