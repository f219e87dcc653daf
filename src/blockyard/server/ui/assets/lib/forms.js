// Forms that change something are sent without leaving the page: whatever goes wrong, what was typed stays.
// A form with data-plain is left to the browser; one with data-guard-changes asks before its changes are lost; one with
// data-drop-empty keeps its address short.
import { settle, tell } from "./bar.js";
import { found } from "./connection.js";

const changed = new WeakSet();
let tokenIsOld = false; // somebody signed in again, in another tab maybe

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-guard-changes]");
  if (form) changed.add(form);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-drop-empty]")) {
    for (const field of form.elements) field.disabled = field.value === "";
  }
  if (form.method !== "post" || form.matches("[data-plain]")) return changed.delete(form);
  event.preventDefault();
  if (form.ariaBusy !== "true") send(form, event.submitter);
});

async function send(form, submitter) {
  form.ariaBusy = "true";
  try {
    const answer = await sendWith(form, form.action, () => bodyOf(form, submitter));
    if (answer) await take(form, answer);
  } catch {
    tell("form", "The server cannot be reached. Nothing was sent: please try again in a moment.");
  } finally {
    form.ariaBusy = "false";
  }
}

/** Sends what `body` makes to an address; returns the answer, nothing if the session has ended, which the visitor is told. */
export async function sendWith(form, address, body) {
  if (tokenIsOld) await renewToken();
  const answer = await fetch(address, { method: "POST", body: body(), headers: { "X-Blockyard-Form": "1" } });
  found();
  settle("form");
  const target = answer.headers.get("X-Blockyard-Go");
  if (!target?.startsWith("/sign-in") || form.action.endsWith("/sign-out")) return answer;
  tokenIsOld = true;
  const link = { href: `/sign-in?next=${encodeURIComponent(location.pathname)}`, text: "Sign in in a new tab" };
  tell("form", "Your session has ended; nothing was sent. What you typed is still here:", link);
  return undefined;
}

function bodyOf(form, button) {
  const data = new FormData(form, button?.name ? button : null);
  return form.enctype === "multipart/form-data" ? data : new URLSearchParams(data);
}

async function take(form, answer) {
  const target = answer.headers.get("X-Blockyard-Go");
  if (target) {
    changed.delete(form);
    location.assign(target);
  } else {
    show(form, new DOMParser().parseFromString(await answer.text(), "text/html"));
  }
}

/** Puts the content of an answer in place of the page's, with the secrets and files that the server never sends back. */
function show(form, fresh) {
  const main = fresh.querySelector("main");
  const active = document.activeElement?.name;
  const unsent = [...form.querySelectorAll("textarea.masked, input[type=password], input[type=file]")];
  document.title = fresh.title;
  document.querySelector("main").replaceWith(document.adoptNode(main));
  for (const old of unsent) {
    const field = main.querySelector(`[name="${CSS.escape(old.name)}"]`);
    if (field && old.type === "file") field.files = old.files;
    else if (field) field.value = old.value;
  }
  for (const again of main.querySelectorAll("form[data-unsaved]")) changed.add(again);
  document.dispatchEvent(new Event("parts-refreshed"));
  const before = active && main.querySelector(`:is(select, input[type=radio]:checked)[name="${CSS.escape(active)}"]`);
  const alert = main.querySelector("[data-focus], [role=alert]");
  if (before && !alert) return before.focus();
  const first = alert ?? main;
  first.tabIndex = -1;
  first.focus();
  first.scrollIntoView({ block: "center" });
}

async function renewToken() {
  const answer = await fetch(location.href, { headers: { "X-Blockyard-Live": "parts" }, cache: "no-store" });
  if (answer.redirected) return; // nobody has signed in yet
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const token = fresh.querySelector('meta[name="csrf-token"]')?.content;
  if (!token) return;
  for (const field of document.querySelectorAll('input[name="csrf_token"]')) field.value = token;
  tokenIsOld = false;
}

window.addEventListener("beforeunload", (event) => {
  if ([...document.querySelectorAll("form[data-guard-changes]")].some((form) => changed.has(form))) event.preventDefault();
});
document.addEventListener("htmx:configRequest", (event) => {
  if (!event.detail.elt.matches("form[data-drop-empty]")) return;
  for (const [name, value] of Object.entries(event.detail.parameters)) {
    if (value === "") delete event.detail.parameters[name];
  }
});

// Where CSS cannot let a text area grow with its content.
if (!CSS.supports("field-sizing", "content")) {
  const grow = (area) => (area.rows = Math.min(20, Math.max(area.rows, area.value.split("\n").length)));
  document.addEventListener("input", (event) => event.target.matches("textarea.grows") && grow(event.target));
  document.querySelectorAll("textarea.grows").forEach(grow);
}
