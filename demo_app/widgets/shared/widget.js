// @ts-check
/* One widget: what is the same for all of them, and how one comes onto the page. */

import { part, sane, shown } from "./address.js";
import { accompany } from "./beside.js";
import { rove, seedField, wait } from "./controls.js";
import { latest, live, once, showStatus } from "./live.js";
import { theme } from "./look.js";
import { quietMenu } from "./menu.js";
import { MAX_SEED, newSeed } from "./random.js";
import { saveJSON, savePNG } from "./save.js";
import { onChange } from "./signals.js";
import { language, translate } from "./words.js";

/* A widget is the default export of its folder's script.js: what this returns.

   name: of its part of the address (or what says it of props.data), with `state`, the values at the
   start by their keys. Values in an address that the widget cannot mean become those of the start:
   `ranges` are of whole numbers, {key: [lowest, highest]}, `choices` lists of what there is,
   {key: [...]}; a "seed" has its own. Any number beyond its `limits`, {key: [lowest, highest]}, goes
   to the nearer of them. Each of the four may be a function of props.data.

   setup(w) makes it live, when its tab is first shown. `w` has
   element, props.data, what the server says of it, and server, whose functions it may call;
   find(name) and all(name), the elements of its template of a class;
   part, its part of the address, and change(values), which sets some of it and restores;
   ask(call, done, failed): zoo.latest, with what it cost, or why there is no answer, in the element
     of class "state"; done(answer, arguments) is called where there is one, failed(...) where not;
   askNew(call, done, failed): as ask, but what was asked last is not asked again, unless it failed, or
     forget() of what this returns was called;
   say(f): what f() gives is spoken, in the element of class "said", when nothing has been said for a
     while, to those who are in the widget with the keyboard.

   What setup returns, as far as there is need of it:
   restore(): show the state of `part`; called at the start, when the address was changed by hand,
     and after change();
   words(): write anew, in another language, what has no data-t;
   paint(): paint anew, in the colors of another theme;
   seeded(seed): the values that another seed sets, where it is not the seed alone;
   random() and reset(): the values that "random" and "reset" set, where these are not another seed
     and those of the start;
   png(): [canvas, name of the file], and json(): [value, name of the file]; null while there is
     nothing to save.

   What the template marks with data-effect is what the other controls of its section change: see
   beside.js.

   The controls are those elements of the template that have the class "seed", a field with its key
   "seed" in the state; "random"; "reset"; "png"; "json". Seeds and what saves stand in the panel's
   menu, "zoo-more": see menu.js. */
/**
 * @template T
 * @typedef {T | ((data: any) => T)} OfData
 */
/**
 * @typedef {object} Live
 * @property {HTMLElement} element
 * @property {{data: any}} props
 * @property {Record<string, (given: any) => Promise<any>>} server
 * @property {any} part
 * @property {(name: string) => any} find
 * @property {(name: string) => any[]} all
 * @property {(values: Record<string, any>) => void} change
 * @property {Ask} ask
 * @property {(...given: Parameters<Ask>) => ReturnType<Ask> & {forget: () => void}} askNew
 * @property {(f: () => string) => void} say
 *
 * @typedef {(answer: any, given: any) => void} Done
 * @typedef {(call: (given: any) => Promise<any>, done: Done, failed?: Done) => (given: any) => void} Ask
 *
 * @typedef {object} Hooks
 * @property {() => void} [restore]
 * @property {() => void} [words]
 * @property {() => void} [paint]
 * @property {(seed: number) => Record<string, any>} [seeded]
 * @property {() => Record<string, any>} [random]
 * @property {() => Record<string, any>} [reset]
 * @property {() => [HTMLCanvasElement, string] | null} [png]
 * @property {() => [any, string] | null} [json]
 *
 * @param {object} options
 * @param {string | ((data: any) => string)} [options.name]
 * @param {OfData<Record<string, string | number | boolean>>} [options.state]
 * @param {OfData<Record<string, [number, number]>>} [options.ranges]
 * @param {OfData<Record<string, any[]>>} [options.choices]
 * @param {OfData<Record<string, [number, number]>>} [options.limits]
 * @param {(w: Live) => Hooks | void} options.setup
 */
export function widget({ name, state: start = {}, ranges = {}, choices = {}, limits = {}, setup }) {
  return ({ element, props, server }) => {
    const of = (value) => (typeof value === "function" ? value(props.data) : value);
    const state = of(start);
    const seeded = Object.hasOwn(state, "seed");
    const whole = { ...(seeded ? { seed: [0, MAX_SEED] } : {}), ...of(ranges) };
    const find = (name) => element.querySelector("." + name);
    const all = (name) => [...element.querySelectorAll("." + name)];
    const address = of(name);
    const own = address === undefined ? null : part(address, state, () => restore());
    /** @type {Hooks} */
    let hooks = {};
    const check = () => own && sane(own, whole, of(choices), of(limits));
    const restore = () => {
      check();
      if (find("seed") && seeded) find("seed").value = own.get("seed");
      hooks.restore?.();
    };
    const change = (values) => {
      own.set(values);
      restore();
    };
    const ask = (call, done, failed) =>
      latest(call, (answer, given, milliseconds) => {
        const next = showStatus(find("state"), answer, milliseconds) ? done : failed;
        next?.(answer, given);
      });
    const askNew = (call, done, failed) => {
      const fresh = once(ask(call, done, (...given) => {
        fresh.forget();
        failed?.(...given);
      }));
      return fresh;
    };
    const say = wait(400, (f) => {
      if (element.contains(document.activeElement)) find("said").textContent = f();
    });

    translate(element);
    check(); // a signal that it follows may be told of while it is set up
    hooks = setup({ element, props, server, part: own, find, all, change, ask, askNew, say }) || {};
    for (const menu of all("zoo-more")) quietMenu(menu);
    translate(element); // what has come by that
    accompany(element);
    for (const tools of element.querySelectorAll(".zoo-foot > .zoo-tools")) rove(tools, OF_FOOT); // one stop
    const onClick = (name, act) => find(name)?.addEventListener("click", act);
    const another = (seed) => hooks.seeded?.(seed) ?? { seed };
    if (find("seed") && seeded) {
      seedField(find("seed"), own, (seed) => change(another(seed)), whole.seed[1]);
    }
    if (hooks.random || seeded) onClick("random", () => change(hooks.random?.() ?? another(newSeed())));
    if (own) onClick("reset", () => change(hooks.reset ? hooks.reset() : state));
    if (hooks.png) onClick("png", () => save(savePNG, hooks.png()));
    if (hooks.json) onClick("json", () => save(saveJSON, hooks.json()));
    onChange(language, () => {
      translate(element);
      for (const said of element.querySelectorAll(".said")) said.textContent = ""; // of the other language
      hooks.words?.();
    });
    if (hooks.paint) onChange(theme, hooks.paint);
    restore();
  };
}

const OF_FOOT = "button:not([popover] *)"; // not those of its menu

function save(write, file) {
  if (file) write(...file);
}

const text = async (url) => (await fetch(url)).text();

/* The style of a widget is in the page before its template is. */
function style(url) {
  return new Promise((resolve) => {
    const link = document.createElement("link");
    Object.assign(link, { rel: "stylesheet", href: url, onload: resolve, onerror: resolve });
    document.head.append(link);
  });
}

/* Gradio 6.31.0 animates the spinner that it shows before the page for ever, though the spinner is
   gone: sixty frames a second in which nothing changes, and whatever does change waits for the next
   of them. Frames are numbered; those that wait before the first widget stands are the spinner's. */
const ANIMATED = ["6.31.0"];
let stopped = false;
function stopSpinner() {
  if (stopped) return;
  stopped = true;
  if (!ANIMATED.includes(window.gradio_config?.version)) return;
  for (let id = requestAnimationFrame(() => {}); id > 0; id--) cancelAnimationFrame(id);
}

/* Put the widget of the folder `name` into `element`, when the tab that it is in is first shown. */
export async function mount(name, element, props) {
  stopSpinner();
  const page = element.closest(".zoo-page");
  if (page) await shown(page.id.replace("page-", ""));
  const at = (file) => new URL(`../${name}/${file}`, import.meta.url).href;
  const [module, template] = await Promise.all([
    import(at("script.js")),
    text(at("template.html")),
    style(at("style.css")),
  ]);
  element.dataset.widget = name;
  element.innerHTML = template;
  module.default({ element, props, server: live(name) });
}
