/* Controls */

const chooser = new zoo.Chooser(find(".chooser"), {
  label: "zoo.digits",
  onchoose(id) {
    part.set({ image: id });
    showDigit(id);
    ask();
  },
});

function showDigit(id) {
  x = chooser.picture(id).map((level) => (level ? 1 : 0));
  byRow = {};
  peek = null;
}

const line = find(".zoo-line");
function moveLine(rows) {
  const next = Math.max(0, Math.min(SIDE, rows));
  if (next === part.get("rows")) return;
  part.set({ rows: next });
  showControls();
  ask();
}
line.addEventListener("pointerdown", (event) => {
  event.preventDefault();
  line.focus({ preventScroll: true });
  line.setPointerCapture(event.pointerId);
});
line.addEventListener("pointermove", (event) => {
  if (!line.hasPointerCapture(event.pointerId)) return;
  const box = grid.surface.getBoundingClientRect();
  moveLine(Math.round(((event.clientY - box.top) / box.height) * SIDE));
});
line.addEventListener("keydown", (event) => {
  const by = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1, PageUp: -4, PageDown: 4,
    Home: -SIDE, End: SIDE }[event.key];
  if (!by) return;
  event.preventDefault();
  moveLine(part.get("rows") + by);
});
grid.addLayer((context, size) => {
  if (part.get("mask") !== "rows") return;
  context.strokeStyle = zoo.token("accent");
  context.lineWidth = 2;
  context.stroke(zoo.staircase(size, part.get("rows") * SIDE));
});

for (const key of Object.keys(MASKS)) {
  const button = zoo.make("button", { type: "button", "data-mask": key,
    "data-t": "faceoff.mask_" + key, "data-t-title": `faceoff.mask_${key}_title`,
    "data-testid": "faceoff-mask-" + key });
  button.addEventListener("click", () => {
    part.set({ mask: key });
    showControls();
    ask();
  });
  find(".masks .zoo-joined").append(button);
}
all("[data-sort]").forEach((button) =>
  button.addEventListener("click", () => {
    part.set({ sort: button.dataset.sort });
    showControls();
    rank();
  })
);
zoo.seedField(find(".seed"), part, (seed) => {
  part.set({ seed });
  showControls();
  ask();
});
find(".random").addEventListener("click", () => {
  part.set({ seed: zoo.newSeed() });
  showControls();
  ask();
});
find(".reset").addEventListener("click", () => {
  part.set(part.defaults);
  pinned = false;
  restore();
});

function showControls() {
  for (const key of ["mask", "sort"]) {
    all(`[data-${key}]`).forEach((button) =>
      button.setAttribute("aria-pressed", button.dataset[key] === part.get(key))
    );
  }
  find(".seed").value = part.get("seed");
  const rows = part.get("rows");
  line.hidden = part.get("mask") !== "rows";
  line.style.top = (100 * rows) / SIDE + "%";
  line.setAttribute("aria-valuenow", rows);
  line.setAttribute("aria-valuetext", zoo.t("faceoff.rows_known", { rows: zoo.number(rows) }));
}

/* Saving */

function crop(draw) {
  const canvas = zoo.make("canvas", { width: SIDE, height: SIDE });
  draw(canvas);
  return canvas;
}

find(".png").addEventListener("click", () => {
  if (!x) return;
  const items = [
    { title: zoo.t("faceoff.shown_known"), canvas: crop((c) => zoo.paintRest(c, x, (i) => known[i], () => null)) },
    { title: zoo.t("faceoff.shown_true"), canvas: crop((c) => zoo.paintRest(c, x, (i) => known[i], (i) => x[i])) },
  ];
  while (items.length < count) items.push({ title: "", canvas: crop(() => {}) });
  const shown = new Set([...all(".exact .card"), ...all(".coded .card")]);
  shown.forEach((root) => {
    const card = cards.find((one) => one.root === root);
    if (!card.fresh || !card.able) return;
    const score = card.exact && card.score !== null ? `  ${zoo.number(card.score, 1)}` : "";
    for (let n = 0; n < count; n++) {
      items.push({ title: n === 0 ? card.model.name : n === 1 ? score : "",
        canvas: crop((c) => card.paint(c, n)) });
    }
  });
  const heading = `${zoo.t("faceoff.title")}   ${zoo.t("zoo.seed")} ${part.get("seed")}`;
  zoo.savePNG(zoo.sheet(items, { columns: count, size: 224, heading }), "genzoo-faceoff.png");
});

find(".json").addEventListener("click", () => {
  if (!x) return;
  const entries = cards.filter((card) => card.able).map((card) => ({
    model: card.model.name,
    kind: card.model.kind,
    log_prob: card.exact ? card.score : null,
    images: card.fresh
      ? Array.from({ length: count }, (_, n) => Array.from(x, (_, i) => card.made(n, i)))
      : null,
  }));
  zoo.saveJSON(
    { address: location.href, digit: Math.floor(part.get("image") / 100), pixels: [...x],
      known: [...known], seed: part.get("seed"), models: entries },
    "genzoo-faceoff.json"
  );
});

/* All together */

function name() {
  cards.forEach((card) => {
    card.name.title = zoo.t("faceoff.open", { model: card.model.name });
    if (card.answer) {
      card.time.textContent = zoo.t("faceoff.seconds", { s: zoo.number(card.answer.ms / 1000, 2) });
    }
  });
}

function restore() {
  zoo.sane(
    part,
    { image: [0, 999], rows: [0, SIDE], seed: [0, zoo.MAX_SEED] },
    { mask: Object.keys(MASKS), sort: ["score", "name"] }
  );
  showControls();
  if (!chooser.images) return;
  const id = chooser.nearest(part.get("image"));
  chooser.mark(id);
  showDigit(id);
  ask();
}

zoo.on("language", () => {
  zoo.translate(element);
  showControls();
  showPicture();
  name();
  rank();
});
zoo.on("theme", () => cards.forEach((card) => card.repaint()));
zoo.translate(element);
find(".coding").hidden = cards.every((card) => card.exact);
name();
showControls();

zoo.whenSeen(element, () => {
  const begin = zoo.latest(
    () => server.start({}),
    (reply, given, milliseconds) => {
      if (!zoo.showStatus(find(".state"), reply, milliseconds)) return;
      const levels = new Uint8Array(reply.digits.length * D);
      reply.digits.forEach((text, n) =>
        levels.set(zoo.unpackBits(text, D).map((bit) => 255 * bit), n * D)
      );
      chooser.load(levels, reply.labels, (c) => zoo.t("zoo.digit", { digit: c }));
      restore();
    }
  );
  begin({});
});
