// @ts-check
import * as zoo from "../shared/zoo.js";

export default zoo.widget({
  setup({ props, find }) {
    const tabs = find("tabs");
    const buttons = (host, names, make, choose) =>
      Object.entries(names).map(([key, name]) => {
        const button = zoo.make("button", { type: "button", "data-key": key, ...make(key) }, name);
        button.addEventListener("click", () => choose(key));
        host.append(button);
        return button;
      });

    const titles = Object.fromEntries(zoo.tabs.map((key) => [key, zoo.t(key + ".tab")]));
    const tabButtons = buttons(tabs, titles, (key) => ({
      role: "tab",
      "data-testid": "tab-" + key,
      "aria-controls": "page-" + key,
      "data-t": key + ".tab",
    }), zoo.selectTab);
    for (const button of tabButtons) button.id = "tab-" + button.dataset.key;
    for (const key of zoo.tabs) {
      const page = document.getElementById("page-" + key);
      const is = { role: "tabpanel", tabindex: "-1", "aria-labelledby": "tab-" + key };
      for (const [name, value] of Object.entries(is)) page?.setAttribute(name, value);
    }
    const languageButtons = buttons(find("languages"), props.data.languages, (key) => ({
      lang: key,
      "data-testid": "lang-" + key,
    }), zoo.selectLanguage);

    // One tab stop for all tabs; arrows move between them.
    tabs.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      zoo.selectTab(zoo.tabs.at((zoo.tabs.indexOf(zoo.tab.value) + by) % zoo.tabs.length));
      tabs.querySelector("[aria-selected=true]").focus();
    });

    function show() {
      for (const tab of tabButtons) {
        const selected = tab.dataset.key === zoo.tab.value;
        tab.setAttribute("aria-selected", String(selected));
        tab.tabIndex = selected ? 0 : -1;
        // On a narrow screen the strip is longer than it is wide.
        const [box, strip] = [tab, tabs].map((e) => e.getBoundingClientRect());
        if (selected) tabs.scrollLeft += box.left + box.width / 2 - strip.left - strip.width / 2;
      }
      for (const button of languageButtons) {
        button.setAttribute("aria-pressed", String(button.dataset.key === zoo.language.value));
      }
    }

    zoo.onChange(zoo.tab, show);
    zoo.translate(tabs);
    return { restore: show, words: show };
  },
});
