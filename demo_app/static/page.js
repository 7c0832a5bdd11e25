// @ts-check
/* Puts the widgets onto a page without a server, and formulas in place of their TeX. */

const at = (file) => new URL(file, document.baseURI).href;
const own = document.getElementById("zoo-page");
const props = JSON.parse(document.getElementById("zoo-props").textContent);

const { mount } = await import(at(own.dataset.widget));
for (const [k, element] of document.querySelectorAll("[data-mount]").entries()) {
  mount(/** @type {HTMLElement} */ (element).dataset.mount, element, { data: props[k] });
}

/* KaTeX is loaded when an explanation is first open. */
const beside = (file) => new URL("./gradio/" + file, import.meta.url).href;
let katex = null;
function load() {
  const link = document.createElement("link");
  Object.assign(link, { rel: "stylesheet", href: beside("katex.css") });
  document.head.append(link);
  return import(beside("katex.js"));
}

async function formulas(about) {
  if (!about.querySelector("[data-tex]")) return;
  const { default: tex } = await (katex ??= load());
  for (const one of about.querySelectorAll("[data-tex]")) {
    const displayMode = one.dataset.tex === "display";
    one.outerHTML = tex.renderToString(one.textContent, { displayMode, throwOnError: false });
  }
}

for (const about of document.querySelectorAll(".zoo-about")) {
  const see = () => about.classList.contains("zoo-open") && formulas(about);
  new MutationObserver(see).observe(about, { attributes: true, attributeFilter: ["class"] });
  see();
}

/* Kept for a visit without a connection, where the browser lets a page keep itself. What came before
   the worker did is told to it. */
if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register(at("./sw.js")).then(
    async () => {
      const { active } = await navigator.serviceWorker.ready;
      active.postMessage(performance.getEntriesByType("resource").map(({ name }) => name));
    },
    () => {} // in a frame, or by a plain address
  );
}
