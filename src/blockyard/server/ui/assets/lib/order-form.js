// The form of an order: kept as a draft while it is filled in, checked by the server as fields are left, and changed at once
// where a choice changes what there is to choose. It works without this, too, by its buttons.
import { mark, nameOf, withoutSecrets } from "./field-problems.js";
import { sendWith } from "./forms.js";
import { hide } from "./hiding.js";

const SOON = 150; // milliseconds after a field was left
const QUIET = 800; // milliseconds after the last key

const left = new Set(); // names of fields that the visitor has been in
let timer;
let keeping = false;
let again = false;
let clashes = false;

const formOf = () => document.getElementById("order-form");

document.addEventListener("input", (event) => {
  const form = event.target.closest("#order-form");
  if (!form) return;
  hide(form);
  due(QUIET);
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("#order-form");
  if (!form) return;
  const field = event.target.closest("[data-key]");
  if (field) left.add(nameOf(field));
  hide(form);
  if (event.target.closest("[data-again]")) return change(form);
  due(SOON);
});

document.addEventListener("submit", (event) => {
  if (event.target.id === "order-form") clearTimeout(timer);
});

function change(form) {
  clearTimeout(timer);
  const button = document.createElement("button");
  Object.assign(button, { type: "submit", name: "intent", value: "change", hidden: true });
  form.append(button);
  form.requestSubmit(button);
}

function due(milliseconds) {
  clearTimeout(timer);
  if (!clashes) timer = setTimeout(keep, milliseconds);
}

async function keep() {
  const form = formOf();
  if (!form || form.ariaBusy === "true") return;
  if (keeping) {
    again = true;
    return;
  }
  keeping = true;
  try {
    const answer = await sendWith(form, form.dataset.keep, () => withoutSecrets(form));
    if (answer) await take(form, answer.status, await answer.json());
  } catch {
    say("Not kept: the server cannot be reached.");
  } finally {
    keeping = false;
    if (again) due(SOON);
    again = false;
  }
}

async function take(form, status, told) {
  if (form !== formOf()) return;
  if (status === 409) return clash(form, told);
  if (told.draft) {
    const at = `/orders/${told.draft}`;
    form.action = at;
    form.dataset.keep = `${at}/save`;
    revisionOf(form).value = told.revision;
    if (location.pathname !== at) history.replaceState(null, "", at);
  }
  say(told.unsaved ? `Not kept: ${told.unsaved}` : "Kept as a draft");
  for (const field of form.querySelectorAll("[data-key]")) {
    const name = nameOf(field);
    if (left.has(name) || "checked" in form.dataset) mark(field, told.problems[name]);
  }
}

function revisionOf(form) {
  const found = form.elements.namedItem("revision");
  if (found) return found;
  const field = Object.assign(document.createElement("input"), { type: "hidden", name: "revision" });
  form.append(field);
  return field;
}

function say(text) {
  const told = document.getElementById("order-kept");
  if (told && told.textContent !== text) told.textContent = text;
}

/** Another tab has changed the draft: shows what differs, and lets the visitor choose. */
function clash(form, { revision, differences }) {
  clashes = true;
  say("Not kept: this draft was changed in another tab.");
  const box = document.getElementById("order-clash");
  const notice = document.createElement("div");
  notice.className = "notice notice-warning mb-5";
  notice.setAttribute("role", "alert");
  notice.tabIndex = -1;
  const words = document.createElement("div");
  const title = Object.assign(document.createElement("p"), {
    className: "font-medium",
    textContent: "This draft was changed in another tab.",
  });
  const list = Object.assign(document.createElement("ul"), { className: "list-disc pl-5 break-anywhere" });
  for (const one of differences) {
    const item = document.createElement("li");
    item.textContent = `${one.label}: here “${one.mine || "nothing"}”, there “${one.theirs || "nothing"}”`;
    list.append(item);
  }
  const buttons = Object.assign(document.createElement("div"), { className: "flex flex-wrap gap-2 mt-2" });
  const mine = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: "Keep what is here" });
  const theirs = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: "Take what is there" });
  mine.addEventListener("click", () => {
    clashes = false;
    revisionOf(form).value = revision;
    box.replaceChildren();
    keep();
  });
  theirs.addEventListener("click", () => location.reload());
  buttons.append(mine, theirs);
  words.append(title, list, buttons);
  notice.append(words);
  box.replaceChildren(notice);
  notice.focus();
}

/** Makes a form that has come anew ready. */
export function ready() {
  const form = formOf();
  if (form && hide(form)) due(SOON);
}

