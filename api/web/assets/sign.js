// Has what a seat says signed with a passkey, on its check page: shows the statement that
// the server made of the form, then asks the device to sign it. Without this script
// the form is sent unsigned, where the charter lets it.
"use strict";
(() => {
  if (!window.PublicKeyCredential) return;

  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const base64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));

  async function post(path, body, headers = {}) {
    const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.detail);
    return said;
  }

  // commandOf is the form as the command's JSON.
  function commandOf(form, proposal) {
    const command = {};
    for (const [name, value] of new FormData(form)) {
      const words = value.trim();
      if (words === "" || ["command", "form", "key", "me", "checked"].includes(name)) continue;
      command[name] = name === "version" || name === "index" ? Number(words) : name === "needNotWait" ? true : words;
    }
    if (form.elements.command.value !== "resolve-objection") command.proposal = proposal;
    return command;
  }

  async function sign(statement) {
    const got = await navigator.credentials.get({
      publicKey: {
        challenge: bytes(statement.challenge), rpId: statement.relyingParty, userVerification: "required",
        allowCredentials: statement.credentials.map((id) => ({ type: "public-key", id: bytes(id) })),
      },
    });
    return {
      credential: base64(got.rawId), statement: statement.statement, authenticatorData: base64(got.response.authenticatorData),
      clientDataJSON: base64(got.response.clientDataJSON), signature: base64(got.response.signature),
    };
  }

  function offer(panel) {
    const form = panel.closest("form");
    const { group, proposal } = panel.dataset;
    const name = form.elements.command.value;
    const part = (what) => panel.querySelector(`[data-${what}]`);
    let command;
    let statement;

    const attempt = (button, f) => button.addEventListener("click", async () => {
      part("problem").hidden = true;
      button.disabled = true;
      try {
        await f();
      } catch (why) {
        part("problem").textContent = why.name === "NotAllowedError" ? "The device did not sign. Please try again." : why.message;
        part("problem").hidden = false;
      }
      button.disabled = false;
    });

    const begin = part("begin");
    begin.hidden = false;
    attempt(begin, async () => {
      command = commandOf(form, proposal);
      statement = await post(`/v1/groups/${group}/statements/${name}`, command);
      part("say").textContent = statement.say;
      part("hash").textContent = statement.sha256;
      part("statement").textContent = statement.statement;
      part("sheet").hidden = false;
      part("sheet").focus();
    });
    form.addEventListener("input", () => { part("sheet").hidden = true; });
    attempt(part("now"), async () => {
      const signed = { ...command, signature: await sign(statement) };
      const { index } = await post(`/v1/groups/${group}/commands/${name}`, signed, { "Idempotency-Key": crypto.randomUUID() });
      location.assign(`${location.pathname}?recorded=${name}&atLeast=${index}`);
    });
  }

  const offerAll = () => document.querySelectorAll("[data-signing]").forEach((panel) => {
    if (!panel.dataset.offered) {
      panel.dataset.offered = "yes";
      offer(panel);
    }
  });
  offerAll();
  new MutationObserver(offerAll).observe(document.body, { childList: true, subtree: true }); // the page may be brought up to date
})();
