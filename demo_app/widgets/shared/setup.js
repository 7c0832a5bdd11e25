// @ts-check
/* What the server says of the page as a whole: the keys of its tabs, and the languages that it speaks. */

export const setup = JSON.parse(document.getElementById("zoo-setup").textContent);
