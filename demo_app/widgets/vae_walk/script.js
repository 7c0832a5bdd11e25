// @ts-check
import * as zoo from "../shared/zoo.js";
import { code as codeAbove, latentTaken } from "../vae_code/script.js";

const ROWS = 10;
const STEPS = 13;
const FRAMES = 33;
const KEYS = 9; // frames in the strip
const INPUT = -1; // the id of the image above, in the choosers

export default zoo.widget({
  name: "vae-walk",
  state: { a: 303, b: 603 },
  setup({ part, server, find, change, ask }) {
    let code = null; // what the widget above is at: {model, set, x, z}
    let shown = null; // the data whose pictures the choosers hold
    let sheet = null;
    let walk = null;

    /* One latent at a time. A cell that is chosen sets the slider of its latent. */

    const cells = new zoo.Grid(find("cells"), {
      columns: STEPS,
      rows: ROWS,
      label: "vae.traverse_label",
      read: (i) =>
        sheet ? `z ${sheet.latents[Math.floor(i / STEPS)]} = ${zoo.number(sheet.values[i % STEPS], 1)}` : "",
      onchoose(i) {
        if (!sheet) return;
        latentTaken.value = { latent: sheet.latents[Math.floor(i / STEPS)], value: sheet.values[i % STEPS] };
      },
    });

    const askTraverse = ask(server.traverse, async (answer, given) => {
      if (given.model !== code.model) return;
      const { width, height, levels } = await zoo.readPNG(answer.sheet);
      const rows = answer.latents.length;
      sheet = { ...answer, ...given, levels };
      if (cells.rows !== rows) {
        cells.rows = rows;
        cells.host.style.setProperty("--rows", String(rows));
        cells.cursor = 0;
      }
      const name = (k) => zoo.make("span", { class: "zoo-math" }, "z", zoo.make("sub", {}, String(k)));
      find("sides").replaceChildren(...answer.latents.map(name));
      cells.showSheet(width, height, levels);
      cells.refresh();
      showValues();
    });

    function showValues() {
      if (!sheet) return;
      const value = (v) => zoo.make("span", {}, zoo.number(v, Number.isInteger(v) ? 0 : 1));
      find("heads").replaceChildren(...sheet.values.map(value));
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

    const choosers = ["a", "b"].map(
      (key, k) =>
        new zoo.Chooser(find(k ? "second" : "first"), {
          label: k ? "vae.second" : "vae.first",
          own: "vae.own",
          onchoose: (id) => change({ [key]: id }),
        })
    );
    const player = new zoo.Player(find("player"), { show: showFrame, seconds: 2.5 });

    function ends() {
      const [a, b] = choosers.map((chooser) =>
        zoo.base64(chooser.id === INPUT ? code.x : chooser.picture(chooser.id))
      );
      return { model: code.model, a, b };
    }

    const askInterpolate = ask(server.interpolate, (answer, given) => {
      if (given.model !== code.model) return;
      const at = walk ? player.frame : (FRAMES - 1) / 2; // the middle is what there was not before
      walk = { z: answer.z, images: zoo.bytes(answer.images) };
      player.load(0, FRAMES - 1);
      player.seek(at);
      drawStrip();
    });
    const interpolate = () => askInterpolate({ ...ends(), n: FRAMES });
    const interpolateSoon = zoo.wait(120, interpolate);

    function showFrame(k) {
      if (!walk) return;
      zoo.paintInk(find("frame"), zoo.nth(walk.images, k));
      find("frame").dataset.frame = k;
      const t = zoo.number(k / (FRAMES - 1), 2);
      const math = zoo.make("span", { class: "zoo-math" }, "z = (1 − t) μ", zoo.make("sub", {}, "A"),
        " + t μ", zoo.make("sub", {}, "B"));
      find("mix").replaceChildren(math);
      find("t").replaceChildren(zoo.make("span", { class: "zoo-math" }, "t"), " = " + t);
    }

    function drawStrip() {
      const frame = zoo.make("canvas", { width: 28, height: 28 });
      const context = find("strip").getContext("2d");
      for (let key = 0; key < KEYS; key++) {
        zoo.paintInk(frame, zoo.nth(walk.images, (key * (FRAMES - 1)) / (KEYS - 1)));
        context.drawImage(frame, 28 * key, 0);
      }
    }

    find("strip").addEventListener("click", (event) => {
      const box = find("strip").getBoundingClientRect();
      const key = Math.min(KEYS - 1, Math.floor(((event.clientX - box.left) / box.width) * KEYS));
      player.pause();
      player.seek((key * (FRAMES - 1)) / (KEYS - 1));
    });
    find("swap").addEventListener("click", () => change({ a: part.get("b"), b: part.get("a") }));

    /* Take home */

    const askGIF = ask(server.gif, (answer) => {
      find("gif").disabled = false;
      zoo.saveBlob(new Blob([zoo.bytes(answer.gif)], { type: "image/gif" }), "genzoo-vae.gif");
    }, () => (find("gif").disabled = false));
    find("gif").addEventListener("click", () => {
      if (!walk) return;
      find("gif").disabled = true;
      askGIF(ends());
    });

    find("sheet-png").addEventListener("click", () => {
      if (sheet) zoo.savePNG(zoo.enlarged(cells.cells, 4), "genzoo-vae-traversal.png");
    });
    find("sheet-json").addEventListener("click", () => {
      if (!sheet) return;
      const { model, latents, values, z, levels } = sheet;
      const image = (i) => zoo.fractions(zoo.cellOf(levels, STEPS, i));
      const images = latents.map((_, row) => values.map((_, column) => image(row * STEPS + column)));
      zoo.saveJSON({ model, z, latents, values, images }, "genzoo-vae-traversal.json");
    });

    /* All together */

    function restore() {
      if (!code) return;
      choosers.forEach((chooser, k) => {
        const id = chooser.nearest(part.get("ab"[k]));
        part.set({ ["ab"[k]]: id });
        chooser.mark(id);
      });
      interpolate();
    }

    zoo.follow(codeAbove, (next) => {
      const [model, x] = [code?.model, code?.x];
      code = next;
      if (shown !== code.set.data) {
        shown = code.set.data;
        walk = null;
        for (const chooser of choosers) {
          chooser.id = null;
          chooser.load(code.set.images, code.set.labels, code.set.className);
        }
      }
      if (x !== code.x) for (const chooser of choosers) chooser.setOwn(code.x);
      if (model !== code.model) restore();
      else if (x !== code.x && choosers.some(({ id }) => id === INPUT)) interpolateSoon();
      traverse();
    });

    return {
      restore,
      words() {
        showValues();
        showFrame(player.frame);
      },
      paint() {
        if (!walk) return;
        showFrame(player.frame);
        drawStrip();
      },
      png: () => walk && [zoo.enlarged(find("strip"), 8), "genzoo-vae-interpolation.png"],
      json() {
        if (!walk) return null;
        const images = Array.from({ length: FRAMES }, (_, k) => zoo.fractions(zoo.nth(walk.images, k)));
        return [{ model: code.model, z: walk.z, images }, "genzoo-vae-interpolation.json"];
      },
    };
  },
});
