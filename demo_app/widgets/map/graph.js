// @ts-check
/* Where nodes lie on the screen, and the arrows between them. */

import { zoomOf } from "../shared/look.js";

const center = (element) => {
  const box = element.getBoundingClientRect();
  return [box.left + box.width / 2, box.top + box.height / 2];
};

/* Of some elements the nearest one that lies from another one in a direction [x, y], or undefined. */
export function nearest(from, way, elements) {
  const [x, y] = center(from);
  let [least, found] = [Infinity, undefined];
  for (const element of elements) {
    const [nextX, nextY] = center(element);
    const along = (nextX - x) * way[0] + (nextY - y) * way[1];
    const aside = Math.abs((nextX - x) * way[1]) + Math.abs((nextY - y) * way[0]);
    if (along > 10 && along + 3 * aside < least) [least, found] = [along + 3 * aside, element];
  }
  return found;
}

/* Where an element is on the screen, in pixels of its own. */
function placeOf(element) {
  const [box, zoom] = [element.getBoundingClientRect(), zoomOf(element)];
  return new DOMRect(box.x / zoom, box.y / zoom, box.width / zoom, box.height / zoom);
}

/* An arrow for each of the edges {from, to}, into the figure's <svg>; those that are on(edge) are
   marked, and lie on top. nodeOf(key): a node's element. */
export function drawEdges(figure, edges, { on, nodeOf }) {
  const boxOf = (key) => placeOf(nodeOf(key));
  const box = placeOf(figure);
  const group = figure.querySelector(".edges g");
  group.replaceChildren();
  if (!box.width) return;
  const keys = [...new Set(edges.flatMap(({ from, to }) => [from, to]))];
  const marked = [...edges].sort((a, b) => Number(on(a)) - Number(on(b)));
  for (const edge of marked) {
    const kind = on(edge) ? "-on" : "";
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    const others = keys.filter((key) => key !== edge.from && key !== edge.to).map(boxOf);
    line.setAttribute("d", route(boxOf(edge.from), boxOf(edge.to), box, others));
    line.setAttribute("class", "line" + kind);
    line.setAttribute("marker-end", `url(#map-head${kind})`);
    line.dataset.edge = edge.from + " " + edge.to;
    group.append(line);
  }
}

/* From the side that looks at the other node; downward along the left, past the words, and where
   another node is in the way, beside it. */
function route(a, b, figure, others) {
  const [x, y] = [figure.left, figure.top];
  if (Math.abs(a.top - b.top) < 10) {
    const level = a.top + a.height / 2 - y;
    return b.left > a.left ? `M${a.right - x} ${level}H${b.left - x}` : `M${a.left - x} ${level}H${b.right - x}`;
  }
  const end = b.left + 14 - x;
  const start = Math.abs(a.left - b.left) < 8 ? end : a.left + 14 - x;
  const isBetween = (c) => c.top > a.bottom && c.bottom < b.top && c.left < end + x && c.right > end + x;
  if (start === end && others.some(isBetween)) {
    const gutter = a.left - 5 - x;
    return `M${a.left - x} ${a.bottom - 14 - y}H${gutter}V${b.top - 8 - y}H${end}V${b.top - y}`;
  }
  const bend = a.bottom + 7 - y;
  return `M${start} ${a.bottom - y}V${bend}H${end}V${b.top - y}`;
}
