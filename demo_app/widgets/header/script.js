// @ts-check
import * as zoo from "../shared/zoo.js";
import { showLarge, takeScreen } from "./large.js";

const { make } = zoo;

export default zoo.widget({
  name: "",
  state: { large: false },
  setup({ props, part, find, change }) {
    const list = find("groups");
    const inner = find("inner");

    /* Tabs in two lists: groups, and the tabs of the group that is shown. A group of one tab is that
       tab. A group goes to the tab of it that was seen last, else to its first. */
    const seen = {}; // by group: the key of that tab
    const button = (key, label, attributes, choose) => {
      const tab = make("button", { type: "button", role: "tab", "data-key": key, "data-t": label, ...attributes });
      tab.addEventListener("click", choose);
      return tab;
    };
    const tabButton = (key) =>
      button(key, key + ".tab", { id: "tab-" + key, "data-testid": "tab-" + key, "aria-controls": "page-" + key },
        () => zoo.selectTab(key));
    const groupButtons = zoo.groups.map(({ key, tabs }) => {
      if (tabs.length === 1) return tabButton(tabs[0]);
      const is = { id: "group-" + key, "data-testid": "group-" + key, "aria-controls": inner.id };
      return button(key, "zoo.group_" + key, is, () => zoo.selectTab(seen[key] || tabs[0]));
    });
    list.append(...groupButtons);
    const tabButtons = {}; // by group
    for (const { key, tabs } of zoo.groups) tabButtons[key] = tabs.length > 1 ? tabs.map(tabButton) : [];
    const lists = zoo.groups.filter(({ tabs }) => tabs.length > 1).map(({ key }) => {
      const host = make("div", { role: "tablist", "data-key": key, "data-t-label": "zoo.group_" + key });
      host.append(...tabButtons[key]);
      return host;
    });
    inner.append(...lists);

    for (const key of zoo.tabs) {
      const page = document.getElementById("page-" + key);
      const is = { role: "tabpanel", tabindex: "-1", "aria-labelledby": "tab-" + key };
      for (const [name, value] of Object.entries(is)) page?.setAttribute(name, value);
    }

    // One tab stop for each list; arrows move in it.
    for (const host of [list, ...lists]) {
      const buttons = /** @type {HTMLElement[]} */ ([...host.children]);
      host.addEventListener("keydown", (event) => {
        const now = buttons.findIndex((one) => one === document.activeElement);
        const to = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: -1 }[event.key];
        if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        const next = buttons.at(to % buttons.length);
        next.click();
        next.focus();
      });
    }

    function mark(buttons, chosen) {
      for (const [k, one] of buttons.entries()) {
        const selected = k === chosen;
        one.setAttribute("aria-selected", String(selected));
        one.tabIndex = selected ? 0 : -1;
        // Where a list is longer than it is wide.
        const host = one.parentElement;
        const [box, strip] = [one, host].map((e) => e.getBoundingClientRect());
        if (selected) host.scrollLeft += box.left + box.width / 2 - strip.left - strip.width / 2;
      }
    }

    function show() {
      const tab = zoo.tab.value;
      const group = zoo.groupOf(tab);
      const { key, tabs } = group;
      seen[key] = tab;
      mark(groupButtons, zoo.groups.indexOf(group));
      inner.hidden = tabs.length === 1;
      inner.setAttribute("aria-labelledby", "group-" + key);
      for (const host of lists) host.hidden = host.dataset.key !== key;
      mark(tabButtons[key], tabs.indexOf(tab));
      for (const language of languages) {
        language.setAttribute("aria-pressed", String(language.dataset.key === zoo.language.value));
      }
    }

    const languages = Object.entries(props.data.languages).map(([key, name]) => {
      const one = make("button", { type: "button", lang: key, "data-key": key, "data-testid": "lang-" + key }, name);
      one.addEventListener("click", () => zoo.selectLanguage(key));
      return one;
    });
    find("languages").append(...languages);

    /* The link to what is shown, to where it was asked for; where the browser lets no page write to the
       clipboard it is shown, ready to be copied by hand. */

    const link = find("link");
    const hand = find("hand");
    const told = zoo.wait(4000, () => (find("told").textContent = ""));
    find("copy").addEventListener("click", async () => {
      if (!find("by-hand").hidden) return close();
      const address = zoo.addressNow();
      try {
        await navigator.clipboard.writeText(address);
        find("told").textContent = zoo.t("zoo.link_copied");
        told();
      } catch {
        find("by-hand").hidden = false;
        link.value = address;
        link.focus();
        link.select();
      }
    });
    function close() {
      find("by-hand").hidden = true;
      find("copy").focus();
    }
    hand.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault(); // it leaves nothing else
      close();
    });
    link.addEventListener("focus", () => link.select());
    find("close").addEventListener("click", close);

    function enlarge(is) {
      takeScreen(is);
      change({ large: is });
    }
    find("large").addEventListener("click", () => enlarge(!part.get("large")));
    // Escape leaves the whole screen by itself, and no page is told of the key.
    document.addEventListener("fullscreenchange", () => !document.fullscreenElement && change({ large: false }));
    window.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && part.get("large") && !event.defaultPrevented) enlarge(false);
    });

    zoo.onChange(zoo.tab, show);
    return {
      restore() {
        show();
        showLarge(part.get("large"));
        find("large").setAttribute("aria-pressed", String(part.get("large")));
      },
      words() {
        show();
        find("told").textContent = "";
      },
    };
  },
});
