// @ts-check
/* Take something home: a picture as PNG, the numbers as JSON. */

import { make } from "./controls.js";
import { token } from "./look.js";

export function saveBlob(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

export function saveJSON(value, name) {
  saveBlob(new Blob([JSON.stringify(value, null, 1)], { type: "application/json" }), name);
}

export function savePNG(canvas, name) {
  canvas.toBlob((blob) => saveBlob(blob, name), "image/png");
}

/* A canvas so many times as large, pixel by pixel. */
export function enlarged(canvas, times) {
  const large = make("canvas", { width: times * canvas.width, height: times * canvas.height });
  const context = large.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, 0, 0, large.width, large.height);
  return large;
}

/* One sheet of many pictures: items of {canvas, title}, `columns` to a row, each enlarged to
   `size` pixels without smoothing, under a heading. */
export function sheet(items, { columns, size = 336, heading = "" }) {
  const [gap, line, margin] = [28, 24, 36];
  const rows = Math.ceil(items.length / columns);
  const sheet = make("canvas", {
    width: 2 * margin + columns * (size + gap) - gap,
    height: 2 * margin + (heading ? 2 * line : 0) + rows * (size + line + gap) - gap,
  });
  const context = sheet.getContext("2d");
  const font = getComputedStyle(document.body).fontFamily;
  context.fillStyle = token("page");
  context.fillRect(0, 0, sheet.width, sheet.height);
  context.fillStyle = token("ink");
  context.textBaseline = "top";
  context.font = `600 20px ${font}`;
  context.fillText(heading, margin, margin);
  context.imageSmoothingEnabled = false;
  context.font = `14px ${font}`;
  items.forEach(({ canvas, title }, k) => {
    const x = margin + (k % columns) * (size + gap);
    const y = margin + (heading ? 2 * line : 0) + Math.floor(k / columns) * (size + line + gap);
    context.fillStyle = token("muted");
    context.fillText(title, x, y);
    context.drawImage(canvas, x, y + line, size, size);
  });
  return sheet;
}
