import * as zoo from "../shared/zoo.js";

/* The codes that this widget is at: {category, continuous, seed}. */
export const chosen = zoo.signal(null);

/* Codes that another widget hands over, to be those that this one is at. */
export const taken = zoo.signal(null);

export default function ({ element, props, server }) {
  const find = (name) => element.querySelector("." + name);
  const LIMIT = 2; // of a continuous code; training draws it from -1 to 1
  // While a pointer moves, the ten pictures of all categories follow no more often than every 250 ms, and
  // take no more than a twentieth of the time: they must not keep the one waiting that it moves.
  const [ROW_EVERY, ROW_SHARE] = [250, 0.05];
  const SETTLED = 120; // ms after the last move, when they follow in any case
  const D = 784;
  const { meaning, deviation } = props.data; // the digit of each category; that of q(c | x)
  const K = meaning.length;

  const part = zoo.part(
    "infogan",
    { category: meaning.indexOf(5), c1: 0, c2: 0, seed: 1, free: false },
    restore
  );

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

  const ask = zoo.latest(server.generate, (answer, given, total) => {
    if (answer.ok) {
      const { probabilities, mean } = answer;
      shown = { ...given, image: zoo.bytes(answer.image), probabilities, mean };
      drawMade();
      showReading();
      if (performance.now() - rowAsked > Math.max(ROW_EVERY, rowTook / ROW_SHARE)) followRow();
    } else asked = null;
    tell(answer, total);
  });

  function tell(answer, total) {
    zoo.showStatus(find("state"), answer, total);
  }

  let asked = null;
  function look(continuous) {
    const given = { category: part.get("category"), continuous, seed: seedAt(continuous) };
    const key = JSON.stringify(given);
    if (key === asked) return;
    asked = key;
    ask(given);
  }

  function drawMade() {
    zoo.paint(find("made"), shown.image, { map: "ink", high: 255 });
    find("made").dataset.codes = [shown.category, ...shown.continuous, shown.seed].join(" ");
  }

  const bars = new zoo.CategoryBars(find("bars"), { meaning, testid: "infogan-bar" });

  const pair = (c) => "(" + c.map((v) => zoo.number(v, 2)).join(", ") + ")";

  /* What Q gives to what was set, beside the most that it could: log q(c | x) - log p(c), in nats. The
     mean of both over all codes, L_I, is what generator and Q are asked to raise. */
  function information() {
    const { category, continuous, probabilities, mean } = shown;
    const of_category = Math.log(K * Math.max(probabilities[category], 1e-30));
    const most = continuous.length * (Math.log(2) - Math.log(deviation * Math.sqrt(2 * Math.PI)));
    const off = continuous.reduce((sum, c, i) => sum + ((c - mean[i]) / deviation) ** 2 / 2, 0);
    return { of_category, most_category: Math.log(K), of_continuous: most - off, most };
  }

  const inside = (c) => c.every((v) => Math.abs(v) <= 1);

  function showReading() {
    bars.show(shown.probabilities, shown.category);
    const { category, continuous, mean } = shown;
    find("place").textContent = zoo.t("infogan.place", {
      category,
      digit: meaning[category],
      codes: pair(continuous),
      seed: shown.seed,
    });
    find("numbers").textContent = zoo.t("infogan.numbers", { set: pair(continuous), read: pair(mean) });
    const { of_category, most_category, of_continuous, most } = information();
    const values = {
      category: zoo.number(of_category, 2),
      most_category: zoo.number(most_category, 2),
      continuous: zoo.number(of_continuous, 2),
      most: zoo.number(most, 2),
    };
    const key = inside(continuous) ? "infogan.information" : "infogan.information_outside";
    find("information").textContent = zoo.t(key, values);
    find("outside").textContent = inside(continuous) ? "" : zoo.t("infogan.outside");
    pad.drawOver();
    said();
  }

  const said = zoo.wait(400, () => {
    const { category, continuous, probabilities, mean } = shown;
    const read = probabilities.indexOf(Math.max(...probabilities));
    find("said").textContent = zoo.t("infogan.said", {
      category,
      codes: pair(continuous),
      read,
      digit: meaning[read],
      mean: pair(mean),
    });
  });

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
    set({ category: k, seed });
    moved();
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
    buttons.forEach((button, k) => {
      const picture = row.images.subarray(k * D, (k + 1) * D);
      zoo.paint(button.firstChild, picture, { map: "ink", high: 255 });
    });
    find("categories").dataset.codes = row.key;
  }

  /* Controls */

  /* Change the state, and let the widgets below follow. */
  function set(values) {
    part.set(values);
    showControls();
    chosen.value = { category: part.get("category"), continuous: kept(), seed: part.get("seed") };
  }

  let controls = "";
  function showControls() {
    const now = ["category", "free", "seed"].map((name) => part.get(name)).join(" ");
    if (now === controls && find("seed").value === String(part.get("seed"))) return; // as in most drags
    controls = now;
    buttons.forEach((button, k) => {
      const chosen = k === part.get("category");
      button.setAttribute("aria-checked", chosen);
      button.tabIndex = chosen ? 0 : -1;
    });
    find("noises").querySelectorAll("button").forEach((button) => {
      button.setAttribute("aria-pressed", Boolean(Number(button.dataset.free)) === part.get("free"));
    });
    find("seed").value = part.get("seed");
  }

  /* The codes have changed, or the pointer is elsewhere. */
  function moved() {
    look(pad.current());
    zoo.withAnswer(pad.drawOver);
    settleRow();
  }

  find("noises").addEventListener("click", (event) => {
    const { free } = event.target.dataset;
    if (free === undefined) return;
    set({ free: free === "1" });
  });

  zoo.seedField(find("seed"), part, (seed) => {
    set({ seed });
    moved();
  });

  find("other").addEventListener("click", () => {
    set({ seed: zoo.newSeed() });
    moved();
  });

  find("random").addEventListener("click", () => {
    const draw = zoo.random(zoo.newSeed());
    const number = () => Math.round(200 * draw() - 100) / 100;
    set({ category: Math.floor(K * draw()), c1: number(), c2: number(), seed: zoo.newSeed() });
    moved();
  });

  find("reset").addEventListener("click", () => {
    set(part.defaults);
    moved();
  });

  /* Codes from below: a cell of a sheet, or what Q reads of a drawing. */
  zoo.onChange(taken, ({ category, continuous, seed = part.get("seed") }) => {
    const [c1, c2] = continuous.map((v) => pad.inside(v));
    set({ category, c1, c2, seed });
    moved();
  });

  find("png").addEventListener("click", () => {
    if (!shown || !row) return;
    const items = [
      { canvas: find("made"), title: find("place").textContent },
      ...buttons.map((button, k) => ({ canvas: button.firstChild, title: `${k}: ${meaning[k]}` })),
    ];
    zoo.savePNG(zoo.sheet(items, { columns: 4, size: 224 }), "genzoo-infogan.png");
  });

  find("json").addEventListener("click", () => {
    if (!shown || !row) return;
    const { category, continuous, seed, image, probabilities, mean } = shown;
    const levels = (bytes) => Array.from(bytes, (v) => v / 255);
    zoo.saveJSON({
      model: "infogan-mnist",
      category,
      digit: meaning[category],
      continuous,
      seed,
      image: levels(image),
      q: { probabilities, mean, deviation },
      information: information(),
      categories: buttons.map((_, k) => levels(row.images.subarray(k * D, (k + 1) * D))),
    }, "genzoo-infogan.json");
  });

  /* All together */

  /* Only what can be shown is taken from the address. */
  function open() {
    const clip = (key) => Math.max(-LIMIT, Math.min(LIMIT, Math.round(100 * part.get(key)) / 100));
    const whole = (key, n) => Number.isInteger(part.get(key)) && part.get(key) >= 0 && part.get(key) < n;
    set({
      c1: clip("c1"),
      c2: clip("c2"),
      category: whole("category", K) ? part.get("category") : part.defaults.category,
      seed: whole("seed", 2 ** 31) ? part.get("seed") : part.defaults.seed,
    });
    pad.extent = LIMIT;
    pad.draw();
    moved();
  }

  let started = false;
  function restore() {
    if (started) open();
  }

  function nameButtons() {
    buttons.forEach((button, k) => {
      const name = zoo.t("infogan.category_name", { category: k, digit: meaning[k] });
      button.setAttribute("aria-label", name);
      button.title = name;
    });
  }

  nameButtons();
  zoo.translate(element);
  zoo.onChange(zoo.theme, () => {
    if (!shown) return;
    pad.draw();
    drawMade();
    drawRow();
  });
  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    nameButtons();
    if (!shown) return;
    showReading();
  });
  zoo.whenShown("infogan", () => {
    started = true;
    open();
  });
}
