// @ts-check
import * as zoo from "../shared/zoo.js";
import { menu, taken } from "../stargan_edit/script.js";

const SIDE = zoo.FACE.side;
const LAST = zoo.MAX_SEED - 8; // of the seeds: a sheet begins there

export default zoo.widget({
  name: "stargan-grid",
  state: ({ examples }) => ({ seed: 0, values: examples.each }),
  ranges: { seed: [0, LAST] },
  setup({ element, props, server, part, find, change, ask }) {
    const { schema, edited, n_faces } = props.data;
    const COLUMNS = 1 + edited.length;
    let shown = null; // the last answer, and what it was asked for

    const values = () => [...part.get("values")].map(Number);

    /* Columns and cells */

    element.style.setProperty("--columns", String(COLUMNS));

    const menus = edited.map((name, k) => {
      const select = menu(name, schema[name], { "data-testid": "stargan-column-" + name });
      select.addEventListener("change", () => {
        const next = values();
        next[k] = Number(select.value);
        change({ values: next.join("") });
      });
      find("heads").append(zoo.make("label", {}, zoo.make("span", { "data-t": "avatars." + name }), select));
      return select;
    });
    zoo.translate(find("heads"));
    zoo.rove(find("cells"));

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
      taken.value = { values: face, asked };
    }

    const askGrid = ask(server.grid, async (answer, given) => {
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

    function nameCells() {
      const asked = shown?.values ?? values();
      cells.forEach(({ button }, i) => {
        const [row, k] = [Math.floor(i / COLUMNS) + 1, i % COLUMNS];
        const face = zoo.t("stargan.face_number", { row: zoo.number(row) });
        const name = edited[k - 1];
        const value = k && zoo.t(`avatars.${name}_${schema[name][asked[k - 1]]}`);
        const change = k ? `${zoo.t("avatars." + name)}: ${value}` : zoo.t("stargan.as_drawn");
        button.title = `${face}, ${change}`;
        button.setAttribute("aria-label", button.title);
      });
    }

    return {
      restore() {
        const text = part.get("values");
        const known = /^[0-9]+$/.test(text) && text.length === edited.length &&
          values().every((v, k) => v < schema[edited[k]].length);
        if (!known) part.set({ values: part.defaults.values });
        menus.forEach((select, k) => (select.value = String(values()[k])));
        if (!shown) nameCells();
        askGrid({ seed: part.get("seed"), values: values() });
      },
      words: nameCells,
      png: () => shown && [zoo.enlarged(shown.bitmap, 2), "genzoo-stargan-sheet.png"],
      json() {
        if (!shown) return null;
        const { seed, faces } = shown;
        const asked = Object.fromEntries(edited.map((n, k) => [n, schema[n][shown.values[k]]]));
        return [{ model: "stargan-avatars", seed, faces, asked }, "genzoo-stargan-sheet.json"];
      },
    };
  },
});
