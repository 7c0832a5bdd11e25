// @ts-check
import * as zoo from "../shared/zoo.js";

const SIDE = 28;
const MOST = SIDE * SIDE;
const KINDS = ["joint", "markov", "independent"];
/* Where the axis may end, in powers of ten: so the bars grow with n, and the axis seldom changes. */
const ENDS = [2, 6, 30, 100, 240];
const MARKS = [
  { power: 4.778, key: "pixels.training_digits" },
  { power: 80, key: "pixels.atoms" },
];

/* The free parameters, as the whole numbers that they are. */
function count(n) {
  return { joint: 2n ** BigInt(n) - 1n, markov: BigInt(2 * n - 1), independent: BigInt(n) };
}

/* log10 of a whole number of any size: its first digits, and how many there are. */
function log10(number) {
  const digits = number.toString();
  return Math.log10(Number(digits.slice(0, 15))) + Math.max(0, digits.length - 15);
}

const power = (exponent) => zoo.make("span", {}, "10", zoo.make("sup", {}, zoo.number(exponent)));

/* A number that fits its place: its digits, or its first ones and the power of ten. */
function short(number) {
  const digits = number.toString();
  if (digits.length <= 12) return number.toLocaleString(zoo.language.value);
  const first = zoo.number(Number(digits.slice(0, 6)) / 1e5, 2);
  return zoo.make("span", {}, "≈ " + first + " × ", power(digits.length - 1));
}

export default zoo.widget({
  name: "pixels",
  state: { n: MOST, kind: "joint" },
  ranges: { n: [1, MOST] },
  choices: { kind: KINDS },
  setup({ props, part, find, change }) {
    const digit = props.data.digit && zoo.unpackBits(props.data.digit, MOST); // to be cut off after n
    let looked = null; // the bar under the pointer, or with the focus

    const rows = [...find("bars").children]; // a bar for each kind
    const slider = find("n input");

    function restore() {
      const n = part.get("n");
      const counts = count(n);
      slider.value = n;
      find("n output").textContent = zoo.number(n);
      markSize(n);
      const end = ENDS.find((exponent) => log10(counts.joint) <= exponent);
      for (const row of rows) {
        const number = counts[row.dataset.kind];
        row.querySelector(".bar").style.width = (100 * log10(number)) / end + "%";
        row.querySelector(".short").replaceChildren(short(number));
      }
      showAxis(end);
      showDigits();
      drawCells(n);
    }

    function showAxis(end) {
      const ticks = find("ticks");
      const step = end / (end <= 2 ? 2 : end <= 6 ? 3 : end === 100 ? 4 : end === 240 ? 4 : 3);
      const place = (tick, at) => {
        tick.style.left = (100 * at) / end + "%";
        return tick;
      };
      const shown = [];
      for (let k = 0; k <= end + 1e-9; k += step) {
        shown.push(place(k ? power(k) : zoo.make("span", {}, "1"), k));
      }
      shown[0].classList.add("first");
      shown.at(-1).classList.add("last");
      for (const { power: at, key } of MARKS) {
        if (at > 0.12 * end && at < 0.92 * end) {
          shown.push(place(zoo.make("span", { class: "mark" }, zoo.t(key)), at));
        }
      }
      ticks.replaceChildren(...shown);
    }

    function showDigits() {
      const kind = looked || part.get("kind");
      const n = part.get("n");
      const number = count(n)[kind];
      for (const row of rows) {
        const chosen = row.dataset.kind === part.get("kind");
        row.setAttribute("aria-checked", String(chosen));
        row.tabIndex = chosen ? 0 : -1;
      }
      const name = zoo.make("b", {}, zoo.t("pixels." + kind));
      const words = zoo.t("pixels.said", {
        n: zoo.number(n),
        digits: zoo.number(number.toString().length),
      });
      find("said").replaceChildren(name, " ", words, " ", zoo.t("pixels.why_" + kind));
      // Lines break between groups of three.
      const groups = number.toLocaleString(zoo.language.value).split(/(?<=,)/);
      find("digits").replaceChildren(...groups.flatMap((group) => [group, zoo.make("wbr")]));
    }

    /* The first n pixels of a 28x28 image, in reading order. */
    function drawCells(n) {
      const [paper, pen, rest] = ["paper", "pen", "line"].map((name) => zoo.rgb(zoo.token(name)));
      const accent = zoo.rgb(zoo.token("accent"));
      zoo.paintPixels(find("cells"), (data) => {
        for (let i = 0, o = 0; i < MOST; i++, o += 4) {
          // Two shades, so that single pixels can be told apart.
          const shade = (Math.floor(i / SIDE) + i) % 2 ? 0.16 : 0.24;
          const color = i >= n ? rest : digit?.[i] ? pen : null;
          for (let c = 0; c < 3; c++) {
            data[o + c] = color ? color[c] : paper[c] + shade * (accent[c] - paper[c]);
          }
          data[o + 3] = 255;
        }
      });
    }

    const setN = (n) => change({ n: Number(n) });
    slider.addEventListener("input", () => setN(slider.value));
    const markSize = zoo.choice(find("sizes"), setN);

    const cells = find("cells");
    const take = (event) => {
      const box = cells.getBoundingClientRect();
      const at = (value, size) => Math.max(0, Math.min(SIDE - 1, Math.floor((value / size) * SIDE)));
      setN(SIDE * at(event.clientY - box.top, box.height) + at(event.clientX - box.left, box.width) + 1);
    };
    cells.addEventListener("pointerdown", (event) => {
      cells.setPointerCapture(event.pointerId);
      take(event);
    });
    cells.addEventListener("pointermove", (event) => cells.hasPointerCapture(event.pointerId) && take(event));

    for (const row of rows) {
      const { kind } = row.dataset;
      const look = (value) => () => {
        looked = value;
        showDigits();
      };
      row.addEventListener("pointerenter", look(kind));
      row.addEventListener("pointerleave", look(null));
      row.addEventListener("click", () => change({ kind }));
      row.addEventListener("keydown", (event) => {
        const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
        if (!by) return;
        event.preventDefault();
        const next = (KINDS.indexOf(kind) + by + KINDS.length) % KINDS.length;
        change({ kind: KINDS[next] });
        rows[next].focus();
      });
    }

    return {
      restore,
      words: restore,
      paint: restore,
      json() {
        const n = part.get("n");
        const written = Object.entries(count(n)).map(([kind, number]) => [kind, number.toString()]);
        return [{ n, free_parameters: Object.fromEntries(written) }, "genzoo-pixels.json"];
      },
    };
  },
});
