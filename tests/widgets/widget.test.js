/* A widget's life, without a browser. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import * as zoo from "../../demo_app/widgets/shared/zoo.js";

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const click = (element) => element.dispatchEvent(new Event("click"));

let element;
let saved;
beforeEach(() => {
  element = document.createElement("div");
  element.innerHTML = `<p class="title" data-t="zoo.play"></p><input class="seed" type="number">
    <button class="random"></button><button class="reset"></button><button class="json"></button>
    <div class="zoo-status"><span class="state"></span></div>`;
  document.body.replaceChildren(element);
  saved = [];
  globalThis.URL.createObjectURL = (blob) => saved.push(blob) && "blob:x";
  globalThis.URL.revokeObjectURL = () => {};
  window.HTMLAnchorElement.prototype.click = () => {};
});

let names = 0;
function mount(options, server = {}, data = {}) {
  const name = `widget${names++}`;
  zoo.widget({ name, ...options })({ element, props: { data }, server });
  return name;
}

test("it is set up, translated and restored at the start", () => {
  const calls = [];
  mount({
    state: { seed: 4 },
    setup({ part, find }) {
      calls.push(["setup", part.get("seed"), find("title").textContent]);
      return { restore: () => calls.push(["restore"]) };
    },
  });
  assert.deepEqual(calls, [["setup", 4, zoo.t("zoo.play")], ["restore"]]);
  assert.equal(element.querySelector(".seed").value, "4");
});

test("its name may come from what the server says of it", () => {
  let part;
  mount({ name: (data) => data.tab + "-about", state: { open: false }, setup: (w) => void (part = w.part) },
    {}, { tab: "aae" });
  assert.equal(part.name, "aae-about");
});

test("a typed seed restores it, and one that is none is refused", () => {
  const seeds = [];
  mount({ state: { seed: 4 }, setup: ({ part }) => ({ restore: () => seeds.push(part.get("seed")) }) });
  const field = element.querySelector(".seed");
  const type = (value) => {
    field.value = value;
    field.dispatchEvent(new Event("change"));
  };
  type("12");
  type("-1");
  assert.equal(field.value, "12");
  type("");
  type("2147483648");
  assert.deepEqual(seeds, [4, 12]);
});

test("random takes another seed, reset those of the start", () => {
  let part;
  mount({ state: { seed: 4, kind: "a" }, setup: (w) => void (part = w.part) });
  part.set({ kind: "b" });
  click(element.querySelector(".random"));
  const { seed } = part.values;
  assert.ok(zoo.isSeed(seed));
  assert.equal(element.querySelector(".seed").value, String(seed));
  assert.equal(part.get("kind"), "b");
  click(element.querySelector(".reset"));
  assert.deepEqual(part.values, { seed: 4, kind: "a" });
});

test("a widget may say what random and reset are", () => {
  let part;
  mount({
    state: { seed: 4, kind: "a", model: "x" },
    setup(w) {
      part = w.part;
      return {
        random: () => ({ kind: "r" }),
        reset: () => ({ ...part.defaults, model: part.get("model") }),
      };
    },
  });
  part.set({ model: "y" });
  click(element.querySelector(".random"));
  assert.deepEqual(part.values, { seed: 4, kind: "r", model: "y" });
  click(element.querySelector(".reset"));
  assert.deepEqual(part.values, { seed: 4, kind: "a", model: "y" });
});

test("values that it cannot mean become those of the start before it sees them", () => {
  let seen;
  mount({
    state: { seed: 4, kind: "a", n: 3 },
    ranges: { n: [1, 5] },
    choices: { kind: ["a", "b"] },
    setup({ part }) {
      part.set({ seed: -3, kind: "zebra", n: 6 });
      return { restore: () => (seen = { ...part.values }) };
    },
  });
  assert.deepEqual(seen, { seed: 4, kind: "a", n: 3 });
});

test("another language is written, another theme painted", async () => {
  const calls = [];
  mount({ setup: () => ({ words: () => calls.push("words"), paint: () => calls.push("paint") }) });
  const other = zoo.language.value === "en" ? "ko" : "en";
  zoo.selectLanguage(other);
  for (let k = 0; k < 100 && !calls.length; k++) await wait(20); // its labels are on their way
  assert.deepEqual(calls, ["words"]);
  assert.equal(element.querySelector(".title").textContent, zoo.t("zoo.play"));
  document.body.classList.add("dark");
  await wait(5);
  assert.deepEqual(calls, ["words", "paint"]);
  document.body.classList.remove("dark");
});

test("what there is to save is saved, and nothing where there is nothing", async () => {
  let value = null;
  mount({ setup: () => ({ json: () => value && [value, "x.json"] }) });
  click(element.querySelector(".json"));
  assert.equal(saved.length, 0);
  value = { a: [1, 2] };
  click(element.querySelector(".json"));
  assert.equal(saved.length, 1);
});

test("an answer is handed on, and a refusal is shown in its place", async () => {
  const [done, failed] = [[], []];
  let answer = { ok: true, ms: 1, n: 5 };
  let ask;
  mount({
    setup(w) {
      ask = w.ask(w.server.f, (a, given) => done.push([a.n, given.x]), () => failed.push(1));
    },
  }, { f: async () => answer });
  ask({ x: 2 });
  await wait(80);
  assert.deepEqual([done, failed], [[[5, 2]], []]);
  answer = { ok: false, error: "No such thing." };
  ask({ x: 3 });
  await wait(80);
  assert.deepEqual([done, failed], [[[5, 2]], [1]]);
  assert.equal(element.querySelector(".state").textContent, "No such thing.");
});

test("a number beyond its limits goes to the nearer of them", () => {
  let part;
  const name = mount({ state: { scale: 1 }, limits: () => ({ scale: [0, 1.5] }), setup: (w) => void (part = w.part) });
  location.hash = `#${name}.scale=7.25`;
  window.dispatchEvent(new Event("hashchange"));
  assert.equal(part.get("scale"), 1.5);
});

test("what is new is asked, and again what failed", async () => {
  const asked = [];
  let ask;
  const call = async (given) => asked.push(given.x) && { ok: given.x !== 2, error: "no", ms: 1 };
  mount({ setup: (w) => void (ask = w.askNew(call, () => {})) });
  for (const x of [1, 1, 2, 2, 2, 1]) {
    ask({ x });
    await wait(20);
  }
  assert.deepEqual(asked, [1, 2, 2, 2, 1]);
});

test("a choice is told by its key, and marked", () => {
  const host = zoo.make("div", {}, ...["a", "b"].map((key) => zoo.make("button", { "data-key": key }, key)));
  const chosen = [];
  const mark = zoo.choice(host, (key) => chosen.push(key));
  host.children[1].dispatchEvent(new Event("click", { bubbles: true }));
  mark("b");
  assert.deepEqual(chosen, ["b"]);
  assert.deepEqual([...host.children].map((b) => b.getAttribute("aria-pressed")), ["false", "true"]);
});

test("another seed may set more than itself", () => {
  let part;
  mount({
    state: { seed: 4, face: "12" },
    setup(w) {
      part = w.part;
      return { seeded: (seed) => ({ seed, face: "" }) };
    },
  });
  const field = element.querySelector(".seed");
  field.value = "9";
  field.dispatchEvent(new Event("change"));
  assert.deepEqual(part.values, { seed: 9, face: "" });
  part.set({ face: "21" });
  click(element.querySelector(".random"));
  assert.equal(part.get("face"), "");
});

test("a canvas has the pens of a template, and shows what can be undone", () => {
  element.innerHTML = `<button class="pen" data-tool="draw"></button><button class="pen" data-tool="erase"></button>
    <button class="undo"></button><button class="redo"></button><button class="clear"></button>`;
  const find = (name) => element.querySelector("." + name);
  const all = (name) => [...element.querySelectorAll("." + name)];
  const done = [];
  const canvas = Object.assign(Object.create(zoo.PixelCanvas.prototype), { tool: "draw", past: [], future: [] });
  for (const act of ["undo", "redo", "clear"]) canvas[act] = () => done.push(act);
  const show = canvas.tools({ find, all });
  const can = () => [find("undo"), find("redo")].map((button) => !button.disabled);
  assert.deepEqual(can(), [false, false]);
  click(all("pen")[1]);
  assert.equal(canvas.tool, "erase");
  assert.deepEqual(all("pen").map((pen) => pen.getAttribute("aria-pressed")), ["false", "true"]);
  canvas.past.push("before");
  show();
  assert.deepEqual(can(), [true, false]);
  for (const act of ["undo", "clear"]) click(find(act));
  assert.deepEqual(done, ["undo", "clear"]);
});

test("what the address cannot mean is gone before a widget is set up", () => {
  location.hash = "#early.kind=third";
  window.dispatchEvent(new Event("hashchange"));
  let kind;
  mount({
    name: "early",
    state: { kind: "a" },
    choices: { kind: ["a", "b"] },
    setup: ({ part }) => void (kind = part.get("kind")),
  });
  assert.equal(kind, "a");
});
