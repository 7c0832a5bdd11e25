// @ts-check
/* What the server says of the page as a whole: the keys of its tabs, the titles of those that are
   named after a model, and the languages that it speaks. */

export const setup = JSON.parse(document.getElementById("zoo-setup").textContent);
