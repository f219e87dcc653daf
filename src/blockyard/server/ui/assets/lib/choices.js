// Long lists to choose from become searchable: a <select data-search> gets a box to type in, check boxes in [data-choices] a filter.
// What is sent is still the select, or the boxes.
let count = 0;

/** Makes the lists in `root` searchable. */
export function search(root) {
  root.querySelectorAll("select[data-search]:not([data-ready])").forEach(combobox);
  root.querySelectorAll("[data-choices]:not([data-ready])").forEach(filter);
}

function filter(boxes) {
  boxes.dataset.ready = "";
  const field = document.createElement("input");
  Object.assign(field, { type: "search", className: "input input-sm w-full mb-2", placeholder: "Search the options", autocomplete: "off" });
  field.ariaLabel = `Search the options of ${boxes.closest("fieldset")?.querySelector("legend")?.firstChild.textContent.trim()}`;
  field.addEventListener("input", (event) => {
    event.stopPropagation(); // it is none of the form's fields
    const wanted = field.value.trim().toLowerCase();
    for (const label of boxes.querySelectorAll("label")) label.hidden = !label.textContent.toLowerCase().includes(wanted);
  });
  boxes.before(field);
}

function combobox(select) {
  select.dataset.ready = "";
  const id = `choices-${(count += 1)}`;
  const box = document.createElement("div");
  box.className = "combobox";
  const field = document.createElement("input");
  Object.assign(field, { type: "text", className: "input w-full", id: `${id}-field`, autocomplete: "off", placeholder: "Type to search" });
  field.spellcheck = false;
  const list = document.createElement("ul");
  Object.assign(list, { id, className: "combobox-list", hidden: true });
  list.setAttribute("role", "listbox");
  for (const [name, value] of [["role", "combobox"], ["aria-controls", id], ["aria-expanded", "false"], ["aria-autocomplete", "list"]]) {
    field.setAttribute(name, value);
  }
  for (const name of ["aria-describedby", "aria-invalid", "aria-required"]) {
    if (select.hasAttribute(name)) field.setAttribute(name, select.getAttribute(name));
  }
  const label = select.labels[0];
  const name = label?.firstChild.textContent.trim() ?? select.ariaLabel ?? "Options";
  if (label) label.htmlFor = field.id;
  else field.ariaLabel = name;
  list.ariaLabel = name;
  let active = -1;

  function options() {
    return [...select.options].filter((option) => option.value !== "");
  }

  function draw(wanted) {
    const found = options().filter((option) => option.text.toLowerCase().includes(wanted));
    list.replaceChildren(...found.map((option, at) => {
      const item = document.createElement("li");
      Object.assign(item, { id: `${id}-${at}`, textContent: option.text });
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", String(option.selected));
      if (option.disabled) item.setAttribute("aria-disabled", "true");
      item.dataset.value = option.value;
      return item;
    }));
    if (!found.length) {
      const none = document.createElement("li");
      none.textContent = "Nothing matches";
      none.setAttribute("role", "option");
      none.setAttribute("aria-disabled", "true");
      list.append(none);
    }
    move(-1);
  }

  function open(wanted = "") {
    draw(wanted);
    list.hidden = false;
    field.ariaExpanded = "true";
  }

  function close() {
    list.hidden = true;
    field.ariaExpanded = "false";
    field.removeAttribute("aria-activedescendant");
    field.value = select.value ? select.selectedOptions[0].text : "";
  }

  function move(to) {
    list.children[active]?.classList.remove("active");
    active = to;
    const item = list.children[active];
    if (!item) return field.removeAttribute("aria-activedescendant");
    item.classList.add("active");
    item.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", item.id);
  }

  function choose(item) {
    if (!item?.dataset.value || item.ariaDisabled === "true") return;
    const isNew = select.value !== item.dataset.value;
    select.value = item.dataset.value;
    close();
    if (isNew) for (const type of ["input", "change"]) select.dispatchEvent(new Event(type, { bubbles: true }));
  }

  select.addEventListener("filled", close); // the form has chosen, or offers something else
  field.addEventListener("focus", () => field.select());
  field.addEventListener("click", () => list.hidden && open());
  field.addEventListener("input", (event) => {
    event.stopPropagation();
    open(field.value.trim().toLowerCase());
    move(list.children.length ? 0 : -1);
  });
  field.addEventListener("change", (event) => event.stopPropagation());
  field.addEventListener("blur", () => setTimeout(close, 120)); // after a click on the list
  field.addEventListener("keydown", (event) => {
    const last = list.children.length - 1;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) open();
      move(event.key === "ArrowDown" ? Math.min(active + 1, last) : Math.max(active - 1, 0));
    } else if (event.key === "Enter" && !list.hidden) {
      event.preventDefault();
      choose(list.children[active]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      close();
    }
  });
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    choose(event.target.closest("li"));
  });
  select.hidden = true;
  select.before(box);
  box.append(field, list);
  close();
}
