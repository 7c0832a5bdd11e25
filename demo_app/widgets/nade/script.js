import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const D = 784;

  const find = (selector) => element.querySelector(selector);
  const all = (selector) => [...element.querySelectorAll(selector)];

  const part = zoo.part(
    "nade",
    { ...zoo.Sketch.defaults, ...zoo.Completions.defaults, pixel: 571, among: "ink" },
    restore
  );

  let constants = null; // what start() answered
  let logits = null; // (784,) of the image that was answered last
  let answer = null; // all of that answer
  let influence = null; // (784,) on pixel `influenced`
  let influenced = null;

  /* The three grids */

  const sketch = new zoo.Sketch(find(".sketch"), {
    tab: "nade",
    part,
    read: readPixel,
    onpoint: inspect,
    onchange() {
      ask();
      zoo.withAnswer(pushes.repaint);
      completions.askSoon();
    },
    online: () => completions.ask(),
    onreset() {
      restoreControls();
      ask();
      completions.ask();
    },
  });
  const map = new zoo.Heatmap(find(".map"), {
    label: "nade.map",
    read: readPixel,
    onpoint: inspect,
  });
  const pushes = new zoo.Grid(find(".pushes"), {
    label: "nade.pushes",
    read: readPush,
    onpoint: () => showPushed(),
  });
  pushes.addLayer((context, size) => {
    if (influenced !== null) zoo.shadeFrom(context, size, influenced, zoo.token("sunken"), 0.75);
  });

  pushes.repaint = function () {
    const paper = zoo.rgb(zoo.token("paper"));
    const pen = zoo.rgb(zoo.token("pen"));
    const up = zoo.rgb(zoo.token("positive"));
    const down = zoo.rgb(zoo.token("negative"));
    const most = influence ? strongest() : 1;
    zoo.paintPixels(pushes.cells, (data) => {
      for (let i = 0, o = 0; i < D; i++, o += 4) {
        const ink = sketch.pixels[i] ? 0.17 : 0;
        const push = influence && counts(i) ? influence[i] / most : 0;
        const alpha = Math.abs(push);
        const hue = push > 0 ? up : down;
        for (let c = 0; c < 3; c++) {
          const under = paper[c] + ink * (pen[c] - paper[c]);
          data[o + c] = under + alpha * (hue[c] - under);
        }
        data[o + 3] = 255;
      }
    });
  };

  /* Does pixel j take part in what is shown: is it ink, or are all pixels wanted? */
  function counts(j) {
    return j < influenced && (sketch.pixels[j] === 1 || part.get("among") === "all");
  }

  /* The largest push either way, but no less than 0.1: what is nearly nothing should look so. */
  function strongest() {
    return influence.reduce((most, v, j) => (counts(j) ? Math.max(most, Math.abs(v)) : most), 0.1);
  }

  zoo.shared.nadeImage = () => sketch.pixels.slice(); // the orderless part may go on from it

  /* Asking the server. `look` has the picture and the pixel in one call, so that what is shown
     belongs together. While one draws, it is asked what ink pushes, which is an eighth of the work,
     if no more is shown; all the rest, and the completions, wait for a pause. */

  const look = zoo.latest(
    (given) => server.look(given),
    (reply, given, milliseconds) => {
      if (!zoo.showStatus(find(".look-status"), reply, milliseconds)) return;
      answer = reply;
      logits = zoo.float32(reply.logits);
      influence = zoo.float32(reply.influence);
      influenced = given.i;
      map.show(logits.map((l) => 1 / (1 + Math.exp(-l))));
      map.mark(influenced);
      pushes.mark(influenced); // also the border of what comes later
      pushes.repaint();
      zoo.afterFrame(showWords);
    }
  );

  function showWords() {
    showReading();
    showPushed();
    showScore();
  }

  function ask() {
    askFor(part.get("among"));
    askForAllSoon();
  }

  function askFor(among) {
    if (constants) look({ x: zoo.packBits(sketch.pixels), i: part.get("pixel"), among });
  }

  const askForAllSoon = zoo.wait(150, () => part.get("among") === "all" || askFor("all"));

  /* Reading one pixel */

  function inspect(i) {
    if (i === null || i === part.get("pixel")) return;
    part.set({ pixel: i });
    ask();
  }

  /* log p(x_i | x_<i) of the pixel as it is, in nats. */
  function share(i) {
    const l = sketch.pixels[i] ? logits[i] : -logits[i];
    return -Math.log1p(Math.exp(-l));
  }

  function readPixel(i) {
    if (!logits) return "";
    return zoo.t(sketch.pixels[i] ? "zoo.is_ink" : "zoo.is_empty", {
      p: zoo.percent(1 / (1 + Math.exp(-logits[i]))),
      share: zoo.number(share(i), 2),
    });
  }

  function readPush(i) {
    if (!influence) return "";
    return zoo.t("nade.push", { push: zoo.signed(influence[i], 2) });
  }

  function showReading() {
    if (!logits || influenced === null) return;
    const where = zoo.make("b", {}, zoo.t("zoo.place", zoo.placeOf(influenced)));
    find(".zoo-reading").replaceChildren(where, " " + readPixel(influenced));
  }

  /* The strongest pushes each way; or, with the pointer on a pixel, that one's. */
  function showPushed() {
    if (!influence) return;
    const line = find(".pushed");
    const most = strongest();
    find(".low").textContent = zoo.signed(-most, 2);
    find(".high").textContent = zoo.signed(most, 2);
    if (pushes.pointed !== null) {
      const where = zoo.make("b", {}, zoo.t("zoo.place", zoo.placeOf(pushes.pointed)));
      const later = pushes.pointed >= influenced;
      line.replaceChildren(where, " " + (later ? zoo.t("nade.later") : readPush(pushes.pointed)));
      return;
    }
    const words = [["up", 1], ["down", -1]].map(([key, sign]) => {
      let best = null;
      let push = 0.005;
      for (let j = 0; j < influenced; j++) {
        if (counts(j) && sign * influence[j] > push) [best, push] = [j, sign * influence[j]];
      }
      if (best === null) return null;
      const values = { ...zoo.placeOf(best), push: zoo.signed(influence[best], 2) };
      const kind = sign > 0 ? "zoo-positive" : "zoo-negative";
      return zoo.make("div", { class: kind }, zoo.t("nade." + key, values));
    });
    const said = words.filter(Boolean);
    const bare = part.get("among") === "ink" && !sketch.pixels.subarray(0, influenced).includes(1);
    const none = zoo.t(bare ? "nade.no_ink" : "nade.no_push");
    line.replaceChildren(...(said.length ? said : [none]));
  }

  all("[data-among]").forEach((button) =>
    button.addEventListener("click", () => {
      part.set({ among: button.dataset.among });
      showAmong();
    })
  );

  function showAmong() {
    all("[data-among]").forEach((b) =>
      b.setAttribute("aria-pressed", b.dataset.among === part.get("among"))
    );
    pushes.repaint();
    showPushed();
  }

  /* The score, on the histogram of all test digits */

  function showScore() {
    if (!answer || !constants) return;
    find(".score output").textContent = zoo.number(answer.log_prob, 1);
    find(".bits").textContent = zoo.number(answer.bits_per_dim, 3);
    const p = answer.percentile;
    const key = p <= 0 ? "below_all" : p >= 1 ? "above_all" : "above_some";
    find(".zoo-verdict").textContent = zoo.t("nade." + key, { share: zoo.percent(p) });
    showPlace();
  }

  const histogram = find(".histogram");
  const font = getComputedStyle(element).fontFamily;
  new ResizeObserver(() => {
    drawHistogram();
    showPlace();
  }).observe(histogram);

  let plot = null; // where scores are on the histogram, once it is drawn
  [zoo.language, zoo.theme].forEach((source) =>
    zoo.onChange(source, () => {
      drawHistogram();
      showPlace();
    })
  );

  /* The image's own place: an element over the histogram, so that a stroke repaints none of it. */
  function showPlace() {
    if (!plot || !answer) return;
    find(".here").style.transform = `translateX(${plot.at(answer.log_prob)}px)`;
    const off = answer.log_prob < plot.low ? "\u25c2 " : "";
    find(".here span").textContent = off + zoo.t("nade.here");
    find(".here").hidden = false;
  }

  /* Text whose middle is at x, but never over the edge. */
  function write(context, words, x, y, color) {
    context.font = `12px ${font}`;
    const half = context.measureText(words).width / 2;
    context.fillStyle = zoo.token(color);
    context.textAlign = "center";
    context.fillText(words, Math.max(half, Math.min(histogram.clientWidth - half, x)), y);
  }

  function drawHistogram() {
    const [width, height] = [histogram.clientWidth, histogram.clientHeight];
    if (!width || !constants) return;
    const context = zoo.sharp(histogram);
    const { edges, counts, noise, shuffled } = constants.histogram;
    const [low, high] = [edges[0], edges[edges.length - 1]];
    const [margin, base, top] = [8, height - 38, 40];
    const at = (score) => {
      const clipped = Math.max(low, Math.min(high, score));
      const fraction = Math.log(clipped / low) / Math.log(high / low);
      return margin + fraction * (width - 2 * margin);
    };

    const most = Math.max(...counts);
    context.fillStyle = zoo.token("strong-line");
    counts.forEach((count, k) => {
      const [x, next] = [at(edges[k]), at(edges[k + 1])];
      const tall = (count / most) * (base - top);
      if (count) context.fillRect(x, base - tall, next - x - 0.5, tall);
    });
    context.fillStyle = zoo.token("line");
    context.fillRect(margin, base, width - 2 * margin, 1);

    for (let decade = 1; decade <= 4; decade++) {
      const x = at(-(10 ** decade));
      context.fillStyle = zoo.token("strong-line");
      context.fillRect(x - 0.5, base, 1, 6);
      write(context, zoo.number(-(10 ** decade)), x, base + 20, "muted");
      context.fillStyle = zoo.token("line");
      for (let k = 2; k < 10; k++) {
        const score = -k * 10 ** (decade - 1);
        if (score < high) context.fillRect(at(score) - 0.5, base, 1, 4);
      }
    }
    write(context, zoo.t("nade.axis"), width / 2, height - 3, "muted");

    let free = width; // the words so far stand right of this
    for (const [score, key] of [[shuffled, "nade.shuffled"], [noise, "nade.coin_flips"]]) {
      const x = at(score);
      context.fillStyle = zoo.token("strong-line");
      for (let y = base - 4; y > base - 34; y -= 6) context.fillRect(x - 0.5, y - 3, 1, 3);
      context.font = `12px ${font}`;
      const half = context.measureText(zoo.t(key)).width / 2;
      const middle = Math.min(x, free - half);
      write(context, zoo.t(key), middle, base - 42, "muted");
      free = middle - half - 8;
    }
    // Left of the hump, where few drawings ever stand.
    context.textAlign = "right";
    zoo.t("nade.test_digits")
      .split("\n")
      .forEach((line, k) => context.fillText(line, at(-210), top + 12 + 16 * k));
    plot = { at, low };
  }

  /* Completions */

  const completions = new zoo.Completions(find(".rest"), {
    tab: "nade",
    part,
    sketch,
    rows: [null],
    async call(given) {
      const reply = await server.complete(given);
      return reply && reply.ok ? { ...reply, rows: [reply] } : reply;
    },
  });

  /* Keeping it */

  find(".save-png").addEventListener("click", () => {
    const items = [
      { canvas: sketch.canvas.cells, title: zoo.t("nade.image") },
      { canvas: map.cells, title: zoo.t("nade.probability") },
      { canvas: pushes.cells, title: zoo.t("nade.influence") },
    ];
    items.push(...completions.pictures(0));
    const heading = "NADE   log p(x) = " + zoo.number(answer.log_prob, 1) + " " + zoo.t("zoo.nats");
    zoo.savePNG(zoo.sheet(items, { columns: 5, size: 224, heading }), "nade.png");
  });

  find(".save-json").addEventListener("click", () => {
    zoo.saveJSON(
      {
        model: "nade-mnist",
        address: location.href,
        pixels: [...sketch.pixels],
        log_prob: answer.log_prob,
        bits_per_dim: answer.bits_per_dim,
        percentile: answer.percentile,
        logits: [...logits].map((l) => Number(l.toFixed(4))),
        pixel: influenced,
        influence: [...influence].map((l) => Number(l.toFixed(4))),
        known: completions.answer.given.known,
        seed: completions.answer.given.seed,
        completions: completions.numbers(0),
      },
      "nade.json"
    );
  });

  /* Language, theme, the URL */

  function showBars() {
    find(".cividis").style.background = zoo.gradient("cividis");
    const [up, down] = [zoo.token("positive"), zoo.token("negative")];
    const paper = zoo.token("paper");
    find(".diverging").style.background = `linear-gradient(to right, ${down}, ${paper}, ${up})`;
  }

  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    showReading();
    showPushed();
    showScore();
  });
  zoo.onChange(zoo.theme, showBars);

  function restoreControls() {
    zoo.sane(part, { pixel: [0, D - 1] }, { among: ["ink", "all"] });
    showAmong();
    completions.restore();
  }

  function restore() {
    restoreControls();
    sketch.restore();
  }

  zoo.translate(element);
  showBars();
  restore();

  zoo.whenShown("nade", () => {
    const begin = zoo.latest(
      () => server.start({}),
      (reply, given, milliseconds) => {
        if (!zoo.showStatus(find(".look-status"), reply, milliseconds)) return;
        constants = reply;
        drawHistogram();
        sketch.load(reply.digits, reply.labels);
      }
    );
    begin({});
  });
}
