// @ts-check
/* What is written, in the page's language: elements name their label by data-t (text), data-t-title
   and data-t-label (aria-label). */

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
  return wanted.find((l) => l in setup.languages) || "en";
}

const known = (language) => (language in setup.languages ? language : browserLanguage());

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
  const text = catalogues[language.value][key] ?? setup.titles[language.value][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (match, name) =>
    values && name in values ? values[name] : match
  );
}

export function translate(container) {
  container.querySelectorAll("[data-t]").forEach((e) => (e.textContent = t(e.dataset.t)));
  container.querySelectorAll("[data-t-title]").forEach((e) => (e.title = t(e.dataset.tTitle)));
  container
    .querySelectorAll("[data-t-label]")
    .forEach((e) => e.setAttribute("aria-label", t(e.dataset.tLabel)));
}

/* Numbers in the page's language, with a true minus sign. */
export const number = (value, digits = 0) => written(value, digits, "auto");
export const signed = (value, digits) => written(value, digits, "exceptZero");

/* Which target a figure misses, {bound, value, n_seeds, over} of a service. */
export function missed({ bound, value, n_seeds: n, over }) {
  if (n < 2) return t("zoo.target_bound", { bound });
  return t("zoo.target_" + over, { bound, value: number(value, 2), n });
}

/* A large number in few characters: 1.2M. */
/* How far an image is from the training data, and how far validation images are. */
export const nearness = ({ is_far, distance, limit }) =>
  t(is_far ? "zoo.far_from_training" : "zoo.near_training", {
    distance: number(distance, 2),
    limit: number(limit, 2),
  });

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
  return number(100 * p, digits) + "\u202f%";
}
