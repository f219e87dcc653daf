// Sends the page's CSRF token, <meta name="csrf-token" content="…">, with every request of htmx.
document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token) event.detail.headers["X-CSRF-Token"] = token;
});
