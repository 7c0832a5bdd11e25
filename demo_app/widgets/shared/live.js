// @ts-check
/* Calls to the server, and when their answers are shown. */

import { recorded, serverless } from "./recorded.js";
import { onChange } from "./signals.js";
import { answered, isOwn, twinsOf } from "./twins.js";
import { language, number, t } from "./words.js";

/* live(widget) has the functions of a widget on the server, asked over one open socket
   (demo_app/live.py). The page's first calls wait for it; where there is none later each call is a
   request of its own, which takes longer. What was under way when the socket broke is asked again
   as a request.

   What a function returns is a promise of the answer with a function of its own: leave() gives the call
   up, whose answer is then null. The server no longer works on it.

   What has a twin in the page is answered there, as soon as it is loaded (twins.js). A page of files
   alone has no server at all (recorded.js).

   Nobody waits without a word: while a call waits for its turn on a busy server a line at the foot of
   the page says how long that will be, and when it is not answered for a while there is a button that
   asks again. */

const LONGEST = 1e6; // characters of one message
const PATIENCE = 5000; // ms between two attempts to open the socket
const OPENING = 300; // ms that the first calls wait for it
// ms without an answer, after which the line says so; ms without a word, after which it is given up.
// That it is worked on is such a word, and the server itself gives up what takes it too long.
const LIMITS = { silent: 15000, lost: 90000 };
const MAX_AGAIN = 10; // s after which what found no room is asked once more, at most

/**
 * @typedef {object} Call
 * @property {string} name
 * @property {any} given
 * @property {(answer: any) => void} done
 * @property {(error: any) => void} fail
 * @property {number} heard when there was a word of it
 * @property {number} begun since when it is due: it was asked, or its turn has come
 * @property {number} until when its turn comes, 0 where that is now
 * @property {boolean} again whether it found no room, and waits to be asked once more
 * @property {AbortController | null} request
 */
/** @type {Set<Call>} */
const open = new Set();
/** @type {Map<number, Call>} */
const underWay = new Map(); // those on the socket, by id
const page = Math.random().toString(36).slice(2); // tells this page's requests from others'
let socket = null;
let attempted = -Infinity;
let calls = 0;

const folder = (path) => path.replace(/\/$/, "");
const root = () => folder(new URL(window.gradio_config?.root || "/", location.href).pathname);

function connect() {
  if (socket !== null || performance.now() - attempted < PATIENCE) return;
  attempted = performance.now();
  const secure = location.protocol === "https:" ? "wss://" : "ws://";
  try {
    socket = new WebSocket(secure + location.host + root() + "/live");
  } catch {
    return; // a page that may open none, as its host's rules may have it
  }
  socket.onmessage = (event) => {
    const [id, answer, seconds] = JSON.parse(event.data);
    const call = underWay.get(id);
    if (!call) return; // given up
    call.heard = performance.now();
    if (answer === null) {
      call.until = seconds && call.heard + 1000 * seconds;
      if (seconds) call.begun = call.heard;
      return showWaits();
    }
    underWay.delete(id);
    finish(call, answer);
  };
  socket.onclose = leave;
}

/* Without the socket: what was under way on it is asked as requests. */
function leave() {
  socket = null;
  const lost = [...underWay.values()];
  underWay.clear();
  lost.forEach(request);
}

/* Kept when the first socket is open, or will not be. */
if (!serverless) connect();
let opening = socket && new Promise((resolve) => {
  socket.onopen = resolve;
  setTimeout(resolve, OPENING);
}).then(() => (opening = null));

export function live(widget) {
  if (serverless) return recorded(widget);
  const ask = (name) => (given) => {
    const now = performance.now();
    const times = { heard: now, begun: now, until: 0, again: false };
    const call = /** @type {Call} */ ({ name: widget + "." + name, given, ...times, request: null });
    const answer = new Promise((done, fail) => Object.assign(call, { done, fail }));
    open.add(call);
    connect();
    if (opening) opening.then(() => begin(call));
    else begin(call);
    return Object.assign(answer, { leave: () => giveUp(call) });
  };
  const server = new Proxy({}, { get: (_, name) => ask(name) });
  const twin = twinsOf(widget, server);
  const call = (name) => (given) => {
    const here = twin(name, given);
    return here ? orServer(here, () => server[name](given)) : server[name](given);
  };
  return new Proxy({}, { get: (_, name) => call(name) });
}

/* The page's own answer, or the server's where that failed; leave() as of the server's. */
function orServer(here, ask) {
  let left = false;
  let asked = null;
  const answer = here.then((own) => (left ? null : own ?? (asked = ask())));
  const leave = () => {
    left = true;
    asked?.leave();
  };
  return Object.assign(answer, { leave });
}

function begin(call) {
  if (!open.has(call)) return; // given up
  call.heard = call.begun = performance.now();
  watch();
  send(call);
}

function giveUp(call) {
  if (!open.has(call)) return;
  call.request?.abort();
  for (const [id, one] of underWay) {
    if (one !== call) continue;
    underWay.delete(id);
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify([id]));
  }
  end(call, () => call.done(null));
}

function send(call) {
  const message = JSON.stringify([++calls, call.name, call.given]);
  if (socket?.readyState !== WebSocket.OPEN || message.length > LONGEST) return request(call);
  underWay.set(calls, call);
  socket.send(message);
}

function request(call) {
  const mine = new AbortController();
  call.request = mine;
  fetch(`${root()}/live/${call.name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Zoo-Page": page },
    body: JSON.stringify(call.given ?? null),
    signal: mine.signal,
  })
    .then((response) => response.json())
    .then(
      (answer) => call.request === mine && finish(call, answer),
      (error) => call.request === mine && end(call, () => call.fail(error))
    );
}

function finish(call, answer) {
  answered.value = "server";
  if (!answer?.busy) return end(call, () => call.done(answer));
  if (!open.has(call)) return;
  if (call.again) {
    return end(call, () => call.done(answer));
  }
  // There was no room: once more, when there may be some.
  const ms = 1000 * Math.min(answer.busy, MAX_AGAIN);
  const now = performance.now();
  Object.assign(call, { again: true, heard: now + ms, begun: now + ms, until: now + ms });
  showWaits();
  setTimeout(() => open.has(call) && send(call), ms);
}

function end(call, tell) {
  open.delete(call);
  call.request = null;
  tell();
  showWaits();
}

/* Ask again for all that is not answered: over another way, since this one may be dead. */
function askAgain() {
  const now = performance.now();
  for (const call of open) {
    if (now - call.begun < LIMITS.silent) continue;
    call.request?.abort();
    call.heard = call.begun = now;
    if (![...underWay.values()].includes(call)) request(call);
  }
  if (socket !== null && underWay.size) {
    socket.onclose = socket.onmessage = null;
    socket.close();
    attempted = -Infinity;
    leave();
  }
  showWaits();
}

let timer = null;
function watch() {
  timer ??= setInterval(() => {
    const now = performance.now();
    for (const call of open) {
      if (now - call.heard < LIMITS.lost) continue;
      for (const [id, one] of underWay) if (one === call) underWay.delete(id);
      call.request?.abort();
      end(call, () => call.fail(new Error("lost")));
    }
    showWaits();
    if (open.size) return;
    clearInterval(timer);
    timer = null;
  }, 1000);
}

/* The line at the foot of the page: how long the visitor waits, or that nothing is heard. */
let line = null;
function showWaits() {
  const now = performance.now();
  const silent = Math.max(0, ...[...open].map((call) => now - call.begun));
  const turn = Math.max(0, ...[...open].map((call) => call.until - now));
  const isSilent = silent >= LIMITS.silent;
  if (!isSilent && turn <= 0) return line?.setAttribute("hidden", "");
  if (line === null) {
    line = document.createElement("div");
    line.className = "zoo-waits";
    line.setAttribute("role", "status");
    line.setAttribute("data-testid", "zoo-waits");
    const button = document.createElement("button");
    button.type = "button";
    button.addEventListener("click", askAgain);
    line.append(document.createElement("span"), button);
    document.body.append(line);
  }
  const [what, ms] = isSilent ? ["zoo.silent", silent] : ["zoo.busy", turn];
  const said = t(what, { seconds: number(Math.max(1, Math.round(ms / 1000))) });
  // Read out when it changes, and not each second.
  line.setAttribute("aria-live", line.dataset.what === what && !line.hidden ? "off" : "polite");
  line.dataset.what = what;
  line.hidden = false;
  if (line.firstChild.textContent !== said) line.firstChild.textContent = said;
  line.lastChild.textContent = t("zoo.retry");
  line.lastChild.hidden = !isSilent;
}

/* For tests: other limits. */
export function setLimits(limits) {
  Object.assign(LIMITS, limits);
}

/* The answer to a call; one that never came is {ok: false, error}. Whenever `error` is read it is in
   the page's language: that of the label `key`, for the server's own sentence is English. */
export async function answerOf(call, given) {
  let answer = null;
  try {
    answer = await call(given);
  } catch {} // no connection
  if (answer?.ok) return answer;
  const { error: english, key = "errors.refused", values } = answer ?? unanswered();
  const said = () => (english && language.value === "en" ? english : t(key, values));
  return Object.defineProperty({ ...answer, ok: false }, "error", { get: said, enumerable: true });
}

/* What is said where no answer comes. A proxy may have put the page under another path than the server
   knows of. */
function unanswered() {
  const path = folder(location.pathname);
  return path === root() ? { key: "zoo.no_answer" } : { key: "zoo.root_path", values: { path } };
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

/* newest(call, done) is `latest` for what takes long: a new question gives up the one before, whose answer
   nobody sees. stop() gives it up without a new one. */
export function newest(call, done) {
  let current = null;
  async function ask(given) {
    ask.stop();
    const start = performance.now();
    const mine = (current = call(given));
    const answer = await answerOf(() => mine, given);
    if (current !== mine) return;
    current = null;
    release();
    done(answer, given, performance.now() - start);
  }
  ask.stop = () => {
    const last = current;
    current = null;
    last?.leave?.();
  };
  return ask;
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

/* What an answer cost, or why there is none, in `line`: a .zoo-status or its text, and so in another
   language when the page has it. Without `milliseconds` what it cost the time before is left. Was
   there an answer? */
const shown = new Map(); // by line, what writes it: nothing where others have written meanwhile
export function showStatus(line, answer, milliseconds) {
  afterFrame(() => {
    line.closest(".zoo-status").classList.toggle("zoo-bad", !answer.ok);
    line.classList.toggle("zoo-took", answer.ok); // is there for those who ask for it
    if (answer.ok && milliseconds === undefined) return;
    let last = line.textContent;
    const write = () => {
      if (line.textContent !== last) return;
      const [total, server] = answer.ok ? [milliseconds, answer.ms].map((ms) => number(ms, 1)) : [];
      const said = isOwn(answer) ? "zoo.answered_here" : answer.recorded ? "zoo.answered_before" : "zoo.answered";
      line.textContent = last = answer.ok ? t(said, { total, server }) : answer.error;
    };
    shown.set(line, write);
    write();
  });
  return answer.ok;
}
onChange(language, () => shown.forEach((write) => write()));

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
