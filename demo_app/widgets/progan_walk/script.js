// @ts-check
import { chosen, paintFace } from "../progan_stages/script.js";
import * as zoo from "../shared/zoo.js";

const STOPS = 8; // draws on the walk
const FRAMES = 960; // places of the slider, the last of which is the first

export default zoo.widget({
  name: "progan-walk",
  state: { seed: 5, at: 0 },
  limits: { at: [0, FRAMES] },
  setup({ server, part, find, askNew }) {
    let tab = null; // what the part above is at
    let shown = null; // the last answer, and what it was asked for

    const player = new zoo.Player(find("player"), {
      seconds: 24,
      stride: FRAMES / STOPS,
      round: true,
      show: (frame) => {
        // A walk under way would write its address for ever.
        if (!player.playing) part.set({ at: frame });
        askAt(frame);
      },
    });
    player.span(0, FRAMES);
    player.toggleButton.addEventListener("click", () => part.set({ at: player.frame }));
    zoo.slide(player.scrubber, (frame) => tab && askAt(frame));

    const askPlace = askNew(server.walk, (answer, given) => {
      shown = { ...given, ...answer };
      paintFace(find("live"), answer);
      const { seed, at, level, truncation } = given;
      find("live").dataset.shown = [seed, at, level, truncation].join(" ");
      zoo.afterFrame(read);
    });

    function askAt(frame) {
      askPlace({ seed: part.get("seed"), at: (frame / FRAMES) * STOPS, ...tab });
    }

    function read() {
      if (!shown) return;
      const from = Math.floor(shown.at) % STOPS;
      find("place").textContent = zoo.t("progan.walk_place", {
        from: from + 1,
        to: ((from + 1) % STOPS) + 1,
        t: zoo.number(shown.at - Math.floor(shown.at), 2),
      });
      player.scrubber.setAttribute("aria-valuetext", find("place").textContent);
    }

    // A walk that nobody sees costs the server as much as one that somebody does.
    zoo.onChange(zoo.tab, (key) => key !== "progan" && player.pause());
    document.addEventListener("visibilitychange", () => document.hidden && player.pause());

    zoo.follow(chosen, (now) => {
      tab = now;
      if (tab) askAt(player.playing ? player.frame : Math.round(part.get("at")));
    });

    return {
      /* A walk under way goes on. */
      restore() {
        if (tab) player.seek(player.playing ? player.frame : Math.round(part.get("at")));
      },
      reset() {
        player.pause();
        return part.defaults;
      },
      words: read,
      png: () => shown && [zoo.enlarged(find("live"), 512 / shown.side), "genzoo-progan-walk.png"],
      json() {
        if (!shown) return null;
        const { seed, at, level, truncation, image } = shown;
        return [{ model: "progan-avatars", seed, at, level, truncation, image: zoo.fractions(zoo.bytes(image)) },
          "genzoo-progan-walk.json"];
      },
    };
  },
});
