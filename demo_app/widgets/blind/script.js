// @ts-check
import * as zoo from "../shared/zoo.js";

const ROUNDS = 10;

const keyOf = (game) => game.data + "-" + game.kind;
const label = (key) => "blind.game_" + key.replace("-", "_");
const family = (key) => zoo.t(key + ".tab");

function truthOf(one) {
  if (one.real) return zoo.t("blind.is_real");
  const values = { model: one.model, family: family(one.family) };
  const first = zoo.t("blind.is_made", values);
  if (one.said === "real" || !one.named) return first;
  const named = { ...values, named: family(one.named) };
  return first + " " + zoo.t(one.named === one.family ? "blind.named_right" : "blind.named_wrong", named);
}

export default zoo.widget({
  name: "blind",
  state: ({ games }) => ({ game: keyOf(games[0]), seed: 1 }),
  choices: ({ games }) => ({ game: games.map(keyOf) }),
  setup({ element, props, server, part, find, all, change }) {
    const { games } = props.data; // [{data, kind, shape, families}]

    /* One game. Whatever was answered lives here alone: another game, or another visit, knows nothing
       of it. */
    let play = null; // {game, seed, k, phase, pictures, answers}

    const current = () => play.answers[play.k];
    const paint = (canvas, levels) => zoo.paintPicture(canvas, levels, play.game.shape);
    async function call(name, mine, k) {
      const { data, kind } = mine.game;
      const begin = performance.now();
      const answer = await zoo.answerOf(server[name], { data, kind, seed: mine.seed, k });
      // What a picture cost is not told before the answer is: it might help to guess.
      const cost = name === "reveal" ? performance.now() - begin : undefined;
      if (mine === play) zoo.showStatus(find("state"), answer, cost);
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
      find("state").textContent = "";
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
      if (focus) all("say")[0].focus();
      say(zoo.t("blind.say_round", { k: zoo.number(k + 1) }));
      if (k + 1 < ROUNDS) fetchPicture(mine, k + 1);
    }

    function answer(said, named) {
      if (play.phase !== "ask" && play.phase !== "who") return;
      const asksWho = said === "made" && play.game.families.length > 1;
      if (play.phase === "ask" && asksWho) {
        play.phase = "who";
        showPhase();
        find("families").querySelector("button").focus();
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
      find("next").focus();
      say(find("mark").textContent + " " + find("truth").textContent);
    }

    function next() {
      if (play.phase !== "told") return;
      if (play.k + 1 === ROUNDS) {
        play.phase = "done";
        showPhase();
        find("replay").focus();
        say(find("sum").textContent);
        return;
      }
      play.k += 1;
      openRound(true);
    }

    function say(sentence) {
      find("said").textContent = sentence;
    }

    /* Showing */

    function showPhase() {
      const { phase, k } = play;
      const told = phase === "told";
      find("zoo-panel").dataset.phase = phase;
      find("board").hidden = phase === "done";
      find("result").hidden = phase !== "done";
      find("ask").hidden = phase === "who" || told;
      find("who").hidden = phase !== "who";
      find("told").hidden = !told;
      all("say").forEach((button) => (button.disabled = phase !== "ask"));
      find("count").textContent = zoo.t("blind.round", {
        k: zoo.number(k + 1),
        n: zoo.number(ROUNDS),
        right: zoo.number(play.answers.filter((one) => one.right).length),
        answered: zoo.number(play.answers.length),
      });
      find("picture").setAttribute("aria-label", zoo.t("blind.picture", { k: zoo.number(k + 1) }));
      showPicture();
      if (told) showTruth();
      if (phase === "done") showResult();
      showRounds();
      find("same").textContent = zoo.t("blind.same", {
        seed: play.seed,
        game: zoo.t(label(keyOf(play.game))),
      });
    }

    function showPicture() {
      const [, height, width] = play.game.shape;
      if (play.levels) paint(find("picture"), play.levels);
      else zoo.paintPicture(find("picture"), new Uint8Array(height * width), [1, height, width]); // paper
      find("picture").dataset.round = play.levels ? play.k : "";
    }

    function showTruth() {
      const one = current();
      find("mark").textContent = zoo.t(one.right ? "blind.right" : "blind.wrong");
      find("mark").className = "mark " + (one.right ? "right" : "wrong");
      find("truth").textContent = truthOf(one);
      paint(find("near"), one.nearest);
      find("near-what").textContent = one.real
        ? zoo.t("blind.near_made", { model: one.nearestBy })
        : zoo.t("blind.near_real");
      find("next").textContent = zoo.t(play.k + 1 < ROUNDS ? "blind.next" : "blind.finish");
      find("open").hidden = one.real;
    }

    function showRounds() {
      const cells = Array.from({ length: ROUNDS }, (_, k) => {
        const one = play.answers[k];
        const canvas = zoo.make("canvas", { width: 28, height: 28, "aria-hidden": "true" });
        const item = zoo.make("li", {}, canvas);
        if (one) {
          paint(canvas, one.levels);
          const what = one.real ? zoo.t("blind.real") : one.model;
          item.className = one.right ? "right" : "wrong";
          item.title = what;
          const name = zoo.showName(zoo.make("div"), what);
          name.prepend(zoo.make("b", {}, one.right ? "\u2713 " : "\u2717 "));
          item.append(name);
          item.setAttribute("aria-label", `${what}: ${zoo.t(one.right ? "blind.right" : "blind.wrong")}`);
        } else {
          if (k === play.k) item.className = "now";
          item.append(zoo.make("span", {}, zoo.number(k + 1)));
        }
        return item;
      });
      find("rounds").replaceChildren(...cells);
    }

    const count = (test) => play.answers.filter(test).length;

    function showResult() {
      const right = count((one) => one.right);
      find("points").textContent = zoo.t("blind.points", { right: zoo.number(right), n: zoo.number(ROUNDS) });
      const level = right >= 9 ? "sharp" : right >= 7 ? "good" : right >= 4 ? "chance" : "reversed";
      find("of").textContent = zoo.t("blind.level_" + level);
      const caught = count((one) => !one.real && one.said === "made");
      const lines = [
        ["blind.real_for_made", count((one) => one.real && !one.right), count((one) => one.real)],
        ["blind.made_for_real", count((one) => !one.real && !one.right), count((one) => !one.real)],
      ];
      const many = play.game.families.length > 1;
      if (many) lines.push(["blind.named_of", count((one) => !one.real && one.named === one.family), caught]);
      find("wrongs").replaceChildren(
        ...lines.map(([key, n, of]) =>
          zoo.make("li", {}, zoo.t(key, { n: zoo.number(n), of: zoo.number(of) }))
        )
      );
      find("named-head").hidden = !many;
      const whats = [...new Set(play.answers.filter((one) => !one.real).map((one) => one.model))].sort();
      find("table").replaceChildren(...[null, ...whats].map((model) => row(model, many)));
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
      find("families").replaceChildren(...buttons);
    }

    /* Controls */

    const pressGame = zoo.segments(find("games"), games.map(keyOf), {
      choose: (game) => change({ game }),
      testid: "blind-game-",
      parts: (game) => [zoo.make("span", { "data-t": label(game) })],
    });
    for (const button of all("say")) button.addEventListener("click", () => answer(button.dataset.said));
    find("next").addEventListener("click", next);
    find("open").addEventListener("click", () => zoo.openTab(current().family));
    find("replay").addEventListener("click", playAgain);
    find("another").addEventListener("click", playAgain);
    function playAgain() {
      part.set({ seed: zoo.newSeed() });
      showControls();
      begin(true);
    }

    function showControls() {
      find("seed").value = part.get("seed");
      pressGame(part.get("game"));
    }

    /* Keys work where the focus is in the game, and where it is nowhere and the game is in sight. */
    function heeds(event) {
      if (!play || event.ctrlKey || event.metaKey || event.altKey) return false;
      if (element.contains(event.target)) return !event.target.matches("input, select");
      if (event.target !== document.body) return false;
      const box = find("board").getBoundingClientRect();
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

    let seen = false;
    const fresh = () => play.phase === "done" || play.phase === "failed";
    function restore() {
      showControls();
      if (!seen) return;
      // An address that was changed elsewhere is no reason to begin anew.
      if (play && keyOf(play.game) === part.get("game") && play.seed === part.get("seed") && !fresh()) return;
      begin();
    }
    zoo.whenSeen(element, () => {
      seen = true;
      restore();
    });

    return {
      restore,
      paint: () => play && showPhase(),
      words() {
        if (!play) return;
        buildFamilies();
        showPhase();
      },
      png() {
        if (!play?.answers.length) return null;
        const items = play.answers.map((one) => {
          const canvas = zoo.make("canvas");
          paint(canvas, one.levels);
          return { canvas, title: (one.right ? "\u2713 " : "\u2717 ") + (one.real ? zoo.t("blind.real") : one.model) };
        });
        const heading = `${zoo.t(label(keyOf(play.game)))}   ${zoo.t("zoo.seed")} ${play.seed}`;
        return [zoo.sheet(items, { columns: 5, size: 224, heading }), "genzoo-blind.png"];
      },
      json() {
        if (!play) return null;
        const { game, seed } = play;
        const rounds = play.answers.map((one, k) => ({
          round: k,
          said: one.said === "real" ? "real" : "generated",
          named: one.named,
          real: one.real,
          model: one.model,
          pixels: [...one.levels],
        }));
        return [{ data: game.data, kind: game.kind, seed, address: location.href, rounds }, "genzoo-blind.json"];
      },
    };
  },
});
