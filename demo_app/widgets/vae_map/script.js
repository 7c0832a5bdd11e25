import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const find = (name) => element.querySelector("." + name);
  const NEIGHBORS = 15;
  const LIMIT = 6;
  const VIEWS = ["both", "points", "digits"];
  const PRIOR = { peak: 1 / (2 * Math.PI), rare: 0.01 / (2 * Math.PI) }; // N(0, I) in the plane
  const { planes } = props.data; // [{model, beta}] of what is released

  const part = zoo.part(
    "vae-map",
    { beta: 1, x: -1.1, y: 0.6, view: "both", only: -1, seed: 1 },
    restore
  );

  const charts = {}; // what the server said of each plane
  let chart = null; // of the one that is shown
  let decoded = new Uint8Array(784);
  let shownAt = null;

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
  const legend = new zoo.ClassLegend(find("legend"), {
    onchoose: (c) => {
      part.set({ only: part.get("only") === c ? -1 : c });
      show();
    },
  });

  /* The aggregated posterior q(z), the mean of q(z | x) over the training digits, and the prior. */
  const densityAt = ([x, y]) => ({
    q: zoo.densityAt(chart.logQ, [x, y]),
    p: PRIOR.peak * Math.exp(-0.5 * (x * x + y * y)),
  });

  const around = (z) => zoo.around(chart.points, chart.labels, z, NEIGHBORS);

  /* Drawing */

  function paint(context, size) {
    const view = part.get("view");
    if (view !== "points") {
      context.globalAlpha = view === "digits" ? 1 : 0.17;
      context.imageSmoothingEnabled = size < 560;
      context.drawImage(inked(), 0, 0, size, size);
      context.globalAlpha = 1;
    }
    plane.scale(context, size);
    if (view !== "digits") plane.dots(context, size, chart.points, chart.labels, part.get("only"));
  }

  /* The manifold in ink on clear paper, for this theme. */
  function inked() {
    const theme = zoo.dark();
    if (chart.inkedFor === theme) return chart.inked;
    const { width, height, levels } = chart.manifold;
    const canvas = zoo.make("canvas", { width, height });
    zoo.paint(canvas, levels, { map: "ink", high: 255 });
    chart.inked = canvas;
    chart.inkedFor = theme;
    return canvas;
  }

  /* The answer to a place */

  const ask = zoo.latest(server.decode, (answer, { model, z }, total) => {
    if (!answer.ok) asked = null;
    else if (model === chart.model) {
      decoded = zoo.bytes(answer.image);
      shownAt = z;
      find("decoded").dataset.model = model;
      drawDecoded();
    }
    zoo.showStatus(find("state"), answer, total);
  });

  let asked = null;
  function decode(z) {
    const key = [chart.model, ...z].join(" ");
    if (key === asked) return;
    asked = key;
    ask({ model: chart.model, z });
  }

  function drawDecoded() {
    const canvas = find("decoded");
    zoo.paint(canvas, decoded, { map: "ink", high: 255 });
    if (shownAt) canvas.dataset.z = shownAt.join(" ");
  }

  function moved() {
    if (!chart) return;
    decode(plane.current());
    zoo.withAnswer(plane.drawOver);
    zoo.afterFrame(read);
  }

  function read() {
    const z = plane.current();
    const place = z.map((v) => zoo.number(v, 2)).join(", ");
    find("place").textContent = "z = (" + place + ")";
    const near = around(z);
    const [nearest] = near;
    const digit = chart.digits.subarray(784 * nearest.i, 784 * (nearest.i + 1));
    zoo.paint(find("nearest"), digit, { map: "ink" });
    find("real").textContent = zoo.t("zoo.real", {
      digit: nearest.label,
      distance: zoo.number(nearest.distance, 2),
    });
    const sorted = near.map(({ label }) => label).sort((a, b) => count(b) - count(a) || a - b);
    function count(label) {
      return near.filter((one) => one.label === label).length;
    }
    find("neighbors").replaceChildren(
      ...sorted.map((c) => {
        const cell = zoo.make("span", {}, String(c));
        cell.style.background = zoo.classColor(c);
        cell.style.color = zoo.classInk(c);
        return cell;
      })
    );
    const groups = [...new Set(sorted)].map((c) => `${c} × ${count(c)}`).join(", ");
    find("neighbors").setAttribute("role", "img");
    find("neighbors").setAttribute("aria-label", groups);
    densities.show(densityAt(z), PRIOR);
    say(zoo.t("vae.said", { place, digits: groups }) + " " + densities.sentence.textContent);
  }

  const say = zoo.wait(250, (sentence) => {
    if (plane.isFocused()) find("said").textContent = sentence;
  });

  /* Controls */

  for (const view of VIEWS) {
    const button = zoo.make("button", { type: "button", "data-key": view, "data-t": "vae.view_" + view,
      "data-testid": "vae-view-" + view });
    button.addEventListener("click", () => {
      part.set({ view });
      show();
    });
    find("views").append(button);
  }

  for (const { model, beta } of planes) {
    const button = zoo.make("button", { type: "button", "data-key": model, "data-testid": model });
    button.addEventListener("click", () => {
      part.set({ beta });
      open();
    });
    find("betas").append(button);
  }

  function drawFromPrior(seed) {
    part.set({ seed });
    find("seed").value = seed;
    plane.take(zoo.normals(seed, 2));
  }
  find("random").addEventListener("click", () => drawFromPrior(zoo.newSeed()));
  zoo.seedField(find("seed"), part, drawFromPrior);
  find("reset").addEventListener("click", () => {
    part.set(part.defaults);
    open();
  });

  find("png").addEventListener("click", () => {
    if (!chart) return;
    const item = { canvas: find("decoded"), title: chart.model, note: find("place").textContent };
    zoo.savePNG(plane.sheet([item]), "genzoo-vae-map.png");
  });
  find("json").addEventListener("click", () => {
    if (!shownAt) return;
    zoo.saveJSON({
      model: chart.model,
      z: shownAt,
      density: densityAt(shownAt),
      image: Array.from(decoded, (v) => v / 255),
      nearest: around(shownAt).map(({ label, distance, i }) => ({
        label,
        distance,
        z: [chart.points[2 * i], chart.points[2 * i + 1]],
      })),
    }, "genzoo-vae-map.json");
  });

  /* All together */

  function show() {
    element.querySelectorAll(".views button").forEach((button) => {
      button.setAttribute("aria-pressed", button.dataset.key === part.get("view"));
    });
    element.querySelectorAll(".betas button").forEach((button, k) => {
      button.textContent = zoo.number(planes[k].beta, planes[k].beta < 1 ? 1 : 0);
      button.setAttribute("aria-pressed", button.dataset.key === chart.model);
    });
    const beta = part.get("beta");
    find("meaning").textContent =
      beta < 1 ? zoo.t("vae.beta_low") : beta > 1 ? zoo.t("vae.beta_high") : zoo.t("vae.beta_one");
    legend.mark(part.get("only"));
    find("seed").value = part.get("seed");
    plane.draw();
  }

  /* Only what can be shown is taken from the address. */
  function checkState() {
    const inside = (v) => Math.max(-LIMIT, Math.min(LIMIT, v));
    const values = { x: inside(part.get("x")), y: inside(part.get("y")) };
    if (!VIEWS.includes(part.get("view"))) values.view = "both";
    if (!Number.isInteger(part.get("only")) || part.get("only") < -1 || part.get("only") > 9) {
      values.only = -1;
    }
    if (!planes.some(({ beta }) => beta === part.get("beta"))) values.beta = planes[0].beta;
    part.set(values);
  }

  const askStart = zoo.latest(server.start, async (answer, { model }) => {
    if (!answer.ok) {
      find("state").parentElement.classList.add("zoo-bad");
      find("state").textContent = answer.error;
      return;
    }
    charts[model] = {
      model,
      points: zoo.int16(answer.points, 1000),
      logQ: zoo.int16(answer.log_q, 100),
      labels: answer.labels,
      extent: answer.extent,
      digits: zoo.unpackBits(answer.digits, 784 * answer.labels.length),
      manifold: await zoo.readPNG(answer.manifold),
    };
    open();
  });

  /* Show the state from the start, as after a reload. */
  function open() {
    checkState();
    const { model } = planes.find(({ beta }) => beta === part.get("beta"));
    if (!charts[model]) return askStart({ model });
    chart = charts[model];
    plane.extent = chart.extent;
    show();
    moved();
  }

  let started = false;
  function restore() {
    if (started) open();
  }

  zoo.onChange(zoo.theme, () => {
    if (!chart) return;
    show();
    drawDecoded();
    read();
  });
  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    if (!chart) return;
    show();
    read();
  });
  zoo.translate(element);
  zoo.whenShown("vae", () => {
    started = true;
    open();
  });
}
