/* What is asked for and when: one strip after the other, the models that are fast first; the sheet
   of the chosen node does not wait for them. */

const part = zoo.part("map", { node: "nade", seed: 0 }, restore);
const narrow = matchMedia("(max-width: 900px)");
let waiting = []; // keys of the nodes whose strips are not drawn yet
let asking = false;
let started = false;

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
  if (asking || !waiting.length || zoo.tab !== "map") return;
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
/* Who goes on from a slow model to a fast one does not wait for the slow one's answer. */
const askSheet = zoo.latest(server.pictures, showAnswer);
const askSlowSheet = zoo.latest(server.pictures, showAnswer);

function wantSheet() {
  const node = byKey[part.get("node")];
  if (node.missing || drawnSheet()) return;
  (node.pace ? askSlowSheet : askSheet)({ node: node.key, n: countOf(node), seed: part.get("seed") });
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
  drawEdges();
});

function drawAll() {
  find("seed").value = part.get("seed");
  const isDrawn = ({ key }) => cells[key].button.dataset.seed === String(part.get("seed"));
  const drawing = nodes.filter((node) => !node.missing && !isDrawn(node));
  waiting = drawing.sort((a, b) => a.pace - b.pace).map((node) => node.key);
  choose(part.get("node"));
  nextStrip();
}

function fromSeed(seed) {
  part.set({ seed });
  zoo.sane(part, { seed: [0, zoo.MAX_SEED] });
  drawAll();
}
zoo.seedField(find("seed"), part, fromSeed);
find("random").addEventListener("click", () => fromSeed(zoo.newSeed()));
find("reset").addEventListener("click", () => {
  part.set(part.defaults);
  drawAll();
});
find("tour").addEventListener("click", () => zoo.emit("take-tour", find("tour")));

function open() {
  if (!(part.get("node") in byKey)) part.set({ node: part.defaults.node });
  fromSeed(part.get("seed"));
}

function restore() {
  if (started) open();
}

new ResizeObserver(drawEdges).observe(find("figure"));

zoo.on("language", () => {
  zoo.translate(element);
  nameNodes();
  showNode();
});
zoo.on("theme", () => {
  Object.entries(cells).forEach(([key, { levels }]) => levels && paintStrip(key, levels));
  if (started) showSheet();
});
zoo.on("tab", nextStrip);
zoo.translate(element);
nameNodes();
zoo.whenShown("map", () => {
  started = true;
  open();
});
