// @ts-check
import * as zoo from "../shared/zoo.js";
import { Game, OFF, SPEEDS, read, written } from "./game.js";
import { Picture } from "./picture.js";

const LRS = [0.0001, 0.0002, 0.0003, 0.0005, 0.001, 0.002, 0.004, 0.01, 0.02, 0.05];
const WEIGHTS = [0.008, 0.024, 0.1, 0.3, 1, 3, 8];

/* Found by trying, on the ring, for seeds 0 to 2: D is trained first, then G answers that one D in full and
   runs to wherever it is highest, all points at once. Taking turns again, by the rules at first or by
   Wasserstein's, brings them apart. The penalty keeps D highest where real points are. */
const COLLAPSE = {
  rules: { loss: "non-saturating", penalty: "r1", weight: 0.3, lr: 0.002, lr_critic: 0.004, n_critic: 1 },
  acts: [["critic", 300], ["generator", 300]],
};
const CURE_W = {
  loss: "wasserstein", penalty: "wgan-gp", weight: 0.1, lr: 0.002, lr_critic: 0.004, n_critic: 3 };
const FAR = 2400; // steps after which a cure comes to rest

const FACE =
  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABgMAAGAwAAYDAAAAAAAAAAAAAAAAAAAA" +
  "AAAAADAAwAOAHAAcA4AA4HAAB_4AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/* `game` is the record. What is drawn at first is a face. */
export default zoo.widget({
  name: "gan",
  state: ({ rules, exhibit }) => ({
    target: "ring", ink: FACE, seed: 0, game: written([{ rules, acts: [["both", exhibit]] }]),
    speed: "normal", best: false, arrows: false, mesh: false, stretch: false, hand: false, x: 0.5, y: 0.5,
    layers: 2, units: 64, latent: 2, beside: OFF,
  }),
  choices: ({ targets, penalties, sizes }) => ({
    target: targets, speed: Object.keys(SPEEDS), beside: [OFF, ...penalties],
    layers: sizes.n_layers, units: sizes.n_hidden, latent: sizes.n_latent,
  }),
  limits: { x: [0, 1], y: [0, 1] },
  setup(w) {
    const { element, props, server, part, find, all } = w;
    const { rules, exhibit, targets, losses, penalties, sizes } = props.data;
    /** @type {(name: string) => any} */
    const ruleInput = (name) => element.querySelector(`[data-rule=${name}]`);

    const canvas = new zoo.PixelCanvas(find("drawing"), { label: "zoo.canvas", onchange: drawn });
    const showTools = canvas.tools({ find, all });
    const ink = () => (part.get("target") === "drawn" ? Array.from(canvas.pixels) : null);

    const game = new Game({ server, part, exhibit, rules, ink, tell: {
      begun(answer) {
        picture.showTarget(answer);
        showPlaying();
      },
      told(answer, given, total) {
        picture.told(answer, given);
        zoo.showStatus(find("state"), answer, total);
      },
      failed,
      waiting({ n_active, wait }) {
        if (n_active > 1 && wait > 0.1) state(zoo.t("gan.waiting", { n: zoo.number(n_active) }));
      },
      rested: showPlaying,
    } });
    const { want } = game;
    const picture = new Picture(w, game, () => {
      want.handMoved = true;
      game.run();
    });

    /* State of the page */

    function state(sentence, bad = false) {
      find("state").textContent = sentence;
      find("state").classList.remove("zoo-took"); // it is no time
      find("state").parentElement.classList.toggle("zoo-bad", bad);
    }

    function failed(answer) {
      state(answer.ok ? zoo.t("gan.ended_" + answer.ended) : answer.error, true);
      picture.plane.drawOver();
      showPlaying();
    }

    function showPlaying() {
      const moving = game.isMoving();
      const [button, words] = [find("play"), zoo.t(moving ? "zoo.pause" : "zoo.play")];
      const name = button.querySelector("span");
      // What is written anew asks for a frame, the same or not, and a step is to be answered in its first.
      if (button.dataset.playing === String(moving) && name.textContent === words) return;
      name.textContent = words;
      button.querySelector("path").setAttribute("d", moving ? "M7 5h4v14H7zM13 5h4v14h-4z" : "M7 5v14l12-7z");
      button.dataset.playing = String(moving);
    }

    function show() {
      const hand = part.get("hand");
      markTarget(part.get("target"));
      markPlayer(hand ? "hand" : "network");
      markField(part.get("best") ? "best" : "now");
      markLoss(game.rules.loss);
      markPenalty(game.rules.penalty);
      markBeside(part.get("beside"));
      for (const select of sizeInputs) select.value = part.get(select.dataset.size);
      find("second").hidden = part.get("beside") === OFF;
      find("boards").classList.toggle("two", part.get("beside") !== OFF);
      for (const toggle of find("toggles").querySelectorAll("[data-show]")) {
        toggle.setAttribute("aria-pressed", String(part.get(toggle.dataset.show)));
      }
      find("redraw").hidden = part.get("target") !== "drawn" || !find("drawing").hidden;
      find("speed").value = part.get("speed");
      find("step-generator").disabled = hand;
      find("plane").classList.toggle("hand", hand);
      for (const name of ["lr", "lr_critic"]) {
        const value = game.rules[name];
        const far = (rate) => Math.abs(Math.log(rate / value));
        showRule(name, LRS.indexOf(LRS.reduce((a, b) => (far(b) < far(a) ? b : a))));
      }
      showRule("n_critic", game.rules.n_critic);
      weight.value = String(WEIGHTS.find((w) => w === game.rules.weight) ?? "");
      weight.parentElement.classList.toggle("off", game.rules.penalty === "none");
      showWords();
      showPlaying();
    }

    function showRule(name, position) {
      const input = ruleInput(name);
      input.value = position;
      input.nextElementSibling.textContent = game.rules[name];
      input.setAttribute("aria-valuetext", game.rules[name]);
    }

    function showWords() {
      const kind = game.isWasserstein() ? "_wasserstein" : "";
      const value = game.isDistance() ? "_distance" : kind;
      const [best, hand] = [part.get("best"), part.get("hand")];
      const names = [zoo.t("gan.field_now" + kind), zoo.t("gan.field_best")];
      const words = {
        "field-name": names[Number(best)],
        "mini-name": names[Number(!best)],
        "mini-words": zoo.t(best ? "gan.mini_now" : "gan.mini_best" + kind),
        "made-name": zoo.t(hand ? "gan.made_hand" : "gan.made"),
        low: zoo.t("gan.low" + kind),
        high: zoo.t("gan.high" + kind),
        "value-name": zoo.t("gan.value" + value),
        descends: zoo.t(hand ? "gan.descends_hand" : "gan.descends"),
        "first-name": part.get("beside") === OFF ? "" : zoo.t("gan.is_" + game.rules.penalty),
        "second-name": part.get("beside") === OFF ? "" : zoo.t("gan.is_" + part.get("beside")),
      };
      for (const [name, text] of Object.entries(words)) find(name).textContent = text;
      find("zoo-bar").style.background = zoo.gradient("cividis");
    }

    /* Play */

    function play(until = null) {
      const ended = game.match?.ended;
      if (ended === "gone") game.begin(game.match.phases); // and then on
      else if (ended && !want.begin) return failed({ ok: true, ended });
      Object.assign(want, { playing: true, stopAt: until });
      game.run();
      showPlaying();
    }

    function look() {
      show();
      picture.draw();
      game.look();
    }

    /* Another state of what is shown. */
    function seen(values) {
      part.set(values);
      look();
    }

    /* By other rules from here on. */
    function rule(changed) {
      game.rule(changed);
      look();
    }

    function preset(next, until) {
      stopDrawing();
      part.set({ hand: false, speed: "fast" });
      game.rules = { ...next };
      show();
      play(until);
    }

    const onClick = (name, act) => find(name).addEventListener("click", act);
    onClick("play", () => {
      stopDrawing();
      if (game.isMoving()) game.pause();
      else play();
    });
    /* What is around a button is pressed in its place. A button looks otherwise while it is pressed, which
       takes a frame at the press and at its end, and a step would have to wait for the next. */
    for (const around of all("step")) {
      around.addEventListener("click", () => {
        if (around.firstElementChild.disabled) return;
        game.pause();
        stopDrawing();
        want.acts.push(around.dataset.who);
        game.run();
      });
    }
    onClick("over", () => {
      want.stopAt = null;
      game.begin();
    });
    onClick("collapse", () => {
      stopDrawing();
      part.set({ target: "ring", hand: false });
      Object.assign(want, { playing: false, stopAt: null });
      game.begin([{ rules: { ...COLLAPSE.rules }, acts: COLLAPSE.acts.map((act) => [...act]) }]);
      show();
    });
    onClick("cure", () => preset(rules, game.played() + FAR));
    onClick("cure-w", () => preset(CURE_W, game.played() + FAR));
    for (const speed of Object.keys(SPEEDS)) {
      find("speed").append(zoo.make("option", { value: speed, "data-t": "gan.speed_" + speed }));
    }
    zoo.translate(find("speed"));
    find("speed").addEventListener("change", () => {
      part.set({ speed: find("speed").value });
      game.wake();
    });
    find("past").addEventListener("input", ({ target }) => {
      game.pause();
      game.goBack(Number(target.value));
      picture.draw();
    });
    zoo.onChange(zoo.tab, (tab) => tab !== "gan" && game.pause());

    /* What is shown */

    onClick("toggles", ({ target }) => {
      const { show: key } = target.dataset;
      if (key) seen({ [key]: !part.get(key) });
    });
    const markField = zoo.choice(find("fields"), (key) => seen({ best: key === "best" }));
    onClick("mini", () => seen({ best: !part.get("best") }));
    const markPlayer = zoo.choice(find("players"), (key) => seen({ hand: key === "hand" }));

    /* What is played for */

    const segments = (host, name, keys, choose) =>
      zoo.segments(find(host), keys, { label: `gan.${name}_`, testid: `gan-${name}-`, choose });
    const markTarget = segments("targets", "target", targets, (target) => {
      part.set({ target });
      stopDrawing();
      game.begin();
      if (target === "drawn") startDrawing();
      show();
    });
    const markLoss = segments("losses-of", "loss", losses, (loss) => {
      // A critic of Wasserstein's without a bound on its slope grows for ever.
      const there = { penalty: "wgan-gp", weight: 0.1, n_critic: 3 };
      const back = { penalty: "r1", weight: 0.024, n_critic: 1 };
      const to = loss === "wasserstein";
      rule({ loss, ...(to === game.isWasserstein() ? {} : to ? there : back) });
    });
    const markPenalty = segments("penalties", "penalty", penalties, (penalty) => {
      const weight = penalty === "none" ? 0 : game.rules.weight || (penalty === "r1" ? 0.024 : 0.1);
      rule({ penalty, weight });
    });
    /* Other networks, or another game beside this one: all that was played is played again. */
    function again(values) {
      part.set(values);
      want.playing = false;
      stopDrawing();
      game.begin(game.match ? game.match.phases : undefined);
      show();
    }
    const markBeside = segments("besides", "beside", [OFF, ...penalties], (beside) => again({ beside }));
    const sizeInputs = /** @type {HTMLSelectElement[]} */ ([...element.querySelectorAll("[data-size]")]);
    for (const select of sizeInputs) {
      const offered = sizes[{ layers: "n_layers", units: "n_hidden", latent: "n_latent" }[select.dataset.size]];
      select.append(...offered.map((value) => zoo.make("option", { value }, String(value))));
      select.addEventListener("change", () => again({ [select.dataset.size]: Number(select.value) }));
    }
    for (const name of ["lr", "lr_critic"]) {
      const input = ruleInput(name);
      input.max = LRS.length - 1;
      input.addEventListener("input", () => rule({ [name]: LRS[Number(input.value)] }));
    }
    const n_critic = ruleInput("n_critic");
    n_critic.addEventListener("input", () => rule({ n_critic: Number(n_critic.value) }));
    const weight = ruleInput("weight");
    weight.append(...WEIGHTS.map((value) => zoo.make("option", { value }, String(value))));
    weight.addEventListener("change", () => rule({ weight: Number(weight.value) }));

    /* A drawing: each stroke moves the goal, and the game goes on */

    function startDrawing() {
      find("drawing").hidden = find("pens").hidden = false;
      canvas.refresh();
      canvas.surface.focus({ preventScroll: true });
      show();
    }

    function stopDrawing() {
      if (find("drawing").hidden) return;
      find("drawing").hidden = find("pens").hidden = true;
      show();
    }

    let loading = false;
    function drawn(pixels, finished) {
      showTools();
      if (!finished) return;
      part.set({ ink: zoo.urlBits(pixels) });
      if (!game.match || loading || !pixels.some(Boolean)) return;
      want.aim = true;
      game.forget();
      game.look();
    }

    onClick("done", stopDrawing);
    onClick("redraw", startDrawing);

    /* All together */

    let reseeded = false; // another seed: what is played goes on
    return {
      restore() {
        if (!reseeded) {
          Object.assign(want, { playing: false, stopAt: null });
          stopDrawing();
        }
        reseeded = false;
        const pixels = zoo.unpackBits(part.get("ink"), 784);
        if (!pixels?.some(Boolean)) part.set({ ink: part.defaults.ink });
        loading = true;
        canvas.put(zoo.unpackBits(part.get("ink"), 784));
        loading = false;
        const phases = read(part.get("game")) || read(part.defaults.game);
        part.set({ game: written(phases) });
        game.begin(phases);
        show();
      },
      seeded(seed) {
        reseeded = true;
        return { seed, game: written(game.anew()) };
      },
      paint: () => picture.draw(),
      words() {
        show();
        picture.draw();
      },
      png: () => picture.shown() && [picture.sheet(), "genzoo-gan.png"],
      json() {
        const shown = picture.shown();
        if (!shown) return null;
        const { records, phases, real } = game.match;
        const pairs = (list) =>
          Array.from({ length: list.length / 2 }, (_, i) => [list[2 * i], list[2 * i + 1]]);
        const { critic, generator, value, loss, points, field, gradients, beside } = shown;
        return [{
          target: part.get("target"), drawing: ink(), seed: part.get("seed"), played: phases,
          networks: game.networks(),
          steps: { critic, generator },
          value, generator_loss: loss, gradients, measured: picture.measured() || null,
          beside: beside && {
            penalty: game.beside(), value: beside.value, gradients: beside.gradients,
            points: pairs(beside.points), field: Array.from(beside.field),
          },
          values: records.map(({ x, value, generator }) => [x, value, generator]),
          real: pairs(real), points: pairs(points), field: Array.from(field),
        }, "genzoo-gan.json"];
      },
    };
  },
});
