// Shows what others record without a reload. Pages work without it. While
// somebody is filling in a form nothing is replaced under their hands: the page
// says that there is something new instead.
"use strict";
(() => {
  const said = document.getElementById("live");
  let touched = false;
  let source;
  let shown = true;

  document.addEventListener("input", () => { touched = true; });

  const busy = () => touched || document.querySelector("main details[open] form, main form:focus-within") !== null;

  async function fetchPage() {
    const answer = await fetch(location.href, { cache: "no-store", headers: { "Goldenthread-By-Itself": "1" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }

  function replace(page) {
    const main = document.getElementById("maincontent");
    const fresh = page.getElementById("maincontent");
    if (!fresh || main.textContent === fresh.textContent) return false;
    const open = [...main.querySelectorAll("details[open][id]")].map((d) => d.id);
    const focus = document.activeElement && main.contains(document.activeElement) ? document.activeElement.id : "";
    main.replaceWith(fresh);
    open.forEach((id) => { const d = document.getElementById(id); if (d) d.open = true; });
    if (focus) { const f = document.getElementById(focus); if (f) f.focus({ preventScroll: true }); }
    return true;
  }

  async function renew() {
    if (busy()) {
      said.textContent = "Something new was recorded. ";
      const link = document.createElement("a");
      link.href = location.href;
      link.textContent = "Show it";
      said.append(link, ". What you typed is kept.");
      return;
    }
    try {
      if (replace(await fetchPage())) said.textContent = "This page was brought up to date just now.";
    } catch {
      said.textContent = "The server can't be reached. This page may be out of date.";
    }
  }

  let waiting;
  function listen() {
    const at = document.documentElement.dataset.live;
    if (!at || source) return;
    source = new EventSource(at);
    source.onmessage = () => {
      clearTimeout(waiting);
      waiting = setTimeout(renew, 200);
    };
    source.onopen = () => { document.documentElement.dataset.listening = "yes"; };
  }

  // Says some minutes before the session ends that it does. Whoever goes on stays signed in,
  // but for the longest that a session lasts; what is typed is kept in any case.
  const session = document.getElementById("session");
  let warning;
  let over;
  function watchSession(left, until) {
    if (!session || !left) return;
    clearTimeout(warning);
    clearTimeout(over);
    session.hidden = true;
    document.querySelector("[data-until]").textContent = until;
    warning = setTimeout(() => {
      session.querySelector("[data-say]").textContent = `You will be signed out at ${until}, unless you go on. What you typed is not lost.`;
      session.hidden = false;
    }, (left - Math.min(5 * 60, left / 4)) * 1000);
    over = setTimeout(() => {
      session.querySelector("[data-say]").textContent = "You are not signed in any more. You can send what you typed: you are asked to sign in first, and nothing is lost.";
      session.querySelector("button").hidden = true;
      session.hidden = false;
    }, left * 1000);
  }
  if (session) {
    session.querySelector("button").addEventListener("click", async () => {
      try {
        const answer = await fetch(location.href, { cache: "no-store" });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const left = Number(page.documentElement.dataset.left);
        if (!answer.ok || !left) throw new Error(String(answer.status));
        watchSession(left, page.querySelector("[data-until]").textContent);
      } catch {
        session.querySelector("[data-say]").textContent = "That did not work: the server can't be reached, or you are not signed in any more. What you typed is still here.";
      }
    });
    watchSession(Number(document.documentElement.dataset.left), document.querySelector("[data-until]").textContent);
  }

  // A tab that nobody looks at leaves the connection to others; when it is
  // looked at again it may have missed something.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      if (source) source.close();
      source = undefined;
      shown = false;
    } else if (!shown) {
      shown = true;
      if (document.documentElement.dataset.live) { renew(); listen(); }
    }
  });
  listen();
})();
