import * as zoo from "../shared/zoo.js";

export default function ({ element, props, server }) {
  const find = (name) => element.querySelector("." + name);
  const { side: SIDE, pixels: N } = zoo.FACE;
  const { schema, edited, examples } = props.data; // {attribute: values}; names of those that change
  const NAMES = Object.keys(schema);
  const column = edited.map((name) => NAMES.indexOf(name));
  const VISIBLE = 0.05 * 255; // what a pixel must differ by to be counted as changed

  /* A face in the address is its eleven values, a digit each; none is that of the seed. So are the
     values that are asked for; amounts are percents. */
  const part = zoo.part("stargan", { seed: 0, face: "", values: examples.values, amounts: "", split: 0 }, restore);

  let face = null; // its values, as many as NAMES; of a picture as the judge reads them
  let brought = null; // {image, notes, ...} of a picture that was brought, in place of a drawn face
  let source = null; // pixels, 3 N bytes
  let shown = null; // the last answer to an edit

  const own = () => column.map((k) => face[k]);
  const digits = (text, sizes) => {
    const values = [...text].map(Number);
    const fits = values.length === sizes.length && values.every((v, k) => v >= 0 && v < sizes[k]);
    return fits ? values : null;
  };
  const sizeOf = (name) => schema[name].length;
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
    const mixed = shown.image.map((v, i) => (i % SIDE < split ? source[i] : v));
    zoo.paintFace(find("edited"), mixed);
    const { values, amount, face } = shown;
    find("edited").dataset.shown = [brought ? "brought" : face.join(""), values.join(""), amount.join()].join(" ");
    find("divider").style.left = (100 * split) / SIDE + "%";
    find("divider").hidden = split === 0 || split === SIDE;
  }

  /* What is asked; `of` is the source that an answer is to. */

  const question = () => (brought ? { image: brought.text, own: own() } : { face });

  const askEdit = zoo.latest(({ ask }) => server.edit(ask), (answer, { ask, of }, total) => {
    tell(answer, total);
    if (!answer.ok) asked = null;
    else if (of === source) {
      const pixels = (text) => (text ? zoo.bytes(text) : null);
      const [image, change, truth] = [answer.image, answer.change, answer.truth].map(pixels);
      shown = { image, change, truth, values: ask.values, amount: ask.amount, face: face.slice() };
      paintEdited();
      zoo.afterFrame(showChecks);
      askBackSoon();
    }
  });

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
    zoo.paintFace(find("back"), zoo.bytes(answer.image));
    find("back").dataset.values = ask.values.join("");
    find("returned").textContent = zoo.t("stargan.returned", { error: zoo.number(100 * answer.error, 2) });
  });
  const askBackSoon = zoo.wait(150, () => {
    if (source) askBack({ ask: { ...question(), values: wanted() }, of: source });
  });

  function tell(answer, total) {
    zoo.showStatus(find("state"), answer, total);
  }

  /* Where faces come from */

  const askFace = zoo.latest(server.face, (answer, given, total) => {
    tell(answer, total);
    if (!answer.ok || (given.face || "") !== part.get("face") || brought) return;
    take(answer.face, answer.image);
  });

  function take(values, image) {
    face = values;
    source = zoo.bytes(image);
    zoo.paintFace(find("own"), source);
    shown = asked = null;
    showRows();
    edit();
  }

  const askOpen = zoo.latest(server.upload, (answer, given, total) => {
    tell(answer, total);
    if (!answer.ok) return note(answer.error, true);
    brought = { text: answer.image, ...answer };
    part.set({ face: "", values: "", amounts: "" });
    take(answer.face, answer.image);
    showNotes();
  });
  zoo.takePhotos({
    button: find("upload"),
    input: find("file"),
    stage: find("stage"),
    open: (file) => askOpen({ file }),
    refuse: (sentence) => note(sentence, true),
  });

  function note(sentence, bad = false) {
    find("notes").textContent = sentence;
    find("notes").classList.toggle("bad", bad);
  }

  function showNotes() {
    if (!brought) return note(zoo.t(part.get("face") ? "stargan.built" : "stargan.drawn"));
    const { notes, is_face, decibels } = brought;
    const said = notes.map((key) => zoo.t("stargan.note_" + key));
    const key = is_face ? "stargan.is_face" : "stargan.no_face";
    note([zoo.t(key, { decibels: zoo.number(decibels, 1) }), ...said].join(" "));
  }

  /* The attributes: what the face is, what is asked for, how far to go there */

  const rows = NAMES.map((name) => {
    const make = zoo.make;
    const k = edited.indexOf(name);
    const options = (select) => {
      schema[name].forEach((value, i) => {
        select.append(make("option", { value: i, "data-t": `stargan.${name}_${value}` }));
      });
      return select;
    };
    const is = options(make("select", { class: "zoo-select is", "data-testid": "stargan-is-" + name }));
    is.addEventListener("change", () => build(name, Number(is.value)));
    const cells = [make("span", { role: "rowheader", "data-t": "stargan." + name }), is];
    const row = make("div", { role: "row", "data-name": name }, ...cells);
    if (k < 0) {
      row.append(make("span", { class: "kept", role: "cell", "data-t": "stargan.kept" }));
      find("attributes").append(row);
      return { name, k, row, is };
    }
    const to = options(make("select", { class: "zoo-select wanted", "data-testid": "stargan-to-" + name }));
    to.addEventListener("change", () => ask(k, Number(to.value)));
    const range = make("input", { type: "range", class: "zoo-range", min: 0, max: 100, step: 1,
      "data-testid": "stargan-amount-" + name });
    range.addEventListener("input", () => setAmount(k, Number(range.value)));
    zoo.slide(range, (amount) => {
      if (source) edit(wanted(), amounts().map((v, i) => (i === k ? amount / 100 : v)));
    });
    row.append(to, range);
    find("attributes").append(row);
    return { name, k, row, is, to, range };
  });

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

  function ask(k, value) {
    const values = wanted();
    values[k] = value;
    const share = amounts();
    share[k] = 1;
    keep(values, share);
    showRows();
    edit();
  }

  function setAmount(k, percent) {
    const share = amounts();
    share[k] = percent / 100;
    keep(wanted(), share);
    edit();
  }

  function keep(values, share) {
    const whole = share.every((v) => v === 1);
    part.set({
      values: values.join("") === own().join("") ? "" : values.join(""),
      amounts: whole ? "" : share.map((v) => Math.round(100 * v)).join("."),
    });
  }

  function showRows() {
    if (!face) return;
    const [at, values, share] = [own(), wanted(), amounts()];
    rows.forEach(({ name, k, row, is, to, range }, i) => {
      const label = zoo.t("stargan." + name);
      is.value = face[i];
      is.setAttribute("aria-label", `${label}: ${zoo.t("stargan.is")}`);
      if (k < 0) return;
      to.value = values[k];
      to.setAttribute("aria-label", `${label}: ${zoo.t("stargan.asked")}`);
      range.value = Math.round(100 * share[k]);
      range.disabled = at[k] === values[k];
      range.setAttribute("aria-label", `${label}: ${zoo.t("stargan.amount")}`);
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
    say();
  }

  const say = zoo.wait(400, () => {
    if (element.contains(document.activeElement)) find("said").textContent = find("near").textContent;
  });

  /* Controls */

  function fromSeed(seed) {
    brought = null;
    part.set({ seed, face: "" });
    find("seed").value = seed;
    showNotes();
    askFace({ seed });
  }
  find("random").addEventListener("click", () => fromSeed(zoo.newSeed()));
  zoo.seedField(find("seed"), part, fromSeed);
  find("undo").addEventListener("click", () => {
    keep(own(), edited.map(() => 1));
    showRows();
    edit();
  });
  find("reset").addEventListener("click", () => {
    brought = null;
    part.set(part.defaults);
    open();
  });
  find("split").addEventListener("input", () => {
    part.set({ split: Number(find("split").value) });
    paintEdited();
  });

  /* A face of the sheet below, and what was asked for there. */
  zoo.on("stargan-take", ({ values, asked: to }) => {
    brought = null;
    part.set({ face: values.join(""), amounts: "", values: to.join("") });
    open();
    element.scrollIntoView({ block: "start", behavior: zoo.still() ? "auto" : "smooth" });
  });

  find("png").addEventListener("click", () => {
    if (!shown) return;
    const names = ["own", "edited", ...(shown.truth ? ["truth", "difference"] : []), "change", "back"];
    const items = names.map((name) => {
      const figure = find(name).closest("figure");
      const title = figure ? figure.querySelector("h3").textContent : find(name).getAttribute("aria-label");
      return { canvas: find(name), title };
    });
    zoo.savePNG(zoo.sheet(items, { columns: 3, heading: zoo.t("stargan.edit_title") }), "genzoo-stargan.png");
  });
  find("json").addEventListener("click", () => {
    if (!shown) return;
    const levels = (pixels) => pixels && Array.from(pixels, (v) => v / 255);
    const named = (values, names) => Object.fromEntries(names.map((n, k) => [n, schema[n][values[k]]]));
    zoo.saveJSON({
      model: "stargan-avatars",
      face: named(shown.face, NAMES),
      asked: named(shown.values, edited),
      amount: shown.amount,
      source: levels(source),
      image: levels(shown.image),
      change: levels(shown.change),
      truth: levels(shown.truth),
      psnr: shown.psnr,
    }, "genzoo-stargan.json");
  });

  /* All together */

  /* Only what can be shown is taken from the address. */
  function open() {
    zoo.sane(part, { seed: [0, zoo.MAX_SEED] });
    if (!digits(part.get("face"), NAMES.map(sizeOf))) part.set({ face: "" });
    if (!digits(part.get("values"), edited.map(sizeOf))) part.set({ values: "" });
    const split = part.get("split");
    if (!Number.isInteger(split) || split < 0 || split > SIDE) part.set({ split: 0 });
    find("split").value = part.get("split");
    find("seed").value = part.get("seed");
    showNotes();
    askFace(part.get("face") ? { face: part.get("face") } : { seed: part.get("seed") });
  }

  let started = false;
  function restore() {
    if (!started) return;
    brought = null;
    open();
  }

  zoo.onChange(zoo.theme, showChecks);
  zoo.onChange(zoo.language, () => {
    zoo.translate(element);
    showNotes();
    showRows();
    showChecks();
  });
  zoo.translate(element);
  zoo.whenShown("stargan", () => {
    started = true;
    open();
  });
}
