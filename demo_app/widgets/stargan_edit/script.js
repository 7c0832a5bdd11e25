// @ts-check
import * as zoo from "../shared/zoo.js";

/* A face that another widget hands over, and what is asked of it: {values, asked}. */
export const taken = zoo.signal(null);

const { side: SIDE, pixels: N } = zoo.FACE;
const computation = zoo.computation("stargan");
const VISIBLE = 0.05 * 255; // what a pixel must differ by to be counted as changed

/* The digits of a text, one below each of `sizes`, or null. */
function digits(text, sizes) {
  const values = [...text].map(Number);
  const fits = values.length === sizes.length && values.every((v, k) => v >= 0 && v < sizes[k]);
  return fits ? values : null;
}

/* A menu of the values of an attribute. */
export function menu(name, values, attributes) {
  const options = values.map((value, i) =>
    zoo.make("option", { value: i, "data-t": `avatars.${name}_${value}` })
  );
  return zoo.make("select", { ...attributes, class: "zoo-select " + (attributes.class || "") }, ...options);
}

/* A face in the address is its eleven values, a digit each; none is that of the seed. So are the values
   that are asked for; amounts are percents. */
export default zoo.widget({
  name: "stargan",
  state: ({ examples }) => ({ seed: 0, face: "", values: examples.values, amounts: "", split: 0 }),
  ranges: { split: [0, SIDE] },
  setup({ element, props, server, part, find, change, ask, say }) {
    const { schema, edited } = props.data; // {attribute: values}; names of those that change
    const NAMES = Object.keys(schema);
    const column = edited.map((name) => NAMES.indexOf(name));
    const sizeOf = (name) => schema[name].length;

    let face = null; // its values, as many as NAMES; of a picture as the judge reads them
    let brought = null; // {text, notes, ...} of a picture that was brought, in place of a drawn face
    let source = null; // pixels, 3 N bytes
    let shown = null; // the last answer to an edit

    const own = () => column.map((k) => face[k]);
    const wanted = () => digits(part.get("values"), edited.map(sizeOf)) || own();
    function amounts() {
      const given = part.get("amounts").split(".").map((v) => Number(v) / 100);
      const fit = given.length === edited.length && given.every((v) => v >= 0 && v <= 1);
      return fit ? given : edited.map(() => 1);
    }

    /* The source on the left of the divider, the edit on the right of it. */
    function paintEdited() {
      if (!shown) return;
      const split = part.get("split");
      zoo.paintFace(find("edited"), shown.image.map((v, i) => (i % SIDE < split ? source[i] : v)));
      const { values, amount, face } = shown;
      const of = brought ? "brought" : face.join("");
      find("edited").dataset.shown = [of, values.join(""), amount.join()].join(" ");
      find("divider").style.left = (100 * split) / SIDE + "%";
      find("divider").hidden = split === 0 || split === SIDE;
    }

    /* What is asked; `of` is the source that an answer is to. */

    const question = () => (brought ? { image: brought.text, own: own() } : { face });

    const askEdit = ask(({ ask }) => server.edit(ask), (answer, { ask, of }) => {
      if (of !== source) return;
      const [image, change, truth] = [answer.image, answer.change, answer.truth]
        .map((text) => (text ? zoo.bytes(text) : null));
      shown = { image, change, truth, values: ask.values, amount: ask.amount, face: face.slice() };
      tell();
      paintEdited();
      zoo.afterFrame(showChecks);
      askBackSoon();
    }, () => (asked = null));

    let asked = null;
    function edit(values = wanted(), amount = amounts()) {
      const ask = { ...question(), values, amount };
      const key = Object.values(ask).join(" ");
      if (key === asked) return;
      asked = key;
      askEdit({ ask, of: source });
    }

    const askBack = zoo.latest(({ ask }) => server.cycle(ask), (answer, { ask, of }) => {
      if (!answer.ok || of !== source) return;
      back = { image: zoo.bytes(answer.image), of };
      zoo.paintFace(find("back"), back.image);
      find("back").dataset.values = ask.values.join("");
      returned = answer.error;
      showReturned();
      tell();
    });
    let back = null; // the last face of the way back, and the source that it is of
    let returned = null; // the mean error of the way back

    /* The source, what is asked for, the edit, and the way back as far as it is known. */
    function tell() {
      if (!shown) return;
      const changed = edited.filter((_, k) => shown.values[k] !== shown.face[column[k]]);
      const asked = changed.map((name) => `avatars.${name}_${schema[name][shown.values[edited.indexOf(name)]]}`);
      const there = back?.of === source;
      computation.value = {
        source, asked, image: shown.image, back: there ? back.image : null, error: there ? returned : null,
      };
    }

    function showReturned() {
      if (returned !== null) find("returned").textContent = zoo.t("stargan.returned", { error: zoo.number(100 * returned, 2) });
    }
    const askBackSoon = zoo.wait(150, () => {
      if (source) askBack({ ask: { ...question(), values: wanted() }, of: source });
    });

    /* Where faces come from */

    const askFace = ask(server.face, (answer, given) => {
      if ((given.face || "") === part.get("face") && !brought) take(answer.face, answer.image);
    });

    function take(values, image) {
      face = values;
      source = zoo.bytes(image);
      zoo.paintFace(find("own"), source);
      shown = asked = null;
      showRows();
      edit();
    }

    const refuse = (sentence) => note(sentence, true);
    let opening = null; // the photo that is asked for; none after a reset, whose answer may still come
    const askOpen = ask(server.upload, (answer, given) => {
      if (given !== opening) return;
      brought = { text: answer.image, ...answer };
      part.set({ face: "", values: "", amounts: "" });
      take(answer.face, answer.image);
      showNotes();
    }, (answer, given) => given === opening && refuse(answer.error));
    zoo.takePhotos({
      button: find("upload"),
      input: find("file"),
      stage: find("stage"),
      open: (file) => askOpen((opening = { file })),
      refuse,
    });

    function note(sentence, bad = false) {
      find("notes").textContent = sentence;
      find("notes").classList.toggle("bad", bad);
    }

    function showNotes() {
      if (!brought) return note(zoo.t(part.get("face") ? "stargan.built" : "stargan.drawn"));
      const { notes, is_far } = brought;
      const said = notes.map((key) => zoo.t("stargan.note_" + key));
      note([zoo.nearness(brought), zoo.t(is_far ? "stargan.no_face" : "stargan.is_face"), zoo.t("zoo.photo_lost"), ...said].join(" "));
    }

    /* The attributes: what the face is, what is asked for, how far to go there */

    const cell = (part) => zoo.make("span", { role: "cell" }, part);
    const rows = NAMES.map((name) => {
      const k = edited.indexOf(name);
      const is = menu(name, schema[name], { class: "is", "data-testid": "stargan-is-" + name });
      is.addEventListener("change", () => build(name, Number(is.value)));
      const head = zoo.make("span", { role: "rowheader", "data-t": "avatars." + name });
      const row = zoo.make("div", { role: "row", "data-name": name }, head, cell(is));
      find("attributes").append(row);
      if (k < 0) {
        row.append(cell(zoo.make("span", { class: "kept", "data-t": "stargan.kept" })));
        return { name, k, row, is };
      }
      const to = menu(name, schema[name], { class: "wanted", "data-testid": "stargan-to-" + name });
      to.addEventListener("change", () => want(k, Number(to.value)));
      const range = zoo.make("input", { type: "range", class: "zoo-range", min: 0, max: 100, step: 1,
        "data-testid": "stargan-amount-" + name });
      range.addEventListener("input", () => {
        keep(wanted(), withAmount(k, Number(range.value) / 100));
        edit();
      });
      zoo.slide(range, (amount) => source && edit(wanted(), withAmount(k, amount / 100)));
      row.append(cell(to), cell(range));
      return { name, k, row, is, to, range };
    });
    zoo.translate(find("attributes"));

    const withAmount = (k, amount) => amounts().map((v, i) => (i === k ? amount : v));

    /* The source with another value, as it is drawn. What was asked for stays. */
    function build(name, value) {
      if (!face) return;
      const values = face.slice();
      values[NAMES.indexOf(name)] = value;
      if (brought) {
        // It stays as it is; only what it is taken to be is corrected.
        face = values;
        showRows();
        return edit();
      }
      part.set({ face: values.join("") });
      showNotes();
      askFace({ face: part.get("face") });
    }

    function want(k, value) {
      const values = wanted();
      values[k] = value;
      keep(values, withAmount(k, 1));
      showRows();
      edit();
    }

    function keep(values, share) {
      const whole = share.every((v) => v === 1);
      part.set({
        values: values.join("") === own().join("") ? "" : values.join(""),
        amounts: whole ? "" : share.map((v) => Math.round(100 * v)).join("."),
      });
    }

    function nameRows() {
      for (const { name, is, to, range, k } of rows) {
        const label = zoo.t("avatars." + name);
        is.setAttribute("aria-label", `${label}: ${zoo.t("stargan.is")}`);
        if (k < 0) continue;
        to.setAttribute("aria-label", `${label}: ${zoo.t("stargan.asked")}`);
        range.setAttribute("aria-label", `${label}: ${zoo.t("stargan.amount")}`);
      }
    }

    function showRows() {
      if (!face) return;
      const [at, values, share] = [own(), wanted(), amounts()];
      rows.forEach(({ k, row, is, to, range }, i) => {
        is.value = face[i];
        if (k < 0) return;
        to.value = String(values[k]);
        range.value = String(Math.round(100 * share[k]));
        range.disabled = at[k] === values[k];
        row.classList.toggle("other", at[k] !== values[k]);
      });
      find("undo").disabled = at.join() === values.join();
    }

    /* What the edit is like */

    function showChecks() {
      if (!shown) return;
      const { image, change, truth } = shown;
      zoo.paint(find("change"), change, { map: "cividis", high: 128 });
      find("change").dataset.shown = find("edited").dataset.shown;
      const share = change.reduce((n, v) => n + (v > VISIBLE), 0) / N;
      find("changed").textContent = zoo.t("stargan.changed", { share: zoo.percent(share) });
      for (const name of ["truth", "difference"]) {
        find(name).closest("figure").classList.toggle("none", !truth);
      }
      if (truth) {
        zoo.paintFace(find("truth"), truth);
        const apart = Array.from({ length: N }, (_, i) =>
          [0, 1, 2].reduce((sum, c) => sum + Math.abs(image[c * N + i] - truth[c * N + i]), 0) / 3
        );
        zoo.paint(find("difference"), apart, { map: "cividis", high: 128 });
        const error = image.reduce((sum, v, i) => sum + (v - truth[i]) ** 2, 0) / (3 * N) / 255 ** 2;
        shown.psnr = -10 * Math.log10(Math.max(error, 1e-6));
        find("near").textContent = zoo.t("stargan.near", { psnr: zoo.number(shown.psnr, 1) });
      } else find("near").textContent = zoo.t(brought ? "stargan.no_truth" : "stargan.no_truth_between");
      say(() => find("near").textContent);
    }

    /* Controls */

    find("undo").addEventListener("click", () => {
      keep(own(), edited.map(() => 1));
      showRows();
      edit();
    });
    find("split").addEventListener("input", () => {
      part.set({ split: Number(find("split").value) });
      paintEdited();
    });
    zoo.onChange(taken, ({ values, asked }) => {
      change({ face: values.join(""), amounts: "", values: asked.join("") });
      zoo.bringUp(element);
    });

    nameRows();
    return {
      restore() {
        brought = opening = null;
        if (!digits(part.get("face"), NAMES.map(sizeOf))) part.set({ face: "" });
        if (!digits(part.get("values"), edited.map(sizeOf))) part.set({ values: "" });
        find("split").value = part.get("split");
        showNotes();
        askFace(part.get("face") ? { face: part.get("face") } : { seed: part.get("seed") });
      },
      seeded: (seed) => ({ seed, face: "" }),
      paint: showChecks,
      words() {
        showNotes();
        nameRows();
        showChecks();
        showReturned();
      },
      png() {
        if (!shown) return null;
        const names = ["own", "edited", ...(shown.truth ? ["truth", "difference"] : []), "change", "back"];
        const canvases = names.map(find);
        const items = canvases.map((canvas) => ({ canvas, title: canvas.getAttribute("aria-label") }));
        return [zoo.sheet(items, { columns: 3, heading: zoo.t("stargan.edit_title") }), "genzoo-stargan.png"];
      },
      json() {
        if (!shown) return null;
        const levels = (pixels) => pixels && zoo.fractions(pixels);
        const named = (values, names) => Object.fromEntries(names.map((n, k) => [n, schema[n][values[k]]]));
        return [{
          model: "stargan-avatars",
          face: named(shown.face, NAMES),
          asked: named(shown.values, edited),
          amount: shown.amount,
          source: levels(source),
          image: levels(shown.image),
          change: levels(shown.change),
          truth: levels(shown.truth),
          psnr: shown.psnr,
        }, "genzoo-stargan.json"];
      },
    };
  },
});
