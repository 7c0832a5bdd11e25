// @ts-check
import * as zoo from "../shared/zoo.js";
import { Card, D, SIDE } from "./card.js";
import { Lane } from "./lane.js";

const FIRST = 305; // its upper half could be of a 2 or a 3

/* What is known: is the pixel in row r, column c? Of the first rows, as many as the line says. */
const MASKS = {
  rows: (r, _c, rows) => r < rows,
  left: (_r, c) => c < 14,
  bottom: (r) => r >= 14,
  hole: (r, c) => Math.hypot(r - 13.5, c - 13.5) >= 6.5,
};

export default zoo.widget({
  name: "faceoff",
  state: { image: FIRST, rows: 12, mask: "rows", seed: 1, sort: "score" },
  ranges: { image: [0, 999], rows: [0, SIDE] },
  choices: { mask: Object.keys(MASKS), sort: ["score", "name"] },
  setup({ element, props, server, part, find, ask }) {
    const { models, count } = props.data; // [{name, kind, tab, slow}], the quickest first

    let x = null; // the true digit (784,)
    let known = null; // (784,), 1 where it is known
    const play = { part, count, turn: 0, byRow: {} };
    let peek = null; // what the large picture shows: null, or {card, n}
    let lookingAt = false; // a pointer is over the large picture
    let pinned = false; // the true rest is shown for good

    /* The large picture */

    const grid = new zoo.Grid(find("canvas"), {
      label: "faceoff.canvas",
      read: (i) => zoo.t(!known[i] && !isTrue() ? "faceoff.unknown" : x[i] ? "faceoff.ink" : "faceoff.empty"),
      onpoint(i) {
        lookingAt = i !== null;
        showPicture();
      },
    });
    grid.surface.addEventListener("blur", () => {
      lookingAt = false;
      showPicture();
    });
    grid.addLayer((context, size) => x && peek && zoo.outline(context, size, x));

    const isTrue = () => !peek && (lookingAt || pinned);

    grid.repaint = () => {
      if (!x) return;
      if (peek) peek.card.paint(grid.cells, peek.n);
      else zoo.paintRest(grid.cells, x, (i) => known[i], (i) => (isTrue() ? x[i] : null));
    };

    function showPicture() {
      grid.repaint();
      grid.refresh();
      find("truth").setAttribute("aria-pressed", String(pinned));
      const key = peek ? "faceoff.shown_made" : isTrue() ? "faceoff.shown_true" : "faceoff.shown_known";
      const values = peek ? { model: peek.card.model.name, n: zoo.number(peek.n + 1) } : {};
      find("shown").textContent = zoo.t(key, values);
    }

    find("truth").addEventListener("click", () => {
      pinned = !pinned;
      showPicture();
    });

    const cards = models.map((model) => {
      const card = new Card(model, play, (n) => {
        if (n !== null && card.answer) peek = { card, n };
        else if (peek && peek.card === card) peek = null;
        else return;
        showPicture();
      });
      find(card.exact ? "exact" : "coded").append(card.root);
      return card;
    });

    /* Ranks, bars and the verdict, from the scores that are there */

    let ranked = null; // {order, hidden}: what the verdict is of

    function rank() {
      const scored = cards.filter((card) => card.exact && card.able && card.score !== null);
      const largest = Math.max(...scored.map((card) => -card.score), 0);
      const order = [...scored].sort((a, b) => b.score - a.score);
      const hidden = known?.includes(0);
      cards.forEach((card) => {
        card.root.hidden = !card.able;
        card.root.classList.toggle("waiting", !card.fresh);
        if (!card.exact) return;
        card.root.classList.toggle("best", Boolean(hidden && card === order[0]));
        card.showScore(largest);
      });
      const byName = (a, b) => (a.model.name < b.model.name ? -1 : 1);
      const place = (card) => (order.includes(card) ? order.indexOf(card) : order.length);
      const sorted = cards.filter((card) => card.exact).sort(byName);
      if (part.get("sort") === "score") sorted.sort((a, b) => place(a) - place(b));
      const there = [...find("exact").children];
      // What stands right is not moved: a card under the keyboard would lose its focus.
      if (sorted.some((card, k) => there[k] !== card.root)) {
        find("exact").append(...sorted.map((card) => card.root));
      }
      find("sorts").hidden = sorted.filter((card) => card.able).length < 2;
      const unable = cards.filter((card) => !card.able).map((card) => card.model.name).sort();
      find("unable").hidden = !unable.length;
      find("unable").textContent = zoo.t("faceoff.unable", { models: unable.join(", ") });
      ranked = { order, hidden };
      tell();
    }

    const raised = (n) => String(n).replace(/\d/g, (digit) => "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"[digit]);

    function showVerdict() {
      if (!ranked) return;
      const { order, hidden } = ranked;
      const [best, worst] = [order[0], order[order.length - 1]];
      const values = best && {
        best: best.model.name,
        score: zoo.number(best.score, 1),
        worst: worst.model.name,
        factor: raised(Math.round((best.score - worst.score) / Math.LN10)),
      };
      const key = !hidden ? "nothing" : !best ? "" : order.length < 2 ? "alone" : "verdict";
      find("verdict").textContent = key && zoo.t("faceoff." + key, values);
    }
    const tell = zoo.wait(250, showVerdict); // it is read out: once, when the answers are there

    /* Asking: one call at a time to the quick models and one to the slow ones, so that neither wait for
       the other. A change begins a new turn: what waits is dropped, and what the server has under way
       for an older turn it stops itself. */

    const page = String(zoo.newSeed()) + "-" + String(zoo.newSeed());

    const [quick, slow] = [new Lane(), new Lane()];

    async function call(name, given) {
      const begin = performance.now();
      const answer = await zoo.answerOf(server[name], { ...given, page });
      zoo.release();
      if (given.turn === play.turn) zoo.showStatus(find("state"), answer, performance.now() - begin);
      return answer;
    }

    function foresee(card, mine, digit) {
      const { name } = card.model;
      return async () => {
        const table = play.byRow; // of this digit: another one has another
        if (Object.hasOwn(table, name)) return;
        const answer = await call("foresee", { model: name, x: zoo.packBits(digit), turn: mine });
        if (!answer.ok || !answer.by_row) return;
        table[name] = answer.by_row;
        if (table === play.byRow) rank();
      };
    }

    function complete(card, mine, digit, mask) {
      return async () => {
        const seed = part.get("seed");
        const answer = await call("complete", { model: card.model.name, x: zoo.packBits(digit),
          known: zoo.packBits(mask), seed, turn: mine });
        if (!answer.ok || !answer.images || mine !== play.turn) return;
        card.show({ levels: zoo.bytes(answer.images), logProb: answer.log_prob, ms: answer.ms,
          x: digit, known: mask, turn: mine, seed });
        if (peek && peek.card === card) showPicture();
        rank();
      };
    }

    function jobsOf(mine, isSlow) {
      const [digit, mask] = [x, known];
      const able = cards.filter((card) => card.model.slow === isSlow && card.able);
      const rows = part.get("mask") === "rows";
      const readers = (kind) => (rows ? able.filter((card) => card.model.kind === kind) : []);
      const last = able.filter((card) => card.model.kind === "any");
      const others = able.filter((card) => card.model.kind !== "any");
      return [
        ...readers("raster").map((card) => foresee(card, mine, digit)),
        ...others.map((card) => complete(card, mine, digit, mask)),
        ...readers("any").map((card) => foresee(card, mine, digit)),
        ...last.map((card) => complete(card, mine, digit, mask)),
      ];
    }

    const askSlow = zoo.wait(280, (mine) => mine === play.turn && slow.set(jobsOf(mine, true)));

    function askAll() {
      if (!x) return;
      known = Uint8Array.from({ length: D }, (_, i) =>
        Number(MASKS[part.get("mask")](Math.floor(i / SIDE), i % SIDE, part.get("rows")))
      );
      play.turn += 1;
      slow.jobs = [];
      quick.set(jobsOf(play.turn, false));
      askSlow(play.turn);
      zoo.withAnswer(showPicture);
      zoo.withAnswer(rank);
    }

    /* Controls */

    const chooser = new zoo.Chooser(find("chooser"), {
      label: "zoo.digits",
      onchoose(id) {
        part.set({ image: id });
        showDigit(id);
        askAll();
      },
    });

    function showDigit(id) {
      x = chooser.picture(id).map((level) => (level ? 1 : 0));
      play.byRow = {};
      peek = null;
    }

    const line = find("zoo-line");
    function moveLine(rows) {
      const next = Math.max(0, Math.min(SIDE, rows));
      if (next === part.get("rows")) return;
      part.set({ rows: next });
      showControls();
      askAll();
    }
    line.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      line.focus({ preventScroll: true });
      line.setPointerCapture(event.pointerId);
    });
    line.addEventListener("pointermove", (event) => {
      if (!line.hasPointerCapture(event.pointerId)) return;
      const box = grid.surface.getBoundingClientRect();
      moveLine(Math.round(((event.clientY - box.top) / box.height) * SIDE));
    });
    line.addEventListener("keydown", (event) => {
      const by = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1, PageUp: -4, PageDown: 4,
        Home: -SIDE, End: SIDE }[event.key];
      if (!by) return;
      event.preventDefault();
      moveLine(part.get("rows") + by);
    });
    grid.addLayer((context, size) => {
      if (part.get("mask") !== "rows") return;
      context.strokeStyle = zoo.token("accent");
      context.lineWidth = 2;
      context.stroke(zoo.staircase(size, part.get("rows") * SIDE));
    });

    const pressMask = zoo.segments(find("kinds"), Object.keys(MASKS), {
      label: "faceoff.mask_",
      testid: "faceoff-mask-",
      choose(mask) {
        part.set({ mask });
        showControls();
        askAll();
      },
    });
    for (const button of find("kinds").children) button.dataset.tTitle = button.dataset.t + "_title";
    zoo.translate(find("kinds"));
    const pressSort = zoo.segments(find("sorts"), ["score", "name"], {
      label: "faceoff.by_",
      testid: "faceoff-by-",
      choose(sort) {
        part.set({ sort });
        showControls();
        rank();
      },
    });

    function showControls() {
      pressMask(part.get("mask"));
      pressSort(part.get("sort"));
      const rows = part.get("rows");
      line.hidden = part.get("mask") !== "rows";
      line.style.top = (100 * rows) / SIDE + "%";
      line.setAttribute("aria-valuenow", rows);
      line.setAttribute("aria-valuetext", zoo.t("faceoff.rows_known", { rows: zoo.number(rows) }));
    }

    /* Saving */

    function crop(draw) {
      const canvas = zoo.make("canvas", { width: SIDE, height: SIDE });
      draw(canvas);
      return canvas;
    }

    find("coding").hidden = cards.every((card) => card.exact);
    const begin = ask(server.start, (reply) => {
      const levels = new Uint8Array(reply.digits.length * D);
      reply.digits.forEach((text, n) => levels.set(zoo.unpackBits(text, D).map((bit) => 255 * bit), n * D));
      chooser.load(levels, reply.labels, (c) => zoo.t("zoo.digit", { digit: c }));
      restore();
    });

    zoo.whenSeen(element, () => begin({}));

    function restore() {
      showControls();
      if (!chooser.images) return;
      const id = chooser.nearest(part.get("image"));
      chooser.mark(id);
      showDigit(id);
      askAll();
    }

    function words() {
      showControls();
      showPicture();
      for (const card of cards) card.write();
      rank();
      showVerdict(); // answers may keep it waiting, in the other language
    }
    for (const card of cards) card.write();

    return {
      restore,
      words,
      paint: () => cards.forEach((card) => card.repaint()),
      reset() {
        pinned = false;
        return part.defaults;
      },
      png() {
        if (!x) return null;
        const items = [
          { title: zoo.t("faceoff.shown_known"), canvas: crop((c) => zoo.paintRest(c, x, (i) => known[i], () => null)) },
          { title: zoo.t("faceoff.shown_true"), canvas: crop((c) => zoo.paintRest(c, x, (i) => known[i], (i) => x[i])) },
        ];
        while (items.length < count) items.push({ title: "", canvas: crop(() => {}) });
        const shown = [find("exact"), find("coded")].flatMap((host) => [...host.children]);
        for (const root of shown) {
          const card = cards.find((one) => one.root === root);
          if (!card.fresh || !card.able) continue;
          const score = card.exact && card.score !== null ? `  ${zoo.number(card.score, 1)}` : "";
          for (let n = 0; n < count; n++) {
            items.push({ title: n === 0 ? card.model.name : n === 1 ? score : "",
              canvas: crop((c) => card.paint(c, n)) });
          }
        }
        const heading = `${zoo.t("faceoff.title")}   ${zoo.t("zoo.seed")} ${part.get("seed")}`;
        return [zoo.sheet(items, { columns: count, size: 224, heading }), "genzoo-faceoff.png"];
      },

      json() {
        if (!x) return null;
        const entries = cards.filter((card) => card.able).map((card) => ({
          model: card.model.name,
          kind: card.model.kind,
          log_prob: card.exact ? card.score : null,
          images: card.fresh
            ? Array.from({ length: count }, (_, n) => Array.from(x, (_, i) => card.made(n, i)))
            : null,
        }));
        return [{
          address: location.href,
          digit: Math.floor(part.get("image") / 100),
          pixels: [...x],
          known: [...known],
          seed: part.get("seed"),
          models: entries,
        }, "genzoo-faceoff.json"];
      },
    };
  },
});
