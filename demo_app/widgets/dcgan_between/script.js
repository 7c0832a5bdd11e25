// @ts-check
import { chosen, differs, lengthOf } from "../dcgan_sheet/script.js";
import * as zoo from "../shared/zoo.js";

const SIDE = 8;
const KEYS = 11; // pictures in a strip
const FRAMES = 200; // places of the slider
const WAYS = ["spherical", "straight"];
const BAND = [6.38, 9.65]; // of |z|: 98 % of draws in 64 dimensions

/* The share of draws of N(0, I) in 64 dimensions that are shorter: |z|^2 is chi-squared. */
function shareShorter(r) {
  const half = (r * r) / 2;
  let term = Math.exp(-half);
  let sum = 0;
  for (let k = 0; k < 32; k++) {
    sum += term;
    term *= half / (k + 1);
  }
  return Math.max(0, 1 - sum);
}

/* The ends are draws, as zoo.drawsText writes them; none in the address are the model's own. */
export default zoo.widget({
  name: "dcgan-between",
  state: { a: "", b: "", t: 0.5 },
  limits: { t: [0, 1] },
  setup({ server, part, find, change, ask, askNew, say }) {
    let tab = null; // what the sheet above is at
    let ways = null; // the last answer on the strips, and what it was asked for
    let shown = null; // the last answer on a place
    let next = "a"; // the end that is picked next

    /* The two ends */

    const ends = () =>
      ["a", "b"].map((key, k) => {
        const draws = zoo.readDraws(part.get(key), SIDE * SIDE);
        return draws && draws.length === 1 ? draws[0] : tab.known.ends[k];
      });

    const picker = new zoo.DrawPicker(find("picker"), {
      side: SIDE,
      label: "dcgan.picker_label",
      marks: () => (tab ? ends().map((draw, k) => ["AB"[k], [draw]]) : []),
      onpick: (draw) => {
        const other = next === "a" ? "b" : "a";
        const taken = ends()[other === "a" ? 0 : 1];
        if (zoo.sameDraw(draw, taken)) return;
        change(written({ [next]: draw }));
        pickNext(other);
      },
    });

    /* An end that the model begins with has no need to stand in the address. */
    function written(given) {
      return Object.fromEntries(Object.entries(given).map(([key, draw]) => {
        const own = zoo.sameDraw(draw, tab.known.ends[key === "a" ? 0 : 1]);
        return [key, own ? "" : zoo.drawsText([draw])];
      }));
    }

    const mark = zoo.choice(find("which"), pickNext);
    function pickNext(key) {
      next = key;
      mark(key);
    }
    pickNext("a");

    /* A place on the way */

    const player = new zoo.Player(find("player"), {
      seconds: 5,
      stride: FRAMES / (KEYS - 1),
      show: (frame) => {
        part.set({ t: frame / FRAMES });
        askPlace(frame);
        zoo.afterFrame(drawChart);
      },
    });
    player.span(0, FRAMES);
    zoo.slide(player.scrubber, (frame) => tab && askPlace(frame));

    const askBetween = askNew(server.between, (answer, given) => {
      if (given.model !== tab.model) return;
      shown = { t: given.t };
      for (const way of WAYS) {
        shown[way] = { image: zoo.bytes(answer[way].image), length: answer[way].length };
      }
      drawPlace();
    });

    function askPlace(frame) {
      const [a, b] = ends();
      askBetween({ model: tab.model, a, b, scale: tab.scale, t: frame / FRAMES });
    }

    function drawPlace() {
      if (!shown) return;
      for (const way of WAYS) {
        zoo.paintInk(find(way), shown[way].image);
        find(way).dataset.t = shown.t;
        find("length-" + way).textContent = lengthOf(shown[way].length);
      }
      player.scrubber.setAttribute("aria-valuetext", `t = ${zoo.number(shown.t, 2)}`);
      zoo.afterFrame(read);
    }

    function read() {
      const { spherical, straight } = shown;
      const apart = spherical.image.reduce((sum, v, i) => sum + Math.abs(v - straight.image[i]), 0);
      const share = shareShorter(straight.length);
      const values = {
        straight: zoo.number(straight.length, 2),
        spherical: zoo.number(spherical.length, 2),
        n: zoo.number(1 / Math.max(share, 1e-9)),
        percent: zoo.number(100 * share),
        differ: zoo.number((100 * apart) / 255 / 784, 1),
      };
      const key = share < 1e-6 ? "never" : share < 0.1 ? "rare" : "usual";
      find("told").textContent = zoo.t("dcgan.told_" + key, values);
      if (!player.playing) say(() => `t = ${zoo.number(shown.t, 2)}. ` + find("told").textContent);
    }

    /* The whole of both ways */

    const askWays = ask(server.ways, (answer, given) => {
      if (given.model !== tab.model) return;
      ways = { ...given };
      for (const way of WAYS) ways[way] = { ...answer[way], strip: zoo.bytes(answer[way].strip) };
      drawStrips();
    });

    function drawStrips() {
      if (!ways) return;
      for (const way of WAYS) {
        zoo.paintInk(find(way + "-strip"), ways[way].strip);
        find(way + "-strip").dataset.ends = [ways.a, ways.b].join(" ");
      }
      const { strip, lengths } = ways.spherical;
      for (const [end, k] of Object.entries({ a: 0, b: KEYS - 1 })) {
        zoo.paintInk(find(end), zoo.cellOf(strip, KEYS, k));
        find("length-" + end).textContent = lengthOf(lengths[k]);
      }
      drawChart();
    }

    for (const way of WAYS) {
      find(way + "-strip").addEventListener("click", (event) => {
        const box = event.target.getBoundingClientRect();
        const key = Math.min(KEYS - 1, Math.floor(((event.clientX - box.left) / box.width) * KEYS));
        seek(key / (KEYS - 1));
      });
    }

    function seek(t) {
      player.pause();
      player.seek(Math.round(t * FRAMES));
    }

    /* |z| along both ways; the band is where nearly all draws are. Each picture of a strip stands above
       its place. */
    function drawChart() {
      const canvas = find("chart");
      if (!ways || !canvas.clientWidth) return;
      const context = zoo.sharp(canvas);
      const [width, height] = [canvas.clientWidth, canvas.clientHeight];
      const font = getComputedStyle(canvas).fontFamily;
      const lengths = WAYS.flatMap((way) => ways[way].lengths);
      const low = Math.min(5, ...lengths) - 0.5;
      const high = Math.max(10, ...lengths) + 0.5;
      const x = (t) => ((0.5 + t * (KEYS - 1)) / KEYS) * width;
      const y = (v) => ((high - v) / (high - low)) * (height - 24) + 4; // below: words
      context.fillStyle = zoo.token("sunken");
      context.fillRect(0, y(BAND[1]), width, y(BAND[0]) - y(BAND[1]));
      context.font = `11px ${font}`;
      context.fillStyle = zoo.token("muted");
      context.textBaseline = "middle";
      context.textAlign = "left";
      for (let v = Math.ceil(low / 2) * 2; v <= high; v += 2) {
        context.fillText(zoo.number(v), 4, y(v));
      }
      const colors = { spherical: zoo.token("accent"), straight: zoo.token("positive") };
      for (const way of WAYS) {
        context.beginPath();
        ways[way].lengths.forEach((v, k) => context.lineTo(x(k / (KEYS - 1)), y(v)));
        context.strokeStyle = colors[way];
        context.lineWidth = 2;
        context.setLineDash(way === "straight" ? [6, 4] : []);
        context.stroke();
        context.setLineDash([]);
        const middle = Math.floor(KEYS / 4);
        context.fillStyle = colors[way];
        context.textAlign = "center";
        context.font = `600 12px ${font}`;
        const below = way === "straight" ? 14 : -10;
        context.fillText(zoo.t("dcgan." + way), x(middle / (KEYS - 1)), y(ways[way].lengths[middle]) + below);
      }
      const at = part.get("t") * (KEYS - 1);
      const k = Math.min(KEYS - 2, Math.floor(at));
      for (const way of WAYS) {
        const v = ways[way].lengths[k] + (at - k) * (ways[way].lengths[k + 1] - ways[way].lengths[k]);
        context.beginPath();
        context.arc(x(part.get("t")), y(v), 5, 0, 7);
        context.fillStyle = colors[way];
        context.fill();
        context.lineWidth = 2;
        context.strokeStyle = zoo.token("surface");
        context.stroke();
      }
    }
    new ResizeObserver(drawChart).observe(find("chart"));

    function seekChart(event) {
      const box = find("chart").getBoundingClientRect();
      seek((((event.clientX - box.left) / box.width) * KEYS - 0.5) / (KEYS - 1));
    }
    find("chart").addEventListener("pointerdown", (event) => {
      if (!tab || event.button !== 0) return;
      find("chart").setPointerCapture(event.pointerId);
      seekChart(event);
    });
    find("chart").addEventListener("pointermove", (event) => {
      if (find("chart").hasPointerCapture(event.pointerId)) seekChart(event);
    });

    /* Controls */

    find("swap").addEventListener("click", () => {
      const [a, b] = ends();
      change(written({ a: b, b: a }));
    });

    const askGIF = ask(server.gif, (answer) => {
      find("gif").disabled = false;
      zoo.saveBlob(new Blob([zoo.bytes(answer.gif)], { type: "image/gif" }), "genzoo-dcgan.gif");
    }, () => (find("gif").disabled = false));
    find("gif").addEventListener("click", () => {
      if (!tab) return;
      find("gif").disabled = true;
      const [a, b] = ends();
      askGIF({ model: tab.model, a, b, scale: tab.scale });
    });

    zoo.follow(chosen, (now) => {
      const before = tab;
      tab = now;
      picker.show(tab.seed, tab.levels);
      if (differs(before, tab, "model", "scale")) change({});
    });

    return {
      restore() {
        if (!tab) return;
        if (zoo.sameDraw(...ends())) part.set({ a: "", b: "" });
        seek(part.get("t"));
        picker.grid.refresh();
        const [a, b] = ends();
        askWays({ model: tab.model, a, b, scale: tab.scale });
      },
      random() {
        const a = zoo.newSeed() % 64;
        const b = (a + 1 + (zoo.newSeed() % 63)) % 64;
        return written({ a: [tab.seed, a], b: [tab.seed, b] });
      },
      reset() {
        pickNext("a");
        return part.defaults;
      },
      paint() {
        drawPlace();
        drawStrips();
      },
      words() {
        drawPlace();
        drawStrips();
      },
      png() {
        if (!ways) return null;
        const large = zoo.make("canvas", { width: KEYS * 224, height: 2 * 224 + 16 });
        const context = large.getContext("2d");
        context.imageSmoothingEnabled = false;
        context.fillStyle = zoo.token("page");
        context.fillRect(0, 0, large.width, large.height);
        WAYS.forEach((way, k) => context.drawImage(find(way + "-strip"), 0, k * 240, KEYS * 224, 224));
        return [large, "genzoo-dcgan-interpolation.png"];
      },
      json() {
        if (!ways) return null;
        const { model, scale, a, b } = ways;
        const kept = { model, scale, a, b };
        for (const way of WAYS) {
          const { z, lengths, strip } = ways[way];
          kept[way] = { z, lengths, images: z.map((_, k) => zoo.fractions(zoo.cellOf(strip, KEYS, k))) };
        }
        return [kept, "genzoo-dcgan-interpolation.json"];
      },
    };
  },
});
