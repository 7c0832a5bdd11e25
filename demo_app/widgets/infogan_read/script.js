import { chosen, taken } from "../infogan_codes/script.js";
import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const find = (name) => element.querySelector("." + name);
  const D = 784;
  const LIMIT = 2; // of a continuous code
  const FIRST = 204; // the digit that is there at first, by the chooser's ids
  const { meaning, deviation } = props.data; // the digit of each category; that of q(c | x)

  const part = zoo.part("infogan-read", { image: FIRST, drawing: "" }, restore);

  let codes = null; // what the widget above is at: the noise is its
  let digits = null; // {images, labels} to begin with
  let shown = null; // the last answer, beside x and seed
  let others = null; // pictures of the same codes by other noise
  let loading = false; // the canvas is being filled by us, not drawn on

  /* The image */

  const canvas = new zoo.SoftCanvas(find("draw"), {
    label: "zoo.canvas",
    read: (i) => zoo.percent(canvas.pixels[i] / 255),
    onchange: drew,
  });

  // Training digits lie in the middle 20 x 20 pixels.
  canvas.addLayer((context, size) => {
    context.strokeStyle = zoo.token("strong-line");
    context.globalAlpha = 0.6;
    context.setLineDash([2, 4]);
    context.lineWidth = 1;
    context.strokeRect(4 * size + 0.5, 4 * size + 0.5, 20 * size - 1, 20 * size - 1);
    context.setLineDash([]);
    context.globalAlpha = 1;
  });

  const chooser = new zoo.Chooser(find("chooser"), {
    label: "zoo.digits",
    onchoose: (id) => {
      part.set({ image: id, drawing: "" });
      fill(true);
    },
  });

  function drew(pixels, finished) {
    find("undo").disabled = !canvas.past.length;
    find("redo").disabled = !canvas.future.length;
    if (loading) return;
    if (chooser.id !== null) chooser.mark(null); // once a drawing: it paints all of its pictures
    if (finished) {
      // As the address will have it: sixteen levels.
      const drawing = zoo.urlLevels(pixels);
      pixels.set(zoo.readLevels(drawing, D));
      part.set({ image: -1, drawing });
    }
    read();
    if (finished) askOthersSoon();
  }

  /* The image of the state onto the canvas. */
  function fill(undoable) {
    const drawn = part.get("drawing") ? zoo.readLevels(part.get("drawing"), D) : null;
    if (!drawn) {
      const id = chooser.nearest(part.get("image") < 0 ? FIRST : part.get("image"));
      part.set({ image: id, drawing: "" });
    }
    chooser.mark(drawn ? null : part.get("image"));
    loading = true;
    const pixels = drawn || chooser.picture(part.get("image"));
    if (undoable) canvas.load(pixels);
    else canvas.put(pixels);
    loading = false;
    read();
    askOthersSoon();
  }

  /* From the image to codes, and from these to what is made of them */

  const ask = zoo.latest(server.read, (answer, given, total) => {
    zoo.showStatus(find("state"), answer, total);
    if (!answer.ok) return;
    shown = { ...answer, ...given, image: zoo.bytes(answer.image) };
    drawRemade();
    showCodes();
  });

  const read = () => ask({ x: btoa(String.fromCharCode(...canvas.pixels)), seed: codes.seed });

  function drawRemade() {
    const remade = find("remade");
    zoo.paint(remade, shown.image, { map: "ink", high: 255 });
    remade.dataset.codes = [shown.category, ...shown.continuous, shown.seed].join(" ");
  }

  const askOthers = zoo.latest(server.others, (answer) => {
    if (!answer.ok) return;
    others = zoo.bytes(answer.images);
    drawOthers();
  });
  const askOthersSoon = zoo.wait(120, () => {
    if (!shown) return askOthersSoon();
    const { category, continuous } = shown;
    askOthers({ category, continuous, seed: (codes.seed + 1) % 2 ** 31 });
  });

  function drawOthers() {
    if (!others) return;
    const n = others.length / D;
    while (find("others").children.length < n) {
      find("others").append(zoo.make("canvas", { width: 28, height: 28, "aria-hidden": "true" }));
    }
    [...find("others").children].forEach((small, k) => {
      zoo.paint(small, others.subarray(k * D, (k + 1) * D), { map: "ink", high: 255 });
    });
  }

  /* What Q says */

  const bars = new zoo.CategoryBars(find("bars"), { meaning, testid: "infogan-read-bar" });
  const pair = (c) => "(" + c.map((v) => zoo.number(v, 2)).join(", ") + ")";

  function showCodes() {
    const { probabilities, category, mean } = shown;
    bars.show(probabilities, category);
    find("mean").textContent = "c = " + pair(mean);
    const values = {
      digit: meaning[category],
      category,
      p: zoo.number(100 * probabilities[category], 1),
      second: meaning[runnerUp(probabilities, category)],
    };
    const beyond = mean.some((v) => Math.abs(v) > LIMIT);
    const key = probabilities[category] > 0.9 ? "infogan.sure" : "infogan.unsure";
    find("verdict").textContent = zoo.t(key, values) + (beyond ? " " + zoo.t("infogan.beyond") : "");
    drawPad();
    said();
  }

  function runnerUp(probabilities, first) {
    const order = probabilities.map((_, k) => k).filter((k) => k !== first);
    return order.reduce((a, b) => (probabilities[b] > probabilities[a] ? b : a));
  }

  const said = zoo.wait(400, () => {
    find("said").textContent = find("verdict").textContent + " " + find("mean").textContent;
  });

  function drawPad() {
    const pad = find("pad");
    if (!shown || !pad.clientWidth) return;
    const size = pad.clientWidth;
    const context = zoo.sharp(pad);
    zoo.drawSquare(context, size, LIMIT);
    const [x, y] = shown.mean;
    const place = [((x / LIMIT + 1) / 2) * size, ((1 - y / LIMIT) / 2) * size];
    zoo.drawReading(context, place, (deviation / LIMIT / 2) * size);
  }

  /* Controls */

  element.querySelectorAll(".pen").forEach((button) => {
    button.addEventListener("click", () => setTool(button.dataset.tool));
  });
  function setTool(tool) {
    canvas.tool = tool;
    element.querySelectorAll(".pen").forEach((button) => {
      button.setAttribute("aria-pressed", button.dataset.tool === tool);
    });
  }
  find("undo").addEventListener("click", () => canvas.undo());
  find("redo").addEventListener("click", () => canvas.redo());
  find("clear").addEventListener("click", () => canvas.clear());

  find("take").addEventListener("click", () => {
    if (!shown) return;
    taken.value = { category: shown.category, continuous: shown.continuous };
    document.querySelector("#infogan-codes-title").scrollIntoView({
      behavior: zoo.still() ? "auto" : "smooth",
    });
  });

  find("random").addEventListener("click", () => {
    if (!digits) return;
    const c = zoo.newSeed() % 10;
    part.set({ image: 100 * c + (zoo.newSeed() % chooser.counts[c]), drawing: "" });
    fill(true);
  });
  find("reset").addEventListener("click", () => {
    part.set(part.defaults);
    fill(true);
  });

  find("png").addEventListener("click", () => {
    if (!shown || !others) return;
    const items = [
      { canvas: canvas.cells, title: zoo.t("infogan.image") },
      { canvas: find("remade"), title: zoo.t("infogan.remade") },
      ...[...find("others").children].map((small) => ({ canvas: small, title: "" })),
    ];
    const heading = `${zoo.t("infogan.place", {
      category: shown.category,
      digit: meaning[shown.category],
      codes: pair(shown.continuous),
      seed: shown.seed,
    })}`;
    zoo.savePNG(zoo.sheet(items, { columns: 4, size: 224, heading }), "genzoo-infogan-read.png");
  });
  find("json").addEventListener("click", () => {
    if (!shown) return;
    const { probabilities, mean, category, continuous, seed, image } = shown;
    const levels = (bytes) => Array.from(bytes, (v) => v / 255);
    zoo.saveJSON({
      model: "infogan-mnist",
      input: levels(zoo.bytes(shown.x)),
      q: { probabilities, mean, deviation },
      category,
      digit: meaning[category],
      continuous,
      seed,
      image: levels(image),
    }, "genzoo-infogan-read.json");
  });

  /* All together */

  const askStart = zoo.latest(server.start, (answer) => {
    if (!answer.ok) {
      find("state").parentElement.classList.add("zoo-bad");
      find("state").textContent = answer.error;
      return;
    }
    digits = { images: zoo.bytes(answer.images), labels: answer.labels };
    chooser.load(digits.images, digits.labels, (c) => zoo.t("zoo.digit", { digit: c }));
    fill(false);
  });

  /* Other noise makes other pictures of the same codes. */
  const followNoise = zoo.wait(150, () => {
    read();
    askOthersSoon();
  });

  zoo.follow(chosen, (next) => {
    const before = codes;
    codes = next;
    if (before === null) askStart({});
    else if (digits && before.seed !== next.seed) followNoise();
  });

  /* A test image from the table below. */
  zoo.on("infogan-image", (levels) => {
    if (!digits) return;
    part.set({ image: -1, drawing: zoo.urlLevels(levels) });
    fill(true);
  });

  function restore() {
    if (digits) fill(false);
  }

  new ResizeObserver(drawPad).observe(find("pad"));
  setTool("draw");
  find("undo").disabled = find("redo").disabled = true;
  zoo.translate(element);
  zoo.onChange(zoo.theme, () => {
    if (!shown) return;
    drawRemade();
    drawOthers();
    drawPad();
  });
  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    if (shown) showCodes();
  });
}
