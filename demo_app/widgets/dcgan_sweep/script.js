import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const find = (name) => element.querySelector("." + name);
  const STEPS = 9; // pictures along a side of the sheet, at whole numbers from -REACH
  const REACH = 4;
  const RANDOM = 0; // the direction that is drawn by the seed

  const part = zoo.part("dcgan-sweep", { u: 1, v: 2, a: 0, b: 0, seed: 0 }, restore);
  let tab = null; // what the sheet above is at
  let sheet = null; // the last answer on the sheet, and what it was asked for
  let shown = null; // and on a place
  let base = null; // the sheet's picture, for this theme

  const pad = new zoo.Plane(find("pad"), {
    label: "dcgan.pad_label",
    testid: "dcgan-pad",
    get: () => [part.get("a"), part.get("b")],
    keep: ([a, b]) => part.set({ a, b }),
    ask: (place) => tab && askAt(place),
    moved: () => {
      askAt(pad.current());
      zoo.withAnswer(pad.drawOver);
    },
    paint: (context, size) => {
      if (!base) return;
      context.imageSmoothingEnabled = false;
      context.drawImage(base, 0, 0, size, size);
    },
  });

  /* Ask and show */

  const given = () => ({
    model: tab.model,
    draw: [tab.seed, tab.cell],
    scale: tab.scale,
    u: part.get("u"),
    v: part.get("v"),
    seed: part.get("seed"),
  });

  const askPlace = zoo.latest(server.place, (answer, args, total) => {
    tell(answer, total);
    if (!answer.ok) asked = null;
    else if (args.model === tab.model) {
      shown = { ...args, image: zoo.bytes(answer.image), length: answer.length, z: answer.z };
      drawPlace();
    }
  });

  let asked = null;
  function askAt([a, b]) {
    const args = { ...given(), a, b };
    const key = Object.values(args).join(" ");
    if (key !== asked) askPlace(args);
    asked = key;
  }

  function drawPlace() {
    if (!shown) return;
    zoo.paint(find("picture"), shown.image, { map: "ink", high: 255 });
    Object.assign(find("picture").dataset, { at: `${shown.a} ${shown.b}`, draw: shown.draw.join("-"),
      axes: `${shown.u} ${shown.v}` });
    zoo.afterFrame(read);
  }

  function read() {
    const { a, b } = shown;
    find("place").textContent = [
      `a = ${zoo.number(a, 2)}, b = ${zoo.number(b, 2)}`,
      `|z| = ${zoo.number(shown.length, 2)}`,
    ].join("\n");
    say();
  }

  const say = zoo.wait(300, () => {
    if (pad.isFocused()) find("said").textContent = find("place").textContent;
  });

  const askSheet = zoo.latest(server.sheet, (answer, args, total) => {
    tell(answer, total);
    if (!answer.ok || args.model !== tab.model) return;
    sheet = { ...args, levels: zoo.bytes(answer.sheet) };
    drawSheet();
  });

  function drawSheet() {
    if (!sheet) return;
    base = base || zoo.make("canvas", { width: STEPS * 28, height: STEPS * 28 });
    zoo.paint(base, sheet.levels, { map: "ink", high: 255 });
    pad.surface.dataset.sheet = [sheet.draw.join("-"), sheet.u, sheet.v, sheet.seed].join(" ");
    pad.drawBase();
  }

  /* Directions */

  for (const axis of ["u", "v"]) {
    find(axis).addEventListener("change", () => {
      const other = axis === "u" ? "v" : "u";
      const value = Number(find(axis).value);
      // The one that is taken from the other axis goes there in exchange.
      if (value === part.get(other) && value !== RANDOM) part.set({ [other]: part.get(axis) });
      part.set({ [axis]: value });
      open();
    });
  }

  function showDirections() {
    const { gains } = tab.known;
    const name = (k) => (k === RANDOM ? zoo.t("dcgan.random_direction")
      : zoo.t("dcgan.principal", { n: k, gain: zoo.number(gains[k - 1], 1) }));
    for (const axis of ["u", "v"]) {
      const options = [...gains.keys()].map((k) => k + 1).concat(RANDOM);
      find(axis).replaceChildren(...options.map((k) => zoo.make("option", { value: k }, name(k))));
      find(axis).value = part.get(axis);
    }
    const math = (text) => zoo.make("span", { class: "zoo-math" }, text);
    find("formula").replaceChildren(math("z"), " = ", math("z"), zoo.make("sub", {}, "0"), " + ",
      math("a u"), " + ", math("b v"));
    const [u, v] = ["u", "v"].map((axis) => part.get(axis));
    find("gains").textContent = u === RANDOM && v === RANDOM ? zoo.t("dcgan.gains_random")
      : zoo.t("dcgan.gains", { gain: zoo.number(gains[Math.max(0, (u || v) - 1)], 1), axis: u ? "u" : "v" });
  }

  /* Controls */

  function atRandom(seed) {
    part.set({ u: RANDOM, v: RANDOM, seed });
    if (tab) open();
  }
  find("random").addEventListener("click", () => atRandom(zoo.newSeed()));
  zoo.seedField(find("seed"), part, atRandom);
  find("reset").addEventListener("click", () => {
    pad.hover = null;
    part.set(part.defaults);
    if (tab) open();
  });
  find("png").addEventListener("click", () => {
    if (!sheet || !shown) return;
    const note = `a = ${zoo.number(shown.a, 2)}, b = ${zoo.number(shown.b, 2)}`;
    zoo.savePNG(pad.sheet([{ canvas: find("picture"), title: tab.model, note }]), "genzoo-dcgan-sweep.png");
  });
  find("json").addEventListener("click", () => {
    if (!sheet || !shown) return;
    const { model, draw, scale, u, v, seed, a, b, length, z, image } = shown;
    const values = Array.from({ length: STEPS }, (_, k) => k - REACH);
    const images = values.map((_, row) =>
      values.map((_, column) =>
        Array.from(zoo.cellOf(sheet.levels, STEPS, STEPS * row + column), (x) => x / 255)
      )
    );
    zoo.saveJSON({ model, draw, scale, u, v, seed, a, b, length, z,
      image: Array.from(image, (x) => x / 255), values, images }, "genzoo-dcgan-sweep.json");
  });

  /* All together */

  function tell(answer, total) {
    zoo.showStatus(find("state"), answer, total);
  }

  /* Only what can be shown is taken from the address. */
  function checkState() {
    const n = tab.known.gains.length;
    const { defaults } = part;
    const values = {};
    for (const axis of ["u", "v"]) {
      const k = part.get(axis);
      values[axis] = Number.isInteger(k) && k >= 0 && k <= n ? k : defaults[axis];
    }
    if (values.u === values.v && values.u !== RANDOM) values.v = values.u === 1 ? 2 : 1;
    for (const key of ["a", "b"]) values[key] = pad.inside(part.get(key));
    values.seed = zoo.isSeed(part.get("seed")) ? part.get("seed") : defaults.seed;
    part.set(values);
  }

  /* Show the state from the start, as after a reload. */
  function open() {
    pad.extent = REACH + 0.5;
    checkState();
    find("seed").value = part.get("seed");
    showDirections();
    pad.moved();
    askSheet(given());
  }

  let followed = null;
  function follow(now) {
    tab = now;
    const key = [tab.model, tab.scale, tab.seed, tab.cell].join(" ");
    if (key === followed) return;
    followed = key;
    open();
  }

  function restore() {
    if (tab) open();
  }

  zoo.on("dcgan", follow);
  if (zoo.shared.dcgan) follow(zoo.shared.dcgan);
  zoo.onChange(zoo.theme, () => {
    drawPlace();
    drawSheet();
  });
  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    if (!tab) return;
    showDirections();
    read();
  });
  zoo.translate(element);
}
