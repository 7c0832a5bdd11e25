import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const find = (name) => element.querySelector("." + name);
  const D = 784;
  const ROWS = 10;
  const STEPS = 13;
  const FRAMES = 33;
  const KEYS = 9; // frames in the strip
  const INPUT = -1; // the id of the image above, in the choosers

  const part = zoo.part("vae-walk", { a: 303, b: 603 }, restore);
  let code = null; // what the widget above is at: {model, set, x, z}
  let shown = null; // the data whose pictures the choosers hold

  /* One latent at a time */

  let sheet = null;

  const cells = new zoo.Grid(find("cells"), {
    columns: STEPS,
    rows: ROWS,
    label: "vae.traverse_label",
    read: (i) =>
      sheet ? `z ${sheet.latents[Math.floor(i / STEPS)]} = ${zoo.number(sheet.values[i % STEPS], 1)}` : "",
  });
  cells.surface.addEventListener("click", (event) => take(cells.cellAt(event)));
  cells.surface.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    take(cells.cursor);
  });

  /* Set the slider of a cell's latent to the cell's value. */
  function take(cell) {
    if (cell === null || !sheet) return;
    const [latent, value] = [sheet.latents[Math.floor(cell / STEPS)], sheet.values[cell % STEPS]];
    zoo.emit("vae-latent", { latent, value });
  }

  const askTraverse = zoo.latest(server.traverse, async (answer, given) => {
    if (!told(answer) || given.model !== code.model) return;
    const { width, height, levels } = await zoo.readPNG(answer.sheet);
    const rows = answer.latents.length;
    sheet = { ...answer, ...given, width, height, levels };
    if (cells.rows !== rows) {
      cells.rows = rows;
      cells.host.style.setProperty("--rows", rows);
      cells.cursor = 0;
    }
    const name = (k) => zoo.make("span", { class: "zoo-math" }, "z", zoo.make("sub", {}, String(k)));
    find("latents").replaceChildren(...answer.latents.map(name));
    cells.showSheet(width, height, levels);
    cells.refresh();
    showValues();
  });

  function showValues() {
    if (!sheet) return;
    const value = (v) => zoo.make("span", {}, zoo.number(v, Number.isInteger(v) ? 0 : 1));
    find("values").style.setProperty("--steps", STEPS);
    find("values").replaceChildren(...sheet.values.map(value));
  }

  /* The cell that each row's slider is at, or nearest to. */
  cells.addLayer((context, size) => {
    if (!sheet) return;
    context.strokeStyle = zoo.token("accent");
    context.lineWidth = 2;
    sheet.latents.forEach((latent, row) => {
      const column = Math.round(((sheet.z[latent] + 3) / 6) * (STEPS - 1));
      if (column < 0 || column >= STEPS) return;
      context.strokeRect(column * size + 1, row * size + 1, size - 2, size - 2);
    });
  });

  const traverse = zoo.wait(200, () => {
    const rows = Math.min(ROWS, Math.max(1, code.set.n_active));
    const z = code.z.map((v) => Math.max(-6, Math.min(6, v)));
    askTraverse({ model: code.model, z, rows, steps: STEPS });
  });

  /* From one picture to another */

  let walk = null;
  const choosers = ["a", "b"].map(
    (key, k) =>
      new zoo.Chooser(find(k ? "second" : "first"), {
        label: k ? "vae.second" : "vae.first",
        own: "vae.own",
        onchoose: (id) => {
          part.set({ [key]: id });
          interpolate();
        },
      })
  );

  const player = new zoo.Player(find("player"), { show: showFrame, seconds: 2.5 });

  const text = (levels) => btoa(String.fromCharCode(...levels));
  const ends = () =>
    choosers.map(({ id }, k) => text(id === INPUT ? code.x : choosers[k].picture(id)));

  const askInterpolate = zoo.latest(server.interpolate, (answer, given, total) => {
    if (!told(answer, total) || given.model !== code.model) return;
    const first = walk === null;
    walk = { z: answer.z, images: zoo.bytes(answer.images) };
    const at = player.frame;
    player.load(0, FRAMES - 1);
    // The middle is what there was not before.
    player.seek(first ? (FRAMES - 1) / 2 : at);
    drawStrip();
  });

  function interpolate() {
    const [a, b] = ends();
    askInterpolate({ model: code.model, a, b, n: FRAMES });
  }

  function showFrame(k) {
    if (!walk) return;
    zoo.paint(find("frame"), walk.images.subarray(k * D, (k + 1) * D), { map: "ink", high: 255 });
    find("frame").dataset.frame = k;
    const t = zoo.number(k / (FRAMES - 1), 2);
    const math = zoo.make("span", { class: "zoo-math" }, "z = (1 − t) μ", zoo.make("sub", {}, "A"),
      " + t μ", zoo.make("sub", {}, "B"));
    find("mix").replaceChildren(math);
    find("t").replaceChildren(zoo.make("span", { class: "zoo-math" }, "t"), " = " + t);
  }

  function drawStrip() {
    const strip = find("strip");
    zoo.paintPixels(strip, (data) => {
      const colors = zoo.colorMap("ink");
      for (let y = 0; y < 28; y++) {
        for (let x = 0; x < KEYS * 28; x++) {
          const k = (Math.floor(x / 28) * (FRAMES - 1)) / (KEYS - 1);
          const level = walk.images[k * D + 28 * y + (x % 28)];
          const o = 4 * (y * KEYS * 28 + x);
          for (let c = 0; c < 3; c++) data[o + c] = colors[3 * level + c];
          data[o + 3] = 255;
        }
      }
    });
  }

  find("strip").addEventListener("click", (event) => {
    const box = find("strip").getBoundingClientRect();
    const key = Math.min(KEYS - 1, Math.floor(((event.clientX - box.left) / box.width) * KEYS));
    player.pause();
    player.seek((key * (FRAMES - 1)) / (KEYS - 1));
  });

  find("swap").addEventListener("click", () => {
    part.set({ a: part.get("b"), b: part.get("a") });
    markEnds();
    interpolate();
  });

  /* Take home */

  const askGIF = zoo.latest(server.gif, (answer, given, total) => {
    find("gif").disabled = false;
    if (!told(answer, total)) return;
    zoo.saveBlob(new Blob([zoo.bytes(answer.gif)], { type: "image/gif" }), "genzoo-vae.gif");
  });
  find("gif").addEventListener("click", () => {
    if (!walk) return;
    find("gif").disabled = true;
    const [a, b] = ends();
    askGIF({ model: code.model, a, b });
  });

  function enlarged(canvas, scale) {
    const large = zoo.make("canvas", { width: canvas.width * scale, height: canvas.height * scale });
    const context = large.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(canvas, 0, 0, large.width, large.height);
    return large;
  }
  find("png").addEventListener("click", () => {
    if (walk) zoo.savePNG(enlarged(find("strip"), 8), "genzoo-vae-interpolation.png");
  });
  find("json").addEventListener("click", () => {
    if (!walk) return;
    const images = Array.from({ length: FRAMES }, (_, k) =>
      Array.from(walk.images.subarray(k * D, (k + 1) * D), (v) => v / 255)
    );
    zoo.saveJSON({ model: code.model, z: walk.z, images }, "genzoo-vae-interpolation.json");
  });
  find("sheet-png").addEventListener("click", () => {
    if (sheet) zoo.savePNG(enlarged(cells.cells, 4), "genzoo-vae-traversal.png");
  });
  find("sheet-json").addEventListener("click", () => {
    if (!sheet) return;
    const { latents, values, z, width } = sheet;
    // The sheet is one picture; here each cell is an image of its own.
    const images = latents.map((_, row) =>
      values.map((_, column) =>
        Array.from({ length: D }, (_, i) => {
          const [y, x] = [28 * row + Math.floor(i / 28), 28 * column + (i % 28)];
          return sheet.levels[y * width + x] / 255;
        })
      )
    );
    zoo.saveJSON({ model: code.model, z, latents, values, images }, "genzoo-vae-traversal.json");
  });

  /* All together */

  function told(answer, total) {
    return zoo.showStatus(find("state"), answer, total);
  }

  function markEnds() {
    choosers.forEach((chooser, k) => {
      const key = "ab"[k];
      part.set({ [key]: chooser.nearest(part.get(key)) });
      chooser.mark(part.get(key));
    });
  }

  const followInput = zoo.wait(120, interpolate);

  let input = null;
  function follow(next) {
    const before = code && code.model;
    code = next;
    if (shown !== code.set.data) {
      shown = code.set.data;
      walk = null;
      choosers.forEach((chooser) => {
        chooser.id = null;
        chooser.load(code.set.images, code.set.labels, code.set.className);
      });
      markEnds();
    }
    if (before !== code.model) {
      choosers.forEach((chooser) => chooser.setOwn(code.x));
      interpolate();
    } else if (input !== code.x) {
      choosers.forEach((chooser) => chooser.setOwn(code.x));
      if (choosers.some(({ id }) => id === INPUT)) followInput();
    }
    input = code.x;
    traverse();
  }

  function restore() {
    if (!code) return;
    markEnds();
    interpolate();
  }

  zoo.on("vae-code", follow);
  if (zoo.shared.vaeCode) follow(zoo.shared.vaeCode);
  zoo.onChange(zoo.theme, () => {
    if (!walk) return;
    showFrame(player.frame);
    drawStrip();
  });
  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    showValues();
    if (walk) showFrame(player.frame);
  });
  zoo.translate(element);
}
