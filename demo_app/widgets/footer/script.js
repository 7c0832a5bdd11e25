// @ts-check
import * as zoo from "../shared/zoo.js";

export default zoo.widget({
  name: "times",
  state: { shown: false },
  setup({ find, part, change }) {
    // Who is to answer, and who did: the visitor's choice for all pages, and no part of an address.
    find("local").hidden = !zoo.able.value || zoo.serverless;
    find("local").addEventListener("click", () => zoo.chooseWho(zoo.wanted.value === "page" ? "server" : "page"));
    const showWho = () => {
      const isWanted = zoo.wanted.value === "page" && zoo.able.value;
      find("local").setAttribute("aria-pressed", String(isWanted));
      find("local").disabled = !zoo.able.value;
      const isLoading = isWanted && zoo.loading.value && zoo.answered.value === "server";
      const who = zoo.serverless ? "files" : isLoading ? "loading" : zoo.answered.value;
      find("by").dataset.who = who ?? "";
      find("by").textContent = who === null || !(zoo.able.value || zoo.serverless) ? "" : zoo.t("zoo.by_" + who);
    };
    const showSoon = () => zoo.afterFrame(showWho);
    for (const source of [zoo.able, zoo.wanted, zoo.answered, zoo.loading]) zoo.onChange(source, showSoon);
    showWho();
    find("times").addEventListener("click", () => change({ shown: !part.get("shown") }));
    find("api").hidden = zoo.serverless;
    // Gradio's own description of the endpoints, which its own button opens.
    find("api").addEventListener("click", () => {
      /** @type {HTMLButtonElement | null} */ (document.querySelector(".show-api"))?.click();
    });
    return {
      words: showWho,
      restore() {
        find("times").setAttribute("aria-pressed", String(part.get("shown")));
        document.documentElement.classList.toggle("zoo-times", part.get("shown"));
      },
    };
  },
});
