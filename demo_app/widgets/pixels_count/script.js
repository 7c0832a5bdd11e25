import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const SIDE = 28;
  const MOST = SIDE * SIDE;
  const KINDS = ["joint", "markov", "independent"];
  /* Where the axis may end, in powers of ten: so the bars grow with n, and the axis seldom changes. */
  const ENDS = [2, 6, 30, 100, 240];
  const MARKS = [
    { power: 4.778, key: "pixels.training_digits" },
    { power: 80, key: "pixels.atoms" },
  ];

  const find = (selector) => element.querySelector(selector);
  const all = (selector) => [...element.querySelectorAll(selector)];

  const part = zoo.part("pixels", { n: MOST, kind: "joint" }, restore);
  const digit = props.data.digit && zoo.unpackBits(props.data.digit, MOST); // to be cut off after n
  let looked = null; // the bar under the pointer, or with the focus

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

  function show() {
    const n = part.get("n");
    const counts = count(n);
    find("[data-testid=pixels-n]").value = n;
    find(".n output").textContent = zoo.number(n);
    all("[data-n]").forEach((b) => b.setAttribute("aria-pressed", Number(b.dataset.n) === n));
    const end = ENDS.find((exponent) => log10(counts.joint) <= exponent);
    for (const kind of KINDS) {
      const row = find(`[data-kind=${kind}]`);
      row.querySelector(".bar").style.width = (100 * log10(counts[kind])) / end + "%";
      row.querySelector(".short").replaceChildren(short(counts[kind]));
    }
    showAxis(end);
    showDigits();
    drawCells(n);
  }

  /* A number that fits its place: its digits, or its first ones and the power of ten. */
  function short(number) {
    const digits = number.toString();
    if (digits.length <= 12) return number.toLocaleString(zoo.language.value);
    const first = zoo.number(Number(digits.slice(0, 6)) / 1e5, 2);
    return zoo.make("span", {}, "≈ " + first + " × ", power(digits.length - 1));
  }

  function showAxis(end) {
    const ticks = find(".ticks");
    const step = end / (end <= 2 ? 2 : end <= 6 ? 3 : end === 100 ? 4 : end === 240 ? 4 : 3);
    const place = (tick, at) => {
      tick.style.left = (100 * at) / end + "%";
      return tick;
    };
    const shown = [];
    for (let k = 0; k <= end + 1e-9; k += step) shown.push(place(k ? power(k) : zoo.make("span", {}, "1"), k));
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
    all("[data-kind]").forEach((row) => {
      const chosen = row.dataset.kind === part.get("kind");
      row.setAttribute("aria-checked", chosen);
      row.tabIndex = chosen ? 0 : -1;
    });
    const name = zoo.make("b", {}, zoo.t("pixels." + kind));
    const words = zoo.t("pixels.said", {
      n: zoo.number(n),
      digits: zoo.number(number.toString().length),
    });
    find(".said").replaceChildren(name, " ", words, " ", zoo.t("pixels.why_" + kind));
    // Lines break between groups of three.
    const groups = number.toLocaleString(zoo.language.value).split(/(?<=,)/);
    find(".digits").replaceChildren(...groups.flatMap((group) => [group, zoo.make("wbr")]));
  }

  /* The first n pixels of a 28x28 image, in reading order. */
  function drawCells(n) {
    const [paper, pen, rest] = ["paper", "pen", "line"].map((name) => zoo.rgb(zoo.token(name)));
    const accent = zoo.rgb(zoo.token("accent"));
    zoo.paintPixels(find(".cells"), (data) => {
      for (let i = 0, o = 0; i < MOST; i++, o += 4) {
        // Two shades, so that single pixels can be told apart.
        const shade = (Math.floor(i / SIDE) + i) % 2 ? 0.16 : 0.24;
        const color = i >= n ? rest : digit && digit[i] ? pen : null;
        for (let c = 0; c < 3; c++) {
          data[o + c] = color ? color[c] : paper[c] + shade * (accent[c] - paper[c]);
        }
        data[o + 3] = 255;
      }
    });
  }

  function setN(n) {
    part.set({ n });
    show();
  }

  find("[data-testid=pixels-n]").addEventListener("input", (event) => setN(Number(event.target.value)));
  all("[data-n]").forEach((b) => b.addEventListener("click", () => setN(Number(b.dataset.n))));

  const cells = find(".cells");
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

  all("[data-kind]").forEach((row) => {
    const kind = row.dataset.kind;
    const look = (value) => () => {
      looked = value;
      showDigits();
    };
    row.addEventListener("pointerenter", look(kind));
    row.addEventListener("pointerleave", look(null));
    row.addEventListener("click", () => choose(kind));
    row.addEventListener("keydown", (event) => {
      const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      const next = KINDS[(KINDS.indexOf(kind) + by + KINDS.length) % KINDS.length];
      choose(next);
      find(`[data-kind=${next}]`).focus();
    });
  });

  function choose(kind) {
    part.set({ kind });
    showDigits();
  }

  find(".save-json").addEventListener("click", () => {
    const n = part.get("n");
    const written = Object.entries(count(n)).map(([kind, number]) => [kind, number.toString()]);
    zoo.saveJSON({ n, free_parameters: Object.fromEntries(written) }, "genzoo-pixels.json");
  });

  function restore() {
    const n = part.get("n");
    if (!Number.isInteger(n) || n < 1 || n > MOST) part.set({ n: MOST });
    if (!KINDS.includes(part.get("kind"))) part.set({ kind: "joint" });
    show();
  }

  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    show();
  });
  zoo.onChange(zoo.theme, show);
  zoo.translate(element);
  restore();
}
