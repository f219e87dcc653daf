// The palette: Ctrl-K or `/` searches everything that the visitor may see, and leads to every area. What it shows is a list
// box that the arrows walk through; without scripts its button is a link to the page of the search.
import { isWriting } from "./keys.js";

const dialog = document.getElementById("palette");
const input = dialog?.querySelector("input");
const list = dialog?.querySelector("[role=listbox]");
const told = dialog?.querySelector("[role=status]");
const SLOW = 200; // milliseconds after which it shows that it looks
let kind = "";
let asked = 0;
let timer;

if (dialog) {
  document.addEventListener("keydown", (event) => {
    const isChord = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
    if (isChord || (event.key === "/" && !isWriting(event))) open(event, "");
  });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-palette]");
    if (opener && !event.ctrlKey && !event.metaKey && !event.shiftKey) open(event, opener.dataset.palette);
  });
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, 120);
  });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      choose(at() + step);
    } else if (event.key === "Enter") {
      event.preventDefault();
      go(list.children[Math.max(at(), 0)], event);
    }
  });
  list.addEventListener("click", (event) => go(event.target.closest("[data-href]"), event));
}

function go(row, event) {
  if (!row?.dataset.href) return;
  if (event.ctrlKey || event.metaKey) window.open(row.dataset.href, "_blank", "noopener");
  else location.assign(row.dataset.href);
}

function open(event, wanted) {
  event.preventDefault();
  if (dialog.open) return;
  document.querySelector("dialog[open]")?.close();
  kind = wanted;
  input.value = "";
  input.placeholder = kind ? `Switch to a ${kind} …` : "Search or jump to …";
  list.replaceChildren();
  dialog.showModal();
  look();
}

async function look() {
  const text = input.value.trim();
  const turn = ++asked;
  const slow = setTimeout(() => turn === asked && wait(), SLOW);
  try {
    const query = new URLSearchParams({ q: text, kind });
    const answer = await fetch(`/search?${query}`, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (!answer.ok || answer.redirected) return location.assign("/search");
    const { found } = await answer.json();
    if (turn === asked) show([...(kind ? [] : areasLike(text)), ...found]);
  } catch {
    list.replaceChildren();
    told.textContent = "The server cannot be reached.";
  } finally {
    clearTimeout(slow);
  }
}

/** Shows where rows will stand. */
function wait() {
  told.textContent = "Looking …";
  list.ariaBusy = "true";
  list.replaceChildren(...["w-1/2", "w-2/3", "w-1/3"].map((width) => {
    const item = Object.assign(document.createElement("li"), { className: "palette-row", role: "presentation" });
    item.append(Object.assign(document.createElement("span"), { className: `skeleton-line ${width}` }));
    return item;
  }));
}

function areasLike(text) {
  return [...document.querySelectorAll(".area-link")]
    .filter((link) => link.textContent.trim().toLowerCase().startsWith(text.toLowerCase()))
    .map((link) => ({ name: link.textContent.trim(), where: `g ${link.dataset.key}`, href: link.href, icon: link.querySelector("use").getAttribute("href").split("#")[1], label: "Go to" }));
}

function show(rows) {
  const sheet = document.querySelector("svg use").getAttribute("href").replace(/#.*/, "");
  list.ariaBusy = "false";
  list.replaceChildren(...rows.map((row, place) => {
    const item = document.createElement("li");
    Object.assign(item, { id: `palette-${place}`, role: "option", className: "palette-row" });
    item.setAttribute("aria-selected", "false");
    item.dataset.href = row.href;
    item.innerHTML = `<svg class="icon text-muted" aria-hidden="true"><use href="${sheet}#${row.icon}"></use></svg>`;
    const name = Object.assign(document.createElement("span"), { className: "palette-name", textContent: row.name });
    const about = [row.label, row.where].filter(Boolean).join(" · ");
    item.append(name, Object.assign(document.createElement("span"), { className: "palette-where", textContent: about }));
    return item;
  }));
  told.textContent = rows.length ? `${rows.length} found` : "Nothing found.";
  choose(0);
}

const at = () => [...list.children].findIndex((item) => item.ariaSelected === "true");

function choose(wanted) {
  const items = [...list.querySelectorAll("[role=option]")];
  const place = items.length ? (wanted + items.length) % items.length : -1;
  items.forEach((item, index) => (item.ariaSelected = String(index === place)));
  input.setAttribute("aria-activedescendant", items[place]?.id ?? "");
  items[place]?.scrollIntoView({ block: "nearest" });
}
