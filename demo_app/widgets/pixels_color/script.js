import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const SIDE = 28;
  const HUES = ["#d55e00", "#009e73", "#0072b2"]; // Okabe and Ito's, for red, green and blue
  const LIGHT_HUES = ["#ff9142", "#2fc79b", "#56b4e9"];

  const find = (selector) => element.querySelector(selector);
  const all = (selector) => [...element.querySelectorAll(selector)];
  const font = getComputedStyle(element).fontFamily;

  const part = zoo.part("pixels-color", { r: 224, g: 39, b: 61, seed: 1 }, restore);

  let picture = null; // {rgb, width, height, notes, own}
  let fitted = null; // what fit() answered, unpacked

  /* The picture */

  const grid = new zoo.Grid(find(".picture"), {
    label: "pixels.picture_label",
    read: (i) => (picture ? zoo.t("pixels.color_here", named(at(i))) : ""),
  });
  grid.repaint = drawPicture;
  let picking = false;
  grid.surface.addEventListener("pointerdown", (event) => {
    grid.surface.setPointerCapture(event.pointerId);
    picking = true;
    pickAt(grid.cellAt(event));
  });
  grid.surface.addEventListener("pointermove", (event) => picking && pickAt(grid.cellAt(event)));
  ["pointerup", "pointercancel"].forEach((name) =>
    grid.surface.addEventListener(name, () => (picking = false))
  );
  grid.surface.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    pickAt(grid.cursor);
  });

  const at = (i) => [...picture.rgb.subarray(3 * i, 3 * i + 3)];
  const named = ([r, g, b]) => ({ r, g, b });

  function pickAt(i) {
    if (i !== null && picture) pick(at(i));
  }

  function take(reply, own) {
    picture = { rgb: zoo.bytes(reply.pixels), width: reply.width, height: reply.height,
      notes: reply.notes, own };
    const { width, height } = picture;
    [grid.columns, grid.rows, grid.cursor] = [width, height, 0];
    const host = find(".picture");
    host.style.setProperty("--columns", width);
    host.style.setProperty("--rows", height);
    host.style.width = (100 * width) / Math.max(width, height) + "%";
    [grid.cells.width, grid.cells.height, grid.cells.zooImage] = [width, height, null];
    drawPicture();
    grid.refresh();
    showNotes();
    fit();
  }

  function drawPicture() {
    if (!picture) return;
    zoo.paintPixels(grid.cells, (data) => {
      for (let i = 0, o = 0; o < data.length; i += 3, o += 4) {
        data.set(picture.rgb.subarray(i, i + 3), o);
        data[o + 3] = 255;
      }
    });
  }

  function showNotes() {
    const line = find(".notes");
    line.classList.remove("bad");
    if (!picture) return;
    find(".size").textContent = picture.width + " × " + picture.height;
    const said = picture.notes.map((note) => zoo.t("pixels.note_" + note));
    line.textContent = [zoo.t(picture.own ? "pixels.own" : "pixels.built_in"), ...said].join(" ");
  }

  function refuse(sentence) {
    find(".notes").classList.add("bad");
    find(".notes").textContent = sentence;
  }

  const askSample = zoo.latest(
    () => server.sample({}),
    (reply) => (reply.ok ? take(reply, false) : refuse(reply.error))
  );
  const askOpen = zoo.latest(
    (given) => server.open(given),
    (reply) => {
      if (!reply.ok) return refuse(reply.error);
      take(reply, true);
      pick(at(Math.floor((picture.width * (picture.height + 1)) / 2)));
    }
  );

  zoo.takePhotos({
    button: find(".upload"),
    input: find(".file"),
    stage: find(".stage"),
    open: (file) => askOpen({ file }),
    refuse,
  });
  find(".sample").addEventListener("click", () => askSample({}));

  /* Both models */

  const askFit = zoo.latest(
    (given) => server.fit({ pixels: given.pixels, seed: given.seed }),
    (reply, given, milliseconds) => {
      zoo.showStatus(find(".zoo-status"), reply, milliseconds);
      if (!reply.ok || given.of !== picture) return;
      const joint = zoo.float32(reply.joint);
      const colors = zoo.bytes(reply.colors);
      const table = new Map();
      joint.forEach((l, k) => table.set(key(...colors.subarray(3 * k, 3 * k + 3)), l));
      const samples = Object.entries(reply.samples).map(([name, text]) => [name, zoo.bytes(text)]);
      fitted = { ...reply, table, channels: zoo.float32(reply.channels),
        samples: Object.fromEntries(samples), seed: given.seed };
      showModels();
      showPicked();
    }
  );

  function fit() {
    let text = "";
    for (let i = 0; i < picture.rgb.length; i += 6000) {
      text += btoa(String.fromCharCode(...picture.rgb.subarray(i, i + 6000)));
    }
    askFit({ pixels: text, seed: part.get("seed"), of: picture });
  }

  const key = (r, g, b) => 65536 * r + 256 * g + b;

  /* log p of a color under a model, from what was fitted. */
  function logProb(model, [r, g, b]) {
    if (model === "joint") return fitted.table.get(key(r, g, b)) ?? fitted.unseen;
    return fitted.channels[r] + fitted.channels[256 + g] + fitted.channels[512 + b];
  }

  function showModels() {
    if (!fitted) return;
    for (const cell of all(".model")) {
      const name = cell.dataset.model;
      cell.querySelector(".n").textContent = zoo.number(fitted.n_free[name]);
      cell.querySelector(".new").textContent = zoo.percent(fitted.new[name]);
      cell.querySelector(".average").textContent = nats(fitted.average[name]);
      const drawn = fitted.samples[name];
      zoo.paintPixels(cell.querySelector(".sheet"), (data) => {
        for (let i = 0; i < SIDE * SIDE; i++) {
          data.set(drawn.subarray(3 * i, 3 * i + 3), 4 * i);
          data[4 * i + 3] = 255;
        }
      });
    }
  }

  const nats = (value) => zoo.t("pixels.nats", { value: zoo.number(value, 2) });

  /* The picked color */

  const picked = () => [part.get("r"), part.get("g"), part.get("b")];

  function pick([r, g, b]) {
    part.set({ r, g, b });
    showPicked();
  }

  function showPicked() {
    const color = picked();
    const css = `rgb(${color.join(" ")})`;
    find(".swatch").style.background = css;
    all(".zoo-swatch").forEach((swatch) => (swatch.style.background = css));
    all("[data-channel]").forEach((input, c) => {
      input.value = color[c];
      input.parentElement.querySelector("output").textContent = color[c];
    });
    if (!fitted) return;
    all(".model").forEach((cell) => {
      cell.querySelector(".score").textContent = nats(logProb(cell.dataset.model, color));
    });
    const seen = occurrences(color);
    const values = { n: zoo.number(seen), all: zoo.number(picture.rgb.length / 3) };
    find(".occurs").textContent = zoo.t(seen ? "pixels.occurs" : "pixels.never", values);
    drawHistograms();
  }

  function occurrences([r, g, b]) {
    let n = 0;
    const rgb = picture.rgb;
    for (let i = 0; i < rgb.length; i += 3) n += rgb[i] === r && rgb[i + 1] === g && rgb[i + 2] === b;
    return n;
  }

  all("[data-channel]").forEach((input, c) =>
    input.addEventListener("input", () => {
      const color = picked();
      color[c] = Number(input.value);
      pick(color);
    })
  );
  find(".random").addEventListener("click", () => {
    const random = zoo.random(zoo.newSeed());
    pick([0, 0, 0].map(() => Math.floor(256 * random())));
  });

  /* The channels' histograms, one over the other, with the picked values marked */

  const histograms = find(".histograms");
  new ResizeObserver(() => drawHistograms()).observe(histograms);

  function drawHistograms() {
    const [width, height] = [histograms.clientWidth, histograms.clientHeight];
    if (!width || !fitted) return;
    const context = zoo.sharp(histograms);
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

  /* Seed, reset, keeping it */

  zoo.seedField(find(".seed"), part, (seed) => {
    part.set({ seed });
    restore();
  });
  find(".again").addEventListener("click", () => {
    part.set({ seed: zoo.newSeed() });
    restore();
  });
  find(".reset").addEventListener("click", () => {
    part.set(part.defaults);
    find(".seed").value = part.get("seed");
    showPicked();
    askSample({});
  });
  find(".save-png").addEventListener("click", () => {
    if (!fitted) return;
    const square = zoo.make("canvas", { width: 128, height: 128 });
    const { width, height } = picture;
    square.getContext("2d").drawImage(grid.cells, (128 - width) >> 1, (128 - height) >> 1);
    const items = [{ canvas: square, title: zoo.t("pixels.picture") }];
    all(".model").forEach((cell) =>
      items.push({ canvas: cell.querySelector(".sheet"), title: cell.querySelector("h3").textContent })
    );
    zoo.savePNG(zoo.sheet(items, { columns: 3, heading: zoo.t("pixels.color_title") }), "genzoo-colors.png");
  });
  find(".save-json").addEventListener("click", () => {
    if (!fitted) return;
    const color = picked();
    const rows = (bytes) => Array.from({ length: bytes.length / 3 }, (_, i) =>
      [...bytes.subarray(3 * i, 3 * i + 3)]
    );
    const { seed, counts, n_free, average, new: fresh } = fitted;
    zoo.saveJSON({
      address: location.href,
      n_free, average, share_not_in_picture: fresh, counts, seed, color,
      log_prob: { joint: logProb("joint", color), channels: logProb("channels", color) },
      samples: { joint: rows(fitted.samples.joint), channels: rows(fitted.samples.channels) },
    }, "genzoo-colors.json");
  });

  function restore() {
    const level = [0, 255];
    zoo.sane(part, { r: level, g: level, b: level, seed: [0, zoo.MAX_SEED] });
    find(".seed").value = part.get("seed");
    showPicked();
    if (picture) fit();
  }

  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    if (!find(".notes").classList.contains("bad")) showNotes();
    showModels();
    showPicked();
  });
  zoo.onChange(zoo.theme, () => drawHistograms());
  zoo.translate(element);
  restore();
  zoo.whenShown("pixels", () => askSample({}));
}
