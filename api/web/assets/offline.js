// The check without a server: finds in the answers that were taken along the one that
// holds for what is asked. It works out nothing else; where it is not sure it asks.
"use strict";
const offline = (() => {
  const WEEK = 7;

  // verified are the answers of a signed note (c2sp.org/signed-note), if one of the keys
  // signed it; else it throws.
  async function verified(note, keys) {
    const end = note.indexOf("\n\n— ");
    const text = note.slice(0, end + 1);
    const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    for (const line of note.slice(end + 2).split("\n")) {
      const [, name, base64] = line.split(" ");
      for (const vkey of keys) {
        const [signer, , key] = /^(.*)\+([0-9a-f]{8})\+(.*)$/.exec(vkey).slice(1);
        if (!base64 || name !== signer || !text.startsWith(`${name} `)) continue;
        const raw = bytes(key).slice(1);
        const by = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
        if (await crypto.subtle.verify("Ed25519", by, bytes(base64).slice(4), new TextEncoder().encode(text))) return JSON.parse(text.split("\n")[1]);
      }
    }
    throw new Error("not signed");
  }

  // readPence reads a sum as the server does; undefined where it can't.
  function readPence(words) {
    const parts = /^(\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d+))?(k?)$/.exec(words.replace(/[£ ]/g, "").toLowerCase());
    if (!parts) return undefined;
    const [, pounds, pence = "00", thousands] = parts;
    const cents = thousands && pence.length === 1 ? `${pence}0` : pence;
    if (cents.length !== 2) return undefined;
    const sum = Number(pounds.replaceAll(",", "") + cents) * (thousands ? 1000 : 1);
    return Number.isSafeInteger(sum) ? sum : undefined;
  }

  // readMonths reads a term as the server does; undefined where it can't.
  function readMonths(words, numbers) {
    const parts = /^(\S+)(?:\s+(months?|years?))?$/.exec(words.trim().toLowerCase());
    if (!parts) return undefined;
    const value = /^\d{1,5}$/.test(parts[1]) ? Number(parts[1]) : numbers.indexOf(parts[1]);
    if (value < 0 || value > 65535) return undefined;
    return (parts[2] || "").startsWith("year") ? value * 12 : value;
  }

  const path = (words) => words.toLowerCase().split(/[,/]/).map((level) => level.split(/[^\p{L}\p{Nd}]+/u).filter(Boolean).join("-")).filter(Boolean).join("/");

  // matterMeant is the number of the subject that the words name; -1 if they name none.
  function matterMeant(answers, words) {
    const meant = answers.matters.findIndex((m) => m.matter === words);
    return meant >= 0 ? meant : answers.matters.findIndex((m) => m.matter === path(words));
  }

  function alike(answers, words) {
    const said = words.toLowerCase().split(/[^\p{L}]+/u).filter((w) => w.length > 3).map((w) => w.slice(0, 4));
    const some = answers.matters.filter((m) => said.some((w) => m.name.toLowerCase().split(/[^\p{L}]+/u).some((o) => o.startsWith(w))));
    return some.length ? some : answers.matters;
  }

  const upTo = (named, most) => (named === undefined ? most === undefined : most !== undefined && named <= most);

  // answer is what the answers say to the question, which is in words, on the day, by its
  // number: {answer, age} where age is in days, {faults} by field, or {alike}.
  function answer(answers, q, today) {
    const faults = {};
    const amount = q.amount ? readPence(q.amount) : undefined;
    const months = q.months ? readMonths(q.months, answers.numbers) : undefined;
    if (q.amount && (amount === undefined || amount > answers.mostPence)) faults.amount = "Write the amount in pounds, such as 12,000 or 12,000.50.";
    if (q.months && (months === undefined || months > answers.mostMonths)) faults.months = "Write the term as a whole number of months, such as 6, or in years.";
    if (!q.matter) faults.matter = "Say what it is about, and choose a subject.";
    const forum = answers.forums.findIndex((f) => f.forum === (q.forum || ""));
    if (forum < 0) faults.forum = "Choose a meeting.";
    if (!["", "all", "none"].includes(q.consulted || "")) faults.consulted = "Only all or none of those who must be consulted can be checked without signal.";
    if (q.person && q.person !== answers.person) faults.person = "Without signal you can check for yourself only.";
    if (Object.keys(faults).length) return { faults };
    const matter = matterMeant(answers, q.matter);
    if (matter < 0) return { alike: alike(answers, q.matter) };

    const first = Date.parse(`${answers.days[0].day}T00:00:00Z`) / 86400000;
    const age = today - first;
    const day = answers.days[Math.min(Math.max(age, 0), answers.days.length - 1)];
    const cases = answers.tables[day.tables[forum][matter]];
    const open = q.openEnded === "true";
    const consulted = cases.some((c) => c.consulted) ? q.consulted || "" : "";
    const found = cases.find((c) => Boolean(c.openEnded) === open && (c.consulted || "") === consulted && upTo(amount, c.amountPence) && upTo(months, c.months));
    const said = answers.answers[found.answer];
    if ((age < 0 || age > WEEK) && said.kind === "yes") {
      return { age, matter: answers.matters[matter], answer: { ...answers.back, old: true, behalf: said.behalf } };
    }
    return { age, matter: answers.matters[matter], answer: said };
  }

  // What follows draws the page.

  const { group } = document.documentElement.dataset;
  const make = (tag, cls, ...inside) => {
    const e = document.createElement(tag);
    if (cls) e.className = cls;
    e.append(...inside);
    return e;
  };
  const listOf = (items) => make("ul", "", ...items.map((i) => make("li", "", i)));
  const moment = (at) => new Date(at).toLocaleString("en-GB", { timeZone: "Europe/London", dateStyle: "long", timeStyle: "short" });

  function facts(answer) {
    const list = make("dl", "thread-facts");
    const fact = (name, value) => value && value.length && list.append(make("div", "", make("dt", "", name), make("dd", "", value instanceof Node ? value : Array.isArray(value) ? listOf(value) : value)));
    fact("Why", answer.old ? ["What is kept here is more than 7 days old, or this device’s date is wrong. So it says yes to nothing."] : answer.reasons || (answer.kind === "back" ? ["It goes beyond a limit or a term."] : []));
    const remedies = (answer.remedies || []).map((r) => {
      const say = make("span", "", r.text);
      if (r.asks) {
        const link = make("a", "", "Check this");
        link.href = `/g/${group}/${r.asks}`;
        say.append(" ", link);
      }
      return say;
    });
    fact("What would make it a yes", remedies);
    fact("On condition", answer.conditions);
    fact("Your limit (for you, not for the room)", answer.limits);
    fact("Who you speak for", answer.behalf);
    fact("Who could say yes", answer.whoCould);
    fact("Our position", answer.position);
    fact("Last said on this", answer.lastSaid);
    fact("Please note", answer.notes);
    return list;
  }

  function showAnswer(place, answers, said) {
    const { answer } = said;
    const words = make("h1", "thread-verdict__words", make("span", "thread-verdict__shape", answer.shape), make("span", "", answer.words));
    words.id = "verdict";
    words.firstChild.setAttribute("aria-hidden", "true");
    const say = make("p", "thread-verdict__say", answer.say);
    say.id = "say";
    const verdict = make("section", `thread-verdict thread-verdict--${answer.kind}`, words, make("p", "thread-verdict__label", "You can say:"), say);
    verdict.setAttribute("aria-label", "The answer");
    document.querySelector("h1").remove();
    place.append(verdict, make("p", "", make("strong", "", said.matter.name), `. From what was recorded until ${moment(answers.known)}${said.age > 0 ? `, ${said.age} ${said.age === 1 ? "day" : "days"} ago` : ""}. What was recorded since is not known here.`), facts(answer));
  }

  function show(answers, asked) {
    const place = document.getElementById("answer");
    const said = answer(answers, asked, keep.dayOf(Date.now()));
    place.replaceChildren();
    if (said.faults) {
      place.append(make("div", "nhsuk-error-summary", make("h2", "nhsuk-error-summary__heading", "There is a problem"), listOf(Object.values(said.faults))));
    } else if (said.alike) {
      const choices = said.alike.map((m) => {
        const link = make("a", "", m.name);
        link.href = `/g/${group}/check?${new URLSearchParams({ ...asked, matter: m.matter })}`;
        return link;
      });
      place.append(make("p", "", make("strong", "", `“${asked.matter}” is not one of the subjects kept here.`), " Until you choose one, only the group can agree to it. Did you mean:"), listOf(choices));
    } else {
      showAnswer(place, answers, said);
    }
  }

  function fill(asked) {
    Object.entries(asked).forEach(([name, value]) => {
      const field = document.querySelector(`#ask [name="${name}"]`);
      if (!field) return;
      if (field.type === "checkbox") field.checked = value === "true";
      else field.value = value;
    });
  }

  async function listPages() {
    const place = document.getElementById("pages");
    const cache = await caches.open(keep.CACHE);
    const pages = [];
    for (const request of (await cache.keys()).reverse()) {
      const at = new URL(request.url);
      if (!at.pathname.startsWith(`/g/${group}`) || at.pathname.endsWith("/offline/taken")) continue;
      const page = await cache.match(request);
      const title = new DOMParser().parseFromString(await page.text(), "text/html").title;
      const link = make("a", "", title.split(" – ")[0]);
      link.href = at.pathname + at.search;
      pages.push(make("span", "", link, `, as it was on ${moment(page.headers.get("Kept-On"))}`));
    }
    if (pages.length) place.replaceChildren(listOf(pages));
  }

  async function start() {
    const state = document.getElementById("state");
    if (!state || !("caches" in self)) return;
    const asked = Object.fromEntries(new URLSearchParams(location.search));
    const away = Boolean(document.documentElement.dataset.keptOn);
    await listPages();
    const all = await keep.taken();
    if (!all) return;
    try {
      const answers = await verified(all.note, JSON.parse(document.getElementById("state").dataset.keys));
      state.textContent = `The check’s answers are kept here, from what was recorded until ${moment(answers.known)}. They hold for 7 days; after that the most they say is “${answers.back.words}”.`;
      if (!away) return;
      document.getElementById("ask").hidden = false;
      fill(asked);
      if (location.pathname.endsWith("/check") && "matter" in asked) {
        if ("at" in asked || "known" in asked) document.getElementById("answer").textContent = "Without signal you can check for today only.";
        else show(answers, asked);
      }
    } catch {
      state.textContent = "The check’s answers that are kept here can’t be verified on this device, so they are not shown. Without an answer, say that any agreement is subject to the group.";
    }
    document.documentElement.dataset.shown = "yes";
  }
  const forget = document.getElementById("forget");
  if (forget) {
    forget.addEventListener("click", async () => {
      await keep.forget();
      forget.parentElement.replaceChildren("It is removed. The next page that you look at is kept again.");
    });
  }
  document.addEventListener("kept", start);
  start();
  return { verified, answer, readPence, readMonths };
})();
