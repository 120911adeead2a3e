// A form with data-passkey ("create" or "get") asks the browser for a passkey before it is sent.
"use strict";

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-passkey]");
  if (!form || form.elements.credential.value) return;
  event.preventDefault();
  const said = form.querySelector("[data-passkey-said]");
  const say = (text) => {
    said.textContent = text;
    said.hidden = false;
  };
  if (!window.PublicKeyCredential) {
    say("This browser has no passkeys here: they need https, or a portal on this machine.");
    return;
  }
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  try {
    const options = JSON.parse(document.getElementById(form.dataset.passkeyOptions).textContent);
    const answer = await window.webauthnJSON[form.dataset.passkey](options);
    form.elements.credential.value = JSON.stringify(answer);
    form.submit();
  } catch (error) {
    button.disabled = false;
    say(error.name === "InvalidStateError" ? "This key is known already." : "No passkey was used. Try again.");
  }
});
