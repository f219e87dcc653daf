// What the server says about single fields of a form while it is filled in.

const TYPED = "•"; // in place of a secret, which is not sent before the form is

/** Returns what a form holds, without files and secrets. */
export function withoutSecrets(form) {
  const data = new FormData(form);
  for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
  for (const secret of form.querySelectorAll("textarea.masked[name]")) if (secret.value) data.set(secret.name, TYPED);
  return data;
}

/** Returns the name of the control of a field, [data-key]. */
export function nameOf(field) {
  return field.querySelector("[name*='input.']")?.name ?? "";
}

/** Says what is wrong with a field, or that nothing is. What a secret is like is checked when the form is sent. */
export function mark(field, problem) {
  const control = field.querySelector("textarea:not(.json-part), select, input:not([type=hidden], [type=search])");
  if (!control || (control.matches(".masked") && control.value)) return;
  const number = (control.id || field.id).replace("field-", "");
  let line = document.getElementById(`error-${number}`);
  const shown = field.querySelector(".combobox input") ?? control;
  if (!problem) {
    line?.remove();
    for (const one of [control, shown]) one.removeAttribute("aria-invalid");
    return;
  }
  if (!line) {
    line = document.createElement("p");
    Object.assign(line, { id: `error-${number}`, className: "field-error" });
    line.append(document.createElement("span"));
    field.append(line);
  }
  line.querySelector("span").textContent = problem;
  for (const one of [control, shown]) {
    one.setAttribute("aria-invalid", "true");
    const about = new Set((one.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean)).add(line.id);
    one.setAttribute("aria-describedby", [...about].join(" "));
  }
}
