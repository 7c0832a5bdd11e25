// @ts-check
/* Choose one of many small pictures by class. */

import { unpackBits } from "./arrays.js";
import { paint } from "./color.js";
import { make } from "./controls.js";
import { theme } from "./look.js";
import { onChange } from "./signals.js";
import { language, t } from "./words.js";

const D = 784;

export class Chooser {
  /* Fills `host` with a button for each class, showing one picture of it; a second click takes the
     next one of that class. A picture's id is 100 x class + its number in the class, so that an
     address means much the same in another set. onchoose(id) is called on a click.

     label: key of the group's name; own: key of the name of one more button, of id -1. */
  constructor(host, { label, own = "", onchoose }) {
    this.host = host;
    this.own = own;
    this.onchoose = onchoose;
    this.id = null;
    host.classList.add("zoo-chooser");
    host.setAttribute("role", "group");
    host.dataset.tLabel = label;
    host.addEventListener("keydown", (event) => this.key(event));
    onChange(theme, () => this.repaint());
    onChange(language, () => this.name());
  }

  /* Pictures of gray levels 0 to 255, one after the other, sorted by label; names(c) is the
     name of class c. */
  load(images, labels, names) {
    this.images = images;
    this.names = names;
    this.starts = [];
    this.counts = [];
    labels.forEach((c, i) => {
      if (this.counts[c] === undefined) [this.starts[c], this.counts[c]] = [i, 0];
      this.counts[c] += 1;
    });
    this.numbers = this.counts.map(() => 0);
    this.host.replaceChildren();
    const classes = [...this.counts.keys()];
    this.buttons = (this.own ? [...classes, -1] : classes).map((c) => {
      const button = make("button", { type: "button", tabindex: "-1" });
      button.append(make("canvas", { width: 28, height: 28, "aria-hidden": "true" }));
      button.dataset.class = String(c);
      button.addEventListener("click", () => this.click(c));
      this.host.append(button);
      return button;
    });
    this.host.style.setProperty("--buttons", this.buttons.length);
    this.mark(this.id ?? 0);
  }

  /* Digits of black and white pixels, each packed as bits. */
  loadDigits(texts, labels) {
    const levels = new Uint8Array(texts.length * D);
    texts.forEach((text, n) => levels.set(unpackBits(text, D).map((bit) => 255 * bit), n * D));
    this.load(levels, labels, (c) => t("zoo.digit", { digit: c }));
  }

  /* The id nearest to `id` that there is. */
  nearest(id) {
    if (id === -1 && this.own) return -1;
    const c = Math.max(0, Math.min(this.counts.length - 1, Math.floor(id / 100)));
    return 100 * c + Math.max(0, Math.min(this.counts[c] - 1, Math.floor(id) % 100));
  }

  /* The number of picture `id` among all that were loaded. */
  index(id) {
    return this.starts[Math.floor(id / 100)] + (id % 100);
  }

  picture(id) {
    const i = this.index(id);
    return this.images.subarray(i * D, (i + 1) * D);
  }

  /* The same of 0 and 1. */
  bits(id) {
    return this.picture(id).map((level) => (level ? 1 : 0));
  }

  /* Show `id` as chosen; null when no picture is. */
  mark(id) {
    this.id = id;
    if (!this.images) return;
    const c = id === null ? null : id < 0 ? -1 : Math.floor(id / 100);
    if (id !== null && id >= 0) this.numbers[c] = id % 100;
    this.buttons.forEach((button, k) => {
      const chosen = Number(button.dataset.class) === c;
      button.setAttribute("aria-pressed", String(chosen));
      button.tabIndex = chosen || (c === null && k === 0) ? 0 : -1;
    });
    this.repaint();
    this.name();
  }

  /* The picture on the button of id -1. */
  setOwn(levels) {
    this.ownLevels = levels;
    this.repaint();
  }

  click(c) {
    let id = c;
    if (c >= 0) {
      const again = this.id !== null && this.id >= 0 && Math.floor(this.id / 100) === c;
      id = 100 * c + ((this.numbers[c] + (again ? 1 : 0)) % this.counts[c]);
    }
    this.mark(id);
    this.onchoose(id);
  }

  key(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const at = this.buttons.indexOf(/** @type {any} */ (document.activeElement));
    const next = this.buttons[(at + by + this.buttons.length) % this.buttons.length];
    this.buttons.forEach((button) => (button.tabIndex = button === next ? 0 : -1));
    next.focus();
  }

  name() {
    if (!this.images) return;
    this.buttons.forEach((button) => {
      const c = Number(button.dataset.class);
      const name = c < 0 ? t(this.own) : this.names(c);
      button.title = name;
      button.setAttribute("aria-label", name);
    });
  }

  repaint() {
    if (!this.images) return;
    this.buttons.forEach((button) => {
      const c = Number(button.dataset.class);
      const levels = c < 0 ? this.ownLevels : this.picture(100 * c + this.numbers[c]);
      if (levels) paint(button.firstChild, levels, { map: "ink", high: 255 });
    });
  }
}
