// @ts-check
import * as zoo from "../shared/zoo.js";

const D = 784;
const computation = zoo.computation("nade");

/* The image that is drawn, its pixels 0 or 1; the orderless part may go on from it. */
export const drawnImage = zoo.signal(null);

/* Text whose middle is at x, but never over the edge. */
function write(context, words, x, y, color) {
  const half = context.measureText(words).width / 2;
  context.fillStyle = zoo.token(color);
  context.textAlign = "center";
  context.fillText(words, Math.max(half, Math.min(context.canvas.clientWidth - half, x)), y);
}

function showBars(find) {
  find("cividis").style.background = zoo.gradient("cividis");
  const colors = ["negative", "paper", "positive"].map(zoo.token).join(", ");
  find("diverging").style.background = `linear-gradient(to right, ${colors})`;
}

export default zoo.widget({
  name: "nade",
  state: { ...zoo.digitsOptions.state, pixel: 571, among: "ink" },
  ranges: { ...zoo.digitsOptions.ranges, pixel: [0, D - 1] },
  choices: { ...zoo.digitsOptions.choices, among: ["ink", "all"] },
  setup(w) {
    const { element, part, server, find, askNew } = w;

    let histogramData = null; // of the scores of all test digits
    let logits = null; // (784,) of the image that was answered last
    let answer = null; // all of that answer
    let influence = null; // (784,) on pixel `influenced`
    let influenced = null;

    /* The three grids. Every question has the picture and the pixel in one call, so that what is shown
       belongs together. While one draws, it is asked what ink pushes, which is an eighth of the work, if
       no more is shown; all the rest, and the completions, wait for a pause. */

    const ask = askNew(server.look, (reply, given) => {
      answer = reply;
      logits = zoo.float32(reply.logits);
      influence = zoo.float32(reply.influence);
      influenced = given.i;
      computation.value = {
        pixels: sketch.pixels.slice(), i: influenced, logit: logits[influenced],
        hidden: zoo.bytes(reply.hidden), terms: zoo.float32(reply.terms),
      };
      map.show(logits.map((l) => 1 / (1 + Math.exp(-l))));
      map.mark(influenced);
      pushes.mark(influenced); // also the border of what comes later
      pushes.repaint();
      zoo.afterFrame(showWords);
    });
    const askForAllSoon = zoo.wait(150, (given) => ask({ ...given, among: "all" }));

    const { sketch, completions, inspect, restore, random } = zoo.digits(w, "nade", {
      rows: [null],
      read: readPixel,
      look(given) {
        ask({ ...given, among: part.get("among") });
        askForAllSoon(given);
      },
      drawn() {
        drawnImage.value = sketch.pixels.slice();
        zoo.withAnswer(pushes.repaint);
      },
      began(reply) {
        histogramData = reply.histogram;
        drawHistogram();
      },
      async call(given) {
        const reply = await server.complete(given);
        return reply?.ok ? { ...reply, rows: [reply] } : reply;
      },
    });

    const map = new zoo.Heatmap(find("map"), {
      label: "nade.map",
      read: readPixel,
      onpoint: inspect,
    });
    const pushes = new zoo.Grid(find("pushes"), {
      label: "nade.pushes",
      read: readPush,
      onpoint: () => showPushed(),
    });
    pushes.addLayer((context, size) => {
      if (influenced !== null) zoo.shadeFrom(context, size, influenced, zoo.token("sunken"), 0.75);
    });

    pushes.repaint = () => {
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

    function showWords() {
      if (!answer) return;
      showReading();
      showPushed();
      zoo.showScore(element, answer, "nade.");
      showPlace();
    }

    function readPixel(i) {
      return logits ? zoo.readLogit(logits[i], sketch.pixels[i]) : "";
    }

    function readPush(i) {
      return influence ? zoo.t("nade.push", { push: zoo.signed(influence[i], 2) }) : "";
    }

    function showReading() {
      zoo.readAt(find("zoo-reading"), influenced, readPixel(influenced));
    }

    /* The strongest pushes each way; or, with the pointer on a pixel, that one's. */
    function showPushed() {
      if (!influence) return;
      const line = find("pushed");
      const most = strongest();
      find("low").textContent = zoo.signed(-most, 2);
      find("high").textContent = zoo.signed(most, 2);
      if (pushes.pointed !== null) {
        const later = pushes.pointed >= influenced;
        return zoo.readAt(line, pushes.pointed, later ? zoo.t("nade.later") : readPush(pushes.pointed));
      }
      const words = /** @type {const} */ ([["up", 1], ["down", -1]]).map(([key, sign]) => {
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

    const markAmong = zoo.choice(find("among"), (among) => {
      part.set({ among });
      showAmong();
    });

    function showAmong() {
      markAmong(part.get("among"));
      pushes.repaint();
      showPushed();
    }

    /* The score, on the histogram of all test digits */

    const histogram = find("histogram");
    new ResizeObserver(drawHistogram).observe(histogram);

    let plot = null; // where scores are on the histogram, once it is drawn

    /* The image's own place: an element over the histogram, so that a stroke repaints none of it. */
    function showPlace() {
      if (!plot || !answer) return;
      find("here").style.transform = `translateX(${plot.at(answer.log_prob)}px)`;
      const off = answer.log_prob < plot.low ? "\u25c2 " : "";
      find("here span").textContent = off + zoo.t("nade.here");
      find("here").hidden = false;
    }

    function drawHistogram() {
      const [width, height] = [histogram.clientWidth, histogram.clientHeight];
      if (!width || !histogramData) return;
      const context = zoo.sharp(histogram);
      context.font = `12px ${getComputedStyle(element).fontFamily}`;
      const { edges, counts, noise, shuffled } = histogramData;
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
      for (const [key, score] of Object.entries({ "nade.shuffled": shuffled, "nade.coin_flips": noise })) {
        const x = at(score);
        context.fillStyle = zoo.token("strong-line");
        for (let y = base - 4; y > base - 34; y -= 6) context.fillRect(x - 0.5, y - 3, 1, 3);
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
      showPlace();
    }

    showBars(find);
    return {
      restore() {
        restore();
        showAmong();
      },
      random,
      words() {
        drawHistogram();
        showWords();
      },
      paint() {
        showBars(find);
        drawHistogram();
      },
      png() {
        if (!answer) return null;
        const items = [
          { canvas: sketch.canvas.cells, title: zoo.t("nade.image") },
          { canvas: map.cells, title: zoo.t("nade.probability") },
          { canvas: pushes.cells, title: zoo.t("nade.influence") },
        ];
        items.push(...completions.pictures(0));
        const heading = "NADE   log p(x) = " + zoo.number(answer.log_prob, 1) + " " + zoo.t("zoo.nats");
        return [zoo.sheet(items, { columns: 5, size: 224, heading }), "nade.png"];
      },
      json() {
        if (!answer || !completions.answer) return null;
        const value = {
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
        };
        return [value, "nade.json"];
      },
    };
  },
});
