import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const find = (name) => element.querySelector("." + name);
  const STOPS = 8; // draws on the round trip
  const CELLS = 24; // pictures in the strip
  const COLUMNS = 12;
  const FRAMES = 960; // places of the slider, the last of which is the first
  const SIDE = 8;

  const part = zoo.part("dcgan-trip", { seed: 1, at: 0 }, restore);
  let tab = null; // what the sheet above is at
  let shown = null; // the last answer on a place
  let stops = null; // and on the strip

  /* A place */

  const player = new zoo.Player(find("player"), {
    seconds: 24,
    stride: FRAMES / CELLS,
    round: true,
    show: (frame) => {
      // A trip under way would write its address for ever.
      if (!player.playing) part.set({ at: frame });
      askAt(frame);
      zoo.withAnswer(mark);
    },
  });
  player.span(0, FRAMES);
  player.toggleButton.addEventListener("click", () => part.set({ at: player.frame }));
  zoo.slide(player.scrubber, (frame) => tab && askAt(frame));

  const askPlace = zoo.latest(server.place, (answer, given, total) => {
    tell(answer, total);
    if (!answer.ok) asked = null;
    else if (given.model === tab.model) {
      shown = { ...given, image: zoo.bytes(answer.image), length: answer.length };
      drawPlace();
    }
  });

  let asked = null;
  function askAt(frame) {
    const at = (frame / FRAMES) * STOPS;
    const given = { model: tab.model, seed: part.get("seed"), scale: tab.scale, at };
    const key = Object.values(given).join(" ");
    if (key !== asked) askPlace(given);
    asked = key;
  }

  function drawPlace() {
    if (!shown) return;
    zoo.paint(find("live"), shown.image, { map: "ink", high: 255 });
    Object.assign(find("live").dataset, { at: shown.at, seed: shown.seed });
    zoo.afterFrame(read);
  }

  function read() {
    const from = Math.floor(shown.at) % STOPS;
    find("place").textContent = zoo.t("dcgan.trip_place", {
      from: from + 1,
      to: ((from + 1) % STOPS) + 1,
      t: zoo.number(shown.at - Math.floor(shown.at), 2),
      length: zoo.number(shown.length, 2),
    });
    player.scrubber.setAttribute("aria-valuetext", find("place").textContent);
  }

  /* The whole trip: every third picture is a draw, those between lie on the great circle */

  const strip = new zoo.Grid(find("strip"), {
    columns: COLUMNS,
    rows: CELLS / COLUMNS,
    label: "dcgan.trip_strip",
    read: (cell) => (cell % 3 ? "" : zoo.t("dcgan.trip_stop", { n: cell / 3 + 1 })),
  });
  strip.addLayer((context, size) => {
    const inset = size > 40 ? 4 : 1;
    context.font = `700 ${size > 40 ? 11 : 9}px ${getComputedStyle(element).fontFamily}`;
    context.textBaseline = "top";
    context.textAlign = "left";
    for (let k = 0; k < STOPS; k++) {
      const [x, y] = [((3 * k) % COLUMNS) * size, Math.floor((3 * k) / COLUMNS) * size];
      context.fillStyle = zoo.token("accent");
      context.fillText(k + 1, x + inset, y + inset);
    }
  });
  strip.surface.addEventListener("click", (event) => goTo(strip.cellAt(event)));
  strip.surface.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    goTo(strip.cursor);
  });

  function goTo(cell) {
    if (cell === null || !tab) return;
    player.pause();
    player.seek((cell * FRAMES) / CELLS);
  }

  /* Where the trip is now. */
  function mark() {
    strip.mark(Math.round((player.frame * CELLS) / FRAMES) % CELLS);
  }

  const askStops = zoo.latest(server.stops, (answer, given, total) => {
    tell(answer, total);
    if (!answer.ok || given.model !== tab.model) return;
    stops = { ...given, strip: zoo.bytes(answer.strip), z: answer.z };
    strip.showSheet(COLUMNS * 28, (CELLS / COLUMNS) * 28, stops.strip);
    strip.cells.dataset.seed = given.seed;
  });

  /* Controls */

  function setSeed(seed) {
    part.set({ seed });
    if (tab) open();
  }
  zoo.seedField(find("seed"), part, setSeed);
  find("random").addEventListener("click", () => setSeed(zoo.newSeed()));
  find("reset").addEventListener("click", () => {
    player.pause();
    part.set(part.defaults);
    if (tab) open();
  });
  find("png").addEventListener("click", () => {
    if (!stops) return;
    const large = zoo.make("canvas", { width: COLUMNS * 112, height: (CELLS / COLUMNS) * 112 });
    const context = large.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(strip.cells, 0, 0, large.width, large.height);
    zoo.savePNG(large, "genzoo-dcgan-walk.png");
  });
  find("json").addEventListener("click", () => {
    if (!stops) return;
    const { model, seed, scale, z } = stops;
    // Both rows of the strip follow each other.
    const images = z.map((_, k) => {
      const row = stops.strip.subarray(Math.floor(k / COLUMNS) * COLUMNS * 784);
      return Array.from(zoo.cellOf(row, COLUMNS, k % COLUMNS), (v) => v / 255);
    });
    zoo.saveJSON({ model, seed, scale, z, images }, "genzoo-dcgan-walk.json");
  });

  /* All together */

  function tell(answer, total) {
    zoo.showStatus(find("state"), answer, total);
  }

  /* Show the state from the start, as after a reload; a trip under way goes on. */
  function open() {
    zoo.sane(part, { seed: [0, zoo.MAX_SEED] });
    find("seed").value = part.get("seed");
    player.seek(player.playing ? player.frame : Math.round(Math.max(0, Math.min(FRAMES, part.get("at")))));
    askStops({ model: tab.model, seed: part.get("seed"), scale: tab.scale });
  }

  let followed = null;
  function follow(now) {
    tab = now;
    const key = [tab.model, tab.scale].join(" ");
    if (key === followed) return;
    followed = key;
    open();
  }

  function restore() {
    if (tab) open();
  }

  // A trip that nobody sees costs the server as much as one that somebody does.
  zoo.onChange(zoo.tab, (key) => key !== "dcgan" && player.pause());
  document.addEventListener("visibilitychange", () => document.hidden && player.pause());

  zoo.on("dcgan", follow);
  if (zoo.shared.dcgan) follow(zoo.shared.dcgan);
  zoo.onChange(zoo.theme, drawPlace);
  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    drawPlace();
  });
  zoo.translate(element);
}
