// A <button data-theme-switch> changes between light and dark; the choice is kept in a cookie, so that the server sends
// the next page with the right `data-theme` and nothing flashes.
const YEAR = 365 * 24 * 60 * 60; // seconds

function current() {
  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  return document.documentElement.dataset.theme || (dark ? "dark" : "light");
}

function show(theme) {
  document.documentElement.dataset.theme = theme;
  for (const button of document.querySelectorAll("[data-theme-switch]")) {
    button.setAttribute("aria-pressed", String(theme === "dark"));
  }
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-theme-switch]")) return;
  const theme = current() === "dark" ? "light" : "dark";
  document.cookie = `theme=${theme}; path=/; max-age=${YEAR}; samesite=lax`;
  show(theme);
});

for (const button of document.querySelectorAll("[data-theme-switch]")) {
  button.setAttribute("aria-pressed", String(current() === "dark"));
}
