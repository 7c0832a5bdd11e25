// @ts-check
/* Both players as one chain of layers, z to x to D, and how large the gradients of each layer were. */

import * as zoo from "../shared/zoo.js";

const MOST_DOTS = 8; // of a layer
const [EDGE, TOP, BOTTOM, LABEL] = [26, 22, 92, 112];
const [LEAST, DECADES] = [-6, 6]; // log10 of the gradient that is faintest, up to 1
const NARROW = 58; // pixels between two layers in which a number has no room for its digits

/* gradients: what the game tells of "critic" and "generator", or null before a step of theirs. */
export function drawNetwork(canvas, { n_layers, n_hidden, n_latent }, gradients) {
  if (!canvas.clientWidth) return;
  const hidden = Array(n_layers).fill(n_hidden);
  const sizes = [n_latent, ...hidden, 2, ...hidden, 1];
  const n = n_layers + 1; // layers of weights of each
  const sides = [["generator", "positive"], ["critic", "negative"]];
  const names = { 0: `z ${n_latent}`, [n]: "x 2", [2 * n]: "D" };
  const rms = sides.flatMap(([who]) => gradients?.[who]?.layers ?? Array(n).fill(null));
  canvas.setAttribute("aria-label", zoo.t("gan.network_label", {
    g: told(rms.slice(0, n)), d: told(rms.slice(n)) }));

  const context = zoo.sharp(canvas);
  const gap = (canvas.clientWidth - 2 * EDGE) / (sizes.length - 1);
  const middle = (TOP + BOTTOM) / 2;
  const at = (k) => EDGE + k * gap;
  const dots = sizes.map((size) => Math.min(MOST_DOTS, size));
  const half = (k) => ((dots[k] - 1) / 2) * ((BOTTOM - TOP) / (MOST_DOTS - 1));
  context.font = `11px ${getComputedStyle(canvas).fontFamily}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  rms.forEach((value, k) => {
    const color = zoo.token(sides[k < n ? 0 : 1][1]);
    const strength = value > 0 ? Math.max(0, Math.min(1, (Math.log10(value) - LEAST) / DECADES)) : 0;
    context.beginPath();
    context.moveTo(at(k), middle - half(k) - 3);
    context.lineTo(at(k + 1), middle - half(k + 1) - 3);
    context.lineTo(at(k + 1), middle + half(k + 1) + 3);
    context.lineTo(at(k), middle + half(k) + 3);
    context.closePath();
    context.globalAlpha = 0.06 + 0.84 * strength;
    context.fillStyle = color;
    context.fill();
    context.globalAlpha = 1;
    context.fillStyle = zoo.token("ink");
    context.fillText(short(value, gap), at(k) + gap / 2, 9);
  });
  sizes.forEach((size, k) => {
    context.fillStyle = zoo.token("ink");
    for (let dot = 0; dot < dots[k]; dot++) {
      context.beginPath();
      context.arc(at(k), middle - half(k) + (dot * (BOTTOM - TOP)) / (MOST_DOTS - 1), 2.6, 0, 7);
      context.fill();
    }
    context.fillStyle = zoo.token("muted");
    context.fillText(names[k] ?? zoo.number(size), at(k), LABEL);
  });
}

const told = (values) => values.map((v) => (v ? zoo.size(v) : "0")).join(", ");

function short(value, gap) {
  if (value === null) return "";
  if (!value) return "0";
  return gap < NARROW ? zoo.power(10 ** Math.round(Math.log10(value))) : zoo.size(value);
}
