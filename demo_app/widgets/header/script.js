const zoo = window.zoo;
zoo.stopSpinner();
const tabs = element.querySelector(".tabs");
const languages = element.querySelector(".languages");

for (const { key, title } of props.data.tabs) {
  const tab = zoo.make("button", { type: "button", role: "tab", "data-key": key,
    "data-testid": "tab-" + key, "aria-controls": "page-" + key }, title);
  // Models are called the same in every language; what is none has a label of its own.
  const label = key + ".tab";
  if (zoo.t(label) !== label) tab.dataset.t = label;
  tab.addEventListener("click", () => zoo.selectTab(key));
  tabs.append(tab);
  const page = document.getElementById("page-" + key);
  if (page) page.setAttribute("role", "tabpanel");
}

// One tab stop for all tabs; arrows move between them.
tabs.addEventListener("keydown", (event) => {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  const keys = zoo.tabs;
  zoo.selectTab(keys[(keys.indexOf(zoo.tab) + by + keys.length) % keys.length]);
  tabs.querySelector("[aria-selected=true]").focus();
});

for (const [language, name] of Object.entries(props.data.languages)) {
  const button = zoo.make("button", { type: "button", lang: language, "data-key": language,
    "data-testid": "lang-" + language }, name);
  button.addEventListener("click", () => zoo.selectLanguage(language));
  languages.append(button);
}

function show() {
  tabs.querySelectorAll("button").forEach((tab) => {
    const selected = tab.dataset.key === zoo.tab;
    tab.setAttribute("aria-selected", selected);
    tab.tabIndex = selected ? 0 : -1;
    // On a narrow screen the strip is longer than it is wide.
    const [box, strip] = [tab, tabs].map((e) => e.getBoundingClientRect());
    if (selected) tabs.scrollLeft += box.left + box.width / 2 - strip.left - strip.width / 2;
  });
  languages.querySelectorAll("button").forEach((button) => {
    button.setAttribute("aria-pressed", button.dataset.key === zoo.language);
  });
}

zoo.on("tab", show);
zoo.on("language", () => {
  zoo.translate(element);
  show();
});
zoo.translate(element);
show();
