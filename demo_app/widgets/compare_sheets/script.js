// @ts-check
import * as zoo from "../shared/zoo.js";
import { COLORS, fidInWords, inWords, likelihood, likelihoodInWords, sought } from "./models.js";

const SIDE = 8;
const AT_ONCE = 2; // sheets that are asked for at once
const KINDS = ["all", "tractable", "approximate", "implicit"];
const SORTS = ["family", "likelihood", "fid", "seconds", "parameters"];
const NAMES = { nll: "NLL", nll_bound: "NLL", fid: "FID" }; // of figures that may miss a target

/* What a class is called. */
const CLASSES = {
  digit: (label) => zoo.t("zoo.digit", { digit: label }),
  clothes: (label) => zoo.t("zoo.clothes_" + label),
};

export default zoo.widget({
  name: "compare",
  state: ([{ data }]) => ({ data, kind: "all", sort: "family", seed: 0, model: "", cell: 0 }),
  ranges: { cell: [0, SIDE * SIDE - 1] },
  choices: (sets) => ({ data: sets.map(({ data }) => data), kind: KINDS, sort: SORTS }),
  setup({ element, props, server, part, find, change }) {
    // By name: {shape, levels, labels, attributes, kept, k, models}, as the server describes each.
    const sets = Object.fromEntries(props.data.map((set) => [set.data, set]));
    const kinds = Object.keys(sets);
    const set = () => sets[part.get("data")];
    const models = () => set().models;
    const isOfData = (name) => models().some((model) => model.name === name);
    const believers = () => models().filter(({ believes }) => believes);
    const chosen = () => models().find(({ name }) => name === part.get("model")) || shownModels()[0] || models()[0];
    /* A release without the data set in its name. */
    const short = (name) => name.replace("-" + part.get("data"), "");

    /* Figures */

    const seconds = (model) => model.figures.seconds_64 ?? taken[model.name]?.seconds;
    const figure = {
      family: (model) => zoo.t("compare.kind_" + model.kind),
      likelihood: likelihoodInWords,
      fid: fidInWords,
      seconds: (model) => inWords(seconds(model)),
      parameters: ({ n_parameters }) => zoo.compact(n_parameters),
    };
    const rank = {
      family: () => 0,
      likelihood,
      fid: ({ figures }) => figures.fid,
      seconds,
      parameters: ({ n_parameters }) => n_parameters,
    };

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
      const host = zoo.make("div", { "data-testid": "compare-sheet-" + model.name });
      const dot = zoo.make("i", { class: "zoo-dot" });
      const value = zoo.make("span", { class: "value" });
      const before = zoo.make("span", { class: "before" });
      const name = zoo.showName(zoo.make("span", { class: "name" }), short(model.name));
      name.prepend(dot);
      const figure = zoo.make("figure", { "data-model": model.name }, host, zoo.make("figcaption", {}, name, value), before);
      figure.style.setProperty("--kind", COLORS[model.kind]);
      const grid = new zoo.Grid(host, {
        columns: SIDE,
        rows: SIDE,
        label: "compare.sheet_label",
        of: model.name,
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

    /* Whether the figure by which the models are sorted misses a target. */
    function missesTarget({ missed }) {
      const names = { fid: ["fid"], likelihood: ["nll", "nll_bound"] }[part.get("sort")] || [];
      return names.some((name) => Object.hasOwn(missed, name));
    }

    function showValues() {
      for (const model of shownModels()) {
        const { value, before } = grids[model.name];
        value.textContent = figure[part.get("sort")](model);
        const kept = taken[model.name];
        const time = model.before
          ? zoo.t("compare.before", { time: inWords(model.figures.seconds_64) })
          : kept && part.get("sort") !== "seconds" ? zoo.t("compare.took", { time: inWords(kept.seconds) }) : "\u00a0";
        const kind = model.shown !== "samples" && zoo.t("compare.shown_" + model.shown);
        const untrained = part.get("sort") === "likelihood" && model.kind === "implicit" && likelihood(model) !== undefined;
        const words = [kind, untrained && zoo.t("zoo.untrained"), missesTarget(model) && zoo.t("zoo.target_missed"), (model.before || !missesTarget(model)) && time];
        before.textContent = words.filter(Boolean).join(" · ");
      }
    }

    function askSheets() {
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
      const answer = await zoo.answerOf(server.sheet, { model: model.name, seed: part.get("seed") });
      if (of !== round) return;
      if (answer.ok) {
        taken[model.name] = { seconds: answer.seconds, seed: answer.seed, images: zoo.bytes(answer.images) };
        if (!grids[model.name]) grids[model.name] = sheetOf(model);
        const { grid } = grids[model.name];
        const [channels, height, width] = set().shape;
        grid.showSheet(SIDE * width, SIDE * height, taken[model.name].images, channels);
        grid.cells.dataset.seed = answer.seed;
        if (part.get("sort") === "seconds" && model.figures.seconds_64 === undefined) showSheets();
        else showValues();
        if (model === chosen()) look(model, part.get("cell"));
      }
      tellProgress(answer);
      next(of);
    }

    function tellProgress(answer) {
      const done = Object.keys(taken).length;
      const failed = answer && !answer.ok;
      find("state").closest(".zoo-status").classList.toggle("zoo-bad", Boolean(failed));
      if (failed) asked = ""; // the next change asks again
      if (failed) find("state").textContent = answer.error;
      else if (done < models().length) {
        find("state").textContent = zoo.t("compare.progress", { done: zoo.number(done), all: zoo.number(models().length) });
      } else if (done) {
        const drawn = models().filter(({ before }) => !before);
        const sum = drawn.reduce((total, { name }) => total + taken[name].seconds, 0);
        find("state").textContent = zoo.t("compare.done", { all: zoo.number(done), time: inWords(sum) });
      }
      element.dataset.sheets = String(done);
    }

    /* One picture, closely */

    let seen = null; // {model, cell, answer}

    function look(model, cell) {
      part.set({ model: model.name, cell });
      // What is nearest to another picture is not shown beside this one.
      if (seen && (seen.model !== model.name || seen.cell !== cell || seen.seed !== part.get("seed"))) {
        seen = null;
        showSeen();
      }
      showChosen();
      const kept = taken[model.name];
      if (kept) {
        const { shape } = set();
        const image = zoo.cellOf(kept.images, SIDE, cell, shape[2], shape[0]);
        zoo.paintPicture(find("one"), image, shape);
        find("one").dataset.shown = model.name + " " + cell;
      }
      const given = { model: model.name, cell, seed: part.get("seed") };
      askLook(given);
      if (believers().length) askBelieved(given);
    }

    const askLook = zoo.latest(server.look, (answer, given) => {
      const isChosen = given.model === part.get("model") && given.cell === part.get("cell");
      if (!isChosen || given.seed !== part.get("seed")) return; // of another picture
      if (!answer.ok) return zoo.showStatus(find("state"), answer); // else it tells of the sheets
      seen = { ...given, ...answer };
      zoo.paintPicture(find("near"), zoo.bytes(answer.nearest), set().shape);
      find("near").dataset.shown = given.model + " " + given.cell;
      showSeen();
    });

    const askBelieved = zoo.latest(server.believed, (answer, given) => {
      if (answer.ok && isOfData(given.model)) showBelieved(answer.log_p, given.model);
    });

    function showSeen() {
      const { labels, attributes, kept } = set();
      find("attributes").hidden = !attributes;
      find("about").textContent = "";
      find("attributes").replaceChildren();
      if (!seen) {
        const near = find("near");
        near.getContext("2d").clearRect(0, 0, near.width, near.height);
        delete near.dataset.shown;
        return;
      }
      const distance = zoo.number(seen.distance, 1);
      const near = attributes
        ? zoo.t("compare.nearest_distance", { distance })
        : zoo.t("compare.nearest_about", { name: CLASSES[labels](seen.label), distance });
      find("about").textContent = [near, zoo.t("compare.kept_" + kept)].join(" ");
      const values = Object.entries(attributes || {}).map(([name, values], k) =>
        [zoo.t("avatars." + name), zoo.t(`avatars.${name}_${values[seen.label[k]]}`)]);
      find("attributes").replaceChildren(...values.map(([name, value]) =>
        zoo.make("div", {}, zoo.make("dt", {}, name), zoo.make("dd", {}, value))));
      said([near, ...values.map((pair) => pair.join(": "))].join(" "));
    }

    const said = zoo.wait(500, (sentence) => (find("said").textContent = sentence));

    let believed = null; // {log_p, model}
    function showBelieved(log_p, model) {
      believed = { log_p, model };
      const list = Object.entries(log_p).sort(([, a], [, b]) => b - a);
      const values = list.map(([, nats]) => nats);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const bound = Object.fromEntries(models().map((each) => [each.name, each.kind === "approximate"]));
      find("bars").replaceChildren(
        ...list.map(([name, nats]) => {
          const track = zoo.make("span", { class: "zoo-track" });
          track.style.setProperty("--share", String(high > low ? 0.04 + (0.96 * (nats - low)) / (high - low) : 1));
          const number = (bound[name] ? "\u2265 " : "") + zoo.number(nats, 0);
          const row = zoo.make("li", { "data-model": name }, zoo.showName(zoo.make("span", { class: "name" }), short(name)), track,
            zoo.make("span", { class: "number" }, number));
          row.classList.toggle("own", name === model);
          return row;
        })
      );
      find("bars").dataset.shown = model + " " + part.get("cell");
    }

    /* How far a model's samples are from test images, or what stands for p(x | z). */
    function distancesOf(figures, kind) {
      const of = (name) => figures[name.replace("*", kind === "samples" ? "" : "_shown")];
      const percent = (v) => zoo.percent(v / 100);
      const [fid, reference] = [of("fid*"), of("fid*_train_reference")];
      if (fid === undefined) return "";
      const distances = [reference === undefined
        ? zoo.t("compare.fid", { fid: zoo.number(fid, 2) })
        : zoo.t("compare.fid_reference", { fid: zoo.number(fid, 2), reference: zoo.number(reference, 2) })];
      if (of("precision*") !== undefined) {
        distances.push(zoo.t("compare.coverage", { precision: percent(of("precision*")), recall: percent(of("recall*")) }));
      }
      return zoo.t("compare.of_" + kind, { distances: distances.join("; ") });
    }

    function showChosen() {
      const model = chosen();
      if (!model) return;
      for (const [name, { figure, grid }] of Object.entries(grids)) {
        figure.classList.toggle("chosen", name === model.name);
        grid.mark(name === model.name ? part.get("cell") : null);
      }
      zoo.showName(find("who"), short(model.name));
      find("facts").textContent = zoo.t("compare.facts", {
        kind: zoo.t("compare.kind_" + model.kind),
        parameters: zoo.compact(model.n_parameters),
        images: zoo.compact(model.images_seen),
        minutes: zoo.number(Math.max(1, model.training_seconds / 60)),
      });
      // Where what is shown are no samples, it has figures of its own.
      const kinds = model.shown === "samples" ? ["samples"] : ["samples", model.shown];
      const distances = kinds.map((kind) => distancesOf(model.figures, kind)).filter(Boolean);
      find("distances").textContent = distances.join(" ");
      for (const [name, target] of Object.entries(model.missed)) {
        if (Object.hasOwn(NAMES, name)) find("distances").append(zoo.make("small", {}, `${NAMES[name]}: ${zoo.missed(target)}`));
      }
      find("paper").textContent = model.paper;
      find("paper").href = model.paper_url;
      find("go").hidden = !zoo.tabs.includes(model.tab);
    }

    find("go").addEventListener("click", () => zoo.openTab(chosen().tab));

    /* Controls */

    const pressData = zoo.segments(find("data"), kinds, {
      label: "zoo.",
      testid: "compare-data-",
      choose: (data) => data !== part.get("data") && change({ data, model: "", cell: 0 }),
    });
    const pressKind = zoo.segments(find("kinds"), KINDS, {
      testid: "compare-kind-",
      choose: setKind,
      parts(kind) {
        const dot = zoo.make("i", { class: "zoo-dot" });
        dot.style.setProperty("--kind", COLORS[kind]);
        return [...(COLORS[kind] ? [dot] : []), zoo.make("span", { "data-t": "compare.only_" + kind })];
      },
    });
    find("data").hidden = kinds.length < 2;
    for (const key of SORTS) find("sort").append(zoo.make("option", { value: key, "data-t": "compare.sort_" + key }));
    zoo.translate(find("sort"));
    find("sort").addEventListener("change", () => {
      part.set({ sort: find("sort").value });
      showSheets();
    });

    /* What is particular to the data set: which choices there are, what can be said of a picture. */
    function showData() {
      const of = (kind) => models().some((model) => kind === "all" || model.kind === kind);
      for (const button of find("kinds").children) button.disabled = !of(button.dataset.key);
      if (!of(part.get("kind"))) part.set({ kind: "all" });
      find("beliefs").hidden = !believers().length;
      if (seen && !isOfData(seen.model)) seen = null;
      if (believed && !isOfData(believed.model)) believed = null;
      const bound = believers().some(({ kind }) => kind === "approximate");
      find("hint").textContent = [
        zoo.t("compare.believed_hint"),
        ...(set().levels === 2 ? [zoo.t("compare.believed_binary")] : []),
        ...(bound ? [zoo.t("compare.believed_bound", { k: set().k })] : []),
      ].join(" ");
      showSeen();
    }

    function setKind(kind) {
      part.set({ kind });
      pressKind(kind);
      showSheets();
    }

    /* In another tab nothing is drawn: what was changed there waits. */
    const isHere = () => zoo.tab.value === "compare";
    let asked = ""; // data and seed of the sheets at hand
    let changed = false;
    function showAll() {
      changed = !isHere();
      if (changed) return;
      const question = `${part.get("data")} ${part.get("seed")}`;
      const other = question !== asked;
      asked = question;
      if (other) for (const name of Object.keys(grids)) delete grids[name];
      showData();
      pressData(part.get("data"));
      pressKind(part.get("kind"));
      find("sort").value = part.get("sort");
      showSheets();
      if (other) askSheets();
      else look(chosen(), part.get("cell"));
    }
    zoo.onChange(zoo.tab, () => changed && isHere() && showAll());
    zoo.follow(sought, (name) => {
      sought.value = null;
      const isShown = shownModels().some((model) => model.name === name);
      part.set(isShown ? { model: name } : { model: name, kind: "all" });
      showAll();
      // The tab begins at its top, and goes on from there.
      setTimeout(() => grids[name]?.figure.scrollIntoView({ block: "center" }));
    });

    return {
      restore: showAll,
      words() {
        showValues();
        showChosen();
        showData();
        tellProgress();
      },
      png() {
        const items = shownModels()
          .filter(({ name }) => taken[name])
          .map((model) => ({
            canvas: grids[model.name].grid.cells,
            title: `${short(model.name)}   ${figure[part.get("sort")](model)}`,
          }));
        const heading = `${zoo.t("zoo." + part.get("data"))}   ${zoo.t("zoo.seed")} ${part.get("seed")}`;
        return items.length ? [zoo.sheet(items, { columns: 4, size: 224, heading }), "genzoo-compare.png"] : null;
      },
      json() {
        const { data, seed, cell } = part.values;
        return [{
          data,
          seed,
          models: models().map((model) => ({ ...model, taken: taken[model.name]?.seconds })),
          chosen: { model: chosen().name, cell, log_p: believed?.log_p },
        }, "genzoo-compare.json"];
      },
    };
  },
});
