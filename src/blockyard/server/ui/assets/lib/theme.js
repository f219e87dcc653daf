// A <button data-theme-choice="light | dark | "> chooses the theme; without a choice it is the system's. It is kept in a
// cookie, so that the server sends the next page with the right `data-theme` and nothing flashes.
const YEAR = 365 * 24 * 60 * 60; // seconds

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-choice]");
  if (!button) return;
  const theme = button.dataset.themeChoice;
  document.cookie = `theme=${theme}; path=/; max-age=${theme ? YEAR : 0}; samesite=lax`;
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  for (const one of document.querySelectorAll("[data-theme-choice]")) {
    one.setAttribute("aria-pressed", String(one.dataset.themeChoice === theme));
  }
});
