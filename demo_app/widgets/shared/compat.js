/* What widgets that are not yet made by widget() still use. */

const listeners = {};
export function on(event, listener) {
  (listeners[event] = listeners[event] || []).push(listener);
}
export function emit(event, detail) {
  (listeners[event] || []).forEach((listener) => listener(detail));
}
export const whenShown = (_, start) => start();
export const shared = {};
