// @ts-check
import * as zoo from "../shared/zoo.js";

/* The codes that this widget is at: {category, continuous, seed}. */
export const chosen = zoo.signal(null);

/* Codes that another widget hands over, to be those that this one is at. */
export const taken = zoo.signal(null);

const computation = zoo.computation("infogan");

export const LIMIT = 2; // of a continuous code; training draws it from -1 to 1

export const pair = (c) => "(" + c.map((v) => zoo.number(v, 2)).join(", ") + ")";

// While a pointer moves, the ten pictures of all categories follow no more often than every 250 ms, and
// take no more than a twentieth of the time: they must not keep the one waiting that it moves.
const [ROW_EVERY, ROW_SHARE] = [250, 0.05];
const SETTLED = 120; // ms after the last move, when they follow in any case

const inside = (c) => c.every((v) => Math.abs(v) <= 1);

export default zoo.widget({
  name: "infogan",
  state: ({ meaning }) => ({ category: meaning.indexOf(5), c1: 0, c2: 0, seed: 1, free: false }),
  ranges: ({ meaning }) => ({ category: [0, meaning.length - 1] }),
  limits: { c1: [-LIMIT, LIMIT], c2: [-LIMIT, LIMIT] },
  setup({ props, server, part, find, change, askNew, say }) {
    const { meaning, deviation } = props.data; // the digit of each category; that of q(c | x)
    const K = meaning.length;
    let shown = null; // the last answer, beside what was asked: {category, continuous, seed, image, ...}

    /* The continuous codes */

    const pad = new zoo.Plane(find("pad"), {
      label: "infogan.pad_label",
      testid: "infogan-pad",
      get: kept,
      keep: (c) => set({ c1: c[0], c2: c[1], seed: seedAt(c) }),
      ask: look,
      moved,
      paint: (context, size) => {
        zoo.drawSquare(context, size, LIMIT);
        pad.scale(context, size);
      },
      under: (context, size) => {
        if (!shown) return;
        const [mean, from] = [shown.mean, shown.continuous].map((c) => pad.toScreen(c, size));
        zoo.drawReading(context, mean, (deviation / LIMIT / 2) * size, from);
      },
    });

    function kept() {
      return [part.get("c1"), part.get("c2")];
    }

    /* The seed of the noise at a place: while the noise is free each place but the kept one has a new
       one, and keeps it for as long as the pointer is there. */
    let free = { key: "", seed: 0 };
    function seedAt(c) {
      const key = c.join(" ");
      if (!part.get("free") || key === kept().join(" ")) return part.get("seed");
      if (key !== free.key) free = { key, seed: zoo.newSeed() };
      return free.seed;
    }

    /* Codes to a picture, and the picture to what Q reads */

    const generate = askNew(server.generate, (answer, given) => {
      shown = { ...answer, ...given, image: zoo.bytes(answer.image) };
      computation.value = shown;
      drawMade();
      showReading();
      if (performance.now() - rowAsked > Math.max(ROW_EVERY, rowTook / ROW_SHARE)) followRow();
    });

    function look(continuous) {
      generate({ category: part.get("category"), continuous, seed: seedAt(continuous) });
    }

    function drawMade() {
      zoo.paintInk(find("made"), shown.image);
      find("made").dataset.codes = [shown.category, ...shown.continuous, shown.seed].join(" ");
    }

    const bars = new zoo.CategoryBars(find("bars"), { meaning, testid: "infogan-bar" });

    /* What Q gives to what was set, beside the most that it could: log q(c | x) - log p(c), in nats. The
       mean of both over all codes, L_I, is what generator and Q are asked to raise. */
    function information() {
      const { category, continuous, probabilities, mean } = shown;
      const of_category = Math.log(K * Math.max(probabilities[category], 1e-30));
      const most = continuous.length * (Math.log(2) - Math.log(deviation * Math.sqrt(2 * Math.PI)));
      const off = continuous.reduce((sum, c, i) => sum + ((c - mean[i]) / deviation) ** 2 / 2, 0);
      return { of_category, most_category: Math.log(K), of_continuous: most - off, most };
    }

    function showReading() {
      const { category, continuous, probabilities, mean, seed } = shown;
      bars.show(probabilities, category);
      const codes = pair(continuous);
      find("place").textContent = zoo.t("infogan.place", { category, digit: meaning[category], codes, seed });
      find("numbers").textContent = zoo.t("infogan.numbers", { set: codes, read: pair(mean) });
      const { of_category, most_category, of_continuous, most } = information();
      const key = inside(continuous) ? "infogan.information" : "infogan.information_outside";
      find("information").textContent = zoo.t(key, {
        category: zoo.number(of_category, 2),
        most_category: zoo.number(most_category, 2),
        continuous: zoo.number(of_continuous, 2),
        most: zoo.number(most, 2),
      });
      find("outside").textContent = inside(continuous) ? "" : zoo.t("infogan.outside");
      pad.drawOver();
      say(() => {
        const read = probabilities.indexOf(Math.max(...probabilities));
        return zoo.t("infogan.said", { category, codes, read, digit: meaning[read], mean: pair(mean) });
      });
    }

    /* What each category makes at the same codes and noise */

    const buttons = meaning.map((digit, k) => {
      const button = zoo.make("button", { type: "button", role: "radio",
        "data-testid": "infogan-category-" + k },
        zoo.make("canvas", { width: 28, height: 28, "aria-hidden": "true" }),
        zoo.make("span", {}, zoo.make("small", {}, String(k)), zoo.make("b", {}, String(digit))));
      button.addEventListener("click", () => choose(k));
      find("categories").append(button);
      return button;
    });

    function choose(k) {
      const seed = part.get("free") && k !== part.get("category") ? zoo.newSeed() : part.get("seed");
      change({ category: k, seed });
    }

    find("categories").addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      choose((part.get("category") + by + K) % K);
      buttons[part.get("category")].focus();
    });

    let row = null; // {key, images}
    let rowAsked = -Infinity;
    let rowTook = 0; // ms
    const askRow = zoo.latest(server.categories, (answer, given, total) => {
      rowTook = total;
      if (!answer.ok) return;
      row = { key: JSON.stringify(given), images: zoo.bytes(answer.images) };
      drawRow();
    });

    function followRow() {
      rowAsked = performance.now();
      const c = pad.current();
      const given = { continuous: c, seed: seedAt(c) };
      if (!row || row.key !== JSON.stringify(given)) askRow(given);
    }
    const settleRow = zoo.wait(SETTLED, followRow);

    function drawRow() {
      if (!row) return;
      buttons.forEach((button, k) => zoo.paintInk(button.firstChild, zoo.nth(row.images, k)));
      find("categories").dataset.codes = row.key;
    }

    function nameButtons() {
      buttons.forEach((button, k) => {
        button.title = zoo.t("infogan.category_name", { category: k, digit: meaning[k] });
        button.setAttribute("aria-label", button.title);
      });
    }
    nameButtons();

    /* Controls */

    /* Change the state, and let the widgets below follow. */
    function set(values) {
      part.set(values);
      showControls();
      chosen.value = { category: part.get("category"), continuous: kept(), seed: part.get("seed") };
    }

    const markNoise = zoo.choice(find("noises"), (key) => change({ free: key === "free" }));
    let controls = "";
    function showControls() {
      const [category, free, seed] = ["category", "free", "seed"].map((name) => part.get(name));
      const now = [category, free, seed].join(" ");
      if (now === controls && find("seed").value === String(seed)) return; // as in most drags
      controls = now;
      buttons.forEach((button, k) => {
        button.setAttribute("aria-checked", String(k === category));
        button.tabIndex = k === category ? 0 : -1;
      });
      markNoise(free ? "free" : "locked");
      find("seed").value = seed;
    }

    /* The codes have changed, or the pointer is elsewhere. */
    function moved() {
      look(pad.current());
      zoo.withAnswer(pad.drawOver);
      settleRow();
    }

    find("other").addEventListener("click", () => change({ seed: zoo.newSeed() }));

    /* Codes from below: a cell of a sheet, or what Q reads of a drawing. */
    zoo.onChange(taken, ({ category, continuous: [c1, c2], seed = part.get("seed") }) => {
      change({ category, c1, c2, seed });
    });

    return {
      restore() {
        pad.extent = LIMIT;
        set({ c1: pad.inside(part.get("c1")), c2: pad.inside(part.get("c2")) });
        pad.draw();
        moved();
      },
      random() {
        const draw = zoo.random(zoo.newSeed());
        const number = () => Math.round(200 * draw() - 100) / 100;
        return { category: Math.floor(K * draw()), c1: number(), c2: number(), seed: zoo.newSeed() };
      },
      paint() {
        if (!shown) return;
        pad.draw();
        drawMade();
        drawRow();
      },
      words() {
        nameButtons();
        if (shown) showReading();
      },
      png() {
        if (!shown || !row) return null;
        const items = [
          { canvas: find("made"), title: find("place").textContent },
          ...buttons.map((button, k) => ({ canvas: button.firstChild, title: `${k}: ${meaning[k]}` })),
        ];
        return [zoo.sheet(items, { columns: 4, size: 224 }), "genzoo-infogan.png"];
      },
      json() {
        if (!shown || !row) return null;
        const { category, continuous, seed, image, probabilities, mean } = shown;
        return [{
          model: "infogan-mnist",
          category,
          digit: meaning[category],
          continuous,
          seed,
          image: zoo.fractions(image),
          q: { probabilities, mean, deviation },
          information: information(),
          categories: buttons.map((_, k) => zoo.fractions(zoo.nth(row.images, k))),
        }, "genzoo-infogan.json"];
      },
    };
  },
});
