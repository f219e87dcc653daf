// Tabs and drawings that do not fit scroll: the one that is open is shown, in the middle.
for (const current of document.querySelectorAll(".tabs-bar [aria-current], .drawing [aria-current]")) {
  const box = current.closest("ul, .drawing");
  const [shown, around] = [current.getBoundingClientRect(), box.getBoundingClientRect()];
  box.scrollLeft += shown.left + shown.width / 2 - around.left - around.width / 2;
  box.scrollTop += shown.top + shown.height / 2 - around.top - around.height / 2;
}
