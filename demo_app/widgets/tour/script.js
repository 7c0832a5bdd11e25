// @ts-check
import * as zoo from "../shared/zoo.js";

/* Where each step is, and what it speaks of: the first of these parts, and those beside it as far
   as there is room for them. A model's step is on its card; these two are of no model, and their
   words are labels. */
const FIRST = { tab: "pixels", parts: ["pixels-bars", "pixels-n", "pixels-digits", "pixels-cells"] };
const LAST = { tab: "map", parts: ["map-figure"] };

const GAP = 10; // about the outlined parts, in pixels

/* The button that has just asked for the tour. */
export const tourStarter = zoo.signal(null);

export default zoo.widget({
  name: "",
  state: { tour: 0 }, // the number of the step, 0 outside of the tour
  setup({ element, props, part, find }) {
    const placeOf = ({ tab }) => zoo.tabs.indexOf(tab);
    const ofModels = [...props.data.steps].sort((a, b) => placeOf(a) - placeOf(b));
    const STEPS = [FIRST, ...ofModels, LAST].filter((step) => placeOf(step) >= 0);

    const outline = zoo.make("div", { class: "zoo-outline", "aria-hidden": "true", "data-testid": "tour-outline" });
    const grown = new ResizeObserver(() => aim());
    let starter = null; // what the tour was started from: the focus goes back there
    let shown = 0;
    let aimed = false; // has the visitor been brought to the part, and may be no more?

    const current = () => STEPS[shown - 1];

    /* Step n, or out of the tour with 0. */
    function go(n) {
      const to = Number.isInteger(n) && n > 0 && n <= STEPS.length ? n : 0;
      part.set({ tour: to });
      if (to === shown) return;
      shown = to;
      document.documentElement.classList.toggle("zoo-touring", to > 0);
      find("tour").hidden = to === 0;
      outline.remove();
      grown.disconnect();
      if (to === 0) return;
      say();
      zoo.selectTab(current().tab);
      document.body.append(outline);
      aimed = false;
      // What moves without a change of the tab's size is caught a little later.
      for (const later of [0, 300, 1000, 2500]) setTimeout(aim, later);
    }

    function say() {
      const step = current();
      const said = (name) => (step[name] ? step[name][zoo.language.value] : zoo.t(`tour.${name}_${step.tab}`));
      const values = { n: zoo.number(shown), of: zoo.number(STEPS.length) };
      find("count").textContent = zoo.t("tour.step", values);
      find("title").textContent = said("title");
      find("look").textContent = said("look");
      find("try").lastElementChild.textContent = said("attempt");
      find("back").disabled = shown === 1;
      find("next").textContent = zoo.t(shown < STEPS.length ? "tour.next" : "tour.finish");
      document.documentElement.style.setProperty("--zoo-tour", heightOfWords() + 24 + "px");
    }

    /* What stays at the top of the screen. */
    const above = () => parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) || 0;
    const heightOfWords = () => find("tour").getBoundingClientRect().height;

    /* The parts of this step that fit on the screen above the words, as one box in the page. */
    function boxOfParts() {
      const room = innerHeight - above() - heightOfWords() - 4 * GAP;
      let box = null;
      for (const id of current().parts) {
        const found = document.querySelector(`#page-${current().tab} [data-testid="${id}"]`);
        const one = found?.getBoundingClientRect();
        if (!one?.width) continue;
        const next = box === null ? one : {
          left: Math.min(box.left, one.left), right: Math.max(box.right, one.right),
          top: Math.min(box.top, one.top), bottom: Math.max(box.bottom, one.bottom),
        };
        if (box === null || next.bottom - next.top <= room) box = next;
      }
      return box;
    }

    /* Put the outline where the parts are, and bring them into view as long as the visitor has not
       taken over: a tab that opens grows while its answers come. */
    function aim() {
      if (!shown) return;
      const page = document.getElementById("page-" + current().tab);
      if (page) grown.observe(page);
      const box = zoo.tab.value === current().tab ? boxOfParts() : null;
      outline.hidden = box === null;
      if (box === null) return;
      const left = Math.max(2, box.left - GAP + scrollX);
      const right = Math.min(document.documentElement.clientWidth - 2, box.right + GAP + scrollX);
      Object.assign(outline.style, {
        left: left + "px",
        top: box.top - GAP + scrollY + "px",
        width: right - left + "px",
        height: box.bottom - box.top + 2 * GAP + "px",
      });
      if (aimed) return;
      // No further than is needed: what stands above says where one is.
      const room = innerHeight - heightOfWords() - 2 * GAP;
      const seen = box.top >= above() + GAP && box.bottom + GAP <= room;
      const top = Math.max(0, scrollY + Math.min(box.top - above() - 2 * GAP, box.bottom + 2 * GAP - room));
      if (!seen && Math.abs(top - scrollY) > 1) scrollTo({ top, behavior: zoo.still() ? "auto" : "smooth" });
    }

    window.addEventListener("resize", () => {
      if (!shown) return;
      say();
      aim();
    });
    for (const event of ["wheel", "touchmove", "pointerdown", "keydown"]) {
      window.addEventListener(event, (e) => {
        if (!e.composedPath().includes(element)) aimed = true;
      }, { passive: true, capture: true });
    }

    function leave() {
      go(0);
      const back = starter?.checkVisibility() ? starter : document.querySelector(`[data-testid="tab-${zoo.tab.value}"]`);
      if (back) back.focus();
      starter = null;
    }

    find("next").addEventListener("click", () => (shown < STEPS.length ? go(shown + 1) : leave()));
    find("back").addEventListener("click", () => {
      go(shown - 1);
      if (shown === 1) find("next").focus(); // a disabled button keeps no focus
    });
    find("leave").addEventListener("click", leave);
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !shown || event.defaultPrevented) return;
      event.preventDefault(); // the tour alone is left
      leave();
    });

    zoo.follow(tourStarter, (button) => {
      tourStarter.value = null; // the same button may start it again
      starter = button;
      go(1);
      find("next").focus({ preventScroll: true });
    });
    zoo.onChange(zoo.tab, () => requestAnimationFrame(aim));

    return { restore: () => go(part.get("tour")), words: () => shown && say() };
  },
});
