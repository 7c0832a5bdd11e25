// @ts-check
import * as zoo from "../shared/zoo.js";

const D = 784;
const computation = zoo.computation("vae");
const RANGE = 4; // of a slider, in deviations of the prior
const LIMIT = 6; // of what the server decodes
const SHOWN = 12;
const SOURCES = ["mean", "posterior", "prior", "origin"];
const FIRST = { mnist: 507, fashion: 900 }; // a five and a boot, by the chooser's ids
const [LEAST, MOST] = [1e-5, 10]; // nats of KL that the strip of all latents shows

/* What this is at: {model, set, x, z}, where the walks begin; and a latent that they set to a value. */
export const code = zoo.signal(null);
export const latentTaken = zoo.signal(null);

const clip = (v, limit) => Math.max(-limit, Math.min(limit, v));
const clipped = (z) => z.map((v) => clip(v, LIMIT));

/* Of the models of some data, the one whose objective is the ELBO itself. */
const plainOf = (models) => models.find(({ beta, k }) => beta === 1 && k === 1) || models[0];

/* A round number that holds `v`, so that the scale seldom changes. */
function roomFor(v) {
  const unit = 10 ** Math.floor(Math.log10(v));
  return [1, 1.5, 2, 3, 5, 7.5, 10].map((m) => m * unit).find((room) => room >= v);
}

/* The mean KL of a latent in the strip, on a log scale: those that are not used lie far below the rest. */
const heightOf = (kl) => (100 * Math.log(clip(kl, MOST) / LEAST)) / Math.log(MOST / LEAST);

/* How a code explains x: log p(z) and log p(x, z) = log p(x | z) + log p(z), what the latter loses
   against z = mu, and what log q(z | x) does. As log p(x, z) = log p(z | x) + log p(x), the loss is
   that of the true posterior; q's would be the same were q exact. */
function explain(z, likelihood, posterior) {
  const { mean, deviation } = posterior;
  const half = (values) => values.reduce((sum, v) => sum + (v * v) / 2, 0);
  const prior = (values) => -half(values) - (values.length / 2) * Math.log(2 * Math.PI);
  const center = clipped(mean);
  const at_mean = posterior.log_likelihood + prior(center);
  const log_joint = likelihood + prior(z);
  return {
    log_prior: prior(z),
    log_joint,
    at_mean,
    loss: at_mean - log_joint,
    loss_by_q: half(z.map((v, k) => (v - center[k]) / deviation[k])),
  };
}

export default zoo.widget({
  name: "vae",
  state: ({ models }) => ({
    model: plainOf(models.filter(({ data }) => data === models[0].data)).name,
    image: -1, drawing: "", from: "mean", z: "", seed: 1, all: false,
  }),
  choices: ({ models }) => ({ model: models.map(({ name }) => name), from: [...SOURCES, "hand"] }),
  setup({ props, part, server, find, all, change, ask, askNew, say }) {
    const models = Object.fromEntries(props.data.models.map((model) => [model.name, model]));
    const on = (data) => props.data.models.filter((model) => model.data === data);
    const current = () => models[part.get("model")];

    const sets = {}; // by model: what `start` said
    let set = null;
    let x = new Uint8Array(D); // gray levels, 0 to 255
    let posterior = null; // what `encode` said of x
    let z = null;
    let decoded = new Uint8Array(D);
    let likelihood = null;
    let joint = null; // what `explain` says of z
    let loading = false; // the canvas is being filled by us, not drawn on

    /* The two pictures */

    const canvas = new zoo.PixelCanvas(find("draw"), {
      label: "vae.input_label",
      read: (i) => zoo.t(canvas.pixels[i] ? "vae.ink" : "vae.paper"),
      onchange: drew,
    });
    const chosen = new zoo.Heatmap(find("chosen"), {
      label: "vae.chosen_label",
      read: (i) => zoo.percent(x[i] / 255),
    });
    const picture = new zoo.Heatmap(find("picture"), {
      label: "vae.output_label",
      read: (i) => zoo.percent(decoded[i] / 255),
    });
    const chooser = new zoo.Chooser(find("chooser"), { label: "vae.choose", onchoose: choose });

    new zoo.Pens(find("pens"), canvas, { testid: "vae", clear: true });

    function drew(pixels, finished) {
      if (loading) return;
      x = Uint8Array.from(pixels, (v) => 255 * v);
      chooser.mark(null);
      setSource("mean");
      if (finished) part.set({ image: -1, drawing: zoo.urlBits(pixels) });
      encode();
    }

    function choose(id) {
      part.set({ image: id, drawing: "" });
      setSource("mean");
      showInput(true);
      encode();
    }

    /* x as the state has it, on the canvas of its kind. */
    function showInput(undoable) {
      const bits = set.binary && part.get("drawing") ? zoo.unpackBits(part.get("drawing"), D) : null;
      if (bits) {
        x = bits.map((v) => 255 * v);
        chooser.mark(null);
      } else {
        const first = FIRST[current().data];
        const id = chooser.nearest(part.get("image") < 0 ? first : part.get("image"));
        part.set({ drawing: "" });
        x = chooser.picture(id).slice();
        chooser.mark(id);
      }
      find("draw").hidden = find("pens").hidden = find("near").hidden = !set.binary;
      find("chosen").hidden = find("gray").hidden = set.binary;
      if (set.binary) {
        loading = true;
        const pixels = x.map((v) => (v ? 1 : 0));
        if (undoable) canvas.load(pixels);
        else canvas.put(pixels);
        loading = false;
      } else chosen.show(x, { map: "ink", high: 255 });
    }

    /* From x to q(z | x) */

    function encode() {
      askEncode({ model: part.get("model"), x: zoo.base64(x) });
      nearness = null;
      showNear();
      if (chooser.id === null) askNearSoon(); // drawn, and not chosen
    }

    /* How far a drawing is from the training digits: what is made of one that is far is a guess. */
    let nearness = null;
    const askNear = zoo.latest(server.near, (answer, given) => {
      if (given.x !== zoo.base64(x)) return;
      nearness = answer.limit ? answer : null;
      showNear();
    });
    const askNearSoon = zoo.wait(150, () => askNear({ x: zoo.base64(x) }));
    function showNear() {
      const said = nearness ? [zoo.nearness(nearness), ...(nearness.is_far ? [zoo.t("vae.far")] : [])] : [];
      find("near").textContent = said.join(" ");
      find("near").classList.toggle("zoo-bad", Boolean(nearness?.is_far));
    }

    const askEncode = ask(server.encode, (answer, given) => {
      if (given.model !== part.get("model")) return;
      posterior = answer;
      askDecode.forget();
      zoo.afterFrame(showPosterior);
      if (part.get("from") === "mean") {
        z = posterior.mean.slice();
        showDecoded(answer);
        zoo.afterFrame(showCode);
      } else place();
    });

    /* From z to a picture */

    const askDecode = askNew(server.decode, (answer, given) => {
      if (given.model === part.get("model") && posterior) showDecoded(answer, given.z);
    });

    const decode = (at = z) =>
      askDecode({ model: part.get("model"), z: clipped(at), x: zoo.base64(x) });

    /* z with another value of one latent, as it will be in the address. */
    function codeWith(k, value) {
      const next = clipped(z).map((v) => Math.round(100 * v) / 100);
      next[k] = value;
      return next;
    }

    /* z from where the state says that it comes. */
    function place() {
      const n = set.kl.length;
      const from = part.get("from");
      if (from === "hand") {
        const given = part.get("z").split("_").map(Number);
        const fits = given.length === n && given.every((v) => Math.abs(v) <= LIMIT);
        z = fits ? given : posterior.mean.slice();
      } else if (from === "posterior") {
        const eps = zoo.normals(part.get("seed"), n);
        z = posterior.mean.map((mean, k) => mean + posterior.deviation[k] * eps[k]);
      } else if (from === "prior") z = zoo.normals(part.get("seed"), n);
      else z = from === "origin" ? Array(n).fill(0) : posterior.mean.slice();
      decode();
      showCode();
    }

    const markSource = zoo.segments(find("sources"), SOURCES, {
      choose(from) {
        if (!posterior) return;
        if (from === "posterior" || from === "prior") setSeed(zoo.newSeed());
        setSource(from);
        place();
      },
      label: "vae.from_",
      titled: true,
      testid: "vae-from-",
    });

    function setSource(from) {
      part.set({ from, z: "" });
      markSource(from);
    }

    function setSeed(seed) {
      part.set({ seed });
      find("noise").value = seed;
    }
    zoo.seedField(find("noise"), part, (seed) => {
      setSeed(seed);
      if (!["posterior", "prior"].includes(part.get("from"))) setSource("posterior");
      place();
    });

    function setLatent(k, value) {
      z = codeWith(k, value);
      decode();
      if (part.get("from") !== "hand") setSource("hand");
      part.set({ z: z.join("_") });
      zoo.afterFrame(showCode);
    }

    zoo.onChange(latentTaken, ({ latent, value }) => set && z && setLatent(latent, value));

    /* What is shown */

    function showDecoded(answer, at = z) {
      decoded = zoo.bytes(answer.image);
      likelihood = answer.log_likelihood;
      joint = explain(clipped(at), likelihood, posterior);
      picture.show(decoded, { map: "ink", high: 255 });
      picture.cells.dataset.z = at.map((v) => v.toFixed(4)).join(" ");
      decodedFrom = at;
      tell();
      zoo.afterFrame(showTerms);
    }

    /* The way from x through z to the picture, with the latent that is pointed at. */
    let decodedFrom = null;
    function tell() {
      if (!joint) return;
      computation.value = {
        x, mean: posterior.mean, deviation: posterior.deviation, order: set.order, pointed,
        kl: posterior.reconstruction - posterior.elbo, z: decodedFrom, image: decoded, likelihood,
      };
    }

    function showTerms() {
      showLikelihood();
      showBalance();
      say(() => {
        const sentence = zoo.t("vae.code_said", { likelihood: zoo.number(likelihood, 1) });
        return sentence + " " + find("change").textContent;
      });
    }

    function showLikelihood() {
      if (likelihood === null) return;
      const math = zoo.make("span", { class: "zoo-math" }, "log p(x | z) = ");
      find("likelihood").replaceChildren(math, zoo.number(likelihood, 1));
    }

    function showBalance() {
      if (!posterior || !joint) return;
      const kl = posterior.reconstruction - posterior.elbo;
      // As in the table of the models, where it was measured.
      const measured = current();
      const typical = measured.reconstruction === null || measured.kl === null
        ? set.kl.reduce((sum, v) => sum + v, 0) - set.reconstruction
        : measured.kl + measured.reconstruction;
      const most = roomFor(Math.max(-posterior.elbo, typical, -joint.log_joint) * 1.02);
      find("elbo").textContent = zoo.number(posterior.elbo, 1);
      find("reconstruction").textContent = zoo.number(posterior.reconstruction, 1);
      find("sum .divergence").textContent = zoo.number(kl, 1);
      find("evidence .rec").style.width = (-100 * posterior.reconstruction) / most + "%";
      find("evidence .kl").style.width = (100 * kl) / most + "%";
      find("typical").style.left = (100 * typical) / most + "%";
      find("zero").textContent = zoo.number(0);
      find("most").textContent = zoo.number(-most);
      find("verdict").textContent = zoo.t("vae.verdict", {
        bits: zoo.number(posterior.bits_per_dim, 3),
        typical: zoo.number(-typical, 1),
      });
      find("joint").textContent = zoo.number(joint.log_joint, 1);
      find("given").textContent = zoo.number(likelihood, 1);
      find("log-prior").textContent = zoo.number(joint.log_prior, 1);
      find("given-z").style.width = (-100 * likelihood) / most + "%";
      find("of-z").style.width = (-100 * joint.log_prior) / most + "%";
      find("at-mean").style.left = (-100 * joint.at_mean) / most + "%";
      const change = joint.loss > 0.05 ? "vae.lost" : joint.loss < -0.05 ? "vae.gained" : "vae.kept";
      find("change").textContent = zoo.t(change, {
        nats: zoo.number(Math.abs(joint.loss), 1),
        q: zoo.number(joint.loss_by_q, 1),
      });
    }

    /* Sliders */

    let rows = []; // by latent
    let pointed = null;

    function buildSliders() {
      rows = [];
      pointed = set.order[0];
      const used = set.order.slice(0, Math.max(1, set.n_active));
      const most = Math.max(...set.kl) * 1.6;
      const list = used.map((k, rank) => {
        const make = zoo.make;
        const name = make("span", { class: "name zoo-math" }, "z", make("sub", {}, String(k)));
        const bar = make("span", {});
        const average = make("i", {});
        average.style.left = `calc(${(100 * set.kl[k]) / most}% - 1px)`;
        const [two, one] = [make("span", { class: "two" }), make("span", { class: "one" })];
        const input = make("input", { type: "range", class: "zoo-range", min: -RANGE, max: RANGE,
          step: 0.01, "aria-label": "z " + k, "data-testid": "vae-z-" + rank });
        const output = make("output", { class: "zoo-figure" });
        const row = make("li", { class: "slider" }, name,
          make("span", { class: "divergence" }, bar, average),
          make("span", { class: "track" }, make("span", { class: "density" }),
            make("span", { class: "within" }, two, one), input),
          output);
        input.addEventListener("input", () => setLatent(k, Number(input.value)));
        zoo.slide(input, (value) => z && decode(codeWith(k, value)));
        for (const event of ["pointerenter", "focusin"]) {
          row.addEventListener(event, () => {
            pointed = k;
            readRow();
            showStrip();
            tell();
          });
        }
        rows[k] = { row, bar, one, two, input, output, most };
        return row;
      });
      find("sliders").replaceChildren(...list);
      showCount();
      buildStrip();
    }

    function buildStrip() {
      const bars = set.order.map((k, rank) => {
        const bar = zoo.make("span", { class: rank < set.n_active ? "bar active" : "bar" });
        bar.dataset.latent = k;
        bar.style.height = Math.max(2, heightOf(set.kl[k])) + "%";
        return bar;
      });
      find("strip").replaceChildren(...bars);
      for (const line of all("gridline")) {
        line.style.bottom = heightOf(Number(line.dataset.kl)) + "%";
      }
      showStrip();
    }

    function showStrip() {
      const about = { active: set.n_active, all: set.kl.length };
      find("n-active").textContent = zoo.t("vae.active_of", about);
      [...find("strip").children].forEach((bar) => {
        bar.classList.toggle("pointed", Number(bar.dataset.latent) === pointed);
        bar.title = `z ${bar.dataset.latent}: ${zoo.number(set.kl[bar.dataset.latent], 4)}`;
      });
      for (const line of all("gridline")) {
        line.firstChild.textContent = zoo.number(line.dataset.kl, Number(line.dataset.kl) < 1 ? 2 : 0);
      }
      find("strip").setAttribute("aria-label", zoo.t("vae.strip_label", about));
    }

    function showCount() {
      const unfolded = part.get("all");
      [...find("sliders").children].forEach((row, rank) => (row.hidden = !unfolded && rank >= SHOWN));
      find("more").hidden = set.n_active <= SHOWN;
      find("more").setAttribute("aria-expanded", unfolded);
      find("more").textContent = zoo.t(unfolded ? "vae.fewer" : "vae.more", {
        shown: SHOWN,
        active: set.n_active,
        all: set.kl.length,
      });
    }

    find("more").addEventListener("click", () => {
      part.set({ all: !part.get("all") });
      showCount();
    });

    /* Where q(z_k | x) lies on each slider, and what it costs. */
    function showPosterior() {
      if (!posterior) return;
      const percent = (v) => (100 * (clip(v, RANGE) + RANGE)) / (2 * RANGE);
      rows.forEach(({ bar, one, two, most }, k) => {
        bar.style.width = Math.min(100, (100 * posterior.kl[k]) / most) + "%";
        const [mean, deviation] = [posterior.mean[k], posterior.deviation[k]];
        for (const [span, n] of [[one, 1], [two, 2]]) {
          const [low, high] = [mean - n * deviation, mean + n * deviation].map(percent);
          span.style.left = low + "%";
          span.style.width = high - low + "%";
        }
      });
      readRow();
    }

    function showCode() {
      if (!z) return;
      rows.forEach(({ input, output }, k) => {
        const shown = z[k].toFixed(2);
        if (output.dataset.shown === shown + zoo.language.value) return; // most of them, while one is dragged
        output.dataset.shown = shown + zoo.language.value;
        if (Number(input.value) !== z[k]) input.value = z[k];
        output.textContent = zoo.number(z[k], 2);
      });
      code.value = { model: part.get("model"), set, x, z };
    }

    function readRow() {
      if (!posterior || pointed === null) return;
      find("reading").replaceChildren(
        zoo.make("span", { class: "zoo-math" }, "z", zoo.make("sub", {}, String(pointed))),
        zoo.t("vae.row", {
          mean: zoo.number(posterior.mean[pointed], 2),
          deviation: zoo.number(posterior.deviation[pointed], 2),
          kl: zoo.number(posterior.kl[pointed], 2),
          average: zoo.number(set.kl[pointed], 2),
        })
      );
    }

    /* The data, and the models on it */

    const kinds = [...new Set(props.data.models.map(({ data }) => data))];
    const markKind = zoo.segments(find("kinds"), kinds, {
      choose(data) {
        if (data === current().data) return;
        change({ model: plainOf(on(data)).name, image: -1, drawing: "", z: "", from: "mean" });
      },
      label: "zoo.",
      testid: "vae-",
    });
    find("kinds").hidden = kinds.length < 2;

    /* The same image in another model; a code set by hand would mean nothing there. */
    function setModel(model) {
      if (model === part.get("model")) return;
      change({ model, z: "", from: part.get("from") === "hand" ? "mean" : part.get("from") });
    }

    /* The models of the data at hand, and what was measured of each: the one in use is marked. */
    function showModels() {
      const list = on(current().data);
      const make = zoo.make;
      const figure = (value, digits) => (value === null ? "\u2014" : zoo.number(value, digits));
      const most = Math.max(...list.map(({ reconstruction, kl }) => reconstruction + kl));
        const width = (value) => `width: ${(100 * value) / most}%`;
      const rows = list.map((model) => {
        const name = model.k > 1
          ? zoo.t("vae.iwae", { k: zoo.number(model.k) })
          : "\u03b2 = " + zoo.number(model.beta, Number.isInteger(model.beta) ? 0 : 2);
        const button = make("button", { type: "button", "data-testid": "vae-objective-" + model.name,
          "aria-pressed": model.name === part.get("model") }, name);
        button.addEventListener("click", () => setModel(model.name));
        const row = make("tr", {},
          make("th", { scope: "row" }, button),
          make("td", { class: "terms" }, make("div", { class: "beam", "aria-hidden": "true" },
            make("span", { class: "rec", style: width(model.reconstruction) }),
            make("span", { class: "kl", style: width(model.kl) }))),
          make("td", {}, figure(model.reconstruction && -model.reconstruction, 1)),
          make("td", {}, figure(model.kl, 1)),
          make("td", {}, `${figure(model.active_latents, 0)} / ${zoo.number(model.n_latent)}`),
          make("td", {}, figure(model.nll_bound, 1)),
          make("td", {}, figure(model.fid, 1)),
          make("td", {}, zoo.compact(model.images_seen, 2)));
        row.classList.toggle("current", model.name === part.get("model"));
        return row;
      });
      const focused = find("objectives").contains(document.activeElement);
      find("objectives").replaceChildren(...rows);
      find("compared").classList.toggle("no-fid", list.every(({ fid }) => fid === null));
      if (focused) find("objectives").querySelector("[aria-pressed=true]").focus();
    }

    /* All together */

    const kindName = (c) => (set.binary ? zoo.number(c) : zoo.t("zoo.clothes_" + c));
    const className = (c) => (set.binary ? zoo.t("vae.digit", { digit: c }) : kindName(c));

    function unpack(answer, { data }) {
      const n = answer.labels.length * D;
      const images = answer.binary
        ? zoo.unpackBits(answer.images, n).map((v) => 255 * v)
        : zoo.bytes(answer.images);
      return { ...answer, data, images, className, kindName };
    }

    const askStart = ask(server.start, (answer, { model }) => {
      sets[model] = unpack(answer, models[model]);
      if (model === part.get("model")) restore();
    });

    /* Show the state from the start, as after a reload. */
    function restore() {
      const model = part.get("model");
      markKind(current().data);
      showModels();
      if (!sets[model]) return askStart({ model });
      markSource(part.get("from"));
      posterior = joint = z = null;
      set = sets[model];
      find("noise").value = part.get("seed");
      chooser.load(set.images, set.labels, className);
      buildSliders();
      showInput(false);
      encode();
    }

    return {
      restore,
      reset: () => ({ ...part.defaults, model: part.get("model"), all: part.get("all") }),
      words() {
        if (!set) return;
        showModels();
        showCount();
        showNear();
        showStrip();
        showBalance();
        showLikelihood();
        readRow();
        showCode();
      },
      png() {
        if (!posterior) return null;
        const items = [
          { canvas: (set.binary ? canvas : chosen).cells, title: zoo.t("vae.input") },
          { canvas: picture.cells, title: zoo.t("vae.output") },
        ];
        const heading = `${part.get("model")}   ELBO ${zoo.number(posterior.elbo, 1)} ${zoo.t("vae.nats")}`;
        return [zoo.sheet(items, { columns: 2, heading }), "genzoo-vae.png"];
      },
      json() {
        if (!joint) return null;
        const { mean, deviation, kl, reconstruction, elbo, bits_per_dim } = posterior;
        const { log_prior, log_joint, loss, loss_by_q } = joint;
        const value = {
          model: part.get("model"),
          input: zoo.fractions(x),
          posterior: { mean, deviation, kl },
          reconstruction,
          elbo,
          bits_per_dim,
          z,
          from: part.get("from"),
          seed: part.get("seed"),
          image: zoo.fractions(decoded),
          log_likelihood: likelihood,
          log_prior,
          log_joint,
          loss,
          loss_by_q,
        };
        return [value, "genzoo-vae.json"];
      },
    };
  },
});
