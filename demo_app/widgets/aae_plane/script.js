// @ts-check
import * as zoo from "../shared/zoo.js";

const D = 784;
const computation = zoo.computation("aae");
const LIMIT = 6;
const CELLS = 16;
const GRID = 4; // densities are known from -4 to 4
const BETWEEN = 20; // frames from one known moment of the training to the next

export default zoo.widget({
  name: "aae",
  /* The place is at `t` of the way through the prior's shape, or, when `off` it, at (x, y). `at` is the
     moment of the training, a frame; -1 is its end. */
  state: { prior: "gaussian", q: "gaussian", off: false, t: 0.4, x: 0, y: 0, at: -1, only: -1, seed: 1 },
  ranges: { only: [-1, 9] },
  limits: { x: [-LIMIT, LIMIT], y: [-LIMIT, LIMIT], t: [0, 1], at: [-1, 1e5] },
  setup({ element, props, part, server, find, change, ask, askNew, say }) {
    const { planes, vae } = props.data; // [{model, prior, q, of, figures}]; the VAE, or null
    const charts = {}; // what the server said of each plane
    let chart = null; // of the one that is shown
    let points = null; // codes at the moment that is shown
    let shown = null; // the last answer: {z, image, vae}

    /* Places */

    const plane = new zoo.Plane(find("plane"), {
      label: "aae.plane_label",
      testid: "aae-plane",
      get: () => (part.get("off") ? [part.get("x"), part.get("y")] : onWay(part.get("t"))),
      keep: ([x, y]) => part.set({ off: true, x, y }),
      ask: decode,
      moved,
      paint,
    });
    const densities = new zoo.Densities(find("densities"), { testid: "aae" });
    const legend = new zoo.ClassLegend(find("legend"), {
      onchoose(only) {
        part.set({ only });
        show();
      },
    });

    const last = () => chart.way.length / 2 - 1;

    function onWay(t) {
      const k = Math.round(t * last());
      return [0, 1].map((axis) => Math.round(100 * chart.way[2 * k + axis]) / 100);
    }

    const densityAt = (z) => ({ q: zoo.densityAt(chart.logQ, z), p: zoo.densityAt(chart.logP, z) });

    /* Drawing: the prior as a mist, the way through it, the codes */

    function paint(context, size) {
      context.imageSmoothingEnabled = true;
      const reach = (GRID / plane.extent) * size;
      context.drawImage(chart.mist(), (size - reach) / 2, (size - reach) / 2, reach, reach);
      plane.scale(context, size);
      context.beginPath();
      for (let k = 0; k <= last(); k++) {
        context.lineTo(...plane.toScreen([chart.way[2 * k], chart.way[2 * k + 1]], size));
      }
      context.strokeStyle = zoo.token("muted");
      context.lineWidth = 1;
      context.setLineDash([2, 4]);
      context.stroke();
      context.setLineDash([]);
      plane.dots(context, size, points, chart.labels, part.get("only"));
    }

    /* The training */

    const trainer = new zoo.Player(find("trainer"), { show: showMoment, seconds: 8, stride: BETWEEN });

    const end = () => (chart.imagesSeen.length - 1) * BETWEEN;

    /* Where the frame is between known moments; with reduced motion at the nearest one. */
    function between(frame) {
      const at = frame / BETWEEN;
      const k = Math.min(Math.floor(at), Math.max(0, chart.imagesSeen.length - 2));
      const u = zoo.still() ? Math.round(at - k) : at - k;
      const mix = (values, i = k, j = Math.min(k + 1, values.length - 1)) =>
        (1 - u) * values[i] + u * values[j];
      return { k, u, mix };
    }

    function showMoment(frame) {
      part.set({ at: frame === end() ? -1 : frame });
      const { k, mix } = between(frame);
      const n = 2 * chart.labels.length;
      const next = Math.min(k + 1, chart.imagesSeen.length - 1);
      points = Float32Array.from({ length: n }, (_, i) => mix(chart.codes, k * n + i, next * n + i));
      const values = {
        images: zoo.number(mix(chart.imagesSeen)),
        distance: zoo.number(mix(chart.distance), 4),
      };
      find("moment").textContent = zoo.t("aae.moment", values);
      trainer.scrubber.setAttribute("aria-valuetext", find("moment").textContent);
      plane.drawBase();
      drawCurve(frame);
      read();
    }

    /* The energy distance at each moment, on a logarithmic scale, and its reference, where that
       was measured. */
    function drawCurve(frame) {
      const canvas = find("curve");
      if (!canvas.clientWidth) return;
      const context = zoo.sharp(canvas);
      const [width, height] = [canvas.clientWidth, canvas.clientHeight];
      const [left, right, top, bottom] = [46, 10, 8, 20];
      const known = chart.distance.map((d) => Math.log10(Math.max(d, 1e-5)));
      const { prior_distance_reference: chance } = chosen().figures;
      const reference = chance === null ? [] : [Math.log10(Math.max(chance, 1e-5))];
      const low = Math.min(...reference, ...known) - 0.2;
      const high = Math.max(...reference, ...known) + 0.2;
      const x = (k) => left + (k / Math.max(1, known.length - 1)) * (width - left - right);
      const y = (v) => top + ((high - v) / (high - low)) * (height - top - bottom);
      const line = (points, style, thick, dash = []) => {
        context.beginPath();
        points.forEach((point) => context.lineTo(...point));
        context.strokeStyle = style;
        context.lineWidth = thick;
        context.setLineDash(dash);
        context.stroke();
        context.setLineDash([]);
      };
      context.font = `11px ${getComputedStyle(element).fontFamily}`;
      context.fillStyle = zoo.token("muted");
      context.textBaseline = "middle";
      context.textAlign = "right";
      for (let v = Math.ceil(low); v <= high; v++) {
        line([[left, y(v)], [width - right, y(v)]], zoo.token("line"), 1);
        context.fillText(zoo.number(10 ** v, Math.max(0, -v)), left - 8, y(v));
      }
      for (const v of reference) {
        line([[left, y(v)], [width - right, y(v)]], zoo.token("strong-line"), 1.5, [4, 4]);
      }
      line(known.map((v, k) => [x(k), y(v)]), zoo.token("accent"), 2);
      context.textBaseline = "alphabetic";
      const marks = Math.min(width < 450 ? 3 : 5, known.length);
      for (let mark = 0; mark < marks; mark++) {
        const k = Math.round((mark / Math.max(1, marks - 1)) * (known.length - 1));
        context.textAlign = mark === 0 ? "left" : mark === marks - 1 ? "right" : "center";
        context.fillText(zoo.number(chart.imagesSeen[k]), x(k), height - 4);
      }
      const { k, u, mix } = between(frame);
      context.beginPath();
      context.arc(x(k + u), y(mix(known)), 5, 0, 7);
      context.fillStyle = zoo.token("accent");
      context.fill();
      context.lineWidth = 2;
      context.strokeStyle = zoo.token("paper");
      context.stroke();
      canvas.reach = [left, width - right];
    }
    new ResizeObserver(() => chart && drawCurve(trainer.frame)).observe(find("curve"));

    /* The curve is the slider's picture: a pointer on it goes there. */
    find("curve").addEventListener("pointerdown", (event) => {
      if (!chart || event.button !== 0) return;
      find("curve").setPointerCapture(event.pointerId);
      seekCurve(event);
    });
    find("curve").addEventListener("pointermove", (event) => {
      if (find("curve").hasPointerCapture(event.pointerId)) seekCurve(event);
    });
    function seekCurve(event) {
      const [from, to] = find("curve").reach;
      const x = (event.clientX - find("curve").getBoundingClientRect().left) / zoo.zoomOf(find("curve"));
      trainer.pause();
      trainer.seek(Math.round(((x - from) / (to - from)) * end()));
    }

    /* The way through the prior's shape; a step is a cell of the strip */

    const walker = new zoo.Player(find("walker"), { show: walkTo, seconds: 10, stride: 16 });

    function walkTo(k) {
      part.set({ off: false, t: Math.round((1e4 * k) / last()) / 1e4 });
      plane.hover = null;
      moved();
    }

    const strip = new zoo.Grid(find("strip"), {
      columns: CELLS,
      rows: 1,
      label: "aae.strip_label",
      read: (i) => (chart ? zoo.placeText(onWay(i / (CELLS - 1))) : ""),
      onchoose(cell) {
        if (!chart) return;
        walker.pause();
        walker.seek((cell / (CELLS - 1)) * last());
      },
    });

    /* The answer to a place */

    const askDecode = askNew(server.decode, (answer, { model, z }) => {
      if (model !== chart.model) return;
      shown = { z, image: zoo.bytes(answer.image), vae: answer.vae && zoo.bytes(answer.vae) };
      drawDecoded();
    });
    function decode(z) {
      askDecode({ model: chart.model, z });
    }

    /* The nearest digit, its code, and what both networks make of the place. */
    function tell() {
      const [{ i }] = zoo.around(points, chart.labels, shown.z, 1);
      computation.value = {
        x: zoo.nth(chart.digits, i).map((v) => 255 * v), code: [points[2 * i], points[2 * i + 1]],
        z: shown.z, image: shown.image, ...densityAt(shown.z),
      };
    }

    function drawDecoded() {
      if (!shown) return;
      tell();
      if (shown.vae) zoo.paintInk(find("vae"), shown.vae);
      zoo.paintInk(find("decoded"), shown.image);
      find("decoded").dataset.z = shown.z.join(" ");
    }

    function moved() {
      if (!chart) return;
      decode(plane.current());
      walker.place(Math.round(part.get("t") * last()));
      zoo.withAnswer(plane.drawOver);
      zoo.afterFrame(read);
    }

    function read() {
      const z = plane.current();
      zoo.showPlace(find, { ...chart, points }, z);
      densities.show(densityAt(z), chart);
      strip.mark(part.get("off") ? null : Math.round(part.get("t") * (CELLS - 1)));
      say(() => [zoo.placeText(z) + ".", zoo.t("aae.nearest"), find("real").textContent + ".",
        densities.sentence.textContent].join(" "));
    }

    /* Controls */

    function choices(host, key) {
      return zoo.segments(host, [...new Set(planes.map((one) => one[key]))], {
        choose(value) {
          trainer.pause();
          walker.pause();
          change({ [key]: value, off: false });
        },
        label: `aae.${key}_`,
        testid: `aae-${key}-`,
      });
    }
    const markPrior = choices(find("priors"), "prior");
    const markEncoder = choices(find("encoders"), "q");

    /* A draw from the prior, which the server makes: nothing else begins anew. */
    function drawFromPrior(seed) {
      if (!chart) return;
      part.set({ seed });
      find("prior-seed").value = seed;
      askPrior({ model: chart.model, seed });
    }
    const askPrior = zoo.latest(server.prior, (answer, { model, seed }) => {
      // The visitor may have gone on to another plane, whose start is yet to come, or begun anew.
      if (model !== planned().model || seed !== part.get("seed")) return;
      if (answer.ok) plane.take(answer.z);
      else zoo.showStatus(find("state"), answer);
    });
    find("draw").addEventListener("click", () => drawFromPrior(zoo.newSeed()));
    zoo.seedField(find("prior-seed"), part, drawFromPrior);

    /* All together */

    const chosen = () => planes.find(({ model }) => model === chart.model);

    function showWords() {
      const { prior, q, of, figures } = chosen();
      const { prior_p_value: p, off_prior: off, nll_bound: nll } = figures;
      const digits = zoo.t("aae.of_" + of);
      find("told").textContent =
        prior === "gaussian" ? zoo.t("aae.told_" + q) : zoo.t("aae.told_labels");
      find("knows").textContent = zoo.t(prior === "gaussian" ? "aae.vae_same" : "aae.vae_other");
      find("hint").textContent = zoo.t("aae.hint", { digits });
      find("training-lead").textContent = zoo.t("aae.training_lead", { digits });
      const values = {
        distance: zoo.number(figures.prior_distance, 4),
        reference: zoo.number(figures.prior_distance_reference, 4),
        p: zoo.number(p, 3),
      };
      find("tested").textContent = p === null ? zoo.t("aae.untested") : zoo.t(p < 0.05 ? "aae.apart" : "aae.alike", values);
      find("off-prior").textContent = off === null ? "" : zoo.t("aae.off_prior", { off: zoo.number(off, 1) });
      find("bound").textContent =
        q === "deterministic" ? zoo.t("aae.no_bound") : nll === null ? "" : zoo.t("aae.bound", { nll: zoo.number(nll, 1) });
    }

    function show() {
      const { prior, q } = chosen();
      markPrior(prior);
      markEncoder(q);
      const kinds = planes.filter((one) => one.prior === prior);
      find("encoder").classList.toggle("off", kinds.length < 2);
      find("other").classList.toggle("off", vae === null);
      legend.mark(part.get("only"));
      find("prior-seed").value = part.get("seed");
      showWords();
      trainer.span(0, end());
      trainer.seek(part.get("at") < 0 ? end() : part.get("at"));
    }

    const askStart = ask(server.start, (answer, { model }) => {
      const { distance, labels, peak, rare, extent } = answer;
      const logP = zoo.int16(answer.log_p, 100);
      charts[model] = {
        model,
        codes: zoo.int16(answer.codes, 1000),
        imagesSeen: answer.images_seen,
        distance,
        labels,
        digits: zoo.unpackBits(answer.digits, D * labels.length),
        logQ: zoo.int16(answer.log_q, 100),
        logP,
        mist: zoo.inTheme(() => mistOf(logP, peak)),
        way: zoo.int16(answer.way, 1000),
        strip: zoo.bytes(answer.strip),
        peak,
        rare,
        extent,
      };
      restore();
    });

    const of = (prior) => planes.filter((one) => one.prior === prior);

    /* The plane that the state asks for. */
    function planned() {
      const kinds = of(of(part.get("prior")).length ? part.get("prior") : planes[0].prior);
      return kinds.find(({ q }) => q === part.get("q")) || kinds[0];
    }

    function restore() {
      const { model, prior, q } = planned();
      // Where there is but one encoder it is not a choice: the one that was chosen stays for later.
      part.set({ prior, q: of(prior).length < 2 ? part.get("q") : q, at: Math.round(part.get("at")) });
      if (!charts[model]) return askStart({ model });
      chart = charts[model];
      plane.extent = chart.extent;
      walker.span(0, last());
      strip.showSheet(CELLS * 28, 28, chart.strip);
      show();
      moved();
    }

    return {
      restore,
      words: () => chart && show(),
      paint() {
        if (!chart) return;
        show();
        drawDecoded();
      },
      png() {
        if (!shown) return null;
        const note = zoo.placeText(shown.z);
        const items = [{ canvas: find("decoded"), title: chart.model, note }];
        if (shown.vae) items.push({ canvas: find("vae"), title: vae, note });
        return [plane.sheet(items), "genzoo-aae.png"];
      },
      json() {
        if (!shown) return null;
        const value = {
          model: chart.model,
          z: shown.z,
          density: densityAt(shown.z),
          image: zoo.fractions(shown.image),
          vae: shown.vae && { model: vae, image: zoo.fractions(shown.vae) },
          figures: chosen().figures,
          training: { codes_of: chosen().of, images_seen: chart.imagesSeen, distance: chart.distance },
        };
        return [value, "genzoo-aae.json"];
      },
    };
  },
});

/* The prior's density in ink, on the scale of the square root; up is up. */
function mistOf(logP, peak) {
  const side = Math.sqrt(logP.length);
  const canvas = zoo.make("canvas", { width: side, height: side });
  const ink = zoo.rgb(zoo.token("ink"));
  zoo.paintPixels(canvas, (data) => {
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const share = Math.exp(logP[(side - 1 - row) * side + column]) / peak;
        data.set([...ink, Math.round(70 * Math.sqrt(Math.min(1, share)))], 4 * (row * side + column));
      }
    }
  });
  return canvas;
}
