const zoo = window.zoo;
const find = (name) => element.querySelector("." + name);
const D = 784;
const RANGE = 4; // of a slider, in deviations of the prior
const LIMIT = 6; // of what the server decodes
const SHOWN = 12;
const THUMB = 16; // of .zoo-range, in pixels
const SOURCES = ["mean", "posterior", "prior", "origin"];
const FIRST = { "vae-mnist": 507, "vae-fashion": 900 }; // a five and a boot, by the chooser's ids

const part = zoo.part(
  "vae",
  { model: props.data.models[0], image: -1, drawing: "", from: "mean", z: "", seed: 1, all: false },
  restore
);

const sets = {}; // by model: what `start` said
let set = null;
let x = new Uint8Array(D); // gray levels, 0 to 255
let posterior = null; // what `encode` said of x
let z = null;
let decoded = new Uint8Array(D);
let likelihood = null;
let loading = false; // the canvas is being filled by us, not drawn on

/* The two pictures */

const canvas = new zoo.PixelCanvas(find("draw"), {
  label: "vae.input_label",
  read: (i) => zoo.t(canvas.pixels[i] ? "vae.ink" : "vae.paper"),
  onchange: drew,
});
const chosen = new zoo.Heatmap(find("chosen"), {
  label: "vae.chosen_label",
  read: (i) => zoo.percent(x[i] / 255),
});
const picture = new zoo.Heatmap(find("picture"), {
  label: "vae.output_label",
  read: (i) => zoo.percent(decoded[i] / 255),
});
const chooser = new zoo.Chooser(find("chooser"), { label: "vae.choose", onchoose: choose });

const INK = { map: "ink", low: 0, high: 255 };

function drew(pixels, finished) {
  showHistory();
  if (loading) return;
  x = Uint8Array.from(pixels, (v) => 255 * v);
  chooser.mark(null);
  setSource("mean");
  if (finished) part.set({ image: -1, drawing: zoo.urlBits(pixels) });
  encode();
}

function choose(id) {
  part.set({ image: id, drawing: "" });
  setSource("mean");
  showInput(true);
  encode();
}

/* x as the state has it, on the canvas of its kind. */
function showInput(undoable) {
  const bits = set.binary && part.get("drawing") ? zoo.unpackBits(part.get("drawing"), D) : null;
  if (bits) {
    x = bits.map((v) => 255 * v);
    chooser.mark(null);
  } else {
    const first = FIRST[part.get("model")];
    const id = chooser.nearest(part.get("image") < 0 ? first : part.get("image"));
    part.set({ drawing: "" });
    x = chooser.picture(id).slice();
    chooser.mark(id);
  }
  find("draw").hidden = find("pens").hidden = !set.binary;
  find("chosen").hidden = find("gray").hidden = set.binary;
  if (set.binary) {
    loading = true;
    const pixels = x.map((v) => (v ? 1 : 0));
    if (undoable) canvas.load(pixels);
    else canvas.put(pixels);
    loading = false;
  } else chosen.show(x, INK);
}

/* From x to q(z | x) */

const text = (levels) => btoa(String.fromCharCode(...levels));
const encode = () => askEncode({ model: part.get("model"), x: text(x) });

const askEncode = zoo.latest(server.encode, (answer, given, total) => {
  if (given.model !== part.get("model")) return;
  told(answer, total);
  if (!answer.ok) return;
  posterior = answer;
  asked = null;
  showPosterior();
  showBalance();
  if (part.get("from") === "mean") {
    z = posterior.mean.slice();
    showDecoded(answer);
    showCode();
  } else place();
});

/* From z to a picture */

const clip = (v, limit) => Math.max(-limit, Math.min(limit, v));

const askDecode = zoo.latest(server.decode, (answer, given, total) => {
  if (given.model !== part.get("model")) return;
  if (answer.ok) showDecoded(answer, given.z);
  else asked = null;
  told(answer, total);
});

let asked = null;
function decode(code = z) {
  const given = { model: part.get("model"), z: code.map((v) => clip(v, LIMIT)), x: text(x) };
  const key = Object.values(given).join(" ");
  if (key === asked) return;
  asked = key;
  askDecode(given);
}

/* z with another value of one latent, as it will be in the address. */
function codeWith(k, value) {
  const code = z.map((v) => Math.round(100 * clip(v, LIMIT)) / 100);
  code[k] = value;
  return code;
}

/* z from where the state says that it comes. */
function place() {
  const n = set.kl.length;
  const from = part.get("from");
  if (from === "hand") {
    const given = part.get("z").split("_").map(Number);
    const fits = given.length === n && given.every((v) => Math.abs(v) <= LIMIT);
    z = fits ? given : posterior.mean.slice();
  } else if (from === "posterior") {
    const eps = zoo.normals(part.get("seed"), n);
    z = posterior.mean.map((mean, k) => mean + posterior.deviation[k] * eps[k]);
  } else if (from === "prior") z = zoo.normals(part.get("seed"), n);
  else z = from === "origin" ? Array(n).fill(0) : posterior.mean.slice();
  decode();
  showCode();
}

function setSource(from) {
  part.set({ from, z: "" });
  element.querySelectorAll(".sources button").forEach((button) => {
    button.setAttribute("aria-pressed", button.dataset.key === from);
  });
}

function setLatent(k, value) {
  z = codeWith(k, value);
  decode();
  setSource("hand");
  part.set({ z: z.join("_") });
  zoo.withAnswer(showCode);
}

zoo.on("vae-latent", ({ latent, value }) => set && z && setLatent(latent, value));

/* What is shown */

function told(answer, total) {
  const state = find("state");
  state.parentElement.classList.toggle("zoo-bad", !answer.ok);
  state.textContent = answer.ok
    ? zoo.t("zoo.answered", { total: zoo.number(total, 1), server: zoo.number(answer.ms, 1) })
    : answer.error;
}

function showDecoded(answer, at) {
  decoded = zoo.bytes(answer.image);
  likelihood = answer.log_likelihood;
  picture.show(decoded, INK);
  picture.cells.dataset.z = (at || z).map((v) => v.toFixed(4)).join(" ");
  showLikelihood();
  said();
}

function showLikelihood() {
  if (likelihood === null) return;
  const math = zoo.make("span", { class: "zoo-math" }, "log p(x | z) = ");
  find("likelihood").replaceChildren(math, zoo.number(likelihood, 1));
}

const said = zoo.wait(400, () => {
  find("said").textContent = zoo.t("vae.code_said", { likelihood: zoo.number(likelihood, 1) });
});

/* A round number that holds `v`, so that the scale seldom changes. */
function roomFor(v) {
  const unit = 10 ** Math.floor(Math.log10(v));
  return [1, 1.5, 2, 3, 5, 7.5, 10].map((m) => m * unit).find((room) => room >= v);
}

function showBalance() {
  if (!posterior) return;
  const kl = posterior.reconstruction - posterior.elbo;
  const typical = set.kl.reduce((sum, v) => sum + v, 0) - set.reconstruction;
  const most = roomFor(Math.max(-posterior.elbo, typical) * 1.02);
  find("elbo").textContent = zoo.number(posterior.elbo, 1);
  find("reconstruction").textContent = zoo.number(posterior.reconstruction, 1);
  find("sum").querySelector(".divergence").textContent = zoo.number(kl, 1);
  const beam = find("beam");
  beam.querySelector(".rec").style.width = (-100 * posterior.reconstruction) / most + "%";
  beam.querySelector(".kl").style.width = (100 * kl) / most + "%";
  beam.querySelector(".typical").style.left = (100 * typical) / most + "%";
  find("zero").textContent = zoo.number(0);
  find("most").textContent = zoo.number(-most);
  find("verdict").textContent = zoo.t("vae.verdict", {
    bits: zoo.number(posterior.bits_per_dim, 3),
    typical: zoo.number(-typical, 1),
  });
}

/* Sliders */

let rows = []; // by latent
let pointed = null;

function buildSliders() {
  rows = [];
  pointed = set.order[0];
  const used = set.order.slice(0, Math.max(1, set.n_active));
  const most = Math.max(...set.kl) * 1.6;
  const list = used.map((k, rank) => {
    const make = zoo.make;
    const name = make("span", { class: "name zoo-math" }, "z", make("sub", {}, String(k)));
    const bar = make("span", {});
    const average = make("i", {});
    average.style.left = `calc(${(100 * set.kl[k]) / most}% - 1px)`;
    const [two, one] = [make("span", { class: "two" }), make("span", { class: "one" })];
    const input = make("input", { type: "range", class: "zoo-range", min: -RANGE, max: RANGE,
      step: 0.01, "aria-label": "z " + k, "data-testid": "vae-z-" + rank });
    const output = make("output", { class: "zoo-figure" });
    const row = make("li", { class: "slider" }, name,
      make("span", { class: "divergence" }, bar, average),
      make("span", { class: "track" }, make("span", { class: "density" }),
        make("span", { class: "within" }, two, one), input),
      output);
    input.addEventListener("input", () => setLatent(k, Number(input.value)));
    // An input event waits for the next frame. Where the browser tells of the move at once, the
    // question leaves at once.
    input.addEventListener("pointerrawupdate", (event) => {
      if (event.buttons & 1 && z) decode(codeWith(k, valueAt(input, event.clientX)));
    });
    for (const event of ["pointerenter", "focusin"]) {
      row.addEventListener(event, () => {
        pointed = k;
        readRow();
      });
    }
    rows[k] = { row, bar, one, two, input, output, most };
    return row;
  });
  find("sliders").replaceChildren(...list);
  showCount();
}

/* The value of a slider whose thumb, THUMB wide, is held at clientX. */
function valueAt(input, clientX) {
  const box = input.getBoundingClientRect();
  const share = (clientX - box.left - THUMB / 2) / (box.width - THUMB);
  return clip(Math.round(100 * (2 * share - 1) * RANGE) / 100, RANGE);
}

function showCount() {
  const all = part.get("all");
  [...find("sliders").children].forEach((row, rank) => (row.hidden = !all && rank >= SHOWN));
  find("more").hidden = set.n_active <= SHOWN;
  find("more").setAttribute("aria-expanded", all);
  find("more").textContent = zoo.t(all ? "vae.fewer" : "vae.more", {
    shown: SHOWN,
    active: set.n_active,
    all: set.kl.length,
  });
}

/* Where q(z_k | x) lies on each slider, and what it costs. */
function showPosterior() {
  const percent = (v) => (100 * (clip(v, RANGE) + RANGE)) / (2 * RANGE);
  rows.forEach(({ bar, one, two, most }, k) => {
    bar.style.width = Math.min(100, (100 * posterior.kl[k]) / most) + "%";
    const [mean, deviation] = [posterior.mean[k], posterior.deviation[k]];
    for (const [span, n] of [[one, 1], [two, 2]]) {
      const [low, high] = [mean - n * deviation, mean + n * deviation].map(percent);
      span.style.left = low + "%";
      span.style.width = high - low + "%";
    }
  });
  readRow();
}

function showCode() {
  rows.forEach(({ input, output }, k) => {
    const shown = z[k].toFixed(2);
    if (output.dataset.shown === shown + zoo.language) return; // most of them, while one is dragged
    output.dataset.shown = shown + zoo.language;
    if (Number(input.value) !== z[k]) input.value = z[k];
    output.textContent = zoo.number(z[k], 2);
  });
  tell();
}

function readRow() {
  if (!posterior || pointed === null) return;
  find("reading").replaceChildren(
    zoo.make("span", { class: "zoo-math" }, "z", zoo.make("sub", {}, String(pointed))),
    zoo.t("vae.row", {
      mean: zoo.number(posterior.mean[pointed], 2),
      deviation: zoo.number(posterior.deviation[pointed], 2),
      kl: zoo.number(posterior.kl[pointed], 2),
      average: zoo.number(set.kl[pointed], 2),
    })
  );
}

/* The walks begin where this is. */
function tell() {
  zoo.vaeCode = { model: part.get("model"), set, x, z };
  zoo.emit("vae-code", zoo.vaeCode);
}

/* Controls */

props.data.models.forEach((model) => {
  const button = zoo.make("button", { type: "button", "data-key": model, "data-t": "vae." + model,
    "data-testid": model });
  button.addEventListener("click", () => {
    if (model === part.get("model")) return;
    part.set({ model, image: -1, drawing: "", z: "", from: "mean" });
    open();
  });
  find("models").append(button);
});
find("models").hidden = props.data.models.length < 2;

for (const from of SOURCES) {
  const button = zoo.make("button", { type: "button", "data-key": from, "data-t": "vae.from_" + from,
    "data-t-title": "vae.from_" + from + "_title", "data-testid": "vae-from-" + from });
  button.addEventListener("click", () => {
    if (!posterior) return;
    if (from === "posterior" || from === "prior") newSeed(zoo.newSeed());
    setSource(from);
    place();
  });
  find("sources").append(button);
}

function newSeed(seed) {
  part.set({ seed });
  find("seed").value = seed;
}

find("seed").addEventListener("change", () => {
  const seed = Number(find("seed").value);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 31) return newSeed(part.get("seed"));
  newSeed(seed);
  if (!["posterior", "prior"].includes(part.get("from"))) setSource("posterior");
  place();
});

find("reset").addEventListener("click", () => {
  part.set({ ...part.defaults, model: part.get("model"), all: part.get("all") });
  open();
});
find("more").addEventListener("click", () => {
  part.set({ all: !part.get("all") });
  showCount();
});

element.querySelectorAll(".pen").forEach((button) => {
  button.addEventListener("click", () => setTool(button.dataset.tool));
});
function setTool(tool) {
  canvas.tool = tool;
  element.querySelectorAll(".pen").forEach((button) => {
    button.setAttribute("aria-pressed", button.dataset.tool === tool);
  });
}
function showHistory() {
  find("undo").disabled = !canvas.past.length;
  find("redo").disabled = !canvas.future.length;
}
find("undo").addEventListener("click", () => canvas.undo());
find("redo").addEventListener("click", () => canvas.redo());
find("clear").addEventListener("click", () => canvas.clear());

find("png").addEventListener("click", () => {
  const input = set.binary ? canvas.cells : chosen.cells;
  const items = [
    { canvas: input, title: zoo.t("vae.input") },
    { canvas: picture.cells, title: zoo.t("vae.output") },
  ];
  const heading = `${part.get("model")}   ELBO ${zoo.number(posterior.elbo, 1)} ${zoo.t("vae.nats")}`;
  zoo.savePNG(zoo.sheet(items, { columns: 2, heading }), "genzoo-vae.png");
});
find("json").addEventListener("click", () => {
  const { mean, deviation, kl, reconstruction, elbo, bits_per_dim } = posterior;
  zoo.saveJSON({
    model: part.get("model"),
    input: Array.from(x, (v) => v / 255),
    posterior: { mean, deviation, kl },
    reconstruction,
    elbo,
    bits_per_dim,
    z,
    from: part.get("from"),
    seed: part.get("seed"),
    image: Array.from(decoded, (v) => v / 255),
    log_likelihood: likelihood,
  }, "genzoo-vae.json");
});

/* All together */

const className = (c) => (set.binary ? zoo.t("vae.digit", { digit: c }) : zoo.t("vae.clothes_" + c));

function unpack(answer) {
  const n = answer.labels.length * D;
  const images = answer.binary
    ? zoo.unpackBits(answer.images, n).map((v) => 255 * v)
    : zoo.bytes(answer.images);
  return { ...answer, images, className };
}

const askStart = zoo.latest(server.start, (answer, { model }) => {
  if (!answer.ok) {
    find("state").parentElement.classList.add("zoo-bad");
    find("state").textContent = answer.error;
    return;
  }
  sets[model] = unpack(answer);
  if (model === part.get("model")) open();
});

/* Show the state from the start, as after a reload. */
function open() {
  const model = part.get("model");
  if (!props.data.models.includes(model)) {
    part.set({ model: props.data.models[0] });
    return open();
  }
  element.querySelectorAll(".models button").forEach((button) => {
    button.setAttribute("aria-pressed", button.dataset.key === model);
  });
  if (!sets[model]) return askStart({ model });
  if (![...SOURCES, "hand"].includes(part.get("from"))) part.set({ from: "mean" });
  const from = part.get("from");
  element.querySelectorAll(".sources button").forEach((button) => {
    button.setAttribute("aria-pressed", button.dataset.key === from);
  });
  posterior = z = null;
  set = sets[model];
  find("seed").value = part.get("seed");
  chooser.load(set.images, set.labels, className);
  buildSliders();
  showInput(false);
  encode();
}

let started = false;
function restore() {
  if (started) open();
}

setTool("draw");
showHistory();
zoo.translate(element);
zoo.on("language", () => {
  zoo.translate(element);
  if (!set) return;
  showCount();
  showBalance();
  showLikelihood();
  readRow();
  if (z) showCode();
});
zoo.whenShown("vae", () => {
  started = true;
  open();
});
