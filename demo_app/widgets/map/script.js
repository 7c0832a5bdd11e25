// @ts-check
import * as zoo from "../shared/zoo.js";
import { tourStarter } from "../tour/script.js";
import { drawEdges, nearest } from "./graph.js";

const STRIP = 3; // pictures on a node

const said = (words) => words[zoo.language.value]; // of a model's card
const sideOf = (node) => (node.color ? zoo.FACE.side : 28);

/* Levels of a node's pictures onto a canvas of theirs. */
function paintPictures(canvas, node, levels) {
  if (node.color) zoo.paintFace(canvas, levels);
  else zoo.paint(canvas, levels, { map: "ink", high: 255 });
}
const pictureOf = (node, levels, columns, k) =>
  zoo.cellOf(levels, columns, k, sideOf(node), node.color ? 3 : 1);

export default zoo.widget({
  name: "map",
  state: { node: "nade", seed: 0 },
  choices: ({ nodes }) => ({ node: nodes.map(({ key }) => key) }),
  setup({ element, props, server, part, find }) {
    const { nodes, columns: COLUMNS } = props.data;

    const byKey = Object.fromEntries(nodes.map((node) => [node.key, node]));
    const nameOf = (node) => said(node.title);
    const hasTab = (node) => zoo.tabs.includes(node.tab);

    /* A node is not here when its release is not, or when neither it nor its tab has a thing to show. */
    const isHere = (node) => !node.missing;
    const comesFromAbove = (from, to) =>
      byKey[from].kind !== byKey[to].kind || byKey[from].place[0] !== byKey[to].place[0];

    /* Nodes: a button each, over it in words what is new in it */

    const cells = {};
    for (const node of nodes) {
      const words = zoo.make("p", { class: "new" });
      const above = node.after.some((from) => comesFromAbove(from, node.key));
      words.classList.toggle("beside", above); // the arrow passes the words
      for (const from of node.after) {
        words.append(zoo.make("span", { class: "edge" },
          zoo.make("span", { class: "from", "data-key": from }), zoo.make("span")));
      }
      const formula = zoo.make("span", { class: "zoo-math" });
      formula.innerHTML = node.formula.short;
      const pictures = zoo.make("span", { class: "pictures" });
      const canvases = Array.from({ length: STRIP }, () =>
        zoo.make("canvas", { width: sideOf(node), height: sideOf(node), "aria-hidden": "true" }));
      if (!isHere(node)) pictures.append(zoo.make("span", { "data-t": "map.absent" }));
      else pictures.append(...canvases);
      const button = zoo.make("button", { type: "button", class: "node", tabindex: "-1",
        "data-key": node.key, "data-testid": "map-node-" + node.key },
        zoo.make("span", { class: "title" }), formula, pictures,
        zoo.make("span", { class: "year" }, String(node.year)), zoo.make("span", { class: "zoo-hidden rest" }));
      button.classList.toggle("absent", !isHere(node));
      button.addEventListener("click", () => choose(node.key));
      const card = zoo.make("div", { class: "card" }, button);
      const cell = zoo.make("div", { class: "cell" }, words, card);
      let link = null;
      if (isHere(node) && hasTab(node)) {
        // A short way for a pointer; the keyboard has the button beside the map.
        link = zoo.make("button", { type: "button", class: "go", tabindex: "-1",
          "data-testid": "map-go-" + node.key }, "↗");
        link.addEventListener("click", () => zoo.openTab(node.tab));
        card.append(link);
      }
      const [row, column] = node.place;
      cell.style.gridArea = `${row} / ${column}`;
      element.querySelector(`.kind[data-kind="${node.kind}"]`).append(cell);
      cells[node.key] = { cell, button, link, canvases, words };
    }

    function nameNodes() {
      for (const node of nodes) {
        const { button, link, words } = cells[node.key];
        button.querySelector(".title").textContent = nameOf(node);
        for (const from of words.querySelectorAll(".from")) {
          from.textContent = nameOf(byKey[from.dataset.key]) + " → ";
          from.nextElementSibling.textContent = said(node.news[from.dataset.key]);
        }
        // To those who do not see where it stands.
        const rest = [zoo.t("map.kind_" + node.kind), ...[...words.querySelectorAll(".edge")].map((edge) => edge.textContent)];
        button.querySelector(".rest").textContent = ", " + rest.join(", ");
        if (!link) continue;
        link.title = openLabel(node);
        link.setAttribute("aria-label", link.title);
      }
    }

    function paintStrip(key, levels) {
      cells[key].levels = levels; // to be painted again in another theme
      cells[key].canvases.forEach((canvas, k) =>
        paintPictures(canvas, byKey[key], pictureOf(byKey[key], levels, STRIP, k)));
    }

    function markNode(key) {
      for (const node of nodes) {
        const { button } = cells[node.key];
        button.setAttribute("aria-pressed", String(node.key === key));
        button.tabIndex = node.key === key ? 0 : -1;
      }
      showEdges();
    }

    /* Arrow keys go to the nearest node that lies that way on the screen. */
    find("figure").addEventListener("keydown", (event) => {
      const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
      /** @type {HTMLElement | null} */
      const from = document.activeElement.closest(".node");
      if (!from || event.altKey || event.ctrlKey || event.metaKey) return;
      let next = null;
      if (event.key === "Home") next = nodes[0].key;
      else if (event.key === "End") next = nodes.at(-1).key;
      else if (way) next = nearest(from, way, nodes.map(({ key }) => cells[key].button))?.dataset.key;
      else return;
      event.preventDefault();
      if (!next) return;
      from.tabIndex = -1;
      cells[next].button.tabIndex = 0;
      cells[next].button.focus();
    });

    /* Arrows from node to node, where the boxes have room for them; in a list the words say it. */
    function showEdges() {
      const chosen = part.get("node");
      const edges = nodes.flatMap((node) => node.after.map((from) => ({ from, to: node.key })));
      drawEdges(find("figure"), narrow.matches ? [] : edges, {
        on: ({ from, to }) => to === chosen || from === chosen,
        nodeOf: (key) => cells[key].button,
      });
    }

    /* Beside the map: the chosen node in full */

    const sheets = new Map(); // "node seed" -> {levels, columns, n}: what was drawn stays
    const drawnSheet = () => sheets.get([part.get("node"), part.get("seed")].join(" "));

    /* How many pictures a sheet has: a model that is slow draws fewer. */
    const countOf = (node) => [16, 8, 4][node.pace];

    const openLabel = (node) => zoo.t("map.open", { tab: zoo.t(node.tab + ".tab") });

    function showNode() {
      const node = byKey[part.get("node")];
      find("name").textContent = nameOf(node);
      find("sort").textContent = [node.year, zoo.t("map.kind_" + node.kind)].join(" · ");
      find("formula").innerHTML = node.formula.full;
      find("idea").textContent = said(node.idea);
      find("good").lastElementChild.textContent = said(node.good);
      find("bad").lastElementChild.textContent = said(node.bad);
      find("about").dataset.node = node.key;
      find("missing").hidden = !node.missing;
      if (node.missing) {
        find("missing").firstElementChild.textContent = zoo.t("map.missing");
        find("missing").lastElementChild.textContent = node.missing.command;
      }
      const open = find("open");
      open.hidden = !hasTab(node);
      open.textContent = openLabel(node);
      for (const name of ["png", "json", "drawn"]) find(name).hidden = Boolean(node.missing);
      open.parentElement.hidden = open.hidden;
      showFacts(node);
      showSheet();
    }

    function showFacts(node) {
      const { nll, nll_bound: bound, fid, fid_train_reference: reference } = node.figures;
      const data = node.data.split("-")[0];
      const rows = [];
      const row = (label, value, figure, ...notes) => rows.push({ label, value, figure, notes });
      const paper = zoo.make("a", { href: node.paper_url, target: "_blank", rel: "noopener" }, node.paper);
      row(zoo.t("map.paper"), paper);
      const nats = (value, sign) => `${sign}${zoo.number(value, 2)} ${zoo.t("zoo.nats")}`;
      const likelihood = (figure) =>
        zoo.t("map.nll", { of: zoo.t(`map.nll_${node.of[figure]}`, { data: zoo.t("map.data_" + data) }) });
      if (nll !== undefined) row(likelihood("nll"), nats(nll, ""), "nll");
      else if (bound !== undefined) {
        const untrained = node.kind === "implicit"; // any q(z | x) with a density gives a bound
        const how = zoo.t("map.bound_" + (untrained ? "approximate" : node.kind));
        row(likelihood("nll_bound"), nats(bound, "≤ "), "nll_bound", how, ...(untrained ? [zoo.t("zoo.untrained")] : []));
      }
      if (fid !== undefined) {
        const of = { of: zoo.t("map.fid_" + node.of.fid), judge: zoo.t("map.judge_" + data) };
        const beside = reference === undefined ? []
          : [zoo.t("map.fid_reference", { reference: zoo.number(reference, 2) })];
        row(zoo.t("map.fid", of), zoo.number(fid, 2), "fid", ...beside);
      }
      if (node.n_parameters !== null) row(zoo.t("map.parameters"), zoo.number(node.n_parameters));
      if (!node.missing) row(zoo.t("map.release"), `${node.release}, ${zoo.t("map.data_" + data)}`);
      const small = (words) => zoo.make("small", {}, words);
      const missed = (figure) => node.missed[figure] ? [small(zoo.missed(node.missed[figure]))] : [];
      find("facts").replaceChildren(...rows.flatMap(({ label, value, figure, notes }) => [
        zoo.make("dt", {}, label), zoo.make("dd", {}, value, ...notes.map(small), ...missed(figure))]));
    }

    /* The pictures that are there, or what they wait for. */
    function showSheet() {
      const node = byKey[part.get("node")];
      if (node.missing) return;
      const n = countOf(node);
      const canvas = find("sheet");
      canvas.width = sideOf(node) * COLUMNS;
      canvas.height = sideOf(node) * (n / COLUMNS);
      canvas.style.aspectRatio = `${COLUMNS} / ${n / COLUMNS}`;
      canvas.setAttribute("aria-label", zoo.t("map.sheet_label", { n: zoo.number(n), name: nameOf(node) }));
      const drawn = drawnSheet();
      if (drawn) paintPictures(canvas, node, drawn.levels);
      canvas.dataset.shown = drawn ? [node.key, part.get("seed")].join(" ") : "";
      find("waiting").textContent = drawn ? "" : zoo.t(node.pace ? "map.drawing_slowly" : "map.drawing");
    }

    find("open").addEventListener("click", () => zoo.openTab(byKey[part.get("node")].tab));

    /* What is asked for and when: one strip after the other, the models that are fast first; the sheet
       of the chosen node does not wait for them. */

    const narrow = matchMedia("(max-width: 900px)");
    let waiting = []; // keys of the nodes whose strips are not drawn yet
    let asking = false;

    const askStrip = zoo.latest(server.pictures, (answer, given) => {
      asking = false;
      if (!answer.ok) zoo.showStatus(find("state"), answer);
      else if (given.seed === part.get("seed")) {
        paintStrip(given.node, zoo.bytes(answer.sheet));
        cells[given.node].button.dataset.seed = given.seed;
      }
      nextStrip();
    });

    function nextStrip() {
      // In another tab the server is that tab's.
      if (asking || !waiting.length || zoo.tab.value !== "map") return;
      asking = true;
      askStrip({ node: waiting.shift(), n: STRIP, seed: part.get("seed") });
    }

    const showAnswer = (answer, given, total) => {
      const chosen = given.node === part.get("node") && given.seed === part.get("seed");
      if (answer.ok) sheets.set([given.node, given.seed].join(" "), { levels: zoo.bytes(answer.sheet) });
      if (!chosen) return;
      zoo.showStatus(find("state"), answer, total);
      if (answer.ok) showSheet();
      else find("waiting").textContent = "";
    };
    // Who goes on from a slow model to a fast one does not wait for the slow one's answer.
    const askSheet = zoo.newest(server.pictures, showAnswer);

    function wantSheet() {
      const node = byKey[part.get("node")];
      if (node.missing || drawnSheet()) return;
      askSheet({ node: node.key, n: countOf(node), seed: part.get("seed") });
    }

    function choose(key) {
      part.set({ node: key });
      markNode(key);
      placePanel();
      showNode();
      wantSheet();
    }

    /* In a list, what is said of a node comes after it. */
    function placePanel() {
      if (narrow.matches) cells[part.get("node")].cell.append(find("about"));
      else find("layout").append(find("about"));
    }
    narrow.addEventListener("change", () => {
      placePanel();
      showEdges();
    });

    find("tour").addEventListener("click", () => (tourStarter.value = find("tour")));
    new ResizeObserver(showEdges).observe(find("figure"));
    zoo.onChange(zoo.tab, nextStrip);
    nameNodes();

    return {
      restore() {
        const isDrawn = ({ key }) => cells[key].button.dataset.seed === String(part.get("seed"));
        const drawing = nodes.filter((node) => !node.missing && !isDrawn(node));
        waiting = drawing.sort((a, b) => a.pace - b.pace).map((node) => node.key);
        choose(part.get("node"));
        nextStrip();
      },
      words() {
        nameNodes();
        showNode();
      },
      paint() {
        for (const [key, { levels }] of Object.entries(cells)) if (levels) paintStrip(key, levels);
        showSheet();
      },
      png() {
        if (!drawnSheet()) return null;
        const canvas = find("sheet");
        const picture = zoo.make("canvas", { width: 8 * canvas.width, height: 8 * canvas.height });
        const context = picture.getContext("2d");
        context.imageSmoothingEnabled = false;
        context.drawImage(canvas, 0, 0, picture.width, picture.height);
        return [picture, `genzoo-map-${part.get("node")}.png`];
      },
      json() {
        const drawn = drawnSheet();
        if (!drawn) return null;
        const node = byKey[part.get("node")];
        const { key, year, kind, release, paper, figures, of, missed } = node;
        const images = Array.from({ length: countOf(node) }, (_, k) =>
          Array.from(pictureOf(node, drawn.levels, COLUMNS, k), (level) => level / 255));
        const seed = part.get("seed");
        return [{ node: key, year, kind, release, paper, figures, of, missed, seed, images },
          `genzoo-map-${key}.json`];
      },
    };
  },
});
