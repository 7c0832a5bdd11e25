// @ts-check
import * as zoo from "../shared/zoo.js";

const D = 784;
const computation = zoo.computation("pixelrnn");
const DECADES = 6; // from the strongest of both maps down to what is shown as nothing more
const NAMES = {
  "row-lstm-mnist": "pixelrnn.row",
  "diagonal-bilstm-mnist": "pixelrnn.diagonal",
};

const CELL = (model) => `
  <div class="zoo-caption"><h3 data-t="${NAMES[model]}"></h3><span class="zoo-math">|&thinsp;&part;
    logit<sub>i</sub> / &part; x<sub>j</sub>&thinsp;|</span></div>
  <div class="map" data-effect data-testid="pixelrnn-${model}"></div>
  <div class="zoo-legend"><span class="low zoo-figure"></span><span class="zoo-bar"></span><span
    class="high zoo-figure"></span></div>
  <p class="zoo-reading"></p>
  <div class="zoo-sum">
    <div><span class="zoo-what zoo-math">log p(x)</span><span class="zoo-value"><output
      class="log-prob" data-testid="pixelrnn-score-${model}"></output> <span
      data-t="zoo.nats"></span></span></div>
    <div><span class="zoo-what" data-t="zoo.bits_label"></span><span class="zoo-value"><output
      class="bits"></output></span></div>
    <p class="zoo-verdict"></p>
  </div>`;

export default zoo.widget({
  name: "pixelrnn",
  state: { ...zoo.digitsOptions.state, pixel: 433 },
  ranges: { ...zoo.digitsOptions.ranges, pixel: [0, D - 1] },
  choices: zoo.digitsOptions.choices,
  setup(w) {
    const { props, server, find, all, askNew } = w;
    const { models } = props.data;

    let answers = null; // of look, one for each model
    let looked = null; // the pixel that they are about

    /* The image, and a map for each model */

    const { sketch, completions, inspect, restore, random } = zoo.digits(w, "pixelrnn", {
      look: askNew(server.look, (reply, given) => {
        looked = given.i;
        answers = reply.answers.map((a) => {
          const field = zoo.float32(a.field);
          return {
            ...a,
            logits: zoo.float32(a.logits),
            field,
            most: field.reduce((most, v) => Math.max(most, v), 0),
            reach: field.reduce((n, v) => n + Number(v > 0), 0),
          };
        });
        tell();
        sketch.canvas.mark(looked);
        for (const grid of grids) {
          grid.mark(looked);
          grid.repaint();
          grid.refresh();
        }
        show();
      }),
      read: (i) => models.map((model, m) => zoo.t(NAMES[model]) + ": " + readPixel(m, i)).join(" "),
      rows: models.map((model) => NAMES[model]),
      call: server.complete,
    });

    const cells = models.map((model) => {
      const cell = zoo.make("div", { class: "zoo-cell" });
      cell.innerHTML = CELL(model);
      find("zoo-thirds").append(cell);
      return cell;
    });

    const grids = cells.map((cell, m) => {
      const grid = new zoo.Grid(cell.querySelector(".map"), {
        label: "pixelrnn.map",
        of: zoo.t(NAMES[models[m]]),
        read: (i) => readField(m, i),
        onpoint: (i) => point(m, i),
        onchoose: inspect,
      });
      grid.addLayer((context, size) => zoo.outline(context, size, sketch.pixels));
      grid.repaint = () => paint(m);
      return grid;
    });

    /* The pixel that is pointed at on a map, or else the one that the maps are about. */
    function tell(i = looked) {
      if (!answers) return;
      const odds = answers.map((a, m) => ({ name: NAMES[models[m]], logit: a.logits[i] }));
      computation.value = { pixels: sketch.pixels.slice(), i, odds };
    }

    /* The same place on both maps: they are there to be compared. */
    function point(m, i) {
      tell(i ?? looked);
      grids.forEach((grid, other) => {
        if (other === m) return;
        grid.pointed = i;
        grid.refresh();
      });
      showReadings();
    }

    /* The top of the scale, shared by the maps: a power of ten. */
    function top() {
      const most = Math.max(...answers.map((a) => a.most));
      return most > 0 ? Math.ceil(Math.log10(most)) : 0;
    }

    function paint(m) {
      if (!answers) return;
      const { field } = answers[m];
      const blank = zoo.rgb(zoo.token("sunken"));
      const colors = zoo.colorMap("cividis");
      const high = top();
      zoo.paintPixels(grids[m].cells, (data) => {
        for (let i = 0, o = 0; i < D; i++, o += 4) {
          const at = (Math.log10(field[i]) - high + DECADES) / DECADES;
          const level = Math.round(255 * Math.max(0, Math.min(1, at)));
          for (let c = 0; c < 3; c++) data[o + c] = field[i] > 0 ? colors[3 * level + c] : blank[c];
          data[o + 3] = 255;
        }
      });
    }

    /* Words */

    function readPixel(m, i) {
      return answers ? zoo.readLogit(answers[m].logits[i], sketch.pixels[i]) : "";
    }

    function readField(m, i) {
      if (!answers) return "";
      if (i >= looked) return zoo.t("pixelrnn.later");
      const value = answers[m].field[i];
      return value > 0
        ? zoo.t("pixelrnn.sensitive", { value: zoo.power(value) })
        : zoo.t("pixelrnn.blind");
    }

    function showReadings() {
      if (!answers) return;
      cells.forEach((cell, m) => {
        const { pointed } = grids[m];
        const reach = { seen: zoo.number(answers[m].reach), before: zoo.number(looked) };
        const words =
          pointed !== null
            ? readField(m, pointed)
            : readPixel(m, looked) + " " + zoo.t("pixelrnn.reach", reach);
        zoo.readAt(cell.querySelector(".zoo-reading"), pointed ?? looked, words);
      });
    }

    function show() {
      if (!answers) return;
      const high = top();
      showReadings();
      cells.forEach((cell, m) => {
        cell.querySelector(".low").textContent = "\u2264 " + zoo.power(10 ** (high - DECADES));
        cell.querySelector(".high").textContent = zoo.power(10 ** high);
        zoo.showScore(cell, answers[m], "pixelrnn.");
      });
    }

    for (const bar of all("zoo-bar")) bar.style.background = zoo.gradient("cividis");
    return {
      restore,
      random,
      words: show,
      png() {
        if (!answers) return null;
        const items = [{ canvas: sketch.canvas.cells, title: zoo.t("pixelrnn.image") }];
        models.forEach((model, m) => items.push({ canvas: grids[m].cells, title: zoo.t(NAMES[model]) }));
        models.forEach((model, m) =>
          completions.pictures(m).forEach((picture) =>
            items.push({ ...picture, title: zoo.t(NAMES[model]) + ", " + picture.title })
          )
        );
        return [zoo.sheet(items, { columns: 5, size: 224, heading: "PixelRNN" }), "pixelrnn.png"];
      },
      json() {
        if (!answers || !completions.answer) return null;
        const { known, seed } = completions.answer.given;
        const value = {
          address: location.href,
          pixels: [...sketch.pixels],
          pixel: looked,
          known,
          seed,
          models: models.map((model, m) => ({
            model,
            log_prob: answers[m].log_prob,
            bits_per_dim: answers[m].bits_per_dim,
            percentile: answers[m].percentile,
            logits: [...answers[m].logits].map((l) => Number(l.toFixed(4))),
            field: [...answers[m].field].map((v) => Number(v.toPrecision(4))),
            completions: completions.numbers(m),
          })),
        };
        return [value, "pixelrnn.json"];
      },
    };
  },
});
