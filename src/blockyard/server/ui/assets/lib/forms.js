// A form with data-guard-changes asks before its changes are lost; one with data-drop-empty keeps its address short.
const changed = new WeakSet();

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-guard-changes]");
  if (form) changed.add(form);
});
document.addEventListener("submit", (event) => {
  changed.delete(event.target);
  if (!event.target.matches("[data-drop-empty]")) return;
  for (const field of event.target.elements) field.disabled = field.value === "";
});
window.addEventListener("beforeunload", (event) => {
  if ([...document.querySelectorAll("form[data-guard-changes]")].some((form) => changed.has(form))) event.preventDefault();
});
document.addEventListener("htmx:configRequest", (event) => {
  if (!event.detail.elt.matches("form[data-drop-empty]")) return;
  for (const [name, value] of Object.entries(event.detail.parameters)) {
    if (value === "") delete event.detail.parameters[name];
  }
});
