// @ts-check
import { chosen, differs, lengthOf } from "../dcgan_sheet/script.js";
import * as zoo from "../shared/zoo.js";

const STEPS = 9; // pictures along a side of the sheet, at whole numbers from -REACH
const REACH = 4;
const RANDOM = 0; // the direction that is drawn by the seed
const AXES = ["u", "v"];

export default zoo.widget({
  name: "dcgan-sweep",
  state: { u: 1, v: 2, a: 0, b: 0, seed: 0 },
  setup({ server, part, find, change, ask, askNew, say }) {
    let tab = null; // what the sheet above is at
    let sheet = null; // the last answer on the sheet, and what it was asked for
    let shown = null; // and on a place
    const base = zoo.make("canvas", { width: STEPS * 28, height: STEPS * 28 }); // the sheet's picture

    const pad = new zoo.Plane(find("pad"), {
      label: "dcgan.pad_label",
      testid: "dcgan-pad",
      get: () => [part.get("a"), part.get("b")],
      keep: ([a, b]) => part.set({ a, b }),
      ask: (place) => tab && askAt(place),
      moved,
      paint: (context, size) => {
        if (!sheet) return;
        context.imageSmoothingEnabled = false;
        context.drawImage(base, 0, 0, size, size);
      },
    });

    function moved() {
      askAt(pad.current());
      zoo.withAnswer(pad.drawOver);
    }

    /* Ask and show */

    function given() {
      const { model, seed, cell, scale } = tab;
      const [u, v] = AXES.map((axis) => part.get(axis));
      return { model, draw: [seed, cell], scale, u, v, seed: part.get("seed") };
    }

    const askPlace = askNew(server.place, (answer, given) => {
      if (given.model !== tab.model) return;
      shown = { ...given, image: zoo.bytes(answer.image), length: answer.length, z: answer.z };
      drawPlace();
    });
    const askAt = ([a, b]) => askPlace({ ...given(), a, b });

    function drawPlace() {
      if (!shown) return;
      zoo.paintInk(find("picture"), shown.image);
      const { a, b, u, v, draw } = shown;
      Object.assign(find("picture").dataset, { at: `${a} ${b}`, draw: draw.join("-"), axes: `${u} ${v}` });
      zoo.afterFrame(read);
    }

    const placeOf = ({ a, b }) => `a = ${zoo.number(a, 2)}, b = ${zoo.number(b, 2)}`;

    function read() {
      find("place").textContent = placeOf(shown) + "\n" + lengthOf(shown.length);
      say(() => find("place").textContent);
    }

    const askSheet = ask(server.sheet, (answer, given) => {
      if (given.model !== tab.model) return;
      sheet = { ...given, levels: zoo.bytes(answer.sheet) };
      drawSheet();
    });

    function drawSheet() {
      if (!sheet) return;
      zoo.paintInk(base, sheet.levels);
      pad.surface.dataset.sheet = [sheet.draw.join("-"), sheet.u, sheet.v, sheet.seed].join(" ");
      pad.drawBase();
    }

    /* Directions */

    for (const axis of AXES) {
      find(axis).addEventListener("change", () => {
        const other = axis === "u" ? "v" : "u";
        const value = Number(find(axis).value);
        // The one that is taken from the other axis goes there in exchange.
        const taken = value === part.get(other) && value !== RANDOM;
        change({ [axis]: value, ...(taken ? { [other]: part.get(axis) } : {}) });
      });
    }

    function showDirections() {
      const { gains } = tab.known;
      const name = (k) => (k === RANDOM ? zoo.t("dcgan.random_direction")
        : zoo.t("dcgan.principal", { n: k, gain: zoo.number(gains[k - 1], 1) }));
      for (const axis of AXES) {
        const options = [...gains.keys()].map((k) => k + 1).concat(RANDOM);
        find(axis).replaceChildren(...options.map((k) => zoo.make("option", { value: k }, name(k))));
        find(axis).value = part.get(axis);
      }
      const [u, v] = AXES.map((axis) => part.get(axis));
      const gain = zoo.number(gains[Math.max(0, (u || v) - 1)], 1);
      find("gains").textContent = u === RANDOM && v === RANDOM ? zoo.t("dcgan.gains_random")
        : zoo.t("dcgan.gains", { gain, axis: u ? "u" : "v" });
    }

    /* What there is of the model's directions: two that differ. */
    function checkAxes() {
      for (const axis of AXES) {
        const k = part.get(axis);
        const known = Number.isInteger(k) && k >= 0 && k <= tab.known.gains.length;
        if (!known) part.set({ [axis]: part.defaults[axis] });
      }
      const [u, v] = AXES.map((axis) => part.get(axis));
      if (u === v && u !== RANDOM) part.set({ v: u === 1 ? 2 : 1 });
    }

    zoo.follow(chosen, (now) => {
      const before = tab;
      tab = now;
      if (differs(before, tab, "model", "scale", "seed", "cell")) change({});
    });

    return {
      restore() {
        if (!tab) return;
        pad.extent = REACH + 0.5;
        checkAxes();
        part.set({ a: pad.inside(part.get("a")), b: pad.inside(part.get("b")) });
        showDirections();
        moved();
        askSheet(given());
      },
      seeded: (seed) => ({ u: RANDOM, v: RANDOM, seed }),
      reset() {
        pad.hover = null;
        return part.defaults;
      },
      paint() {
        drawPlace();
        drawSheet();
      },
      words() {
        if (!tab) return;
        showDirections();
        drawPlace();
      },
      png() {
        if (!sheet || !shown) return null;
        const items = [{ canvas: find("picture"), title: tab.model, note: placeOf(shown) }];
        return [pad.sheet(items), "genzoo-dcgan-sweep.png"];
      },
      json() {
        if (!sheet || !shown) return null;
        const { model, draw, scale, u, v, seed, a, b, length, z, image } = shown;
        const values = Array.from({ length: STEPS }, (_, k) => k - REACH);
        const images = values.map((_, row) =>
          values.map((_, column) => zoo.fractions(zoo.cellOf(sheet.levels, STEPS, STEPS * row + column)))
        );
        const own = { model, draw, scale, u, v, seed, a, b, length, z, image: zoo.fractions(image) };
        return [{ ...own, values, images }, "genzoo-dcgan-sweep.json"];
      },
    };
  },
});
