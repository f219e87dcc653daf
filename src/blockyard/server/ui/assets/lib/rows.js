// Rows of a list by keyboard: `j` and `k` go down and up, Enter opens, `x` selects, `f` searches. And the bar of what can be
// done with selected rows, <form data-selection>, says how many these are.
import { isWriting } from "./keys.js";

const rowsOf = () => [...document.querySelectorAll("table.listing tbody tr:not(.group-row)")];

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || isWriting(event)) return;
  if (event.key === "f") return focus(event, document.querySelector("main [type=search]"));
  const rows = rowsOf();
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  if (event.key === "j" || event.key === "k") {
    const next = rows[event.key === "j" ? Math.min(at + 1, rows.length - 1) : Math.max(at - 1, 0)];
    focus(event, next?.querySelector("a.row-link, input"));
    next?.scrollIntoView({ block: "nearest" });
  } else if (event.key === "x" && at >= 0) {
    rows[at].querySelector("[name=chosen]")?.click();
  }
});

function focus(event, element) {
  if (!element) return;
  event.preventDefault();
  element.focus();
}

function count() {
  for (const form of document.querySelectorAll("form[data-selection]")) {
    const boxes = [...form.querySelectorAll("[name=chosen]")];
    const every = form.querySelector("[name=every]:checked");
    const chosen = every ? Number(every.value) : boxes.filter((box) => box.checked).length;
    form.querySelector(".selection-count").textContent = chosen ? `${chosen} selected` : "";
    for (const button of form.querySelectorAll(".selection-bar [type=submit]")) button.disabled = !chosen;
    const all = form.querySelector("[data-select-all]");
    all.checked = chosen > 0 && chosen >= boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-selection]");
  if (!form) return;
  if (event.target.matches("[data-select-all]")) {
    for (const box of form.querySelectorAll("[name=chosen]")) box.checked = event.target.checked;
    const every = form.querySelector("[name=every]");
    if (every && !event.target.checked) every.checked = false;
  }
  count();
});
for (const event of ["parts-refreshed", "htmx:afterSettle"]) document.addEventListener(event, count);
count();
