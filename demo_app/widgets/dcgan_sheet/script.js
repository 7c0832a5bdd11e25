import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const find = (name) => element.querySelector("." + name);
  const SIDE = 8;
  const D = 784;
  const models = props.data; // [{model, data, searched, fid, reference}]

  const OWN = -1; // the cell in the address that stands for one that the model begins with
  const part = zoo.part("dcgan", { model: "dcgan-mnist", seed: 0, cell: OWN, scale: 1 }, restore);
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
    read: (cell) => (sheet ? length(sheet.lengths[cell]) : ""),
  });
  grid.surface.addEventListener("click", (event) => choose(grid.cellAt(event)));
  // The cursor has moved when this hears of the key: where it stands is the current image.
  grid.surface.addEventListener("keydown", (event) => {
    if (event.key.startsWith("Arrow") || ["Home", "End", "PageUp", "PageDown"].includes(event.key)) {
      choose(grid.cursor);
    }
  });

  const chosen = () => (part.get("cell") === OWN ? about.ends[0][1] : part.get("cell"));

  function choose(cell) {
    if (cell === null || !sheet || cell === chosen()) return;
    part.set({ cell });
    grid.cursor = cell;
    takeCurrent();
    tellOthers();
  }

  const length = (value) => `|z| = ${zoo.number(value, 2)}`;

  const askSamples = zoo.latest(server.samples, (answer, given, total) => {
    tell(answer, total);
    if (!answer.ok || given.model !== about.model) return;
    sheet = { ...given, levels: zoo.bytes(answer.sheet), lengths: answer.lengths };
    grid.showSheet(SIDE * 28, SIDE * 28, sheet.levels);
    Object.assign(grid.cells.dataset, given);
    takeCurrent();
    tellOthers();
  });

  /* The current image */

  function takeCurrent() {
    const cell = chosen();
    const image = zoo.cellOf(sheet.levels, SIDE, cell);
    picture = { image, length: sheet.lengths[cell], scale: sheet.scale, cell };
    grid.mark(cell);
    show();
    askNear();
  }

  /* While the scale is dragged one image follows; the sheet does when it is let go. */
  const askPicture = zoo.latest(server.picture, (answer, given, total) => {
    tell(answer, total);
    const { model, seed, cell } = sheet;
    if (!answer.ok || given.model !== model || given.seed !== seed || given.cell !== chosen()) return;
    picture = { image: zoo.bytes(answer.image), length: answer.length, scale: given.scale, cell };
    show();
  });

  function show() {
    if (!picture) return;
    zoo.paint(find("current"), picture.image, { map: "ink", high: 255 });
    Object.assign(find("current").dataset, { scale: picture.scale, cell: chosen() });
    find("place").textContent = zoo.t("dcgan.cell", {
      row: zoo.number(Math.floor(chosen() / SIDE) + 1),
      column: zoo.number((chosen() % SIDE) + 1),
      length: length(picture.length),
    });
  }

  /* Its neighbours */

  const askNeighbours = zoo.latest(server.neighbours, (answer, given) => {
    if (!answer.ok) return tell(answer);
    near = { ...answer, ...given, images: answer.found ? zoo.bytes(answer.images) : null };
    showNear();
  });

  function askNear() {
    if (sheet.scale === 1) askNeighbours({ model: about.model, seed: sheet.seed, cell: chosen() });
    else {
      near = { found: false };
      showNear();
    }
  }

  function className(c) {
    return about.data === "fashion" ? zoo.t("zoo.clothes_" + c) : String(c);
  }

  function showNear() {
    if (!near) return;
    const unsearched = sheet.scale === 1 ? "dcgan.unsearched" : "dcgan.unsearched_scale";
    find("unsearched").textContent = near.found ? "" : zoo.t(unsearched, { last: about.searched - 1 });
    find("trio").classList.toggle("off", !near.found);
    find("trio").replaceChildren();
    if (near.found) {
      near.distances.forEach((distance, k) => {
        const canvas = zoo.make("canvas", { width: 28, height: 28, "aria-hidden": "true" });
        zoo.paint(canvas, near.images.subarray(k * D, (k + 1) * D), { map: "ink", high: 255 });
        const words = zoo.make("p", {}, zoo.t("dcgan.neighbour", {
          name: className(near.labels[k]),
          distance: zoo.number(distance, 2),
        }));
        find("trio").append(zoo.make("div", {}, zoo.make("div", { class: "paper" }, canvas), words));
      });
    }
    drawChart();
    find("verdict").textContent = verdict();
    find("verdict").dataset.cell = near.found ? near.cell : "";
    say();
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

  const say = zoo.wait(500, () => {
    if (document.activeElement === grid.surface) find("said").textContent = find("verdict").textContent;
  });

  /* How far test images are from their nearest training image, on a logarithmic scale; and where this
     image is. */
  function drawChart() {
    const canvas = find("chart");
    if (!canvas.clientWidth || !about) return;
    const context = zoo.sharp(canvas);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const real = about.real_distances;
    const [low, high] = [Math.max(real[0], 1e-3) / 1.6, Math.max(real.at(-1), near && near.found ? near.distances[0] : 0) * 1.6];
    const x = (d) => (Math.log(d / low) / Math.log(high / low)) * width;
    const bins = new Array(Math.max(16, Math.round(width / 14))).fill(0);
    real.forEach((d) => {
      const bin = Math.floor((x(Math.max(d, low)) / width) * bins.length);
      bins[Math.max(0, Math.min(bins.length - 1, bin))] += 1;
    });
    const [top, bottom] = [18, height - 18];
    const most = Math.max(...bins);
    context.fillStyle = zoo.token("strong-line");
    bins.forEach((n, k) => {
      const h = (n / most) * (bottom - top);
      context.fillRect((k * width) / bins.length + 1, bottom - h, width / bins.length - 2, h);
    });
    context.fillStyle = zoo.token("line");
    context.fillRect(0, bottom, width, 1);
    context.font = `11px ${getComputedStyle(element).fontFamily}`;
    context.fillStyle = zoo.token("muted");
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    for (const d of [0.1, 0.2, 0.5, 1, 2, 5, 10, 20]) {
      if (x(d) > 14 && x(d) < width - 14) context.fillText(zoo.number(d, d < 1 ? 1 : 0), x(d), height - 4);
    }
    if (!near || !near.found) return;
    const at = Math.round(x(Math.max(near.distances[0], low)));
    context.fillStyle = zoo.token("accent");
    context.fillRect(at - 1, top - 6, 2, bottom - top + 6);
    context.font = `600 12px ${getComputedStyle(element).fontFamily}`;
    context.textAlign = at > width / 2 ? "right" : "left";
    context.fillText(zoo.t("dcgan.this_one"), at + (at > width / 2 ? -6 : 6), top - 4);
  }

  /* Controls */

  const buttons = models.map(({ model, data }) => {
    const button = zoo.make("button", { type: "button", "data-key": model,
      "data-t": "zoo." + data, "data-testid": "dcgan-model-" + data });
    button.addEventListener("click", () => {
      part.set({ model });
      open();
    });
    find("models").append(button);
    return button;
  });

  find("scale").addEventListener("input", () => {
    part.set({ scale: Number(find("scale").value) });
    find("factor").textContent = zoo.number(part.get("scale"), 2);
    if (sheet) follow(part.get("scale"));
  });
  find("scale").addEventListener("change", () => open());
  zoo.slide(find("scale"), (scale) => sheet && follow(scale));
  let asked = null;
  function follow(scale) {
    const given = { model: sheet.model, seed: sheet.seed, cell: chosen(), scale };
    const key = Object.values(given).join(" ");
    if (key !== asked) askPicture(given);
    asked = key;
  }

  zoo.seedField(find("seed"), part, (seed) => {
    part.set({ seed });
    open();
  });
  find("random").addEventListener("click", () => {
    part.set({ seed: zoo.newSeed() });
    open();
  });
  find("reset").addEventListener("click", () => {
    part.set({ ...part.defaults, model: part.get("model") });
    open();
  });

  find("png").addEventListener("click", () => {
    if (!sheet) return;
    const heading = `${sheet.model}   ${zoo.t("zoo.seed")} ${sheet.seed}   ${zoo.t("dcgan.scale")} ${zoo.number(sheet.scale, 2)}`;
    const items = [{ canvas: grid.cells, title: "" }];
    zoo.savePNG(zoo.sheet(items, { columns: 1, size: 896, heading }), "genzoo-dcgan-sheet.png");
  });
  find("json").addEventListener("click", () => {
    if (!sheet) return;
    const { model, seed, scale, lengths } = sheet;
    const found = near && near.found;
    zoo.saveJSON({
      model,
      seed,
      scale,
      cell: chosen(),
      lengths,
      image: Array.from(picture.image, (v) => v / 255),
      neighbours: found ? near.distances.map((distance, k) => ({
        distance,
        label: near.labels[k],
        image: Array.from(near.images.subarray(k * D, (k + 1) * D), (v) => v / 255),
      })) : null,
      nearest_of_test_images: about.real_distances,
    }, "genzoo-dcgan-sheet.json");
  });

  /* All together */

  function tell(answer, total) {
    return zoo.showStatus(find("state"), answer, total);
  }

  /* What the other widgets of the tab go by. */
  function tellOthers() {
    zoo.shared.dcgan = {
      model: sheet.model,
      data: about.data,
      seed: sheet.seed,
      scale: sheet.scale,
      cell: chosen(),
      levels: sheet.levels,
      known: knowns[sheet.model],
      className,
    };
    zoo.emit("dcgan", zoo.shared.dcgan);
  }

  /* Only what can be shown is taken from the address. */
  function checkState() {
    const { defaults } = part;
    const cell = part.get("cell");
    part.set({
      model: models.some(({ model }) => model === part.get("model")) ? part.get("model") : models[0].model,
      seed: zoo.isSeed(part.get("seed")) ? part.get("seed") : defaults.seed,
      cell: Number.isInteger(cell) && cell >= OWN && cell < SIDE * SIDE ? cell : defaults.cell,
      scale: Math.max(0, Math.min(1.5, part.get("scale"))),
    });
  }

  const askStart = zoo.latest(server.start, (answer, { model }, total) => {
    if (!answer.ok) return tell(answer, total);
    knowns[model] = answer;
    open();
  });

  /* Show the state from the start, as after a reload. */
  function open() {
    checkState();
    const model = part.get("model");
    buttons.forEach((button) => button.setAttribute("aria-pressed", button.dataset.key === model));
    find("seed").value = part.get("seed");
    find("scale").value = part.get("scale");
    find("factor").textContent = zoo.number(part.get("scale"), 2);
    if (!knowns[model]) return askStart({ model });
    about = { ...models.find((one) => one.model === model), ...knowns[model] };
    grid.cursor = chosen();
    showWords();
    askSamples({ model, seed: part.get("seed"), scale: part.get("scale") });
  }

  function showWords() {
    const { fid, reference } = about;
    find("fid").textContent = fid === null ? zoo.t("dcgan.unmeasured") : zoo.t("dcgan.fid", {
      model: about.model,
      fid: zoo.number(fid, 2),
      reference: reference === null ? "—" : zoo.number(reference, 2),
    });
  }

  let started = false;
  function restore() {
    if (started) open();
  }

  new ResizeObserver(drawChart).observe(find("chart"));
  zoo.onChange(zoo.theme, () => {
    show();
    if (sheet) showNear();
  });
  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    if (!sheet) return;
    find("factor").textContent = zoo.number(part.get("scale"), 2);
    showWords();
    show();
    showNear();
    tellOthers();
  });
  zoo.translate(element);
  zoo.whenShown("dcgan", () => {
    started = true;
    open();
  });
}
