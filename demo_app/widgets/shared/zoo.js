/* What every widget shares: state in the URL, language, theme, calls to the server. */
(function () {
  "use strict";

  const setup = window.zooSetup;
  const zoo = (window.zoo = {});
  const root = document.documentElement;

  /* Events: "tab", "language", "theme", "visible". */

  const listeners = {};
  zoo.on = function (event, listener) {
    (listeners[event] = listeners[event] || []).push(listener);
  };
  zoo.emit = function (event, detail) {
    (listeners[event] || []).forEach((listener) => listener(detail));
  };

  /* State. The hash is #tab=nade&lang=ko&nade.seed=7...: one part for each tab, and only what
     differs from the defaults, so that a fresh page has a short address. What is the page's own, as
     the tour, is of a part without a name. */

  let hash = {};
  let known = ""; // the address's hash as it was last read or written here
  const parts = {};
  let timer = null;

  function readHash() {
    known = location.hash;
    hash = Object.fromEntries(new URLSearchParams(known.slice(1)));
  }

  function writeHash() {
    timer = null;
    // The visitor has gone elsewhere, and "hashchange" is still to come: that is not to be undone.
    if (location.hash !== known) return;
    const query = new URLSearchParams(hash).toString();
    // The page has a <base>, so a bare "#..." would lose the rest of the address.
    const address = location.pathname + location.search + (query ? "#" + query : "");
    history.replaceState(history.state, "", address);
    known = location.hash;
  }

  function setHash(key, value) {
    if (value === null) delete hash[key];
    else hash[key] = value;
    if (timer === null) timer = setTimeout(writeHash, 150);
  }

  function likeDefault(text, initial) {
    if (typeof initial === "boolean") return text === "1" ? true : text === "0" ? false : initial;
    if (typeof initial !== "number") return text;
    const number = Number(text);
    return text.trim() !== "" && Number.isFinite(number) ? number : initial;
  }

  class Part {
    /* One tab's share of the state: named strings, numbers and booleans. A value in the URL that
       is not of its default's type is ignored; ranges are the tab's to check. */
    constructor(name, defaults) {
      this.name = name;
      this.defaults = defaults;
      this.changed = () => {};
      this.restore();
    }

    restore() {
      this.values = {};
      for (const [key, initial] of Object.entries(this.defaults)) {
        const text = hash[this.address(key)];
        this.values[key] = text === undefined ? initial : likeDefault(text, initial);
      }
    }

    get(key) {
      return this.values[key];
    }

    address(key) {
      return this.name ? this.name + "." + key : key;
    }

    set(values) {
      for (const [key, value] of Object.entries(values)) {
        this.values[key] = value;
        const text = typeof value === "boolean" ? String(Number(value)) : String(value);
        setHash(this.address(key), value === this.defaults[key] ? null : text);
      }
    }
  }

  /* The part `name`, filled from the URL; `changed` is called when the URL was changed by hand. */
  zoo.part = function (name, defaults, changed) {
    const part = new Part(name, defaults);
    part.changed = changed || part.changed;
    parts[name] = part;
    return part;
  };

  readHash();

  window.addEventListener("hashchange", () => {
    readHash();
    // First of all: a tab that is shown for the first time begins by its part.
    Object.values(parts).forEach((part) => part.restore());
    setTab(hash.tab);
    setLanguage(hash.lang);
    Object.values(parts).forEach((part) => part.changed());
  });
  window.addEventListener("pagehide", () => timer !== null && writeHash());

  /* Tabs. All are in the page; CSS shows the one that <html data-tab> names. */

  zoo.tabs = setup.tabs;

  function setTab(tab) {
    const next = setup.tabs.includes(tab) ? tab : setup.tabs[0];
    if (next === zoo.tab) return;
    zoo.tab = next;
    root.dataset.tab = next;
    zoo.emit("tab", next);
  }

  zoo.selectTab = function (tab) {
    setTab(tab);
    setHash("tab", zoo.tab === setup.tabs[0] ? null : zoo.tab);
  };

  /* Call `start` once, when the tab is first shown: no work for a tab that nobody opens. */
  zoo.whenShown = function (tab, start) {
    let started = false;
    const check = () => {
      if (started || zoo.tab !== tab) return;
      started = true;
      start();
    };
    zoo.on("tab", check);
    check();
  };

  /* The same, once `element` is in sight or nearly so: no work for what nobody scrolls to, while
     what is above it is waited for. */
  zoo.whenSeen = function (element, start) {
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        observer.disconnect();
        start();
      },
      { rootMargin: "300px" }
    );
    observer.observe(element);
  };

  /* Language. Both catalogues are in the page; elements name their label by data-t (text),
     data-t-title and data-t-label (aria-label). */

  function browserLanguage() {
    const wanted = (navigator.languages || [navigator.language]).map((l) => l.slice(0, 2));
    return wanted.find((l) => l in setup.labels) || "en";
  }

  function setLanguage(language) {
    const next = language in setup.labels ? language : browserLanguage();
    if (next === zoo.language) return;
    zoo.language = next;
    root.lang = next;
    zoo.translate(document);
    zoo.emit("language", next);
  }

  // Gradio writes the browser's language there, sooner or later.
  new MutationObserver(() => {
    if (root.lang !== zoo.language) root.lang = zoo.language;
  }).observe(root, { attributes: true, attributeFilter: ["lang"] });

  zoo.selectLanguage = function (language) {
    setLanguage(language);
    setHash("lang", zoo.language === browserLanguage() ? null : zoo.language);
  };

  /* The label `key`, with {name} replaced by values.name; a missing key shows itself. */
  zoo.t = function (key, values) {
    const text = setup.labels[zoo.language][key] ?? setup.labels.en[key] ?? key;
    return text.replace(/\{(\w+)\}/g, (match, name) =>
      values && name in values ? values[name] : match
    );
  };

  zoo.translate = function (container) {
    container.querySelectorAll("[data-t]").forEach((e) => (e.textContent = zoo.t(e.dataset.t)));
    container.querySelectorAll("[data-t-title]").forEach((e) => (e.title = zoo.t(e.dataset.tTitle)));
    container
      .querySelectorAll("[data-t-label]")
      .forEach((e) => e.setAttribute("aria-label", zoo.t(e.dataset.tLabel)));
  };

  /* Numbers in the page's language, with a true minus sign. */
  zoo.number = (value, digits = 0) => written(value, digits, "auto");
  zoo.signed = (value, digits) => written(value, digits, "exceptZero");

  const formats = {}; // making one costs more than a hundred uses of it
  function written(value, digits, signDisplay) {
    const key = zoo.language + digits + signDisplay;
    formats[key] = formats[key] || new Intl.NumberFormat(zoo.language, {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
      signDisplay,
    });
    return formats[key].format(value).replace("-", "\u2212");
  }

  zoo.percent = function (p) {
    const digits = p > 0.001 && p < 0.999 ? 1 : 3;
    return zoo.number(100 * p, digits) + "\u202f%";
  };

  /* Theme and motion, as Gradio and the system have them. */

  zoo.dark = () => Boolean(document.body && document.body.classList.contains("dark"));
  zoo.still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  /* Gradio (6.31) animates the spinner that it shows before the page for ever, though the spinner
     is gone: sixty frames a second in which nothing changes, and whatever does change waits for the
     next of them. Frames are numbered; those that wait when the page stands are the spinner's. */
  zoo.stopSpinner = function () {
    for (let id = requestAnimationFrame(() => {}); id > 0; id--) cancelAnimationFrame(id);
  };

  let tokens = {};
  /* The value of the design token --zoo-<name>, such as token("accent"). */
  zoo.token = function (name) {
    if (!(name in tokens)) {
      tokens[name] = getComputedStyle(document.body).getPropertyValue("--zoo-" + name).trim();
    }
    return tokens[name];
  };

  function watchTheme() {
    let dark = zoo.dark();
    new MutationObserver(() => {
      if (dark === zoo.dark()) return;
      dark = zoo.dark();
      tokens = {};
      zoo.emit("theme", dark);
    }).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  }
  if (document.body) watchTheme();
  else document.addEventListener("DOMContentLoaded", watchTheme);

  /* Calls to the server: zoo.live(widget, server) has the functions of `server`, sent over one open
     socket (demo_app/live.py). While there is none each call is a request of its own, which takes
     longer. What was under way when the socket broke is asked again as a request. */

  const LONGEST = 1e6; // characters of one message
  const PATIENCE = 5000; // ms between two attempts to open the socket
  const underWay = new Map(); // id -> {resolve, request}
  let socket = null;
  let attempted = -Infinity;
  let calls = 0;

  function connect() {
    if (socket !== null || performance.now() - attempted < PATIENCE) return;
    attempted = performance.now();
    const page = new URL((window.gradio_config && window.gradio_config.root) || "/", location.href);
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

  zoo.live = function (widget, server) {
    const call = (name) => (given) => {
      connect();
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
  };

  /* latest(call, done) gives a function of one object of arguments: at most
     one call is under way, and the newest arguments are always sent in the end. done(answer,
     arguments, milliseconds) sees each answer; one that never came is {ok: false, error}. */

  zoo.latest = function (call, done) {
    let busy = false;
    let waiting = null;
    async function run(given) {
      busy = true;
      const start = performance.now();
      let answer = null;
      try {
        answer = await call(given);
      } catch (error) {
        answer = null; // no connection: told below, as any other missing answer
      }
      if (!answer) answer = { ok: false, error: zoo.t("zoo.no_answer") };
      busy = false;
      // The next call leaves before this answer is drawn, so that server and page work at once.
      if (waiting !== null) {
        const next = waiting;
        waiting = null;
        run(next);
      }
      zoo.release();
      done(answer, given, performance.now() - start);
    }
    return function (given) {
      if (busy) waiting = given;
      else run(given);
    };
  };

  /* What an answer cost, or why there is none, in `line`: a .zoo-status or its text. Without
     `milliseconds` what it cost the time before is left. Was there an answer? */
  zoo.showStatus = function (line, answer, milliseconds) {
    zoo.afterFrame(() => {
      line.closest(".zoo-status").classList.toggle("zoo-bad", !answer.ok);
      if (!answer.ok) line.textContent = answer.error;
      else if (milliseconds !== undefined) {
        line.textContent = zoo.t("zoo.answered", {
          total: zoo.number(milliseconds, 1),
          server: zoo.number(answer.ms, 1),
        });
      }
    });
    return answer.ok;
  };

  /* What the page itself can show of a change waits for the answer, but no longer than TOGETHER: to
     paint a frame takes the page 3 ms, an answer that comes meanwhile waits, and after a press the
     browser lets it wait for the frame to be out. So both are in the first frame. */

  const TOGETHER = 12; // ms, as long as most answers take at most
  const held = new Set();

  /* An answer is here: what waits for it is done. zoo.latest calls it. */
  zoo.release = function () {
    const functions = [...held];
    held.clear();
    functions.forEach((f) => f());
  };

  /* f() is called once, with the next answer or in 12 ms, however often it is asked for. */
  zoo.withAnswer = function (f) {
    if (!held.size) setTimeout(zoo.release, TOGETHER);
    held.add(f);
  };

  /* f() is called once, when the frame with the next answer is out, however often it is asked for:
     what is read more slowly than it is seen does not hold up what is seen. */
  const later = new Set();
  zoo.afterFrame = function (f) {
    later.add(f);
    zoo.withAnswer(endFrame);
  };
  function endFrame() {
    requestAnimationFrame(() => setTimeout(runLater));
  }
  function runLater() {
    const functions = [...later];
    later.clear();
    functions.forEach((f) => f());
  }

  /* ask(value) is called with what a .zoo-range is moved to, at the move itself: its input event
     waits for the next frame. For a mouse or a pen the thumb is moved here and not by the browser,
     which would give it a frame of its own: it waits for the answer, and then comes the event. */
  zoo.slide = function (input, ask) {
    let value = null; // under a mouse
    const act = () => {
      if (value === null || Number(input.value) === value) return;
      input.value = value;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const move = (event) => {
      const next = rangeAt(input, event.clientX);
      if (value !== null && next !== value) {
        value = next;
        zoo.withAnswer(act);
      }
      ask(next);
    };
    let before = null;
    input.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "touch" || event.button || input.disabled) return;
      before = input.value;
      value = Number(before);
      input.setPointerCapture(event.pointerId);
      move(event);
    });
    input.addEventListener("mousedown", (event) => {
      if (event.button) return;
      event.preventDefault();
      input.focus();
    });
    const moved = "onpointerrawupdate" in window ? "pointerrawupdate" : "pointermove";
    input.addEventListener(moved, (event) => event.buttons & 1 && move(event));
    input.addEventListener("lostpointercapture", () => {
      act();
      if (value !== null && input.value !== before) input.dispatchEvent(new Event("change"));
      value = null;
    });
  };

  /* What the range will be at, were its thumb held at clientX, to its step. */
  const THUMB = 16; // of .zoo-range, in pixels
  function rangeAt(input, clientX) {
    const [min, max, step] = [input.min, input.max, input.step].map(Number);
    const box = input.getBoundingClientRect();
    const share = (clientX - box.left - THUMB / 2) / (box.width - THUMB);
    const steps = Math.round((Math.max(0, Math.min(1, share)) * (max - min)) / step);
    return Number((min + steps * step).toFixed(6));
  }

  /* wait(milliseconds, f): f is called once, so long after the last call of what this returns. */
  zoo.wait = function (milliseconds, f) {
    let timeout = null;
    return function (...given) {
      clearTimeout(timeout);
      timeout = setTimeout(() => f(...given), milliseconds);
    };
  };

  /* A seeded generator of numbers in [0, 1) (a 32-bit counter through an avalanche hash). */
  zoo.random = function (seed) {
    let counter = seed >>> 0;
    return function () {
      counter = (counter + 0x9e3779b9) >>> 0;
      let h = counter;
      h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
      h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
      return ((h ^ (h >>> 15)) >>> 0) / 4294967296;
    };
  };

  /* n draws of a standard normal (Box and Muller), a function of the seed. */
  zoo.normals = function (seed, n) {
    const uniform = zoo.random(seed);
    const draw = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    return Array.from({ length: n }, draw);
  };

  zoo.newSeed = () => crypto.getRandomValues(new Uint16Array(1))[0];
  /* Values that the URL may hold and the tab cannot mean become defaults. */
  zoo.sane = function (part, ranges, choices = {}) {
    const reset = (key) => part.set({ [key]: part.defaults[key] });
    for (const [key, [low, high]] of Object.entries(ranges)) {
      const value = part.get(key);
      if (!Number.isInteger(value) || value < low || value > high) reset(key);
    }
    for (const [key, values] of Object.entries(choices)) {
      if (!values.includes(part.get(key))) reset(key);
    }
  };

  zoo.MAX_SEED = 2 ** 31 - 1;
  zoo.isSeed = (value) => Number.isInteger(value) && value >= 0 && value <= zoo.MAX_SEED;

  /* A field for the seed of a part: take(seed) is told of one that is typed, 0 to `last`. In place
     of anything else it says so, and shows the seed that there was. */
  zoo.seedField = function (field, part, take, last = zoo.MAX_SEED) {
    field.addEventListener("change", () => {
      // Nothing is no seed, though Number("") is 0.
      const seed = field.value === "" ? -1 : Number(field.value);
      if (zoo.isSeed(seed) && seed <= last) return take(seed);
      field.value = part.get("seed");
      field.setCustomValidity(zoo.t("zoo.no_seed", { last: zoo.number(last, 0) }));
      field.reportValidity();
      field.setCustomValidity("");
    });
  };

  /* Arrays as demo_app/wire.py writes them. In the URL base64 has - and _ for + and /. */

  zoo.bytes = function (text) {
    const characters = atob(text);
    const bytes = new Uint8Array(characters.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
    return bytes;
  };

  zoo.float32 = (text) => new Float32Array(zoo.bytes(text).buffer);

  zoo.int16 = function (text, scale) {
    const view = new DataView(zoo.bytes(text).buffer);
    const values = new Float32Array(view.byteLength / 2);
    for (let i = 0; i < values.length; i++) values[i] = view.getInt16(2 * i, true) / scale;
    return values;
  };

  zoo.packBits = function (bits) {
    const bytes = new Uint8Array(Math.ceil(bits.length / 8));
    for (let i = 0; i < bits.length; i++) if (bits[i]) bytes[i >> 3] |= 128 >> (i & 7);
    return btoa(String.fromCharCode(...bytes));
  };

  /* n bits, or null when the text is no base64 of so many. */
  zoo.unpackBits = function (text, n) {
    let bytes;
    try {
      bytes = zoo.bytes(text.replace(/-/g, "+").replace(/_/g, "/"));
    } catch (error) {
      return null;
    }
    if (bytes.length !== Math.ceil(n / 8)) return null;
    return Uint8Array.from({ length: n }, (_, i) => (bytes[i >> 3] >> (7 - (i & 7))) & 1);
  };

  zoo.urlBits = (bits) =>
    zoo.packBits(bits).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  /* A small element: make("button", {class: "x", "data-t": "zoo.undo"}, children...). */
  zoo.make = function (tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  setTab(hash.tab);
  setLanguage(hash.lang);
})();
