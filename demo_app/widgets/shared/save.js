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

/* Words in lines no wider than `width`, by measure(text), its width: broken at spaces, or after a
   hyphen, so that what is told apart by its end still is. Where `most` lines do not hold them, or one
   word is wider than a line, that line is cut in its middle, and keeps both ends. */
export function fitted(text, width, measure, most = 3) {
  const lines = [""];
  for (const word of text.match(/\s*[^\s-]*(?:-+|(?=\s|$))/g) || []) {
    const line = lines.at(-1) + word;
    if (!lines.at(-1).trim() || measure(line.trim()) <= width) lines[lines.length - 1] = line;
    else lines.push(word);
  }
  const shown = lines.length > most ? [...lines.slice(0, most - 1), lines.slice(most - 1).join("")] : lines;
  return shown.map((line) => cut(line.trim(), width, measure));
}

/* As much of a line as `width` holds: its beginning and its end. */
export function cut(line, width, measure) {
  if (measure(line) <= width) return line;
  for (let n = line.length - 1; n > 1; n--) {
    const shorter = line.slice(0, Math.ceil(n / 2)) + "\u2026" + line.slice(line.length - Math.floor(n / 2));
    if (measure(shorter) <= width) return shorter;
  }
  return "\u2026";
}

/* One sheet of many pictures: items of {canvas, title}, `columns` to a row, each enlarged to
   `size` pixels without smoothing, under a heading. Titles stay above their own pictures: a long one
   has several lines. */
export function sheet(items, { columns, size = 336, heading = "" }) {
  const [gap, line, head, margin] = [28, 18, 26, 36];
  const font = getComputedStyle(document.body).fontFamily;
  const sheet = make("canvas", { width: 2 * margin + columns * (size + gap) - gap });
  const context = sheet.getContext("2d");
  const fit = (style, text, width) => {
    context.font = `${style} ${font}`;
    return fitted(text, width, (words) => context.measureText(words).width);
  };
  const inside = sheet.width - 2 * margin;
  const headings = heading ? fit("600 20px", heading, inside) : [];
  const titles = items.map(({ title }) => fit("14px", title, size));
  const rows = Array.from({ length: Math.ceil(items.length / columns) }, (_, r) => {
    const here = titles.slice(r * columns, (r + 1) * columns);
    return 6 + line * Math.max(...here.map((lines) => lines.length));
  });
  const top = margin + (headings.length ? headings.length * head + 22 : 0);
  sheet.height = rows.reduce((height, words) => height + words + size + gap, top) - gap + margin;
  context.fillStyle = token("page");
  context.fillRect(0, 0, sheet.width, sheet.height);
  context.fillStyle = token("ink");
  context.textBaseline = "top";
  context.font = `600 20px ${font}`;
  headings.forEach((words, k) => context.fillText(words, margin, margin + k * head));
  context.imageSmoothingEnabled = false;
  context.font = `14px ${font}`;
  let y = top;
  rows.forEach((words, r) => {
    items.slice(r * columns, (r + 1) * columns).forEach(({ canvas }, c) => {
      const x = margin + c * (size + gap);
      context.fillStyle = token("muted");
      const lines = titles[r * columns + c];
      // Those of one line stand right above their picture too.
      const first = y + words - 6 - line * lines.length;
      lines.forEach((part, k) => context.fillText(part, x, first + k * line));
      context.drawImage(canvas, x, y + words, size, size);
    });
    y += words + size + gap;
  });
  return sheet;
}
