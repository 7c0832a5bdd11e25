// @ts-check
/* The state of the page in its address, and the tabs.

   The hash is #tab=nade&lang=ko&nade.seed=7...: one part for each tab, and only what differs from
   the defaults, so that a fresh page has a short address. What is the page's own, as the tour, is
   of a part without a name. Another tab is another entry of the browser's history, so that Back leads to
   the one before; all else changes the entry that is there. */

import { setup } from "./setup.js";
import { onChange, signal } from "./signals.js";

/** @type {Record<string, string>} */
let hash = {};
let known = ""; // the address's hash as it was last read or written here
const parts = {};
let timer = null;

function readHash() {
  known = location.hash;
  hash = Object.fromEntries(new URLSearchParams(known.slice(1)));
}

function addressOf(hash) {
  const query = new URLSearchParams(hash).toString();
  // The page has a <base>, so a bare "#..." would lose the rest of the address.
  return location.pathname + location.search + (query ? "#" + query : "");
}

function writeHash() {
  timer = null;
  // The visitor has gone elsewhere, and "hashchange" is still to come: that is not to be undone.
  if (location.hash !== known) return;
  history.replaceState(history.state, "", addressOf(hash));
  known = location.hash;
}

/* A value of the page's own in the address, such as its tab; null for the one that needs no word. */
export function setHash(key, value) {
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
     that is not of its default's type is ignored; ranges are the widget's to check. */
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
  }
}

/* The part `name`, filled from the address; `changed` is called when that was changed by hand. */
export function part(name, defaults, changed) {
  const part = new Part(name, defaults);
  part.changed = changed || part.changed;
  parts[name] = part;
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
export const tab = signal(tabOf(hash.tab));
/* What the address asks for, "" where it does not say. */
export const wantedLanguage = signal(hash.lang || "");

function tabOf(key) {
  return tabs.includes(key) ? key : tabs[0];
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
  if (next === tabs[0]) delete hash.tab;
  else hash.tab = next;
  history.pushState(null, "", addressOf(hash));
  known = location.hash;
  tab.value = next;
  scrollTo(0, 0);
}

/* The same for who comes by a link from another tab: the keyboard goes there too. */
export function openTab(key) {
  selectTab(key);
  focusPage();
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
  // First of all: a tab that is shown for the first time begins by its part.
  const others = Object.values(parts).filter((part) => part.restore());
  const left = tab.value;
  tab.value = tabOf(hash.tab);
  wantedLanguage.value = hash.lang || "";
  others.forEach((part) => part.changed());
  if (tab.value === left) return;
  const { scroll = 0 } = history.state || {};
  requestAnimationFrame(() => scrollTo(0, scroll));
  // What had the keyboard may be in the tab that is left.
  if (!document.activeElement?.checkVisibility?.() || document.activeElement === document.body) focusPage();
});
window.addEventListener("pagehide", () => timer !== null && writeHash());
