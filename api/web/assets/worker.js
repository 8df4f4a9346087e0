// Shows what was kept of a group where the server can't be reached: each page as it was
// when it was looked at, marked as a copy, and in place of the check the page that answers
// from what was taken along. Whatever else is asked for goes to the server.
"use strict";
const CACHE = "kept";
const MOST_PAGES = 100;
const MOST_ASSETS = 30;
const PATIENCE = 8000; // milliseconds, where something kept can be shown instead

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { method, url, mode } = event.request;
  const at = new URL(url);
  if (at.origin !== location.origin) return;
  if (method === "GET" && at.pathname.startsWith("/assets/")) return event.respondWith(asset(event, at));
  const group = /^\/g\/[^/]+(?=\/|$)/.exec(at.pathname);
  if (mode !== "navigate" || !group) return;
  event.respondWith(method === "GET" ? page(event, at, group[0]) : sent(event, group[0]));
});

async function asset(event, at) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(at.pathname);
  if (kept) return kept;
  const answer = await fetch(event.request);
  if (answer.ok) event.waitUntil(put(cache, at.pathname, answer.clone(), "/assets/", MOST_ASSETS));
  return answer;
}

// put keeps something as the newest of its kind, and forgets the oldest beyond the most.
async function put(cache, key, answer, kind, most) {
  await cache.delete(key);
  await cache.put(key, answer);
  const keys = (await cache.keys()).filter((k) => new URL(k.url).pathname.startsWith(kind));
  await Promise.all(keys.slice(0, Math.max(0, keys.length - most)).map((k) => cache.delete(k)));
}

// keyOf is the address without what only says what has just been done.
function keyOf(at) {
  const asked = new URLSearchParams(at.search);
  ["atLeast", "recorded"].forEach((name) => asked.delete(name));
  return at.pathname + (asked.size ? `?${asked}` : "");
}

// apart are the pages that are not kept as they were looked at: what they say of what
// may be agreed must be of one moment.
const apart = (at, group) => ["/check", "/card", "/offline"].some((p) => at.pathname.startsWith(group + p));

async function page(event, at, group) {
  const kept = await copyOf(at, group);
  const asked = fetch(event.request);
  let answer;
  try {
    answer = await (kept ? Promise.race([asked, new Promise((_, late) => setTimeout(late, PATIENCE))]) : asked);
  } catch {
    asked.catch(() => {}); // it may fail later
    return kept || Response.error();
  }
  if ([502, 503, 504].includes(answer.status)) return kept || answer;
  if (answer.ok && !answer.redirected && !apart(at, group) && /^text\/html/.test(answer.headers.get("Content-Type"))) {
    event.waitUntil(keep(at, answer.clone()));
  }
  return answer;
}

async function keep(at, answer) {
  const headers = new Headers(answer.headers);
  ["Content-Encoding", "Content-Length"].forEach((name) => headers.delete(name));
  headers.set("Kept-On", new Date().toISOString());
  const text = await answer.text();
  if (!text.includes(' data-person="')) return; // nobody's of the group
  const copy = new Response(text, { headers });
  await put(await caches.open(CACHE), keyOf(at), copy, "/g/", MOST_PAGES);
}

async function copyOf(at, group) {
  const cache = await caches.open(CACHE);
  const key = keyOf(at);
  const taken = await cache.match(`${group}/offline/taken`);
  const all = taken && (await taken.json());
  if (all) {
    if (at.pathname === `${group}/card`) return marked(all.card, all.headers, all.on, group);
    if (apart(at, group)) return marked(all.page, all.headers, all.on, group, "</main>");
  }
  const page = await cache.match(key);
  if (page) return marked(await page.text(), Object.fromEntries(page.headers), page.headers.get("Kept-On"), group);
  return all && marked(all.page, all.headers, all.on, group);
}

// marked is the page as a copy: it says so, behind what matches, and does not listen for
// changes.
function marked(page, headers, on, group, behind = /<a class="nhsuk-skip-link"[^]*?<\/a>/) {
  const when = new Date(on).toLocaleString("en-GB", { timeZone: "Europe/London", dateStyle: "long", timeStyle: "short" });
  const say = `<section class="thread-kept" aria-label="Copy kept on this device"><div class="nhsuk-width-container"><p><strong>The server can’t be reached.</strong> This is a copy from ${when}. Nothing can be sent from it. <a href="${group}/offline">What is on this device</a></p></div></section>`;
  const text = page.replace(/ data-live="[^"]*"/, "").replace(/ data-left="[^"]*"/, "").replace("<html ", `<html data-kept-on="${on}" `).replace(behind, (before) => before + say);
  return new Response(text, { headers });
}

// sent passes a form on, and says so where it did not arrive.
async function sent(event, group) {
  try {
    return await fetch(event.request);
  } catch {
    const page = `<!DOCTYPE html><html lang="en-GB"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Not sent – Golden Thread</title></head><body><main><h1>Nothing was sent</h1><p>The server can’t be reached, so nothing was recorded. Go back: what you typed is still there. Send it again once you have signal.</p><p><a href="${group}/offline">What is on this device</a></p></main></body></html>`;
    return new Response(page, { status: 503, headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'self'" } });
  }
}
