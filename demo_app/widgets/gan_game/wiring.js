/* The controls. */

const LRS = [0.0001, 0.0002, 0.0003, 0.0005, 0.001, 0.002, 0.004, 0.01, 0.02, 0.05];
const WEIGHTS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];

/* Found by trying, on the ring, for seeds 0 to 2: by the first, G runs to wherever D is highest, all
   points at once, and D is too slow to send them apart; either of the others brings them apart. */
const COLLAPSE = { loss: "non-saturating", penalty: "none", weight: 0, lr: 0.01, lr_critic: 0.0003, n_critic: 1 };
const CURE = { ...props.data.rules };
const CURE_W = { loss: "wasserstein", penalty: "between", weight: 0.1, lr: 0.002, lr_critic: 0.004, n_critic: 3 };
const FAR = { collapse: 1200, cure: 2400 }; // steps after which a preset comes to rest

const canvas = new zoo.PixelCanvas(find("drawing"), {
  label: "zoo.canvas",
  onchange: (pixels, finished) => finished && drawn(pixels),
});
const ink = () => (part.get("target") === "drawn" ? Array.from(canvas.pixels) : null);

/* State of the page */

function state(sentence, bad = false) {
  find("state").textContent = sentence;
  find("state").parentElement.classList.toggle("zoo-bad", bad);
}

function failed(answer) {
  state(answer.ok ? zoo.t("gan.ended_" + answer.ended) : answer.error, true);
  plane.drawOver();
  showPlaying();
}

function waiting({ n_active, wait }) {
  if (n_active > 1 && wait > 0.1) state(zoo.t("gan.waiting", { n: zoo.number(n_active) }));
}

function rested() {
  showPlaying();
}

function showPlaying() {
  const moving = want.playing || want.replay.length > 0;
  const [button, words] = [find("play"), zoo.t(moving ? "zoo.pause" : "zoo.play")];
  const name = button.querySelector("span");
  // What is written anew asks for a frame, the same or not, and a step is to be answered in its first.
  if (button.dataset.playing === String(moving) && name.textContent === words) return;
  name.textContent = words;
  button.querySelector("path").setAttribute("d", moving ? "M7 5h4v14H7zM13 5h4v14h-4z" : "M7 5v14l12-7z");
  button.dataset.playing = moving;
}

function press(host, chosen) {
  host.querySelectorAll("button").forEach((button) => {
    button.setAttribute("aria-pressed", String(chosen(button.dataset)));
  });
}

function show() {
  const hand = part.get("hand");
  press(find("targets"), ({ key }) => key === part.get("target"));
  press(find("players"), (data) => (data.hand === "1") === hand);
  press(find("fields"), (data) => (data.best === "1") === part.get("best"));
  press(find("losses-of"), ({ key }) => key === rules.loss);
  press(find("penalties"), ({ key }) => key === rules.penalty);
  press(find("toggles"), (data) => Boolean(data.show) && part.get(data.show));
  find("redraw").hidden = part.get("target") !== "drawn" || !find("drawing").hidden;
  find("redraw").removeAttribute("aria-pressed");
  find("speed").value = part.get("speed");
  find("seed").value = part.get("seed");
  find("step-generator").disabled = hand;
  find("plane").classList.toggle("hand", hand);
  const rate = (name, list) => {
    const input = element.querySelector(`[data-rule=${name}]`);
    const value = rules[name];
    const nearest = list.reduce((a, b) => (Math.abs(Math.log(b / value)) < Math.abs(Math.log(a / value)) ? b : a));
    input.value = list.indexOf(nearest);
    input.nextElementSibling.textContent = value;
    input.setAttribute("aria-valuetext", value);
  };
  rate("lr", LRS);
  rate("lr_critic", LRS);
  const n_critic = element.querySelector("[data-rule=n_critic]");
  n_critic.value = rules.n_critic;
  n_critic.nextElementSibling.textContent = rules.n_critic;
  const weight = element.querySelector("[data-rule=weight]");
  weight.value = String(WEIGHTS.find((w) => w === rules.weight) ?? "");
  weight.parentElement.classList.toggle("off", rules.penalty === "none");
  showWords();
  showPlaying();
}

function showWords() {
  const kind = isWasserstein() ? "_wasserstein" : "";
  const names = [zoo.t("gan.field_now" + kind), zoo.t("gan.field_best")];
  if (part.get("best")) names.reverse();
  find("field-name").textContent = names[0];
  find("mini-name").textContent = names[1];
  find("mini-words").textContent = zoo.t(part.get("best") ? "gan.mini_now" : "gan.mini_best" + kind);
  find("made-name").textContent = zoo.t(part.get("hand") ? "gan.made_hand" : "gan.made");
  find("low").textContent = zoo.t(isWasserstein() ? "gan.low_wasserstein" : "gan.low");
  find("high").textContent = zoo.t(isWasserstein() ? "gan.high_wasserstein" : "gan.high");
  find("zoo-bar").style.background = zoo.gradient("cividis");
  find("value-name").textContent = zoo.t("gan.value" + kind);
  element.querySelector(".mover.generator span").textContent =
    zoo.t(part.get("hand") ? "gan.descends_hand" : "gan.descends");
}

/* Play */

function playGame(until = null) {
  if (match && match.ended === "gone") begin(match.phases); // and then on
  else if (match && match.ended && !want.begin) return failed({ ok: true, ended: match.ended });
  want.playing = true;
  want.stopAt = until;
  run();
  showPlaying();
}

function pauseGame() {
  want.playing = false;
  want.stopAt = null;
  cutReplay();
  wake();
  showPlaying();
}

const nPlayed = () => (match && match.shown ? match.shown.critic + match.shown.generator : 0);

function step(who) {
  pauseGame();
  stopDrawing();
  want.acts.push(who);
  run();
}

/* By other rules from here on. */
function ruled(changed) {
  rules = { ...rules, ...changed };
  if (match) phase();
  if (match) keepRecord();
  look();
}

function look() {
  show();
  if (match) paintFields();
  plane.draw();
  showNumbers();
  want.look = true;
  run();
}

function preset(next, until) {
  stopDrawing();
  part.set({ hand: false, speed: "fast" });
  rules = { ...next };
  show();
  playGame(until);
}

find("play").addEventListener("click", () => {
  stopDrawing();
  if (want.playing || want.replay.length) pauseGame();
  else playGame();
});
/* What is around a button is pressed in its place. A button looks otherwise while it is pressed, which
   takes a frame at the press and at its end, and a step would have to wait for the next. */
element.querySelectorAll(".step").forEach((around) => {
  const button = around.firstElementChild;
  around.addEventListener("click", () => {
    if (!button.disabled) step(around.dataset.who);
  });
});
find("over").addEventListener("click", () => {
  want.stopAt = null;
  begin([{ rules: { ...rules }, acts: [] }]);
});
find("collapse").addEventListener("click", () => {
  part.set({ target: "ring" });
  begin([{ rules: { ...COLLAPSE }, acts: [] }]);
  preset(COLLAPSE, FAR.collapse);
});
find("cure").addEventListener("click", () => preset(CURE, nPlayed() + FAR.cure));
find("cure-w").addEventListener("click", () => preset(CURE_W, nPlayed() + FAR.cure));
for (const speed of Object.keys(SPEEDS)) {
  find("speed").append(zoo.make("option", { value: speed, "data-t": "gan.speed_" + speed }));
}
find("speed").addEventListener("change", () => {
  part.set({ speed: find("speed").value });
  wake();
});

/* What is shown */

find("toggles").addEventListener("click", ({ target }) => {
  const { show: key } = target.dataset;
  if (!key) return;
  part.set({ [key]: !part.get(key) });
  look();
});
find("fields").addEventListener("click", ({ target }) => {
  if (!target.dataset.best) return;
  part.set({ best: target.dataset.best === "1" });
  look();
});
find("mini").addEventListener("click", () => {
  part.set({ best: !part.get("best") });
  look();
});
find("players").addEventListener("click", ({ target }) => {
  if (!target.dataset.hand) return;
  part.set({ hand: target.dataset.hand === "1" });
  look();
});

/* What is played for */

function choices(host, key, values, choose) {
  for (const value of values) {
    const button = zoo.make("button", { type: "button", "data-key": value,
      "data-t": `gan.${key}_${value}`, "data-testid": `gan-${key}-${value}` });
    button.addEventListener("click", () => choose(value));
    host.append(button);
  }
}
choices(find("targets"), "target", props.data.targets, (target) => {
  part.set({ target });
  stopDrawing();
  begin([{ rules: { ...rules }, acts: [] }]);
  if (target === "drawn") startDrawing();
  show();
});
choices(find("losses-of"), "loss", props.data.losses, (loss) => {
  // A critic of Wasserstein's without a bound on its slope grows for ever.
  const other = { penalty: "between", weight: 0.1, n_critic: 3 };
  const back = { penalty: "real", weight: 0.003, n_critic: 1 };
  const was = isWasserstein();
  ruled({ loss, ...(loss === "wasserstein" ? (was ? {} : other) : was ? back : {}) });
});
choices(find("penalties"), "penalty", props.data.penalties, (penalty) => {
  const weight = penalty === "none" ? 0 : rules.weight || (penalty === "real" ? 0.003 : 0.1);
  ruled({ penalty, weight });
});
for (const name of ["lr", "lr_critic"]) {
  const input = element.querySelector(`[data-rule=${name}]`);
  input.max = LRS.length - 1;
  input.addEventListener("input", () => ruled({ [name]: LRS[Number(input.value)] }));
}
element.querySelector("[data-rule=n_critic]").addEventListener("input", ({ target }) => {
  ruled({ n_critic: Number(target.value) });
});
for (const weight of WEIGHTS) {
  element.querySelector("[data-rule=weight]").append(zoo.make("option", { value: weight }, String(weight)));
}
element.querySelector("[data-rule=weight]").addEventListener("change", ({ target }) => {
  ruled({ weight: Number(target.value) });
});

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

function drawn(pixels) {
  part.set({ ink: zoo.urlBits(pixels) });
  if (!match || loading || !pixels.some(Boolean)) return;
  want.aim = true;
  want.look = true;
  forget();
  run();
}

find("pens").addEventListener("click", ({ target }) => {
  if (!target.dataset.tool) return;
  canvas.tool = target.dataset.tool;
  press(find("pens").firstElementChild, ({ tool }) => tool === canvas.tool);
});
press(find("pens").firstElementChild, ({ tool }) => tool === canvas.tool);
find("undo").addEventListener("click", () => canvas.undo());
find("clear").addEventListener("click", () => canvas.clear());
find("done").addEventListener("click", stopDrawing);
find("redraw").addEventListener("click", startDrawing);

/* Seeds, and keeping */

function reseed(seed) {
  part.set({ seed });
  begin([{ rules: { ...rules }, acts: [] }]);
  show();
}
zoo.seedField(find("seed"), part, reseed);
find("random").addEventListener("click", () => reseed(zoo.newSeed()));
find("reset").addEventListener("click", () => {
  part.set(part.defaults);
  open();
});
find("png").addEventListener("click", () => {
  if (!match || !match.shown) return;
  const items = [{ canvas: mini, title: find("mini-name").textContent, note: find("divergence").textContent }];
  const sheet = zoo.make("canvas", { width: 1120 + 3 * 28 + 504, height: 1120 + 2 * 28 });
  const context = sheet.getContext("2d");
  context.drawImage(plane.sheet(items), 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(fieldCanvas, 28, 28, 1120, 1120);
  context.drawImage(plane.base, 28, 28, 1120, 1120);
  const values = find("values");
  context.drawImage(values, 1176, 640, 448, (448 * values.height) / values.width);
  zoo.savePNG(sheet, "genzoo-gan.png");
});
find("json").addEventListener("click", () => {
  if (!match || !match.shown) return;
  const { shown, measured, records, phases } = match;
  const pairs = (list) => Array.from({ length: list.length / 2 }, (_, i) => [list[2 * i], list[2 * i + 1]]);
  zoo.saveJSON({
    target: part.get("target"), drawing: ink(), seed: part.get("seed"), played: phases,
    steps: { critic: shown.critic, generator: shown.generator },
    value: shown.value, generator_loss: shown.loss, measured: measured[measured.length - 1] || null,
    values: records.map(({ x, value, generator }) => [x, value, generator]),
    real: pairs(match.real), points: pairs(shown.points), field: Array.from(shown.field),
  }, "genzoo-gan.json");
});

/* All together */

let loading = false;
function open() {
  Object.assign(want, { playing: false, stopAt: null });
  stopDrawing();
  const wanted = part.get("target");
  const seed = part.get("seed");
  const pixels = zoo.unpackBits(part.get("ink"), 784);
  const ranged = (key) => Math.max(0, Math.min(1, part.get(key)));
  part.set({
    target: props.data.targets.includes(wanted) ? wanted : part.defaults.target,
    seed: zoo.isSeed(seed) ? seed : 0,
    speed: part.get("speed") in SPEEDS ? part.get("speed") : "normal",
    ink: pixels && pixels.some(Boolean) ? part.get("ink") : part.defaults.ink,
    x: ranged("x"),
    y: ranged("y"),
  });
  loading = true;
  canvas.put(zoo.unpackBits(part.get("ink"), 784));
  loading = false;
  const phases = read(part.get("game")) || read(part.defaults.game);
  part.set({ game: written(phases) });
  begin(phases);
  show();
}

let started = false;
function restore() {
  if (started) open();
}

new ResizeObserver(() => match && match.shown && drawCharts()).observe(find("values"));
zoo.on("theme", () => {
  if (!match) return;
  plane.draw();
  showNumbers();
});
zoo.on("language", () => {
  zoo.translate(element);
  if (!started) return;
  show();
  showNumbers();
});
zoo.on("tab", (tab) => tab !== "gan" && pauseGame());
zoo.translate(element);
zoo.whenShown("gan", () => {
  started = true;
  open();
});
