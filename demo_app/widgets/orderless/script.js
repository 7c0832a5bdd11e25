// @ts-check
import { drawnImage } from "../nade/script.js";
import * as zoo from "../shared/zoo.js";

const D = 784;
const SIDE = 28;
const FIRST = 300; // the test digit of the first paint: the first 3

/* Holes to begin with: is the pixel in row r, column c unknown? */
const HOLES = {
  middle: (r, c) => Math.hypot(r - 13.5, c - 13.5) < 6.5,
  top: (r) => r < 14,
  bottom: (r) => r >= 14,
  left: (_, c) => c < 14,
  right: (_, c) => c >= 14,
  grid: (r, c) => r % 3 !== 1 || c % 3 !== 1,
  all: () => true,
};

function holeOf(key) {
  const at = HOLES[key];
  return Uint8Array.from({ length: D }, (_, i) => Number(at(Math.floor(i / SIDE), i % SIDE)));
}

const same = (a, b) => a.every((value, i) => value === b[i]);

export default zoo.widget({
  name: "orderless",
  state: { image: FIRST, x: "", hole: "left", tool: "draw", brush: 3, pixel: 406, order: "random",
    count: 7, seed: 1 },
  ranges: { pixel: [0, D - 1] },
  choices: { count: [1, 7, 14], tool: ["draw", "erase"], brush: [1, 3, 5],
    order: ["random", "rows", "columns"] },
  setup({ part, server, find, ask, askNew, change }) {
    let x = null; // the image (784,), of which the hole hides some
    let p = null; // (784,), as it was answered last
    let fills = null; // {images, rank, given}
    let drawing = false;
    let playWhenDone = false;

    /* The grids. What one draws is the hole: its pixels are 1 where the image is unknown. */

    const canvas = new zoo.PixelCanvas(find("canvas"), {
      label: "orderless.canvas",
      read: readPixel,
      onpoint: (i) => !drawing && inspect(i),
      onchange: changed,
    });
    const map = new zoo.Heatmap(find("map"), { label: "orderless.map", read: readPixel, onpoint: inspect });
    const alone = new zoo.Grid(find("alone"), { label: "orderless.alone_map", onpoint: inspect });
    const grids = [canvas, map, alone];
    for (const grid of grids) {
      grid.addLayer((context, size) => zoo.outline(context, size, canvas.pixels));
    }

    canvas.surface.addEventListener("pointerdown", () => (drawing = true));
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.surface.addEventListener(name, () => (drawing = false));
    }

    const shown = (i) => canvas.pixels[i] === 0; // what is drawn is the hole

    canvas.repaint = () => x && zoo.paintRest(canvas.cells, x, shown, () => null);

    /* Every pixel of the hole from its own probability, with the same random numbers while one drags. */
    alone.repaint = () => {
      if (!p) return;
      const random = zoo.random(part.get("seed"));
      const u = p.map(() => random());
      zoo.paintRest(alone.cells, x, shown, (i) => (u[i] < p[i] ? 1 : 0));
    };

    /* Asking the server */

    const askLook = askNew(server.look, (reply) => {
      p = zoo.float32(reply.p);
      map.show(p);
      alone.repaint();
      for (const grid of grids) grid.refresh();
      showReading();
    });

    const askFills = zoo.once(zoo.newest(server.fill, (reply, given, milliseconds) => {
      if (!zoo.showStatus(find("fill-status"), reply, milliseconds)) return askFills.forget();
      fills = {
        images: reply.images.map((text) => zoo.unpackBits(text, D)),
        rank: zoo.int16(reply.rank, 1),
        given,
      };
      showFills();
    }));

    const given = () => ({ x: zoo.packBits(x), hole: zoo.packBits(canvas.pixels) });

    function fill() {
      if (!x) return;
      askFills({ ...given(), n: part.get("count"), seed: part.get("seed"), order: part.get("order") });
    }

    const fillSoon = zoo.wait(140, fill);

    /* The hole */

    function changed(pixels, finished) {
      if (x) askLook(given());
      fillSoon();
      zoo.withAnswer(canvas.refresh);
      if (!finished) return;
      const named = Object.keys(HOLES).find((key) => same(pixels, holeOf(key)));
      part.set({ hole: named || zoo.urlBits(pixels) });
      markHole(named);
    }

    const markHole = zoo.segments(find("holes"), Object.keys(HOLES), {
      choose: (key) => canvas.load(holeOf(key)),
      label: "orderless.hole_",
      testid: "orderless-hole-",
    });
    const pens = new zoo.Pens(find("pens"), canvas, {
      testid: "orderless",
      part,
      brushes: [1, 3, 5],
      words: "orderless.",
    });

    /* The image */

    const chooser = new zoo.Chooser(find("chooser"), {
      label: "zoo.digits",
      onchoose: (image) => change({ image, x: "" }),
    });
    const take = (image) => change({ x: zoo.urlBits(image) });

    find("above").addEventListener("click", () => drawnImage.value && take(drawnImage.value));

    /* Reading one pixel */

    function inspect(i) {
      if (i === null) return;
      part.set({ pixel: i });
      for (const grid of grids) grid.mark(i);
      showReading();
    }

    function readPixel(i) {
      if (!p) return "";
      if (shown(i)) return zoo.t(x[i] ? "orderless.known_ink" : "orderless.known_empty");
      return zoo.t(x[i] ? "orderless.hidden_ink" : "orderless.hidden_empty", { p: zoo.percent(p[i]) });
    }

    function showReading() {
      zoo.readAt(find("zoo-reading"), part.get("pixel"), readPixel(part.get("pixel")));
    }

    /* What fills the hole */

    find("order").addEventListener("change", () => change({ order: find("order").value }));
    find("count").addEventListener("change", () => change({ count: Number(find("count").value) }));

    const player = new zoo.Player(find("player"), { show: drawFills, seconds: 4 });
    const tiles = () => [...find("zoo-tiles").children];
    zoo.rove(find("zoo-tiles"));

    function showFills() {
      const host = find("zoo-tiles");
      const { images, rank } = fills;
      while (host.children.length > images.length) host.lastChild.remove();
      while (host.children.length < images.length) {
        const n = host.children.length;
        const button = zoo.make("button", { type: "button" },
          zoo.make("canvas", { width: SIDE, height: SIDE }));
        button.addEventListener("click", () => take(fills.images[n]));
        host.append(button);
      }
      nameFills();
      const size = rank.reduce((n, r) => n + (r >= 0), 0);
      find("nothing").hidden = size > 0;
      player.load(0, size);
      if (playWhenDone) player.play();
      playWhenDone = false;
    }

    function nameFills() {
      tiles().forEach((button, n) => {
        button.title = zoo.t("orderless.take");
        button.setAttribute("aria-label", zoo.t("orderless.take_n", { n: zoo.number(n + 1) }));
      });
    }

    function drawFills(frame) {
      if (!fills) return;
      const { images, rank } = fills;
      tiles().forEach((tile, n) => {
        const made = (i) => (rank[i] < frame ? images[n][i] : null);
        zoo.paintRest(tile.firstChild, images[n], (i) => rank[i] < 0, made);
      });
    }

    /* All together */

    function restore() {
      find("order").value = part.get("order");
      find("count").value = part.get("count");
      for (const grid of grids) grid.mark(part.get("pixel"));
      pens.show();
      if (!chooser.images) return;
      const kept = part.get("x") ? zoo.unpackBits(part.get("x"), D) : null;
      const id = chooser.nearest(part.get("image"));
      part.set(kept ? { image: id } : { image: id, x: "" });
      chooser.mark(kept ? null : id);
      x = kept || chooser.bits(id);
      const key = part.get("hole");
      const hole = (Object.hasOwn(HOLES, key) ? holeOf(key) : zoo.unpackBits(key, D)) || holeOf(part.defaults.hole);
      canvas.restore(hole);
      canvas.repaint();
      alone.repaint();
      askLook(given());
      fill();
    }

    ask(server.start, (reply) => {
      chooser.loadDigits(reply.digits, reply.labels);
      restore();
    })({});

    find("zoo-bar").style.background = zoo.gradient("cividis");
    return {
      restore,
      random() {
        playWhenDone = !zoo.still();
        return { seed: zoo.newSeed() };
      },
      words() {
        showReading();
        nameFills();
      },
      paint: () => drawFills(player.frame),
      png() {
        if (!p) return null;
        const items = [
          { canvas: canvas.cells, title: zoo.t("orderless.image") },
          { canvas: map.cells, title: zoo.t("orderless.probability") },
          { canvas: alone.cells, title: zoo.t("orderless.alone") },
          ...tiles().map((tile, n) => ({
            canvas: tile.firstChild,
            title: zoo.t("orderless.filled_n", { n: zoo.number(n + 1) }),
          })),
        ];
        const heading = zoo.t("orderless.title");
        return [zoo.sheet(items, { columns: 5, size: 224, heading }), "orderless.png"];
      },
      json() {
        if (!p || !fills) return null;
        const value = {
          model: "nade-orderless-mnist",
          address: location.href,
          pixels: [...x],
          hole: [...canvas.pixels],
          marginals: [...p].map((v) => Number(v.toFixed(5))),
          seed: fills.given.seed,
          order: fills.given.order,
          rank: [...fills.rank],
          fills: fills.images.map((image) => [...image]),
        };
        return [value, "orderless.json"];
      },
    };
  },
});
