import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const D = 784;
  const SIDE = 28;

  const find = (selector) => element.querySelector(selector);

  const part = zoo.part(
    "transformer",
    {
      ...zoo.Sketch.defaults,
      ...zoo.Completions.defaults,
      pixel: 571,
      layer: 2,
      head: 1,
      temperature: 1,
      top_p: 1,
    },
    restore
  );

  let about = null; // {n_layers, n_heads, patch, nll, n_parameters}
  let answer = null; // of look: {pixel, logits, attention, log_prob, ...}
  let timed = null; // of timing

  /* The image, the enlarged map and the small ones */

  const sketch = new zoo.Sketch(find(".sketch"), {
    tab: "transformer",
    part,
    read: readPixel,
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

  const large = new zoo.Grid(find(".large"), {
    label: "transformer.large",
    read: readWeight,
    onpoint: showReading,
  });
  large.surface.addEventListener("click", () => inspect(large.pointed));
  large.surface.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    inspect(large.cursor);
  });
  large.addLayer((context, size) => {
    if (!answer) return;
    zoo.outline(context, size, sketch.pixels);
    const from = symbolOf(answer.pixel) * about.patch;
    context.lineWidth = 2;
    context.strokeStyle = zoo.token("accent");
    context.strokeRect(
      (from % SIDE) * size - 1,
      Math.floor(from / SIDE) * size - 1,
      about.patch * size + 2,
      size + 2
    );
  });
  large.repaint = () => answer && paint(large.cells, weights(part.get("layer"), part.get("head")));

  const symbolOf = (i) => Math.floor(i / about.patch);

  /* The share that each position has of the attention, in one head: (T,). */
  function weights(layer, head) {
    const T = D / about.patch;
    const from = ((layer - 1) * about.n_heads + head - 1) * T;
    return answer.attention.subarray(from, from + T);
  }

  const strongest = (w) => w.reduce((most, v) => Math.max(most, v), 1e-6);

  /* What has not been read yet is blank; the ink shines through a little. */
  function paint(canvas, w) {
    const blank = zoo.rgb(zoo.token("sunken"));
    const colors = zoo.colorMap("cividis");
    const most = strongest(w);
    const end = (symbolOf(answer.pixel) + 1) * about.patch;
    zoo.paintPixels(canvas, (data) => {
      for (let i = 0, o = 0; i < D; i++, o += 4) {
        const level = Math.round((255 * w[symbolOf(i)]) / most);
        for (let c = 0; c < 3; c++) {
          const color = i < end ? colors[3 * level + c] : blank[c];
          data[o + c] = color + (i < end && sketch.pixels[i] ? 0.22 * (255 - color) : 0);
        }
        data[o + 3] = 255;
      }
    });
  }

  function buildMaps() {
    const host = find(".maps");
    host.style.setProperty("--heads", about.n_heads);
    host.replaceChildren();
    for (let layer = 1; layer <= about.n_layers; layer++) {
      for (let head = 1; head <= about.n_heads; head++) {
        const button = zoo.make("button", { type: "button", role: "radio", "data-layer": layer,
          "data-head": head }, zoo.make("canvas", { width: SIDE, height: SIDE }));
        button.addEventListener("click", () => chooseMap(layer, head));
        host.append(button);
      }
    }
  }

  find(".maps").addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!by) return;
    event.preventDefault();
    const turn = (value, step, n) => ((value - 1 + step + n) % n) + 1;
    chooseMap(
      turn(part.get("layer"), by[0], about.n_layers),
      turn(part.get("head"), by[1], about.n_heads)
    );
    find(".maps [aria-checked=true]").focus();
  });

  function chooseMap(layer, head) {
    part.set({ layer, head });
    showChosen();
  }

  function showChosen() {
    if (!about) return;
    const words = (layer, head) =>
      zoo.t("transformer.layer_head", { layer: zoo.number(layer), head: zoo.number(head) });
    find(".chosen").textContent = words(part.get("layer"), part.get("head"));
    [...find(".maps").children].forEach((button) => {
      const [layer, head] = [Number(button.dataset.layer), Number(button.dataset.head)];
      const chosen = layer === part.get("layer") && head === part.get("head");
      button.setAttribute("aria-checked", chosen);
      button.tabIndex = chosen ? 0 : -1;
      button.title = words(layer, head);
      button.setAttribute("aria-label", words(layer, head));
    });
    if (!answer) return;
    large.repaint();
    large.refresh();
    showReading();
  }

  /* Asking the server: the picture and the pixel in one call, so that what is shown belongs together. */

  const look = zoo.latest(
    (given) => server.look({ x: given.x, i: given.i }),
    (reply, given, milliseconds) => {
      if (!zoo.showStatus(find(".look-status"), reply, milliseconds)) return;
      answer = {
        ...reply,
        pixel: given.i,
        logits: zoo.float32(reply.logits),
        attention: zoo.float32(reply.attention),
      };
      large.mark(given.i);
      sketch.canvas.mark(given.i);
      showMaps();
      showChosen();
      showScore();
    }
  );

  function ask() {
    if (about) look({ x: zoo.packBits(sketch.pixels), i: part.get("pixel") });
  }

  function showMaps() {
    [...find(".maps").children].forEach((button) =>
      paint(button.firstChild, weights(Number(button.dataset.layer), Number(button.dataset.head)))
    );
  }

  function inspect(i) {
    if (i === null || i === part.get("pixel")) return;
    part.set({ pixel: i });
    ask();
  }

  /* Words */

  const bold = (i) => zoo.make("b", {}, zoo.t("zoo.place", zoo.placeOf(i)));

  function readPixel(i) {
    if (!answer) return "";
    const l = answer.logits[i];
    const on = sketch.pixels[i] === 1;
    return zoo.t(on ? "zoo.is_ink" : "zoo.is_empty", {
      p: zoo.percent(1 / (1 + Math.exp(-l))),
      share: zoo.number(-Math.log1p(Math.exp(on ? -l : l)), 2),
    });
  }

  function readWeight(i) {
    if (!answer) return "";
    if (symbolOf(i) > symbolOf(answer.pixel)) return zoo.t("transformer.later");
    const w = weights(part.get("layer"), part.get("head"));
    return zoo.t("transformer.weight", { share: zoo.percent(w[symbolOf(i)]) });
  }

  /* Where this head looks most; or, with the pointer on a pixel, that one's share. */
  function showReading() {
    if (!answer) return;
    const w = weights(part.get("layer"), part.get("head"));
    const most = strongest(w);
    find(".high").textContent = zoo.percent(most);
    const line = find(".zoo-reading");
    if (large.pointed !== null) {
      line.replaceChildren(bold(large.pointed), " " + readWeight(large.pointed));
      return;
    }
    const best = w.indexOf(most);
    const from = best * about.patch;
    const values = {
      ...zoo.placeOf(from),
      last: zoo.number(((from + about.patch - 1) % SIDE) + 1),
      share: zoo.percent(most),
    };
    const key = best === symbolOf(answer.pixel) ? "transformer.most_own" : "transformer.most";
    line.replaceChildren(
      bold(answer.pixel),
      " " + readPixel(answer.pixel) + " " + zoo.t(key, values)
    );
  }

  function showScore() {
    if (!answer) return;
    find(".log-prob").textContent = zoo.number(answer.log_prob, 1);
    find(".bits").textContent = zoo.number(answer.bits_per_dim, 3);
    const p = answer.percentile;
    const key = p <= 0 ? "below_all" : p >= 1 ? "above_all" : "above_some";
    find(".zoo-verdict").textContent = zoo.t("transformer." + key, { share: zoo.percent(p) });
  }

  /* Completions */

  const completions = new zoo.Completions(find(".rest"), {
    tab: "transformer",
    part,
    sketch,
    rows: [null],
    call: (given) => server.complete(given),
    extra: () => ({ temperature: part.get("temperature"), top_p: part.get("top_p") }),
    fields: find(".sharpness"),
  });

  const sharpness = { temperature: find(".temperature"), top_p: find(".top-p") };
  const askSharpened = zoo.wait(60, () => completions.ask());
  for (const [key, slider] of Object.entries(sharpness)) {
    slider.addEventListener("input", () => {
      part.set({ [key]: Number(slider.value) });
      showSharpness();
      askSharpened();
    });
  }
  find(".as-learned").addEventListener("click", () => {
    part.set({ temperature: 1, top_p: 1 });
    showSharpness();
    completions.ask();
  });

  function showSharpness() {
    for (const [key, slider] of Object.entries(sharpness)) {
      slider.value = part.get(key);
      slider.parentElement.querySelector("output").textContent = zoo.number(part.get(key), 2);
    }
    find(".as-learned").disabled = part.get("temperature") === 1 && part.get("top_p") === 1;
  }

  /* What the cache saves */

  const measure = zoo.latest(
    (given) => server.timing(given),
    (reply) => {
      find(".measure").disabled = false;
      if (reply.ok) timed = reply;
      showTimed(reply.ok ? "" : reply.error);
    }
  );

  find(".measure").addEventListener("click", () => {
    find(".measure").disabled = true;
    find(".measured").textContent = zoo.t("transformer.measuring");
    measure({ again: true });
  });

  function showTimed(error) {
    const line = find(".measured");
    line.classList.toggle("zoo-bad", Boolean(error));
    if (error || !timed) {
      line.textContent = error || "";
      return;
    }
    const most = Math.max(timed.cached, timed.uncached);
    for (const key of ["cached", "uncached"]) {
      find(".bar." + key).style.width = (100 * timed[key]) / most + "%";
      find("." + key + "-time").textContent = zoo.number(timed[key]) + " ms";
    }
    find(".ratio").textContent = zoo.t("transformer.ratio", { ratio: zoo.number(timed.ratio, 1) });
    line.textContent = zoo.t("transformer.measured", {
      passes: zoo.number(timed.passes),
      symbols: zoo.number(timed.symbols),
    });
  }

  /* Keeping it */

  find(".save-png").addEventListener("click", () => {
    const items = [
      { canvas: sketch.canvas.cells, title: zoo.t("transformer.image") },
      { canvas: large.cells, title: find(".chosen").textContent },
      ...completions.pictures(0),
    ];
    [...find(".maps").children].forEach((button) =>
      items.push({ canvas: button.firstChild, title: button.title })
    );
    const score = zoo.number(answer.log_prob, 1) + " " + zoo.t("zoo.nats");
    const heading = "Transformer   log p(x) = " + score;
    zoo.savePNG(zoo.sheet(items, { columns: 5, size: 224, heading }), "transformer.png");
  });

  find(".save-json").addEventListener("click", () => {
    const rounded = (values, digits) => [...values].map((v) => Number(v.toFixed(digits)));
    const attention = [];
    for (let layer = 1; layer <= about.n_layers; layer++) {
      const heads = Array.from({ length: about.n_heads }, (_, h) => rounded(weights(layer, h + 1), 5));
      attention.push(heads);
    }
    zoo.saveJSON(
      {
        model: "transformer-mnist",
        address: location.href,
        pixels: [...sketch.pixels],
        log_prob: answer.log_prob,
        bits_per_dim: answer.bits_per_dim,
        percentile: answer.percentile,
        logits: rounded(answer.logits, 4),
        pixel: answer.pixel,
        pixels_per_symbol: about.patch,
        attention,
        known: completions.answer.given.known,
        seed: completions.answer.given.seed,
        temperature: completions.answer.given.temperature,
        top_p: completions.answer.given.top_p,
        completions: completions.numbers(0),
        timing: timed && { cached_ms: timed.cached, uncached_ms: timed.uncached },
      },
      "transformer.json"
    );
  });

  /* Language, theme, the URL */

  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    showChosen();
    showScore();
    showSharpness();
    showTimed();
  });
  zoo.onChange(zoo.theme, () => answer && showMaps());

  function restoreControls() {
    const chosen = about ? { layer: [1, about.n_layers], head: [1, about.n_heads] } : {};
    zoo.sane(part, { pixel: [0, D - 1], ...chosen }, {});
    for (const [key, slider] of Object.entries(sharpness)) {
      const value = part.get(key);
      if (!(value >= Number(slider.min) && value <= Number(slider.max))) part.set({ [key]: 1 });
    }
    completions.restore();
    showSharpness();
    showChosen();
  }

  function restore() {
    restoreControls();
    sketch.restore();
  }

  zoo.translate(element);
  find(".zoo-bar").style.background = zoo.gradient("cividis");
  restore();

  zoo.whenShown("transformer", () => {
    const begin = zoo.latest(
      () => server.start({}),
      (reply, given, milliseconds) => {
        if (!zoo.showStatus(find(".look-status"), reply, milliseconds)) return;
        about = reply.about;
        buildMaps();
        restoreControls();
        sketch.load(reply.digits, reply.labels);
        // After the picture: a measurement that another visitor caused is taken as it is.
        setTimeout(() => measure({ again: false }), 1500);
      }
    );
    begin({});
  });
}
