/* Beside the map: the chosen node in full */

const sheets = new Map(); // "node seed" -> {levels, columns, n}: what was drawn stays
const drawnSheet = () => sheets.get([part.get("node"), part.get("seed")].join(" "));

/* How many pictures a sheet has: a model that is slow draws fewer. */
const countOf = (node) => [16, 8, 4][node.pace];

const openLabel = (node) => zoo.t("map.open", { tab: titleOf(node.tab) });
const titleOf = (tab) => {
  const button = document.querySelector(`[data-testid="tab-${tab}"]`);
  return button ? button.textContent : tab;
};

function showNode() {
  const node = byKey[part.get("node")];
  find("name").textContent = nameOf(node);
  find("sort").textContent = [node.year, zoo.t("map.kind_" + node.kind)].join(" · ");
  find("formula").innerHTML = FORMULAS[node.key][1];
  find("idea").textContent = zoo.t("map.idea_" + node.key);
  find("good").lastElementChild.textContent = zoo.t("map.good_" + node.key);
  find("bad").lastElementChild.textContent = zoo.t("map.bad_" + node.key);
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
  find("does").hidden = open.hidden && find("png").hidden;
  showFacts(node);
  showSheet();
}

function showFacts(node) {
  const { nll, nll_bound: bound, fid } = node.figures;
  const rows = [];
  const paper = zoo.make("a", { href: node.paper_url, target: "_blank", rel: "noopener" }, node.paper);
  rows.push(["map.paper", paper]);
  const nats = (value, sign) => `${sign}${zoo.number(value, 2)} ${zoo.t("zoo.nats")}`;
  if (nll !== undefined) rows.push(["map.nll", nats(nll, "")]);
  else if (bound !== undefined) rows.push(["map.nll", nats(bound, "≤ ")]);
  if (fid !== undefined) rows.push(["map.fid", zoo.number(fid, 2)]);
  if (node.n_parameters !== null) rows.push(["map.parameters", zoo.number(node.n_parameters)]);
  if (!node.missing) rows.push(["map.release", `${node.release}, ${zoo.t("map.data_" + node.data.split("-")[0])}`]);
  find("facts").replaceChildren(...rows.flatMap(([label, value]) => [
    zoo.make("dt", {}, zoo.t(label)), zoo.make("dd", {}, value)]));
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

find("open").addEventListener("click", () => zoo.selectTab(byKey[part.get("node")].tab));

find("png").addEventListener("click", () => {
  if (!drawnSheet()) return;
  const node = byKey[part.get("node")];
  const canvas = find("sheet");
  const picture = zoo.make("canvas", { width: 8 * canvas.width, height: 8 * canvas.height });
  const context = picture.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, 0, 0, picture.width, picture.height);
  zoo.savePNG(picture, `genzoo-map-${node.key}.png`);
});

find("json").addEventListener("click", () => {
  const drawn = drawnSheet();
  if (!drawn) return;
  const node = byKey[part.get("node")];
  const { key, year, kind, release, paper, figures } = node;
  const images = Array.from({ length: countOf(node) }, (_, k) =>
    Array.from(pictureOf(node, drawn.levels, COLUMNS, k), (level) => level / 255));
  zoo.saveJSON({ node: key, year, kind, release, paper, figures, seed: part.get("seed"), images },
    `genzoo-map-${key}.json`);
});
