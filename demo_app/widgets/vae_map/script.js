const zoo = window.zoo;
const find = (name) => element.querySelector("." + name);
const NEIGHBORS = 15;
const LIMIT = 6;
const GRID = 4; // the density of codes is known from -4 to 4
const VIEWS = ["both", "points", "digits"];

const plane = find("plane");
const base = find("base");
const over = find("over");
const part = zoo.part("vae-map", { x: -1.1, y: 0.6, view: "both", only: -1, seed: 1 }, restore);

let chart = null; // what the server said at the start
let hover = null; // where the pointer is, when it is not dragging
let dragging = false;
let decoded = new Uint8Array(784);
let shownAt = null;

/* Places on the map */

const kept = () => [part.get("x"), part.get("y")];
const current = () => hover || kept();
const rounded = (v) => Math.round(v * 100) / 100;

const inside = (v) => rounded(Math.max(-chart.extent, Math.min(chart.extent, v)));

function keep([x, y]) {
  part.set({ x: inside(x), y: inside(y) });
  moved();
}

function at(event) {
  const box = plane.getBoundingClientRect();
  const x = ((event.clientX - box.left) / box.width) * 2 - 1;
  const y = 1 - ((event.clientY - box.top) / box.height) * 2;
  return [inside(x * chart.extent), inside(y * chart.extent)];
}

function toScreen([x, y], size) {
  return [((x / chart.extent + 1) / 2) * size, ((1 - y / chart.extent) / 2) * size];
}

/* The few test digits next to a place, nearest first. */
function around([x, y]) {
  const distance = (i) => (chart.points[2 * i] - x) ** 2 + (chart.points[2 * i + 1] - y) ** 2;
  const nearest = [];
  for (let i = 0; i < chart.labels.length; i++) {
    const d = distance(i);
    if (nearest.length === NEIGHBORS && d >= nearest[NEIGHBORS - 1].d) continue;
    let k = nearest.length;
    while (k > 0 && nearest[k - 1].d > d) k--;
    nearest.splice(k, 0, { i, d });
    if (nearest.length > NEIGHBORS) nearest.pop();
  }
  return nearest.map(({ i, d }) => ({ i, label: chart.labels[i], distance: Math.sqrt(d) }));
}

/* How densely codes lie at a place: the aggregated posterior q(z), the mean of q(z | x) over the
   training digits, beside the prior p(z) that it should equal. */
function densities([x, y]) {
  const p = Math.exp(-0.5 * (x * x + y * y)) / (2 * Math.PI);
  if (Math.max(Math.abs(x), Math.abs(y)) > GRID) return { q: 0, p };
  const side = Math.sqrt(chart.logQ.length);
  const [column, row] = [x, y].map((v) => ((v + GRID) / (2 * GRID)) * (side - 1));
  const [left, below] = [column, row].map((v) => Math.min(Math.floor(v), side - 2));
  const [u, v] = [column - left, row - below];
  const line = (r) => {
    const first = r * side + left;
    return (1 - u) * chart.logQ[first] + u * chart.logQ[first + 1];
  };
  return { q: Math.exp((1 - v) * line(below) + v * line(below + 1)), p };
}

/* Below this density of the prior nothing is asked for: one draw in a hundred falls there. */
const RARE = 0.01 / (2 * Math.PI);

function verdict({ q, p }) {
  const times = (ratio) => ({ times: ratio < 100 ? zoo.number(ratio, 1) : zoo.number(Math.min(ratio, 1e6), 0) });
  if (p < RARE) return zoo.t(q < RARE ? "vae.density_far" : "vae.density_beyond");
  if (q < p / 3) return zoo.t(q < p / 1e6 ? "vae.density_empty" : "vae.density_hole", times(p / q));
  return q > 3 * p ? zoo.t("vae.density_crowd", times(q / p)) : zoo.t("vae.density_even");
}

function showDensities(z) {
  const density = densities(z);
  for (const key of ["q", "p"]) {
    // Up to ten times the prior's peak, on the scale of the square root, so that small ones show.
    const share = Math.min(1, Math.sqrt((density[key] * 2 * Math.PI) / 10));
    find("bar." + key).style.setProperty("--share", share);
    find("bar." + key).nextElementSibling.textContent = zoo.number(density[key], 3);
  }
  find("verdict").textContent = verdict(density);
}

/* Drawing */

/* Of the ten colors the dark ones are lifted on dark paper. */
function color(c) {
  const mix = zoo.dark() ? 0.22 : 0;
  return "rgb(" + zoo.rgb(zoo.classColors[c]).map((v) => Math.round(v + mix * (255 - v))).join(" ") + ")";
}

function inkOn(c) {
  const [r, g, b] = zoo.rgb(zoo.classColors[c]);
  return 0.299 * r + 0.587 * g + 0.114 * b > 120 || zoo.dark() ? "#14181c" : "#ffffff";
}

function drawBase() {
  if (!chart || !base.clientWidth) return;
  const context = zoo.sharp(base);
  const size = base.clientWidth;
  const view = part.get("view");
  if (view !== "points") {
    context.globalAlpha = view === "digits" ? 1 : 0.17;
    context.imageSmoothingEnabled = size < 560;
    context.drawImage(inked(), 0, 0, size, size);
    context.globalAlpha = 1;
  }
  drawScale(context, size);
  if (view === "digits") return;
  const only = part.get("only");
  const radius = size > 450 ? 2.6 : 2;
  for (let i = 0; i < chart.labels.length; i++) {
    const c = chart.labels[i];
    const [x, y] = toScreen([chart.points[2 * i], chart.points[2 * i + 1]], size);
    context.globalAlpha = only < 0 || only === c ? 0.85 : 0.08;
    context.beginPath();
    context.arc(x, y, radius, 0, 7);
    context.fillStyle = color(c);
    context.fill();
  }
  context.globalAlpha = 1;
  drawNames(context, size, only);
}

/* Each class by its digit too, at its median: color is never the only sign. */
function drawNames(context, size, only) {
  context.font = `700 ${size > 450 ? 17 : 14}px ${getComputedStyle(element).fontFamily}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  apart(chart.medians.map((median) => toScreen(median, size)), 24).forEach(([x, y], c) => {
    if (only >= 0 && only !== c) return;
    context.lineWidth = 5;
    context.strokeStyle = zoo.token("paper");
    context.strokeText(c, x, y);
    context.fillStyle = zoo.token("ink");
    context.fillText(c, x, y);
  });
}

/* Places pushed apart until none is nearer than `room` to another. */
function apart(places, room) {
  for (let turn = 0; turn < 60; turn++) {
    places.forEach((a, i) => {
      places.slice(0, i).forEach((b) => {
        const [dx, dy] = [a[0] - b[0], a[1] - b[1]];
        const distance = Math.hypot(dx, dy) || 0.1;
        const push = (room - distance) / 2 / distance;
        if (push <= 0) return;
        a[0] += push * dx;
        a[1] += push * dy;
        b[0] -= push * dx;
        b[1] -= push * dy;
      });
    });
  }
  return places;
}

function drawScale(context, size) {
  context.strokeStyle = zoo.token("strong-line");
  context.fillStyle = zoo.token("muted");
  context.font = `11px ${getComputedStyle(element).fontFamily}`;
  context.textBaseline = "alphabetic";
  const write = (v, x, y) => {
    context.lineWidth = 4;
    context.strokeStyle = zoo.token("paper");
    context.strokeText(zoo.number(v), x, y);
    context.fillText(zoo.number(v), x, y);
    context.lineWidth = 1;
    context.strokeStyle = zoo.token("strong-line");
  };
  context.lineWidth = 1;
  for (let v = -Math.floor(chart.extent); v <= chart.extent; v++) {
    const [x, y] = toScreen([v, v], size).map(Math.round);
    if (Math.min(x, y, size - x, size - y) < 14) continue;
    context.beginPath();
    context.moveTo(x + 0.5, size);
    context.lineTo(x + 0.5, size - 5);
    context.moveTo(0, y + 0.5);
    context.lineTo(5, y + 0.5);
    context.stroke();
    context.textAlign = "center";
    write(v, x, size - 8);
    context.textAlign = "left";
    write(v, 8, y + 4);
  }
}

/* The manifold in ink on clear paper, for this theme. */
function inked() {
  const theme = zoo.dark();
  if (chart.inkedFor === theme) return chart.inked;
  const { width, height, levels } = chart.manifold;
  const canvas = zoo.make("canvas", { width, height });
  zoo.paint(canvas, levels, { map: "ink", high: 255 });
  chart.inked = canvas;
  chart.inkedFor = theme;
  return canvas;
}

let frame = null;
function drawOver() {
  if (frame) return;
  frame = requestAnimationFrame(() => {
    frame = null;
    if (!chart || !over.clientWidth) return;
    const context = zoo.sharp(over);
    const size = over.clientWidth;
    const focus = document.activeElement === plane && plane.matches(":focus-visible");
    ring(context, toScreen(kept(), size), focus ? 10 : 8, 2.5);
    if (hover) ring(context, toScreen(hover, size), 6, 1.5);
  });
}

function ring(context, [x, y], radius, width) {
  for (const [extra, style] of [[2.5, "rgb(0 0 0 / 70%)"], [0, "#fff"]]) {
    context.beginPath();
    context.arc(x, y, radius, 0, 7);
    context.lineWidth = width + extra;
    context.strokeStyle = style;
    context.stroke();
  }
}

/* The answer to a place */

const ask = zoo.latest(server.decode, (answer, { z }, total) => {
  if (!answer.ok) asked = null;
  else {
    decoded = zoo.bytes(answer.image);
    shownAt = z;
    drawDecoded();
  }
  const state = find("state");
  state.parentElement.classList.toggle("zoo-bad", !answer.ok);
  state.textContent = answer.ok
    ? zoo.t("zoo.answered", { total: zoo.number(total, 1), server: zoo.number(answer.ms, 1) })
    : answer.error;
});

let asked = null;
function decode(z) {
  const key = z.join(" ");
  if (key === asked) return;
  asked = key;
  ask({ z });
}

function drawDecoded() {
  const canvas = find("decoded");
  zoo.paint(canvas, decoded, { map: "ink", high: 255 });
  if (shownAt) canvas.dataset.z = shownAt.join(" ");
}

function moved() {
  if (!chart) return;
  decode(current());
  zoo.withAnswer(drawOver);
  zoo.withAnswer(read);
}

function read() {
  const z = current();
  const place = z.map((v) => zoo.number(v, 2)).join(", ");
  find("place").textContent = "z = (" + place + ")";
  const near = around(z);
  const [nearest] = near;
  const digit = chart.digits.subarray(784 * nearest.i, 784 * (nearest.i + 1));
  zoo.paint(find("nearest"), digit, { map: "ink" });
  find("real").textContent = zoo.t("vae.real", {
    digit: nearest.label,
    distance: zoo.number(nearest.distance, 2),
  });
  const sorted = near.map(({ label }) => label).sort((a, b) => count(b) - count(a) || a - b);
  function count(label) {
    return near.filter((one) => one.label === label).length;
  }
  find("neighbors").replaceChildren(
    ...sorted.map((c) => {
      const cell = zoo.make("span", {}, String(c));
      cell.style.background = color(c);
      cell.style.color = inkOn(c);
      return cell;
    })
  );
  const groups = [...new Set(sorted)].map((c) => `${c} × ${count(c)}`).join(", ");
  find("neighbors").setAttribute("role", "img");
  find("neighbors").setAttribute("aria-label", groups);
  showDensities(z);
  say(zoo.t("vae.said", { place, digits: groups }) + " " + find("verdict").textContent);
}

const say = zoo.wait(250, (sentence) => {
  if (document.activeElement === plane) find("said").textContent = sentence;
});

/* Pointer and keys */

plane.addEventListener("pointerdown", (event) => {
  if (!chart || event.button !== 0) return;
  event.preventDefault();
  zoo.withAnswer(() => plane.focus({ preventScroll: true }));
  plane.setPointerCapture(event.pointerId);
  dragging = true;
  hover = null;
  keep(at(event));
});
plane.addEventListener("pointermove", (event) => {
  if (!chart) return;
  if (dragging) keep(at(event));
  else if (event.pointerType !== "touch") {
    hover = at(event);
    moved();
  }
});
// A pointermove waits for the next frame. Where the browser tells of the move at once, the question
// leaves at once.
plane.addEventListener("pointerrawupdate", (event) => {
  if (chart && (dragging || event.pointerType !== "touch")) decode(at(event));
});
function drop() {
  dragging = false;
}
plane.addEventListener("pointerup", drop);
plane.addEventListener("pointercancel", drop);
plane.addEventListener("pointerleave", () => {
  if (!hover) return;
  hover = null;
  moved();
});
plane.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
  if (!chart || event.altKey || event.ctrlKey || event.metaKey) return;
  if (!by && event.key !== "Home") return;
  event.preventDefault();
  hover = null;
  const step = event.shiftKey ? 0.5 : 0.1;
  const [x, y] = kept();
  keep(by ? [x + step * by[0], y + step * by[1]] : [0, 0]);
});
plane.addEventListener("focus", drawOver);
plane.addEventListener("blur", drawOver);

/* Controls */

for (const view of VIEWS) {
  const button = zoo.make("button", { type: "button", "data-key": view, "data-t": "vae.view_" + view,
    "data-testid": "vae-view-" + view });
  button.addEventListener("click", () => {
    part.set({ view });
    show();
  });
  find("views").append(button);
}

for (let c = 0; c < 10; c++) {
  const button = zoo.make("button", { type: "button", "data-key": c }, zoo.make("i"), String(c));
  button.addEventListener("click", () => {
    part.set({ only: part.get("only") === c ? -1 : c });
    show();
  });
  find("legend").append(button);
}

function drawFromPrior(seed) {
  const [x, y] = zoo.normals(seed, 2);
  part.set({ seed });
  find("seed").value = seed;
  keep([x, y]);
}
find("random").addEventListener("click", () => drawFromPrior(zoo.newSeed()));
find("seed").addEventListener("change", () => {
  const seed = Number(find("seed").value);
  if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31) drawFromPrior(seed);
  else find("seed").value = part.get("seed");
});
find("reset").addEventListener("click", () => {
  part.set(part.defaults);
  show();
  moved();
});

find("png").addEventListener("click", () => {
  const size = 1120;
  const sheet = zoo.make("canvas", { width: size + 2 * 28 + 560, height: size + 2 * 28 });
  const context = sheet.getContext("2d");
  context.fillStyle = zoo.token("page");
  context.fillRect(0, 0, sheet.width, sheet.height);
  context.fillStyle = zoo.token("paper");
  context.fillRect(28, 28, size, size);
  context.drawImage(base, 28, 28, size, size);
  context.drawImage(over, 28, 28, size, size);
  context.imageSmoothingEnabled = false;
  context.drawImage(find("decoded"), size + 56, 28, 532, 532);
  context.fillStyle = zoo.token("ink");
  context.font = `600 26px ${getComputedStyle(element).fontFamily}`;
  context.fillText("vae-mnist-2d", size + 56, 620);
  context.font = `24px ${getComputedStyle(element).fontFamily}`;
  context.fillText(find("place").textContent, size + 56, 658);
  zoo.savePNG(sheet, "genzoo-vae-map.png");
});
find("json").addEventListener("click", () => {
  zoo.saveJSON({
    model: "vae-mnist-2d",
    z: shownAt,
    density: densities(shownAt || kept()),
    image: Array.from(decoded, (v) => v / 255),
    nearest: around(shownAt || kept()).map(({ label, distance, i }) => ({
      label,
      distance,
      z: [chart.points[2 * i], chart.points[2 * i + 1]],
    })),
  }, "genzoo-vae-map.json");
});

/* All together */

function show() {
  element.querySelectorAll(".views button").forEach((button) => {
    button.setAttribute("aria-pressed", button.dataset.key === part.get("view"));
  });
  element.querySelectorAll(".legend button").forEach((button) => {
    const c = Number(button.dataset.key);
    button.setAttribute("aria-pressed", c === part.get("only"));
    button.querySelector("i").style.background = color(c);
    button.title = zoo.t("vae.only", { digit: c });
  });
  find("seed").value = part.get("seed");
  drawBase();
  drawOver();
}

/* Only what can be shown is taken from the address. */
function checkState() {
  const inside = (v) => Math.max(-LIMIT, Math.min(LIMIT, v));
  const values = { x: inside(part.get("x")), y: inside(part.get("y")) };
  if (!VIEWS.includes(part.get("view"))) values.view = "both";
  if (!Number.isInteger(part.get("only")) || part.get("only") < -1 || part.get("only") > 9) {
    values.only = -1;
  }
  part.set(values);
}

function restore() {
  checkState();
  if (!chart) return;
  show();
  moved();
}

function medians(points, labels) {
  const middle = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)];
  return Array.from({ length: 10 }, (_, c) => {
    const mine = labels.flatMap((label, i) => (label === c ? [i] : []));
    return mine.length ? [0, 1].map((k) => middle(mine.map((i) => points[2 * i + k]))) : [99, 99];
  });
}

async function begin(answer) {
  if (!answer.ok) {
    find("state").parentElement.classList.add("zoo-bad");
    find("state").textContent = answer.error;
    return;
  }
  const points = zoo.int16(answer.points, 1000);
  chart = {
    points,
    logQ: zoo.int16(answer.log_q, 100),
    labels: answer.labels,
    extent: answer.extent,
    digits: zoo.unpackBits(answer.digits, 784 * answer.labels.length),
    medians: medians(points, answer.labels),
    manifold: await zoo.readPNG(answer.manifold),
  };
  checkState();
  show();
  moved();
}

new ResizeObserver(() => {
  drawBase();
  drawOver();
}).observe(plane);
zoo.on("theme", () => {
  if (!chart) return;
  show();
  drawDecoded();
  read();
});
zoo.on("language", () => {
  zoo.translate(element);
  if (chart) {
    show();
    read();
  }
});
zoo.translate(element);
zoo.whenShown("vae", () => zoo.latest(server.start, begin)({}));
