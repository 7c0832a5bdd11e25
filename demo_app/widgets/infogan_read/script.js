// @ts-check
import { LIMIT, chosen, pair, taken } from "../infogan_codes/script.js";
import * as zoo from "../shared/zoo.js";

/* An image that another widget hands over, to be read here: its levels, 0 to 255. */
export const handed = zoo.signal(null);

const D = 784;
const FIRST = 205; // by the chooser's ids: a 2 whose codes lie where the model was trained

function runnerUp(probabilities, first) {
  const order = probabilities.map((_, k) => k).filter((k) => k !== first);
  return order.reduce((a, b) => (probabilities[b] > probabilities[a] ? b : a));
}

export default zoo.widget({
  name: "infogan-read",
  state: { image: FIRST, drawing: "" },
  setup({ props, server, part, find, all, change, ask, say }) {
    const { meaning, deviation } = props.data; // the digit of each category; that of q(c | x)
    let codes = null; // what the widget above is at: the noise is its
    let digits = null; // {images, labels} to begin with
    let shown = null; // the last answer, beside x and seed
    let near = null; // how far a drawing is from the training digits, once that is known
    let others = null; // pictures of the same codes by other noise
    let filled = false; // has there been an image?
    let loading = false; // the canvas is being filled by us, not drawn on

    /* The image */

    const canvas = new zoo.SoftCanvas(find("draw"), {
      label: "zoo.canvas",
      read: (i) => zoo.percent(canvas.pixels[i] / 255),
      onchange: drew,
    });
    const showTools = canvas.tools({ find, all });

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
      onchoose: (image) => change({ image, drawing: "" }),
    });

    function drew(pixels, finished) {
      showTools();
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

    /* The image of the state onto the canvas; but for the first, it can be undone. */
    function restore() {
      if (!digits) return;
      const drawn = part.get("drawing") ? zoo.readLevels(part.get("drawing"), D) : null;
      if (!drawn) {
        const id = chooser.nearest(part.get("image") < 0 ? FIRST : part.get("image"));
        part.set({ image: id, drawing: "" });
      }
      chooser.mark(drawn ? null : part.get("image"));
      loading = true;
      canvas[filled ? "load" : "put"](drawn || chooser.picture(part.get("image")));
      filled = true;
      loading = false;
      read();
      askOthersSoon();
    }

    /* From the image to codes, and from these to what is made of them */

    const askRead = ask(server.read, (answer, given) => {
      shown = { ...answer, ...given, image: zoo.bytes(answer.image) };
      drawRemade();
      showCodes();
    });

    const image = () => btoa(String.fromCharCode(...canvas.pixels));
    function read() {
      near = null;
      askRead({ x: image(), seed: codes.seed });
      if (chooser.id === null) askNearSoon(); // drawn, and not chosen
    }

    /* How far a drawing is from the training digits. */
    const askNear = zoo.latest(server.near, (answer, { x }) => {
      if (!answer.ok || x !== image()) return;
      near = answer;
      if (shown) showCodes();
    });
    const askNearSoon = zoo.wait(150, () => askNear({ x: image() }));

    function drawRemade() {
      zoo.paintInk(find("remade"), shown.image);
      find("remade").dataset.codes = [shown.category, ...shown.continuous, shown.seed].join(" ");
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
      while (find("others").children.length < others.length / D) {
        const small = zoo.make("canvas", { width: 28, height: 28, "aria-hidden": "true" });
        find("others").append(zoo.make("div", { class: "zoo-paper" }, small));
      }
      smalls().forEach((small, k) => zoo.paintInk(small, zoo.nth(others, k)));
    }

    const smalls = () => [...find("others").querySelectorAll("canvas")];

    /* What Q says */

    const bars = new zoo.CategoryBars(find("bars"), { meaning, testid: "infogan-read-bar" });

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
      const said = [zoo.t(key, values), ...(beyond ? [zoo.t("infogan.beyond")] : [])];
      // What it cannot know comes first.
      if (near?.is_far) said.unshift(zoo.nearness(near), zoo.t("infogan.far"));
      find("verdict").textContent = said.join(" ");
      find("verdict").classList.toggle("zoo-bad", Boolean(near?.is_far));
      drawPad();
      say(() => find("verdict").textContent + " " + find("mean").textContent);
    }

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
    new ResizeObserver(drawPad).observe(find("pad"));

    find("take").addEventListener("click", () => {
      if (!shown) return;
      taken.value = { category: shown.category, continuous: shown.continuous };
      zoo.bringUp(document.querySelector("#infogan-codes-title"));
    });

    /* All together */

    const askStart = ask(server.start, (answer) => {
      digits = { images: zoo.bytes(answer.images), labels: answer.labels };
      chooser.load(digits.images, digits.labels, (c) => zoo.t("zoo.digit", { digit: c }));
      restore();
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

    zoo.onChange(handed, (levels) => {
      if (digits) change({ image: -1, drawing: zoo.urlLevels(levels) });
    });

    return {
      restore,
      random() {
        if (!digits) return {};
        const c = zoo.newSeed() % 10;
        return { image: 100 * c + (zoo.newSeed() % chooser.counts[c]), drawing: "" };
      },
      paint() {
        if (!shown) return;
        drawRemade();
        drawOthers();
        drawPad();
      },
      words: () => shown && showCodes(),
      png() {
        if (!shown || !others) return null;
        const items = [
          { canvas: canvas.cells, title: zoo.t("infogan.image") },
          { canvas: find("remade"), title: zoo.t("infogan.remade") },
          ...smalls().map((small) => ({ canvas: small, title: "" })),
        ];
        const { category, continuous, seed } = shown;
        const heading = zoo.t("infogan.place", {
          category, digit: meaning[category], codes: pair(continuous), seed });
        return [zoo.sheet(items, { columns: 4, size: 224, heading }), "genzoo-infogan-read.png"];
      },
      json() {
        if (!shown) return null;
        const { x, probabilities, mean, category, continuous, seed, image, distance, limit } = shown;
        return [{
          model: "infogan-mnist",
          input: zoo.fractions(zoo.bytes(x)),
          q: { probabilities, mean, deviation },
          from_training: { distance, limit },
          category,
          digit: meaning[category],
          continuous,
          seed,
          image: zoo.fractions(image),
        }, "genzoo-infogan-read.json"];
      },
    };
  },
});
