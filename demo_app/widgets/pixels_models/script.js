// @ts-check
import * as zoo from "../shared/zoo.js";

const D = 784;
const SIDE = 28;
const MIDDLE = 14 * SIDE + 14;
const computation = zoo.computation("pixels");
const FIRST = 802; // the test digit of the first paint: the third 8
const [CORNER, PATCH] = [12, 4]; // the patch is rows and columns 12 to 15
const BACK = [1, 28, 783]; // how far AR(n) looks back, in the models that may be there
const WIDEST = { whole: 300, patch: 20 }; // nats of a full bar
const SHEETS = { whole: { side: SIDE, across: 4, gap: 4 }, patch: { side: PATCH, across: 7, gap: 2 } };

const FORMULAS = {
  independent: [["p(x", "i", ")"]],
  markov: [["p(x", "i", " | x"], ["", "i−1", ")"]],
  ar: [["p(x", "i", " | x"], ["", "i−n", " … x"], ["", "i−1", ")"]],
  joint: [["p(x", "1", " … x"], ["", "16", ")"]],
};

function formula(name) {
  const math = zoo.make("span", { class: "zoo-math" });
  for (const [before, sub, after] of FORMULAS[name]) {
    math.append(before, zoo.make("sub", {}, sub), after);
  }
  return math;
}

function title(key) {
  if (!key.startsWith("ar-")) return zoo.t("pixels." + key);
  const n = Number(key.slice(3));
  return zoo.t(n === D - 1 ? "pixels.ar_all" : "pixels.ar", { n: zoo.number(n) });
}

const nats = (value) => zoo.t("pixels.nats", { value: zoo.number(value, value < 1000 ? 2 : 0) });

function resize(canvas, size) {
  if (canvas.width === size) return;
  [canvas.width, canvas.height, canvas.zooImage] = [size, size, null];
}

/* Images of side x side bits, one after the other, in a square sheet with gaps. */
function paintSheet(canvas, bits, { side, across, gap }) {
  const size = across * side + (across - 1) * gap + 2 * (gap >> 1);
  resize(canvas, size + (size % 2));
  const [paper, ink, line] = ["paper", "pen", "sunken"].map((name) => zoo.rgb(zoo.token(name)));
  const width = canvas.width;
  zoo.paintPixels(canvas, (data) => {
    for (let y = 0, o = 0; y < width; y++) {
      for (let x = 0; x < width; x++, o += 4) {
        const [column, row] = [x, y].map((v) => Math.floor((v - (gap >> 1)) / (side + gap)));
        const [i, j] = [x - (gap >> 1) - column * (side + gap), y - (gap >> 1) - row * (side + gap)];
        const inside = i >= 0 && j >= 0 && i < side && j < side && column < across && row < across;
        const bit = bits[(row * across + column) * side * side + j * side + i];
        data.set(!inside ? line : bit ? ink : paper, o);
        data[o + 3] = 255;
      }
    }
  });
}

export default zoo.widget({
  name: "pixels-models",
  state: { x: "", back: 28, view: "samples", seed: 1, tool: "draw" },
  choices: { back: BACK, view: ["samples", "probability"], tool: ["draw", "erase"] },
  setup({ part, server, find, all, ask, change }) {
    let constants = null; // what start() answered
    let answer = null; // what look() answered last
    const drawn = {}; // samples by kind and model: {seed, images}

    /* The cards: one for each model of whole images, the third of them for the AR(n) that is chosen;
       and one for each model of the patch. */

    function fill(card, kind, name) {
      const id = "pixels-" + kind + "-" + name;
      const size = kind === "whole" ? 126 : 42;
      const caption = zoo.make("div", { class: "zoo-caption" }, zoo.make("h3"), formula(name));
      if (name === "ar") {
        const slider = zoo.make("input", { type: "range", class: "zoo-range back", min: 0,
          step: 1, "data-t-label": "pixels.back", "data-t-title": "pixels.back",
          "data-testid": "pixels-back" });
        slider.addEventListener("input", () => change({ back: backs()[Number(slider.value)] }));
        caption.lastChild.replaceWith(slider);
      }
      const row = (label, key, strong) => [
        zoo.make("dt", { class: strong ? "strong" : "", "data-t": label, "data-t-title": label + "_title" }),
        zoo.make("dd", { class: key + " zoo-figure", "data-testid": id + "-" + key }),
      ];
      const bar = (own) => zoo.make("div", { class: own ? "bars own" : "bars", "aria-hidden": "true" },
        zoo.make("span"));
      card.append(
        caption,
        zoo.make("canvas", { class: "picture zoo-paper", width: size, height: size, role: "img",
          "data-testid": id }),
        zoo.make("dl", { class: "zoo-stats" }, ...row("pixels.parameters", "n"),
          ...row("pixels.test", "test"), bar(false), ...row("pixels.yours", "own", true), bar(true))
      );
    }

    const cards = all("card");
    for (const card of cards) fill(card, kindOf(card), card.dataset.patch || card.dataset.column);

    /* The model of a card: its key for the server. */
    const keyOf = (card) =>
      card.dataset.patch || (card.dataset.column === "ar" ? "ar-" + part.get("back") : card.dataset.column);
    function kindOf(card) {
      return card.dataset.patch ? "patch" : "whole";
    }
    const backs = () => BACK.filter((n) => constants.whole["ar-" + n]);

    /* What a card is of, which does not wait for an answer. */
    function nameCard(card) {
      const [kind, key] = [kindOf(card), keyOf(card)];
      const label = isMap(kind) ? "pixels.map_label" : "pixels.sheet_label";
      const of = kind === "whole" ? "" : " (4\u00d74)";
      card.querySelector("h3").textContent = title(key);
      card.querySelector(".picture").setAttribute("aria-label", zoo.t(label, { model: title(key) }) + of);
    }
    const isMap = (kind) => kind === "whole" && part.get("view") === "probability";

    function showAll() {
      const known = constants ? backs() : [];
      if (known.length && !known.includes(part.get("back"))) part.set({ back: known[0] });
      cards.forEach(nameCard);
      if (!constants) return;
      for (const card of cards) {
        const [kind, key] = [kindOf(card), keyOf(card)];
        const about = constants[kind][key];
        card.style.visibility = about ? "" : "hidden";
        if (!about) continue;
        card.querySelector(".n").textContent = zoo.number(about.n_free);
        card.querySelector(".test").textContent = about.nll === null ? "–" : nats(about.nll);
        bar(card, 0, about.nll, kind);
        if (answer) {
          const own = -(kind === "patch" ? answer.patch : answer.log_prob)[key];
          card.querySelector(".own").textContent = nats(own);
          bar(card, 1, own, kind);
        }
        showPicture(card);
      }
      const slider = find("back");
      slider.max = Math.max(0, known.length - 1);
      slider.value = known.indexOf(part.get("back"));
      slider.setAttribute("aria-valuetext", title("ar-" + part.get("back")));
      find("small").hidden = !Object.keys(constants.patch).length;
      tell();
    }

    function bar(card, which, value, kind) {
      const share = value === null ? 0 : Math.min(1, value / WIDEST[kind]);
      card.querySelectorAll(".bars > span")[which].style.width = 100 * share + "%";
    }

    /* A card's picture: its samples, or the probability of ink at each pixel of the drawn image. */
    function showPicture(card) {
      const [kind, key] = [kindOf(card), keyOf(card)];
      const canvas = card.querySelector(".picture");
      if (isMap(kind)) {
        if (!answer) return;
        resize(canvas, SIDE);
        zoo.paint(canvas, zoo.bytes(answer.probability[key]), { map: "cividis", high: 255 });
        return;
      }
      const samples = drawn[kind + key];
      if (!samples || samples.seed !== part.get("seed")) askFor(kind, key);
      if (samples) paintSheet(canvas, samples.images, SHEETS[kind]);
    }

    const asking = {}; // for each kind and model, a call of its own
    function askFor(kind, key) {
      asking[kind + key] ??= zoo.once(zoo.latest(server.samples, (reply, given) => {
        if (!reply.ok) return zoo.showStatus(find("state"), reply);
        const { across, side } = SHEETS[kind];
        drawn[kind + key] = { seed: given.seed, images: zoo.unpackBits(reply.images, (across * side) ** 2) };
        cards.filter((card) => kindOf(card) === kind && keyOf(card) === key).forEach(showPicture);
      }));
      asking[kind + key]({ kind, model: key, seed: part.get("seed") });
    }

    /* The drawn image */

    const canvas = new zoo.PixelCanvas(find("canvas"), {
      label: "zoo.canvas",
      read: (i) => zoo.t(canvas.pixels[i] ? "pixels.ink" : "pixels.empty"),
      onpoint(i) {
        pointed = i ?? pointed;
        tell();
      },
      onchange: changed,
    });
    canvas.addLayer((context, size) => {
      if (!constants || !Object.keys(constants.patch).length) return;
      context.strokeStyle = zoo.token("accent");
      context.lineWidth = 2;
      context.strokeRect(CORNER * size, CORNER * size, PATCH * size, PATCH * size);
    });

    const look = ask(server.look, (reply) => {
      answer = reply;
      showAll();
    });

    /* What AR(n) makes of the pixel that was pointed at last. */
    let pointed = MIDDLE;
    function tell() {
      const ar = "ar-" + part.get("back");
      if (!answer?.probability[ar]) return;
      computation.value = {
        pixels: canvas.pixels.slice(), i: pointed, back: part.get("back"),
        p: zoo.bytes(answer.probability[ar])[pointed] / 255, logProb: answer.log_prob[ar],
      };
    }

    function changed(pixels, finished) {
      drawPatch();
      if (!constants) return;
      look({ x: zoo.packBits(pixels) });
      if (!finished) return;
      part.set({ x: zoo.urlBits(pixels) });
      const { id } = chooser;
      if (id !== null && !pixels.every((bit, i) => bit === chooser.bits(id)[i])) chooser.mark(null);
    }

    function drawPatch() {
      const bits = Uint8Array.from({ length: PATCH * PATCH }, (_, i) => {
        return canvas.pixels[(CORNER + Math.floor(i / PATCH)) * SIDE + CORNER + (i % PATCH)];
      });
      zoo.paint(find("patch"), bits, { map: "ink" });
    }

    const chooser = new zoo.Chooser(find("chooser"), {
      label: "pixels.choose",
      onchoose: (id) => canvas.load(chooser.bits(id)),
    });
    const pens = new zoo.Pens(find("pens"), canvas, { testid: "pixels", part, clear: true });

    /* What is shown */

    const markView = zoo.choice(find("views"), (view) => change({ view }));

    function showControls() {
      markView(part.get("view"));
      find("only-probability").style.visibility = part.get("view") === "probability" ? "" : "hidden";
      find("cividis").style.background = zoo.gradient("cividis");
      pens.show();
    }

    function restore() {
      showControls();
      if (!constants) return showAll();
      const first = chooser.nearest(FIRST);
      const kept = part.get("x") ? zoo.unpackBits(part.get("x"), D) : null;
      canvas.restore(kept || chooser.bits(first));
      if (!kept) {
        chooser.mark(first);
        part.set({ x: "" });
      }
      showAll();
    }

    ask(server.start, (reply) => {
      constants = reply;
      const bits = zoo.unpackBits(reply.digits, reply.labels.length * D);
      chooser.load(bits.map((bit) => 255 * bit), reply.labels, (c) => zoo.t("zoo.digit", { digit: c }));
      restore();
    })({});

    return {
      restore,
      random: () => ({ view: "samples", seed: zoo.newSeed() }),
      words: showAll,
      paint() {
        showControls();
        drawPatch();
        showAll();
      },
      png() {
        if (!answer) return null;
        const items = [{ canvas: canvas.cells, title: zoo.t("pixels.image") }];
        for (const card of cards.filter((card) => constants[kindOf(card)][keyOf(card)])) {
          if (kindOf(card) === "patch" && items.length === 4) {
            items.push({ canvas: find("patch"), title: zoo.t("pixels.patch_title") });
          }
          const own = card.querySelector(".own").textContent;
          items.push({ canvas: card.querySelector(".picture"), title: title(keyOf(card)) + ": " + own });
        }
        const heading = zoo.t("pixels.models_title");
        return [zoo.sheet(items, { columns: 4, size: 252, heading }), "genzoo-pixels.png"];
      },
      json() {
        if (!answer) return null;
        const images = (bits, size) => Array.from({ length: bits.length / size }, (_, k) => [
          ...bits.subarray(k * size, (k + 1) * size),
        ]);
        const samples = cards
          .filter((card) => drawn[kindOf(card) + keyOf(card)])
          .map((card) => {
            const { seed, images: bits } = drawn[kindOf(card) + keyOf(card)];
            const size = kindOf(card) === "whole" ? D : PATCH * PATCH;
            return { model: keyOf(card), of: kindOf(card), seed, images: images(bits, size) };
          });
        const value = {
          address: location.href,
          pixels: [...canvas.pixels],
          log_prob: answer.log_prob,
          log_prob_of_patch: answer.patch,
          models: constants.whole,
          models_of_patch: constants.patch,
          samples,
        };
        return [value, "genzoo-pixels.json"];
      },
    };
  },
});
