// @ts-check
/* Colors for numbers, and arrays onto canvases. */

import { bytes } from "./arrays.js";
import { make } from "./controls.js";
import { dark, theme, token, zoomOf } from "./look.js";
import { onChange } from "./signals.js";

function table(stops) {
  const colors = new Uint8Array(768);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (stops.length - 1);
    const k = Math.min(Math.floor(at), stops.length - 2);
    for (let c = 0; c < 3; c++) {
      colors[3 * i + c] = Math.round(stops[k][c] + (at - k) * (stops[k + 1][c] - stops[k][c]));
    }
  }
  return colors;
}

export const rgb = (text) => [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16));

/* cividis (Nunez, Anderton and Renslow, 2018): even in lightness, and the same to people with
   and without red-green color blindness. */
const CIVIDIS = [
  "#00204d", "#00336f", "#39486b", "#575c6d", "#707173",
  "#8a8779", "#a69d75", "#c4b56c", "#e4cf5b", "#ffea46",
];

const NEGATIVE = { light: "#0062a3", dark: "#4aa8f0" };
const POSITIVE = { light: "#c84e00", dark: "#ff9142" };

/* Okabe and Ito's colors, and two more of other lightness to make ten classes. */
export const classColors = [
  "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2",
  "#d55e00", "#cc79a7", "#8c8c8c", "#882255", "#6b4ce6",
];

const fixed = { cividis: table(CIVIDIS.map(rgb)) };
let themed = {};
onChange(theme, () => (themed = {}));

/* The 256 colors of a map, RGB after RGB: "cividis"; "ink", from paper to ink; "diverging",
   from negative over paper to positive. */
export function colorMap(name) {
  if (Object.hasOwn(fixed, name)) return fixed[name];
  if (!Object.hasOwn(themed, name)) {
    const paper = rgb(token("paper"));
    const shade = dark() ? "dark" : "light";
    themed[name] =
      name === "ink"
        ? table([paper, rgb(token("pen"))])
        : table([rgb(NEGATIVE[shade]), paper, rgb(POSITIVE[shade])]);
  }
  return themed[name];
}

/* Values[0 .. w*h) onto a canvas of w x h pixels: low and below is the map's first color, high
   and above its last. Let CSS enlarge it with image-rendering: pixelated. */
export function paint(canvas, values, { map = "cividis", low = 0, high = 1 } = {}) {
  const colors = colorMap(map);
  const scale = 255 / (high - low);
  paintPixels(canvas, (data) => {
    for (let i = 0, o = 0; o < data.length; i++, o += 4) {
      const level = Math.max(0, Math.min(255, Math.round((values[i] - low) * scale)));
      data[o] = colors[3 * level];
      data[o + 1] = colors[3 * level + 1];
      data[o + 2] = colors[3 * level + 2];
      data[o + 3] = 255;
    }
  });
}

/* Gray levels, 0 to 255, 255 being ink. */
export const paintInk = (canvas, levels) => paint(canvas, levels, { map: "ink", high: 255 });

/* fill(data) writes RGBA bytes for every pixel of the canvas. */
export function paintPixels(canvas, fill) {
  const context = canvas.getContext("2d");
  if (!canvas.zooImage || canvas.zooImage.width !== canvas.width) {
    canvas.zooImage = context.createImageData(canvas.width, canvas.height);
  }
  fill(canvas.zooImage.data);
  context.putImageData(canvas.zooImage, 0, 0);
}

/* An image of 0 and 1 of which some is known: black and white where known(i), in color what is
   made(i) of the rest, 0 to 1, or null where nothing is. */
export function paintRest(canvas, image, known, made) {
  const [paper, pen, ink] = ["paper", "pen", "accent"].map((name) => rgb(token(name)));
  const mix = (p) => paper.map((v, c) => v + p * (ink[c] - v));
  paintPixels(canvas, (data) => {
    for (let i = 0, o = 0; o < data.length; i++, o += 4) {
      const color = known(i) ? (image[i] ? pen : paper) : mix(made(i) ?? 0.2);
      data[o] = color[0];
      data[o + 1] = color[1];
      data[o + 2] = color[2];
      data[o + 3] = 255;
    }
  });
}

/* f() paints a canvas in the colors of the theme: the same again until that is another. */
export function inTheme(f) {
  let [canvas, of] = [null, null];
  return () => {
    if (of !== dark()) [canvas, of] = [f(), dark()];
    return canvas;
  };
}

/* Make a canvas as sharp as the screen; returns its context in CSS pixels, cleared. */
export function sharp(canvas) {
  const scale = (window.devicePixelRatio || 1) * zoomOf(canvas);
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.imageRendering = "auto"; // its place may be a fraction of a pixel wider
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/* The gray levels of a PNG given as base64: {width, height, levels}, 0 to 255. */
export async function readPNG(text) {
  const bitmap = await createImageBitmap(new Blob([bytes(text)], { type: "image/png" }));
  const { width, height } = bitmap;
  const context = make("canvas", { width, height }).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const rgba = context.getImageData(0, 0, width, height).data;
  return { width, height, levels: Uint8Array.from({ length: width * height }, (_, i) => rgba[4 * i]) };
}

/* A CSS gradient of a map, for the bar beside its numbers. */
export function gradient(name) {
  const colors = colorMap(name);
  const stops = Array.from({ length: 17 }, (_, k) => {
    const i = Math.round((k / 16) * 255);
    return `rgb(${colors[3 * i]} ${colors[3 * i + 1]} ${colors[3 * i + 2]})`;
  });
  return `linear-gradient(to right, ${stops.join(", ")})`;
}
