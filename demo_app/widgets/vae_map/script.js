// @ts-check
import * as zoo from "../shared/zoo.js";

const NEIGHBORS = 15;
const computation = zoo.computation("vae");
const LIMIT = 6;
const VIEWS = ["both", "points", "digits"];
const PRIOR = { peak: 1 / (2 * Math.PI), rare: 0.01 / (2 * Math.PI) }; // N(0, I) in the plane

export default zoo.widget({
  name: "vae-map",
  state: { beta: 1, x: -1.1, y: 0.6, view: "both", only: -1, seed: 1 },
  ranges: { only: [-1, 9] },
  choices: { view: VIEWS },
  limits: { x: [-LIMIT, LIMIT], y: [-LIMIT, LIMIT] },
  setup({ props, part, server, find, change, ask, askNew, say }) {
    const { planes } = props.data; // [{model, beta}] of what is released
    const charts = {}; // what the server said of each plane
    let chart = null; // of the one that is shown
    let decoded = null; // {z, levels} of the last answer

    const plane = new zoo.Plane(find("plane"), {
      label: "vae.map_label",
      testid: "vae-map",
      get: () => [part.get("x"), part.get("y")],
      keep: ([x, y]) => part.set({ x, y }),
      ask: decode,
      moved,
      paint,
    });
    const densities = new zoo.Densities(find("densities"), { testid: "vae" });
    const legend = new zoo.ClassLegend(find("legend"), { onchoose: (only) => change({ only }) });

    /* The aggregated posterior q(z), the mean of q(z | x) over the training digits, and the prior. */
    const densityAt = ([x, y]) => ({
      q: zoo.densityAt(chart.logQ, [x, y]),
      p: PRIOR.peak * Math.exp(-0.5 * (x * x + y * y)),
    });

    const around = (z) => zoo.around(chart.points, chart.labels, z, NEIGHBORS);

    function paint(context, size) {
      const view = part.get("view");
      if (view !== "points") {
        context.globalAlpha = view === "digits" ? 1 : 0.17;
        context.imageSmoothingEnabled = size < 560;
        context.drawImage(chart.manifold(), 0, 0, size, size);
        context.globalAlpha = 1;
      }
      plane.scale(context, size);
      if (view !== "digits") plane.dots(context, size, chart.points, chart.labels, part.get("only"));
    }

    /* The answer to a place */

    /* Once the plane is in use, its place is what the picture of the computation shows. The answer to
       a move may be here before the move itself. */
    let used = false;
    function use() {
      if (used) return;
      used = true;
      if (decoded) tell();
    }
    plane.surface.addEventListener("pointermove", use);
    plane.surface.addEventListener("keydown", use);

    function tell() {
      const { z, levels } = decoded;
      const [{ i }] = zoo.around(chart.points, chart.labels, z, 1);
      computation.value = {
        x: zoo.nth(chart.digits, i).map((v) => 255 * v), order: [0, 1], pointed: null, z, image: levels,
        mean: [chart.points[2 * i], chart.points[2 * i + 1]], deviation: null, kl: null, likelihood: null,
      };
    }

    const askDecode = askNew(server.decode, (answer, { model, z }) => {
      if (model !== chart.model) return;
      decoded = { z, levels: zoo.bytes(answer.image) };
      find("decoded").dataset.model = model;
      drawDecoded();
      if (used) tell();
    });
    function decode(z) {
      askDecode({ model: chart.model, z });
    }

    function drawDecoded() {
      if (!decoded) return;
      zoo.paintInk(find("decoded"), decoded.levels);
      find("decoded").dataset.z = decoded.z.join(" ");
    }

    function moved() {
      decode(plane.current());
      zoo.withAnswer(plane.drawOver);
      zoo.afterFrame(read);
    }

    function read() {
      const z = plane.current();
      zoo.showPlace(find, chart, z);
      const labels = around(z).map(({ label }) => label);
      const count = (c) => labels.filter((label) => label === c).length;
      labels.sort((a, b) => count(b) - count(a) || a - b);
      find("neighbors").replaceChildren(
        ...labels.map((c) => {
          const cell = zoo.make("span", {}, String(c));
          Object.assign(cell.style, { background: zoo.classColor(c), color: zoo.classInk(c) });
          return cell;
        })
      );
      const digits = [...new Set(labels)].map((c) => `${c} × ${count(c)}`).join(", ");
      find("neighbors").setAttribute("aria-label", digits);
      densities.show(densityAt(z), PRIOR);
      say(() => {
        const place = z.map((v) => zoo.number(v, 2)).join(", ");
        return zoo.t("vae.said", { place, digits }) + " " + densities.sentence.textContent;
      });
    }

    /* Controls */

    const markView = zoo.segments(find("views"), VIEWS, {
      choose: (view) => change({ view }),
      label: "vae.view_",
      testid: "vae-view-",
    });
    const markBeta = zoo.segments(find("betas"), planes.map(({ model }) => model), {
      choose: (model) => change({ beta: planes.find((one) => one.model === model).beta }),
      testid: "",
      parts: () => [],
    });

    function nameBetas() {
      planes.forEach(({ beta }, k) => {
        find("betas").children[k].textContent = zoo.number(beta, beta < 1 ? 1 : 0);
      });
    }

    function show() {
      markView(part.get("view"));
      markBeta(chart.model);
      const beta = part.get("beta");
      const meaning = beta < 1 ? "low" : beta > 1 ? "high" : "one";
      find("meaning").textContent = zoo.t("vae.beta_" + meaning);
      legend.mark(part.get("only"));
      plane.draw();
    }

    const askStart = ask(server.start, async (answer, { model }) => {
      const { width, height, levels } = await zoo.readPNG(answer.manifold);
      charts[model] = {
        model,
        points: zoo.int16(answer.points, 1000),
        logQ: zoo.int16(answer.log_q, 100),
        labels: answer.labels,
        extent: answer.extent,
        digits: zoo.unpackBits(answer.digits, 784 * answer.labels.length),
        // In ink on clear paper.
        manifold: zoo.inTheme(() => {
          const canvas = zoo.make("canvas", { width, height });
          zoo.paintInk(canvas, levels);
          return canvas;
        }),
      };
      restore();
    });

    function restore() {
      if (!planes.some(({ beta }) => beta === part.get("beta"))) part.set({ beta: planes[0].beta });
      const { model } = planes.find(({ beta }) => beta === part.get("beta"));
      if (!charts[model]) return askStart({ model });
      chart = charts[model];
      plane.extent = chart.extent;
      show();
      moved();
    }

    nameBetas();
    return {
      restore,
      /* A draw from the prior. */
      seeded(seed) {
        const [x, y] = zoo.normals(seed, 2).map((v) => plane.inside(v));
        plane.hover = null;
        return { seed, x, y };
      },
      words() {
        nameBetas();
        if (!chart) return;
        show();
        read();
      },
      paint() {
        if (!chart) return;
        show();
        drawDecoded();
        read();
      },
      png() {
        if (!decoded) return null;
        const item = { canvas: find("decoded"), title: chart.model, note: find("place").textContent };
        return [plane.sheet([item]), "genzoo-vae-map.png"];
      },
      json() {
        if (!decoded) return null;
        const { z, levels } = decoded;
        const nearest = around(z).map(({ label, distance, i }) => ({
          label,
          distance,
          z: [chart.points[2 * i], chart.points[2 * i + 1]],
        }));
        const value = { model: chart.model, z, density: densityAt(z), image: zoo.fractions(levels), nearest };
        return [value, "genzoo-vae-map.json"];
      },
    };
  },
});
