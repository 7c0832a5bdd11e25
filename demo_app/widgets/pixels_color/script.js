// @ts-check
import * as zoo from "../shared/zoo.js";

const HUES = ["#d55e00", "#009e73", "#0072b2"]; // Okabe and Ito's, for red, green and blue
const LIGHT_HUES = ["#ff9142", "#2fc79b", "#56b4e9"];

const named = (/** @type {number[]} */ [r, g, b]) => ({ r, g, b });
const keyOf = (/** @type {number[]} */ [r, g, b]) => 65536 * r + 256 * g + b;
const nats = (value) => zoo.t("pixels.nats", { value: zoo.number(value, 2) });

/* Colors, three bytes each: the i-th. */
const colorAt = (rgb, i) => [...rgb.subarray(3 * i, 3 * i + 3)];

/* Colors onto a canvas. */
function paintColors(canvas, rgb) {
  zoo.paintPixels(canvas, (data) => {
    for (let i = 0; i < data.length / 4; i++) data.set([...colorAt(rgb, i), 255], 4 * i);
  });
}

export default zoo.widget({
  name: "pixels-color",
  state: { r: 224, g: 39, b: 61, seed: 1 },
  ranges: { r: [0, 255], g: [0, 255], b: [0, 255] },
  setup({ element, part, server, find, all, askNew }) {
    let picture = null; // {packed, rgb, width, height, notes, own}
    let fitted = null; // what fit() answered, unpacked
    const models = all("model");
    const channels = all("channel input");

    /* The picture */

    const grid = new zoo.Grid(find("picture"), {
      label: "pixels.picture_label",
      read: (i) => (picture ? zoo.t("pixels.color_here", named(colorAt(picture.rgb, i))) : ""),
      onchoose: pickAt,
    });
    grid.repaint = () => picture && paintColors(grid.cells, picture.rgb);
    grid.surface.addEventListener("pointerdown", (event) => {
      grid.surface.setPointerCapture(event.pointerId);
      pickAt(grid.cellAt(event));
    });
    grid.surface.addEventListener("pointermove", (event) => {
      if (grid.surface.hasPointerCapture(event.pointerId)) pickAt(grid.cellAt(event));
    });

    function pickAt(i) {
      if (i !== null && picture) pick(colorAt(picture.rgb, i));
    }

    function take(reply, own) {
      const { pixels: packed, width, height, notes } = reply;
      picture = { packed, rgb: zoo.bytes(packed), width, height, notes, own };
      [grid.columns, grid.rows, grid.cursor] = [width, height, 0];
      grid.host.style.setProperty("--columns", width);
      grid.host.style.setProperty("--rows", height);
      grid.host.style.width = (100 * width) / Math.max(width, height) + "%";
      [grid.cells.width, grid.cells.height, grid.cells.zooImage] = [width, height, null];
      grid.repaint();
      grid.refresh();
      showNotes();
      fit();
    }

    function showNotes() {
      const line = find("notes");
      line.classList.remove("bad");
      if (!picture) return;
      find("size").textContent = picture.width + " × " + picture.height;
      const said = picture.notes.map((note) => zoo.t("pixels.note_" + note));
      const whose = picture.own ? [zoo.t("pixels.own"), zoo.t("zoo.photo_lost")] : [zoo.t("pixels.built_in")];
      line.textContent = [...whose, ...said].join(" ");
    }

    function refuse(sentence) {
      find("notes").classList.add("bad");
      find("notes").textContent = sentence;
    }

    const askSample = zoo.latest(server.sample, (reply) =>
      reply.ok ? take(reply, false) : refuse(reply.error)
    );
    let opening = null; // the photo that is asked for; none once the built-in picture is wanted again
    const askOpen = zoo.latest(server.open, (reply, given) => {
      if (given !== opening) return;
      if (!reply.ok) return refuse(reply.error);
      take(reply, true);
      pickAt(Math.floor((picture.width * (picture.height + 1)) / 2));
    });

    zoo.takePhotos({
      button: find("upload"),
      input: find("file"),
      stage: find("stage"),
      open: (file) => askOpen((opening = { file })),
      refuse,
    });
    function begin() {
      opening = null;
      askSample({});
    }
    find("sample").addEventListener("click", begin);

    /* Both models */

    const askFit = askNew(server.fit, (reply, given) => {
      if (given.pixels !== picture.packed) return;
      const colors = zoo.bytes(reply.colors);
      const table = new Map();
      zoo.float32(reply.joint).forEach((l, k) => table.set(keyOf(colorAt(colors, k)), l));
      const samples = Object.entries(reply.samples).map(([name, text]) => [name, zoo.bytes(text)]);
      fitted = { ...reply, table, channels: zoo.float32(reply.channels),
        samples: Object.fromEntries(samples), seed: given.seed };
      showModels();
      showPicked();
    });

    const fit = () => askFit({ pixels: picture.packed, seed: part.get("seed") });

    /* log p of a color under a model, from what was fitted. */
    function logProb(model, color) {
      if (model === "joint") return fitted.table.get(keyOf(color)) ?? fitted.unseen;
      const [r, g, b] = color;
      return fitted.channels[r] + fitted.channels[256 + g] + fitted.channels[512 + b];
    }

    function showModels() {
      if (!fitted) return;
      for (const cell of models) {
        const name = cell.dataset.model;
        cell.querySelector(".n").textContent = zoo.number(fitted.n_free[name]);
        cell.querySelector(".new").textContent = zoo.percent(fitted.new[name]);
        cell.querySelector(".average").textContent = nats(fitted.average[name]);
        paintColors(cell.querySelector(".sheet"), fitted.samples[name]);
      }
    }

    /* The picked color */

    const picked = () => [part.get("r"), part.get("g"), part.get("b")];

    function pick(/** @type {number[]} */ [r, g, b]) {
      part.set({ r, g, b });
      showPicked();
    }

    function showPicked() {
      const color = picked();
      const css = `rgb(${color.join(" ")})`;
      find("swatch").style.background = css;
      for (const swatch of all("zoo-swatch")) swatch.style.background = css;
      channels.forEach((input, c) => {
        input.value = color[c];
        input.parentElement.querySelector("output").textContent = color[c];
      });
      if (!fitted) return;
      for (const cell of models) {
        cell.querySelector(".score").textContent = nats(logProb(cell.dataset.model, color));
      }
      const seen = occurrences(color);
      const values = { n: zoo.number(seen), all: zoo.number(picture.rgb.length / 3) };
      find("occurs").textContent = zoo.t(seen ? "pixels.occurs" : "pixels.never", values);
      drawHistograms();
    }

    function occurrences(/** @type {number[]} */ [r, g, b]) {
      let n = 0;
      const { rgb } = picture;
      for (let i = 0; i < rgb.length; i += 3) {
        if (rgb[i] === r && rgb[i + 1] === g && rgb[i + 2] === b) n++;
      }
      return n;
    }

    channels.forEach((input, c) => {
      input.addEventListener("input", () => pick(picked().with(c, Number(input.value))));
    });
    find("any").addEventListener("click", () => {
      const random = zoo.random(zoo.newSeed());
      pick([0, 0, 0].map(() => Math.floor(256 * random())));
    });

    /* The channels' histograms, one over the other, with the picked values marked */

    const histograms = find("histograms");
    new ResizeObserver(drawHistograms).observe(histograms);

    function drawHistograms() {
      const [width, height] = [histograms.clientWidth, histograms.clientHeight];
      if (!width || !fitted) return;
      const context = zoo.sharp(histograms);
      const font = getComputedStyle(element).fontFamily;
      const [left, right, bottom, gap] = [24, 6, 22, 8];
      const tall = (height - bottom - 3 * gap) / 3;
      const x = (v) => left + (v / 256) * (width - left - right);
      const color = picked();
      const hues = zoo.dark() ? LIGHT_HUES : HUES;
      context.font = `600 13px ${font}`;
      fitted.counts.forEach((counts, c) => {
        const base = (c + 1) * (tall + gap);
        const most = Math.max(...counts);
        context.fillStyle = hues[c];
        counts.forEach((count, v) => {
          const bar = (count / most) * tall;
          if (count) context.fillRect(x(v), base - bar, x(v + 1) - x(v), bar);
        });
        context.fillStyle = zoo.token("line");
        context.fillRect(left, base, width - left - right, 1);
        context.fillStyle = zoo.token("ink");
        context.textAlign = "left";
        context.fillText("RGB"[c], 0, base - tall / 2 + 5);
        const at = x(color[c] + 0.5);
        context.fillRect(at - 1, base - tall, 2, tall);
        context.beginPath();
        context.moveTo(at - 5, base - tall - 4);
        context.lineTo(at + 5, base - tall - 4);
        context.lineTo(at, base - tall + 4);
        context.fill();
      });
      context.font = `12px ${font}`;
      context.fillStyle = zoo.token("muted");
      for (const v of [0, 64, 128, 192, 255]) {
        context.textAlign = v === 0 ? "left" : v === 255 ? "right" : "center";
        context.fillText(String(v), v === 255 ? x(256) : x(v), height - 4);
      }
    }

    askSample({});
    find("reset").addEventListener("click", begin);
    return {
      restore() {
        showPicked();
        if (picture) fit();
      },
      words() {
        if (!find("notes").classList.contains("bad")) showNotes();
        showModels();
        showPicked();
      },
      paint: drawHistograms,
      png() {
        if (!fitted) return null;
        const square = zoo.make("canvas", { width: 128, height: 128 });
        const { width, height } = picture;
        square.getContext("2d").drawImage(grid.cells, (128 - width) >> 1, (128 - height) >> 1);
        const items = [{ canvas: square, title: zoo.t("pixels.picture") }];
        for (const cell of models) {
          items.push({ canvas: cell.querySelector(".sheet"), title: cell.querySelector("h3").textContent });
        }
        const heading = zoo.t("pixels.color_title");
        return [zoo.sheet(items, { columns: 3, heading }), "genzoo-colors.png"];
      },
      json() {
        if (!fitted) return null;
        const color = picked();
        const rows = (rgb) => Array.from({ length: rgb.length / 3 }, (_, i) => colorAt(rgb, i));
        const { seed, counts, n_free, average, new: fresh, samples } = fitted;
        const value = {
          address: location.href,
          n_free, average, share_not_in_picture: fresh, counts, seed, color,
          log_prob: { joint: logProb("joint", color), channels: logProb("channels", color) },
          samples: { joint: rows(samples.joint), channels: rows(samples.channels) },
        };
        return [value, "genzoo-colors.json"];
      },
    };
  },
});
