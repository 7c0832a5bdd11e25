// @ts-check
/* What is written, in the page's language: elements name their label by data-t (text), data-t-title
   and data-t-label (aria-label; data-t-of is a name that stands before it). */

import { setHash, wantedLanguage } from "./address.js";
import { setup } from "./setup.js";
import { onChange, signal } from "./signals.js";

const root = document.documentElement;
const catalogues = {};

async function load(language) {
  catalogues[language] ??= await fetch(new URL(`../../text/${language}.json`, import.meta.url)).then((r) => r.json());
}

function browserLanguage() {
  const wanted = (navigator.languages || [navigator.language]).map((l) => l.slice(0, 2));
  return wanted.find((l) => Object.hasOwn(setup.languages, l)) || "en";
}

const known = (language) =>
  Object.hasOwn(setup.languages, language) ? language : browserLanguage();

export const language = signal(known(wantedLanguage.value));
await load(language.value);
root.lang = language.value;

// Gradio writes the browser's language there, sooner or later.
new MutationObserver(() => {
  if (root.lang !== language.value) root.lang = language.value;
}).observe(root, { attributes: true, attributeFilter: ["lang"] });

async function setLanguage(wanted) {
  const next = known(wanted);
  await load(next);
  if (next !== known(wantedLanguage.value)) return; // another one was chosen meanwhile
  root.lang = next;
  language.value = next;
}

onChange(wantedLanguage, setLanguage);
onChange(language, () => translate(document));

export function selectLanguage(wanted) {
  setHash("lang", wanted === browserLanguage() ? null : wanted);
  wantedLanguage.value = wanted;
}

/* The label `key`, with {name} replaced by values.name; a missing key shows itself. What a tab is
   called that is named after a model comes with the page. */
export function t(key, values) {
  const known = [catalogues, setup.titles].find((each) => Object.hasOwn(each[language.value], key));
  const text = known ? known[language.value][key] : key;
  return text.replace(/\{(\w+)\}/g, (match, name) =>
    values && Object.hasOwn(values, name) ? values[name] : match
  );
}

export function translate(container) {
  container.querySelectorAll("[data-t]").forEach((e) => (e.textContent = t(e.dataset.t)));
  container.querySelectorAll("[data-t-title]").forEach((e) => (e.title = t(e.dataset.tTitle)));
  container
    .querySelectorAll("[data-t-label]")
    .forEach((e) => e.setAttribute("aria-label", (e.dataset.tOf ? e.dataset.tOf + ": " : "") + t(e.dataset.tLabel)));
}

/* Numbers in the page's language, with a true minus sign. */
export const number = (value, digits = 0) => written(value, digits, "auto");
export const signed = (value, digits) => written(value, digits, "exceptZero");

/* Which target a figure misses, {bound, value, n_seeds, over} of a service. */
export function missed({ bound, value, n_seeds: n, over }) {
  if (n < 2) return t("zoo.target_bound", { bound });
  return t("zoo.target_" + over, { bound, value: number(value, 2), n });
}

/* How far an image is from the training data, and how far validation images are. */
export const nearness = ({ is_far, distance, limit }) =>
  t(is_far ? "zoo.far_from_training" : "zoo.near_training", {
    distance: number(distance, 2),
    limit: number(limit, 2),
  });

/* A large number in few characters: 1.2M. */
export const compact = (value, maximumSignificantDigits = 3) =>
  new Intl.NumberFormat(language.value, { notation: "compact", maximumSignificantDigits }).format(value);

const formats = {}; // making one costs more than a hundred uses of it
function written(value, digits, signDisplay) {
  const key = language.value + digits + signDisplay;
  formats[key] = formats[key] || new Intl.NumberFormat(language.value, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    signDisplay,
  });
  return formats[key].format(value).replace("-", "\u2212");
}

export function percent(p) {
  const digits = p > 0.001 && p < 0.999 ? 1 : 3;
  return number(100 * p, digits) + percentSign();
}

/* Behind a number: with a thin space, but not in Korean. */
export const percentSign = () => (language.value === "ko" ? "%" : "\u202f%");

/* A number of powers of ten, such as 2.5·10⁻³. */
export function power(value) {
  const exponent = Math.floor(Math.log10(value));
  const digits = { "-": "\u207b", 0: "\u2070", 1: "\u00b9", 2: "\u00b2", 3: "\u00b3" };
  const raised = [...String(exponent)]
    .map((c) => digits[c] || String.fromCharCode(0x2070 + Number(c)))
    .join("");
  const factor = value / 10 ** exponent;
  const exact = Math.abs(factor - 1) < 1e-6;
  return (exact ? "" : number(factor, 1) + "\u00b7") + "10" + raised;
}

/* A number above 0 in two digits, whatever its size. */
export const size = (value) => (value >= 0.095 && value < 9.95 ? number(value, value < 0.995 ? 2 : 1) : power(value));
