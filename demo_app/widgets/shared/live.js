// @ts-check
/* Calls to the server, and when their answers are shown. */

import { number, t } from "./words.js";

/* live(widget, server) has the functions of `server`, sent over one open
   socket (demo_app/live.py). The page's first calls wait for it; where there is none later each call
   is a request of its own, which takes longer. What was under way when the socket broke is asked
   again as a request. */

const LONGEST = 1e6; // characters of one message
const PATIENCE = 5000; // ms between two attempts to open the socket
const OPENING = 300; // ms that the first calls wait for it
const underWay = new Map(); // id -> {resolve, request}
let socket = null;
let attempted = -Infinity;
let calls = 0;

function connect() {
  if (socket !== null || performance.now() - attempted < PATIENCE) return;
  attempted = performance.now();
  const page = new URL((window.gradio_config?.root) || "/", location.href);
  const secure = location.protocol === "https:" ? "wss://" : "ws://";
  socket = new WebSocket(secure + location.host + page.pathname.replace(/\/$/, "") + "/live");
  socket.onmessage = (event) => {
    const [id, answer] = JSON.parse(event.data);
    underWay.get(id).resolve(answer);
    underWay.delete(id);
  };
  socket.onclose = () => {
    socket = null;
    const lost = [...underWay.values()];
    underWay.clear();
    lost.forEach(({ resolve, request }) => resolve(request()));
  };
}

/* Kept when the first socket is open, or will not be. */
connect();
let opening = new Promise((resolve) => {
  socket.onopen = resolve;
  setTimeout(resolve, OPENING);
}).then(() => (opening = null));

export function live(widget, server) {
  const call = (name) => async (given) => {
    connect();
    if (opening) await opening;
    const request = () => server[name](given);
    if (socket === null || socket.readyState !== WebSocket.OPEN) return request();
    const id = ++calls;
    const message = JSON.stringify([id, widget + "." + name, given]);
    if (message.length > LONGEST) return request();
    return new Promise((resolve) => {
      underWay.set(id, { resolve, request });
      socket.send(message);
    });
  };
  return new Proxy({}, { get: (_, name) => call(name) });
}

/* The answer to a call; one that never came is {ok: false, error}. */
export async function answerOf(call, given) {
  const lost = { ok: false, error: t("zoo.no_answer") };
  try {
    return (await call(given)) || lost;
  } catch {
    return lost; // no connection
  }
}

/* latest(call, done) gives a function of one object of arguments: at most one call is under way, and
   the newest arguments are always sent in the end. done(answer, arguments, milliseconds) sees each
   answer (`answerOf`). */
export function latest(call, done) {
  let busy = false;
  let waiting = null;
  async function run(given) {
    busy = true;
    const start = performance.now();
    const answer = await answerOf(call, given);
    busy = false;
    // The next call leaves before this answer is drawn, so that server and page work at once.
    if (waiting !== null) {
      const next = waiting;
      waiting = null;
      run(next);
    }
    release();
    done(answer, given, performance.now() - start);
  }
  return (given) => {
    if (busy) waiting = given;
    else run(given);
  };
}

/* The same question, but not twice in a row: what equals the question before is not asked. After
   forget() it is. */
export function once(ask) {
  let last = null;
  const fresh = (given) => {
    const question = JSON.stringify(given);
    if (question === last) return;
    last = question;
    ask(given);
  };
  fresh.forget = () => (last = null);
  return fresh;
}

/* What an answer cost, or why there is none, in `line`: a .zoo-status or its text. Without
   `milliseconds` what it cost the time before is left. Was there an answer? */
export function showStatus(line, answer, milliseconds) {
  afterFrame(() => {
    line.closest(".zoo-status").classList.toggle("zoo-bad", !answer.ok);
    if (!answer.ok) line.textContent = answer.error;
    else if (milliseconds !== undefined) {
      line.textContent = t("zoo.answered", {
        total: number(milliseconds, 1),
        server: number(answer.ms, 1),
      });
    }
  });
  return answer.ok;
}

/* What the page itself can show of a change waits for the answer, but no longer than TOGETHER: to
   paint a frame takes the page 3 ms, an answer that comes meanwhile waits, and after a press the
   browser lets it wait for the frame to be out. So both are in the first frame. */

const TOGETHER = 12; // ms, as long as most answers take at most
const held = new Set();

/* An answer is here: what waits for it is done. latest calls it. */
export function release() {
  const functions = [...held];
  held.clear();
  functions.forEach((f) => f());
}

/* f() is called once, with the next answer or in 12 ms, however often it is asked for. */
export function withAnswer(f) {
  if (!held.size) setTimeout(release, TOGETHER);
  held.add(f);
}

/* f() is called once, when the frame with the next answer is out, however often it is asked for:
   what is read more slowly than it is seen does not hold up what is seen. */
const later = new Set();
export function afterFrame(f) {
  later.add(f);
  withAnswer(endFrame);
}
function endFrame() {
  requestAnimationFrame(() => setTimeout(runLater));
}
function runLater() {
  const functions = [...later];
  later.clear();
  functions.forEach((f) => f());
}
