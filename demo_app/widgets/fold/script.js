// @ts-check
import * as zoo from "../shared/zoo.js";

/* In an explanation, each term that is defined at its end says what it means where it first occurs. */
function define(prose) {
  for (const term of prose.querySelectorAll("ul:last-of-type > li > strong:first-child")) {
    const name = term.textContent.replace(/\(.*\)$/, "");
    const means = term.parentElement.textContent;
    const texts = document.createTreeWalker(prose, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = /** @type {Text} */ (texts.currentNode);
      if (text.parentElement.closest(".katex, code, a, h3, strong, .zoo-term")) continue;
      const found = text.data.toLowerCase().search(`(?<![a-z])${name.toLowerCase()}(?![a-z])`);
      if (found < 0) continue;
      const word = text.splitText(found);
      word.splitText(name.length);
      const span = zoo.make("span", { class: "zoo-term", title: means });
      word.replaceWith(span);
      span.append(word);
      break;
    }
  }
}

export default zoo.widget({
  name: (data) => data.tab + "-about",
  state: { open: false },
  setup({ element, props, find, part, change }) {
    const handle = find("handle");
    handle.dataset.testid = handle.id = props.data.tab + "-about";
    const about = element.closest(".zoo-about");
    // What is wider than a telephone is reached by the keyboard too.
    new ResizeObserver(() => {
      for (const part of /** @type {NodeListOf<HTMLElement>} */ (about.querySelectorAll(".katex-display, table"))) {
        if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
        else part.removeAttribute("tabindex");
      }
      // It is written by now, in one language or another.
      for (const prose of about.querySelectorAll(".zoo-prose:not(:has(.zoo-term))")) define(prose);
    }).observe(about);
    handle.addEventListener("click", () => change({ open: !part.get("open") }));
    return {
      restore() {
        handle.setAttribute("aria-expanded", part.get("open"));
        about.classList.toggle("zoo-open", part.get("open"));
      },
    };
  },
});
