// @ts-check
import * as zoo from "../shared/zoo.js";

const { side: SIDE, pixels: N } = zoo.FACE;
const LONGEST = 300; // characters of a text that the address holds

/* The text in the address is empty while it is the example of the page's language. All that a visitor
   has written is shown as text, never as HTML. */
export default zoo.widget({
  name: "text2image",
  state: { text: "", other: "", seed: 0, face: 0, which: "hat" },
  ranges: ({ n_faces }) => ({ face: [0, n_faces - 1] }),
  choices: ({ schema }) => ({ which: Object.keys(schema) }),
  setup({ props, server, part, find, all, ask, say }) {
    const { schema, examples, models, n_faces, n_steps } = props.data;
    const NAMES = Object.keys(schema);
    let shown = null; // the last answer of the first model: {text, phrases, unknown, images, read, ...}
    let between = null; // the same of the walk, and of the other words
    let others = null;

    const example = (k) => examples[zoo.language.value][k];
    const seed = () => part.get("seed");
    const seedOf = (k) => (seed() + k) % (zoo.MAX_SEED + 1);
    const text = () => find("text").value;
    const wordOf = (name, value) => zoo.t(`avatars.${name}_${value}`);

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

    const rows = models.map((model, m) => {
      const buttons = Array.from({ length: n_faces }, (_, k) => {
        const canvas = zoo.make("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
        const score = zoo.make("span", { class: "score" });
        const button = zoo.make("button", { type: "button", class: "face",
          "data-testid": `text2image-face-${m}-${k}` }, canvas, score);
        button.addEventListener("click", () => choose(k));
        return { button, canvas, score };
      });
      const row = zoo.make("div", { class: "row", "data-testid": "text2image-row-" + m },
        ...buttons.map(({ button }) => button));
      if (models.length > 1) {
        find("models").append(zoo.make("h3", { "data-t": "text2image.model_" + model }));
      }
      find("models").append(row);
      const show = (answer, given) => showFaces(m, answer, given);
      const call = (given) => server.faces(given);
      return { model, row, buttons, ask: m ? zoo.latest(call, (a, g) => a.ok && show(a, g)) : ask(call, show) };
    });

    function showFaces(m, answer, given) {
      const { row, buttons } = rows[m];
      const images = zoo.bytes(answer.images);
      row.dataset.shown = answer.problem || `${given.seed} ${given.text}`;
      buttons.forEach(({ button, canvas, score }, k) => {
        button.disabled = !answer.read.length;
        if (!answer.read.length) return zoo.paintFace(canvas, new Uint8Array(3 * N).fill(127));
        zoo.paintFace(canvas, zoo.nth(images, k, 3 * N));
        const marks = answer.phrases.map((p) => isRight(p, answer.read[k])).filter((v) => v !== null);
        const right = marks.filter(Boolean).length;
        score.textContent = marks.length ? `${zoo.number(right)}/${zoo.number(marks.length)}` : "";
        const values = { face: zoo.number(k + 1), right: zoo.number(right), all: zoo.number(marks.length) };
        button.title = zoo.t("text2image.face", values);
        button.setAttribute("aria-label", button.title);
      });
      if (m) return;
      shown = { ...answer, images, text: given.text, seed: given.seed };
      zoo.afterFrame(showRead);
    }

    function choose(k) {
      part.set({ face: k });
      showRead();
      askRest();
    }

    /* What of the text is understood, and what the judge finds of it in the chosen face */

    function showRead() {
      if (!shown) return;
      const chosen = part.get("face");
      for (const { buttons } of rows) {
        buttons.forEach(({ button }, k) => button.setAttribute("aria-pressed", String(k === chosen)));
      }
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
      find("phrases").dataset.shown = `${seedOf(chosen)} ${shown.text}`;
      showNotes();
      showChips();
      say(() => notes().map(([words]) => words).join(" ") || zoo.t("text2image.spoken", {
        right: zoo.number(all("right").length), all: zoo.number(items.length),
      }));
    }

    /* What is wrong with the text, [sentence, whether there are no faces by it]. */
    function notes() {
      const { problem, unknown, n_unknown, phrases, twice, n_words, most } = shown;
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
      find("chips").append(zoo.make("div", {}, zoo.make("span", { "data-t": "avatars." + name }), host));
      return made;
    });

    function showChips() {
      const says = saysOf(shown);
      for (const { name, value, button } of chips) {
        button.setAttribute("aria-pressed", String(says[name] === value));
      }
    }

    function press(name, value) {
      if (!shown) return;
      const says = saysOf(shown);
      if (says[name] === value) delete says[name];
      else says[name] = value;
      askText({ says, language: zoo.language.value });
    }

    const askText = ask((given) => server.write(given), (answer) => take(answer.text));

    find("any").addEventListener("click", () => {
      const uniform = zoo.random(zoo.newSeed());
      const some = NAMES.filter(() => uniform() < 0.45);
      const names = some.length ? some : [NAMES[Math.floor(uniform() * NAMES.length)]];
      const says = Object.fromEntries(
        names.map((name) => [name, schema[name][Math.floor(uniform() * schema[name].length)]])
      );
      askText({ says, language: zoo.language.value });
    });

    function take(words) {
      find("text").value = words;
      keep("text", words, example(0));
      look();
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

    const askOthers = zoo.latest((given) => server.others(given), (answer, given) => {
      if (!answer.ok) return find("values").replaceChildren();
      others = { ...answer, images: zoo.bytes(answer.images), name: given.name };
      find("values").dataset.shown = [given.seed, given.name, given.text].join(" ");
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

    const askWalk = zoo.latest((given) => server.walk(given), (answer, given) => {
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
        const share = zoo.number((100 * k) / (n_steps - 1)) + "\u202f%";
        return tile(zoo.nth(between.images, k, 3 * N), "", share);
      }));
    }

    function askRest() {
      const noise = seedOf(part.get("face"));
      askOthers({ text: text(), name: part.get("which"), seed: noise });
      askWalk({ text: text(), other: find("other").value, seed: noise });
    }

    function look() {
      rows.forEach((row) => row.ask({ text: text(), seed: seed(), model: row.model }));
      askRest();
    }
    const lookSoon = zoo.wait(120, look);
    const walkSoon = zoo.wait(120, askRest);

    return {
      restore() {
        find("text").value = part.get("text") || example(0);
        find("other").value = part.get("other") || example(1);
        find("which").value = part.get("which");
        look();
      },
      words() {
        // An example is told in the page's language; what a visitor has written stays.
        const known = (words, k) => Object.values(examples).some((each) => each[k] === words);
        const before = [text(), find("other").value];
        if (known(before[0], 0)) find("text").value = example(0);
        if (known(before[1], 1)) find("other").value = example(1);
        if (text() !== before[0] || find("other").value !== before[1]) look();
        else {
          showRead();
          showOthers();
          showWalk();
        }
      },
      png() {
        if (!shown?.read.length) return null;
        const items = rows.flatMap(({ buttons }) =>
          buttons.map(({ canvas, score }) => ({ canvas, title: score.textContent })));
        return [zoo.sheet(items, { columns: 4, size: 256, heading: shown.text.slice(0, 90) }), "genzoo-text2image.png"];
      },
      json() {
        if (!shown) return null;
        const named = (read) => Object.fromEntries(NAMES.map((name, k) => [name, schema[name][read[k]]]));
        const { text, seed, phrases, unknown, read, images } = shown;
        const faces = read.map((values, k) => ({
          seed: (seed + k) % (zoo.MAX_SEED + 1),
          read: named(values),
          image: zoo.fractions(zoo.nth(images, k, 3 * N)),
        }));
        return [{ model: models[0], text, phrases, unknown, faces }, "genzoo-text2image.json"];
      },
    };
  },
});
