/* What the page computes by itself: numbers in the form of the server's. */

import assert from "node:assert/strict";
import { test } from "node:test";

const at = (file) => import("../../demo_app/widgets/shared/" + file);
const { packBytes, packFloat32, rint, round, areNumbers, sheetOf } = await at("runtime/wire.js");
const { normals } = await at("runtime/noise.js");
const { drawOf, isDraw, lengthOf, spherical } = await at("runtime/draws.js");
const { bytes, float32 } = await at("arrays.js");
const twins = await at("twins.js");

test("numbers are rounded as numpy rounds them", () => {
  assert.deepEqual([0.5, 1.5, 2.5, -0.5, -1.5, 2.4, 2.6].map(rint), [0, 2, 2, 0, -2, 2, 3]);
  assert.equal(round(-1.23456), -1.2346);
  assert.equal(round(2.00049, 3), 2);
});

test("values become bytes and floats", () => {
  assert.deepEqual([...bytes(packBytes([0, 0.5, 1, 1.2, -0.1, 0.1]))], [0, 128, 255, 255, 0, 26]);
  assert.deepEqual([...float32(packFloat32([1.5, -2]))], [1.5, -2]);
});

test("what is no list of so many numbers is none", () => {
  assert.equal(areNumbers([1, -6], 6, 2), true);
  for (const wrong of [[1], [1, 7], [1, NaN], [1, "2"], "12", null, undefined, [], [1, Infinity]]) {
    assert.equal(areNumbers(wrong, 6, 2), false, String(wrong));
  }
});

test("noise is that of torch.randn", () => {
  const close = (x, y) => x.forEach((v, k) => assert.ok(Math.abs(v - y[k]) < 1e-4, `${v} ${y[k]}`));
  // 20 are a block of 16, and one of the last 16.
  const twenty = [-1.5256, -0.75023, -0.65398, -1.60948, 0.86569, 0.2444, -0.66291, 0.80731];
  close(twenty, normals(1, 20));
  close([-0.79844, 0.33573, 0.27533, 1.7163], normals(1, 20).slice(16));
  close([1.6527, -1.3805, -1.5641], normals(5, 4096).slice(-3));
  close([1.7507, 0.1753, 0.9928], normals(2 ** 31 - 1, 62).slice(-3));
  assert.throws(() => normals(1, 15));
});

test("a draw is a row of its seed's sheet, and ways go from one to the other", () => {
  assert.equal(isDraw([3, 63]), true);
  for (const wrong of [[3, 64], [-1, 0], [3], "36", [3, 0.5]]) assert.equal(isDraw(wrong), false);
  const [a, b] = [drawOf([5, 63], 1), drawOf([5, 0], 0.5)];
  assert.deepEqual([...a], [...normals(5, 4096).slice(-64)]);
  assert.ok(Math.abs(lengthOf(b) - lengthOf(drawOf([5, 0], 1)) / 2) < 1e-5);
  for (const [t, end] of /** @type {[number, Float32Array][]} */ ([[0, a], [1, b]])) {
    spherical(a, b, t).forEach((v, k) => assert.ok(Math.abs(v - end[k]) < 1e-6));
  }
  assert.equal(spherical(a, a.map((v) => -v), 0.5), null);
});

test("pictures become one sheet, row by row", () => {
  assert.deepEqual([...sheetOf(Float32Array.from({ length: 16 }, (_, k) => k), 2, 2)],
    [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15]);
});

test("where there are no graphs the server is asked", () => {
  assert.equal(twins.able.value, false);
  assert.equal(twins.twinsOf("vae_map", {})("decode", { model: "vae-mnist-2d", z: [0, 0] }), null);
});

test("who is to answer is kept", () => {
  Object.defineProperty(globalThis, "localStorage", { value: window.localStorage, configurable: true });
  assert.equal(twins.wanted.value, "page");
  twins.chooseWho("server");
  assert.equal(twins.wanted.value, "server");
  assert.equal(window.localStorage.getItem("zoo-answers"), "server");
});
