// @ts-check
/* Play, pause, step and scrub through frames that are already here. */

import { make } from "./controls.js";
import { t, translate } from "./words.js";

const ICONS = { play: "M7 5v14l12-7z", pause: "M7 5h4v14H7zM13 5h4v14h-4z" };

export class Player {
  /* Fills `host` with buttons and a scrubber over frames `first` to `last`; show(frame) draws
     one. `seconds` is how long the whole range takes at speed 1; a step goes to the next multiple
     of `stride`. With `round` the last frame is the first again, and play goes on for ever. */
  constructor(host, { show, seconds = 4, speeds = [0.25, 1, 4], stride = 1, round = false }) {
    this.show = show;
    this.seconds = seconds;
    this.stride = stride;
    this.round = round;
    this.first = 0;
    this.last = 1;
    this.frame = 1;
    this.speed = 1;
    this.playing = false;
    host.classList.add("zoo-player");
    const button = (key, path, act) => {
      const e = make("button", { type: "button", class: "zoo-icon", "data-t-title": key,
        "data-t-label": key });
      e.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg>`;
      e.addEventListener("click", act);
      host.append(e);
      return e;
    };
    this.toggleButton = button("zoo.play", ICONS.play, () => this.toggle());
    button("zoo.step_back", "M17 5v14L8 12zM5 5h2v14H5z", () => this.step(-1));
    button("zoo.step", "M7 5v14l9-7zM17 5h2v14h-2z", () => this.step(1));
    this.scrubber = make("input", { type: "range", class: "zoo-range", step: "1",
      "data-t-label": "zoo.frame" });
    this.scrubber.addEventListener("input", () => {
      this.pause();
      this.seek(Number(this.scrubber.value));
    });
    this.speeds = make("select", { class: "zoo-select", "data-t-label": "zoo.speed",
      "data-t-title": "zoo.speed" });
    for (const speed of speeds) {
      this.speeds.append(make("option", { value: speed }, speed + "\u00d7"));
    }
    this.speeds.value = "1";
    this.speeds.addEventListener("change", () => (this.speed = Number(this.speeds.value)));
    host.append(this.scrubber, this.speeds);
    translate(host);
  }

  /* Other frames; the last one is shown. */
  load(first, last) {
    this.span(first, last);
    this.seek(last);
  }

  /* Other frames, none of which is shown yet. */
  span(first, last) {
    this.pause();
    this.first = first;
    this.last = last;
    this.scrubber.min = first;
    this.scrubber.max = last;
  }

  seek(frame) {
    this.place(frame);
    this.show(this.frame);
  }

  /* Put the scrubber where the page already is. */
  place(frame) {
    this.frame = Math.max(this.first, Math.min(this.last, frame));
    this.scrubber.value = String(this.frame);
  }

  step(by) {
    this.pause();
    // A step forward from the end is the first one: there is always something to see.
    const strides = this.frame / this.stride;
    if (this.round && by < 0 && this.frame <= this.first) return this.seek(this.last - this.stride);
    const next = this.stride * ((by > 0 ? Math.floor(strides) : Math.ceil(strides)) + by);
    this.seek(by > 0 && this.frame >= this.last ? this.first : next);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    if (this.last <= this.first) return;
    this.playing = true;
    this.setButton("zoo.pause", ICONS.pause);
    let at = this.frame >= this.last ? this.first : this.frame;
    let before = null;
    const tick = (now) => {
      if (!this.playing) return;
      if (before !== null) {
        at += ((now - before) / 1000 / this.seconds) * (this.last - this.first) * this.speed;
      }
      before = now;
      if (this.round && at >= this.last) at = this.first + ((at - this.first) % (this.last - this.first));
      this.seek(Math.floor(at));
      if (this.frame >= this.last && !this.round) this.pause();
      else requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  pause() {
    this.playing = false;
    this.setButton("zoo.play", ICONS.play);
  }

  setButton(key, path) {
    this.toggleButton.dataset.tTitle = this.toggleButton.dataset.tLabel = key;
    this.toggleButton.title = t(key);
    this.toggleButton.setAttribute("aria-label", t(key));
    this.toggleButton.querySelector("path").setAttribute("d", path);
  }
}
