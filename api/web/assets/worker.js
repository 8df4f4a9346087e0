// Shows a kept card, and what it links, when the server can't be reached.
// Whatever else is asked for goes to the server and nowhere else.
"use strict";
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { method, url, mode } = event.request;
  const at = new URL(url);
  const card = mode === "navigate" && /^\/g\/[^/]+\/card$/.test(at.pathname);
  if (method !== "GET" || at.origin !== location.origin || !(card || at.pathname.startsWith("/assets/"))) return;
  event.respondWith(answer(event.request, at.pathname));
});

async function answer(request, path) {
  try {
    return await fetch(request);
  } catch (gone) {
    const kept = await (await caches.open("cards")).match(path);
    if (kept) return kept;
    throw gone;
  }
}
