// @ts-check
import * as zoo from "../shared/zoo.js";

/* The parts of a long tab: its headings that have a short name, data-part, and one explanation. They
   stay at the top of the screen, and say which of them is on it. */
export default zoo.widget({
  setup({ element, props, find }) {
    const page = element.closest(".zoo-page");
    const list = find("parts");
    const isHere = () => zoo.tab.value === props.data.tab;

    let parts = []; // {id, head, link}
    let marked = null; // the one that is on the screen
    let aimed = ""; // the id of the one that is gone to
    const idOf = (head) => head.id.replace(/-title$/, "");

    /* Widgets come one by one, each with its headings. */
    function gather() {
      const heads = /** @type {HTMLElement[]} */ ([...page.querySelectorAll("[data-part]")]);
      const folds = heads.filter((head) => head.matches("button"));
      const named = heads.filter((head) => !folds.includes(head) || folds.length === 1);
      if (named.map(idOf).join() === parts.map(({ id }) => id).join()) return;
      parts = named.map((head) => {
        const id = idOf(head);
        const href = `${location.pathname}${location.search}#tab=${props.data.tab}&part=${id}`;
        const link = zoo.make("a", { href, "data-t": head.dataset.part, "data-testid": "part-" + id });
        link.addEventListener("click", (event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return; // another window
          event.preventDefault();
          zoo.openPart(id);
        });
        return { id, head, link };
      });
      list.replaceChildren(...parts.map(({ link }) => zoo.make("li", {}, link)));
      zoo.translate(list);
      mark();
      aim();
    }
    new MutationObserver(gather).observe(page, { subtree: true, attributes: true, attributeFilter: ["data-widget"] });

    /* Where a part begins on the screen: with its panel. */
    const topOf = ({ head }) => (head.closest(".zoo-panel") || head).getBoundingClientRect().top;
    const below = () => find("outline").getBoundingClientRect().bottom;

    function mark() {
      if (!isHere() || !parts.length) return;
      const line = below() + 0.25 * innerHeight;
      const atEnd = scrollY > 0 && scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
      const begun = atEnd ? parts : parts.filter((part) => topOf(part) <= line);
      // What was gone to is it, also where the page ends too soon for it to be at the top.
      const now = parts.find(({ id }) => id === aimed) || begun.at(-1) || parts[0];
      if (now === marked) return;
      marked = now;
      for (const part of parts) {
        if (part === now) part.link.setAttribute("aria-current", "true");
        else part.link.removeAttribute("aria-current");
      }
      const { offsetLeft, offsetWidth } = now.link;
      list.scrollTo({ left: offsetLeft + offsetWidth / 2 - list.clientWidth / 2, behavior: zoo.still() ? "auto" : "smooth" });
      zoo.seePart(now === parts[0] ? "" : now.id, aimed === "");
    }
    let waiting = false;
    window.addEventListener("scroll", () => {
      if (waiting || !isHere()) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        mark();
      });
    }, { passive: true });

    /* Go to the part that the address asks for, and stay there while what is above it grows, until the
       visitor takes over. */
    function aim() {
      if (!isHere() || !aimed) return;
      const part = parts.find(({ id }) => id === aimed);
      if (!part) return;
      // More than once: on the way the outline itself comes to rest at the top of the screen.
      for (let turn = 0; turn < 3; turn++) {
        const by = topOf(part) - below() - 12;
        if (Math.abs(by) <= 1) break;
        scrollBy({ top: by, behavior: "instant" });
      }
      mark();
    }
    function wanted(id) {
      aimed = id;
      aim();
    }
    new ResizeObserver(aim).observe(page);
    for (const event of ["wheel", "touchmove", "pointerdown", "keydown"]) {
      window.addEventListener(event, (e) => {
        if (!e.composedPath().includes(element)) aimed = "";
      }, { passive: true, capture: true });
    }

    /* What is scrolled to goes below them. */
    function makeRoom() {
      const has = document.querySelector(`#page-${zoo.tab.value} .zoo-parts`) !== null;
      document.documentElement.classList.toggle("zoo-parted", has);
    }

    zoo.onChange(zoo.wantedPart, wanted);
    zoo.onChange(zoo.tab, () => {
      marked = null;
      makeRoom();
      requestAnimationFrame(mark);
    });
    makeRoom();
    wanted(zoo.wantedPart.value);
    gather();
  },
});
