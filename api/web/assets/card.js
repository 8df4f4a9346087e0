// Keeps the card that is being looked at on this device, for when there is no
// signal. The service worker shows what was kept.
"use strict";
(async () => {
  if (!("serviceWorker" in navigator) || !("caches" in self)) return;
  const say = document.getElementById("kept");
  try {
    await navigator.serviceWorker.register("/worker.js");
    const kept = await caches.open("cards");
    const linked = [...document.querySelectorAll("link[rel=stylesheet], link[rel=icon], script[src]")].map((e) => e.href || e.src);
    await kept.addAll([location.pathname, ...linked]);
    await navigator.serviceWorker.ready;
    say.textContent = "This card is kept on this device: it opens without signal too.";
    document.documentElement.dataset.kept = "yes";
  } catch {
    say.textContent = "This card could not be kept on this device: it needs signal.";
  }
})();
