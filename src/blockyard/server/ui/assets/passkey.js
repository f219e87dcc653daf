// Forms whose device makes ("create") or shows ("get") a passkey before they are sent; data-options is what it is asked.
const WORDS = {
  NotAllowedError: "Nothing was chosen, or it took too long. Please try again.",
  InvalidStateError: "This device has a passkey for your account already.",
  SecurityError: "Passkeys do not work at this address.",
  AbortError: "Please try again.",
};
const canDo = window.PublicKeyCredential?.parseCreationOptionsFromJSON;

for (const form of canDo ? document.querySelectorAll("form[data-passkey]") : []) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    if (form.ariaBusy !== "true") ask(form);
  });
}

async function ask(form) {
  const problem = form.querySelector("[data-passkey-problem]");
  form.ariaBusy = "true";
  problem.hidden = true;
  try {
    const options = JSON.parse(form.dataset.options);
    const credential =
      form.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
  } catch (error) {
    problem.textContent = WORDS[error.name] ?? "The device could not do that. Please try again.";
    problem.hidden = false;
  } finally {
    form.ariaBusy = "false";
  }
}

// With "back" one comes to the form again: what the device said was for one time.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-passkey]")) form.elements.credential.value = "";
});
