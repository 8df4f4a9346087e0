// Asks the device for a passkey: to sign in, or to register one.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const named = (list) => (list || []).map((c) => ({ ...c, id: bytes(c.id) }));

async function post(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail);
  return said;
}

async function register(button) {
  const { publicKey } = await post(button.dataset.begin, {});
  const made = await navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: bytes(publicKey.challenge),
      user: { ...publicKey.user, id: bytes(publicKey.user.id) },
      excludeCredentials: named(publicKey.excludeCredentials),
    },
  });
  return post(button.dataset.finish, {
    name: document.getElementById("name").value,
    credential: {
      id: made.id, rawId: text(made.rawId), type: made.type, authenticatorAttachment: made.authenticatorAttachment,
      clientExtensionResults: made.getClientExtensionResults(),
      response: {
        clientDataJSON: text(made.response.clientDataJSON), attestationObject: text(made.response.attestationObject),
        transports: made.response.getTransports ? made.response.getTransports() : [],
      },
    },
  });
}

async function signIn(button) {
  const { publicKey } = await post(button.dataset.begin, {});
  const got = await navigator.credentials.get({
    publicKey: { ...publicKey, challenge: bytes(publicKey.challenge), allowCredentials: named(publicKey.allowCredentials) },
  });
  return post(button.dataset.finish, {
    credential: {
      id: got.id, rawId: text(got.rawId), type: got.type, authenticatorAttachment: got.authenticatorAttachment,
      clientExtensionResults: got.getClientExtensionResults(),
      response: {
        clientDataJSON: text(got.response.clientDataJSON), authenticatorData: text(got.response.authenticatorData),
        signature: text(got.response.signature), userHandle: got.response.userHandle && text(got.response.userHandle),
      },
    },
  });
}

document.querySelector("form[data-resume]")?.requestSubmit();

for (const button of document.querySelectorAll("[data-passkey]")) {
  button.addEventListener("click", async () => {
    const problem = document.getElementById("problem");
    problem.hidden = true;
    button.disabled = true;
    try {
      await (button.dataset.passkey === "register" ? register(button) : signIn(button));
      const resume = document.getElementById("resume"); // a form that was kept meanwhile
      if (resume) resume.requestSubmit(); else location.assign(button.dataset.next);
    } catch (why) {
      document.getElementById("problem-words").textContent =
        why.name === "NotAllowedError" ? "The device did not give a passkey. Please try again." : why.message;
      problem.hidden = false;
      problem.focus();
      button.disabled = false;
    }
  });
}
