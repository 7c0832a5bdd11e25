// @ts-check
/* The page for a lecture hall: as large as the screen has room for, and on all of it. */

import { zoomable } from "../shared/look.js";

const LEAST = 1140; // pixels that the page needs beside each other for its widest panels
const MOST = 3;

const root = document.documentElement;

/* Show the page so, or as it was. */
export function showLarge(is) {
  root.classList.toggle("zoo-large", is);
  fit();
}

/* All of the screen, where the browser lets the page have it, or no more of it than before. An address
   alone cannot have it: it takes a press. */
export function takeScreen(is) {
  if (is) root.requestFullscreen?.().catch(() => {}); // then it is large in its window
  else if (document.fullscreenElement) document.exitFullscreen();
}

function fit() {
  const is = root.classList.contains("zoo-large") && zoomable;
  const zoom = is ? Math.max(1, Math.min(MOST, innerWidth / LEAST)) : 1;
  if (root.style.getPropertyValue("--zoo-zoom") === String(zoom)) return;
  if (zoom === 1) root.style.removeProperty("--zoo-zoom");
  else root.style.setProperty("--zoo-zoom", String(zoom));
}

window.addEventListener("resize", fit);
