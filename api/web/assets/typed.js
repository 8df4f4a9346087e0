// Keeps what is typed into a form, as it is typed, in this tab: after a reload or a lost
// session the page offers to go on with it, by the same way as a form that was sent and
// could not be taken. It is nobody's but whose it was, and goes when it is recorded, when
// they sign out, after four hours, and with the tab. Pages work without it.
"use strict";
(() => {
  const LIFE = 4 * 3600000; // milliseconds
  const KEPT = "typed ";
  const WHOSE = "typed-by";
  const SENT = "typed-sent";
  const { group, person, answer, recorded, keptOn } = document.documentElement.dataset;
  let tab;
  let browser;
  try {
    tab = window.sessionStorage;
    browser = window.localStorage;
  } catch {
    return; // the browser keeps nothing
  }

  const all = () => Object.keys(tab).filter((key) => key.startsWith(KEPT));
  document.querySelector('form[action="/sign-out"]')?.addEventListener("submit", () => {
    all().forEach((key) => tab.removeItem(key));
    browser.removeItem(WHOSE);
  });
  if (!person) return;

  // whose is this person's sign-in: signing out ends it in every tab, as the server then
  // has the browser forget it, and so does anybody else who signs in.
  const mine = `${group}/${person} `;
  let whose = browser.getItem(WHOSE);
  if (!whose?.startsWith(mine)) {
    whose = mine + Date.now();
    browser.setItem(WHOSE, whose);
  }

  // draftAt is what is kept under the key, if it may still be shown; null if not.
  function draftAt(key) {
    const draft = JSON.parse(tab.getItem(key));
    const age = draft ? Date.now() - draft.on : -1;
    return age >= 0 && age <= LIFE && draft.whose === whose ? draft : null;
  }
  all().filter((key) => !draftAt(key)).forEach((key) => tab.removeItem(key));
  if (recorded && !keptOn && performance.getEntriesByType("navigation")[0].type === "navigate") { // the form that was sent last has done its work
    tab.removeItem(tab.getItem(SENT));
    tab.removeItem(SENT);
  }

  // here is this page's address, without what only says what has just been done.
  const asked = new URLSearchParams(location.search);
  ["atLeast", "recorded"].forEach((name) => asked.delete(name));
  const here = `${KEPT}${location.pathname}${asked.size ? `?${asked}` : ""} `;
  const keeps = (form) => form?.method === "post" && form.id !== "check" && form.querySelector('[name="form"]') !== null;

  // valuesOf are the form's fields as it would send them, without anything secret.
  function valuesOf(form) {
    const values = {};
    for (const [name, value] of new FormData(form)) {
      const secret = form.querySelector(`[name="${CSS.escape(name)}"]:is([type=password], [autocomplete=one-time-code])`);
      if (typeof value === "string" && !secret) (values[name] ??= []).push(value);
    }
    return values;
  }

  // changed says whether something in the form is not as the page gave it.
  const changed = (form) => [...form.elements].some((field) => {
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (!field.options) return "defaultValue" in field && field.type !== "hidden" && field.value !== field.defaultValue;
    const given = [...field.options].findLast((option) => option.defaultSelected) || field.options[0];
    return given !== undefined && !given.selected;
  });

  function keep(form) {
    try {
      if (answer || changed(form)) tab.setItem(here + form.id, JSON.stringify({ whose, on: Date.now(), form: valuesOf(form) }));
      else tab.removeItem(here + form.id);
    } catch { /* it is full: the form works without */ }
  }
  const typedIn = (event) => { const { form } = event.target; if (keeps(form)) keep(form); };
  document.addEventListener("input", typedIn);
  document.addEventListener("change", typedIn);
  document.addEventListener("submit", ({ target }) => { if (keeps(target)) tab.setItem(SENT, here + target.id); });

  // offer offers to go on with what was typed last on this page.
  function offer() {
    const at = document.getElementById("typed");
    if (!at) return;
    const latest = all().filter((key) => key.startsWith(here)).sort((a, b) => draftAt(b).on - draftAt(a).on)[0];
    at.hidden = !latest;
    if (!latest) return;
    const { on, form } = draftAt(latest);
    const when = new Date(on).toLocaleTimeString("en-GB", { hour: "numeric", minute: "2-digit", hour12: true }).replace(" ", "");
    at.querySelector("[data-say]").textContent = `You typed something on this page at ${when} that is not recorded.`;
    at.querySelector('[name="kept-form"]').value = JSON.stringify(form);
    at.querySelector("[data-clear]").onclick = () => { tab.removeItem(latest); offer(); };
  }
  if (!answer) offer(); // the answer to a form has what was sent
})();
