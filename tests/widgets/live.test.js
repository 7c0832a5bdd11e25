/* Calls to the server: what is shown while they wait, and what becomes of those that are lost. */

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

/* The last socket that was opened, and what was sent over it. */
class FakeSocket {
  static OPEN = 1;
  readyState = 1;
  sent = [];
  constructor() {
    FakeSocket.last = this;
    setTimeout(() => this.onopen?.());
  }
  send(message) {
    this.sent.push(JSON.parse(message));
  }
  close() {
    this.readyState = 3;
  }
  say(...message) {
    this.onmessage({ data: JSON.stringify(message) });
  }
}
globalThis.WebSocket = FakeSocket;
const zoo = await import("../../demo_app/widgets/shared/zoo.js");
const server = zoo.live("a");
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const line = () => {
  const element = document.querySelector(".zoo-waits");
  return !element || element.hidden ? null : element.firstChild.textContent;
};
const under = async (given) => {
  const answer = zoo.answerOf(server.f, given);
  await sleep(20);
  return [answer, FakeSocket.last.sent.at(-1)];
};

/* Requests are kept, and answered by hand. */
const requests = [];
globalThis.fetch = (url, options) =>
  new Promise((resolve, reject) => {
    requests.push({ url, options, answer: (json) => resolve({ json: async () => json }), fail: () => reject(new Error()) });
    options.signal?.addEventListener("abort", () => reject(new Error("aborted")));
  });
afterEach(() => zoo.setLimits({ silent: 15000, lost: 90000 }));

test("an answer comes over the socket", async () => {
  const [answer, [id, name, given]] = await under({ x: 1 });
  assert.deepEqual([name, given], ["a.f", { x: 1 }]);
  assert.equal(line(), null);
  FakeSocket.last.say(id, { ok: true, y: 2 });
  assert.deepEqual(await answer, { ok: true, y: 2 });
});

test("who waits for a turn is told how long, and no longer than that", async () => {
  const [answer, [id]] = await under({});
  const spoken = () => document.querySelector(".zoo-waits").getAttribute("aria-live");
  FakeSocket.last.say(id, null, 12.4);
  assert.equal(line(), zoo.t("zoo.busy", { seconds: 12 }));
  assert.equal(spoken(), "polite");
  FakeSocket.last.say(id, null, 11.2); // seconds that go by are not read out
  assert.equal(line(), zoo.t("zoo.busy", { seconds: 11 }));
  assert.equal(spoken(), "off");
  FakeSocket.last.say(id, null, 0); // its turn has come
  assert.equal(line(), null);
  FakeSocket.last.say(id, { ok: true });
  assert.equal((await answer).ok, true);
});

test("what finds no room is asked once more, and then it is said so", async () => {
  const [answer, [id]] = await under({ x: 3 });
  FakeSocket.last.say(id, { ok: false, busy: 1, error: "The server is busy." });
  assert.equal(line(), zoo.t("zoo.busy", { seconds: 1 }));
  await sleep(1100);
  const [again, , given] = FakeSocket.last.sent.at(-1);
  assert.notEqual(again, id);
  assert.deepEqual(given, { x: 3 });
  const told = { key: "zoo.too_busy", values: { seconds: "30" } };
  FakeSocket.last.say(again, { ok: false, busy: 30, error: "The server is busy.", ...told });
  assert.equal((await answer).error, zoo.t("zoo.too_busy", { seconds: 30 }));
  assert.equal(line(), null);
});

test("a silent server is told of, and a button asks it again by another way", async () => {
  zoo.setLimits({ silent: 200 });
  const [answer, [id, , given]] = await under({ x: 5 });
  const old = FakeSocket.last;
  await sleep(1200);
  assert.equal(line(), zoo.t("zoo.silent", { seconds: 1 }));
  const button = /** @type {HTMLButtonElement} */ (document.querySelector(".zoo-waits button"));
  assert.equal(button.hidden, false);
  button.click();
  assert.equal(line(), null);
  assert.equal(old.readyState, 3);
  const request = requests.at(-1);
  assert.equal(request.url, "/live/a.f");
  assert.deepEqual(JSON.parse(request.options.body), given);
  request.answer({ ok: true, by: "request" });
  assert.equal((await answer).by, "request");
  assert.equal(id > 0, true);
});

test("without a socket it is a request, whose failure is told at once", async () => {
  const opened = zoo.answerOf(server.f, {}); // the socket that comes after the silent one
  await sleep(20);
  FakeSocket.last.say(FakeSocket.last.sent.at(-1)[0], { ok: true });
  await opened;
  FakeSocket.last.readyState = 3;
  const answer = zoo.answerOf(server.f, {});
  await sleep(20);
  requests.at(-1).fail();
  assert.deepEqual(await answer, { ok: false, error: zoo.t("zoo.no_answer") });
});

test("a call that is never answered is given up", async () => {
  zoo.setLimits({ silent: 200, lost: 600 });
  const n = requests.length;
  const answer = await zoo.answerOf(server.f, {});
  assert.equal(requests.length, n + 1);
  assert.deepEqual(answer, { ok: false, error: zoo.t("zoo.no_answer") });
  assert.equal(line(), null);
});

test("what is worked on for long is told of, asked again, and no answer of before is taken for it", async () => {
  zoo.setLimits({ silent: 1500 });
  await sleep(20);
  FakeSocket.last.readyState = 1;
  const [answer, [id]] = await under({ x: 8 });
  const socket = FakeSocket.last;
  const said = socket.onmessage;
  for (let k = 0; k < 3; k++) {
    await sleep(700);
    socket.say(id, null, k === 0 ? 3 : 0); // its turn comes after the first
  }
  assert.equal(line(), null, "it has waited, and is worked on for less than that");
  await sleep(1100);
  socket.say(id, null, 0);
  assert.match(line(), /2|3/);
  /** @type {HTMLButtonElement} */ (document.querySelector(".zoo-waits button")).click();
  said({ data: JSON.stringify([id, { ok: true, by: "before" }]) });
  requests.at(-1).answer({ ok: true, by: "request" });
  assert.equal((await answer).by, "request");
});

test("a request that is given up is broken off", async () => {
  zoo.setLimits({ silent: 200, lost: 600 });
  await zoo.answerOf(server.f, { x: "more than the socket takes".repeat(40_000) });
  assert.equal(requests.at(-1).options.signal.aborted, true);
});
