// Keys that work anywhere but where one writes: `g` and the key of an area, `?` for the sheet with all of them.
const SECOND = 1200; // milliseconds between `g` and the key of an area
let goUntil = 0;

/** Whether keys mean text, or a dialog is open. */
export function isWriting(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  return event.target.closest("input, textarea, select, [contenteditable], dialog[open]") !== null
    && !event.target.matches("input[type=checkbox]");
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || isWriting(event)) return;
  if (event.key === "?") return showHelp(event);
  if (event.key === "g") return void (goUntil = event.timeStamp + SECOND);
  const area = event.timeStamp < goUntil && document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`);
  goUntil = 0;
  if (!area) return;
  event.preventDefault();
  area.click();
});

document.addEventListener("click", (event) => event.target.closest("[data-keys-help]") && showHelp(event));

function showHelp(event) {
  event.preventDefault();
  document.querySelector("details[data-menu][open]")?.removeAttribute("open");
  document.getElementById("keys-help")?.showModal();
}
