// @ts-check
/* Models as points: how long a sheet takes to the right, by how much it is worse upward. */

import * as zoo from "../shared/zoo.js";

const { make } = zoo;

export class Plot {
  /* Fills `host`; write: {across, up}, how the numbers of each axis are written; onchoose(model). */
  constructor(host, { write, onchoose }) {
    this.host = host;
    this.write = write;
    this.onchoose = onchoose;
  }

  /* points [{model, x, y, name, label(), color}], y a `measure`, whose axis may be `logarithmic`. */
  show(points, measure, logarithmic) {
    const plot = this.host;
    plot.replaceChildren();
    if (!points.length) return plot.append(make("p", { class: "zoo-hint" }, zoo.t("compare.unmeasured")));
    const across = axisOf(points.map(({ x }) => x), true);
    const up = axisOf(points.map(({ y }) => y), logarithmic);
    this.drawAxis("x", "left:", across, this.write.across, "compare.axis_seconds");
    this.drawAxis("y", "bottom:", up, this.write.up, "compare.axis_" + measure);
    plot.classList.toggle("few", points.length <= 8);
    // Those that no other beats in both: better below, sooner to the left.
    const best = points.filter(({ x, y }) => !points.some((o) => o.x <= x && o.y <= y && (o.x < x || o.y < y)));
    best.sort((a, b) => a.x - b.x);
    const line = best.map(({ x, y }) => `${place(x, across)},${100 - place(y, up)}`).join(" ");
    const svg = make("span", {});
    svg.innerHTML = `<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true"><polyline points="${line}"/></svg>`;
    plot.append(svg.firstChild);
    for (const point of points) {
      const { model, x, y, name, color } = point;
      const label = point.label();
      const button = make("button", { type: "button", "data-model": model.name, "aria-label": label, title: label,
        "data-testid": "compare-point-" + model.name }, make("span", {}, name));
      button.style.cssText = `left:${place(x, across)}%; bottom:${place(y, up)}%; --kind:${color}`;
      button.classList.toggle("best", best.includes(point));
      button.classList.toggle("left", place(x, across) > 75);
      button.addEventListener("click", () => this.onchoose(model));
      plot.append(button);
    }
  }

  drawAxis(name, side, axis, write, label) {
    for (const v of ticks(axis)) {
      const style = side + place(v, axis) + "%";
      this.host.append(make("span", { class: "line " + name, style }), make("span", { class: "tick " + name, style }, write(v)));
    }
    this.host.append(make("span", { class: "axis " + name }, zoo.t(label)));
  }
}

const scaled = (v, log) => (log ? Math.log10(v) : v);

/* A range that holds all values, with some room about them. */
function axisOf(values, log) {
  const all = values.map((v) => scaled(v, log));
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = 0.06 * (high - low || 1);
  return { low: low - room, high: high + room, log };
}

/* Where a value is on an axis, in percent. */
const place = (v, { low, high, log }) => (100 * (scaled(v, log) - low)) / (high - low);

function ticks({ low, high, log }) {
  if (log) {
    const list = [];
    for (let p = Math.floor(low); p <= high; p++) list.push(10 ** p, ...(high - low < 3 ? [3 * 10 ** p] : []));
    return list.filter((v) => Math.log10(v) >= low && Math.log10(v) <= high);
  }
  const step = [5, 10, 20, 25, 50, 100].find((s) => (high - low) / s <= 6) || 200;
  const list = [];
  for (let v = Math.ceil(low / step) * step; v <= high; v += step) list.push(v);
  return list;
}
