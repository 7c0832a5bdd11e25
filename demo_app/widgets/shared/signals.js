// @ts-check
/* Values that several parts of the page share: who reads one hears of its changes. */

import { effect, signal, untracked } from "./vendor/signals-core.js";

export { signal };

/* f(value) is called at every change of a signal's value, but not for the value that it has now. */
export function onChange(source, f) {
  let first = true;
  return effect(() => {
    const { value } = source;
    if (!first) untracked(() => f(value));
    first = false;
  });
}

/* What the widgets of a tab compute at this moment, for the picture of its computation: an object of
   values, told anew whenever one of them is another, or null before the first. */
const computations = {};
export const computation = (tab) => (computations[tab] ??= signal(null));

/* f(value) is called for the value that a signal has, and at every change; null is no value yet. */
export function follow(source, f) {
  return effect(() => {
    const { value } = source;
    if (value !== null) untracked(() => f(value));
  });
}
