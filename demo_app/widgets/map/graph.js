const zoo = window.zoo;
const find = (name) => element.querySelector("." + name);
const { nodes, columns: COLUMNS } = props.data;
const STRIP = 3; // pictures on a node
const D = 784;

const byKey = Object.fromEntries(nodes.map((node) => [node.key, node]));
const nameOf = (node) => zoo.t("map.name_" + node.key);
const hasTab = (node) => zoo.tabs.includes(node.tab);

/* A node is not here when its release is not, or when neither it nor its tab has a thing to show. */
const isHere = (node) => !node.missing;
const sideOf = (node) => (node.color ? zoo.FACE.side : 28);

/* Levels of a node's pictures onto a canvas of theirs. */
function paintPictures(canvas, node, levels) {
  if (node.color) zoo.paintFace(canvas, levels);
  else zoo.paint(canvas, levels, { map: "ink", high: 255 });
}
const pictureOf = (node, levels, columns, k) =>
  zoo.cellOf(levels, columns, k, sideOf(node), node.color ? 3 : 1);

/* Row and column in the box of its kind, where there is room for all of them. */
const PLACES = {
  independent: [1, 1], markov: [1, 2], ar: [1, 3], fvbn: [1, 4],
  nade: [2, 4], rnade: [2, 3], orderless: [3, 4],
  row_lstm: [3, 3], diagonal_bilstm: [3, 2], transformer: [3, 1],
  vae: [3, 1],
  infogan: [1, 2], dcgan: [1, 3], gan: [1, 4], aae: [1, 5], cyclegan: [2, 4], stargan: [2, 3],
};

const comesFromAbove = (from, to) =>
  byKey[from].kind !== byKey[to].kind || PLACES[from][0] !== PLACES[to][0];

/* Nodes: a button each, over it in words what is new in it */

const cells = {};
for (const node of nodes) {
  const make = zoo.make;
  const words = make("p", { class: "new" });
  const above = node.after.some((from) => comesFromAbove(from, node.key));
  words.classList.toggle("beside", above); // the arrow passes the words
  for (const from of node.after) {
    words.append(make("span", { class: "edge" },
      make("span", { class: "from" }), make("span", { "data-t": `map.edge_${from}_${node.key}` })));
  }
  const formula = make("span", { class: "zoo-math" });
  formula.innerHTML = FORMULAS[node.key][0];
  const pictures = make("span", { class: "pictures" });
  const canvases = Array.from({ length: STRIP }, () =>
    make("canvas", { width: sideOf(node), height: sideOf(node), "aria-hidden": "true" }));
  if (!isHere(node)) pictures.append(make("span", { "data-t": "map.absent" }));
  else pictures.append(...canvases);
  const button = make("button", { type: "button", class: "node", tabindex: "-1",
    "data-key": node.key, "data-testid": "map-node-" + node.key },
    make("span", { class: "title", "data-t": "map.name_" + node.key }), formula, pictures,
    make("span", { class: "year" }, String(node.year)));
  button.classList.toggle("absent", !isHere(node));
  button.addEventListener("click", () => choose(node.key));
  const card = make("div", { class: "card" }, button);
  const cell = make("div", { class: "cell" }, words, card);
  if (isHere(node) && hasTab(node)) {
    // A short way for a pointer; the keyboard has the button beside the map.
    const link = make("button", { type: "button", class: "go", tabindex: "-1",
      "data-testid": "map-go-" + node.key }, "↗");
    link.addEventListener("click", () => zoo.selectTab(node.tab));
    card.append(link);
    button.link = link;
  }
  const [row, column] = PLACES[node.key];
  cell.style.gridArea = `${row} / ${column}`;
  element.querySelector(`.kind[data-kind="${node.kind}"]`).append(cell);
  cells[node.key] = { cell, button, canvases, words };
}

function nameNodes() {
  for (const node of nodes) {
    const { button, words } = cells[node.key];
    [...words.querySelectorAll(".from")].forEach((from, k) => {
      from.textContent = nameOf(byKey[node.after[k]]) + " → ";
    });
    const parts = [nameOf(node), node.year, zoo.t("map.kind_" + node.kind)];
    if (!isHere(node)) parts.push(zoo.t("map.absent"));
    words.querySelectorAll(".edge").forEach((edge) => parts.push(edge.textContent));
    button.setAttribute("aria-label", parts.join(", "));
    if (!button.link) continue;
    button.link.title = openLabel(node);
    button.link.setAttribute("aria-label", button.link.title);
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
    button.setAttribute("aria-pressed", node.key === key);
    button.tabIndex = node.key === key ? 0 : -1;
  }
  drawEdges();
}

/* Arrow keys go to the nearest node that lies that way on the screen. */

const center = (box) => [box.left + box.width / 2, box.top + box.height / 2];

find("figure").addEventListener("keydown", (event) => {
  const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
  const from = document.activeElement.closest(".node");
  if (!from || event.altKey || event.ctrlKey || event.metaKey) return;
  let next = null;
  if (event.key === "Home") next = nodes[0].key;
  else if (event.key === "End") next = nodes.at(-1).key;
  else if (way) {
    const [x, y] = center(from.getBoundingClientRect());
    let least = Infinity;
    for (const { key } of nodes) {
      const [nextX, nextY] = center(cells[key].button.getBoundingClientRect());
      const along = (nextX - x) * way[0] + (nextY - y) * way[1];
      const aside = Math.abs((nextX - x) * way[1]) + Math.abs((nextY - y) * way[0]);
      if (along > 10 && along + 3 * aside < least) [least, next] = [along + 3 * aside, key];
    }
  } else return;
  event.preventDefault();
  if (next === null) return;
  from.tabIndex = -1;
  cells[next].button.tabIndex = 0;
  cells[next].button.focus();
});

/* Arrows from node to node, where the boxes have room for them; in a list the words say it. */

function drawEdges() {
  const figure = find("figure").getBoundingClientRect();
  const group = element.querySelector(".edges g");
  group.replaceChildren();
  if (!figure.width || narrow.matches) return;
  const chosen = part.get("node");
  const touches = (node, from) => node.key === chosen || from === chosen;
  const edges = nodes.flatMap((node) => node.after.map((from) => [node, from]));
  edges.sort((a, b) => touches(...a) - touches(...b)); // those that are marked lie on top
  for (const [node, from] of edges) {
    const on = touches(node, from) ? "-on" : "";
    const [a, b] = [from, node.key].map((key) => cells[key].button.getBoundingClientRect());
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    line.setAttribute("d", route(a, b, figure));
    line.setAttribute("class", "line" + on);
    line.setAttribute("marker-end", `url(#map-head${on})`);
    line.dataset.edge = from + " " + node.key;
    group.append(line);
  }
}

/* From the side that looks at the other node; downward along the left, past the words. */
function route(a, b, figure) {
  const [x, y] = [figure.left, figure.top];
  if (Math.abs(a.top - b.top) < 10) {
    const level = a.top + a.height / 2 - y;
    return b.left > a.left ? `M${a.right - x} ${level}H${b.left - x}` : `M${a.left - x} ${level}H${b.right - x}`;
  }
  const end = b.left + 14 - x;
  const start = Math.abs(a.left - b.left) < 8 ? end : a.left + 14 - x;
  const bend = a.bottom + 7 - y;
  return `M${start} ${a.bottom - y}V${bend}H${end}V${b.top - y}`;
}
