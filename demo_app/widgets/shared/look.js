// @ts-check
/* Theme and motion, as Gradio and the system have them. */

import { signal } from "./signals.js";

export const dark = () => Boolean(document.body?.classList.contains("dark"));
export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/* Whether the page is dark; who paints by colors of the theme paints anew at a change. */
export const theme = signal(dark());

let tokens = {};
/* The value of the design token --zoo-<name>, such as token("accent"). */
export function token(name) {
  if (!Object.hasOwn(tokens, name)) {
    tokens[name] = getComputedStyle(document.body).getPropertyValue("--zoo-" + name).trim();
  }
  return tokens[name];
}

new MutationObserver(() => {
  if (theme.value === dark()) return;
  tokens = {};
  theme.value = dark();
}).observe(document.body, { attributes: true, attributeFilter: ["class"] });

/* How many times as large as its own pixels an element is shown, by CSS zoom: pointers and boxes on the
   screen are in those of the screen, widths of elements and canvases in its own. Browsers that do not
   say it measure otherwise, and zoom nothing here. */
export const zoomable = "currentCSSZoom" in HTMLElement.prototype;
export const zoomOf = (element) => element.currentCSSZoom ?? 1;
