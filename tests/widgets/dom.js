/* A page without a screen, in which the scripts of demo_app/widgets can be loaded: before any of
   them, `node --import ./dom.js`. */

import { readFile, readdir } from "node:fs/promises";
import { JSDOM } from "jsdom";

const ROOT = new URL("../../demo_app/", import.meta.url);

const setup = {
  tabs: ["map", "nade", "gan"],
  groups: [["map", ["map"]], ["explicit", ["nade"]], ["adversarial", ["gan"]]],
  titles: { en: { "map.tab": "Card", "nade.tab": "NADE" }, ko: { "map.tab": "카드", "nade.tab": "NADE" } },
  languages: { en: "English", ko: "한국어" },
};
const page = new JSDOM(
  `<!doctype html><html lang="en"><head>
    <script type="application/json" id="zoo-setup">${JSON.stringify(setup)}</script>
  </head><body></body></html>`,
  { url: "http://page.test/#tab=nade&lang=ko&nade.seed=7&nade.open=1&nade.name=x&nade.p=zebra", pretendToBeVisual: true }
);

class NoSocket {
  static OPEN = 1;
  readyState = 0;
  send() {}
}

const { window } = page;
Object.assign(globalThis, {
  window,
  WebSocket: NoSocket,
  requestAnimationFrame: window.requestAnimationFrame,
  cancelAnimationFrame: window.cancelAnimationFrame,
});
Object.assign(globalThis, { scrollTo() {}, scrollY: 0 }); // jsdom lays nothing out
window.matchMedia = globalThis.matchMedia = () => ({ matches: false });
for (const name of [
  "document", "location", "history", "navigator", "MutationObserver", "HTMLElement", "Event",
  "CustomEvent", "getComputedStyle", "Node", "Blob",
]) {
  Object.defineProperty(globalThis, name, { value: window[name], configurable: true, writable: true });
}
for (const name of ["ResizeObserver", "IntersectionObserver"]) {
  globalThis[name] = window[name] = class {
    observe() {}
    disconnect() {}
  };
}

/* The labels of a language, as the server puts them together (demo_app/text). */
globalThis.fetch = async (url) => {
  const [, language] = /text\/(\w+)\.json$/.exec(String(url)) ?? [];
  if (!language) throw new Error(`Nothing is served at ${url}.`);
  const folder = new URL(`text/${language}/`, ROOT);
  const labels = {};
  for (const file of await readdir(folder)) {
    if (!file.endsWith(".json")) continue;
    const family = file === "labels.json" ? "zoo" : file.replace(".json", "");
    const texts = JSON.parse(await readFile(new URL(file, folder), "utf8"));
    for (const [key, text] of Object.entries(texts)) labels[`${family}.${key}`] = text;
  }
  return { json: async () => labels, text: async () => JSON.stringify(labels) };
};
