import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const find = (name) => element.querySelector("." + name);
  const SIDE = 8;
  const KEYS = 11; // pictures in a strip
  const FRAMES = 200; // places of the slider
  const WAYS = ["spherical", "straight"];
  const INK = { map: "ink", high: 255 };

  /* The ends are draws, as zoo.drawsText writes them; none in the address are the model's own. */
  const part = zoo.part("dcgan-between", { a: "", b: "", t: 0.5 }, restore);
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
      setEnds({ [next]: draw });
      pickNext(other);
    },
  });

  /* An end that the model begins with has no need to stand in the address. */
  function setEnds(given) {
    for (const [key, draw] of Object.entries(given)) {
      const own = zoo.sameDraw(draw, tab.known.ends[key === "a" ? 0 : 1]);
      part.set({ [key]: own ? "" : zoo.drawsText([draw]) });
    }
    open();
  }

  function pickNext(key) {
    next = key;
    find("which").querySelectorAll("button").forEach((button) => {
      button.setAttribute("aria-pressed", button.dataset.key === next);
    });
  }
  find("which").addEventListener("click", (event) => {
    if (event.target.dataset.key) pickNext(event.target.dataset.key);
  });

  /* A place on the way */

  const player = new zoo.Player(find("player"), {
    seconds: 5,
    stride: FRAMES / (KEYS - 1),
    show: (frame) => {
      part.set({ t: frame / FRAMES });
      askPlace(frame / FRAMES);
      zoo.afterFrame(drawChart);
    },
  });
  player.span(0, FRAMES);
  zoo.slide(player.scrubber, (frame) => tab && askPlace(frame / FRAMES));

  const askBetween = zoo.latest(server.between, (answer, given, total) => {
    tell(answer, total);
    if (!answer.ok) asked = null;
    else if (given.model === tab.model) {
      shown = { t: given.t };
      for (const way of WAYS) {
        shown[way] = { image: zoo.bytes(answer[way].image), length: answer[way].length };
      }
      drawPlace();
    }
  });

  let asked = null;
  function askPlace(t) {
    const [a, b] = ends();
    const given = { model: tab.model, a, b, scale: tab.scale, t };
    const key = Object.values(given).join(" ");
    if (key !== asked) askBetween(given);
    asked = key;
  }

  const length = (value) => `|z| = ${zoo.number(value, 2)}`;

  function drawPlace() {
    if (!shown) return;
    for (const way of WAYS) {
      zoo.paint(find(way), shown[way].image, INK);
      find(way).dataset.t = shown.t;
      find("length-" + way).textContent = length(shown[way].length);
    }
    player.scrubber.setAttribute("aria-valuetext", `t = ${zoo.number(shown.t, 2)}`);
    zoo.afterFrame(read);
  }

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

  function read() {
    if (!shown) return;
    const { spherical, straight } = shown;
    let differ = 0;
    spherical.image.forEach((v, i) => (differ += Math.abs(v - straight.image[i]) / 255 / 784));
    const share = shareShorter(straight.length);
    const values = {
      straight: zoo.number(straight.length, 2),
      spherical: zoo.number(spherical.length, 2),
      n: zoo.number(1 / Math.max(share, 1e-9)),
      percent: zoo.number(100 * share),
      differ: zoo.number(100 * differ, 1),
    };
    const key = share < 1e-6 ? "never" : share < 0.1 ? "rare" : "usual";
    find("told").textContent = zoo.t("dcgan.told_" + key, values);
    say();
  }

  const say = zoo.wait(500, () => {
    if (find("way").contains(document.activeElement) && !player.playing) {
      find("said").textContent = `t = ${zoo.number(shown.t, 2)}. ` + find("told").textContent;
    }
  });

  /* The whole of both ways */

  const askWays = zoo.latest(server.ways, (answer, given, total) => {
    tell(answer, total);
    if (!answer.ok || given.model !== tab.model) return;
    ways = { ...given };
    for (const way of WAYS) ways[way] = { ...answer[way], strip: zoo.bytes(answer[way].strip) };
    drawStrips();
  });

  function drawStrips() {
    if (!ways) return;
    for (const way of WAYS) {
      zoo.paint(find(way + "-strip"), ways[way].strip, INK);
      find(way + "-strip").dataset.ends = [ways.a, ways.b].join(" ");
    }
    const picture = (k) => zoo.cellOf(ways.spherical.strip, KEYS, k);
    zoo.paint(find("a"), picture(0), INK);
    zoo.paint(find("b"), picture(KEYS - 1), INK);
    find("length-a").textContent = length(ways.spherical.lengths[0]);
    find("length-b").textContent = length(ways.spherical.lengths[KEYS - 1]);
    drawChart();
  }

  for (const way of WAYS) {
    find(way + "-strip").addEventListener("click", (event) => {
      const box = event.target.getBoundingClientRect();
      const key = Math.min(KEYS - 1, Math.floor(((event.clientX - box.left) / box.width) * KEYS));
      player.pause();
      player.seek((key / (KEYS - 1)) * FRAMES);
    });
  }

  /* |z| along both ways; the band is where nearly all draws are. Each picture of a strip stands above
     its place. */
  const BAND = [6.38, 9.65]; // 98 % of draws in 64 dimensions

  function drawChart() {
    const canvas = find("chart");
    if (!ways || !canvas.clientWidth) return;
    const context = zoo.sharp(canvas);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const lengths = WAYS.flatMap((way) => ways[way].lengths);
    const low = Math.min(5, ...lengths) - 0.5;
    const high = Math.max(10, ...lengths) + 0.5;
    const x = (t) => ((0.5 + t * (KEYS - 1)) / KEYS) * width;
    const y = (v) => ((high - v) / (high - low)) * (height - 8) + 4;
    context.fillStyle = zoo.token("sunken");
    context.fillRect(0, y(BAND[1]), width, y(BAND[0]) - y(BAND[1]));
    context.font = `11px ${getComputedStyle(element).fontFamily}`;
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
      context.font = `600 12px ${getComputedStyle(element).fontFamily}`;
      const below = way === "straight" ? 14 : -10;
      context.fillText(zoo.t("dcgan." + way), x(middle / (KEYS - 1)), y(ways[way].lengths[middle]) + below);
    }
    const t = part.get("t");
    for (const way of WAYS) {
      const at = t * (KEYS - 1);
      const k = Math.min(KEYS - 2, Math.floor(at));
      const v = ways[way].lengths[k] + (at - k) * (ways[way].lengths[k + 1] - ways[way].lengths[k]);
      context.beginPath();
      context.arc(x(t), y(v), 5, 0, 7);
      context.fillStyle = colors[way];
      context.fill();
      context.lineWidth = 2;
      context.strokeStyle = zoo.token("surface");
      context.stroke();
    }
  }

  function seekChart(event) {
    const box = find("chart").getBoundingClientRect();
    const t = (((event.clientX - box.left) / box.width) * KEYS - 0.5) / (KEYS - 1);
    player.pause();
    player.seek(Math.round(t * FRAMES));
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
    setEnds({ a: b, b: a });
  });
  find("random").addEventListener("click", () => {
    const a = zoo.newSeed() % 64;
    const b = (a + 1 + (zoo.newSeed() % 63)) % 64;
    setEnds({ a: [tab.seed, a], b: [tab.seed, b] });
  });
  find("reset").addEventListener("click", () => {
    part.set(part.defaults);
    pickNext("a");
    open();
  });

  const askGIF = zoo.latest(server.gif, (answer, given, total) => {
    find("gif").disabled = false;
    tell(answer, total);
    if (!answer.ok) return;
    zoo.saveBlob(new Blob([zoo.bytes(answer.gif)], { type: "image/gif" }), "genzoo-dcgan.gif");
  });
  find("gif").addEventListener("click", () => {
    if (!tab) return;
    find("gif").disabled = true;
    const [a, b] = ends();
    askGIF({ model: tab.model, a, b, scale: tab.scale });
  });
  find("png").addEventListener("click", () => {
    if (!ways) return;
    const large = zoo.make("canvas", { width: KEYS * 224, height: 2 * 224 + 16 });
    const context = large.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.fillStyle = zoo.token("page");
    context.fillRect(0, 0, large.width, large.height);
    WAYS.forEach((way, k) => context.drawImage(find(way + "-strip"), 0, k * 240, KEYS * 224, 224));
    zoo.savePNG(large, "genzoo-dcgan-interpolation.png");
  });
  find("json").addEventListener("click", () => {
    if (!ways) return;
    const { model, scale, a, b } = ways;
    const kept = { model, scale, a, b };
    for (const way of WAYS) {
      const { z, lengths, strip } = ways[way];
      const images = z.map((_, k) => Array.from(zoo.cellOf(strip, KEYS, k), (v) => v / 255));
      kept[way] = { z, lengths, images };
    }
    zoo.saveJSON(kept, "genzoo-dcgan-interpolation.json");
  });

  /* All together */

  function tell(answer, total) {
    zoo.showStatus(find("state"), answer, total);
  }

  /* Show the state from the start, as after a reload. */
  function open() {
    const t = Math.max(0, Math.min(1, part.get("t")));
    const [a, b] = ends();
    if (zoo.sameDraw(a, b)) part.set({ a: "", b: "" });
    player.pause();
    player.seek(Math.round(t * FRAMES));
    picker.grid.refresh();
    const [from, to] = ends();
    askWays({ model: tab.model, a: from, b: to, scale: tab.scale });
  }

  let followed = null;
  function follow(now) {
    tab = now;
    picker.show(tab.seed, tab.levels);
    const key = [tab.model, tab.scale].join(" ");
    if (key === followed) return;
    followed = key;
    open();
  }

  function restore() {
    if (tab) open();
  }

  pickNext("a");
  new ResizeObserver(drawChart).observe(find("chart"));
  zoo.on("dcgan", follow);
  if (zoo.shared.dcgan) follow(zoo.shared.dcgan);
  zoo.onChange(zoo.theme, () => {
    drawPlace();
    drawStrips();
  });
  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    drawPlace();
    drawStrips();
  });
  zoo.translate(element);
}
