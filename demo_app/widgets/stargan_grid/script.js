import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const find = (name) => element.querySelector("." + name);
  const { side: SIDE } = zoo.FACE;
  const { schema, edited, examples, n_faces } = props.data;
  const COLUMNS = 1 + edited.length;
  const LAST = zoo.MAX_SEED - 8; // of the seeds: a sheet begins there

  const part = zoo.part("stargan-grid", { seed: 0, values: examples.each }, restore);
  let shown = null; // the last answer, and what it was asked for

  const values = () => [...part.get("values")].map(Number);

  /* Columns and cells */

  element.style.setProperty("--columns", COLUMNS);

  const choices = edited.map((name, k) => {
    const select = zoo.make("select", { class: "zoo-select", "data-testid": "stargan-column-" + name });
    schema[name].forEach((value, i) => {
      select.append(zoo.make("option", { value: i, "data-t": `stargan.${name}_${value}` }));
    });
    select.addEventListener("change", () => {
      const next = values();
      next[k] = Number(select.value);
      part.set({ values: next.join("") });
      ask();
    });
    find("heads").append(zoo.make("label", {}, zoo.make("span", { "data-t": "stargan." + name }), select));
    return select;
  });

  const cells = Array.from({ length: n_faces * COLUMNS }, (_, i) => {
    const canvas = zoo.make("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
    const button = zoo.make("button", { type: "button", "data-testid": "stargan-cell-" + i }, canvas);
    button.addEventListener("click", () => pick(Math.floor(i / COLUMNS), i % COLUMNS));
    find("cells").append(button);
    return { button, canvas };
  });

  /* A face, and the one attribute of the column, above. */
  function pick(row, k) {
    if (!shown) return;
    const face = shown.faces[row];
    const asked = edited.map((name) => face[Object.keys(schema).indexOf(name)]);
    if (k) asked[k - 1] = shown.values[k - 1];
    zoo.emit("stargan-take", { values: face, asked });
  }

  const askGrid = zoo.latest(server.grid, async (answer, given, total) => {
    if (!zoo.showStatus(find("state"), answer, total)) return;
    const bytes = zoo.bytes(answer.sheet);
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    cells.forEach(({ canvas }, i) => {
      const [x, y] = [SIDE * (i % COLUMNS), SIDE * Math.floor(i / COLUMNS)];
      canvas.getContext("2d").drawImage(bitmap, x, y, SIDE, SIDE, 0, 0, SIDE, SIDE);
    });
    shown = { ...given, faces: answer.faces, bitmap };
    find("cells").dataset.shown = [given.seed, given.values.join("")].join(" ");
    nameCells();
  });

  function ask() {
    askGrid({ seed: part.get("seed"), values: values() });
  }

  function nameCells() {
    if (!shown) return;
    cells.forEach(({ button }, i) => {
      const [row, k] = [Math.floor(i / COLUMNS) + 1, i % COLUMNS];
      const face = zoo.t("stargan.face_number", { row: zoo.number(row) });
      const name = edited[k - 1];
      const value = k && zoo.t(`stargan.${name}_${schema[name][shown.values[k - 1]]}`);
      const change = k ? `${zoo.t("stargan." + name)}: ${value}` : zoo.t("stargan.as_drawn");
      button.title = `${face}, ${change}`;
      button.setAttribute("aria-label", button.title);
    });
  }

  /* Controls */

  function fromSeed(seed) {
    part.set({ seed });
    find("seed").value = seed;
    ask();
  }
  find("random").addEventListener("click", () => fromSeed(zoo.newSeed()));
  zoo.seedField(find("seed"), part, fromSeed, LAST);
  find("reset").addEventListener("click", () => {
    part.set(part.defaults);
    open();
  });
  find("png").addEventListener("click", () => {
    if (!shown) return;
    const { width, height } = shown.bitmap;
    const sheet = zoo.make("canvas", { width: 2 * width, height: 2 * height });
    const context = sheet.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(shown.bitmap, 0, 0, sheet.width, sheet.height);
    zoo.savePNG(sheet, "genzoo-stargan-sheet.png");
  });
  find("json").addEventListener("click", () => {
    if (!shown) return;
    const { seed, faces } = shown;
    const asked = Object.fromEntries(edited.map((n, k) => [n, schema[n][shown.values[k]]]));
    zoo.saveJSON({ model: "stargan-avatars", seed, faces, asked }, "genzoo-stargan-sheet.json");
  });

  /* All together */

  function open() {
    const text = part.get("values");
    const known = /^[0-9]+$/.test(text) && text.length === edited.length &&
      values().every((v, k) => v < schema[edited[k]].length);
    if (!known) part.set({ values: part.defaults.values });
    zoo.sane(part, { seed: [0, LAST] });
    find("seed").value = part.get("seed");
    choices.forEach((select, k) => (select.value = values()[k]));
    ask();
  }

  let started = false;
  function restore() {
    if (started) open();
  }

  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    nameCells();
  });
  zoo.translate(element);
  zoo.whenShown("stargan", () => {
    started = true;
    open();
  });
}
