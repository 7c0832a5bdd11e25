const zoo = window.zoo;
const D = 784;
const SIDE = 28;
const MAX_SEED = 2147483647;
const FIRST = 200; // the test digit of the first paint: the first 2
const HALF = D / 2;
const FOLLOW = -1; // the raster line is at the last drawn pixel

const find = (selector) => element.querySelector(selector);
const all = (selector) => [...element.querySelectorAll(selector)];

const part = zoo.part(
  "nade",
  { x: "", tool: "draw", brush: 2, pixel: 571, among: "ink", known: HALF, count: 7, seed: 1 },
  restore
);

let constants = null; // what start() answered
let logits = null; // (784,) of the image that was answered last
let answer = null; // all of that answer
let influence = null; // (784,) on pixel `influenced`
let influenced = null;
let completions = null; // {images, logProb, known}
let busyWithPointer = false;

/* The three grids */

const canvas = new zoo.PixelCanvas(find(".canvas"), {
  label: "nade.canvas",
  read: readPixel,
  onpoint: (i) => !busyWithPointer && inspect(i),
  onchange: changed,
});
const map = new zoo.Heatmap(find(".map"), {
  label: "nade.map",
  read: readPixel,
  onpoint: inspect,
});
const pushes = new zoo.Grid(find(".pushes"), {
  label: "nade.pushes",
  read: readPush,
  onpoint: () => showPushed(),
});
canvas.surface.addEventListener("pointerdown", () => (busyWithPointer = true));
["pointerup", "pointercancel"].forEach((name) =>
  canvas.surface.addEventListener(name, () => (busyWithPointer = false))
);

canvas.addLayer((context, size) => {
  const known = knownPixels();
  shadeFrom(context, size, known, zoo.token("page"), 0.62);
  context.strokeStyle = zoo.token("accent");
  context.lineWidth = 2;
  context.stroke(staircase(size, known));
});
pushes.addLayer((context, size) => {
  if (influenced !== null) shadeFrom(context, size, influenced, zoo.token("sunken"), 0.75);
});

/* The border between the first k pixels and the rest, as a path over cells of `size`. */
function staircase(size, k) {
  const row = Math.floor(k / SIDE) * size;
  const column = (k % SIDE) * size;
  const path = new Path2D();
  if (column) {
    path.moveTo(0, row + size);
    path.lineTo(column, row + size);
    path.lineTo(column, row);
  } else path.moveTo(0, row);
  path.lineTo(SIDE * size, row);
  return path;
}

function shadeFrom(context, size, k, color, opacity) {
  if (k >= D) return;
  const path = staircase(size, k);
  path.lineTo(SIDE * size, SIDE * size);
  path.lineTo(0, SIDE * size);
  context.save();
  context.globalAlpha = opacity;
  context.fillStyle = color;
  context.fill(path);
  context.restore();
}

pushes.repaint = function () {
  const paper = zoo.rgb(zoo.token("paper"));
  const pen = zoo.rgb(zoo.token("pen"));
  const up = zoo.rgb(zoo.token("positive"));
  const down = zoo.rgb(zoo.token("negative"));
  const most = influence ? strongest() : 1;
  zoo.paintPixels(pushes.cells, (data) => {
    for (let i = 0, o = 0; i < D; i++, o += 4) {
      const ink = canvas.pixels[i] ? 0.17 : 0;
      const push = influence && counts(i) ? influence[i] / most : 0;
      const alpha = Math.abs(push);
      const hue = push > 0 ? up : down;
      for (let c = 0; c < 3; c++) {
        const under = paper[c] + ink * (pen[c] - paper[c]);
        data[o + c] = under + alpha * (hue[c] - under);
      }
      data[o + 3] = 255;
    }
  });
};

/* Does pixel j take part in what is shown: is it ink, or are all pixels wanted? */
function counts(j) {
  return j < influenced && (canvas.pixels[j] === 1 || part.get("among") === "all");
}

/* The largest push either way, but no less than 0.1: what is nearly nothing should look so. */
function strongest() {
  return influence.reduce((most, v, j) => (counts(j) ? Math.max(most, Math.abs(v)) : most), 0.1);
}

/* Asking the server. `look` has the picture and the pixel in one call, so that what is shown
   belongs together; completions wait for a pause in drawing. */

const look = zoo.latest(
  (given) => server.look({ x: given.x, i: given.i }),
  (reply, given, milliseconds) => {
    if (!showStatus(".look-status", reply, milliseconds)) return;
    answer = reply;
    logits = zoo.float32(reply.logits);
    influence = zoo.float32(reply.influence);
    influenced = given.i;
    map.show(logits.map((l) => 1 / (1 + Math.exp(-l))));
    map.mark(influenced);
    pushes.mark(influenced); // also the border of what comes later
    pushes.repaint();
    showReading();
    showPushed();
    showScore();
  }
);

function ask() {
  if (constants) look({ x: zoo.packBits(canvas.pixels), i: part.get("pixel") });
}

const complete = zoo.latest(
  (given) => server.complete(given),
  (reply, given, milliseconds) => {
    if (!showStatus(".rest-status", reply, milliseconds)) return;
    completions = {
      images: reply.images.map((text) => zoo.unpackBits(text, D)),
      logProb: reply.log_prob,
      known: given.known,
      seed: given.seed,
    };
    showTiles();
  }
);

let playWhenDone = false;

function askRest() {
  if (!constants) return;
  complete({
    x: zoo.packBits(canvas.pixels),
    known: knownPixels(),
    n: part.get("count"),
    seed: part.get("seed"),
  });
}

const askRestSoon = zoo.wait(140, askRest);

function showStatus(where, reply, milliseconds) {
  const line = find(where);
  line.classList.toggle("zoo-bad", !reply.ok);
  line.textContent = reply.ok
    ? zoo.t("zoo.answered", {
        total: zoo.number(milliseconds, 1),
        server: zoo.number(reply.ms, 1),
      })
    : reply.error;
  return reply.ok;
}

/* Drawing */

const repaintPushes = () => pushes.repaint();

function changed(pixels, finished) {
  ask();
  zoo.withAnswer(repaintPushes);
  if (part.get("known") === FOLLOW) zoo.withAnswer(showKnown);
  askRestSoon();
  if (finished) {
    part.set({ x: zoo.urlBits(pixels) });
    showTools();
    if (chosen !== null && !same(pixels, digit(chosen))) choose(null);
  }
}

const same = (a, b) => a.every((value, i) => value === b[i]);

let chosen = null; // the test digit that is on the canvas, if it is one

function choose(id) {
  chosen = id;
  chooser.mark(id);
}

function digit(id) {
  return chooser.picture(id).map((level) => (level ? 1 : 0));
}

const chooser = new zoo.Chooser(find(".chooser"), {
  label: "nade.digits",
  onchoose(id) {
    chosen = id;
    setKnown(HALF);
    canvas.load(digit(id));
  },
});

/* Pixels that are flipped with probability p; each press takes other random numbers. */
function flip(p) {
  const random = zoo.random(zoo.newSeed());
  return canvas.pixels.map((pixel) => (random() < p ? 1 - pixel : pixel));
}

find(".undo").addEventListener("click", () => canvas.undo());
find(".redo").addEventListener("click", () => canvas.redo());
find(".clear").addEventListener("click", () => {
  setKnown(FOLLOW);
  canvas.clear();
});
find(".noise").addEventListener("click", () => canvas.load(flip(0.5)));
find(".sprinkle").addEventListener("click", () => canvas.load(flip(0.02)));
find(".reset").addEventListener("click", () => {
  part.set(part.defaults);
  canvas.load(digit(chooser.nearest(FIRST)));
  restoreControls();
  part.set({ x: "" });
  choose(chooser.nearest(FIRST));
});

element.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.target.matches("input, select")) return;
  if (!event.ctrlKey && !event.metaKey) return;
  const key = event.key.toLowerCase();
  if (key === "z" && !event.shiftKey) canvas.undo();
  else if (key === "y" || key === "z") canvas.redo();
  else return;
  event.preventDefault();
});

all("[data-tool]").forEach((button) =>
  button.addEventListener("click", () => {
    part.set({ tool: button.dataset.tool });
    showTools();
  })
);
all("[data-brush]").forEach((button) =>
  button.addEventListener("click", () => {
    part.set({ brush: Number(button.dataset.brush) });
    showTools();
  })
);

function showTools() {
  canvas.tool = part.get("tool");
  canvas.brush = part.get("brush");
  all("[data-tool]").forEach((b) => b.setAttribute("aria-pressed", b.dataset.tool === canvas.tool));
  all("[data-brush]").forEach((b) =>
    b.setAttribute("aria-pressed", Number(b.dataset.brush) === canvas.brush)
  );
  find(".undo").disabled = !canvas.past.length;
  find(".redo").disabled = !canvas.future.length;
}

/* Reading one pixel */

function inspect(i) {
  if (i === null || i === part.get("pixel")) return;
  part.set({ pixel: i });
  ask();
}

const place = (i) => ({
  row: zoo.number(Math.floor(i / SIDE) + 1),
  column: zoo.number((i % SIDE) + 1),
});

/* log p(x_i | x_<i) of the pixel as it is, in nats. */
function share(i) {
  const l = canvas.pixels[i] ? logits[i] : -logits[i];
  return -Math.log1p(Math.exp(-l));
}

function readPixel(i) {
  if (!logits) return "";
  return zoo.t(canvas.pixels[i] ? "nade.is_ink" : "nade.is_empty", {
    p: zoo.percent(1 / (1 + Math.exp(-logits[i]))),
    share: zoo.number(share(i), 2),
  });
}

function readPush(i) {
  if (!influence) return "";
  return zoo.t("nade.push", { push: zoo.signed(influence[i], 2) });
}

function showReading() {
  if (!logits || influenced === null) return;
  const where = zoo.make("b", {}, zoo.t("zoo.place", place(influenced)));
  find(".reading").replaceChildren(where, " " + readPixel(influenced));
}

/* The strongest pushes each way; or, with the pointer on a pixel, that one's. */
function showPushed() {
  if (!influence) return;
  const line = find(".pushed");
  const most = strongest();
  find(".low").textContent = zoo.signed(-most, 2);
  find(".high").textContent = zoo.signed(most, 2);
  if (pushes.pointed !== null) {
    const where = zoo.make("b", {}, zoo.t("zoo.place", place(pushes.pointed)));
    const later = pushes.pointed >= influenced;
    line.replaceChildren(where, " " + (later ? zoo.t("nade.later") : readPush(pushes.pointed)));
    return;
  }
  const words = [["up", 1], ["down", -1]].map(([key, sign]) => {
    let best = null;
    let push = 0.005;
    for (let j = 0; j < influenced; j++) {
      if (counts(j) && sign * influence[j] > push) [best, push] = [j, sign * influence[j]];
    }
    if (best === null) return null;
    const values = { ...place(best), push: zoo.signed(influence[best], 2) };
    const kind = sign > 0 ? "zoo-positive" : "zoo-negative";
    return zoo.make("div", { class: kind }, zoo.t("nade." + key, values));
  });
  const said = words.filter(Boolean);
  const bare = part.get("among") === "ink" && !canvas.pixels.subarray(0, influenced).includes(1);
  const none = zoo.t(bare ? "nade.no_ink" : "nade.no_push");
  line.replaceChildren(...(said.length ? said : [none]));
}

all("[data-among]").forEach((button) =>
  button.addEventListener("click", () => {
    part.set({ among: button.dataset.among });
    showAmong();
  })
);

function showAmong() {
  all("[data-among]").forEach((b) =>
    b.setAttribute("aria-pressed", b.dataset.among === part.get("among"))
  );
  pushes.repaint();
  showPushed();
}

/* The score, on the histogram of all test digits */

function showScore() {
  if (!answer || !constants) return;
  find(".score output").textContent = zoo.number(answer.log_prob, 1);
  find(".bits").textContent = zoo.number(answer.bits_per_dim, 3);
  const p = answer.percentile;
  const key = p <= 0 ? "below_all" : p >= 1 ? "above_all" : "above_some";
  find(".verdict").textContent = zoo.t("nade." + key, { share: zoo.percent(p) });
  showPlace();
}

const histogram = find(".histogram");
const font = getComputedStyle(element).fontFamily;
new ResizeObserver(() => {
  drawHistogram();
  showPlace();
}).observe(histogram);

let plot = null; // where scores are on the histogram, once it is drawn
["language", "theme"].forEach((event) =>
  zoo.on(event, () => {
    drawHistogram();
    showPlace();
  })
);

/* The image's own place: an element over the histogram, so that a stroke repaints none of it. */
function showPlace() {
  if (!plot || !answer) return;
  find(".here").style.transform = `translateX(${plot.at(answer.log_prob)}px)`;
  const off = answer.log_prob < plot.low ? "\u25c2 " : "";
  find(".here span").textContent = off + zoo.t("nade.here");
  find(".here").hidden = false;
}

/* Centered text, but never over the edge. */
function write(context, words, x, y, color, weight = 400) {
  context.font = `${weight} 12px ${font}`;
  const half = context.measureText(words).width / 2;
  context.fillStyle = zoo.token(color);
  context.textAlign = "center";
  context.fillText(words, Math.max(half, Math.min(histogram.clientWidth - half, x)), y);
}

function drawHistogram() {
  const [width, height] = [histogram.clientWidth, histogram.clientHeight];
  if (!width || !constants) return;
  const context = zoo.sharp(histogram);
  const { edges, counts, noise, shuffled } = constants.histogram;
  const [low, high] = [edges[0], edges[edges.length - 1]];
  const [margin, base, top] = [8, height - 38, 40];
  const at = (score) => {
    const clipped = Math.max(low, Math.min(high, score));
    const fraction = Math.log(clipped / low) / Math.log(high / low);
    return margin + fraction * (width - 2 * margin);
  };

  const most = Math.max(...counts);
  context.fillStyle = zoo.token("strong-line");
  counts.forEach((count, k) => {
    const [x, next] = [at(edges[k]), at(edges[k + 1])];
    const tall = (count / most) * (base - top);
    if (count) context.fillRect(x, base - tall, next - x - 0.5, tall);
  });
  context.fillStyle = zoo.token("line");
  context.fillRect(margin, base, width - 2 * margin, 1);

  for (let decade = 1; decade <= 4; decade++) {
    const x = at(-(10 ** decade));
    context.fillStyle = zoo.token("strong-line");
    context.fillRect(x - 0.5, base, 1, 6);
    write(context, zoo.number(-(10 ** decade)), x, base + 20, "muted");
    context.fillStyle = zoo.token("line");
    for (let k = 2; k < 10; k++) {
      const score = -k * 10 ** (decade - 1);
      if (score < high) context.fillRect(at(score) - 0.5, base, 1, 4);
    }
  }
  write(context, zoo.t("nade.axis"), width / 2, height - 3, "muted");

  for (const [score, key] of [[shuffled, "nade.shuffled"], [noise, "nade.coin_flips"]]) {
    const x = at(score);
    context.fillStyle = zoo.token("strong-line");
    for (let y = base - 4; y > base - 34; y -= 6) context.fillRect(x - 0.5, y - 3, 1, 3);
    write(context, zoo.t(key), x, base - 42, "muted");
  }
  // Left of the hump, where few drawings ever stand.
  context.textAlign = "right";
  zoo.t("nade.test_digits")
    .split("\n")
    .forEach((line, k) => context.fillText(line, at(-210), top + 12 + 16 * k));
  plot = { at, low };
}

/* The raster line: what is known, and what is left to sample */

function knownPixels() {
  const known = part.get("known");
  return known === FOLLOW ? canvas.pixels.lastIndexOf(1) + 1 : known;
}

function setKnown(known) {
  part.set({ known });
  showKnown();
}

let shownLine = null; // where the line was drawn last

function showKnown() {
  const known = knownPixels();
  if (known !== shownLine) canvas.refresh();
  shownLine = known;
  const row = Math.min(SIDE, Math.ceil(known / SIDE));
  const grip = find(".line");
  grip.style.top = (100 * (known % SIDE ? row - 1 : row)) / SIDE + "%";
  grip.setAttribute("aria-valuenow", known);
  grip.setAttribute("aria-valuetext", zoo.t("nade.known_of", { known: zoo.number(known) }));
  find(".known input").value = known;
  find(".known output").textContent = zoo.number(known);
  find(".follow").setAttribute("aria-pressed", part.get("known") === FOLLOW);
}

function moveLine(known) {
  setKnown(Math.max(0, Math.min(D, known)));
  askRest();
}

const grip = find(".line");
grip.addEventListener("pointerdown", (event) => {
  event.preventDefault();
  grip.focus({ preventScroll: true });
  grip.setPointerCapture(event.pointerId);
});
grip.addEventListener("pointermove", (event) => {
  if (!grip.hasPointerCapture(event.pointerId)) return;
  const box = canvas.surface.getBoundingClientRect();
  const y = ((event.clientY - box.top) / box.height) * SIDE;
  const x = ((event.clientX - box.left) / box.width) * SIDE;
  // Beside the canvas the line goes by whole rows, over it by pixels.
  const known = x >= SIDE ? Math.round(y) * SIDE : Math.floor(y) * SIDE + Math.max(0, Math.round(x));
  if (known !== knownPixels()) moveLine(known);
});
grip.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -SIDE, ArrowDown: SIDE, Home: -D, End: D }[
    event.key
  ];
  if (!by) return;
  event.preventDefault();
  moveLine(knownPixels() + by);
});
find(".known input").addEventListener("input", (event) => moveLine(Number(event.target.value)));
find(".follow").addEventListener("click", () => {
  setKnown(part.get("known") === FOLLOW ? knownPixels() : FOLLOW);
  askRest();
});

/* Completions */

find(".count").addEventListener("change", (event) => {
  part.set({ count: Number(event.target.value) });
  askRest();
});
find(".seed").addEventListener("change", (event) => {
  const seed = Math.round(Number(event.target.value));
  part.set({ seed: Math.max(0, Math.min(MAX_SEED, Number.isFinite(seed) ? seed : 0)) });
  event.target.value = part.get("seed");
  askRest();
});
find(".random").addEventListener("click", () => {
  part.set({ seed: zoo.newSeed() });
  find(".seed").value = part.get("seed");
  playWhenDone = !zoo.still();
  askRest();
});

const player = new zoo.Player(find(".player"), { show: drawTiles, seconds: 5 });

function showTiles() {
  const host = find(".tiles");
  const { images, logProb, known } = completions;
  while (host.children.length > images.length) host.lastChild.remove();
  while (host.children.length < images.length) {
    const n = host.children.length;
    const button = zoo.make("button", { type: "button" },
      zoo.make("canvas", { width: SIDE, height: SIDE }), zoo.make("span"));
    button.addEventListener("click", () => {
      canvas.load(completions.images[n]);
      canvas.surface.scrollIntoView({ block: "nearest", behavior: zoo.still() ? "auto" : "smooth" });
    });
    host.append(button);
  }
  [...host.children].forEach((button, n) => {
    const score = zoo.number(logProb[n], 1);
    const quantity = zoo.make("i", { class: "quantity" }, "log p = ");
    button.querySelector("span").replaceChildren(quantity, score);
    button.title = zoo.t("nade.take");
    button.setAttribute("aria-label", zoo.t("nade.take_n", { n: zoo.number(n + 1), score }));
  });
  find(".nothing").hidden = known < D;
  player.load(known, D);
  if (playWhenDone) player.play();
  playWhenDone = false;
}

function drawTiles(frame) {
  if (!completions) return;
  const paper = zoo.rgb(zoo.token("paper"));
  const pen = zoo.rgb(zoo.token("pen"));
  const made = zoo.rgb(zoo.token("accent"));
  const blank = zoo.rgb(zoo.token("sunken"));
  find(".tiles").querySelectorAll("canvas").forEach((tile, n) => {
    const image = completions.images[n];
    zoo.paintPixels(tile, (data) => {
      for (let i = 0, o = 0; i < D; i++, o += 4) {
        const color = i >= frame ? blank : !image[i] ? paper : i < completions.known ? pen : made;
        data[o] = color[0];
        data[o + 1] = color[1];
        data[o + 2] = color[2];
        data[o + 3] = 255;
      }
    });
  });
}

/* Keeping it */

find(".save-png").addEventListener("click", () => {
  const items = [
    { canvas: canvas.cells, title: zoo.t("nade.image") },
    { canvas: map.cells, title: zoo.t("nade.probability") },
    { canvas: pushes.cells, title: zoo.t("nade.influence") },
  ];
  [...find(".tiles").children].forEach((tile) =>
    items.push({ canvas: tile.querySelector("canvas"), title: tile.textContent })
  );
  const heading = "NADE   log p(x) = " + zoo.number(answer.log_prob, 1) + " " + zoo.t("nade.nats");
  zoo.savePNG(zoo.sheet(items, { columns: 5, size: 224, heading }), "nade.png");
});

find(".save-json").addEventListener("click", () => {
  zoo.saveJSON(
    {
      model: "nade-mnist",
      address: location.href,
      pixels: [...canvas.pixels],
      log_prob: answer.log_prob,
      bits_per_dim: answer.bits_per_dim,
      percentile: answer.percentile,
      logits: [...logits].map((l) => Number(l.toFixed(4))),
      pixel: influenced,
      influence: [...influence].map((l) => Number(l.toFixed(4))),
      known: completions.known,
      seed: completions.seed,
      completions: completions.images.map((image, n) => ({
        pixels: [...image],
        log_prob: completions.logProb[n],
      })),
    },
    "nade.json"
  );
});

/* Language, theme, the URL */

function showBars() {
  find(".cividis").style.background = zoo.gradient("cividis");
  const [up, down] = [zoo.token("positive"), zoo.token("negative")];
  const paper = zoo.token("paper");
  find(".diverging").style.background = `linear-gradient(to right, ${down}, ${paper}, ${up})`;
}

zoo.on("language", () => {
  zoo.translate(element);
  showReading();
  showPushed();
  showScore();
  showKnown();
  if (completions) showTiles();
});
zoo.on("theme", () => {
  showBars();
  drawTiles(player.frame);
});

/* Values that the URL may hold and the tab cannot mean become defaults. */
function sane() {
  const ranges = { pixel: [0, D - 1], known: [FOLLOW, D], seed: [0, MAX_SEED], brush: [1, 3] };
  for (const [key, [low, high]] of Object.entries(ranges)) {
    const value = part.get(key);
    if (!Number.isInteger(value) || value < low || value > high) {
      part.set({ [key]: part.defaults[key] });
    }
  }
  const choices = { count: [1, 7, 14], tool: ["draw", "erase"], among: ["ink", "all"] };
  for (const [key, values] of Object.entries(choices)) {
    if (!values.includes(part.get(key))) part.set({ [key]: part.defaults[key] });
  }
}

function restoreControls() {
  find(".count").value = part.get("count");
  find(".seed").value = part.get("seed");
  showTools();
  showKnown();
  showAmong();
}

function restore() {
  sane();
  restoreControls();
  if (!constants) return;
  const first = chooser.nearest(FIRST);
  const kept = part.get("x") ? zoo.unpackBits(part.get("x"), D) : null;
  canvas.put(kept || digit(first));
  choose(kept ? null : first);
  if (!kept) part.set({ x: "" });
  canvas.past = [];
  canvas.future = [];
  showTools();
}

zoo.translate(element);
showBars();
restore();

zoo.whenShown("nade", async () => {
  const begin = zoo.latest(
    () => server.start({}),
    (reply, given, milliseconds) => {
      if (!showStatus(".look-status", reply, milliseconds)) return;
      constants = reply;
      drawHistogram();
      const levels = new Uint8Array(reply.digits.length * D);
      reply.digits.forEach((text, n) =>
        levels.set(zoo.unpackBits(text, D).map((bit) => 255 * bit), n * D)
      );
      chooser.load(levels, reply.labels, (c) => zoo.t("nade.digit", { digit: c }));
      restore();
    }
  );
  begin({});
});
