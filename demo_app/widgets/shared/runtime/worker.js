// @ts-check
/* Runs graphs of the releases, for ../twins.js: [id, "load" or "run", arguments] is answered by
   [id, error or null, answer]; [null, error] says that nothing more can be run. */

import { module } from "./module.js";
import * as ort from "./vendor/ort.wasm.bundle.min.mjs";

const CACHE = "zoo-weights";
const WEIGHTS = "model.safetensors"; // as graphs call the file

console.error = console.warn; // the runtime's words; the server answers, so nothing is wrong

const runtime = /** @type {any} */ (ort);
runtime.env.logLevel = "error";
runtime.env.wasm.numThreads = 1; // more would need a page that is isolated from others
let ready = null; // when the runtime knows its module
const prepare = async () => Object.assign(runtime.env.wasm, await module());

/* By key, a session. */
const sessions = new Map();

/* One after the other; files come meanwhile. */
let last = Promise.resolve();
const inTurn = (f) => (last = last.then(f, f));

const DOES = {
  async load({ key, graph, weights }) {
    const [model, data] = await Promise.all([file(...graph), file(...weights)]);
    const options = { executionProviders: ["wasm"], externalData: [{ path: WEIGHTS, data }] };
    await inTurn(async () => {
      try {
        await (ready ??= prepare());
        sessions.set(key, await runtime.InferenceSession.create(model, options));
      } catch (error) {
        end(error); // the files are what they should be: the runtime fails
      }
    });
  },

  run: ({ key, inputs }) =>
    inTurn(async () => {
      const feeds = {};
      for (const [name, [values, shape]] of Object.entries(inputs)) {
        feeds[name] = new runtime.Tensor("float32", Float32Array.from(values), shape);
      }
      const found = await sessions.get(key).run(feeds);
      return Object.fromEntries(Object.entries(found).map(([name, tensor]) => [name, tensor.data]));
    }),
};

const said = (error) => String(error?.message ?? error);
const end = (error) => postMessage([null, said(error)]);

addEventListener("message", ({ data: [id, what, given] }) => {
  DOES[what](given).then(
    (answer) => postMessage([id, null, answer]),
    (error) => postMessage([id, said(error), null])
  );
});
addEventListener("error", (event) => {
  event.preventDefault();
  end(event);
});
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  end(event.reason);
});

/* A file whose address has its hash: kept by the browser where it may be, and never another one. Two
   graphs that want it at once share it. */
const coming = new Map();
function file(url, hash) {
  if (!coming.has(url)) coming.set(url, found(url, hash).finally(() => coming.delete(url)));
  return coming.get(url);
}

async function found(url, hash) {
  const cache = await kept();
  const there = await cache?.match(url);
  if (there) {
    const content = await there.arrayBuffer();
    if (await isIt(content, hash)) return new Uint8Array(content);
    await cache.delete(url);
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} is not there (${response.status})`);
  const copy = response.clone();
  const content = await response.arrayBuffer();
  if (!(await isIt(content, hash))) throw new Error(`${url} is damaged`);
  await forget(cache, url);
  await cache?.put(url, copy).catch(() => {}); // no room
  return new Uint8Array(content);
}

/* Nothing is kept where the page's address is not a safe one. */
const kept = async () => (typeof caches === "undefined" ? null : caches.open(CACHE).catch(() => null));

/* What an older release had under the same name. */
async function forget(cache, url) {
  const name = (address) => address.split("/").slice(-2).join("/");
  for (const request of (await cache?.keys()) ?? []) {
    if (request.url !== url && name(request.url) === name(url)) await cache.delete(request);
  }
}

async function isIt(content, hash) {
  if (!globalThis.crypto?.subtle) return true; // only on a safe address
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") === hash;
}
