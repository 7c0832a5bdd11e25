/* Keeps the page for a visit without a connection. All but the page itself has an address that changes
   with its content, so what is kept is never old. */

const MINE = `zoo ${registration.scope} `; // an origin may have several zoos
const NAME = MINE + "{VERSION}";
const FILES = "{FILES}";

addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(FILES)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  event.waitUntil(forget().then(() => clients.claim()));
});

async function forget() {
  for (const name of await caches.keys()) {
    if (name.startsWith(MINE) && name !== NAME) await caches.delete(name);
  }
}

/* What a page had before this worker was there. */
addEventListener("message", ({ data }) => {
  for (const url of data) if (url.startsWith(registration.scope)) answer(new Request(url)).catch(() => {});
});

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(registration.scope)) return;
  event.respondWith(request.mode === "navigate" ? newest(request) : answer(request));
});

/* The page as it is now; without a connection the one whose files are kept. */
async function newest(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await (await caches.open(NAME)).match("./");
    if (kept) return kept;
    throw error;
  }
}

async function answer(request) {
  const kept = await caches.match(request);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok && !request.url.includes("/weights/")) {
    const cache = await caches.open(NAME);
    cache.put(request, response.clone()).catch(() => {}); // no room
  }
  return response;
}
