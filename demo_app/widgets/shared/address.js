// @ts-check
/* The state of the page in its address, and the tabs.

   The hash is #tab=nade&part=nade-rest&lang=ko&nade.seed=7...: one part of the state for each widget,
   and only what differs from the defaults, so that a fresh page has a short address. What is the page's
   own, as the tour, is of a part without a name. Another tab is another entry of the browser's history,
   so that Back leads to the one before; all else changes the entry that is there.

   On a Space the page stands inside one of huggingface.co, which hands its own query and hash down once, at
   the start. It is told of each change, so that its address can be shared as well. */

import { setup } from "./setup.js";
import { onChange, signal } from "./signals.js";

/** @type {Record<string, string>} */
let hash = {};
let known = ""; // the address's hash as it was last read or written here
const parts = new Set();
let timer = null;

function readHash() {
  known = location.hash;
  // Without a prototype: an address may hold any word, and "constructor" is no state.
  hash = Object.assign(Object.create(null), Object.fromEntries(new URLSearchParams(known.slice(1))));
}

function addressOf(hash, search = location.search) {
  const query = new URLSearchParams(hash).toString();
  // The page has a <base>, so a bare "#..." would lose the rest of the address.
  return location.pathname + search + (query ? "#" + query : "");
}

/* The address's query but for what a Space adds for itself: __theme, and __sign, which lets the visitor
   into a private one and is nobody else's. */
function ownQuery() {
  const query = new URLSearchParams(location.search);
  for (const key of [...query.keys()]) if (key.startsWith("__")) query.delete(key);
  return query.toString();
}

const AROUND = "https://huggingface.co"; // the page that a Space stands in

function tellParent() {
  // Not every browser knows who is around; none hands the message to anybody else.
  const around = location.ancestorOrigins?.[0] ?? AROUND;
  if (window.parent === window || around !== AROUND) return;
  window.parent.postMessage({ queryString: ownQuery(), hash: location.hash }, AROUND);
}

/* The whole address of what is shown now, to be shared, also where it is yet to be written. */
export function addressNow() {
  const query = ownQuery();
  return location.origin + addressOf(partInView ? { ...hash, part: partInView } : hash, query && "?" + query);
}

function writeHash() {
  timer = null;
  // The visitor has gone elsewhere, and "hashchange" is still to come: that is not to be undone.
  if (location.hash !== known) return;
  history.replaceState(history.state, "", addressOf(hash));
  known = location.hash;
  tellParent();
}

/* A value of the page's own in the address, such as its tab; null for the one that needs no word. */
export function setHash(key, value) {
  if ((hash[key] ?? null) === value) return;
  if (value === null) delete hash[key];
  else hash[key] = value;
  if (timer === null) timer = setTimeout(writeHash, 150);
}

function likeDefault(text, initial) {
  if (typeof initial === "boolean") return text === "1" ? true : text === "0" ? false : initial;
  if (typeof initial !== "number") return text;
  const number = Number(text);
  return text.trim() !== "" && Number.isFinite(number) ? number : initial;
}

class Part {
  /* One widget's share of the state: named strings, numbers and booleans. A value in the address
     that is not of its default's type is ignored; ranges are the widget's to check. Widgets whose
     parts have the same name share what is of the same key. */
  constructor(name, defaults) {
    this.name = name;
    this.defaults = defaults;
    this.changed = () => {};
    this.restore();
  }

  /* Take the values of the address. Are they others than before? */
  restore() {
    const before = this.values;
    this.values = {};
    for (const [key, initial] of Object.entries(this.defaults)) {
      const text = hash[this.address(key)];
      this.values[key] = text === undefined ? initial : likeDefault(text, initial);
    }
    return !before || Object.keys(this.defaults).some((key) => this.values[key] !== before[key]);
  }

  get(key) {
    return this.values[key];
  }

  address(key) {
    return this.name ? this.name + "." + key : key;
  }

  set(values) {
    for (const [key, value] of Object.entries(values)) {
      this.values[key] = value;
      const text = typeof value === "boolean" ? String(Number(value)) : String(value);
      setHash(this.address(key), value === this.defaults[key] ? null : text);
    }
    for (const other of parts) {
      if (other !== this && other.name === this.name && other.restore()) other.changed();
    }
  }
}

/* The part `name`, filled from the address; `changed` is called when that was changed by hand. */
export function part(name, defaults, changed) {
  const part = new Part(name, defaults);
  part.changed = changed || part.changed;
  parts.add(part);
  return part;
}

/* Values that the address may hold and the widget cannot mean become defaults: `ranges` are of
   whole numbers, {key: [lowest, highest]}, `choices` lists of what there is, {key: [...]}. A number
   beyond its `limits`, {key: [lowest, highest]}, goes to the nearer of them. */
export function sane(part, ranges, choices = {}, limits = {}) {
  const reset = (key) => part.set({ [key]: part.defaults[key] });
  for (const [key, [low, high]] of Object.entries(ranges)) {
    const value = part.get(key);
    if (!Number.isInteger(value) || value < low || value > high) reset(key);
  }
  for (const [key, values] of Object.entries(choices)) {
    if (!values.includes(part.get(key))) reset(key);
  }
  for (const [key, [low, high]] of Object.entries(limits)) {
    part.set({ [key]: Math.max(low, Math.min(high, part.get(key))) });
  }
}

readHash();

/* Tabs. All are in the page; CSS shows the one that <html data-tab> names. */

export const tabs = setup.tabs;
export const tab = signal(tabAsked());
/* What the address asks for, "" where it does not say: a language, a part of the tab. */
export const wantedLanguage = signal(hash.lang || "");
export const wantedPart = signal(hash.part || "");

/* The groups that tabs stand in, {key, tabs}. */
export const groups = setup.groups.map(([key, tabs]) => ({ key, tabs }));
export const groupOf = (key) => groups.find(({ tabs }) => tabs.includes(key));

function tabOf(key) {
  return tabs.includes(key) ? key : tabs[0];
}

/* The tab that the address asks for. Two tabs were once below others in Compare: an address of that
   time that has the state of one of them alone means it. */
function tabAsked() {
  const has = (name) => Object.keys(hash).some((key) => key.startsWith(name + "."));
  const moved = ["faceoff", "blind"].filter((key) => tabs.includes(key));
  if (hash.tab === "compare" && !has("compare")) hash.tab = moved.find(has) || hash.tab;
  return tabOf(hash.tab);
}

function showTab(key) {
  document.documentElement.dataset.tab = key;
}
showTab(tab.value);
onChange(tab, showTab);

/* Show another tab: an entry of the browser's history, with the place on the page that is left. */
export function selectTab(key) {
  const next = tabOf(key);
  if (next === tab.value) return;
  if (timer !== null) {
    clearTimeout(timer);
    writeHash();
  }
  history.replaceState({ ...history.state, scroll: scrollY }, "", location.href);
  delete hash.part; // of the tab that is left
  partInView = "";
  if (next === tabs[0]) delete hash.tab;
  else hash.tab = next;
  history.pushState(null, "", addressOf(hash));
  known = location.hash;
  tellParent();
  wantedPart.value = "";
  tab.value = next;
  scrollTo(0, 0);
}

/* The same for who comes by a link from another tab: the keyboard goes there too. */
export function openTab(key) {
  selectTab(key);
  focusPage();
}

/* The part of the tab that is on the screen, "" at its beginning. */
let partInView = "";

/* What is scrolled to: an address that has a part has that one from now on, where the visitor has gone
   there and the page is not still on its way to the other. */
export function seePart(id, arrived) {
  partInView = id;
  if (arrived && "part" in hash) setHash("part", id || null);
}

/* Go to a part of the tab: its address, without another entry of the history. */
export function openPart(id) {
  setHash("part", id);
  wantedPart.value = ""; // the same once more is a change
  wantedPart.value = id;
}

function focusPage() {
  document.getElementById("page-" + tab.value)?.focus({ preventScroll: true });
}

/* A promise that is kept when the tab is first shown. */
export function shown(key) {
  return new Promise((resolve) => {
    if (tab.value === key) return resolve();
    const stop = onChange(tab, (now) => {
      if (now !== key) return;
      stop();
      resolve();
    });
  });
}

/* Call start() once `element` is in sight or nearly so: no work for what nobody scrolls to, while
   what is above it is waited for. */
export function whenSeen(element, start) {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      start();
    },
    { rootMargin: "300px" }
  );
  observer.observe(element);
}

window.addEventListener("hashchange", () => {
  readHash();
  tellParent();
  // First of all: a tab that is shown for the first time begins by its part.
  const others = [...parts].filter((part) => part.restore());
  const left = tab.value;
  if (tab.value !== tabAsked()) partInView = "";
  tab.value = tabAsked();
  wantedLanguage.value = hash.lang || "";
  wantedPart.value = hash.part || "";
  others.forEach((part) => part.changed());
  if (tab.value === left) return;
  const { scroll = 0 } = history.state || {};
  requestAnimationFrame(() => scrollTo(0, scroll));
  // What had the keyboard may be in the tab that is left.
  if (!document.activeElement?.checkVisibility?.() || document.activeElement === document.body) focusPage();
});
window.addEventListener("pagehide", () => timer !== null && writeHash());
