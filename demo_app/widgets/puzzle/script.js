// @ts-check
import * as zoo from "../shared/zoo.js";

const { side: SIDE, pixels: N } = zoo.FACE;
const computation = zoo.computation("puzzle");
const EMPTY = "-";
const FAR = 6; // pixels that a pointer moves before it drags

/* A board says of each cell which piece lies in it: the cell where that piece belongs, or null. In the
   address it is a character for each cell. */
const written = (board) => board.map((piece) => (piece === null ? EMPTY : piece.toString(36))).join("");

function read(text, n, mostMissing) {
  if (text.length !== n * n) return null;
  const board = [...text].map((c) => (c === EMPTY ? null : parseInt(c, 36)));
  const there = board.filter((piece) => piece !== null);
  const known = there.every((piece) => piece >= 0 && piece < n * n);
  const fits = known && new Set(there).size === there.length && n * n - there.length <= mostMissing;
  return fits ? board : null;
}

/* All of `pieces` in another order, a function of the seed. */
function shuffled(pieces, seed) {
  const uniform = zoo.random(seed);
  const order = pieces.slice();
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

export default zoo.widget({
  name: "puzzle",
  state: { seed: 0, n: 3, board: "" },
  choices: ({ grids }) => ({ n: grids }),
  setup({ element, props, server, part, find, ask, say }) {
    const { grids, missing } = props.data; // cells each way, and how many pieces may be missing of each
    const size = () => part.get("n");
    const pieceSide = () => Math.floor(SIDE / size());
    const most = () => missing[grids.indexOf(size())];

    let source = null; // pixels, 3 N bytes
    let sent = ""; // the same as the server reads them
    let brought = null; // what is known of a picture that was brought, in place of a face
    let board = [];
    let held = null; // the cell whose piece is chosen
    let focused = 0; // the cell at which Tab stops
    let made = null; // the last answer, with what was asked
    let game = null; // {moves, began, seconds}; seconds once it is solved

    /* Pieces */

    /* The pixels of a piece onto a canvas of its size. */
    function paintPiece(canvas, piece) {
      const [n, s] = [size(), pieceSide()];
      Object.assign(canvas, { width: s, height: s });
      const start = Math.floor(piece / n) * s * SIDE + (piece % n) * s;
      zoo.paintPixels(canvas, (data) => {
        for (let i = 0; i < s * s; i++) {
          const at = start + Math.floor(i / s) * SIDE + (i % s);
          for (let c = 0; c < 3; c++) data[4 * i + c] = source[c * N + at];
          data[4 * i + 3] = 255;
        }
      });
    }

    /* Are two pieces alike, pixel for pixel? Plain ones can stand for each other. */
    function alike(a, b) {
      const [n, s] = [size(), pieceSide()];
      const [p, q] = [a, b].map((k) => Math.floor(k / n) * s * SIDE + (k % n) * s);
      for (let c = 0; c < 3; c++) {
        for (let i = 0; i < s * s; i++) {
          const at = c * N + Math.floor(i / s) * SIDE + (i % s);
          if (source[p + at] !== source[q + at]) return false;
        }
      }
      return true;
    }

    const there = () => board.filter((piece) => piece !== null);
    const away = () => [...Array(size() ** 2).keys()].filter((piece) => !board.includes(piece));
    const solved = () => board.every((piece, cell) => piece === null || alike(piece, cell));
    const playing = () => game !== null && game.seconds === null;
    const place = (cell) => ({
      row: zoo.number(1 + Math.floor(cell / size())),
      column: zoo.number(1 + (cell % size())),
    });

    /* The board */

    function layCells() {
      const n = size();
      over = null;
      find("board").style.setProperty("--n", n);
      find("board").replaceChildren(...Array.from({ length: n * n }, (_, cell) => {
        const button = zoo.make("button", { type: "button", class: "cell", "data-cell": cell,
          "data-testid": `puzzle-cell-${cell}` }, zoo.make("canvas"));
        button.addEventListener("click", () => press(cell));
        button.addEventListener("focus", () => (focused = cell));
        button.addEventListener("pointerenter", () => point(cell));
        button.addEventListener("pointerleave", () => point(null));
        dragFrom(button, () => board[cell] !== null, (to) => {
          held = null;
          if (to === "tray") takeAway(cell);
          else if (to !== null) swap(cell, to);
        });
        return button;
      }));
      const marks = Array.from({ length: n * n }, () => zoo.make("span"));
      find("marks").style.setProperty("--n", n);
      find("marks").style.setProperty("--covered", `${(100 * n * pieceSide()) / SIDE}%`);
      find("marks").replaceChildren(...marks);
    }

    const cells = () => /** @type {HTMLElement[]} */ ([...find("board").children]);

    function showBoard() {
      if (!source) return;
      const done = game !== null && !playing();
      cells().forEach((button, cell) => {
        const piece = board[cell];
        const canvas = /** @type {HTMLCanvasElement} */ (button.firstElementChild);
        canvas.hidden = piece === null;
        if (piece !== null) paintPiece(canvas, piece);
        button.classList.toggle("empty", piece === null);
        button.classList.toggle("done", done && piece !== null);
        button.tabIndex = cell === focused ? 0 : -1;
        button.setAttribute("aria-pressed", String(cell === held));
        const words = piece === null ? "puzzle.empty_cell" : "puzzle.full_cell";
        button.setAttribute("aria-label", zoo.t(words, place(cell)));
      });
      if (over !== null) showPointed();
      find("board").dataset.shown = written(board);
      find("tray").replaceChildren(...away().map((piece) => {
        const canvas = zoo.make("canvas");
        paintPiece(canvas, piece);
        const button = zoo.make("button", { type: "button", class: "taken", "data-testid": `puzzle-away-${piece}`,
          "aria-label": zoo.t("puzzle.put_back"), title: zoo.t("puzzle.put_back") }, canvas);
        button.addEventListener("click", () => putBack(piece));
        return button;
      }));
      find("tray-words").textContent = zoo.t("puzzle.away", {
        missing: zoo.number(away().length), most: zoo.number(most()), all: zoo.number(size() ** 2) });
      find("take").disabled = held === null || away().length >= most();
      showScore();
    }

    /* A move on the board: it is in the address, and what is restored follows. */
    function lay(next, isMove = true) {
      board = next;
      part.set({ board: written(board) });
      if (isMove && playing()) {
        game.moves += 1;
        game.began ??= performance.now();
        if (solved()) end();
      }
      showBoard();
      restoreThem();
    }

    function swap(a, b) {
      if (a === b) return showBoard();
      const next = board.slice();
      [next[a], next[b]] = [next[b], next[a]];
      lay(next);
    }

    function takeAway(cell) {
      if (board[cell] === null) return;
      if (away().length >= most()) {
        note(zoo.t("puzzle.too_many", { most: zoo.number(most()), all: zoo.number(size() ** 2) }), true);
        return showBoard();
      }
      held = null;
      lay(board.map((piece, at) => (at === cell ? null : piece)));
      cells()[cell].focus();
    }

    function putBack(piece) {
      const free = board.indexOf(null);
      focused = free;
      lay(board.map((old, at) => (at === free ? piece : old)));
      cells()[free].focus();
    }

    function press(cell) {
      if (held === null) held = board[cell] === null ? null : cell;
      else {
        const from = held;
        held = null;
        if (from !== cell) return swap(from, cell);
      }
      showBoard();
    }

    find("board").addEventListener("keydown", (event) => {
      const n = size();
      const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const step = steps[event.key];
      if (step) {
        const [x, y] = [(focused % n) + step[0], Math.floor(focused / n) + step[1]];
        if (x >= 0 && y >= 0 && x < n && y < n) {
          focused = y * n + x;
          showBoard();
          cells()[focused].focus();
        }
      } else if (event.key === "Delete" || event.key === "Backspace") takeAway(focused);
      else if (event.key === "Escape" && held !== null) press(held);
      else return;
      event.preventDefault();
    });
    find("take").addEventListener("click", () => takeAway(held));

    /* dropped(to): where a piece that was dragged is let go: the number of a cell, "tray", or null. */
    function dragFrom(button, may, dropped) {
      let start = null;
      let dragged = false;
      button.addEventListener("pointerdown", (event) => {
        dragged = false;
        if (event.button || !may()) return;
        start = event;
        button.setPointerCapture(event.pointerId);
      });
      button.addEventListener("pointermove", (event) => {
        if (!start) return;
        const [x, y] = [event.clientX - start.clientX, event.clientY - start.clientY];
        dragged ||= Math.hypot(x, y) > FAR;
        if (!dragged) return;
        button.classList.add("dragged");
        button.style.translate = `${x}px ${y}px`;
      });
      const end = (event, isDrop) => {
        if (!start) return;
        start = null;
        button.classList.remove("dragged");
        button.style.translate = "";
        if (!dragged) return;
        const under = document.elementsFromPoint(event.clientX, event.clientY);
        const cell = under.map((e) => e.closest(".cell")).find((e) => e && element.contains(e));
        const tray = under.some((e) => e.closest(".away") && element.contains(e));
        if (isDrop) dropped(cell ? Number(cell.getAttribute("data-cell")) : tray ? "tray" : null);
      };
      button.addEventListener("pointerup", (event) => end(event, true));
      button.addEventListener("pointercancel", (event) => end(event, false));
      button.addEventListener("click", (event) => dragged && event.stopImmediatePropagation(), true);
    }

    /* What the model makes of the pieces */

    const askRestore = ask(({ ask }) => server.restore(ask), (answer, { ask, of }) => {
      if (of !== source || ask.n !== size() || playing()) return;
      made = { ...answer, ...ask, image: zoo.bytes(answer.image) };
      showMade();
      say(() => find("verdict").textContent);
    });

    function restoreThem() {
      if (source && !playing()) askRestore({ ask: { image: sent, n: size(), pieces: there() }, of: source });
    }

    function showMade() {
      if (!made) return;
      const [n, s] = [made.n, Math.floor(SIDE / made.n)];
      zoo.paintFace(find("restored"), made.image);
      const at = new Map(made.cell.map((cell, i) => [cell, i]));
      zoo.paintPixels(find("placed"), (data) => {
        data.fill(0);
        for (const [cell, i] of at) {
          const piece = made.pieces[i];
          const from = Math.floor(piece / n) * s * SIDE + (piece % n) * s;
          const to = Math.floor(cell / n) * s * SIDE + (cell % n) * s;
          for (let p = 0; p < s * s; p++) {
            const k = Math.floor(p / s) * SIDE + (p % s);
            for (let c = 0; c < 3; c++) data[4 * (to + k) + c] = source[c * N + from + k];
            data[4 * (to + k) + 3] = 255;
          }
        }
      });
      [...find("marks").children].forEach((mark, cell) => {
        const i = at.get(cell);
        mark.className = i === undefined ? "none" : made.right[i] ? "right" : "wrong";
        mark.textContent = i === undefined ? "?" : zoo.number(100 * made.probability[i]);
        if (i !== undefined) mark.dataset.piece = made.pieces[i];
        else delete mark.dataset.piece;
      });
      find("restored").dataset.shown = `${n} ${made.pieces.join()}`;
      showVerdict();
    }

    const counted = () => ({
      right: zoo.number(made.right.filter(Boolean).length),
      pieces: zoo.number(made.pieces.length),
    });

    function showVerdict() {
      if (!made) return;
      const sure = Math.min(...made.probability);
      const words = made.pieces.length < made.n ** 2 ? "puzzle.verdict_missing" : "puzzle.verdict";
      find("verdict").textContent = zoo.t(words, {
        ...counted(), sure: zoo.percent(sure), psnr: zoo.number(made.psnr, 1) });
      showPointed();
    }

    /* The piece that is pointed at is outlined where the model placed it. The board or the answer may
       change under a pointer that stands still. */
    let over = null; // the cell
    function point(cell) {
      over = cell;
      showPointed();
    }

    function showPointed() {
      const piece = over === null ? null : board[over];
      for (const mark of find("marks").children) {
        mark.classList.toggle("pointed", piece !== null && mark.dataset.piece === String(piece));
      }
      showReading(piece);
    }

    function showReading(piece) {
      tell(piece);
      const i = made && !playing() && piece !== null ? made.pieces.indexOf(piece) : -1;
      if (i < 0) return (find("reading").textContent = zoo.t("puzzle.point"));
      find("reading").textContent = zoo.t(made.right[i] ? "puzzle.reads_right" : "puzzle.reads_wrong", {
        ...place(made.cell[i]), sure: zoo.percent(made.probability[i]) });
    }

    /* The pieces, and what becomes of the one that is pointed at. */
    function tell(piece) {
      if (!made || playing()) return;
      const { n, pieces, cell, probability, right, image } = made;
      const i = piece === null ? -1 : pieces.indexOf(piece);
      computation.value = {
        source, n, pieces, board: board.slice(), image, right: right.filter(Boolean).length,
        pointed: i < 0 ? null : { piece, cell: cell[i], probability: probability[i] },
        sure: Math.min(...probability),
      };
    }

    /* The game: who puts them together sooner, with fewer moves? */

    function showScore() {
      const seconds = !game ? 0 : game.seconds ?? (game.began === null ? 0 : (performance.now() - game.began) / 1000);
      find("score").textContent = game
        ? zoo.t("puzzle.score", { moves: zoo.number(game.moves), seconds: zoo.number(seconds, 0) })
        : "";
      element.querySelector("section")?.classList.toggle("playing", playing());
      find("play").textContent = zoo.t(playing() ? "puzzle.give_up" : "puzzle.play");
    }

    setInterval(() => playing() && game.began !== null && showScore(), 500);

    function end() {
      game.seconds = (performance.now() - game.began) / 1000;
      note(zoo.t("puzzle.solved", {
        moves: zoo.number(game.moves), seconds: zoo.number(game.seconds, 1) }));
      say(() => find("notes").textContent);
    }

    find("play").addEventListener("click", () => {
      if (!source) return;
      if (playing()) {
        game = null;
        showNotes();
        showBoard();
        return restoreThem();
      }
      game = { moves: 0, began: null, seconds: null };
      mix();
      note(zoo.t("puzzle.playing"));
    });

    /* Another order of the pieces that are there, none of it solved. */
    function mix() {
      held = null;
      const isGame = playing();
      do board = shuffled(board, zoo.newSeed());
      while (solved());
      lay(board, !isGame);
    }
    find("shuffle").addEventListener("click", () => {
      if (!source) return;
      if (game && !playing()) game = null;
      mix();
    });

    /* The board as the model lays it. */
    find("restore").addEventListener("click", () => {
      if (!source) return;
      const wasPlaying = playing();
      game = null;
      held = null;
      const ask = { image: sent, n: size(), pieces: there() };
      const of = source;
      zoo.answerOf(server.restore, ask).then((answer) => {
        if (!zoo.showStatus(find("state"), answer) || of !== source || ask.n !== size()) return;
        const next = board.map(() => null);
        ask.pieces.forEach((piece, i) => (next[answer.cell[i]] = piece));
        made = { ...answer, ...ask, image: zoo.bytes(answer.image) };
        lay(next);
        showMade();
        if (wasPlaying) note(zoo.t("puzzle.model_played", { ...counted(), ms: zoo.number(answer.ms, 0) }));
        say(() => find("verdict").textContent);
      });
    });

    /* Where pictures come from */

    const askFace = ask(server.face, (answer, { seed }) => {
      if (seed === part.get("seed") && !brought) take(answer.image);
    });

    function take(text) {
      sent = text;
      source = zoo.bytes(text);
      zoo.paintFace(find("own"), source);
      find("own").dataset.shown = brought ? "brought" : String(part.get("seed"));
      game = held = null;
      begin();
    }

    /* The board that the address tells, or as many pieces missing as may be. */
    function begin() {
      const n = size();
      const order = shuffled([...Array(n * n).keys()], part.get("seed"));
      const first = order.map((piece, i) => (i < n * n - most() ? piece : null));
      const told = read(part.get("board"), n, most());
      if (!told) part.set({ board: "" });
      board = told || shuffled(first, part.get("seed") + 1);
      focused = 0;
      layCells();
      showBoard();
      restoreThem();
    }

    const markSize = zoo.segments(find("sizes"), grids.map(String), {
      choose(key) {
        part.set({ n: Number(key), board: "" });
        markSize(key);
        game = held = null;
        showNotes();
        if (source) begin();
      },
      testid: "puzzle-size-",
      parts: (key) => [`${key} × ${key}`],
    });

    const refuse = (sentence) => note(sentence, true);
    let opening = null; // the photo that is asked for; none after a reset, whose answer may still come
    const askOpen = ask(server.upload, (answer, given) => {
      if (given !== opening) return;
      brought = answer;
      part.set({ board: "" });
      take(answer.image);
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
      if (!brought) return note(zoo.t("puzzle.drawn"));
      const near = brought.limit ? [zoo.nearness(brought)] : [];
      const said = brought.notes.map((key) => zoo.t("puzzle.note_" + key));
      note([...near, zoo.t("puzzle.brought"), zoo.t("zoo.photo_lost"), ...said].join(" "));
    }

    return {
      restore() {
        brought = opening = null;
        markSize(String(size()));
        showNotes();
        askFace({ seed: part.get("seed") });
      },
      seeded: (seed) => ({ seed, board: "" }),
      words() {
        showNotes();
        showBoard();
        showMade();
      },
      png() {
        if (!made) return null;
        const items = ["own", "placed", "restored"].map(find).map((canvas) => ({
          canvas, title: canvas.getAttribute("aria-label") }));
        return [zoo.sheet(items, { columns: 3, heading: zoo.t("puzzle.title") }), "genzoo-puzzle.png"];
      },
      json() {
        if (!made) return null;
        const { n, pieces, cell, probability, right, psnr, image } = made;
        return [{
          model: "puzzlegan-avatars", n, pieces, cell, probability, right, psnr,
          source: zoo.fractions(source), image: zoo.fractions(image),
        }, "genzoo-puzzle.json"];
      },
    };
  },
});
