// @ts-check
/* The quiet menu of a panel: what is seldom used, behind three dots.

   In a template it is the element "zoo-more", last among the tools of the panel's foot, and holds fields
   for seeds and buttons that save. In a browser without popovers its items stand in the foot themselves. */

import { make, rove } from "./controls.js";
import { zoomOf } from "./look.js";

const GAP = 4; // between the dots and the menu, in pixels of the screen
const EDGE = 8; // between the menu and the edges of the window
const DOTS = `<svg viewBox="0 0 24 24" aria-hidden="true">${[5, 12, 19].map((x) => `<circle cx="${x}" cy="12" r="2"/>`).join("")}</svg>`;

/* Its name says what is in it. */
function nameOf(menu) {
  if (!menu.querySelector("button")) return "zoo.more_seed";
  return menu.querySelector("input") ? "zoo.more" : "zoo.more_save";
}

export function quietMenu(menu) {
  if (!("popover" in menu)) return;
  const name = nameOf(menu);
  const dots = make("button", { type: "button", class: "zoo-icon zoo-dots", "data-t-label": name, "data-t-title": name });
  dots.innerHTML = DOTS;
  menu.before(dots);
  menu.popover = "auto";
  menu.setAttribute("role", "group");
  menu.setAttribute("data-t-label", name);
  dots.popoverTargetElement = menu; // its state is spoken, and a press on it closes the menu
  rove(menu);
  const isOpen = () => menu.matches(":popover-open");
  const items = [...menu.querySelectorAll("input, button")];

  /* Below the dots, or above them where there is no room, or in front of them in a low window. */
  function place() {
    if (!isOpen()) return;
    if (!dots.checkVisibility()) return menu.hidePopover(); // another tab
    const [at, box, zoom] = [dots.getBoundingClientRect(), menu.getBoundingClientRect(), zoomOf(menu)];
    const [width, height] = [document.documentElement.clientWidth, innerHeight];
    const left = Math.max(EDGE, Math.min(at.right, width - EDGE) - box.width);
    const [below, above, lowest] = [at.bottom + GAP, at.top - GAP - box.height, height - EDGE - box.height];
    const top = below <= lowest ? below : above >= EDGE ? above : Math.max(EDGE, lowest);
    Object.assign(menu.style, { left: left / zoom + "px", top: top / zoom + "px" });
  }

  for (const event of ["scroll", "resize"]) addEventListener(event, place, { capture: true, passive: true });
  new ResizeObserver(place).observe(document.body); // what grows above moves the dots

  dots.addEventListener("click", (event) => {
    event.preventDefault(); // the browser would show it before it stands where it belongs
    dots.focus(); // Safari gives a pressed button no focus that could come back to it
    menu.togglePopover();
    place();
    // By the keyboard; a finger would be shown a keyboard for the field.
    if (isOpen() && event.detail === 0) items.find((one) => one.checkVisibility())?.focus();
  });
  menu.addEventListener("click", (event) => {
    if (event.target.closest("button")) menu.hidePopover();
  });
  for (const one of [dots, menu]) {
    one.addEventListener("focusout", ({ relatedTarget: next }) => {
      if (next && next !== dots && !menu.contains(next)) menu.hidePopover();
    });
    one.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !isOpen()) return;
      event.preventDefault(); // nothing else that Escape leaves
      menu.hidePopover();
      dots.focus();
    });
  }
}
