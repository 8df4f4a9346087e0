// Keeps what somebody takes along on this device, for when there is no signal: the
// check's answers with the card and the page that shows them, all of one moment. The
// service worker shows it. What was kept of somebody else is forgotten first.
"use strict";
const keep = (() => {
  const CACHE = "kept";
  const { group, person, next } = document.documentElement.dataset;
  const below = `/g/${group}`;
  const key = `${below}/offline/taken`;
  const HOUR = 3600000;

  // taken is what is kept for the group; undefined if there is nothing.
  async function taken() {
    const found = await (await caches.open(CACHE)).match(key);
    return found && found.json();
  }

  async function forget() {
    await caches.delete(CACHE);
  }

  async function get(path) {
    const answer = await fetch(path, { cache: "no-store", headers: { "Goldenthread-By-Itself": "1" } });
    return answer.ok ? answer : undefined;
  }

  // fetchAll fetches the answers, the card and the page as of one moment; undefined where
  // there are none for this person. What is recorded meanwhile has it done again.
  async function fetchAll() {
    for (let again = 0; again < 3; again++) {
      const answers = await get(`${below}/offline/answers`);
      if (!answers) return undefined;
      const note = await answers.text();
      const [card, page] = await Promise.all([get(`${below}/card`), get(`${below}/offline`)]);
      if (!card || !page) return undefined;
      const headers = { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": page.headers.get("Content-Security-Policy") };
      const all = { on: new Date(Date.now()).toISOString(), person, note, card: await card.text(), page: await page.text(), headers };
      const index = JSON.parse(note.split("\n")[1]).index;
      if (indexOf(all.card) === index && indexOf(all.page) === index) return { ...all, index };
    }
    throw new Error("it changes too fast");
  }

  const indexOf = (page) => Number(/ data-next="(\d+)"/.exec(page)[1]) - 1;

  // claim forgets all that was kept of anybody else.
  async function claim() {
    const by = `${group}/${person}`;
    const cache = await caches.open(CACHE);
    const before = await cache.match("/kept/by");
    if (before && (await before.text()) === by) return;
    await forget();
    await (await caches.open(CACHE)).put("/kept/by", new Response(by));
  }

  async function renew() {
    const had = await taken();
    if (had && (!next || had.index === Number(next) - 1) && Date.now() - Date.parse(had.on) < HOUR && Date.now() >= Date.parse(had.on)) return true;
    const all = await fetchAll();
    const cache = await caches.open(CACHE);
    if (!all) {
      await cache.delete(key);
      return false;
    }
    const assets = new Set([all.card, all.page].flatMap((page) => [...page.matchAll(/"(\/assets\/[^"]+)"/g)].map((m) => m[1])));
    await Promise.all([...assets].map(async (at) => (await cache.match(at)) || cache.add(at)));
    await cache.put(key, new Response(JSON.stringify(all), { headers: { "Content-Type": "application/json" } }));
    return true;
  }

  // ageCard has a card that is too old say no more than that the group must agree.
  function ageCard() {
    const card = document.querySelector("[data-correct]");
    if (!card) return;
    const age = dayOf(Date.now()) - dayOf(Date.parse(card.dataset.correct));
    if (age >= 0 && age <= 7) return;
    card.querySelectorAll("[data-yes]").forEach((row) => {
      row.querySelector("[data-answer]").textContent = `At most: ${row.closest("table").dataset.back}`;
      row.querySelector("[data-say]").textContent = `“${row.closest("table").dataset.backSay}”`;
    });
    document.getElementById("kept").textContent = "This card is more than 7 days old, or this device’s date is wrong. So it says yes to nothing.";
  }

  // dayOf is the number of the day in London.
  function dayOf(moment) {
    const day = new Intl.DateTimeFormat("en-CA", { timeZone: "Europe/London", year: "numeric", month: "2-digit", day: "2-digit" }).format(moment);
    return Date.parse(`${day}T00:00:00Z`) / (24 * HOUR);
  }

  async function start() {
    if (!group || !person || !("serviceWorker" in navigator) || !("caches" in self)) return;
    const said = document.getElementById("kept");
    if (document.documentElement.dataset.keptOn) return ageCard();
    try {
      await navigator.serviceWorker.register("/worker.js");
      await claim();
      const has = await renew();
      await navigator.serviceWorker.ready;
      if (said && has) said.textContent = "This is kept on this device: it opens without signal too.";
      document.documentElement.dataset.kept = "yes";
      document.dispatchEvent(new Event("kept"));
    } catch {
      if (said) said.textContent = "This could not be kept on this device: it needs signal.";
    }
  }
  start();
  return { CACHE, taken, forget, dayOf };
})();
