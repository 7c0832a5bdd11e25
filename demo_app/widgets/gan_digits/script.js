// @ts-check
import * as zoo from "../shared/zoo.js";

const SIDE = 6;
const WIDTH = SIDE * 28;

/* `at` is the moment of the training; -1 is its end. */
export default zoo.widget({
  name: "gan-digits",
  state: { at: -1, seed: 1 },
  setup({ props, server, part, find, ask }) {
    const { model, figures } = props.data;
    let known = null; // {images_seen, sheets}, a sheet after the other
    let shown = null; // the last samples: {seed, z, sheet}

    const grid = (host, label) => new zoo.Grid(find(host), { columns: SIDE, rows: SIDE, label });
    const training = grid("over-training", "gan.digits_label");
    const samples = grid("new-samples", "gan.samples_label");
    const player = new zoo.Player(find("player"), { show: showMoment, seconds: 6 });

    const end = () => known.images_seen.length - 1;
    const sheetAt = (k) => zoo.nth(known.sheets, k, WIDTH * WIDTH);

    function showMoment(k) {
      part.set({ at: k === end() ? -1 : k });
      training.showSheet(WIDTH, WIDTH, sheetAt(k));
      training.cells.dataset.moment = k;
      find("moment").textContent = zoo.t("gan.moment", { images: zoo.number(known.images_seen[k]) });
      player.scrubber.setAttribute("aria-valuetext", find("moment").textContent);
    }

    function showFigures() {
      const { fid, fid_train_reference, fid_first_epoch } = figures;
      const [reference, first] = [fid_train_reference, fid_first_epoch].map((v) => zoo.number(v, 2));
      const values = { fid: zoo.number(fid, 2), reference, first };
      const words = fid === null ? [zoo.t("gan.unmeasured")] : [zoo.t("gan.fid", values)];
      if (fid !== null && fid_first_epoch !== null) words.push(zoo.t("gan.fid_first", values));
      find("figures").textContent = words.join(" ");
    }
    showFigures();

    const askTraining = ask(server.training, (answer) => {
      known = { images_seen: answer.images_seen, sheets: zoo.bytes(answer.sheets) };
      showTraining();
    });

    const askSamples = ask(server.samples, (answer, { seed }) => {
      shown = { seed, z: answer.z, sheet: zoo.bytes(answer.sheet) };
      samples.showSheet(WIDTH, WIDTH, shown.sheet);
      samples.cells.dataset.seed = seed;
    });

    function showTraining() {
      player.span(0, end());
      const at = part.get("at");
      player.seek(Number.isInteger(at) && at >= 0 ? at : end());
    }

    const images = (sheet) =>
      Array.from({ length: SIDE * SIDE }, (_, k) => zoo.fractions(zoo.cellOf(sheet, SIDE, k)));

    return {
      restore() {
        if (known) showTraining();
        else askTraining({});
        askSamples({ seed: part.get("seed") });
      },
      words() {
        showFigures();
        if (known) showMoment(player.frame);
      },
      png() {
        if (!known || !shown) return null;
        const items = [
          { canvas: training.cells, title: find("moment").textContent },
          { canvas: samples.cells, title: `${zoo.t("zoo.seed")} ${shown.seed}` },
        ];
        return [zoo.sheet(items, { columns: 2, size: 672, heading: model }), "genzoo-gan-digits.png"];
      },
      json() {
        if (!known || !shown) return null;
        const k = player.frame;
        return [{
          model,
          figures,
          training: { images_seen: known.images_seen[k], images: images(sheetAt(k)) },
          samples: { seed: shown.seed, z: shown.z, images: images(shown.sheet) },
        }, "genzoo-gan-digits.json"];
      },
    };
  },
});
