/* What the widgets share, without a browser. */

import assert from "node:assert/strict";
import { test } from "node:test";

import * as zoo from "../../demo_app/widgets/shared/zoo.js";

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (test) => {
  for (let k = 0; !test(); k++) {
    assert.ok(k < 2000, "it never came");
    await wait(5);
  }
};
const text = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes.buffer)));

test("bits go into text and come back, and other text is none", () => {
  const bits = Uint8Array.from({ length: 784 }, (_, i) => (i * 7919) % 3 === 0);
  assert.deepEqual(zoo.unpackBits(zoo.packBits(bits), 784), bits);
  assert.deepEqual(zoo.unpackBits(zoo.urlBits(bits), 784), bits);
  assert.match(zoo.urlBits(bits), /^[\w-]+$/);
  assert.equal(zoo.packBits([1, 0, 0, 0, 0, 0, 0, 1, 1]), btoa("\x81\x80"));
  for (const bad of ["", "?", "AAAA", zoo.packBits(bits) + "AAAA"]) {
    assert.equal(zoo.unpackBits(bad, 784), null);
  }
});

test("numbers come as the server writes them", () => {
  assert.deepEqual([...zoo.float32(text(new Float32Array([1.5, -0.25])))], [1.5, -0.25]);
  assert.deepEqual([...zoo.int16(text(new Int16Array([-1000, 250])), 1000)], [-1, 0.25]);
  assert.deepEqual([...zoo.bytes(btoa("\x00\xff"))], [0, 255]);
});

test("sixteen gray levels fit into an address", () => {
  const levels = Uint8Array.from({ length: 784 }, (_, i) => 17 * (i % 16));
  assert.deepEqual(zoo.readLevels(zoo.urlLevels(levels), 784), levels);
  assert.equal(zoo.readLevels("zebra", 784), null);
});

test("a seed is the same numbers everywhere, evenly spread", () => {
  const first = zoo.random(7);
  const again = zoo.random(7);
  const numbers = Array.from({ length: 4000 }, first);
  assert.deepEqual(numbers.slice(0, 5), Array.from({ length: 5 }, again));
  assert.notEqual(zoo.random(8)(), numbers[0]);
  const counts = new Array(10).fill(0);
  for (const u of numbers) counts[Math.floor(10 * u)] += 1;
  assert.ok(counts.every((n) => Math.abs(n - 400) < 90), String(counts));
  const z = zoo.normals(3, 4000);
  const mean = z.reduce((a, b) => a + b, 0) / z.length;
  const variance = z.reduce((a, b) => a + (b - mean) ** 2, 0) / z.length;
  assert.ok(Math.abs(mean) < 0.06 && Math.abs(variance - 1) < 0.1, `${mean} ${variance}`);
});

test("what is a seed", () => {
  assert.ok([0, 1, 2 ** 31 - 1].every(zoo.isSeed));
  assert.ok(![-1, 1.5, 2 ** 31, Number.NaN, "1", null].some(zoo.isSeed));
});

test("an address gives values of their defaults' types, and the rest is ignored", () => {
  const part = zoo.part("nade", { seed: 1, open: false, name: "", p: 0.5, unsaid: 3 });
  assert.deepEqual(part.values, { seed: 7, open: true, name: "x", p: 0.5, unsaid: 3 });
});

test("what is not the default is written into the address, a little later", async () => {
  const part = zoo.part("gan", { seed: 1, open: true });
  part.set({ seed: 9, open: false });
  await wait(200);
  let query = new URLSearchParams(location.hash.slice(1));
  assert.equal(query.get("gan.seed"), "9");
  assert.equal(query.get("gan.open"), "0");
  part.set(part.defaults);
  await wait(200);
  query = new URLSearchParams(location.hash.slice(1));
  assert.equal(query.get("gan.seed"), null);
  assert.equal(query.get("nade.seed"), "7");
});

test("values that cannot be meant become the default", () => {
  const part = zoo.part("sane", { n: 4, m: 4, kind: "a", other: "b" });
  part.set({ n: 11, m: 7, kind: "zebra", other: "c" });
  zoo.sane(part, { n: [0, 10], m: [0, 10] }, { kind: ["a", "b"], other: ["b", "c"] });
  assert.deepEqual(part.values, { n: 4, m: 7, kind: "a", other: "c" });
  part.set({ n: 1.5 });
  zoo.sane(part, { n: [0, 10] });
  assert.equal(part.get("n"), 4);
});

test("widgets of one name share what is of the same key", async () => {
  const told = [];
  const one = zoo.part("both", { data: "a", seed: 1 }, () => told.push("one"));
  const two = zoo.part("both", { data: "a", kind: "x" }, () => told.push("two"));
  one.set({ data: "b", seed: 2 });
  two.set({ kind: "y" });
  assert.deepEqual([one.values, two.values], [{ data: "b", seed: 2 }, { data: "b", kind: "y" }]);
  assert.deepEqual(told, ["two"]);
  const three = zoo.part("both", { data: "a" });
  assert.equal(three.get("data"), "b");
  for (const part of [one, two]) part.set(part.defaults);
  assert.equal(three.get("data"), "a");
});

test("the address of now is whole before it is written, and of the part on the screen", async () => {
  const part = zoo.part("now", { seed: 1 });
  part.set({ seed: 5 });
  assert.match(zoo.addressNow(), /^http:\/\/page\.test\/#.*now\.seed=5/);
  zoo.seePart("nade-rest", true);
  assert.match(zoo.addressNow(), /part=nade-rest/);
  await wait(200);
  assert.doesNotMatch(location.hash, /part=/); // none was asked for
  zoo.openPart("nade-about");
  await wait(200);
  assert.match(location.hash, /part=nade-about/);
  zoo.seePart("nade", false); // on the way there
  await wait(200);
  assert.match(location.hash, /part=nade-about/);
  zoo.seePart("", true);
  await wait(200);
  assert.doesNotMatch(location.hash, /part=/);
  part.set(part.defaults);
});

test("a tab that is shown first is waited for", async () => {
  assert.equal(zoo.tab.value, "nade");
  await zoo.shown("nade");
  let shown = false;
  const promise = zoo.shown("gan").then(() => (shown = true));
  await wait(1);
  assert.equal(shown, false);
  zoo.selectTab("gan");
  await promise;
  assert.equal(document.documentElement.dataset.tab, "gan");
  zoo.selectTab("zebra");
  assert.equal(zoo.tab.value, "map");
  zoo.selectTab("nade");
});

test("labels are in the page's language, with their places filled", async () => {
  assert.equal(zoo.language.value, "ko");
  assert.equal(zoo.t("zoo.play"), "재생");
  assert.equal(zoo.t("no.such"), "no.such");
  const element = zoo.make("p", { "data-t": "zoo.play", "data-t-title": "zoo.pause" });
  document.body.append(element);
  zoo.selectLanguage("en");
  await until(() => zoo.language.value === "en");
  assert.equal(document.documentElement.lang, "en");
  assert.equal(element.textContent, "Play");
  assert.equal(element.title, "Pause");
  assert.equal(zoo.t("zoo.digit", { digit: 4 }), "Digit 4");
  assert.equal(zoo.t("zoo.digit", {}), "Digit {digit}");
});

test("a tab is called by its own label, else by its model's title", () => {
  assert.notEqual(zoo.t("map.tab"), "Card");
  assert.equal(zoo.t("nade.tab"), "NADE");
  assert.equal(zoo.t("zebra.tab"), "zebra.tab");
});

test("the last of two languages chosen quickly is the page's", async () => {
  const seen = [];
  const stop = zoo.onChange(zoo.language, (now) => seen.push(now));
  zoo.selectLanguage("ko");
  await until(() => zoo.language.value === "ko");
  zoo.selectLanguage("en");
  zoo.selectLanguage("ko");
  zoo.selectLanguage("en");
  await until(() => zoo.language.value === "en");
  await wait(30);
  assert.deepEqual(seen, ["ko", "en"]);
  stop();
});

test("numbers have a true minus and as many digits as are asked for", () => {
  assert.equal(zoo.number(-1234.5678, 2), "\u22121,234.57");
  assert.equal(zoo.signed(0.5, 1), "+0.5");
  assert.equal(zoo.percent(0.5), "50.0\u202f%");
  assert.equal(zoo.percent(0.99995), "99.995\u202f%");
});

test("who follows a signal hears of its value and of each change; who waits, of changes alone", () => {
  const source = zoo.signal(null);
  const [followed, changed] = [[], []];
  zoo.follow(source, (v) => followed.push(v));
  const stop = zoo.onChange(source, (v) => changed.push(v));
  source.value = 1;
  source.value = 1;
  source.value = 2;
  zoo.follow(source, (v) => followed.push(10 * v));
  stop();
  source.value = 3;
  assert.deepEqual(followed, [1, 2, 20, 3, 30]);
  assert.deepEqual(changed, [1, 2]);
});

test("what a listener reads makes it listen to nothing else", () => {
  const [source, other] = [zoo.signal(0), zoo.signal(0)];
  let heard = 0;
  zoo.onChange(source, () => (heard += 1 + other.value));
  source.value = 1;
  other.value = 1;
  assert.equal(heard, 1);
});

test("the newest arguments are sent last, and one call is under way at a time", async () => {
  const [sent, answers] = [[], []];
  let [under, most] = [0, 0];
  const ask = zoo.latest(
    async (given) => {
      sent.push(given);
      most = Math.max(most, ++under);
      await wait(5);
      under -= 1;
      if (given === 1) throw new Error("lost");
      return { ok: true, given };
    },
    (answer) => answers.push(answer.ok ? answer.given : answer.error)
  );
  for (let k = 1; k <= 8; k++) ask(k);
  await until(() => answers.length === 2);
  assert.deepEqual(sent, [1, 8]);
  assert.equal(most, 1);
  assert.deepEqual(answers, [zoo.t("zoo.no_answer"), 8]);
});

test("a new question of what takes long gives up the one before, and its answer is not seen", async () => {
  const [left, answers, calls] = [[], [], []];
  const call = (given) => {
    const answer = new Promise((done) => calls.push(() => done({ ok: true, given })));
    return Object.assign(answer, { leave: () => left.push(given) });
  };
  const ask = zoo.newest(call, (answer, given) => answers.push([answer.given, given]));
  ask(1);
  ask(2);
  assert.deepEqual(left, [1]);
  calls.forEach((answer) => answer());
  await until(() => answers.length === 1);
  ask(3);
  ask.stop();
  ask.stop();
  calls.forEach((answer) => answer());
  await wait(5);
  assert.deepEqual(left, [1, 3]);
  assert.deepEqual(answers, [[2, 2]]);
  ask(4);
  calls[3]();
  await until(() => answers.length === 2);
  assert.deepEqual(left, [1, 3]);
});

test("what waits for an answer is done once, with it or soon", async () => {
  const done = [];
  const one = () => done.push(1);
  zoo.withAnswer(one);
  zoo.withAnswer(one);
  zoo.release();
  assert.deepEqual(done, [1]);
  zoo.withAnswer(one);
  await wait(40);
  assert.deepEqual(done, [1, 1]);
});

test("a missed target is said with its bound, and of several seeds with what was measured", () => {
  const target = { bound: "\u2264 0.694", value: 0.8642, n_seeds: 1, over: "median" };
  const told = (more) => zoo.missed({ ...target, ...more });
  assert.match(told({}), /0\.694/);
  assert.doesNotMatch(told({}), /0\.86/);
  assert.match(told({ n_seeds: 3 }), /0\.694.*0\.86.*3/);
  assert.notEqual(told({ n_seeds: 3 }), told({ n_seeds: 3, over: "worst" }));
});

test("the ticks of a chart are round numbers within it", () => {
  assert.deepEqual(zoo.ticks(0, 1).values, [0, 0.5, 1]);
  const { values, digits } = zoo.ticks(-0.31, 0.12);
  assert.ok(values.every((v) => v >= -0.31 && v <= 0.12) && values.length >= 2);
  assert.ok(digits >= 1);
});

test("draws of the latent space fit into an address", () => {
  const draws = [[0, 12], [7, 3]];
  assert.equal(zoo.drawsText(draws), "0-12_7-3");
  assert.deepEqual(zoo.readDraws("0-12_7-3", 64), draws);
  assert.deepEqual(zoo.readDraws("", 64), []);
  for (const bad of ["0-64", "zebra", "1-", "2147483648-1"]) {
    assert.equal(zoo.readDraws(bad, 64), null);
  }
});

test("the picture of a cell is cut out of its sheet", () => {
  const sheet = Uint8Array.from({ length: 4 * 4 }, (_, i) => i); // 2 x 2 cells of 2 x 2 pixels
  assert.deepEqual([...zoo.cellOf(sheet, 2, 0, 2)], [0, 1, 4, 5]);
  assert.deepEqual([...zoo.cellOf(sheet, 2, 3, 2)], [10, 11, 14, 15]);
});

test("a picture has the size and the channels of its shape", () => {
  const painted = [];
  const canvasOf = (width, height) => ({
    width,
    height,
    getContext: () => ({
      createImageData: (w, h) => ({ width: w, height: h, data: new Uint8ClampedArray(4 * w * h) }),
      putImageData: (image) => painted.push([...image.data]),
    }),
  });
  const canvas = canvasOf(28, 28);
  const levels = Uint8Array.from([1, 2, 3, 4, 5, 6]);
  zoo.paintPicture(canvas, levels, [3, 1, 2]);
  assert.deepEqual([canvas.width, canvas.height], [2, 1]);
  assert.deepEqual(painted.pop(), [1, 3, 5, 255, 2, 4, 6, 255]);
  document.body.style.setProperty("--zoo-paper", "#ffffff");
  document.body.style.setProperty("--zoo-pen", "#000000");
  zoo.paintPicture(canvas, Uint8Array.from([0, 255, 255]), [1, 1, 3]);
  assert.equal(canvas.width, 3);
  assert.deepEqual(painted.pop(), [255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255]);
});

test("colors are read off their names, and cividis goes from dark blue to yellow", () => {
  assert.deepEqual(zoo.rgb("#0a141e"), [10, 20, 30]);
  const colors = zoo.colorMap("cividis");
  assert.deepEqual([...colors.slice(0, 3)], zoo.rgb("#00204d"));
  assert.deepEqual([...colors.slice(-3)], zoo.rgb("#ffea46"));
  assert.match(zoo.gradient("cividis"), /^linear-gradient\(to right, rgb\(0 32 77\)/);
});

test("the nearest points and the density at a place are found", () => {
  const points = Float32Array.from([0, 0, 1, 0, 5, 5]);
  const near = zoo.around(points, [3, 4, 5], [0.75, 0], 2);
  assert.deepEqual(near, [{ i: 1, label: 4, distance: 0.25 }, { i: 0, label: 3, distance: 0.75 }]);
});

test("what equals the question before is asked again only after it was forgotten", () => {
  const asked = [];
  const ask = zoo.once((given) => asked.push(given.z));
  ask({ z: 1 });
  ask({ z: 1 });
  ask({ z: 2 });
  ask({ z: 1 });
  ask.forget();
  ask({ z: 1 });
  assert.deepEqual(asked, [1, 2, 1, 1]);
});

test("pens choose what is drawn with, and undo and redo what was drawn", () => {
  const widget = document.createElement("div");
  widget.className = "zoo-widget";
  const host = widget.appendChild(document.createElement("div"));
  const done = [];
  const canvas = { tool: "draw", brush: 2, past: [], future: [], onchange: () => done.push("changed"),
    undo: () => done.push("undo"), redo: () => done.push("redo"), clear: () => done.push("clear") };
  const part = { values: { tool: "draw", brush: 3 }, get: (key) => part.values[key],
    set: (values) => Object.assign(part.values, values) };
  new zoo.Pens(host, canvas, { testid: "x", part, brushes: [1, 3], clear: true });
  const button = (name) => host.querySelector(`[data-${name}]`);
  const press = (name) => button(name).dispatchEvent(new Event("click", { bubbles: true }));
  assert.equal(canvas.brush, 3);
  assert.ok(button("key=undo").disabled);
  press("tool=erase");
  press("brush='1'");
  assert.deepEqual([canvas.tool, canvas.brush], ["erase", 1]);
  assert.deepEqual(part.values, { tool: "erase", brush: 1 });
  assert.equal(button("tool=erase").getAttribute("aria-pressed"), "true");
  assert.equal(button("tool=draw").getAttribute("aria-pressed"), "false");
  canvas.past = [1];
  canvas.onchange([], true);
  assert.ok(!button("key=undo").disabled);
  press("key=undo");
  press("key=clear");
  const key = new Event("keydown", { bubbles: true, cancelable: true });
  Object.assign(key, { key: "z", ctrlKey: true, shiftKey: true });
  widget.dispatchEvent(key);
  assert.deepEqual(done, ["changed", "undo", "clear", "redo"]);
});

test("what an image is worth is read from its score", () => {
  const host = document.createElement("div");
  host.innerHTML = `<i class="log-prob"></i><i class="bits"></i><i class="zoo-verdict"></i>`;
  for (const [percentile, key] of [[0, "below_all"], [0.25, "above_some"], [1, "above_all"]]) {
    zoo.showScore(host, { log_prob: -80.25, bits_per_dim: 0.1477, percentile }, "nade.");
    const share = zoo.percent(percentile);
    assert.equal(host.querySelector(".zoo-verdict").textContent, zoo.t("nade." + key, { share }));
  }
  assert.equal(host.querySelector(".bits").textContent, "0.148");
});

const EVERY_OBJECT_HAS = ["constructor", "__proto__", "hasOwnProperty", "toString", "valueOf"];

test("words that every object has are no keys", async () => {
  for (const word of EVERY_OBJECT_HAS) {
    assert.equal(zoo.t(word), word);
    assert.equal(zoo.t(`{${word}}`, {}), `{${word}}`);
    const before = zoo.language.value;
    zoo.wantedLanguage.value = word;
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(["en", "ko"].includes(zoo.language.value), word);
    zoo.wantedLanguage.value = before;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

test("nor are they states, tabs or choices, when an address has them", () => {
  const address = EVERY_OBJECT_HAS.flatMap((word) => [`${word}=1`, `own.${word}=1`, `own.kind=${word}`]);
  location.hash = `#tab=constructor&${address.join("&")}`;
  window.dispatchEvent(new Event("hashchange"));
  assert.equal(zoo.tab.value, zoo.tabs[0]);
  const own = zoo.part("own", { kind: "a", n: 3 });
  zoo.sane(own, { n: [0, 9] }, { kind: ["a", "b"] });
  assert.deepEqual([own.get("kind"), own.get("n")], ["a", 3]);
  const whole = zoo.part("", { constructor: 5 });
  assert.equal(whole.get("constructor"), 1); // it is one where a widget says so
});

test("titles of a saved picture stay within it, and can be told apart", () => {
  const measure = (words) => 7 * words.length;
  const names = ["vae-mnist-2d-beta01", "vae-mnist-2d-beta4", "Diagonal BiLSTM  -83.5 nats", "x"];
  for (const width of [40, 70, 100, 200]) {
    const all = names.map((name) => zoo.fitted(name, width, measure));
    for (const lines of all) {
      assert.ok(lines.length >= 1 && lines.length <= 3, String(lines));
      assert.ok(lines.every((line) => measure(line) <= width), `${width}: ${lines}`);
    }
    assert.equal(new Set(all.map(String)).size, names.length, String(all));
  }
  assert.deepEqual(zoo.fitted("two words", 40, measure), ["two", "words"]);
  assert.deepEqual(zoo.fitted("vae-mnist-2d", 70, measure), ["vae-mnist-", "2d"]);
  assert.deepEqual(zoo.fitted("", 40, measure), [""]);
  assert.equal(zoo.cut("vae-mnist-2d-beta01", 70, measure), "vae-m\u2026ta01");
});

test("a name on the page is cut in its middle, and whole in its title", () => {
  const name = zoo.showName(document.createElement("span"), "vae-mnist-2d-beta01");
  assert.equal(name.textContent, "vae-mnist-2d-beta01");
  assert.equal(name.title, "vae-mnist-2d-beta01");
  assert.deepEqual([...name.children].map((part) => part.textContent), ["vae-mnist-2", "d-beta01"]);
  assert.equal(zoo.showName(document.createElement("span"), "GAN").textContent, "GAN");
});

test("buttons that belong together are one stop, and arrows go on", async () => {
  const host = document.createElement("div");
  for (const pressed of [false, true, false]) {
    const button = document.createElement("button");
    button.setAttribute("aria-pressed", String(pressed));
    host.append(button);
  }
  document.body.append(host);
  const buttons = /** @type {HTMLButtonElement[]} */ ([...host.children]);
  zoo.rove(host);
  assert.deepEqual(buttons.map((one) => one.tabIndex), [-1, 0, -1]);
  buttons[1].focus();
  const press = (key) => document.activeElement.dispatchEvent(new window.KeyboardEvent("keydown", { key, bubbles: true }));
  press("ArrowRight");
  assert.equal(document.activeElement, buttons[2]);
  assert.deepEqual(buttons.map((one) => one.tabIndex), [-1, -1, 0]);
  press("ArrowRight");
  assert.equal(document.activeElement, buttons[2]);
  press("Home");
  assert.equal(document.activeElement, buttons[0]);
  buttons[0].disabled = true;
  await until(() => buttons[1].tabIndex === 0);
  host.remove();
});

test("what went wrong is said in the page's language", async () => {
  const answer = { ok: false, error: "The file is empty. Choose a picture.", key: "errors.photo_empty" };
  const [said, refused, lost] = await Promise.all([
    zoo.answerOf(async () => answer, {}),
    zoo.answerOf(async () => ({ ok: false, error: "x must be 0 or 1." }), {}),
    zoo.answerOf(() => Promise.reject(new Error()), {}),
  ]);
  const language = zoo.language.value;
  for (const known of ["ko", "en"]) {
    zoo.selectLanguage(known);
    await until(() => zoo.language.value === known);
    const english = known === "en";
    assert.equal(said.error, english ? answer.error : zoo.t("errors.photo_empty"));
    assert.equal(refused.error, english ? "x must be 0 or 1." : zoo.t("errors.refused"));
    assert.equal(lost.error, zoo.t("zoo.no_answer"));
    assert.equal(/[가-힣]/.test(said.error + refused.error + lost.error), !english);
  }
  zoo.selectLanguage(language);
  await until(() => zoo.language.value === language);
});

test("a player's button is named by what it does next", () => {
  const player = new zoo.Player(document.createElement("div"), { show() {} });
  const named = () => player.toggleButton.getAttribute("aria-label");
  player.load(0, 10);
  assert.equal(named(), zoo.t("zoo.play"));
  player.toggleButton.click();
  assert.equal(named(), zoo.t("zoo.pause"));
  assert.equal(player.toggleButton.title, zoo.t("zoo.pause"));
  player.toggleButton.click();
  assert.equal(named(), zoo.t("zoo.play"));
  player.play();
  player.step(1);
  assert.equal(named(), zoo.t("zoo.play"), "a step stops it");
});
