// @ts-check
/* Who answers: the server, or the page itself.

   A widget's local.js has twins of some of its functions on the server, by their names:
   export default {name: {graphs(given), answer(given, run)}}. graphs says which graphs of which
   releases it needs for these arguments, [[release, graph], ...], or null where only the server
   answers them: it refuses what must be refused. answer gives what the server's function gives, by
   run(release, graph, {input: [numbers, shape]}), which is {output: Float32Array}; null leaves it to
   the server. What it needs to know besides, of each given.model, it gets by fetch(given, server):
   answer(given, run, known).

   A twin answers once its graphs are loaded, which begins when it is first asked; until then the
   server does. All of it runs in a worker. What fails is not tried again, and the server answers in
   its place: a graph that cannot be loaded, a twin that throws, or all of them where the worker or
   WebAssembly fails, or an answer takes too long. */

import { setup } from "./setup.js";
import { signal } from "./signals.js";

const KEPT = "zoo-answers"; // the visitor's choice
// ms of one run, after which the page is given up: it hangs, or this machine is slower than the way to
// the server. On two busy cores 19 of 20 answers were painted within 123 ms.
let longest = 1000;
const RELEASES = setup.graphs ?? {};
const LOCAL = setup.local ?? [];
const ROOT = new URL("../../../../weights/", import.meta.url).href; // from zoo/HASH/widgets/shared/

/** @typedef {{graphs: (given: any) => [string, string][] | null,
 *    fetch?: (given: any, server: any) => Promise<any>,
 *    answer: (given: any, run: Run, known: any) => Promise<Record<string, any> | null>}} Twin */
/** @typedef {Record<string, [Float32Array | number[], number[]]>} Inputs */
/** @typedef {(release: string, graph: string, inputs: Inputs) =>
 *    Promise<Record<string, Float32Array>>} Run */

/* Who is to answer where both can: "page" or "server". */
export const wanted = signal(recall());

/* Who gave the last answer: "page" or "server"; null before the first. */
export const answered = signal(null);

/* Whether the page loads something to take the server's place. */
export const loading = signal(false);

/* Whether the page can, as far as is known. */
export const able = signal(
  Object.keys(RELEASES).length > 0 && typeof WebAssembly === "object" && typeof Worker === "function"
);

function recall() {
  try {
    return localStorage.getItem(KEPT) === "server" ? "server" : "page";
  } catch {
    return "page"; // where nothing may be kept
  }
}

export function chooseWho(who) {
  wanted.value = who;
  try {
    localStorage.setItem(KEPT, who);
  } catch {}
}

/* Was this answer given by the page? */
const own = new WeakSet();
export const isOwn = (answer) => own.has(answer);

/* How a release's model was built, as far as that is not by default. */
export const about = (release) => (Object.hasOwn(RELEASES, release) ? RELEASES[release].model : null);

/* twinsOf(widget, server) gives (name, given) => a promise of the answer, null where it failed; or
   null itself where the server is to be asked. */
export function twinsOf(widget, server) {
  if (!LOCAL.includes(widget)) return () => null;
  const file = `${widget}/local.js`;
  const early = []; // what is asked before the file is there
  const asked = (twins, name = "", given = null) =>
    Object.hasOwn(twins, name) ? questionTo(twins[name], `${widget}.${name}`, given, server) : null;
  return (name, given) => {
    if (wanted.value !== "page" || !able.value) return null;
    const twins = loaded.get(file)?.value;
    if (twins) {
      const question = asked(twins, name, given);
      if (question?.ready()) return question.answer();
      question?.prepare();
      return null;
    }
    early.push([name, given]);
    keep(file, async () => {
      const found = (await import(new URL(`../${file}`, import.meta.url).href)).default;
      for (const one of early.splice(0)) asked(found, ...one)?.prepare();
      return found;
    });
    return null;
  };
}

const warn = (what, error) => console.warn(`The server answers in place of ${what}: ${error.message}`);

/* What is loaded or fetched, by its key: null while it is on its way, and {value} or {error}. */
const loaded = new Map();

/* The twins that have failed, by name. */
const failed = new Set();

function keep(key, find) {
  if (loaded.has(key)) return;
  loaded.set(key, null);
  loading.value = true;
  const end = (one) => {
    loaded.set(key, one);
    loading.value = [...loaded.values()].includes(null);
  };
  find().then(
    (value) => end({ value }),
    (error) => {
      end({ error }); // this one; the others may do
      if (able.value) warn(key, error);
    }
  );
}

/* A twin's answer to `given`; null where the twin leaves it to the server. */
function questionTo(/** @type {Twin} */ twin, name, given, server) {
  if (failed.has(name)) return null;
  let graphs;
  try {
    graphs = twin.graphs(given ?? {});
  } catch (error) {
    giveUp(name, error);
  }
  const has = ([release, graph]) =>
    Object.hasOwn(RELEASES, release) && Object.hasOwn(RELEASES[release].graphs, graph);
  if (!graphs?.every(has)) return null;
  const fetched = `what ${name} knows of ${given?.model}`;
  const needed = graphs.map((one) => one.join("/"));
  if (twin.fetch) needed.push(fetched);
  const isThere = (key) => Object.hasOwn(loaded.get(key) ?? {}, "value");
  return {
    ready: () => needed.every(isThere),
    /* Nothing of it is on its way. */
    ended: () => needed.every((key) => loaded.get(key)),
    prepare() {
      for (const [release, graph] of graphs) keep(`${release}/${graph}`, () => load(release, graph));
      if (twin.fetch) keep(fetched, () => twin.fetch(given, server));
    },
    async answer() {
      const start = performance.now();
      try {
        const said = await twin.answer(given, run, loaded.get(fetched)?.value);
        if (said === null) return null;
        const ms = Math.round(100 * (performance.now() - start)) / 100;
        const answer = { ok: true, ...said, ms };
        own.add(answer);
        answered.value = "page";
        return answer;
      } catch (error) {
        giveUp(name, error);
        return null;
      }
    },
  };
}

/* A twin that fails is not asked again. */
function giveUp(name, error) {
  failed.add(name);
  if (able.value) warn(name, error);
}

function load(release, graph) {
  const { weights, graphs } = RELEASES[release];
  const file = (hash, name) => [`${ROOT}${hash}/${release}/${name}`, hash];
  return ask("load", {
    key: `${release}/${graph}`,
    graph: file(graphs[graph], `${graph}.onnx`),
    weights: file(weights, "model.safetensors"),
  });
}

/** @type {Run} */
const run = (release, graph, inputs) => ask("run", { key: `${release}/${graph}`, inputs });

/* The worker, and what it was asked. */
let worker = null;
let calls = 0;
const underWay = new Map();

function ask(what, given) {
  return new Promise((resolve, reject) => {
    if (!able.value) throw new Error("it was given up");
    try {
      worker ??= begin();
    } catch (error) {
      fail(error);
      throw error;
    }
    const id = ++calls;
    worker.postMessage([id, what, given]);
    const late = what === "run" && setTimeout(() => fail(new Error("an answer takes too long")), longest);
    underWay.set(id, { resolve, reject, late });
  });
}

function begin() {
  const one = new Worker(new URL("./runtime/worker.js", import.meta.url), { type: "module" });
  one.onmessage = ({ data: [id, error, answer] }) => {
    if (id === null) return fail(new Error(error));
    const call = underWay.get(id);
    if (!call) return;
    underWay.delete(id);
    const { resolve, reject, late } = call;
    if (late) clearTimeout(late);
    if (error === null) resolve(answer);
    else reject(new Error(error));
  };
  one.onerror = (event) => {
    event.preventDefault();
    fail(new Error(event.message || "the worker cannot be loaded"));
  };
  return one;
}

/* The page cannot, and does not try again: the server goes on. */
function fail(error) {
  if (!able.value) return;
  able.value = false;
  worker?.terminate();
  worker = null;
  for (const { reject, late } of underWay.values()) {
    if (late) clearTimeout(late);
    reject(error);
  }
  underWay.clear();
  warn("this page", error);
}

/* Another limit, in ms: where there is no server to ask instead, and where a test is patient. */
export function setLongest(ms) {
  longest = ms;
}

/* What a twin says, when it can, whoever is to answer; null where it never will. */
export async function askTwin(widget, name, given, server) {
  const twins = (await import(new URL(`../${widget}/local.js`, import.meta.url).href)).default;
  const question = Object.hasOwn(twins, name) ? questionTo(twins[name], widget + "." + name, given, server) : null;
  question?.prepare();
  while (question && !question.ended()) await new Promise((resolve) => setTimeout(resolve, 20));
  return question?.ready() ? question.answer() : null;
}
