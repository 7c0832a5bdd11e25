// @ts-check
import * as zoo from "../shared/zoo.js";
import { across, cased, caption, color, curve, dot, font, formula, frame, geometry, label, nice,
  upward } from "./drawing.js";
import { density, describe, logDensity, shares } from "./mixture.js";

const DATA = ["moons", "rings", "spirals"];
const OVERLAYS = ["none", "test", "model"];
const SCALE = 30000; // of the points' integers
const SAMPLES = 1500;
const RARE = 0.02; // p(x_1) below which a slice was hardly ever seen

const rounded = (v) => Math.round(1000 * Math.max(0, Math.min(1, v))) / 1000;
const released = ({ models }) => DATA.filter((data) => models.includes("rnade-" + data));

function drawBar(context, g, high) {
  const { square } = g;
  const width = g.narrow ? 40 : 72;
  const right = square.x + square.width;
  const number = zoo.number(high, 1);
  context.font = font(11);
  context.fillStyle = zoo.token("muted");
  context.textAlign = "right";
  context.fillText(number, right, square.y - 11);
  const x = right - context.measureText(number).width - 6 - width;
  context.fillText("0", x - 6, square.y - 11);
  const colors = context.createLinearGradient(x, 0, x + width, 0);
  const map = zoo.colorMap("cividis");
  for (let k = 0; k <= 16; k++) {
    const i = 3 * Math.round((k / 16) * 255);
    colors.addColorStop(k / 16, `rgb(${map[i]} ${map[i + 1]} ${map[i + 2]})`);
  }
  context.fillStyle = colors;
  context.fillRect(x, square.y - 19, width, 8);
}

function drawAxes(context, g) {
  const { square } = g;
  context.font = font(11);
  context.fillStyle = zoo.token("muted");
  context.strokeStyle = zoo.token("strong-line");
  context.lineWidth = 1;
  for (const v of [0, 0.25, 0.5, 0.75, 1]) {
    const x = Math.round(across(g, v)) + (v === 1 ? -0.5 : 0.5);
    const y = Math.round(upward(g, v)) + (v === 0 ? -0.5 : 0.5);
    const bottom = square.y + square.height;
    context.beginPath();
    context.moveTo(x, bottom);
    context.lineTo(x, bottom + 4);
    context.moveTo(square.x, y);
    context.lineTo(square.x - 4, y);
    context.stroke();
    if (v % 0.5) continue;
    context.textAlign = v === 0 ? "left" : v === 1 ? "right" : "center";
    context.textBaseline = "alphabetic";
    context.fillText(zoo.number(v, v % 1 ? 1 : 0), x, bottom + 16);
    context.textAlign = "right";
    context.textBaseline = v === 0 ? "alphabetic" : v === 1 ? "hanging" : "middle";
    context.fillText(zoo.number(v, v % 1 ? 1 : 0), square.x - 7, y);
  }
  context.textBaseline = "middle";
  formula(context, "x_1", across(g, 0.75) - 6, square.y + square.height + 12, 14);
  formula(context, "x_2", square.x - 21, upward(g, 0.75), 14);
}

export default zoo.widget({
  name: "rnade",
  state: (data) => ({ data: released(data)[0], x1: 0.42, x2: 0.68, overlay: "none", seed: 1 }),
  choices: (data) => ({ data: released(data), overlay: OVERLAYS }),
  setup({ props, part, server, find, change, ask, askNew, say }) {
    const picture = find("picture");
    const base = find("base");
    const over = find("over");

    const charts = {}; // data -> what the server said at the start
    let slice = null; // the mixture p(x_2 | x_1) that is shown
    let samples = null;
    let hover = null; // where the pointer is, when it is not dragging
    let dragging = null; // the region in which a drag began

    const model = () => "rnade-" + part.get("data");
    const chart = () => charts[part.get("data")];
    const kept = () => ({ x1: part.get("x1"), x2: part.get("x2") });
    const current = () => hover || kept();

    function keep({ x1, x2 }) {
      part.set({ x1: rounded(x1), x2: rounded(x2) });
      moved();
    }

    /* Drawing */

    function drawBase(context, g) {
      const { square, below, beside } = g;
      const { high, marginal } = chart();
      context.imageSmoothingEnabled = true;
      context.imageSmoothingQuality = "high";
      context.drawImage(chart().image, square.x, square.y, square.width, square.height);
      drawPoints(context, g);
      caption(context, g, "rnade.joint", "p(x_1, x_2)", square.x, square.y - 11);
      drawBar(context, g, high);
      caption(context, g, "rnade.marginal", "p(x_1)", below.x, below.y + below.height + 18);
      drawAxes(context, g);
      const { x, y, width, height } = below;
      const top = chart().marginalTop;
      const at = (i) => [x + i, y + height * (1 - density(marginal, i / width) / top)];
      curve(context, width, at);
      context.lineTo(x + width, y + height);
      context.lineTo(x, y + height);
      context.fillStyle = zoo.token("sunken");
      context.fill();
      curve(context, width, at);
      context.strokeStyle = zoo.token("ink");
      context.lineWidth = 1.75;
      context.stroke();
      frame(context, below);
      frame(context, beside);
    }

    function drawPoints(context, g) {
      const overlay = part.get("overlay");
      const points = { none: [], test: chart().points, model: samples?.points ?? [] }[overlay];
      context.save();
      context.beginPath();
      context.rect(g.square.x, g.square.y, g.square.width, g.square.height);
      context.clip();
      const radius = g.narrow ? 1 : 1.6;
      context.lineWidth = g.narrow ? 0.75 : 1;
      context.strokeStyle = "rgb(0 0 0 / 65%)";
      context.fillStyle = overlay === "test" ? "#ffffff" : "#ff9142";
      for (let i = 0; i < points.length; i += 2) {
        context.beginPath();
        context.arc(across(g, points[i]), upward(g, points[i + 1]), radius, 0, 7);
        context.stroke();
        context.fill();
      }
      context.restore();
    }

    function drawOver(context, g) {
      const { square, beside, below } = g;
      const { x1, x2 } = current();
      const [x, y] = [across(g, x1), upward(g, x2)];
      const bottom = below.y + below.height;
      const shown = slice && slice.model === model();
      if (hover) {
        context.setLineDash([3, 4]);
        const x = across(g, part.get("x1"));
        cased(context, [x, square.y], [x, square.y + square.height], 1);
        context.setLineDash([]);
      }
      if (shown) drawSlice(context, g);
      // From the line to the slice, at the height that is read.
      context.globalAlpha = 0.75;
      cased(context, [x, y], [square.x + square.width, y], 1);
      context.globalAlpha = 1;
      context.strokeStyle = zoo.token("accent");
      context.lineWidth = 1.5;
      context.beginPath();
      context.moveTo(square.x + square.width + 1, y);
      context.lineTo(shown ? beside.x + reach(g, density(slice, x2)) : beside.x, y);
      context.moveTo(x, square.y + square.height + 1);
      context.lineTo(x, bottom);
      context.stroke();
      cased(context, [x, square.y], [x, square.y + square.height], 2);
      context.beginPath();
      context.arc(x, y, 6, 0, 7);
      context.lineWidth = 4.5;
      context.strokeStyle = "rgb(0 0 0 / 70%)";
      context.stroke();
      context.lineWidth = 2.25;
      context.strokeStyle = "#fff";
      context.stroke();
      const first = density(chart().marginal, x1);
      const at = [x, bottom - (below.height * first) / chart().marginalTop];
      dot(context, at);
      // The line's own number takes the place of those of the axis that are too near.
      context.fillStyle = zoo.token("surface");
      for (const v of [0, 0.5, 0.75, 1]) {
        if (Math.abs(across(g, v) - x) < 30) {
          context.fillRect(across(g, v) - 14, square.y + square.height + 5, 28, 16);
        }
      }
      label(context, zoo.number(x1, 2), [Math.max(square.x + 12, Math.min(x, square.x + square.width - 12)),
        square.y + square.height + 16], "center");
      const outer = x > below.x + below.width - 44;
      const place = [x + (outer ? -8 : 8), Math.max(below.y + 12, at[1] - 8)];
      label(context, zoo.number(first, 2), place, outer ? "right" : "left");
      if (!shown) return;
      const second = density(slice, x2);
      const end = beside.x + reach(g, second);
      dot(context, [end, y]);
      const far = end > beside.x + 0.6 * beside.width;
      const over = [end + (far ? -6 : 8), y < square.y + 24 ? y + 18 : y - 8];
      label(context, zoo.number(second, 2), over, far ? "right" : "left");
    }

    const reach = ({ beside }, p) => (p / (1.06 * slice.top)) * beside.width;

    function drawSlice(context, g) {
      const { beside } = g;
      const words = g.narrow ? "p(x_2 | x_1)" : `p(x_2 | x_1 = ${zoo.number(slice.x1, 2)})`;
      caption(context, g, "rnade.slice", words, beside.x, beside.y - 11);
      const tick = nice(slice.top);
      const tickX = Math.round(beside.x + reach(g, tick)) + 0.5;
      const bottom = beside.y + beside.height;
      context.strokeStyle = zoo.token("line");
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(tickX, beside.y);
      context.lineTo(tickX, bottom + 4);
      context.stroke();
      context.font = font(11);
      context.fillStyle = zoo.token("muted");
      context.textBaseline = "alphabetic";
      context.textAlign = "left";
      context.fillText("0", beside.x, bottom + 16);
      context.textAlign = "center";
      context.fillText(zoo.number(tick, Math.max(0, -Math.floor(Math.log10(tick)))), tickX, bottom + 16);
      context.save();
      context.beginPath();
      context.rect(beside.x - 1, beside.y, beside.width + 1, beside.height);
      context.clip();
      const heights = Array.from({ length: 2 * beside.height + 1 }, (_, i) => i / 2 / beside.height);
      const columns = heights.map((x2) => shares(slice, x2));
      slice.weights.forEach((weight, k) => {
        if (weight < 0.002) return;
        curve(context, beside.height, (i) => [beside.x + reach(g, columns[2 * i][k]), bottom - i]);
        context.strokeStyle = color(k) + ")";
        context.lineWidth = 1.25;
        context.stroke();
        context.lineTo(beside.x, beside.y);
        context.lineTo(beside.x, bottom);
        context.fillStyle = color(k) + " / 32%)";
        context.fill();
      });
      curve(context, beside.height, (i) => [beside.x + reach(g, slice.gauss(i / beside.height)), bottom - i]);
      context.setLineDash([5, 4]);
      context.strokeStyle = zoo.token("muted");
      context.lineWidth = 1.5;
      context.stroke();
      context.setLineDash([]);
      const sum = (i) => columns[2 * i].reduce((a, b) => a + b, 0);
      curve(context, beside.height, (i) => [beside.x + reach(g, sum(i)), bottom - i]);
      context.strokeStyle = zoo.token("ink");
      context.lineWidth = 1.75;
      context.stroke();
      context.restore();
    }

    function redraw() {
      if (!chart() || !picture.clientWidth) return;
      const g = geometry(picture.clientWidth);
      picture.style.height = g.height + "px";
      find("left").classList.toggle("narrow", g.narrow);
      Object.assign(find("why").style, {
        left: g.beside.x + "px",
        top: g.below.y + 4 + "px",
        width: g.narrow ? "" : g.beside.width + "px",
      });
      drawBase(zoo.sharp(base), g);
      moving();
    }

    let waiting = null;
    function moving() {
      if (waiting) return;
      waiting = requestAnimationFrame(() => {
        waiting = null;
        if (!chart() || !over.clientWidth) return;
        drawOver(zoo.sharp(over), geometry(picture.clientWidth));
        read();
      });
    }

    /* The answer to a place */

    const askSlice = askNew(server.conditional, (answer, { name, x1 }) => {
      if (name !== model()) return;
      const { weights, means, deviations, heights } = answer;
      slice = { model: name, x1, weights, means, deviations, heights };
      Object.assign(slice, describe(slice));
      picture.dataset.slice = part.get("data") + " " + x1;
      moving();
    });
    const cut = (x1) => askSlice({ name: model(), x1 });

    function moved() {
      if (!chart()) return;
      cut(current().x1);
      zoo.withAnswer(moving);
    }

    function read() {
      const { x1, x2 } = current();
      const place = `(${zoo.number(x1, 2)}, ${zoo.number(x2, 2)})`;
      find("place").textContent = zoo.t("rnade.place", { place });
      if (!slice || slice.model !== model()) return;
      const first = logDensity(chart().marginal, x1);
      const second = logDensity(slice, x2);
      const numbers = { first, second, total: first + second };
      for (const [key, value] of Object.entries(numbers)) {
        find(key).textContent = zoo.number(value, 2);
      }
      find("used").textContent = zoo.t("rnade.used", {
        n: slice.weights.filter((weight) => weight >= 0.01).length,
        k: slice.weights.length,
      });
      const p = Math.exp(first);
      const kind = p < RARE ? "rare" : slice.humps > 1 ? "many" : "one";
      find("why").textContent = zoo.t("rnade.why_" + kind, {
        n: slice.humps,
        share: zoo.number(100 * slice.wasted) + zoo.percentSign(),
        p: zoo.number(p, 3),
      });
      say(() => zoo.t("rnade.said", { place, p: zoo.number(Math.exp(second), 2), n: slice.humps }));
    }

    /* Pointer and keys */

    function inPicture(event) {
      const [box, zoom] = [picture.getBoundingClientRect(), zoo.zoomOf(picture)];
      return [(event.clientX - box.left) / zoom, (event.clientY - box.top) / zoom];
    }

    /* The square gives both coordinates, the slice x_2 alone, the marginal x_1 alone. */
    function region(event) {
      const g = geometry(picture.clientWidth);
      const [x, y] = inPicture(event);
      const left = x < (g.square.x + g.square.width + g.beside.x) / 2;
      const high = y < g.square.y + g.square.height + 8;
      return left ? (high ? "square" : "below") : high ? "beside" : null;
    }

    function at(event, where) {
      const [x, y] = inPicture(event);
      const { square } = geometry(picture.clientWidth);
      const place = kept();
      if (where !== "beside") place.x1 = rounded((x - square.x) / square.width);
      if (where !== "below") place.x2 = rounded(1 - (y - square.y) / square.height);
      return place;
    }

    picture.addEventListener("pointerdown", (event) => {
      if (!chart() || event.button !== 0 || !region(event)) return;
      event.preventDefault();
      zoo.withAnswer(() => picture.focus({ preventScroll: true }));
      picture.setPointerCapture(event.pointerId);
      dragging = region(event);
      hover = null;
      keep(at(event, dragging));
    });
    picture.addEventListener("pointermove", (event) => {
      if (!chart()) return;
      if (dragging) keep(at(event, dragging));
      else if (event.pointerType !== "touch") {
        hover = region(event) && at(event, region(event));
        moved();
      }
    });
    // A pointermove waits for the next frame. Where the browser tells of the move at once, the question
    // leaves at once.
    picture.addEventListener("pointerrawupdate", (event) => {
      const where = dragging || (event.pointerType !== "touch" && region(event));
      if (chart() && where) cut(at(event, where).x1);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      picture.addEventListener(end, () => (dragging = null));
    }
    picture.addEventListener("pointerleave", () => {
      if (!hover) return;
      hover = null;
      moved();
    });
    picture.addEventListener("keydown", (event) => {
      if (!chart() || event.altKey || event.ctrlKey || event.metaKey) return;
      const step = event.shiftKey ? 0.05 : 0.01;
      const { x1, x2 } = kept();
      const place = {
        ArrowLeft: { x1: x1 - step, x2 },
        ArrowRight: { x1: x1 + step, x2 },
        ArrowDown: { x1, x2: x2 - step },
        ArrowUp: { x1, x2: x2 + step },
        Home: { x1: 0, x2 },
        End: { x1: 1, x2 },
      }[event.key];
      if (!place) return;
      event.preventDefault();
      hover = null;
      keep(place);
    });

    /* Controls */

    const markData = zoo.segments(find("data"), released(props.data), {
      choose: (data) => change({ data }),
      label: "rnade.data_",
      testid: "rnade-",
    });
    const markOverlay = zoo.segments(find("overlays"), OVERLAYS, {
      choose: (overlay) => change({ overlay }),
      label: "rnade.overlay_",
      testid: "rnade-",
    });

    find("surprise").addEventListener("click", () => {
      if (!chart()) return;
      const { points } = chart();
      const i = 2 * Math.floor((zoo.random(zoo.newSeed())() * points.length) / 2);
      keep({ x1: points[i], x2: points[i + 1] });
    });

    /* All together */

    const askSamples = zoo.latest(server.sample, (answer, { name, seed }) => {
      if (!answer.ok) return zoo.showStatus(find("state"), answer);
      samples = { key: name + " " + seed, points: zoo.int16(answer.points, SCALE) };
      if (samples.key === model() + " " + part.get("seed")) redraw();
    });

    /* NLLs as bars to the left of zero, where the uniform density of the square is. */
    function compare() {
      const { gaussian, nll, truth } = chart().about;
      const rows = Object.entries({ gaussian, own: nll, truth }).filter(([, value]) => value !== null);
      const best = Math.max(...rows.map(([, value]) => -value));
      find("bars").replaceChildren(...rows.map(([key, value]) => {
        const bar = zoo.make("i");
        bar.style.width = `${100 * Math.max(0, -value / best)}%`;
        const number = zoo.make("span", { class: "zoo-figure" }, zoo.number(value, 3));
        return zoo.make("div", { class: key }, zoo.make("span", {}, zoo.t("rnade.nll_" + key)), number, bar);
      }));
    }

    const askStart = ask(server.start, (answer, { name }) => {
      const { cells, marginal } = answer;
      const rows = zoo.bytes(answer.density);
      const upward = Uint8Array.from(rows, (_, i) =>
        rows[cells * (cells - 1 - Math.floor(i / cells)) + (i % cells)]
      );
      const image = zoo.make("canvas", { width: cells, height: cells });
      zoo.paint(image, upward, { high: 255 });
      const peaks = Array.from({ length: 501 }, (_, i) => density(marginal, i / 500));
      charts[name.replace("rnade-", "")] = {
        image,
        marginal,
        marginalTop: 1.08 * Math.max(...peaks),
        high: answer.high,
        about: answer.about,
        points: zoo.int16(answer.points, SCALE),
      };
      if (name === model()) restore();
    });

    function restore() {
      for (const key of ["x1", "x2"]) {
        if (part.get(key) < 0 || part.get(key) > 1) part.set({ [key]: part.defaults[key] });
      }
      markData(part.get("data"));
      markOverlay(part.get("overlay"));
      const drawn = part.get("overlay") === "model";
      for (const one of [find("random"), find("seed").closest("label")]) one.hidden = !drawn;
      const key = model() + " " + part.get("seed");
      if (drawn && samples?.key !== key) {
        samples = null;
        askSamples({ name: model(), n: SAMPLES, seed: part.get("seed") });
      }
      if (!chart()) return askStart({ name: model() });
      compare();
      redraw();
      moved();
    }

    new ResizeObserver(() => requestAnimationFrame(redraw)).observe(picture);
    return {
      restore,
      words() {
        if (!chart()) return;
        compare();
        redraw();
      },
      paint: redraw,
      png() {
        if (!chart()) return null;
        const g = geometry(Math.max(picture.clientWidth, 560));
        const margin = 24;
        const [width, height] = [g.width, g.height].map((size) => 2 * (size + 2 * margin));
        const sheet = zoo.make("canvas", { width, height });
        const context = sheet.getContext("2d");
        context.fillStyle = zoo.token("surface");
        context.fillRect(0, 0, sheet.width, sheet.height);
        context.setTransform(2, 0, 0, 2, 2 * margin, 2 * margin);
        drawBase(context, g);
        drawOver(context, g);
        return [sheet, `genzoo-${model()}.png`];
      },
      json() {
        if (!slice) return null;
        const { x1, weights, means, deviations, heights } = slice;
        const { x2 } = current();
        const [first, second] = [logDensity(chart().marginal, x1), logDensity(slice, x2)];
        const value = {
          model: slice.model,
          x: [x1, x2],
          log_p: { x1: first, x2_given_x1: second, x: first + second },
          p_x2_given_x1: { weights, means, deviations, heights },
          p_x1: chart().marginal,
          nll: chart().about,
        };
        return [value, `genzoo-${slice.model}.json`];
      },
    };
  },
});
