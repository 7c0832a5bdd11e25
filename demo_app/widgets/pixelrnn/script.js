import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const D = 784;
  const DECADES = 6; // from the strongest of both maps down to what is shown as nothing more

  const find = (selector) => element.querySelector(selector);
  const models = props.data.models;
  const KEYS = {
    "row-lstm-mnist": "pixelrnn.row",
    "diagonal-bilstm-mnist": "pixelrnn.diagonal",
  };

  const part = zoo.part(
    "pixelrnn",
    { ...zoo.Sketch.defaults, ...zoo.Completions.defaults, pixel: 433 },
    restore
  );

  let ready = false;
  let answers = null; // of look, one for each model
  let looked = null; // the pixel that they are about

  /* The image, and a map for each model */

  const sketch = new zoo.Sketch(find(".sketch"), {
    tab: "pixelrnn",
    part,
    read: (i) => models.map((_, m) => zoo.t(KEYS[models[m]]) + ": " + readPixel(m, i)).join(" "),
    onpoint: inspect,
    onchange() {
      ask();
      completions.askSoon();
    },
    online: () => completions.ask(),
    onreset() {
      restoreControls();
      ask();
      completions.ask();
    },
  });

  const cells = models.map((model) => {
    const cell = zoo.make("div", { class: "zoo-cell" });
    cell.innerHTML = `
      <div class="zoo-caption"><h3 data-t="${KEYS[model]}"></h3><span class="zoo-math">|&thinsp;&part;
        logit<sub>i</sub> / &part; x<sub>j</sub>&thinsp;|</span></div>
      <div class="map" data-testid="pixelrnn-${model}"></div>
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
    find(".zoo-thirds").append(cell);
    return cell;
  });

  const grids = models.map((model, m) => {
    const grid = new zoo.Grid(cells[m].querySelector(".map"), {
      label: "pixelrnn.map",
      read: (i) => readField(m, i),
      onpoint: (i) => point(m, i),
    });
    grid.surface.addEventListener("click", () => inspect(grid.pointed));
    grid.surface.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      inspect(grid.cursor);
    });
    grid.addLayer((context, size) => zoo.outline(context, size, sketch.pixels));
    grid.repaint = () => paint(m);
    return grid;
  });

  /* The same place on both maps: they are there to be compared. */
  function point(m, i) {
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

  /* Asking the server */

  const look = zoo.latest(
    (given) => server.look(given),
    (reply, given, milliseconds) => {
      if (!zoo.showStatus(find(".look-status"), reply, milliseconds)) return;
      looked = given.i;
      answers = reply.answers.map((a) => {
        const field = zoo.float32(a.field);
        return {
          ...a,
          logits: zoo.float32(a.logits),
          field,
          most: field.reduce((most, v) => Math.max(most, v), 0),
          reach: field.reduce((n, v) => n + (v > 0), 0),
        };
      });
      sketch.canvas.mark(looked);
      grids.forEach((grid) => {
        grid.mark(looked);
        grid.repaint();
        grid.refresh();
      });
      show();
    }
  );

  function ask() {
    if (ready) look({ x: zoo.packBits(sketch.pixels), i: part.get("pixel") });
  }

  function inspect(i) {
    if (i === null || i === part.get("pixel")) return;
    part.set({ pixel: i });
    ask();
  }

  /* Words */

  function readPixel(m, i) {
    if (!answers) return "";
    const l = answers[m].logits[i];
    const on = sketch.pixels[i] === 1;
    return zoo.t(on ? "zoo.is_ink" : "zoo.is_empty", {
      p: zoo.percent(1 / (1 + Math.exp(-l))),
      share: zoo.number(-Math.log1p(Math.exp(on ? -l : l)), 2),
    });
  }

  function power(value) {
    const exponent = Math.floor(Math.log10(value));
    const digits = { "-": "\u207b", 0: "\u2070", 1: "\u00b9", 2: "\u00b2", 3: "\u00b3" };
    const raised = [...String(exponent)]
      .map((c) => digits[c] || String.fromCharCode(0x2070 + Number(c)))
      .join("");
    const factor = value / 10 ** exponent;
    const exact = Math.abs(factor - 1) < 1e-6;
    return (exact ? "" : zoo.number(factor, 1) + "\u00b7") + "10" + raised;
  }

  function readField(m, i) {
    if (!answers) return "";
    if (i >= looked) return zoo.t("pixelrnn.later");
    const value = answers[m].field[i];
    return value > 0
      ? zoo.t("pixelrnn.sensitive", { value: power(value) })
      : zoo.t("pixelrnn.blind");
  }

  function showReadings() {
    if (!answers) return;
    cells.forEach((cell, m) => {
      const pointed = grids[m].pointed;
      const bold = zoo.make("b", {}, zoo.t("zoo.place", zoo.placeOf(pointed ?? looked)));
      const words =
        pointed !== null
          ? readField(m, pointed)
          : readPixel(m, looked) + " " +
            zoo.t("pixelrnn.reach", {
              seen: zoo.number(answers[m].reach),
              before: zoo.number(looked),
            });
      cell.querySelector(".zoo-reading").replaceChildren(bold, " " + words);
    });
  }

  function show() {
    if (!answers) return;
    const high = top();
    showReadings();
    cells.forEach((cell, m) => {
      const answer = answers[m];
      cell.querySelector(".low").textContent = "\u2264 " + power(10 ** (high - DECADES));
      cell.querySelector(".high").textContent = power(10 ** high);
      cell.querySelector(".log-prob").textContent = zoo.number(answer.log_prob, 1);
      cell.querySelector(".bits").textContent = zoo.number(answer.bits_per_dim, 3);
      const p = answer.percentile;
      const key = p <= 0 ? "below_all" : p >= 1 ? "above_all" : "above_some";
      cell.querySelector(".zoo-verdict").textContent = zoo.t("pixelrnn." + key, { share: zoo.percent(p) });
    });
  }

  /* Completions */

  const completions = new zoo.Completions(find(".rest"), {
    tab: "pixelrnn",
    part,
    sketch,
    rows: models.map((model) => KEYS[model]),
    call: (given) => server.complete(given),
  });

  /* Keeping it */

  find(".save-png").addEventListener("click", () => {
    const items = [{ canvas: sketch.canvas.cells, title: zoo.t("pixelrnn.image") }];
    models.forEach((model, m) => items.push({ canvas: grids[m].cells, title: zoo.t(KEYS[model]) }));
    models.forEach((model, m) =>
      completions.pictures(m).forEach((picture) =>
        items.push({ ...picture, title: zoo.t(KEYS[model]) + ", " + picture.title })
      )
    );
    zoo.savePNG(zoo.sheet(items, { columns: 5, size: 224, heading: "PixelRNN" }), "pixelrnn.png");
  });

  find(".save-json").addEventListener("click", () => {
    const { known, seed } = completions.answer.given;
    zoo.saveJSON(
      {
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
      },
      "pixelrnn.json"
    );
  });

  /* Language, the URL */

  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    show();
  });

  function restoreControls() {
    zoo.sane(part, { pixel: [0, D - 1] }, {});
    completions.restore();
  }

  function restore() {
    restoreControls();
    sketch.restore();
  }

  zoo.translate(element);
  element.querySelectorAll(".zoo-bar").forEach((bar) => (bar.style.background = zoo.gradient("cividis")));
  restore();

  zoo.whenShown("pixelrnn", () => {
    const begin = zoo.latest(
      () => server.start({}),
      (reply, given, milliseconds) => {
        if (!zoo.showStatus(find(".look-status"), reply, milliseconds)) return;
        ready = true;
        sketch.load(reply.digits, reply.labels);
      }
    );
    begin({});
  });
}
