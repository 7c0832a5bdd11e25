// @ts-check
import * as zoo from "../shared/zoo.js";

const D = 784;
const SIDE = 28;
const computation = zoo.computation("transformer");

const strongest = (w) => w.reduce((most, v) => Math.max(most, v), 1e-6);
const rounded = (values, digits) => [...values].map((v) => Number(v.toFixed(digits)));

export default zoo.widget({
  name: "transformer",
  state: {
    ...zoo.digitsOptions.state,
    pixel: 571,
    layer: 2,
    head: 1,
    temperature: 1,
    top_p: 1,
  },
  ranges: { ...zoo.digitsOptions.ranges, pixel: [0, D - 1] },
  choices: zoo.digitsOptions.choices,
  setup(w) {
    const { part, server, find, askNew } = w;

    let about = null; // {n_layers, n_heads, patch, nll, n_parameters}
    let answer = null; // of look: {pixel, logits, attention, log_prob, ...}
    let timed = null; // of timing

    /* The image, the enlarged map and the small ones */

    const { sketch, completions, inspect, ...digits } = zoo.digits(w, "transformer", {
      look: askNew(server.look, (reply, given) => {
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
        zoo.showScore(w.element, answer, "transformer.");
      }),
      read: readPixel,
      rows: [null],
      call: server.complete,
      extra: () => ({ temperature: part.get("temperature"), top_p: part.get("top_p") }),
      fields: find("sharpness"),
      began(reply) {
        ({ about } = reply);
        buildMaps();
        restoreChosen();
        // After the picture: a measurement that another visitor caused is taken as it is.
        setTimeout(() => measure({ again: false }), 1500);
      },
    });

    const large = new zoo.Grid(find("large"), {
      label: "transformer.large",
      read: readWeight,
      onpoint: showReading,
      onchoose: inspect,
    });

    large.addLayer((context, size) => {
      if (!answer) return;
      zoo.outline(context, size, sketch.pixels);
      const from = tokenOf(answer.pixel) * about.patch;
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

    const tokenOf = (i) => Math.floor(i / about.patch);

    /* The share that each position has of the attention, in one head: (T,). */
    function weights(layer, head) {
      const T = D / about.patch;
      const from = ((layer - 1) * about.n_heads + head - 1) * T;
      return answer.attention.subarray(from, from + T);
    }

    /* What has not been read yet is blank; the ink shines through a little. */
    function paint(canvas, w) {
      const blank = zoo.rgb(zoo.token("sunken"));
      const colors = zoo.colorMap("cividis");
      const most = strongest(w);
      const end = (tokenOf(answer.pixel) + 1) * about.patch;
      zoo.paintPixels(canvas, (data) => {
        for (let i = 0, o = 0; i < D; i++, o += 4) {
          const level = Math.round((255 * w[tokenOf(i)]) / most);
          for (let c = 0; c < 3; c++) {
            const color = i < end ? colors[3 * level + c] : blank[c];
            data[o + c] = color + (i < end && sketch.pixels[i] ? 0.22 * (255 - color) : 0);
          }
          data[o + 3] = 255;
        }
      });
    }

    function buildMaps() {
      const host = find("maps");
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

    find("maps").addEventListener("keydown", (event) => {
      const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      if (!by) return;
      event.preventDefault();
      const turn = (value, step, n) => ((value - 1 + step + n) % n) + 1;
      chooseMap(
        turn(part.get("layer"), by[0], about.n_layers),
        turn(part.get("head"), by[1], about.n_heads)
      );
      find("maps [aria-checked=true]").focus();
    });

    function chooseMap(layer, head) {
      part.set({ layer, head });
      showChosen();
    }

    function showChosen() {
      if (!about) return;
      const words = (layer, head) =>
        zoo.t("transformer.layer_head", { layer: zoo.number(layer), head: zoo.number(head) });
      find("chosen").textContent = words(part.get("layer"), part.get("head"));
      [...find("maps").children].forEach((button) => {
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

    function showMaps() {
      [...find("maps").children].forEach((button) =>
        paint(button.firstChild, weights(Number(button.dataset.layer), Number(button.dataset.head)))
      );
    }

    /* Words */

    function readPixel(i) {
      return answer ? zoo.readLogit(answer.logits[i], sketch.pixels[i]) : "";
    }

    function readWeight(i) {
      if (!answer) return "";
      if (tokenOf(i) > tokenOf(answer.pixel)) return zoo.t("transformer.later");
      const w = weights(part.get("layer"), part.get("head"));
      return zoo.t("transformer.weight", { share: zoo.percent(w[tokenOf(i)]) });
    }

    /* Where this head looks most; or, with the pointer on a pixel, that one's share. */
    function showReading() {
      if (!answer) return;
      const [layer, head] = [part.get("layer"), part.get("head")];
      const w = weights(layer, head);
      computation.value = {
        pixels: sketch.pixels.slice(), i: answer.pixel, patch: about.patch, weights: w, layer, head,
        logit: answer.logits[answer.pixel],
        pointed: large.pointed === null ? null : tokenOf(large.pointed),
      };
      const most = strongest(w);
      find("high").textContent = zoo.percent(most);
      const line = find("zoo-reading");
      if (large.pointed !== null) return zoo.readAt(line, large.pointed, readWeight(large.pointed));
      const best = w.indexOf(most);
      const from = best * about.patch;
      const values = {
        ...zoo.placeOf(from),
        last: zoo.number(((from + about.patch - 1) % SIDE) + 1),
        share: zoo.percent(most),
      };
      const key = best === tokenOf(answer.pixel) ? "transformer.most_own" : "transformer.most";
      zoo.readAt(line, answer.pixel, readPixel(answer.pixel) + " " + zoo.t(key, values));
    }

    /* How sharp the completions' distributions are */

    const sharpness = { temperature: find("temperature"), top_p: find("top-p") };
    const askSharpened = zoo.wait(60, () => completions.ask());
    for (const [key, slider] of Object.entries(sharpness)) {
      slider.addEventListener("input", () => {
        part.set({ [key]: Number(slider.value) });
        showSharpness();
        askSharpened();
      });
    }
    find("as-learned").addEventListener("click", () => {
      part.set({ temperature: 1, top_p: 1 });
      showSharpness();
      completions.ask();
    });

    function showSharpness() {
      for (const [key, slider] of Object.entries(sharpness)) {
        slider.value = part.get(key);
        slider.parentElement.querySelector("output").textContent = zoo.number(part.get(key), 2);
      }
      find("as-learned").disabled = part.get("temperature") === 1 && part.get("top_p") === 1;
    }

    /* What the cache saves */

    const measure = zoo.latest(
      (given) => server.timing(given),
      (reply) => {
        find("measure").disabled = false;
        if (reply.ok) timed = reply;
        showTimed(reply.ok ? "" : reply.error);
      }
    );

    find("measure").addEventListener("click", () => {
      find("measure").disabled = true;
      find("measured").textContent = zoo.t("transformer.measuring");
      measure({ again: true });
    });

    function showTimed(error) {
      const line = find("measured");
      line.classList.toggle("zoo-bad", Boolean(error));
      if (error || !timed) {
        line.textContent = error || "";
        return;
      }
      const most = Math.max(timed.cached, timed.uncached);
      for (const key of ["cached", "uncached"]) {
        find("bar." + key).style.width = (100 * timed[key]) / most + "%";
        find(key + "-time").textContent = zoo.number(timed[key]) + " ms";
      }
      find("ratio").textContent = zoo.t("transformer.ratio", { ratio: zoo.number(timed.ratio, 1) });
      line.textContent = zoo.t("transformer.measured", {
        passes: zoo.number(timed.passes),
        tokens: zoo.number(timed.tokens),
      });
    }

    /* All together */

    function restoreChosen() {
      if (about) zoo.sane(part, { layer: [1, about.n_layers], head: [1, about.n_heads] });
      showChosen();
    }

    find("zoo-bar").style.background = zoo.gradient("cividis");
    return {
      restore() {
        for (const [key, slider] of Object.entries(sharpness)) {
          const value = part.get(key);
          if (!(value >= Number(slider.min) && value <= Number(slider.max))) part.set({ [key]: 1 });
        }
        showSharpness();
        restoreChosen();
        digits.restore();
      },
      random: digits.random,
      words() {
        showChosen();
        showSharpness();
        showTimed();
        if (answer) zoo.showScore(w.element, answer, "transformer.");
      },
      paint: () => answer && showMaps(),
      png() {
        if (!answer) return null;
        const items = [
          { canvas: sketch.canvas.cells, title: zoo.t("transformer.image") },
          { canvas: large.cells, title: find("chosen").textContent },
          ...completions.pictures(0),
        ];
        [...find("maps").children].forEach((button) =>
          items.push({ canvas: button.firstChild, title: button.title })
        );
        const score = zoo.number(answer.log_prob, 1) + " " + zoo.t("zoo.nats");
        const heading = "Transformer   log p(x) = " + score;
        return [zoo.sheet(items, { columns: 5, size: 224, heading }), "transformer.png"];
      },
      json() {
        if (!answer || !completions.answer) return null;
        const attention = [];
        for (let layer = 1; layer <= about.n_layers; layer++) {
          const heads = Array.from({ length: about.n_heads }, (_, h) => rounded(weights(layer, h + 1), 5));
          attention.push(heads);
        }
        const value = {
          model: "transformer-mnist",
          address: location.href,
          pixels: [...sketch.pixels],
          log_prob: answer.log_prob,
          bits_per_dim: answer.bits_per_dim,
          percentile: answer.percentile,
          logits: rounded(answer.logits, 4),
          pixel: answer.pixel,
          pixels_per_token: about.patch,
          attention,
          known: completions.answer.given.known,
          seed: completions.answer.given.seed,
          temperature: completions.answer.given.temperature,
          top_p: completions.answer.given.top_p,
          completions: completions.numbers(0),
          timing: timed && { cached_ms: timed.cached, uncached_ms: timed.uncached },
        };
        return [value, "transformer.json"];
      },
    };
  },
});
