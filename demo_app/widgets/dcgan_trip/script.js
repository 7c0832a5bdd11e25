// @ts-check
import { chosen, differs } from "../dcgan_sheet/script.js";
import * as zoo from "../shared/zoo.js";

const STOPS = 8; // draws on the round trip
const CELLS = 24; // pictures in the strip
const COLUMNS = 12;
const FRAMES = 960; // places of the slider, the last of which is the first

export default zoo.widget({
  name: "dcgan-trip",
  state: { seed: 1, at: 0 },
  limits: { at: [0, FRAMES] },
  setup({ element, server, part, find, change, ask, askNew }) {
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

    const askPlace = askNew(server.place, (answer, given) => {
      if (given.model !== tab.model) return;
      shown = { ...given, image: zoo.bytes(answer.image), length: answer.length };
      drawPlace();
    });

    function askAt(frame) {
      const at = (frame / FRAMES) * STOPS;
      askPlace({ model: tab.model, seed: part.get("seed"), scale: tab.scale, at });
    }

    function drawPlace() {
      if (!shown) return;
      zoo.paintInk(find("live"), shown.image);
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
      onchoose: (cell) => {
        if (!tab) return;
        player.pause();
        player.seek((cell * FRAMES) / CELLS);
      },
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

    /* Where the trip is now. */
    function mark() {
      strip.mark(Math.round((player.frame * CELLS) / FRAMES) % CELLS);
    }

    const askStops = ask(server.stops, (answer, given) => {
      if (given.model !== tab.model) return;
      stops = { ...given, strip: zoo.bytes(answer.strip), z: answer.z };
      strip.showSheet(COLUMNS * 28, (CELLS / COLUMNS) * 28, stops.strip);
      strip.cells.dataset.seed = given.seed;
    });

    // A trip that nobody sees costs the server as much as one that somebody does.
    zoo.onChange(zoo.tab, (key) => key !== "dcgan" && player.pause());
    document.addEventListener("visibilitychange", () => document.hidden && player.pause());

    zoo.follow(chosen, (now) => {
      const before = tab;
      tab = now;
      if (differs(before, tab, "model", "scale")) change({});
    });

    return {
      /* A trip under way goes on. */
      restore() {
        if (!tab) return;
        player.seek(player.playing ? player.frame : Math.round(part.get("at")));
        askStops({ model: tab.model, seed: part.get("seed"), scale: tab.scale });
      },
      reset() {
        player.pause();
        return part.defaults;
      },
      paint: drawPlace,
      words: drawPlace,
      png: () => stops && [zoo.enlarged(strip.cells, 4), "genzoo-dcgan-walk.png"],
      json() {
        if (!stops) return null;
        const { model, seed, scale, z } = stops;
        // Both rows of the strip follow each other.
        const images = z.map((_, k) => zoo.fractions(zoo.cellOf(stops.strip, COLUMNS, k)));
        return [{ model, seed, scale, z, images }, "genzoo-dcgan-walk.json"];
      },
    };
  },
});
