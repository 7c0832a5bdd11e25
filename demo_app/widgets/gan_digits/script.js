import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const find = (name) => element.querySelector("." + name);
  const SIDE = 6;
  const WIDTH = SIDE * 28;
  const { model, figures } = props.data;

  /* `at` is the moment of the training; -1 is its end. */
  const part = zoo.part("gan-digits", { at: -1, seed: 1 }, restore);
  let known = null; // {images_seen, sheets}, a sheet after the other
  let shown = null; // the last samples: {seed, z, sheet}

  const grid = (host, label) => new zoo.Grid(find(host), { columns: SIDE, rows: SIDE, label });
  const training = grid("over-training", "gan.digits_label");
  const samples = grid("new-samples", "gan.samples_label");
  const player = new zoo.Player(find("player"), { show: showMoment, seconds: 6 });

  const end = () => known.images_seen.length - 1;
  const sheetAt = (k) => known.sheets.subarray(WIDTH * WIDTH * k, WIDTH * WIDTH * (k + 1));

  function showMoment(k) {
    part.set({ at: k === end() ? -1 : k });
    training.showSheet(WIDTH, WIDTH, sheetAt(k));
    training.cells.dataset.moment = k;
    find("moment").textContent = zoo.t("gan.moment", { images: zoo.number(known.images_seen[k]) });
    player.scrubber.setAttribute("aria-valuetext", find("moment").textContent);
  }

  function showFigures() {
    const { fid, fid_train_reference: reference, fid_first_epoch: first } = figures;
    const values = { fid: zoo.number(fid, 2), reference: zoo.number(reference, 2), first: zoo.number(first, 2) };
    const words = fid === null ? [zoo.t("gan.unmeasured")] : [zoo.t("gan.fid", values)];
    if (fid !== null && first !== null) words.push(zoo.t("gan.fid_first", values));
    find("figures").textContent = words.join(" ");
  }

  function tell(answer, total) {
    zoo.showStatus(find("state"), answer, total);
  }

  const askTraining = zoo.latest(server.training, (answer, given, total) => {
    if (!answer.ok) return tell(answer, total);
    known = { images_seen: answer.images_seen, sheets: zoo.bytes(answer.sheets) };
    showTraining();
  });

  const askSamples = zoo.latest(server.samples, (answer, { seed }, total) => {
    if (answer.ok) {
      shown = { seed, z: answer.z, sheet: zoo.bytes(answer.sheet) };
      samples.showSheet(WIDTH, WIDTH, shown.sheet);
      samples.cells.dataset.seed = seed;
    }
    tell(answer, total);
  });

  function showTraining() {
    player.span(0, end());
    const at = part.get("at");
    player.seek(Number.isInteger(at) && at >= 0 ? at : end());
  }

  function open() {
    zoo.sane(part, { seed: [0, zoo.MAX_SEED] });
    find("seed").value = part.get("seed");
    if (known) showTraining();
    else askTraining({});
    askSamples({ seed: part.get("seed") });
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
    part.set(part.defaults);
    open();
  });

  const images = (sheet) =>
    Array.from({ length: SIDE * SIDE }, (_, cell) =>
      Array.from({ length: 784 }, (_, i) => {
        const y = 28 * Math.floor(cell / SIDE) + Math.floor(i / 28);
        return sheet[y * WIDTH + 28 * (cell % SIDE) + (i % 28)] / 255;
      })
    );

  find("png").addEventListener("click", () => {
    if (!known || !shown) return;
    const items = [
      { canvas: training.cells, title: find("moment").textContent },
      { canvas: samples.cells, title: `${zoo.t("zoo.seed")} ${shown.seed}` },
    ];
    zoo.savePNG(zoo.sheet(items, { columns: 2, size: 672, heading: model }), "genzoo-gan-digits.png");
  });
  find("json").addEventListener("click", () => {
    if (!known || !shown) return;
    const k = player.frame;
    zoo.saveJSON({
      model, figures,
      training: { images_seen: known.images_seen[k], images: images(sheetAt(k)) },
      samples: { seed: shown.seed, z: shown.z, images: images(shown.sheet) },
    }, "genzoo-gan-digits.json");
  });

  let started = false;
  function restore() {
    if (started) open();
  }

  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    showFigures();
    if (known) showMoment(player.frame);
  });
  zoo.translate(element);
  zoo.whenShown("gan", () => {
    started = true;
    showFigures();
    open();
  });
}
