// @ts-check
import * as zoo from "../shared/zoo.js";
import { asked } from "../text2image/script.js";

const { side: SIDE, pixels: N } = zoo.FACE;
const CELLS = 8; // codes along a side of the face
const PIECE = SIDE / CELLS;
const NONE = -1;
const HEAT = 0.72; // how much of what is seen is the color of a weight; the rest is the face

const sum = (values) => values.reduce((all, v) => all + v, 0);
const mean = (values) => sum(values) / values.length;
const place = (cell) => ({
  row: zoo.number(1 + Math.floor(cell / CELLS)),
  column: zoo.number(1 + (cell % CELLS)),
});

/* The word or the cell that is kept is a number in the address, from 0; layer 0 is the mean of all.
   What is pointed at, or has the keyboard, is shown before what is kept. */
export default zoo.widget({
  name: "text2image-attention",
  state: { word: NONE, cell: NONE, layer: 1 },
  ranges: ({ n_layers }) => ({ word: [NONE, 30], cell: [NONE, CELLS * CELLS - 1], layer: [0, n_layers] }),
  setup({ element, props, server, part, find, askNew, say }) {
    const { n_layers } = props.data;
    let shown = null; // the last answer, with what was asked
    let weights = null; // of the chosen layer: weights[word][cell]
    let pointed = null; // {word} or {cell}
    let held = null; // the word that is kept, wherever it stands in the next caption
    let nothing = false; // is there no face of the caption?

    const grid = new zoo.Grid(find("grid"), {
      label: "text2image.attention_grid",
      columns: CELLS,
      rows: CELLS,
      read: (cell) => (shown ? readCell(cell) : ""),
      onpoint: (cell) => point(cell === null ? null : { cell }),
      onchoose: (cell) => keep({ word: NONE, cell: cell === part.get("cell") ? NONE : cell }),
    });
    Object.assign(grid.cells, { width: SIDE, height: SIDE });
    grid.repaint = paintFace;
    grid.surface.addEventListener("focus", () => {
      if (grid.surface.matches(":focus-visible")) point({ cell: grid.cursor });
    });
    grid.surface.addEventListener("blur", () => point(null));
    grid.addLayer((context, size) => {
      context.strokeStyle = "rgb(128 128 128 / 45%)";
      context.lineWidth = 1;
      context.beginPath();
      for (let k = 1; k < CELLS; k++) {
        const at = Math.round(k * size) + 0.5;
        context.moveTo(at, 0);
        context.lineTo(at, CELLS * size);
        context.moveTo(0, at);
        context.lineTo(CELLS * size, at);
      }
      context.stroke();
    });

    /* What is read: {word}, {cell}, or nothing. */
    function read() {
      if (pointed) return pointed;
      const [word, cell] = [part.get("word"), part.get("cell")];
      if (word !== NONE && shown && word < shown.words.length) return { word };
      return cell === NONE ? {} : { cell };
    }

    function point(next) {
      pointed = next;
      show();
    }

    function keep(values) {
      part.set(values);
      held = shown?.words[values.word] ?? null;
      show();
    }

    /* Weights of a layer */

    function weigh() {
      const { words, attention } = shown;
      const each = CELLS * CELLS * words.length; // numbers of a layer
      const layer = part.get("layer");
      const layers = layer ? [layer - 1] : [...Array(n_layers).keys()];
      weights = words.map((_, w) => Array.from({ length: CELLS * CELLS }, (_, cell) =>
        mean(layers.map((k) => attention[k * each + cell * words.length + w]))));
    }

    const of = (cell) => weights.map((each) => each[cell]); // of every word
    const means = () => weights.map(mean);
    const largest = (values) => values.indexOf(Math.max(...values));

    /* The face: in gray under the colors of a word's weights; or as it is, where a cell is read up to
       that cell alone. */
    function paintFace() {
      if (!shown) return;
      const { word, cell } = read();
      const { image } = shown;
      const colors = zoo.colorMap("cividis");
      const paper = zoo.rgb(zoo.token("sunken"));
      const most = word === undefined ? 1 : Math.max(...weights[word], 1e-6);
      zoo.paintPixels(grid.cells, (data) => {
        for (let i = 0; i < N; i++) {
          const at = Math.floor(i / SIDE / PIECE) * CELLS + Math.floor((i % SIDE) / PIECE);
          const color = [0, 1, 2].map((c) => image[c * N + i]);
          const gray = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2];
          for (let c = 0; c < 3; c++) {
            if (word !== undefined) {
              const level = Math.round((255 * weights[word][at]) / most);
              data[4 * i + c] = HEAT * colors[3 * level + c] + (1 - HEAT) * gray;
            } else if (cell !== undefined && at > cell) {
              data[4 * i + c] = 0.85 * paper[c] + 0.15 * gray;
            } else data[4 * i + c] = color[c];
          }
          data[4 * i + 3] = 255;
        }
      });
    }

    /* Words, each with its weights at all cells, brightest where it was looked at most */

    let buttons = [];
    function layWords() {
      buttons = shown.words.map((word, w) => {
        const canvas = zoo.make("canvas", { width: CELLS, height: CELLS, "aria-hidden": "true" });
        const share = zoo.make("span", { class: "share zoo-figure" });
        const button = zoo.make("button", { type: "button", "data-testid": "text2image-attention-word-" + w },
          canvas, zoo.make("span", { class: "word" }, word), " ", share);
        button.addEventListener("pointerenter", () => point({ word: w }));
        button.addEventListener("pointerleave", () => point(null));
        button.addEventListener("focus", () => {
          focused = w;
          if (button.matches(":focus-visible")) point({ word: w });
        });
        button.addEventListener("blur", () => point(null));
        button.addEventListener("click", () => keep({ cell: NONE, word: w === part.get("word") ? NONE : w }));
        return { button, canvas, share };
      });
      find("words").replaceChildren(...buttons.map(({ button }) => button));
    }

    let focused = 0; // the word at which Tab stops
    find("words").addEventListener("keydown", (event) => {
      const to = { ArrowLeft: focused - 1, ArrowRight: focused + 1, Home: 0, End: buttons.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      buttons[Math.max(0, Math.min(buttons.length - 1, to))].button.focus();
      showWords();
    });

    function showWords() {
      const { cell } = read();
      const shares = cell === undefined ? means() : of(cell);
      const most = Math.max(...shares, 1e-6);
      focused = Math.min(focused, buttons.length - 1);
      buttons.forEach(({ button, share }, w) => {
        const told = zoo.percent(shares[w]);
        share.textContent = told;
        button.style.setProperty("--share", String(shares[w] / most));
        button.setAttribute("aria-label", zoo.t("text2image.attention_word", { word: shown.words[w], share: told }));
        button.setAttribute("aria-pressed", String(w === part.get("word")));
        button.tabIndex = w === focused ? 0 : -1;
      });
      const key = cell === undefined ? "text2image.attention_of_all" : "text2image.attention_of_cell";
      find("of").textContent = zoo.t(key, cell === undefined ? {} : place(cell));
    }

    function paintMaps() {
      buttons.forEach(({ canvas }, w) => zoo.paint(canvas, weights[w], { high: Math.max(...weights[w], 1e-6) }));
    }

    /* Sentences */

    function readCell(cell) {
      const shares = of(cell);
      const best = largest(shares);
      return zoo.t(cell ? "text2image.attention_reads_cell" : "text2image.attention_reads_first", {
        ...place(cell),
        word: shown.words[best],
        most: zoo.percent(shares[best]),
        all: zoo.percent(sum(shares)),
        rest: zoo.percent(1 - sum(shares)),
      });
    }

    function sentence() {
      if (nothing) return zoo.t("text2image.attention_none");
      if (!shown) return "";
      const { word, cell } = read();
      if (cell !== undefined) return readCell(cell);
      if (word !== undefined) {
        const best = largest(weights[word]);
        return zoo.t("text2image.attention_reads_word", { word: shown.words[word], ...place(best),
          most: zoo.percent(weights[word][best]), mean: zoo.percent(mean(weights[word])) });
      }
      const all = means();
      const best = largest(all);
      return zoo.t("text2image.attention_reads_all", { word: shown.words[best],
        most: zoo.percent(all[best]), all: zoo.percent(sum(all)) });
    }

    function show() {
      find("reading").textContent = sentence();
      element.querySelector("section")?.classList.toggle("nothing", nothing);
      if (!shown) return;
      const { word, cell } = read();
      paintFace();
      grid.mark(part.get("cell") === NONE ? null : part.get("cell"));
      showWords();
      find("zoo-legend").classList.toggle("none", word === undefined);
      // It keeps its place while no word is read, and its words are of the language of now.
      const most = Math.max(...weights[word ?? largest(means())]);
      find("high").textContent = zoo.t("text2image.attention_high", { share: zoo.percent(most) });
      find("grid").dataset.shown = [part.get("layer"), word ?? NONE, cell ?? NONE].join(" ");
      if (cell === undefined) say(() => find("reading").textContent); // the grid tells of its cells
    }

    function showAll() {
      if (!shown) return;
      weigh();
      paintMaps();
      show();
      find("words").dataset.shown = `${shown.seed} ${shown.text}`;
      find("whose").textContent = zoo.t("zoo.seed") + " " + shown.seed;
    }

    /* What is asked: where the face that is chosen above looked */

    const ask = askNew(server.attention, (answer, given) => {
      shown = { ...answer, ...given, image: zoo.bytes(answer.image), attention: zoo.float32(answer.attention) };
      const word = part.get("word");
      held ??= shown.words[word] ?? null;
      if (word !== NONE && shown.words[word] !== held) part.set({ word: shown.words.indexOf(held) });
      layWords();
      showAll();
    });

    const markLayer = zoo.segments(find("layers"), Array.from({ length: n_layers + 1 }, (_, k) => String(k)), {
      choose(key) {
        part.set({ layer: Number(key) });
        markLayer(key);
        showAll();
      },
      testid: "text2image-attention-layer-",
      parts: (key) => [key === "0" ? zoo.make("span", { "data-t": "text2image.attention_layer_0" }) : key],
    });

    function follow({ text, seed, problem }) {
      nothing = Boolean(problem);
      if (!nothing) ask({ text, seed });
      show();
    }
    zoo.whenSeen(element, () => zoo.follow(asked, follow));

    find("zoo-bar").style.background = zoo.gradient("cividis");
    return {
      restore() {
        // One of the two is kept.
        if (part.get("word") !== NONE) part.set({ cell: NONE });
        if (part.get("cell") !== NONE) grid.cursor = part.get("cell");
        held = null;
        markLayer(part.get("layer"));
        showAll();
      },
      words: show,
      png() {
        if (!shown) return null;
        const items = [
          { canvas: grid.cells, title: find("whose").textContent },
          ...buttons.map(({ button, canvas }) => ({ canvas, title: button.getAttribute("aria-label") })),
        ];
        const layer = part.get("layer");
        const of = layer ? zoo.t("text2image.attention_layer", { layer: zoo.number(layer) }) : zoo.t("text2image.attention_mean");
        const heading = `${of} · ${find("of").textContent}`;
        return [zoo.sheet(items, { columns: 6, size: 192, heading }), "genzoo-text2image-attention.png"];
      },
      json() {
        if (!shown) return null;
        const { text, seed, words, codes, image, attention } = shown;
        const rows = (numbers, length) => Array.from({ length: numbers.length / length }, (_, k) =>
          numbers.slice(k * length, (k + 1) * length));
        const byWord = rows([...attention].map((v) => Number(v.toFixed(6))), words.length);
        return [{
          model: "transformer-avatars", text, seed, words, codes,
          attention: rows(rows(byWord, CELLS), CELLS), // by layer, row, column and word
          image: zoo.fractions(image),
        }, "genzoo-text2image-attention.json"];
      },
    };
  },
});
