// Shows and hides the fields of a form by their conditions; a hidden field has no value for the conditions of others.
import { Reading } from "./conditions.js";

const WHOLE = /^[+-]?[0-9]{1,20}$/;

/** Hides the fields, [data-key], of `form` whose condition is false, and shows the others. */
export function hide(form) {
  const fields = [...form.querySelectorAll("[data-key]")];
  for (const prefix of new Set(fields.map((field) => field.dataset.prefix))) {
    hideOf(fields.filter((field) => field.dataset.prefix === prefix));
  }
}

function hideOf(fields) {
  if (!fields.some((field) => field.dataset.condition)) return;
  const byKey = new Map(fields.map((field) => [field.dataset.key, field]));
  const visible = new Map();
  const reading = new Reading((key) => (byKey.has(key) && isVisible(key) ? valueOf(byKey.get(key)) : null));

  function isVisible(key) {
    const { condition } = byKey.get(key).dataset;
    if (!visible.has(key)) visible.set(key, !condition || reading.holds(JSON.parse(condition)));
    return visible.get(key);
  }
  for (const [key, field] of byKey) field.hidden = !isVisible(key);
}

/** Returns what a field holds as conditions read it: null where the server would have no value. */
export function valueOf(field) {
  const boxes = [...field.querySelectorAll("input[type=checkbox], input[type=radio]")];
  const control = field.querySelector("textarea[name], select[name], input[name]");
  const hasDefault = "default" in field.dataset;
  if (boxes.length && boxes[0].type === "radio") {
    const chosen = boxes.find((box) => box.checked)?.value;
    return chosen === undefined ? null : chosen === "true";
  }
  if (boxes.length && boxes[0].matches(".toggle")) return boxes[0].checked;
  if (boxes.length) {
    const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
    return chosen.length || hasDefault ? chosen : null;
  }
  if (!control || control.matches(".masked, [type=file]")) return null;
  if (control.inputMode === "numeric") {
    return WHOLE.test(control.value.trim()) ? BigInt(control.value.trim().replace(/^\+/, "")) : null;
  }
  return control.value === "" && (control.localName === "select" || !hasDefault) ? null : control.value;
}
