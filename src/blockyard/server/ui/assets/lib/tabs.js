// Tabs that do not fit next to each other scroll: the one that is open is shown.
for (const current of document.querySelectorAll(".tabs-bar [aria-current]")) {
  const list = current.closest("ul");
  const [tab, bar] = [current.getBoundingClientRect(), list.getBoundingClientRect()];
  list.scrollLeft += tab.left + tab.width / 2 - bar.left - bar.width / 2;
}
