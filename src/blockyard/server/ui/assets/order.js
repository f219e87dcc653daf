// What forms of inputs have beyond their plain controls: an editor for code, fields for structured data, lists that are searched,
// and for orders a draft that is kept meanwhile. The editor is loaded only where there is code.
import "./lib/checked-form.js";
import { search } from "./lib/choices.js";
import "./lib/files.js";
import { hide } from "./lib/hiding.js";
import { jsonForm } from "./lib/json-form.js";
import { ready } from "./lib/order-form.js";

async function dress() {
  search(document);
  for (const area of document.querySelectorAll("textarea[data-schema]:not([data-ready])")) {
    if (jsonForm(area)) area.dataset.ready = "";
  }
  ready();
  document.querySelectorAll("form[data-conditions]").forEach(hide);
  const areas = [...document.querySelectorAll("textarea[data-editor]:not([data-ready])")];
  if (!areas.length) return;
  const { edit } = await import("./lib/editor.js");
  areas.filter((area) => area.isConnected).forEach(edit);
}

for (const event of ["input", "change"]) {
  document.addEventListener(event, ({ target }) => {
    const form = target.closest("form[data-conditions]");
    if (form) hide(form);
  });
}

document.addEventListener("parts-refreshed", dress);
dress();
