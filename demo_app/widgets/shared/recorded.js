// @ts-check
/* Who answers where there is no server: a page of files alone (demo_app/static). What it is asked at the
   start is recorded, what has a twin the page computes, and of all else it says that a server would. */

import { setup } from "./setup.js";
import { askTwin, setLongest, wanted } from "./twins.js";

export const serverless = Boolean(setup.recorded);

/* What only says who asks, and when: no part of a question. */
const OWN = ["page", "turn", "game"];

const { folder = "", keys = [] } = setup.recorded ?? {};
const KEYS = new Set(keys);
if (serverless) {
  wanted.value = "page";
  setLongest(30_000); // there is nobody else to ask
}

/* A key of a question, as demo_app/static has it: two hashes of its text, each of 32 bits. The browser's
   own (crypto.subtle) is not there on a plain http address. */
export function keyOf(text) {
  let [a, b] = [0x811c9dc5, 0x2545f491];
  for (const byte of new TextEncoder().encode(text)) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x85ebca6b);
  }
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}

/* recorded(widget) has the functions of a widget, as live(widget) has them. */
export function recorded(widget) {
  const begun = new Set(); // what its twins get ready for
  const has = (setup.local ?? []).includes(widget);
  const twin = (name, given) => (has ? askTwin(widget, name, given, server).catch(() => null) : null);
  const ask = async (name, given) => {
    const text = JSON.stringify(given ?? null, (key, value) => (OWN.includes(key) ? undefined : value));
    const key = keyOf(`${widget}.${name} ${text}`);
    if (!KEYS.has(key)) return (await twin(name, given)) ?? refusal();
    if (given?.game) KEYS.delete(key); // which has gone on by then
    try {
      const response = await fetch(new URL(`${folder}${key}.json`, document.baseURI));
      if (!response.ok) throw new Error(`${response.status}`);
      const answer = await response.json();
      if (!begun.has(name)) twin(name, given); // whose next question is another
      begun.add(name);
      return { ...answer, recorded: true };
    } catch {
      return (await twin(name, given)) ?? { ok: false, key: "zoo.not_loaded" };
    }
  };
  const server = new Proxy({}, { get: (_, name) => (given) => ask(String(name), given) });
  return server;
}

const refusal = () => ({ ok: false, key: navigator.onLine === false ? "zoo.not_loaded" : "zoo.needs_server" });
