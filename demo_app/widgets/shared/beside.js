// @ts-check
/* What an act changes, small beside it, where the screen is too small to show both.

   In a template, data-effect marks what the other controls of its section change. While one of these
   is in use and an effect is out of sight, a copy of the effect stays at the edge of the screen that
   the control leaves free. It is a copy to look at: touched is what lies under it, and what is spoken
   is the effect's own. */

import { make } from "./controls.js";

const SHOWN = 0.6; // an effect of which this share can be seen is in sight
const LIVELY = 2000; // ms after an act for which every frame is copied; then a few a second
const SLOW = 250;
const CONTROL = "[data-cause], .zoo-surface, .zoo-field, .zoo-joined, button, input, select, textarea, canvas";
const PICTURE = 100; // CSS pixels, the height of a copy
const MOST = 3; // copies in the width of a telephone

const dock = make("aside", { class: "zoo-beside", "aria-hidden": "true", "data-testid": "beside", hidden: "" });

/** @type {{section: HTMLElement, control: HTMLElement, at: number} | null} */
let act = null;
let [frame, timer] = [0, 0];

/* Whether something of the element, and what share of it, is within the window. */
function share(element) {
  const { top, bottom, height } = element.getBoundingClientRect();
  const seen = Math.max(0, Math.min(bottom, innerHeight) - Math.max(top, 0));
  return height ? seen / Math.min(height, innerHeight) : 0;
}

/* Its own name, or the heading that is nearest to it. */
function nameOf(effect) {
  let around = effect.parentElement;
  while (around && !around.querySelector("h3, h2")) around = around.parentElement;
  const own = effect.dataset.effect || effect.getAttribute("aria-label");
  return own || around?.querySelector("h3, h2")?.textContent || "";
}

/* The pictures in an effect as they lie in it, on one canvas; or its words, where it has none. */
function copy(effect, into) {
  const name = nameOf(effect);
  const [caption, body] = into.children;
  if (caption.textContent !== name) caption.textContent = name;
  const whole = effect.getBoundingClientRect();
  const canvases = [...(effect.matches("canvas") ? [effect] : effect.querySelectorAll("canvas"))].filter((c) => c.width && c.height);
  if (!canvases.length) {
    if (body.textContent !== effect.textContent) body.textContent = effect.textContent;
    return;
  }
  const scale = (PICTURE / whole.height) * Math.min(2, devicePixelRatio);
  const [width, height] = [Math.round(whole.width * scale), Math.round(whole.height * scale)];
  if (body.width !== width || body.height !== height) {
    Object.assign(body, { width, height });
    body.style.aspectRatio = `${width} / ${height}`;
  }
  const context = body.getContext("2d");
  context.clearRect(0, 0, width, height);
  for (const canvas of canvases) {
    const box = canvas.getBoundingClientRect();
    context.imageSmoothingEnabled = canvas.width > box.width * scale;
    context.drawImage(canvas, (box.left - whole.left) * scale, (box.top - whole.top) * scale, box.width * scale, box.height * scale);
  }
}

const hasPicture = (effect) => effect.matches("canvas") || Boolean(effect.querySelector("canvas"));

/* One place for each effect that is out of sight; they stay while these stay the same. */
function fill(effects) {
  const key = effects.map((effect) => effect.dataset.testid || effect.className).join(" ");
  if (dock.dataset.of !== key) {
    dock.dataset.of = key;
    dock.replaceChildren(
      ...effects.map((effect) =>
        make("figure", {}, make("figcaption"), make(hasPicture(effect) ? "canvas" : "output")))
    );
  }
  for (const [k, effect] of effects.entries()) copy(effect, dock.children[k]);
}

/* Where the control leaves room: below it, if there is any. */
function place(control) {
  const { top, bottom } = (control.closest("[popover]") ?? control).getBoundingClientRect();
  const parts = control.closest(".zoo-page")?.querySelector(":scope > .zoo-parts"); // stays at the top
  const above = innerHeight - bottom < dock.offsetHeight + 16 && top > innerHeight - bottom;
  dock.style.top = above ? Math.max(0, parts?.getBoundingClientRect().bottom ?? 0) + 8 + "px" : "auto";
}

function follow() {
  cancelAnimationFrame(frame);
  clearTimeout(timer);
  if (!act) return;
  const { section, control, at } = act;
  const there = control.isConnected && control.checkVisibility() && share(control);
  const effects = [...section.querySelectorAll("[data-effect]")].filter(
    (effect) => !effect.contains(control) && effect.checkVisibility() && share(effect) < SHOWN);
  dock.hidden = !there || !effects.length;
  if (!dock.hidden) {
    fill(effects.slice(0, MOST));
    place(control);
  }
  if (performance.now() - at < LIVELY) frame = requestAnimationFrame(follow);
  else if (!dock.hidden) timer = setTimeout(follow, SLOW);
}

/* Make known what is used in a widget, so that what it changes can be beside it. */
export function accompany(element) {
  const sections = [...element.querySelectorAll("[data-effect]")].map((effect) => effect.closest("section"));
  for (const section of new Set(sections)) {
    const used = (event) => {
      const control = event.target.closest(CONTROL);
      if (!control || !section.contains(control) || control.matches(".zoo-dots")) return;
      const lively = act && performance.now() - act.at < LIVELY;
      act = { section, control, at: performance.now() };
      if (!dock.isConnected) document.body.append(dock);
      if (!lively) follow();
    };
    section.addEventListener("pointerdown", used);
    section.addEventListener("pointermove", (event) => event.buttons && used(event));
    section.addEventListener("keydown", (event) => event.key !== "Tab" && used(event));
    section.addEventListener("input", used);
  }
}

document.addEventListener("scroll", () => act && follow(), { passive: true });
