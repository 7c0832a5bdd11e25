// @ts-check
import * as zoo from "../shared/zoo.js";

const { side: SIDE, pixels: N } = zoo.FACE;
const LONGEST = 300; // characters of a text that the address holds
const FORMULA = {
  "text2image-avatars": ["x = G(z, φ(t))"],
  "transformer-avatars": ["s", zoo.make("sub", {}, "i"), " ~ p(s", zoo.make("sub", {}, "i"), " | s",
    zoo.make("sub", {}, "<i"), ", t)"],
};

const computation = zoo.computation("text2image");

/* What the chosen face is of, for the other widgets of the tab: {text, seed, problem}. */
export const asked = zoo.signal(null);

/* The text in the address is empty while it is the example of the page's language. All that a visitor
   has written is shown as text, never as HTML. */
export default zoo.widget({
  name: "text2image",
  state: ({ models }) => ({ text: "", other: "", seed: 0, model: models[0], face: 0, which: "hat" }),
  ranges: ({ n_faces }) => ({ face: [0, n_faces - 1] }),
  choices: ({ schema, models }) => ({ which: Object.keys(schema), model: models }),
  setup({ props, server, part, find, all, ask, say }) {
    const { schema, examples, models, walks, n_faces, n_steps } = props.data;
    const NAMES = Object.keys(schema);
    let told = null; // what is told of the text: {text, seed, phrases, unknown, ...}
    let between = null; // the last answer to the walk, and to the other words
    let others = null;

    const example = (k) => examples[zoo.language.value][k];
    const seed = () => part.get("seed");
    const after = (seed, k) => (seed + k) % (zoo.MAX_SEED + 1);
    const seedOf = (k) => after(seed(), k);
    const text = () => find("text").value;
    const wordOf = (name, value) => zoo.t(`avatars.${name}_${value}`);
    const modelOf = (model) => zoo.t("text2image.model_" + model);

    /* Right, wrong, or null where the phrase says nothing that is known. */
    function isRight(phrase, read) {
      const says = Object.entries(phrase.says);
      if (!says.length) return null;
      return says.every(([name, value]) => schema[name][read[NAMES.indexOf(name)]] === value);
    }

    function saysOf(answer) {
      return Object.assign({}, ...answer.phrases.map((phrase) => phrase.says));
    }

    /* Faces: a row for each model, the same noise below each other */

    /* `answer` of each is the last: {text, seed, phrases, images, read, ...}. The faces are shown before
       the judge has read them, which takes as long again; until then `read` is empty. */
    const rows = models.map((model, m) => {
      const buttons = Array.from({ length: n_faces }, (_, k) => {
        const canvas = zoo.make("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
        const score = zoo.make("span", { class: "score" });
        const button = zoo.make("button", { type: "button", class: "face",
          "data-testid": `text2image-face-${m}-${k}` }, canvas, score);
        button.addEventListener("click", () => choose(model, k));
        return { button, canvas, score };
      });
      const failed = zoo.make("span", { class: "failed", role: "status" });
      const row = zoo.make("div", { class: "row", "data-testid": "text2image-row-" + m },
        ...buttons.map(({ button }) => button));
      zoo.rove(row);
      const about = zoo.make("div", { class: "about" },
        zoo.make("h3", { "data-t": "text2image.model_" + model }),
        zoo.make("span", { class: "zoo-math" }, ...FORMULA[model]),
        zoo.make("span", { class: "zoo-hint", "data-t": `text2image.how_${model}` }), failed);
      find("models").append(zoo.make("div", { role: "group", "data-t-label": "text2image.model_" + model }, about, row));
      const line = { model, row, buttons, answer: null, ask: (_) => {} };
      const showRow = (answer, given) => {
        failed.textContent = answer.ok ? "" : answer.error;
        if (!answer.ok) return;
        showFaces(line, answer, given);
        if (answer.problem) showMarks(line, { read: [] });
        // Not before they are on the screen: two cores make the frame and the reading one after the other.
        else zoo.afterFrame(() => askRead({ text: answer.text, seed: given.seed, model }));
      };
      const askRead = zoo.newest((given) => server.judged(given), (answer, { text, seed }) => {
        if (!answer.ok) failed.textContent = answer.error;
        else if (line.answer.text === text && line.answer.seed === seed) showMarks(line, answer);
        if (!m) restSoon();
      });
      const call = (given) => server.faces(given);
      // The first says below what an answer cost, or why there is none; the others why, in their row.
      line.ask = m ? zoo.newest(call, showRow) : ask(call, (answer, given) => {
        if (given.says) write(answer.text);
        showRow(answer, given);
        if (answer.problem) restSoon();
      }, () => restSoon());
      return line;
    });
    const chosenRow = () => rows.find(({ model }) => model === part.get("model"));

    function showFaces(line, answer, given) {
      const images = zoo.bytes(answer.images);
      line.answer = { ...answer, images, read: [], seed: given.seed, model: line.model };
      line.buttons.forEach(({ button, canvas }, k) => {
        button.disabled = Boolean(answer.problem);
        const none = () => new Uint8Array(3 * N).fill(127);
        zoo.paintFace(canvas, answer.problem ? none() : zoo.nth(images, k, 3 * N));
      });
      if (line === rows[0]) told = line.answer;
    }

    function showMarks(line, { read }) {
      const { row, buttons, answer } = line;
      Object.assign(answer, { read });
      row.dataset.shown = answer.problem || `${answer.seed} ${answer.text}`;
      buttons.forEach(({ score }, k) => {
        const { right, all } = read.length ? counted(answer, k) : { right: 0, all: 0 };
        score.textContent = all ? `${zoo.number(right)}/${zoo.number(all)}` : "";
      });
      nameFaces(line);
      zoo.afterFrame(showRead);
    }

    /* How many of the phrases that are understood are right in face k, and of how many. */
    function counted(answer, k) {
      const marks = answer.phrases.map((p) => isRight(p, answer.read[k])).filter((v) => v !== null);
      return { right: marks.filter(Boolean).length, all: marks.length };
    }

    function nameFaces({ model, buttons, answer }) {
      buttons.forEach(({ button }, k) => {
        const whose = { model: modelOf(model), seed: after(answer?.seed ?? seed(), k) };
        const { right, all } = answer?.read.length ? counted(answer, k) : { right: 0, all: 0 };
        button.title = all
          ? zoo.t("text2image.face", { ...whose, right: zoo.number(right), all: zoo.number(all) })
          : zoo.t("text2image.whose", whose);
        button.setAttribute("aria-label", button.title);
      });
    }

    function choose(model, k) {
      part.set({ model, face: k });
      showRead();
      askRest();
    }

    /* The chosen face is in sight, where the rows go under the finger. */
    function bringIn() {
      const scroller = find("zoo-scroll");
      const face = chosenRow().buttons[part.get("face")].button;
      const [from, to] = [face.offsetLeft, face.offsetLeft + face.offsetWidth];
      if (from < scroller.scrollLeft || to > scroller.scrollLeft + scroller.clientWidth) {
        scroller.scrollLeft = from - (scroller.clientWidth - face.offsetWidth) / 2;
      }
    }

    /* What of the text is understood, and what the judge finds of it in the chosen face */

    function showRead() {
      if (!told) return;
      const chosen = part.get("face");
      for (const { model, buttons } of rows) {
        const here = model === part.get("model");
        buttons.forEach(({ button }, k) => button.setAttribute("aria-pressed", String(here && k === chosen)));
      }
      const face = { model: modelOf(part.get("model")), seed: seedOf(chosen) };
      for (const whose of all("whose")) whose.textContent = zoo.t("text2image.whose", face);
      asked.value = { text: told.text, seed: after(told.seed, chosen), problem: told.problem };
      showNotes();
      showChips();
      const shown = chosenRow().answer;
      if (!shown || (!shown.read.length && !shown.problem)) return;
      computation.value = {
        text: shown.text, n_phrases: shown.phrases.length, seed: after(shown.seed, chosen),
        image: shown.read.length ? zoo.nth(shown.images, chosen, 3 * N) : null,
        ...(shown.read.length ? counted(shown, chosen) : { right: 0, all: 0 }),
      };
      const items = shown.read.length ? shown.phrases.map((phrase) => {
        const mark = isRight(phrase, shown.read[chosen]);
        const kind = mark === null ? "unclear" : mark ? "right" : "wrong";
        const n = shown.read.filter((read) => isRight(phrase, read)).length;
        const of = { n: zoo.number(n), all: zoo.number(shown.read.length) };
        const item = zoo.make("li", { class: kind },
          zoo.make("span", { class: "mark", "aria-hidden": "true" }, { right: "✓", wrong: "✗", unclear: "?" }[kind]),
          zoo.make("span", {}, phrase.text),
          zoo.make("span", { class: "zoo-hidden" }, zoo.t("text2image." + kind)));
        if (mark !== null) item.append(zoo.make("small", {}, zoo.t("text2image.of", of)));
        return item;
      }) : [];
      find("phrases").replaceChildren(...items);
      find("phrases").dataset.shown = `${shown.model} ${after(shown.seed, chosen)} ${shown.text}`;
      say(() => notes().map(([words]) => words).join(" ") || zoo.t("text2image.spoken", {
        right: zoo.number(all("right").length), all: zoo.number(items.length),
      }));
    }

    /* What is wrong with the text, [sentence, whether there are no faces by it]. */
    function notes() {
      const { problem, unknown, n_unknown, phrases, twice, n_words, most } = told;
      const said = [];
      const counts = { n: zoo.number(n_words), most: zoo.number(most) };
      if (problem) said.push([zoo.t("text2image.is_" + problem, counts), true]);
      if (n_unknown) {
        const named = unknown.map(({ text }) => zoo.t("text2image.quoted", { text })).join(", ");
        const more = n_unknown - unknown.length;
        const rest = more ? " " + zoo.t("text2image.and_more", { n: zoo.number(more) }) : "";
        said.push([zoo.t("text2image.unknown", { words: named }) + rest, false]);
      }
      if (problem) return said;
      // What has no unknown word, and is no phrase all the same.
      const strange = phrases.filter((p) => !Object.keys(p.says).length &&
        !unknown.some((u) => u.start >= p.start && u.end <= p.end));
      if (strange.length && n_unknown === unknown.length) {
        const named = strange.map(({ text }) => zoo.t("text2image.quoted", { text })).join(", ");
        said.push([zoo.t("text2image.no_phrase", { phrases: named }), false]);
      }
      for (const name of twice) {
        said.push([zoo.t("text2image.twice", { name: zoo.t("avatars." + name) }), false]);
      }
      return said;
    }

    function showNotes() {
      find("notes").replaceChildren(
        ...notes().map(([words, bad]) => zoo.make("li", bad ? { class: "bad" } : {}, words))
      );
    }

    /* Chips: the caption from a value of each attribute, in the page's language */

    const chips = NAMES.flatMap((name) => {
      const host = zoo.make("span", { class: "few", role: "group", "data-t-label": "avatars." + name });
      const made = schema[name].map((value) => {
        const button = zoo.make("button", { type: "button", "data-t": `avatars.${name}_${value}`,
          "data-testid": `text2image-chip-${name}-${value}` });
        button.addEventListener("click", () => press(name, value));
        host.append(button);
        return { name, value, button };
      });
      zoo.rove(host);
      find("chips").append(zoo.make("div", {}, zoo.make("span", { "data-t": "avatars." + name }), host));
      return made;
    });

    function showChips() {
      const says = saysOf(told);
      for (const { name, value, button } of chips) {
        button.setAttribute("aria-pressed", String(says[name] === value));
      }
    }

    function press(name, value) {
      if (!told) return;
      const says = saysOf(told);
      if (says[name] === value) delete says[name];
      else says[name] = value;
      askFor(says);
    }

    /* The caption that says this comes with its faces. */
    function askFor(says) {
      slower().forEach((ask) => ask.stop());
      rows[0].ask({ says, language: zoo.language.value, seed: seed(), model: rows[0].model });
    }

    find("any").addEventListener("click", () => {
      const uniform = zoo.random(zoo.newSeed());
      const some = NAMES.filter(() => uniform() < 0.45);
      const names = some.length ? some : [NAMES[Math.floor(uniform() * NAMES.length)]];
      const says = Object.fromEntries(
        names.map((name) => [name, schema[name][Math.floor(uniform() * schema[name].length)]])
      );
      askFor(says);
    });

    function write(words) {
      find("text").value = words;
      keep("text", words, example(0));
    }

    /* A text that is not too long for it goes into the address. */
    function keep(key, words, initial) {
      const fits = words.trim() && words !== initial && words.length <= LONGEST;
      part.set({ [key]: fits ? words : "" });
    }

    find("text").addEventListener("input", () => {
      keep("text", text(), example(0));
      lookSoon();
    });
    find("other").addEventListener("input", () => {
      keep("other", find("other").value, example(1));
      walkSoon();
    });

    /* The same noise, other words; and from one caption to another */

    find("which").append(...NAMES.map((name) => zoo.make("option", { value: name, "data-t": "avatars." + name })));
    find("which").addEventListener("change", () => {
      part.set({ which: find("which").value });
      askRest();
    });

    const tile = (levels, mark, label) => {
      const canvas = zoo.make("canvas", { width: SIDE, height: SIDE, role: "img", "aria-label": label });
      zoo.paintFace(canvas, levels);
      return zoo.make("div", { class: "face " + mark }, canvas, zoo.make("span", { class: "score" }, label));
    };

    const askOthers = zoo.newest((given) => server.others(given), (answer, given) => {
      if (!answer.ok) return find("values").replaceChildren();
      others = { ...answer, images: zoo.bytes(answer.images), name: given.name };
      find("values").dataset.shown = [given.model, given.seed, given.name, given.text].join(" ");
      showOthers();
    });

    function showOthers() {
      if (!others) return;
      const { name, images, read } = others;
      find("values").replaceChildren(...schema[name].map((value, k) => {
        const right = read[k][NAMES.indexOf(name)] === k;
        const label = `${wordOf(name, value)} ${right ? "✓" : "✗"}`;
        return tile(zoo.nth(images, k, 3 * N), right ? "right" : "wrong", label);
      }));
    }

    const askWalk = zoo.newest((given) => server.walk(given), (answer, given) => {
      between = answer.ok ? { ...answer, images: zoo.bytes(answer.images) } : null;
      find("steps").dataset.shown = answer.ok ? [given.seed, given.text, given.other].join(" ") : "";
      find("walk-note").classList.toggle("bad", !answer.ok);
      if (!answer.ok) find("walk-note").textContent = answer.error;
      showWalk();
    });

    function showWalk() {
      if (!between) return find("steps").replaceChildren();
      const note = between.problem ? "walk_first" : between.other_problem ? "walk_other" : "walk_hint";
      find("walk-note").textContent = zoo.t("text2image." + note);
      find("walk-note").classList.toggle("bad", note !== "walk_hint");
      find("steps").replaceChildren(...between.read.map((_, k) => {
        const share = zoo.number((100 * k) / (n_steps - 1)) + zoo.percentSign();
        return tile(zoo.nth(between.images, k, 3 * N), "", share);
      }));
    }

    function askRest() {
      const noise = seedOf(part.get("face"));
      askOthers({ text: text(), name: part.get("which"), seed: noise, model: part.get("model") });
      if (walks) askWalk({ text: text(), other: find("other").value, seed: noise });
    }

    const askRow = (row) => row.ask({ text: text(), seed: seed(), model: row.model });

    /* The first model's faces come first: the slower answers would take its processor, so those of the
       text before are given up, and those of this one wait for the first to be seen. */
    const slower = () => [...rows.slice(1).map((row) => row.ask), askOthers, askWalk];
    function look() {
      slower().forEach((ask) => ask.stop());
      askRow(rows[0]);
    }
    const restSoon = zoo.wait(60, () => {
      rows.slice(1).forEach(askRow);
      askRest();
    });
    const lookSoon = zoo.wait(120, look);
    const walkSoon = zoo.wait(120, askRest);

    find("walk").hidden = !walks;
    find("both").hidden = models.length < 2;
    return {
      restore() {
        find("text").value = part.get("text") || example(0);
        find("other").value = part.get("other") || example(1);
        find("which").value = part.get("which");
        rows.forEach(nameFaces);
        bringIn();
        look();
      },
      words() {
        // An example is told in the page's language; what a visitor has written stays.
        const known = (words, k) => Object.values(examples).some((each) => each[k] === words);
        const before = [text(), find("other").value];
        if (known(before[0], 0)) find("text").value = example(0);
        if (known(before[1], 1)) find("other").value = example(1);
        rows.forEach(nameFaces);
        showRead();
        showOthers();
        showWalk();
        if (text() !== before[0] || find("other").value !== before[1]) look();
      },
      png() {
        const there = rows.filter(({ answer }) => answer?.read.length);
        if (!there.length) return null;
        const items = there.flatMap(({ model, buttons }) => buttons.map(({ canvas, score }, k) => ({
          canvas, title: k ? score.textContent : `${score.textContent} · ${modelOf(model)}` })));
        const heading = told.text.slice(0, 120);
        return [zoo.sheet(items, { columns: n_faces, size: 192, heading }), "genzoo-text2image.png"];
      },
      json() {
        if (!told) return null;
        const named = (read) => Object.fromEntries(NAMES.map((name, k) => [name, schema[name][read[k]]]));
        const { text, phrases, unknown } = told;
        const there = rows.filter(({ answer }) => answer?.text === text);
        const faces = there.flatMap(({ model, answer: { seed, read, images } }) => read.map((values, k) => ({
          model,
          seed: after(seed, k),
          read: named(values),
          image: zoo.fractions(zoo.nth(images, k, 3 * N)),
        })));
        return [{ text, phrases, unknown, faces }, "genzoo-text2image.json"];
      },
    };
  },
});
