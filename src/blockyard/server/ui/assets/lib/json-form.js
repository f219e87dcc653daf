// A <textarea data-schema="…"> of JSON becomes fields by its schema. The text stays what is sent, and numbers keep their digits.
// What a schema says that has no field here, such as anyOf, is left to the editor of the text.
const DEEPEST = 3;
const SIMPLE = new Set(["string", "integer", "number", "boolean"]);
let count = 0;

class Digits {
  constructor(text) {
    this.text = text;
  }
}

/** Returns whether `area` has got a form; `false` leaves it to the editor. */
export function jsonForm(area) {
  const schema = parsed(area.dataset.schema);
  if (!canShow(schema, 0) || schema.type !== "object") return false;
  const value = area.value.trim() ? parsed(area.value) : {};
  if (value === undefined || !fits(schema, value)) return false;
  const box = document.createElement("div");
  box.className = "json-form";
  box.setAttribute("role", "group");
  box.ariaLabel = area.labels[0]?.firstChild.textContent.trim() ?? "Structured data";
  const read = fieldsOf(schema, value, box, 0);
  const write = (event) => {
    event.stopPropagation();
    area.value = written(read() ?? {}, 0);
    area.dispatchEvent(new Event(event.type, { bubbles: true }));
  };
  box.addEventListener("input", write);
  box.addEventListener("change", write);
  area.before(box);
  area.hidden = true;
  return true;
}

function canShow(schema, depth) {
  if (typeof schema !== "object" || schema === null || depth > DEEPEST) return false;
  if (["anyOf", "oneOf", "allOf", "not", "if", "$ref", "patternProperties"].some((word) => word in schema)) return false;
  if (Array.isArray(schema.enum)) return schema.enum.every((one) => typeof one === "string");
  if (schema.type === "object") return Object.values(schema.properties ?? {}).every((one) => canShow(one, depth + 1));
  if (schema.type === "array") return schema.items?.type === "string";
  return SIMPLE.has(schema.type);
}

function fits(schema, value) {
  if (schema.type !== "object") return schema.type !== "array" || value === undefined || Array.isArray(value);
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Digits) return false;
  const known = schema.properties ?? {};
  return Object.entries(value).every(([key, inner]) => Object.hasOwn(known, key) && fits(known[key], inner));
}

/** Adds the fields of an object to `box`; returns what reads it back, undefined where nothing is in it. */
function fieldsOf(schema, value, box, depth) {
  const readers = Object.entries(schema.properties ?? {}).map(([key, inner]) => {
    const needed = schema.required?.includes(key);
    return [key, field(inner, value?.[key], { box, key, needed, depth: depth + 1 })];
  });
  return () => {
    const found = readers.map(([key, read]) => [key, read()]).filter(([, one]) => one !== undefined);
    return found.length ? Object.fromEntries(found) : undefined;
  };
}

function field(schema, value, { box, key, needed, depth }) {
  const id = `json-${(count += 1)}`;
  if (schema.type === "object") {
    const group = element("fieldset", "json-group");
    const legend = element("legend");
    legend.textContent = schema.title ?? key;
    group.append(legend);
    box.append(group);
    return fieldsOf(schema, value, group, depth);
  }
  const part = element("div", "field");
  const label = element("label");
  label.htmlFor = id;
  label.textContent = schema.title ?? key;
  if (needed) label.append(Object.assign(element("span", "required"), { textContent: " required" }));
  const [control, read] = controlOf(schema, value, needed);
  control.id = id;
  control.classList.add("json-part");
  part.append(label, control);
  if (schema.description) {
    const help = Object.assign(element("p", "field-help"), { id: `${id}-help`, textContent: schema.description });
    control.setAttribute("aria-describedby", help.id);
    part.append(help);
  }
  if (needed) control.setAttribute("aria-required", "true");
  box.append(part);
  return read;
}

function controlOf(schema, value, needed) {
  if (schema.enum || schema.type === "boolean") {
    const options = schema.enum ?? ["true", "false"];
    const select = element("select", "select w-full");
    const chosen = value === undefined ? (needed ? undefined : schema.default) : value;
    select.append(new Option(needed ? "Please choose" : "Not set", ""));
    for (const one of options) select.append(new Option(schema.enum ? one : one === "true" ? "Yes" : "No", one, false, String(chosen) === one));
    return [select, () => (select.value === "" ? undefined : schema.enum ? select.value : select.value === "true")];
  }
  if (schema.type === "array") {
    const area = element("textarea", "textarea w-full grows");
    area.rows = 2;
    area.placeholder = "One for each line";
    area.value = (value ?? []).join("\n");
    return [area, () => { const lines = area.value.split("\n").filter((line) => line.trim()); return lines.length ? lines : undefined; }];
  }
  const input = element("input", "input w-full");
  Object.assign(input, { type: "text", autocomplete: "off", value: value instanceof Digits ? value.text : value ?? "" });
  const example = schema.default ?? schema.examples?.[0];
  if (example !== undefined) input.placeholder = `${schema.default === undefined ? "Such as " : ""}${example instanceof Digits ? example.text : example}`;
  if (schema.type === "string") return [input, () => (input.value === "" ? undefined : input.value)];
  input.inputMode = schema.type === "integer" ? "numeric" : "decimal";
  return [input, () => (input.value.trim() === "" ? undefined : numberIn(input.value.trim()))];
}

function numberIn(text) {
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? new Digits(text) : text;
}

function element(name, className = "") {
  return Object.assign(document.createElement(name), { className });
}

/** Returns what JSON text means, with numbers as they are written; undefined if it is none. */
export function parsed(text) {
  try {
    return JSON.parse(text, (_, value, context) => (typeof value === "number" ? new Digits(context?.source ?? String(value)) : value));
  } catch {
    return undefined;
  }
}

/** Returns a value as indented JSON text. */
export function written(value, depth) {
  if (value instanceof Digits) return value.text;
  if (Array.isArray(value)) return `[${value.map((one) => written(one, depth)).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const space = "  ".repeat(depth + 1);
  const members = Object.entries(value).map(([key, one]) => `${space}${JSON.stringify(key)}: ${written(one, depth + 1)}`);
  return members.length ? `{\n${members.join(",\n")}\n${"  ".repeat(depth)}}` : "{}";
}
