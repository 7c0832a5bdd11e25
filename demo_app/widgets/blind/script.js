import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const SIDE = 28;
  const ROUNDS = 10;
  const find = (selector) => element.querySelector(selector);
  const all = (selector) => [...element.querySelectorAll(selector)];
  const { games } = props.data; // [{data, kind, families}]
  const keyOf = (game) => game.data + "-" + game.kind;

  const part = zoo.part("blind", { game: keyOf(games[0]), seed: 1 }, restore);

  /* One game. Whatever was answered lives here alone: another game, or another visit, knows nothing
     of it. */
  let play = null; // {game, seed, k, phase, pictures, answers}

  const current = () => play.answers[play.k];
  const paint = (canvas, levels) => zoo.paint(canvas, levels, { map: "ink", high: 255 });
  const family = (key) => zoo.t("blind.family_" + key);

  async function call(name, mine, k) {
    const { data, kind } = mine.game;
    let answer = null;
    const begin = performance.now();
    try {
      answer = await server[name]({ data, kind, seed: mine.seed, k });
    } catch (error) {
      answer = null; // no connection: told below
    }
    if (!answer) answer = { ok: false, error: zoo.t("zoo.no_answer") };
    // What a picture cost is not told before the answer is: it might help to guess.
    const cost = name === "reveal" ? performance.now() - begin : undefined;
    if (mine === play) zoo.showStatus(find(".state"), answer, cost);
    return answer;
  }

  /* The picture of a round, asked for once; asked again where there was no answer. */
  function fetchPicture(mine, k) {
    if (!mine.pictures[k]) {
      mine.pictures[k] = call("round", mine, k).then((answer) => {
        if (!answer.ok) {
          mine.pictures[k] = null;
          return null;
        }
        return zoo.bytes(answer.image);
      });
    }
    return mine.pictures[k];
  }

  function begin(focus) {
    const game = games.find((one) => keyOf(one) === part.get("game"));
    play = { game, seed: part.get("seed"), k: 0, phase: "wait", pictures: [], answers: [] };
    find(".state").textContent = "";
    buildFamilies();
    openRound(focus);
  }

  async function openRound(focus) {
    const mine = play;
    const { k } = mine;
    mine.phase = "wait";
    mine.levels = null;
    showPhase();
    const levels = await fetchPicture(mine, k);
    if (mine !== play || k !== mine.k) return;
    if (!levels) {
      mine.phase = "failed";
      showPhase();
      return;
    }
    mine.levels = levels;
    mine.phase = "ask";
    showPhase();
    if (focus) find("[data-said=real]").focus();
    say(zoo.t("blind.say_round", { k: zoo.number(k + 1) }));
    if (k + 1 < ROUNDS) fetchPicture(mine, k + 1);
  }

  function answer(said, named) {
    if (play.phase !== "ask" && play.phase !== "who") return;
    const asksWho = said === "made" && play.game.families.length > 1;
    if (play.phase === "ask" && asksWho) {
      play.phase = "who";
      showPhase();
      find(".families button").focus();
      say(zoo.t("blind.who"));
      return;
    }
    reveal(said, named || null);
  }

  async function reveal(said, named) {
    const mine = play;
    const { k } = mine;
    const before = mine.phase;
    mine.phase = "wait";
    const truth = await call("reveal", mine, k);
    if (mine !== play || k !== mine.k) return;
    mine.phase = truth.ok ? "told" : before;
    if (truth.ok) {
      mine.answers[k] = {
        said,
        named,
        real: truth.real,
        model: truth.model,
        family: truth.family,
        right: (said === "real") === truth.real,
        nearest: zoo.bytes(truth.nearest),
        nearestBy: truth.nearest_by,
        levels: mine.levels,
      };
    }
    showPhase();
    if (!truth.ok) return;
    find(".next").focus();
    say(find(".mark").textContent + " " + find(".truth").textContent);
  }

  function next() {
    if (play.phase !== "told") return;
    if (play.k + 1 === ROUNDS) {
      play.phase = "done";
      showPhase();
      find(".replay").focus();
      say(find(".sum").textContent);
      return;
    }
    play.k += 1;
    openRound(true);
  }

  function say(sentence) {
    find(".said").textContent = sentence;
  }

  /* Showing */

  function showPhase() {
    const { phase, k } = play;
    const told = phase === "told";
    element.querySelector(".zoo-panel").dataset.phase = phase;
    find(".board").hidden = phase === "done";
    find(".result").hidden = phase !== "done";
    find(".ask").hidden = phase === "who" || told;
    find(".who").hidden = phase !== "who";
    find(".told").hidden = !told;
    all("[data-said]").forEach((button) => (button.disabled = phase !== "ask"));
    find(".count").textContent = zoo.t("blind.round", {
      k: zoo.number(k + 1),
      n: zoo.number(ROUNDS),
      right: zoo.number(play.answers.filter((one) => one.right).length),
      answered: zoo.number(play.answers.length),
    });
    find(".picture").setAttribute("aria-label", zoo.t("blind.picture", { k: zoo.number(k + 1) }));
    showPicture();
    if (told) showTruth();
    if (phase === "done") showResult();
    showRounds();
    const { data, kind } = play.game;
    find(".same").textContent = zoo.t("blind.same", {
      seed: play.seed,
      game: zoo.t(`blind.game_${data}_${kind}`),
    });
  }

  function showPicture() {
    const blank = new Uint8Array(SIDE * SIDE);
    paint(find(".picture"), play.levels || blank);
    find(".picture").dataset.round = play.levels ? play.k : "";
  }

  function showTruth() {
    const one = current();
    find(".mark").textContent = zoo.t(one.right ? "blind.right" : "blind.wrong");
    find(".mark").className = "mark " + (one.right ? "right" : "wrong");
    find(".truth").textContent = truthOf(one);
    paint(find(".near"), one.nearest);
    find("figcaption").textContent = one.real
      ? zoo.t("blind.near_made", { model: one.nearestBy })
      : zoo.t("blind.near_real");
    find(".next").textContent = zoo.t(play.k + 1 < ROUNDS ? "blind.next" : "blind.finish");
    find(".open").hidden = one.real;
  }

  function truthOf(one) {
    if (one.real) return zoo.t("blind.is_real");
    const values = { model: one.model, family: family(one.family) };
    const first = zoo.t("blind.is_made", values);
    if (one.said === "real" || !one.named) return first;
    const named = { ...values, named: family(one.named) };
    return first + " " + zoo.t(one.named === one.family ? "blind.named_right" : "blind.named_wrong", named);
  }

  function showRounds() {
    const cells = Array.from({ length: ROUNDS }, (_, k) => {
      const one = play.answers[k];
      const canvas = zoo.make("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
      const item = zoo.make("li", {}, canvas);
      if (one) {
        paint(canvas, one.levels);
        const what = one.real ? zoo.t("blind.real") : one.model;
        item.className = one.right ? "right" : "wrong";
        item.title = what;
        item.append(zoo.make("span", {}, zoo.make("b", {}, one.right ? "\u2713 " : "\u2717 "), what));
        item.setAttribute("aria-label", `${what}: ${zoo.t(one.right ? "blind.right" : "blind.wrong")}`);
      } else {
        if (k === play.k) item.className = "now";
        item.append(zoo.make("span", {}, zoo.number(k + 1)));
      }
      return item;
    });
    find(".rounds").replaceChildren(...cells);
  }

  const count = (test) => play.answers.filter(test).length;

  function showResult() {
    const right = count((one) => one.right);
    find(".points").textContent = zoo.t("blind.points", { right: zoo.number(right), n: zoo.number(ROUNDS) });
    const level = right >= 9 ? "sharp" : right >= 7 ? "good" : right >= 4 ? "chance" : "reversed";
    find(".of").textContent = zoo.t("blind.level_" + level);
    const caught = count((one) => !one.real && one.said === "made");
    const lines = [
      ["blind.real_for_made", count((one) => one.real && !one.right), count((one) => one.real)],
      ["blind.made_for_real", count((one) => !one.real && !one.right), count((one) => !one.real)],
    ];
    const many = play.game.families.length > 1;
    if (many) lines.push(["blind.named_of", count((one) => !one.real && one.named === one.family), caught]);
    find(".wrongs").replaceChildren(
      ...lines.map(([key, n, of]) =>
        zoo.make("li", {}, zoo.t(key, { n: zoo.number(n), of: zoo.number(of) }))
      )
    );
    find(".named-head").hidden = !many;
    const whats = [...new Set(play.answers.filter((one) => !one.real).map((one) => one.model))].sort();
    find("tbody").replaceChildren(...[null, ...whats].map((model) => row(model, many)));
  }

  /* A row of the table: how often it was shown, what was said of it, and how often it was named. */
  function row(model, many) {
    const of = (test) => count((one) => one.model === model && test(one));
    const saidReal = of((one) => one.said === "real");
    const saidMade = of((one) => one.said === "made");
    const cell = (n, bad) =>
      zoo.make("td", n && bad ? { class: "fooled" } : {}, n ? zoo.number(n) : "\u00b7");
    const cells = [cell(saidReal + saidMade), cell(saidReal, model), cell(saidMade, !model)];
    if (many) cells.push(model ? cell(of((one) => one.named === one.family)) : zoo.make("td", {}, ""));
    return zoo.make("tr", {}, zoo.make("th", { scope: "row" }, model || zoo.t("blind.real")), ...cells);
  }

  function buildFamilies() {
    const buttons = play.game.families.map((key, k) => {
      const button = zoo.make("button", { type: "button", "data-testid": "blind-family-" + key },
        zoo.make("span", {}, family(key)), zoo.make("kbd", {}, String(k + 1)));
      button.addEventListener("click", () => answer("made", key));
      return button;
    });
    find(".families").replaceChildren(...buttons);
  }

  /* Controls */

  games.forEach((game) => {
    const button = zoo.make("button", { type: "button", "data-game": keyOf(game),
      "data-t": `blind.game_${game.data}_${game.kind}`,
      "data-testid": `blind-game-${keyOf(game)}` });
    button.addEventListener("click", () => {
      part.set({ game: keyOf(game) });
      restore();
    });
    find(".games").append(button);
  });
  all("[data-said]").forEach((button) => button.addEventListener("click", () => answer(button.dataset.said)));
  find(".next").addEventListener("click", next);
  find(".open").addEventListener("click", () => zoo.selectTab(current().family));
  zoo.seedField(find(".seed"), part, (seed) => {
    part.set({ seed });
    restore();
  });
  function playAgain() {
    part.set({ seed: zoo.newSeed() });
    showControls();
    begin(true);
  }
  find(".random").addEventListener("click", playAgain);
  find(".replay").addEventListener("click", playAgain);
  find(".reset").addEventListener("click", () => {
    part.set(part.defaults);
    restore();
  });

  function showControls() {
    find(".seed").value = part.get("seed");
    all("[data-game]").forEach((button) =>
      button.setAttribute("aria-pressed", button.dataset.game === part.get("game"))
    );
  }

  /* Keys work where the focus is in the game, and where it is nowhere and the game is in sight. */
  function heeds(event) {
    if (!started || zoo.tab.value !== "compare" || event.ctrlKey || event.metaKey || event.altKey) return false;
    if (element.contains(event.target)) return !event.target.matches("input, select");
    if (event.target !== document.body) return false;
    const box = find(".board").getBoundingClientRect();
    return box.height > 0 && box.top < 0.6 * innerHeight && box.bottom > 0.4 * innerHeight;
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.repeat || !heeds(event)) return;
    const { phase, game } = play;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const said = { r: "real", ArrowLeft: "real", g: "made", ArrowRight: "made" }[key];
    if (phase === "ask" && said) answer(said);
    else if (phase === "who" && Number(key) >= 1 && Number(key) <= game.families.length) {
      answer("made", game.families[Number(key) - 1]);
    } else if (phase === "told" && (key === "ArrowRight" || key === "n")) next();
    else if (phase === "failed" && said) openRound();
    else return;
    event.preventDefault();
  });

  /* Saving */

  find(".png").addEventListener("click", () => {
    if (!play || !play.answers.length) return;
    const items = play.answers.map((one) => {
      const canvas = zoo.make("canvas", { width: SIDE, height: SIDE });
      paint(canvas, one.levels);
      return { canvas, title: (one.right ? "\u2713 " : "\u2717 ") + (one.real ? zoo.t("blind.real") : one.model) };
    });
    const { data, kind } = play.game;
    const heading = `${zoo.t(`blind.game_${data}_${kind}`)}   ${zoo.t("zoo.seed")} ${play.seed}`;
    zoo.savePNG(zoo.sheet(items, { columns: 5, size: 224, heading }), "genzoo-blind.png");
  });

  find(".json").addEventListener("click", () => {
    if (!play) return;
    const { game, seed } = play;
    const rounds = play.answers.map((one, k) => ({
      round: k,
      said: one.said === "real" ? "real" : "generated",
      named: one.named,
      real: one.real,
      model: one.model,
      pixels: [...one.levels],
    }));
    zoo.saveJSON({ data: game.data, kind: game.kind, seed, address: location.href, rounds },
      "genzoo-blind.json");
  });

  /* All together */

  let started = false;
  function restore() {
    zoo.sane(part, { seed: [0, zoo.MAX_SEED] }, { game: games.map(keyOf) });
    showControls();
    if (!started) return;
    // An address that was changed elsewhere is no reason to begin anew.
    if (play && keyOf(play.game) === part.get("game") && play.seed === part.get("seed") && !fresh()) return;
    begin();
  }
  const fresh = () => play.phase === "done" || play.phase === "failed";

  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    if (!play) return;
    buildFamilies();
    showPhase();
  });
  zoo.onChange(zoo.theme, () => play && showPhase());
  zoo.translate(element);
  showControls();
  zoo.whenSeen(element, () => {
    started = true;
    restore();
  });
}
