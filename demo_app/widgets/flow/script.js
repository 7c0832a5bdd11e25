// @ts-check
import * as zoo from "../shared/zoo.js";
import { FLOWS } from "./flows.js";
import { NOW } from "./now.js";

const SMALL = 120; // pixels that it needs at the edge of the window

/* The computation of a tab's model in a row of steps, with what it computes at this moment, and its
   formula. What is pointed at in the one lights up in the other, and a sentence says what it does. */
export default zoo.widget({
  name: ({ tab }) => tab + "-flow",
  state: ({ tab }) => ({ step: FLOWS[tab].steps[0][0], keep: false }),
  choices: ({ tab }) => ({ step: FLOWS[tab].steps.map(([key]) => key) }),
  setup({ element, props, find, part, change }) {
    const { tab } = props.data;
    const { formula, steps } = FLOWS[tab];
    find("formula").innerHTML = formula;
    find("does").dataset.testid = tab + "-flow-does";
    find("keep").dataset.testid = tab + "-flow-keep";
    let pointed = null; // what a pointer is over

    const boxes = steps.map(([key, symbol]) => {
      const written = zoo.make("span", { class: "zoo-math" });
      written.innerHTML = symbol;
      const name = zoo.make("span", { class: "name" });
      const picture = zoo.make("canvas", { class: "picture", "aria-hidden": "true", hidden: "" });
      const text = zoo.make("span", { class: "text", "data-testid": `${tab}-flow-${key}-now` });
      const now = zoo.make("span", { class: "now" }, picture, text);
      const button = zoo.make("button", { type: "button", class: "step", "data-key": key, "data-testid": `${tab}-flow-${key}` },
        written, name, now);
      return { key, button, name, picture, text };
    });
    find("steps").append(...boxes.flatMap(({ button }, k) => {
      if (!k) return [button];
      return [zoo.make("span", { class: "way", "aria-hidden": "true" }, steps[k][2] ? "," : "\u2192"), button];
    }));
    zoo.rove(find("steps"));

    function show() {
      const chosen = pointed || part.get("step");
      const marked = /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll("[data-key]"));
      for (const one of marked) one.classList.toggle("on", one.dataset.key === chosen);
      for (const { key, button, name } of boxes) {
        name.textContent = zoo.t(`flow.${tab}_${key}`);
        button.setAttribute("aria-pressed", String(key === chosen));
      }
      find("does").textContent = zoo.t(`flow.${tab}_${chosen}_does`);
      find("keep").setAttribute("aria-pressed", String(part.get("keep")));
      showPlace();
    }

    /* What is computed: its words always, for who reads them aloud; its pictures while they can be
       seen, and the first ones before, so that who scrolls down finds it as tall as it will be. */

    const computation = zoo.computation(tab);
    let [seen, behind] = [false, true];

    function showNow() {
      if (computation.value === null) return;
      const paints = seen || !element.dataset.now;
      behind = !paints;
      const now = NOW[tab](computation.value);
      for (const { key, picture, text } of boxes) {
        const { text: words = "", paint = null } = now[key] || {};
        if (text.textContent !== words) text.textContent = words;
        picture.hidden = !paint;
        if (paints) paint?.(picture);
      }
      element.dataset.now = "there";
    }

    function paintAnew() {
      behind = true;
      if (seen) showNow();
    }

    zoo.onChange(computation, () => zoo.afterFrame(showNow));
    new IntersectionObserver((entries) => {
      seen = entries.at(-1).isIntersecting;
      if (seen && behind) showNow();
    }).observe(find("steps"));

    /* While its own place is further down, it can be kept at the lower edge of the window, small. */

    const whole = /** @type {HTMLElement} */ (element.closest(".zoo-page > .zoo-flow"));

    function showPlace() {
      const before = whole.previousElementSibling?.getBoundingClientRect();
      if (!before?.height) return; // another tab is shown
      const low = before.bottom > innerHeight - SMALL;
      element.classList.toggle("low", low);
      whole.classList.toggle("zoo-kept", low && part.get("keep"));
    }
    for (const event of ["scroll", "resize"]) addEventListener(event, showPlace, { passive: true });
    // What stands before it may come later than it does, and grow.
    new ResizeObserver(showPlace).observe(whole.parentElement);

    const keyAt = (event) => event.target.closest("[data-key]")?.dataset.key ?? null;
    element.addEventListener("click", (event) => keyAt(event) && change({ step: keyAt(event) }));
    element.addEventListener("pointerover", (event) => {
      if (event.pointerType === "touch" || keyAt(event) === pointed) return;
      pointed = keyAt(event);
      show();
    });
    element.addEventListener("pointerleave", () => {
      pointed = null;
      show();
    });
    find("keep").addEventListener("click", () => change({ keep: !part.get("keep") }));
    return {
      restore: show,
      words() {
        show();
        showNow();
      },
      paint: paintAnew,
    };
  },
});
