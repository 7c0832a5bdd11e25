import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const find = (name) => element.querySelector("." + name);
  const SIDE = 8;
  const MOST = 5; // draws in a mean
  const TERMS = ["a", "b", "c"];
  const OWN = "example"; // in the address: the picks are the model's example
  const INK = { map: "ink", high: 255 };

  const part = zoo.part("dcgan-sum", { a: OWN, b: OWN, c: OWN, noise: 0.25, seed: 0 }, restore);
  let tab = null; // what the sheet above is at
  let sum = null; // the last answer, and what it was asked for
  let pictures = null; // of the picks, by their text
  let next = "a"; // the mean that the next pick is added to
  const past = []; // texts of the picks before each change

  /* The picks */

  function picks() {
    return TERMS.map((key, k) => {
      const draws = zoo.readDraws(part.get(key), SIDE * SIDE);
      return draws && draws.length <= MOST ? draws : tab.known.example[k];
    });
  }

  const isExample = () =>
    picks().every((draws, k) => zoo.drawsText(draws) === zoo.drawsText(tab.known.example[k]));

  function change(given) {
    past.push(TERMS.map((key) => part.get(key)));
    setPicks(given);
  }

  /* Picks that are the model's example need not stand in the address. */
  function setPicks(given) {
    part.set(Object.fromEntries(TERMS.map((key, k) => [key, zoo.drawsText(given[k])])));
    if (isExample()) part.set({ a: OWN, b: OWN, c: OWN });
    open();
  }

  const picker = new zoo.DrawPicker(find("picker"), {
    side: SIDE,
    label: "dcgan.sum_picker_label",
    marks: () => (tab ? picks().map((draws, k) => [TERMS[k].toUpperCase(), draws]) : []),
    onpick: toggle,
  });

  /* Add a draw to the mean whose turn it is, or take it out again. */
  function toggle(draw) {
    const k = TERMS.indexOf(next);
    const all = picks();
    const without = all[k].filter((one) => !zoo.sameDraw(one, draw));
    if (without.length < all[k].length) all[k] = without;
    else if (all[k].length < MOST) all[k] = [...all[k], draw];
    else return tellOf("dcgan.full", { term: next.toUpperCase(), most: MOST });
    if (!all[0].length) return tellOf("dcgan.needs_a");
    change(all);
  }

  /* Why a pick was not taken; said until the picks change, whatever answers come meanwhile. */
  let refusal = null;
  function tellOf(key, values) {
    refusal = { key, values };
    find("said").textContent = zoo.t(key, values);
    showTold();
  }

  function showTold() {
    if (!refusal && !sum) return;
    const [p, q] = tab.known.example_classes.map(tab.className);
    const key = isExample() ? "dcgan.example_" + tab.data : "dcgan.own_picks";
    find("told").textContent = refusal
      ? zoo.t(refusal.key, refusal.values)
      : zoo.t(key, { p, q, n: tab.known.example[0].length });
  }

  const terms = [...element.querySelectorAll(".term")].slice(0, 3).map((host, k) => {
    const letter = TERMS[k].toUpperCase();
    const mean = zoo.make("canvas", { class: "mean", width: 28, height: 28, role: "img",
      "data-t-label": "dcgan.mean_" + TERMS[k], "data-testid": "dcgan-sum-" + TERMS[k] });
    const length = zoo.make("p", { class: "zoo-figure length" });
    const list = zoo.make("div", { class: "picks", "data-testid": "dcgan-picks-" + TERMS[k] });
    host.append(zoo.make("div", { class: "paper" }, mean), length, list);
    const button = zoo.make("button", { type: "button", "data-key": TERMS[k],
      "data-testid": "dcgan-sum-pick-" + TERMS[k] }, letter);
    button.addEventListener("click", () => pickNext(TERMS[k]));
    find("which").append(button);
    return { mean, length, list, button, letter };
  });

  function pickNext(key) {
    next = key;
    terms.forEach(({ button }) => button.setAttribute("aria-pressed", button.dataset.key === next));
  }

  /* Ask and show */

  const askPictures = zoo.latest(server.pictures, (answer, given) => {
    if (!answer.ok) return tell(answer);
    if (given.model !== tab.model) return;
    pictures = new Map();
    const levels = zoo.bytes(answer.images);
    given.places.forEach((draw, k) =>
      pictures.set(zoo.drawsText([draw]), levels.subarray(784 * k, 784 * (k + 1)))
    );
    showPicks();
  });

  const askSum = zoo.latest(server.sum, (answer, given, total) => {
    tell(answer, total);
    if (!answer.ok) asked = null;
    else if (given.model === tab.model) {
      sum = { ...answer, ...given, images: zoo.bytes(answer.images), around: zoo.bytes(answer.around) };
      show();
    }
  });

  let asked = null;
  function ask(noise = part.get("noise")) {
    const [a, b, c] = picks();
    const given = { model: tab.model, a, b, c, scale: tab.scale, noise, seed: part.get("seed") };
    const key = JSON.stringify(given);
    if (key !== asked) askSum(given);
    asked = key;
  }

  const around = new zoo.Grid(find("around"), { columns: 3, rows: 3, label: "dcgan.around_label" });
  const length = (value) => `|z| = ${zoo.number(value, 2)}`;

  function show() {
    if (!sum) return;
    const lengths = [...terms.map((term) => term.length), element.querySelector(".term:last-child .length")];
    element.querySelectorAll("canvas.mean").forEach((canvas, k) => {
      const empty = k < 3 && !sum[TERMS[k]].length;
      const levels = empty ? new Uint8Array(784) : sum.images.subarray(784 * k, 784 * (k + 1));
      zoo.paint(canvas, levels, INK);
      lengths[k].textContent = length(sum.lengths[k]);
    });
    around.showSheet(84, 84, sum.around);
    Object.assign(around.cells.dataset, { noise: sum.noise, picks: JSON.stringify([sum.a, sum.b, sum.c]) });
    showTold();
  }

  function showPicks() {
    if (!pictures) return;
    picks().forEach((draws, k) => {
      const { list, letter } = terms[k];
      const focused = [...list.children].indexOf(document.activeElement);
      list.replaceChildren();
      draws.forEach((draw) => {
        const levels = pictures.get(zoo.drawsText([draw]));
        if (!levels) return;
        const name = zoo.t("dcgan.take_out", { seed: draw[0], cell: draw[1] + 1, term: letter });
        const canvas = zoo.make("canvas", { width: 28, height: 28, "aria-hidden": "true" });
        zoo.paint(canvas, levels, INK);
        const button = zoo.make("button", { type: "button", title: name, "aria-label": name }, canvas);
        button.addEventListener("click", () => {
          pickNext(TERMS[k]);
          toggle(draw);
        });
        list.append(button);
      });
      if (!draws.length) list.append(zoo.make("p", {}, zoo.t("dcgan.no_picks")));
      if (focused >= 0 && list.querySelector("button")) {
        const buttons = list.querySelectorAll("button");
        buttons[Math.min(focused, buttons.length - 1)].focus();
      }
    });
  }

  /* Controls */

  find("noise").addEventListener("input", () => {
    part.set({ noise: Number(find("noise").value) });
    find("factor").textContent = zoo.number(part.get("noise"), 2);
  });
  find("noise").addEventListener("change", () => tab && ask());
  zoo.seedField(find("seed"), part, (seed) => {
    part.set({ seed });
    if (tab) open();
  });
  find("random").addEventListener("click", () => {
    if (!tab) return;
    const cells = Array.from({ length: SIDE * SIDE }, (_, cell) => cell);
    const random = zoo.random(zoo.newSeed());
    const draw = () => [tab.seed, cells.splice(Math.floor(random() * cells.length), 1)[0]];
    change(TERMS.map(() => [draw(), draw(), draw()]));
  });
  find("clear").addEventListener("click", () => {
    if (!tab) return;
    change([picks()[0].slice(0, 1), [], []]);
    pickNext("a");
  });
  find("undo").addEventListener("click", undo);
  element.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.key.toLowerCase() !== "z") return;
    if (event.target.tagName === "INPUT") return;
    event.preventDefault();
    undo();
  });
  function undo() {
    if (!past.length || !tab) return;
    const before = past.pop();
    part.set(Object.fromEntries(TERMS.map((key, k) => [key, before[k]])));
    open();
  }
  find("reset").addEventListener("click", () => {
    if (!tab) return;
    past.push(TERMS.map((key) => part.get(key)));
    part.set(part.defaults);
    pickNext("a");
    open();
  });
  find("png").addEventListener("click", () => {
    if (!sum) return;
    const titles = ["A", "B", "C", "A \u2212 B + C"];
    const means = [...element.querySelectorAll("canvas.mean")];
    const items = means.map((canvas, k) => ({ canvas, title: titles[k] }));
    items.push({ canvas: around.cells, title: zoo.t("dcgan.around") });
    zoo.savePNG(zoo.sheet(items, { columns: 5, heading: sum.model }), "genzoo-dcgan-sum.png");
  });
  find("json").addEventListener("click", () => {
    if (!sum) return;
    const { model, scale, a, b, c, noise, seed, z, lengths } = sum;
    const image = (k) => Array.from(sum.images.subarray(784 * k, 784 * (k + 1)), (v) => v / 255);
    zoo.saveJSON({
      model, scale, a, b, c, noise, seed, z, lengths,
      images: [0, 1, 2, 3].map(image),
      around: Array.from({ length: 9 }, (_, k) => Array.from(zoo.cellOf(sum.around, 3, k), (v) => v / 255)),
    }, "genzoo-dcgan-sum.json");
  });

  /* All together */

  function tell(answer, total) {
    return zoo.showStatus(find("state"), answer, total);
  }

  /* Show the state from the start, as after a reload. */
  function open() {
    const { defaults } = part;
    refusal = null;
    part.set({
      seed: zoo.isSeed(part.get("seed")) ? part.get("seed") : defaults.seed,
      noise: Math.max(0, Math.min(1, part.get("noise"))),
    });
    if (!picks()[0].length) part.set({ a: OWN });
    find("seed").value = part.get("seed");
    find("noise").value = part.get("noise");
    find("factor").textContent = zoo.number(part.get("noise"), 2);
    find("undo").disabled = !past.length;
    picker.grid.refresh();
    ask();
    const places = [...new Map(picks().flat().map((draw) => [zoo.drawsText([draw]), draw])).values()];
    askPictures({ model: tab.model, places, scale: tab.scale });
  }

  let followed = null;
  function follow(now) {
    tab = now;
    picker.show(tab.seed, tab.levels);
    const key = [tab.model, tab.scale].join(" ");
    if (key === followed) return;
    followed = key;
    open();
  }

  function restore() {
    if (tab) open();
  }

  pickNext("a");
  zoo.on("dcgan", follow);
  if (zoo.shared.dcgan) follow(zoo.shared.dcgan);
  const repaint = () => {
    show();
    showPicks();
  };
  zoo.onChange(zoo.theme, repaint);
  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    if (tab) repaint();
  });
  zoo.translate(element);
}
