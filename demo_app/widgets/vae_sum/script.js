import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const find = (name) => element.querySelector("." + name);
  const D = 784;
  const INPUT = -1; // the id of the image above, in A's chooser
  const FIRST = -2; // an id in the address that stands for the example of the data at hand

  /* By the choosers' ids: a bold 2 less a fine 2 and a fine 3; a dark shirt with short sleeves less a
     light one and a light pullover with long ones. */
  const EXAMPLES = { mnist: { a: 218, b: 206, c: 321 }, fashion: { a: 6, b: 3, c: 201 } };

  const TERMS = ["a", "b", "c"];
  const part = zoo.part(
    "vae-sum",
    { a: FIRST, b: FIRST, c: FIRST, s: 1, means: false, seed: 1 },
    restore
  );
  let code = null; // what the widget above is at: {model, set, x, z}
  let sum = null; // what `combine` said

  const canvases = [...element.querySelectorAll(".picture")];
  const choosers = TERMS.map(
    (key, k) =>
      new zoo.Chooser(element.querySelectorAll(".chooser")[k], {
        label: "vae.sum_" + key,
        own: key === "a" ? "vae.own" : undefined,
        onchoose: (id) => {
          part.set({ [key]: id });
          combine();
        },
      })
  );

  /* Ask and show */

  const text = (levels) => btoa(String.fromCharCode(...levels));

  const askCombine = zoo.latest(server.combine, (answer, given, total) => {
    if (given.model !== code.model) return;
    zoo.showStatus(find("state"), answer, total);
    if (!answer.ok) return;
    sum = { ...answer, images: zoo.bytes(answer.images), s: given.s };
    show();
  });

  let asked = null;
  function combine(s = part.get("s")) {
    const [a, b, c] = choosers.map((chooser) =>
      chooser.id === INPUT ? text(code.x) : chooser.index(chooser.id)
    );
    const given = { model: code.model, a, b, c, s, means: part.get("means") };
    const key = Object.values(given).join(" ");
    if (key === asked) return;
    asked = key;
    askCombine(given);
  }

  const INK = { map: "ink", high: 255 };

  function show() {
    if (!sum) return;
    canvases.forEach((canvas, k) => zoo.paint(canvas, sum.images.subarray(k * D, (k + 1) * D), INK));
    canvases[3].dataset.s = sum.s;
    const { images, labels } = code.set;
    zoo.paint(find("nearest"), images.subarray(sum.nearest * D, (sum.nearest + 1) * D), INK);
    find("nearest").dataset.index = sum.nearest;
    find("about").textContent = zoo.t("vae.sum_nearest", {
      name: code.set.kindName(labels[sum.nearest]),
      distance: zoo.number(sum.distance, 1),
      typical: zoo.number(sum.typical, 1),
    });
    said();
  }

  const said = zoo.wait(400, () => {
    const s = zoo.number(part.get("s"), 2);
    find("said").textContent = `s = ${s}. ${find("about").textContent}`;
  });

  /* Controls */

  function showStrength() {
    find("s").value = part.get("s");
    find("strength").querySelector("output").textContent = zoo.number(part.get("s"), 2);
  }
  find("s").addEventListener("input", () => {
    part.set({ s: Number(find("s").value) });
    combine();
    zoo.withAnswer(showStrength);
  });
  zoo.slide(find("s"), (s) => code && combine(s));

  const meansButtons = [...find("means").children];
  function showMeans() {
    meansButtons.forEach((button) => {
      button.setAttribute("aria-pressed", Boolean(Number(button.dataset.means)) === part.get("means"));
    });
  }
  meansButtons.forEach((button) =>
    button.addEventListener("click", () => {
      part.set({ means: Boolean(Number(button.dataset.means)) });
      showMeans();
      combine();
    })
  );

  /* Two of one class for A and B, one of another for C. */
  function draw(seed) {
    part.set({ seed });
    find("seed").value = seed;
    if (!code) return;
    const random = zoo.random(seed);
    const below = (n) => Math.floor(random() * n);
    const { counts } = choosers[0];
    const first = below(counts.length);
    const second = (first + 1 + below(counts.length - 1)) % counts.length;
    const a = below(counts[first]);
    const b = (a + 1 + below(counts[first] - 1)) % counts[first];
    part.set({ a: 100 * first + a, b: 100 * first + b, c: 100 * second + below(counts[second]) });
    mark();
    combine();
  }
  find("random").addEventListener("click", () => draw(zoo.newSeed()));
  zoo.seedField(find("seed"), part, draw);
  find("reset").addEventListener("click", () => {
    part.set(part.defaults);
    restore();
  });

  find("png").addEventListener("click", () => {
    if (!sum) return;
    const titles = ["A", "B", "C", `A + ${zoo.number(sum.s, 2)} (C \u2212 B)`];
    const items = canvases.map((canvas, k) => ({ canvas, title: titles[k] }));
    zoo.savePNG(zoo.sheet(items, { columns: 4, heading: code.model }), "genzoo-vae-sum.png");
  });
  find("json").addEventListener("click", () => {
    if (!sum) return;
    const image = (k) => Array.from(sum.images.subarray(k * D, (k + 1) * D), (v) => v / 255);
    const [a, b, c, result] = [0, 1, 2, 3].map(image);
    const { s, z, nearest, distance, typical } = sum;
    zoo.saveJSON({ model: code.model, means: part.get("means"), s, z, a, b, c, result, nearest,
      distance, typical }, "genzoo-vae-sum.json");
  });

  /* All together */

  function mark() {
    choosers.forEach((chooser, k) => {
      const id = part.get(TERMS[k]);
      chooser.mark(chooser.nearest(id <= FIRST ? EXAMPLES[code.set.data][TERMS[k]] : id));
    });
  }

  const followInput = zoo.wait(120, () => combine());

  let shown = null; // the data whose pictures the choosers hold
  function follow(next) {
    const [before, input] = [code && code.model, code && code.x];
    code = next;
    if (shown !== code.set.data) {
      shown = code.set.data;
      sum = null;
      choosers.forEach((chooser) => {
        chooser.id = null;
        chooser.load(code.set.images, code.set.labels, code.set.className);
      });
    }
    if (before !== code.model) restore();
    else if (input !== code.x && choosers[0].id === INPUT) followInput();
    if (input !== code.x) choosers[0].setOwn(code.x);
  }

  function restore() {
    if (!code) return;
    if (!(part.get("s") >= 0 && part.get("s") <= 1.5)) part.set({ s: part.defaults.s });
    find("seed").value = part.get("seed");
    mark();
    showMeans();
    showStrength();
    asked = null;
    combine();
  }

  zoo.on("vae-code", follow);
  if (zoo.shared.vaeCode) follow(zoo.shared.vaeCode);
  zoo.onChange(zoo.theme, show);
  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    if (!code) return;
    showStrength();
    show();
  });
  zoo.translate(element);
}
