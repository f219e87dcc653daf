// Lets the fields of a form follow each other: shows and hides them by their conditions, gives those nobody has touched the
// default that counts, offers the options of now, and says which checks do not hold.
import { settle } from "./adaptive.js";

const ROUNDS = 5; // what loses its value, as it is not offered any more, may be read by others
const WHOLE = /^[+-]?[0-9]{1,20}$/;

/** Adapts the fields, [data-key], of `form` to each other; returns whether a field got another value by that. */
export function hide(form) {
  const fields = [...form.querySelectorAll("[data-key]")];
  const others = JSON.parse(form.dataset.known ?? "{}");
  let isChanged = false;
  for (const prefix of new Set(fields.map((field) => field.dataset.prefix))) {
    const checks = form.querySelector(`[data-checks][data-prefix="${CSS.escape(prefix)}"]`);
    const own = fields.filter((field) => field.dataset.prefix === prefix);
    for (let round = 0; round < ROUNDS && adapt(own, checks, others); round += 1) isChanged = true;
  }
  return isChanged;
}

/** `others` are inputs without a field that expressions may read, as { condition, value }, both parts of a tree. */
function adapt(fields, told, others) {
  if (!told && !fields.some(({ dataset }) => dataset.condition || dataset.options || dataset.defaults)) return false;
  const byKey = new Map(fields.map((field) => [field.dataset.key, field]));
  const specs = new Map(fields.map((field) => [field.dataset.key, specOf(field)]));
  const given = new Map();
  for (const [key, field] of byKey) {
    if (!specs.get(key).defaults || !isUntouched(field)) given.set(key, valueOf(field));
  }
  for (const [key, { condition, value }] of Object.entries(others)) {
    specs.set(key, { condition });
    given.set(key, leaf(value));
  }
  const checks = told ? JSON.parse(told.dataset.checks) : [];
  const now = settle(specs, checks, given);
  let isChanged = false;
  for (const [key, field] of byKey) {
    field.hidden = now.hidden.has(key);
    if (now.options.has(key)) isChanged = offer(field, now.options.get(key)) || isChanged;
    if (!given.has(key) && !field.hidden) isChanged = fill(field, specs.get(key), now.values.get(key)) || isChanged;
  }
  if (told) say(told, now.failed);
  return isChanged;
}

function specOf(field) {
  const { condition, options, defaults } = field.dataset;
  return {
    condition: condition && JSON.parse(condition),
    options: options && JSON.parse(options),
    defaults: defaults && JSON.parse(defaults).map(([when, held, mark]) => [when, valued(field, held), held, mark]),
  };
}

function leaf([word, value]) {
  return word === "number" ? BigInt(value) : value;
}

/** Returns what a control holds as expressions read it. */
function valued(field, held) {
  if (Array.isArray(held)) return held;
  if (held === "") return null;
  if (field.querySelector("input[type=radio], .toggle")) return held === "true";
  if (field.querySelector("input[inputmode=numeric]")) return BigInt(held);
  return held;
}

/** Whether a field holds a default of its own and nothing that somebody entered. */
function isUntouched(field) {
  const was = wasOf(field)?.value;
  return JSON.parse(field.dataset.defaults).some(([, held, mark]) => mark === was && isHeld(field, held));
}

function wasOf(field) {
  const name = field.querySelector("[name*='input.']")?.name;
  return name && field.ownerDocument.getElementsByName(name.replace(/input\./, "was."))[0];
}

function isHeld(field, held) {
  const boxes = [...field.querySelectorAll("input[type=checkbox]:not(.toggle)")];
  if (Array.isArray(held)) return boxes.filter((box) => box.checked).map((box) => box.value).sort().join("\n") === [...held].sort().join("\n");
  const toggle = field.querySelector(".toggle");
  if (toggle) return toggle.checked === (held === "true");
  const radio = field.querySelector("input[type=radio]");
  if (radio) return (field.querySelector("input[type=radio]:checked")?.value ?? "") === held;
  return controlOf(field)?.value === held;
}

/** Puts the default that counts into a field that nobody has touched. */
function fill(field, spec, value) {
  const found = spec.defaults.find(([, one]) => same(one, value));
  if (!found || isHeld(field, found[2])) return false;
  const [, , held, mark] = found;
  const control = controlOf(field);
  if (Array.isArray(held)) for (const box of field.querySelectorAll("input[type=checkbox]")) box.checked = held.includes(box.value);
  else if (control.matches(".toggle")) control.checked = held === "true";
  else if (control.type === "radio") for (const one of field.querySelectorAll("input[type=radio]")) one.checked = one.value === held;
  else control.value = held;
  const was = wasOf(field);
  if (was) was.value = mark;
  control.dispatchEvent(new Event("filled"));
  return true;
}

function same(one, other) {
  return Array.isArray(one) && Array.isArray(other) ? one.join("\n") === other.join("\n") : one === other;
}

/** Offers these options; what was chosen and is not offered any more is chosen no longer. */
function offer(field, texts) {
  const select = field.querySelector("select");
  if (select) return offerIn(select, texts);
  let isChanged = false;
  for (const box of field.querySelectorAll("input[type=checkbox]")) {
    const isOffered = texts.includes(box.value);
    box.closest("label").classList.toggle("hidden", !isOffered);
    isChanged ||= box.checked && !isOffered;
    if (!isOffered) box.checked = false;
    box.disabled = !isOffered;
  }
  return isChanged;
}

function offerIn(select, texts) {
  const before = [...select.options].map((option) => option.value).filter(Boolean);
  if (before.join("\n") === texts.join("\n")) return false;
  const chosen = texts.includes(select.value) ? select.value : "";
  const isChanged = select.value !== chosen;
  const none = new Option(texts.length ? "Please choose" : "Nothing to choose from yet", "");
  select.replaceChildren(...(chosen ? [] : [none]), ...texts.map((text) => new Option(text, text, text === chosen, text === chosen)));
  select.dispatchEvent(new Event("filled"));
  return isChanged;
}

/** Says which checks do not hold, once something was entered; the server says it beside the fields. */
function say(told, failed) {
  const texts = failed.filter((check) => !check.key).map((check) => check.message);
  const line = told.querySelector("span") ?? told;
  if (line.textContent !== texts.join(" ")) line.textContent = texts.join(" ");
  told.hidden = !texts.length;
}

function controlOf(field) {
  return field.querySelector("textarea[name], select[name], input[name]:not([type=hidden])");
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
