import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const D = 784;
  const SIDE = 28;
  const FIRST = 300; // the test digit of the first paint: the first 3

  const find = (selector) => element.querySelector(selector);
  const all = (selector) => [...element.querySelectorAll(selector)];

  /* Holes to begin with: is the pixel in row r, column c unknown? */
  const HOLES = {
    middle: (r, c) => Math.hypot(r - 13.5, c - 13.5) < 6.5,
    top: (r) => r < 14,
    bottom: (r) => r >= 14,
    left: (r, c) => c < 14,
    right: (r, c) => c >= 14,
    grid: (r, c) => r % 3 !== 1 || c % 3 !== 1,
    all: () => true,
  };

  const part = zoo.part(
    "orderless",
    { image: FIRST, x: "", hole: "left", tool: "draw", brush: 3, pixel: 406, order: "random",
      count: 7, seed: 1 },
    restore
  );

  let x = null; // the image (784,), of which the hole hides some
  let p = null; // (784,), as it was answered last
  let fills = null; // {images, rank, known, given}

  /* The grids. What one draws is the hole: its pixels are 1 where the image is unknown. */

  const canvas = new zoo.PixelCanvas(find(".canvas"), {
    label: "orderless.canvas",
    read: readPixel,
    onpoint: (i) => !drawing && inspect(i),
    onchange: changed,
  });
  const map = new zoo.Heatmap(find(".map"), { label: "orderless.map", read: readPixel, onpoint: inspect });
  const alone = new zoo.Grid(find(".alone"), { label: "orderless.alone_map", onpoint: inspect });

  let drawing = false;
  canvas.surface.addEventListener("pointerdown", () => (drawing = true));
  ["pointerup", "pointercancel"].forEach((name) =>
    canvas.surface.addEventListener(name, () => (drawing = false))
  );

  for (const grid of [canvas, map, alone]) {
    grid.addLayer((context, size) => zoo.outline(context, size, canvas.pixels));
  }

  const shown = (i) => canvas.pixels[i] === 0; // what is drawn is the hole

  canvas.repaint = () => x && zoo.paintRest(canvas.cells, x, shown, () => null);

  /* Every pixel of the hole from its own probability, with the same random numbers while one drags. */
  alone.repaint = () => {
    if (!p) return;
    const random = zoo.random(part.get("seed"));
    const u = p.map(() => random());
    zoo.paintRest(alone.cells, x, shown, (i) => (u[i] < p[i] ? 1 : 0));
  };

  /* Asking the server */

  const look = zoo.latest(
    (given) => server.look(given),
    (reply, given, milliseconds) => {
      if (!zoo.showStatus(find(".look-status"), reply, milliseconds)) return;
      p = zoo.float32(reply.p);
      map.show(p);
      alone.repaint();
      grids().forEach((grid) => grid.refresh());
      showReading();
    }
  );

  const grids = () => [canvas, map, alone];
  const given = () => ({ x: zoo.packBits(x), hole: zoo.packBits(canvas.pixels) });

  const fill = zoo.latest(
    (given) => server.fill(given),
    (reply, given, milliseconds) => {
      if (!zoo.showStatus(find(".fill-status"), reply, milliseconds)) return;
      fills = {
        images: reply.images.map((text) => zoo.unpackBits(text, D)),
        rank: zoo.int16(reply.rank, 1),
        given,
      };
      showFills();
    }
  );

  function ask() {
    if (x) look(given());
  }

  let playWhenDone = false;

  function askFill() {
    if (!x) return;
    fill({ ...given(), n: part.get("count"), seed: part.get("seed"), order: part.get("order") });
  }

  const askFillSoon = zoo.wait(140, askFill);

  /* The hole */

  function changed(pixels, finished) {
    ask();
    askFillSoon();
    zoo.withAnswer(canvas.refresh);
    if (!finished) return;
    const named = Object.keys(HOLES).find((key) => same(pixels, holeOf(key)));
    part.set({ hole: named || zoo.urlBits(pixels) });
    showTools();
  }

  const same = (a, b) => a.every((value, i) => value === b[i]);

  function holeOf(key) {
    const at = HOLES[key];
    return Uint8Array.from({ length: D }, (_, i) => Number(at(Math.floor(i / SIDE), i % SIDE)));
  }

  for (const key of Object.keys(HOLES)) {
    const button = zoo.make("button", { type: "button", "data-hole": key,
      "data-t": "orderless.hole_" + key, "data-testid": "orderless-hole-" + key });
    button.addEventListener("click", () => canvas.load(holeOf(key)));
    find(".holes").append(button);
  }

  find(".undo").addEventListener("click", () => canvas.undo());
  find(".redo").addEventListener("click", () => canvas.redo());
  for (const key of ["tool", "brush"]) {
    all(`[data-${key}]`).forEach((button) =>
      button.addEventListener("click", () => {
        part.set({ [key]: key === "brush" ? Number(button.dataset.brush) : button.dataset.tool });
        showTools();
      })
    );
  }

  function showTools() {
    canvas.tool = part.get("tool");
    canvas.brush = part.get("brush");
    for (const key of ["tool", "brush", "hole"]) {
      all(`[data-${key}]`).forEach((button) =>
        button.setAttribute("aria-pressed", button.dataset[key] === String(part.get(key)))
      );
    }
    find(".undo").disabled = !canvas.past.length;
    find(".redo").disabled = !canvas.future.length;
  }

  /* The image */

  const chooser = new zoo.Chooser(find(".chooser"), {
    label: "zoo.digits",
    onchoose(id) {
      part.set({ image: id, x: "" });
      show(digit(id));
    },
  });

  const digit = (id) => chooser.picture(id).map((level) => (level ? 1 : 0));

  function show(image) {
    x = image;
    canvas.repaint();
    ask();
    askFill();
  }

  find(".above").addEventListener("click", () => {
    if (!zoo.shared.nadeImage) return;
    const image = zoo.shared.nadeImage();
    part.set({ x: zoo.urlBits(image) });
    chooser.mark(null);
    show(image);
  });

  /* Reading one pixel */

  function inspect(i) {
    if (i === null) return;
    part.set({ pixel: i });
    grids().forEach((grid) => grid.mark(i));
    showReading();
  }

  function readPixel(i) {
    if (!p) return "";
    if (shown(i)) return zoo.t(x[i] ? "orderless.known_ink" : "orderless.known_empty");
    return zoo.t(x[i] ? "orderless.hidden_ink" : "orderless.hidden_empty", { p: zoo.percent(p[i]) });
  }

  function showReading() {
    const i = part.get("pixel");
    const where = zoo.make("b", {}, zoo.t("zoo.place", zoo.placeOf(i)));
    find(".zoo-reading").replaceChildren(where, " " + readPixel(i));
  }

  /* What fills the hole */

  find(".order").addEventListener("change", (event) => {
    part.set({ order: event.target.value });
    askFill();
  });
  find(".count").addEventListener("change", (event) => {
    part.set({ count: Number(event.target.value) });
    askFill();
  });
  function setSeed(seed) {
    part.set({ seed });
    find(".seed").value = seed;
    alone.repaint();
    askFill();
  }
  zoo.seedField(find(".seed"), part, setSeed);
  find(".random").addEventListener("click", () => {
    playWhenDone = !zoo.still();
    setSeed(zoo.newSeed());
  });

  const player = new zoo.Player(find(".player"), { show: drawFills, seconds: 4 });

  function showFills() {
    const host = find(".zoo-tiles");
    const { images, rank } = fills;
    while (host.children.length > images.length) host.lastChild.remove();
    while (host.children.length < images.length) {
      const n = host.children.length;
      const button = zoo.make("button", { type: "button" },
        zoo.make("canvas", { width: SIDE, height: SIDE }));
      button.addEventListener("click", () => {
        part.set({ x: zoo.urlBits(fills.images[n]) });
        chooser.mark(null);
        show(fills.images[n].slice());
      });
      host.append(button);
    }
    nameFills();
    const size = rank.reduce((n, r) => n + (r >= 0), 0);
    find(".nothing").hidden = size > 0;
    player.load(0, size);
    if (playWhenDone) player.play();
    playWhenDone = false;
  }

  function nameFills() {
    [...find(".zoo-tiles").children].forEach((button, n) => {
      button.title = zoo.t("orderless.take");
      button.setAttribute("aria-label", zoo.t("orderless.take_n", { n: zoo.number(n + 1) }));
    });
  }

  function drawFills(frame) {
    if (!fills) return;
    const { images, rank } = fills;
    all(".zoo-tiles canvas").forEach((tile, n) =>
      zoo.paintRest(tile, images[n], (i) => rank[i] < 0, (i) => (rank[i] < frame ? images[n][i] : null))
    );
  }

  /* Keeping it */

  find(".save-png").addEventListener("click", () => {
    const items = [
      { canvas: canvas.cells, title: zoo.t("orderless.image") },
      { canvas: map.cells, title: zoo.t("orderless.probability") },
      { canvas: alone.cells, title: zoo.t("orderless.alone") },
    ];
    all(".zoo-tiles canvas").forEach((tile, n) =>
      items.push({ canvas: tile, title: zoo.t("orderless.filled_n", { n: zoo.number(n + 1) }) })
    );
    const heading = zoo.t("orderless.title");
    zoo.savePNG(zoo.sheet(items, { columns: 5, size: 224, heading }), "orderless.png");
  });

  find(".save-json").addEventListener("click", () =>
    zoo.saveJSON(
      {
        model: "nade-orderless-mnist",
        address: location.href,
        pixels: [...x],
        hole: [...canvas.pixels],
        marginals: [...p].map((v) => Number(v.toFixed(5))),
        seed: fills.given.seed,
        order: fills.given.order,
        rank: [...fills.rank],
        fills: fills.images.map((image) => [...image]),
      },
      "orderless.json"
    )
  );

  /* Language, theme, the URL */

  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    showReading();
    nameFills();
  });
  zoo.onChange(zoo.theme, () => drawFills(player.frame));

  function restore() {
    zoo.sane(
      part,
      { pixel: [0, D - 1], seed: [0, zoo.MAX_SEED] },
      { count: [1, 7, 14], tool: ["draw", "erase"], brush: [1, 3, 5],
        order: ["random", "rows", "columns"] }
    );
    find(".order").value = part.get("order");
    find(".count").value = part.get("count");
    find(".seed").value = part.get("seed");
    grids().forEach((grid) => grid.mark(part.get("pixel")));
    showTools();
    if (!chooser.images) return;
    const kept = part.get("x") ? zoo.unpackBits(part.get("x"), D) : null;
    const id = chooser.nearest(part.get("image"));
    part.set(kept ? { image: id } : { image: id, x: "" });
    chooser.mark(kept ? null : id);
    x = kept || digit(id);
    const named = part.get("hole") in HOLES;
    const hole = named ? holeOf(part.get("hole")) : zoo.unpackBits(part.get("hole"), D);
    canvas.put(hole || holeOf(part.defaults.hole));
    canvas.past = [];
    canvas.future = [];
    showTools();
  }

  find(".reset").addEventListener("click", () => {
    part.set(part.defaults);
    restore();
  });

  zoo.translate(element);
  find(".zoo-bar").style.background = zoo.gradient("cividis");
  restore();

  zoo.whenShown("nade", () => {
    const begin = zoo.latest(
      () => server.start({}),
      (reply, given, milliseconds) => {
        if (!zoo.showStatus(find(".look-status"), reply, milliseconds)) return;
        const levels = new Uint8Array(reply.digits.length * D);
        reply.digits.forEach((text, n) =>
          levels.set(zoo.unpackBits(text, D).map((bit) => 255 * bit), n * D)
        );
        chooser.load(levels, reply.labels, (c) => zoo.t("zoo.digit", { digit: c }));
        restore();
      }
    );
    begin({});
  });
}
