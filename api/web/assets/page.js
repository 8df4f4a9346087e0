// Takes the place on a page along to signing in, and copies messages. Pages work without it.
"use strict";
(() => {
  const signIn = document.querySelector('main a[href^="/sign-in?next="]');
  if (signIn && location.hash) signIn.setAttribute("href", signIn.getAttribute("href") + encodeURIComponent(location.hash));

  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) break;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const said = document.querySelector(`[data-copied="${button.dataset.copy}"]`);
      try {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
        said.textContent = "Copied.";
      } catch {
        said.textContent = "Your browser did not allow it: mark the text and copy it.";
      }
    });
  }
})();
