// @ts-check
import { chosen, differs, lengthOf } from "../dcgan_sheet/script.js";
import * as zoo from "../shared/zoo.js";

const SIDE = 8;
const MOST = 5; // draws in a mean
const TERMS = ["a", "b", "c"];
const OWN = "example"; // in the address: the picks are the model's example

const byTerm = (values) => Object.fromEntries(TERMS.map((key, k) => [key, values[k]]));

export default zoo.widget({
  name: "dcgan-sum",
  state: { a: OWN, b: OWN, c: OWN, noise: 0.25, seed: 0 },
  limits: { noise: [0, 1] },
  setup({ element, server, part, find, all, change, askNew }) {
    let tab = null; // what the sheet above is at
    let sum = null; // the last answer, and what it was asked for
    let pictures = null; // of the picks, by their text
    let next = "a"; // the mean that the next pick is added to
    const past = []; // the picks before each change, as the address has them

    /* The picks */

    function picks() {
      return TERMS.map((key, k) => {
        const draws = zoo.readDraws(part.get(key), SIDE * SIDE);
        return draws && draws.length <= MOST ? draws : tab.known.example[k];
      });
    }

    const isExample = () =>
      picks().every((draws, k) => zoo.drawsText(draws) === zoo.drawsText(tab.known.example[k]));

    function remember() {
      past.push(byTerm(TERMS.map((key) => part.get(key))));
    }

    /* Other picks; those that are the model's example need not stand in the address. */
    function pick(given) {
      remember();
      part.set(byTerm(given.map(zoo.drawsText)));
      change(isExample() ? byTerm([OWN, OWN, OWN]) : {});
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
      const now = picks();
      const without = now[k].filter((one) => !zoo.sameDraw(one, draw));
      if (without.length < now[k].length) now[k] = without;
      else if (now[k].length < MOST) now[k] = [...now[k], draw];
      else return refuse("dcgan.full", { term: next.toUpperCase(), most: MOST });
      if (!now[0].length) return refuse("dcgan.needs_a");
      pick(now);
    }

    /* Why a pick was not taken; said until the picks change, whatever answers come meanwhile. */
    let refusal = null;
    function refuse(key, values) {
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

    const [means, lengths, lists] = ["mean", "length", "picks"].map(all);
    const mark = zoo.choice(find("which"), pickNext);
    function pickNext(key) {
      next = key;
      mark(key);
    }
    pickNext("a");

    /* Ask and show */

    const askPictures = zoo.latest(server.pictures, (answer, given) => {
      if (!zoo.showStatus(find("state"), answer) || given.model !== tab.model) return;
      const levels = zoo.bytes(answer.images);
      pictures = new Map(given.places.map((draw, k) => [zoo.drawsText([draw]), zoo.nth(levels, k)]));
      showPicks();
    });

    const askSum = askNew(server.sum, (answer, given) => {
      if (given.model !== tab.model) return;
      sum = { ...answer, ...given, images: zoo.bytes(answer.images), around: zoo.bytes(answer.around) };
      show();
    });

    function add() {
      if (!tab) return;
      const { model, scale } = tab;
      const [a, b, c] = picks();
      askSum({ model, a, b, c, scale, noise: part.get("noise"), seed: part.get("seed") });
    }

    const around = new zoo.Grid(find("around"), { columns: 3, rows: 3, label: "dcgan.around_label" });

    function show() {
      if (!sum) return;
      means.forEach((canvas, k) => {
        const empty = k < 3 && !sum[TERMS[k]].length;
        zoo.paintInk(canvas, empty ? new Uint8Array(784) : zoo.nth(sum.images, k));
        lengths[k].textContent = lengthOf(sum.lengths[k]);
      });
      around.showSheet(84, 84, sum.around);
      Object.assign(around.cells.dataset, { noise: sum.noise, picks: JSON.stringify([sum.a, sum.b, sum.c]) });
      showTold();
    }

    function showPicks() {
      if (!pictures) return;
      picks().forEach((draws, k) => {
        const list = lists[k];
        const focused = [...list.children].indexOf(document.activeElement);
        const known = draws.filter((draw) => pictures.has(zoo.drawsText([draw])));
        list.replaceChildren(...known.map((draw) => thumbnail(draw, k)));
        if (!draws.length) list.append(zoo.make("p", { class: "zoo-note" }, zoo.t("dcgan.no_picks")));
        const buttons = list.querySelectorAll("button");
        if (focused >= 0 && buttons.length) buttons[Math.min(focused, buttons.length - 1)].focus();
      });
    }

    function thumbnail(draw, k) {
      const term = TERMS[k].toUpperCase();
      const name = zoo.t("dcgan.take_out", { seed: draw[0], cell: draw[1] + 1, term });
      const canvas = zoo.make("canvas", { width: 28, height: 28, "aria-hidden": "true" });
      zoo.paintInk(canvas, pictures.get(zoo.drawsText([draw])));
      const button = zoo.make("button", { type: "button", title: name, "aria-label": name }, canvas);
      button.addEventListener("click", () => {
        pickNext(TERMS[k]);
        toggle(draw);
      });
      return button;
    }

    /* Controls */

    find("noise").addEventListener("input", () => {
      part.set({ noise: Number(find("noise").value) });
      find("factor").textContent = zoo.number(part.get("noise"), 2);
    });
    find("noise").addEventListener("change", add);
    find("clear").addEventListener("click", () => {
      if (!tab) return;
      pick([picks()[0].slice(0, 1), [], []]);
      pickNext("a");
    });
    find("undo").addEventListener("click", undo);
    element.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.key.toLowerCase() !== "z") return;
      if (/** @type {Element} */ (event.target).tagName === "INPUT") return;
      event.preventDefault();
      undo();
    });
    function undo() {
      if (past.length) change(past.pop());
    }

    zoo.follow(chosen, (now) => {
      const before = tab;
      tab = now;
      picker.show(tab.seed, tab.levels);
      if (differs(before, tab, "model", "scale")) change({});
    });

    function repaint() {
      show();
      showPicks();
    }

    return {
      restore() {
        refusal = null;
        find("noise").value = part.get("noise");
        find("factor").textContent = zoo.number(part.get("noise"), 2);
        find("undo").disabled = !past.length;
        if (!tab) return;
        if (!picks()[0].length) part.set({ a: OWN });
        picker.grid.refresh();
        add();
        const places = [...new Map(picks().flat().map((draw) => [zoo.drawsText([draw]), draw])).values()];
        askPictures({ model: tab.model, places, scale: tab.scale });
      },
      random() {
        if (!tab) return {};
        remember();
        const cells = Array.from({ length: SIDE * SIDE }, (_, cell) => cell);
        const random = zoo.random(zoo.newSeed());
        const draw = () => [tab.seed, cells.splice(Math.floor(random() * cells.length), 1)[0]];
        return byTerm(TERMS.map(() => zoo.drawsText([draw(), draw(), draw()])));
      },
      reset() {
        remember();
        pickNext("a");
        return part.defaults;
      },
      paint: repaint,
      words: repaint,
      png() {
        if (!sum) return null;
        const titles = ["A", "B", "C", "A \u2212 B + C"];
        const items = means.map((canvas, k) => ({ canvas, title: titles[k] }));
        items.push({ canvas: around.cells, title: zoo.t("dcgan.around") });
        return [zoo.sheet(items, { columns: 5, heading: sum.model }), "genzoo-dcgan-sum.png"];
      },
      json() {
        if (!sum) return null;
        const { model, scale, a, b, c, noise, seed, z, lengths } = sum;
        return [{
          model, scale, a, b, c, noise, seed, z, lengths,
          images: means.map((_, k) => zoo.fractions(zoo.nth(sum.images, k))),
          around: Array.from({ length: 9 }, (_, k) => zoo.fractions(zoo.cellOf(sum.around, 3, k))),
        }, "genzoo-dcgan-sum.json"];
      },
    };
  },
});
