// @ts-check
import * as zoo from "../shared/zoo.js";

const CELLS = 16; // faces of the sheet
const COLUMNS = 8;
const computation = zoo.computation("progan");

/* What the other widgets of the tab go by: {level, truncation}. */
export const chosen = zoo.signal(null);

/* A face that the server told, at the resolution that it has: the canvas becomes as large. */
export function paintFace(canvas, { image, side }) {
  if (canvas.width !== side) canvas.width = canvas.height = side;
  zoo.paintFace(canvas, zoo.bytes(image));
}

/* How far the generator has grown, in words. */
export function levelWords(level, resolutions) {
  const k = Math.ceil(level);
  const size = resolutions[k];
  const words = zoo.t("progan.size", { size });
  return k === level ? words : zoo.t("progan.fading", { size: words, alpha: zoo.number(1 + level - k, 2) });
}

export default zoo.widget({
  name: "progan",
  state: ({ resolutions }) => ({ seed: 0, cell: 2, level: resolutions.length - 1, truncation: 1 }),
  ranges: { cell: [0, CELLS - 1] },
  limits: ({ resolutions }) => ({ level: [0, resolutions.length - 1], truncation: [0, 1] }),
  setup({ props, server, part, find, change, askNew, say }) {
    const { resolutions } = props.data;
    let shown = null; // the last answer on the face, and what it was asked for
    let stages = null; // and on all its resolutions

    const asked = () => ({ seed: part.get("seed"), cell: part.get("cell"), truncation: part.get("truncation") });

    /* The face, at the slider's level */

    const askFace = askNew(server.face, (answer, given) => {
      shown = { ...given, ...answer };
      paintFace(find("face"), answer);
      const { seed, cell, level, truncation } = given;
      find("face").dataset.shown = [seed, cell, level, truncation].join(" ");
      zoo.afterFrame(showLevel);
      tell();
    });
    function tell() {
      if (!shown || !stages) return;
      const { seed, cell, level } = shown;
      computation.value = { seed, cell, level, face: shown, stages: stages.stages };
    }

    const askAt = (level, truncation) => askFace({ ...asked(), level, truncation });

    function showLevel() {
      const level = part.get("level");
      const words = levelWords(level, resolutions);
      find("at").textContent = words;
      find("level").setAttribute("aria-valuetext", words);
      find("factor").textContent = zoo.number(part.get("truncation"), 2);
      blocks.forEach(({ button }, k) => {
        button.setAttribute("aria-pressed", String(k === Math.ceil(level)));
      });
      say(() => words);
    }

    find("level").max = String(resolutions.length - 1);
    find("level").addEventListener("input", () => {
      part.set({ level: Number(find("level").value) });
      askAt(part.get("level"), part.get("truncation"));
      showLevel();
    });
    find("level").addEventListener("change", () => change({}));
    zoo.slide(find("level"), (level) => askAt(level, part.get("truncation")));

    find("truncation").addEventListener("input", () => {
      part.set({ truncation: Number(find("truncation").value) });
      askAt(part.get("level"), part.get("truncation"));
      showLevel();
    });
    find("truncation").addEventListener("change", () => change({}));
    zoo.slide(find("truncation"), (truncation) => askAt(part.get("level"), truncation));

    /* The same z at every resolution */

    const blocks = resolutions.map((size, k) => {
      const canvas = zoo.make("canvas", { width: size, height: size, "aria-hidden": "true" });
      const words = zoo.make("span", {});
      const button = zoo.make("button", { type: "button", "data-testid": "progan-stage-" + size }, canvas, words);
      button.addEventListener("click", () => change({ level: k }));
      find("stages").append(button);
      return { button, canvas, words };
    });

    zoo.rove(find("stages"));

    function nameStages() {
      blocks.forEach(({ button, words }, k) => {
        const size = zoo.t("progan.size", { size: resolutions[k] });
        words.textContent = size;
        button.setAttribute("aria-label", size);
      });
    }

    const askStages = askNew(server.stages, (answer, given) => {
      stages = { ...given, ...answer };
      answer.stages.forEach((image, k) => paintFace(blocks[k].canvas, image));
      find("stages").dataset.shown = [given.seed, given.cell, given.truncation].join(" ");
      tell();
    });

    /* The sheet to choose from */

    const cells = Array.from({ length: CELLS }, (_, i) => {
      const canvas = zoo.make("canvas", { width: 64, height: 64, "aria-hidden": "true" });
      const button = zoo.make("button", { type: "button", "data-testid": "progan-cell-" + i }, canvas);
      button.addEventListener("click", () => change({ cell: i }));
      find("cells").append(button);
      return { button, canvas };
    });

    zoo.rove(find("cells"));

    const askSheet = askNew(server.sheet, async (answer, given) => {
      const { side } = answer;
      const bytes = zoo.bytes(answer.sheet);
      const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      cells.forEach(({ canvas }, i) => {
        if (canvas.width !== side) canvas.width = canvas.height = side;
        const [x, y] = [side * (i % COLUMNS), side * Math.floor(i / COLUMNS)];
        canvas.getContext("2d").drawImage(bitmap, x, y, side, side, 0, 0, side, side);
      });
      find("cells").dataset.shown = [given.seed, given.level, given.truncation].join(" ");
    });

    function nameCells() {
      cells.forEach(({ button }, i) => {
        button.setAttribute("aria-label", zoo.t("progan.face_number", { n: zoo.number(i + 1) }));
        button.setAttribute("aria-pressed", String(i === part.get("cell")));
      });
    }

    return {
      restore() {
        const [level, truncation] = [part.get("level"), part.get("truncation")];
        find("level").value = level;
        find("truncation").value = truncation;
        nameCells();
        nameStages();
        showLevel();
        askAt(level, truncation);
        askStages(asked());
        askSheet({ seed: part.get("seed"), level, truncation });
        chosen.value = { level, truncation };
      },
      words() {
        nameCells();
        nameStages();
        showLevel();
      },
      png() {
        if (!stages) return null;
        const items = blocks.map(({ canvas, words }) => ({ canvas, title: words.textContent }));
        const heading = `progan-avatars   ${zoo.t("zoo.seed")} ${stages.seed}`;
        return [zoo.sheet(items, { columns: items.length, heading }), "genzoo-progan-stages.png"];
      },
      json() {
        if (!stages || !shown) return null;
        const { seed, cell, truncation } = stages;
        return [{
          model: "progan-avatars", seed, cell, truncation, level: shown.level,
          image: zoo.fractions(zoo.bytes(shown.image)),
          stages: stages.stages.map(({ image }) => zoo.fractions(zoo.bytes(image))),
        }, "genzoo-progan.json"];
      },
    };
  },
});
