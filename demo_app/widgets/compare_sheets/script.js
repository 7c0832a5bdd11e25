import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const find = (name) => element.querySelector("." + name);
  const make = zoo.make;
  const SIDE = 8;
  const AT_ONCE = 2; // sheets that are asked for at once
  const KINDS = ["all", "tractable", "approximate", "implicit"];
  const COLORS = { tractable: zoo.classColors[4], approximate: zoo.classColors[0], implicit: zoo.classColors[2] };
  const SORTS = ["family", "likelihood", "fid", "seconds", "parameters"];
  const MEASURES = ["fid", "likelihood"];
  const INK = { map: "ink", high: 255 };

  const sets = Object.fromEntries(props.data.map(({ data, models }) => [data, models]));
  const kinds = Object.keys(sets);
  const part = zoo.part(
    "compare",
    { data: kinds[0], kind: "all", sort: "family", seed: 0, model: "", cell: 0, measure: "fid" },
    restore
  );

  const models = () => sets[part.get("data")];
  const chosen = () => models().find(({ name }) => name === part.get("model")) || shownModels()[0] || models()[0];
  /* A release without the data set in its name. */
  const short = (name) => name.replace("-" + part.get("data"), "");

  /* Figures */

  const likelihood = ({ figures }) => figures.nll ?? figures.nll_bound;
  const seconds = (model) => model.figures.seconds_64 ?? (taken[model.name] || {}).seconds;
  const figure = {
    family: (model) => zoo.t("compare.kind_" + model.kind),
    likelihood: (model) => {
      const nats = likelihood(model);
      if (nats === undefined) return "\u2014";
      return (model.figures.nll === undefined ? "\u2264 " : "") + zoo.number(nats, 1);
    },
    fid: ({ figures }) => (figures.fid === undefined ? "\u2014" : zoo.number(figures.fid, 2)),
    seconds: (model) => inWords(seconds(model)),
    parameters: ({ n_parameters }) => compact(n_parameters),
  };
  const rank = {
    family: () => 0,
    likelihood,
    fid: ({ figures }) => figures.fid,
    seconds,
    parameters: ({ n_parameters }) => n_parameters,
  };

  function compact(n) {
    return new Intl.NumberFormat(zoo.language.value, { notation: "compact", maximumSignificantDigits: 3 }).format(n);
  }

  function inWords(s) {
    if (s === undefined) return "\u2014";
    return s < 1 ? `${zoo.number(1000 * s, s < 0.01 ? 1 : 0)} ms` : `${zoo.number(s, s < 10 ? 1 : 0)} s`;
  }

  function shownModels() {
    const kind = part.get("kind");
    const by = rank[part.get("sort")];
    const list = models().filter((model) => kind === "all" || model.kind === kind);
    const value = (model) => by(model) ?? Infinity;
    return list.map((model, k) => [model, k]).sort(([a, i], [b, j]) => value(a) - value(b) || i - j).map(([model]) => model);
  }

  /* Sheets */

  const grids = {}; // by model: {figure, grid, value}
  let taken = {}; // by model: the answer for the data and the seed at hand
  let waiting = []; // models to be asked for
  let round = 0; // answers of an earlier one are of another seed

  function sheetOf(model) {
    const host = make("div", { "data-testid": "compare-sheet-" + model.name });
    const dot = make("i", {});
    const value = make("span", { class: "value" });
    const before = make("span", { class: "before" });
    const name = make("span", { class: "name", title: model.name }, dot, short(model.name));
    const figure = make("figure", { "data-model": model.name }, host, make("figcaption", {}, name, value), before);
    figure.style.setProperty("--kind", COLORS[model.kind]);
    const grid = new zoo.Grid(host, {
      columns: SIDE,
      rows: SIDE,
      label: "compare.sheet_label",
      read: () => model.name,
      onpoint: (cell) => cell !== null && look(model, cell),
    });
    grid.surface.addEventListener("focus", () => look(model, grid.cursor));
    return { figure, grid, value, before };
  }

  function showSheets() {
    const list = shownModels();
    for (const model of list) grids[model.name] = grids[model.name] || sheetOf(model);
    find("sheets").replaceChildren(...list.map(({ name }) => grids[name].figure));
    showValues();
    showChosen();
  }

  function showValues() {
    for (const model of shownModels()) {
      const { value, before } = grids[model.name];
      value.textContent = figure[part.get("sort")](model);
      const kept = taken[model.name];
      before.textContent = model.before
        ? zoo.t("compare.before", { time: inWords(model.figures.seconds_64) })
        : kept && part.get("sort") !== "seconds" ? zoo.t("compare.took", { time: inWords(kept.seconds) }) : "\u00a0";
    }
  }

  function ask() {
    round += 1;
    taken = {};
    // Those that are soonest drawn first: something to see at once.
    const soon = ({ figures, before }) => (before ? 0 : figures.seconds_64 ?? 1);
    waiting = models().slice().sort((a, b) => soon(a) - soon(b));
    for (let k = 0; k < AT_ONCE; k++) next(round);
    tellProgress();
  }

  async function next(of) {
    const visible = shownModels();
    const k = Math.max(0, waiting.findIndex((model) => visible.includes(model)));
    const [model] = waiting.splice(k, 1);
    if (!model || of !== round) return;
    const start = performance.now();
    let answer = null;
    try {
      answer = await server.sheet({ model: model.name, seed: part.get("seed") });
    } catch (error) {
      answer = null; // no connection: told as any other missing answer
    }
    if (of !== round) return;
    answer = answer || { ok: false, error: zoo.t("zoo.no_answer") };
    if (answer.ok) {
      taken[model.name] = { seconds: answer.seconds, seed: answer.seed, images: zoo.bytes(answer.images) };
      if (!grids[model.name]) grids[model.name] = sheetOf(model);
      const { grid } = grids[model.name];
      grid.showSheet(SIDE * 28, SIDE * 28, taken[model.name].images);
      grid.cells.dataset.seed = answer.seed;
      if (part.get("sort") === "seconds" && model.figures.seconds_64 === undefined) showSheets();
      else showValues();
      if (model === chosen()) look(model, part.get("cell"));
    }
    tellProgress(answer, performance.now() - start);
    next(of);
  }

  function tellProgress(answer, milliseconds) {
    const done = Object.keys(taken).length;
    find("state").closest(".zoo-status").classList.toggle("zoo-bad", Boolean(answer && !answer.ok));
    if (answer && !answer.ok) find("state").textContent = answer.error;
    else if (done < models().length) {
      find("state").textContent = zoo.t("compare.progress", { done: zoo.number(done), all: zoo.number(models().length) });
    } else if (milliseconds !== undefined) {
      const drawn = models().filter(({ before }) => !before);
      const sum = drawn.reduce((total, { name }) => total + taken[name].seconds, 0);
      find("state").textContent = zoo.t("compare.done", { all: zoo.number(done), time: inWords(sum) });
    }
    element.dataset.sheets = done;
  }

  /* One picture, closely */

  let seen = null; // {model, cell, answer}

  function look(model, cell) {
    part.set({ model: model.name, cell });
    showChosen();
    const kept = taken[model.name];
    if (kept) {
      const image = new Uint8Array(784);
      for (let y = 0; y < 28; y++) {
        const start = (28 * Math.floor(cell / SIDE) + y) * SIDE * 28 + 28 * (cell % SIDE);
        image.set(kept.images.subarray(start, start + 28), 28 * y);
      }
      zoo.paint(find("one"), image, INK);
      find("one").dataset.shown = model.name + " " + cell;
    }
    const given = { model: model.name, cell, seed: part.get("seed") };
    askLook(given);
    askBelieved(given);
  }

  const askLook = zoo.latest(server.look, (answer, given) => {
    if (!answer.ok) return zoo.showStatus(find("state"), answer);
    seen = { ...given, ...answer };
    zoo.paint(find("near"), zoo.bytes(answer.nearest), INK);
    find("near").dataset.shown = given.model + " " + given.cell;
    showSeen();
  });

  const askBelieved = zoo.latest(server.believed, (answer, given) => {
    if (answer.ok) showBelieved(answer.log_p, given.model);
  });

  function className(label) {
    return part.get("data") === "mnist" ? zoo.t("zoo.digit", { digit: label }) : zoo.t("zoo.clothes_" + label);
  }

  function showSeen() {
    if (!seen) return;
    find("about").textContent = zoo.t("compare.nearest_about", {
      name: className(seen.label),
      distance: zoo.number(seen.distance, 1),
    });
    said();
  }

  const said = zoo.wait(500, () => (find("said").textContent = find("about").textContent));

  let believed = null; // {log_p, model}
  function showBelieved(log_p, model) {
    believed = { log_p, model };
    const list = Object.entries(log_p).sort(([, a], [, b]) => b - a);
    const values = list.map(([, nats]) => nats);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const bound = Object.fromEntries(models().map((each) => [each.name, each.kind === "approximate"]));
    find("bars").replaceChildren(
      ...list.map(([name, nats]) => {
        const track = make("span", { class: "track" });
        track.style.setProperty("--share", 0.04 + (0.96 * (nats - low)) / (high - low || 1));
        const number = (bound[name] ? "\u2265 " : "") + zoo.number(nats, 0);
        const row = make("li", { "data-model": name }, make("span", { class: "name", title: name }, short(name)), track,
          make("span", { class: "number" }, number));
        row.classList.toggle("own", name === model);
        return row;
      })
    );
    find("bars").dataset.shown = model + " " + part.get("cell");
  }

  function showChosen() {
    const model = chosen();
    if (!model) return;
    for (const [name, { figure, grid }] of Object.entries(grids)) {
      figure.classList.toggle("chosen", name === model.name);
      grid.mark(name === model.name ? part.get("cell") : null);
    }
    find("who").textContent = short(model.name);
    find("who").title = model.name;
    find("facts").textContent = zoo.t("compare.facts", {
      kind: zoo.t("compare.kind_" + model.kind),
      parameters: compact(model.n_parameters),
      images: compact(model.images_seen),
      minutes: zoo.number(Math.max(1, model.training_seconds / 60)),
    });
    find("paper").textContent = model.paper;
    find("paper").href = model.paper_url;
    find("go").hidden = !zoo.tabs.includes(model.tab);
    element.querySelectorAll(".plot button").forEach((button) => {
      button.setAttribute("aria-pressed", button.dataset.model === model.name);
    });
  }

  find("go").addEventListener("click", () => zoo.selectTab(chosen().tab));

  /* Quality against speed */

  function showPlot() {
    const measure = part.get("measure");
    const points = models()
      .map((model) => ({ model, x: seconds(model), y: rank[measure](model) }))
      .filter(({ x, y }) => x > 0 && y !== undefined);
    const plot = find("plot");
    plot.replaceChildren();
    element.querySelectorAll(".measure button").forEach((button) => {
      button.setAttribute("aria-pressed", button.dataset.key === measure);
    });
    if (!points.length) return plot.append(make("p", { class: "zoo-hint" }, zoo.t("compare.unmeasured")));
    const logarithmic = measure === "fid";
    const scaled = (v, log) => (log ? Math.log10(v) : v);
    const span = (values, log) => {
      const all = values.map((v) => scaled(v, log));
      const [low, high] = [Math.min(...all), Math.max(...all)];
      const room = 0.06 * (high - low || 1);
      return { low: low - room, high: high + room, log };
    };
    const [across, up] = [span(points.map(({ x }) => x), true), span(points.map(({ y }) => y), logarithmic)];
    const at = (v, { low, high, log }) => (100 * (scaled(v, log) - low)) / (high - low);
    for (const [name, axis, write] of [["x", across, inWords], ["y", up, (v) => zoo.number(v, v < 1 ? 1 : 0)]]) {
      for (const v of ticks(axis)) {
        const place = (name === "x" ? "left:" : "bottom:") + at(v, axis) + "%";
        plot.append(make("span", { class: "line " + name, style: place }));
        plot.append(make("span", { class: "tick " + name, style: place }, write(v)));
      }
      const label = name === "x" ? "compare.axis_seconds" : "compare.axis_" + measure;
      plot.append(make("span", { class: "axis " + name }, zoo.t(label)));
    }
    plot.classList.toggle("few", points.length <= 8);
    // Those that no other beats in both: better below, sooner to the left.
    const best = points.filter(({ x, y }) => !points.some((o) => o.x <= x && o.y <= y && (o.x < x || o.y < y)));
    best.sort((a, b) => a.x - b.x);
    const line = best.map(({ x, y }) => `${at(x, across)},${100 - at(y, up)}`).join(" ");
    const svg = make("span", {});
    svg.innerHTML = `<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true"><polyline points="${line}"/></svg>`;
    plot.append(svg.firstChild);
    for (const point of points) {
      const { model, x, y } = point;
      const label = zoo.t("compare.point", { name: short(model.name), time: inWords(x), value: figure[measure](model) });
      const button = make("button", { type: "button", "data-model": model.name, "aria-label": label, title: label,
        "data-testid": "compare-point-" + model.name }, make("span", {}, short(model.name)));
      button.style.cssText = `left:${at(x, across)}%; bottom:${at(y, up)}%; --kind:${COLORS[model.kind]}`;
      button.classList.toggle("best", best.includes(point));
      button.classList.toggle("left", at(x, across) > 75);
      button.addEventListener("click", () => {
        if (!shownModels().includes(model)) setKind("all");
        look(model, part.get("cell"));
        grids[model.name].figure.scrollIntoView({ block: "nearest", behavior: zoo.still() ? "auto" : "smooth" });
      });
      plot.append(button);
    }
    showChosen();
  }

  function ticks({ low, high, log }) {
    if (log) {
      const list = [];
      for (let p = Math.floor(low); p <= high; p++) list.push(10 ** p, ...(high - low < 3 ? [3 * 10 ** p] : []));
      return list.filter((v) => Math.log10(v) >= low && Math.log10(v) <= high);
    }
    const step = [5, 10, 20, 25, 50, 100].find((s) => (high - low) / s <= 6) || 200;
    const list = [];
    for (let v = Math.ceil(low / step) * step; v <= high; v += step) list.push(v);
    return list;
  }

  /* Controls */

  function joined(host, keys, label, act, testid) {
    const buttons = keys.map((key) => {
      const button = make("button", { type: "button", "data-key": key, "data-testid": testid + key });
      if (COLORS[key]) {
        const dot = make("i", {});
        dot.style.setProperty("--kind", COLORS[key]);
        button.append(dot);
      }
      button.append(make("span", { "data-t": label + key }));
      button.addEventListener("click", () => act(key));
      return button;
    });
    find(host).append(...buttons);
  }

  joined("data", kinds, "zoo.", (data) => {
    if (data === part.get("data")) return;
    part.set({ data, model: "", cell: 0 });
    open();
  }, "compare-data-");
  joined("kinds", KINDS, "compare.only_", setKind, "compare-kind-");
  joined("measure", MEASURES, "compare.by_", (measure) => {
    part.set({ measure });
    showPlot();
  }, "compare-by-");
  find("data").hidden = kinds.length < 2;
  for (const key of SORTS) {
    find("sort").append(make("option", { value: key, "data-t": "compare.sort_" + key }));
  }
  find("sort").addEventListener("change", () => {
    part.set({ sort: find("sort").value });
    showSheets();
  });

  function setKind(kind) {
    part.set({ kind });
    pressed();
    showSheets();
  }

  function pressed() {
    for (const [host, key] of [["data", "data"], ["kinds", "kind"]]) {
      find(host).querySelectorAll("button").forEach((button) => {
        button.setAttribute("aria-pressed", button.dataset.key === part.get(key));
      });
    }
    find("sort").value = part.get("sort");
    find("seed").value = part.get("seed");
  }

  zoo.seedField(find("seed"), part, (seed) => {
    part.set({ seed });
    open();
  });
  find("random").addEventListener("click", () => {
    part.set({ seed: zoo.newSeed() });
    open();
  });
  find("reset").addEventListener("click", () => {
    part.set(part.defaults);
    open();
  });

  find("png").addEventListener("click", () => {
    const items = shownModels()
      .filter(({ name }) => taken[name])
      .map((model) => ({ canvas: grids[model.name].grid.cells, title: `${short(model.name)}   ${figure[part.get("sort")](model)}` }));
    const heading = `${zoo.t("zoo." + part.get("data"))}   ${zoo.t("zoo.seed")} ${part.get("seed")}`;
    if (items.length) zoo.savePNG(zoo.sheet(items, { columns: 4, size: 224, heading }), "genzoo-compare.png");
  });
  find("json").addEventListener("click", () => {
    const { data, seed, cell } = part.values;
    zoo.saveJSON({
      data,
      seed,
      models: models().map((model) => ({ ...model, taken: (taken[model.name] || {}).seconds })),
      chosen: { model: chosen().name, cell, log_p: believed && believed.log_p },
    }, "genzoo-compare.json");
  });

  /* All together */

  function open() {
    const known = [["data", kinds], ["kind", KINDS], ["sort", SORTS], ["measure", MEASURES]];
    for (const [key, values] of known) {
      if (!values.includes(part.get(key))) part.set({ [key]: part.defaults[key] });
    }
    zoo.sane(part, { seed: [0, zoo.MAX_SEED] });
    const cell = part.get("cell");
    if (!(Number.isInteger(cell) && cell >= 0 && cell < SIDE * SIDE)) part.set({ cell: 0 });
    for (const name of Object.keys(grids)) delete grids[name];
    pressed();
    showSheets();
    showPlot();
    ask();
    zoo.emit("compare-data", part.get("data"));
  }

  let opened = false;
  function restore() {
    if (opened) open();
  }

  zoo.translate(element);
  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    if (!opened) return;
    showValues();
    showChosen();
    showSeen();
    showPlot();
    tellProgress();
  });
  zoo.whenShown("compare", () => {
    opened = true;
    open();
  });
}
