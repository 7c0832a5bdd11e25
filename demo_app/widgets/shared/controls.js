// @ts-check
/* Elements, sliders and fields. */

import { withAnswer } from "./live.js";
import { still, zoomOf } from "./look.js";
import { MAX_SEED, isSeed } from "./random.js";
import { number, t, translate } from "./words.js";

/**
 * A small element: make("button", {class: "x", "data-t": "zoo.undo"}, children...).
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/* A name in `element`, which is cut in its middle where there is no room for it, so that names that
   end differently can be told apart; what is pointed at shows all of it. */
const END = 8; // characters that are never cut
export function showName(element, name) {
  element.classList.add("zoo-clip");
  element.title = name;
  const at = Math.max(0, name.length - END);
  element.replaceChildren(make("span", {}, name.slice(0, at)), make("span", {}, name.slice(at)));
  return element;
}

/* The buttons in `host` that `which` names are one stop of the tab key; arrows go from one to the next,
   or in rows and columns as they stand on the screen, Home and End to the first and the last. */
export function rove(host, which = "button") {
  const buttons = () => /** @type {HTMLButtonElement[]} */ ([...host.querySelectorAll(which)]).filter((one) => !one.disabled && !one.closest("[hidden]"));
  let last = null; // what had the keyboard
  const settle = () => {
    const all = buttons();
    const stop = all.includes(last) ? last : all.find((one) => one.getAttribute("aria-pressed") === "true") ?? all[0];
    for (const one of all) if (one.tabIndex !== (one === stop ? 0 : -1)) one.tabIndex = one === stop ? 0 : -1;
  };
  host.addEventListener("focusin", (event) => {
    const one = event.target.closest(which);
    if (one) last = one;
    settle();
  });
  host.addEventListener("keydown", (event) => {
    const all = buttons();
    const at = all.indexOf(event.target);
    if (at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const below = all.findIndex((one) => one.offsetTop > all[0].offsetTop);
    const row = below < 0 ? 1 : below; // of the buttons that stand in rows
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + row, ArrowUp: at - row, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    all[to]?.focus();
  });
  new MutationObserver(settle).observe(host, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["aria-pressed", "disabled", "hidden"],
  });
  settle();
}

/* One choice of some: choose(key) is called with the data-key of a button in `host` that is pressed.
   What this returns, mark(key), shows which one is chosen. */
export function choice(host, choose) {
  rove(host, "button[data-key]");
  host.addEventListener("click", (event) => {
    const button = event.target.closest("[data-key]");
    if (button) choose(button.dataset.key);
  });
  return (chosen) => {
    for (const button of host.querySelectorAll("[data-key]")) {
      button.setAttribute("aria-pressed", String(button.dataset.key === String(chosen)));
    }
  };
}

/**
 * The same with buttons that are made for it, one for each key.
 *
 * @param {HTMLElement} host
 * @param {string[]} keys
 * @param {object} options
 * @param {(key: string) => void} options.choose called on a click
 * @param {string} options.testid with the key behind it, that of a button
 * @param {string} [options.label] with the key behind it, the key of its label
 * @param {boolean} [options.titled] whether that key and "_title" is the key of a title
 * @param {(key: string) => (Node | string)[]} [options.parts] what stands in it instead of a label
 */
export function segments(host, keys, { choose, testid, label, titled = false, parts }) {
  const buttons = keys.map((key) => {
    const named = parts ? {} : { "data-t": label + key };
    if (titled) named["data-t-title"] = label + key + "_title";
    return make("button", { type: "button", "data-key": key, "data-testid": testid + key, ...named },
      ...(parts ? parts(key) : []));
  });
  host.replaceChildren(...buttons);
  translate(host);
  return choice(host, choose);
}

/* Bring what another part of the tab has just changed to the top of the screen. */
export function bringUp(element) {
  element.scrollIntoView({ block: "start", behavior: still() ? "auto" : "smooth" });
}

/* ask(value) is called with what a .zoo-range is moved to, at the move itself: its input event
   waits for the next frame. For a mouse or a pen the thumb is moved here and not by the browser,
   which would give it a frame of its own: it waits for the answer, and then comes the event. */
export function slide(input, ask) {
  let value = null; // under a mouse
  const act = () => {
    if (value === null || Number(input.value) === value) return;
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const move = (event) => {
    const next = rangeAt(input, event.clientX);
    if (value !== null && next !== value) {
      value = next;
      withAnswer(act);
    }
    ask(next);
  };
  let before = null;
  input.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" || event.button || input.disabled) return;
    before = input.value;
    value = Number(before);
    input.setPointerCapture(event.pointerId);
    move(event);
  });
  input.addEventListener("mousedown", (event) => {
    if (event.button) return;
    event.preventDefault();
    input.focus();
  });
  const moved = "onpointerrawupdate" in window ? "pointerrawupdate" : "pointermove";
  input.addEventListener(moved, (event) => event.buttons & 1 && move(event));
  input.addEventListener("lostpointercapture", () => {
    act();
    if (value !== null && input.value !== before) input.dispatchEvent(new Event("change"));
    value = null;
  });
}

/* What the range will be at, were its thumb held at clientX, to its step. */
const THUMB = 16; // of .zoo-range, in its own pixels
function rangeAt(input, clientX) {
  const [min, max, step] = [input.min, input.max, input.step].map(Number);
  const box = input.getBoundingClientRect();
  const thumb = THUMB * zoomOf(input);
  const share = (clientX - box.left - thumb / 2) / (box.width - thumb);
  const steps = Math.round((Math.max(0, Math.min(1, share)) * (max - min)) / step);
  return Number((min + steps * step).toFixed(6));
}

/* wait(milliseconds, f): f is called once, so long after the last call of what this returns. */
export function wait(milliseconds, f) {
  let timeout = null;
  return (...given) => {
    clearTimeout(timeout);
    timeout = setTimeout(() => f(...given), milliseconds);
  };
}

/* A field for the seed of a part: take(seed) is told of one that is typed, 0 to `last`. In place
   of anything else it says so, and shows the seed that there was. */
export function seedField(field, part, take, last = MAX_SEED) {
  field.addEventListener("change", () => {
    // Nothing is no seed, though Number("") is 0.
    const seed = field.value === "" ? -1 : Number(field.value);
    if (isSeed(seed) && seed <= last) return take(seed);
    field.value = part.get("seed");
    field.setCustomValidity(t("zoo.no_seed", { last: number(last, 0) }));
    field.reportValidity();
    field.setCustomValidity("");
  });
}
