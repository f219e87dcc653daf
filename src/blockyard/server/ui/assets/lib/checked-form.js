// Lets the server check the fields of a form, form[data-check], as they are left. It refuses the same when the form is sent.
import { mark, nameOf, withoutSecrets } from "./field-problems.js";
import { sendWith } from "./forms.js";

const SOON = 150; // milliseconds after a field was left

const left = new Set(); // names of fields that the visitor has been in
let timer;

document.addEventListener("change", ({ target }) => {
  const form = target.closest("form[data-check]");
  const field = target.closest("[data-key]");
  if (!form || !field) return;
  left.add(nameOf(field));
  clearTimeout(timer);
  timer = setTimeout(() => check(form), SOON);
});

document.addEventListener("submit", () => clearTimeout(timer));

async function check(form) {
  if (!form.isConnected || form.ariaBusy === "true") return;
  let told;
  try {
    const answer = await sendWith(form, form.dataset.check, () => withoutSecrets(form));
    if (!answer?.ok) return;
    told = await answer.json();
  } catch {
    return; // it is checked when it is sent, which says what is the matter with the server
  }
  for (const field of form.querySelectorAll("[data-key]")) {
    const name = nameOf(field);
    if (left.has(name) || "checked" in form.dataset) mark(field, told.problems[name]);
  }
}
