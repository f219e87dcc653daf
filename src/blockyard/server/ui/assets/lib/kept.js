// What a visitor used last, and what they pinned: <meta name="thing" …> says what the page is about. And the bell, which says
// how much needs them; the number before stands there until the new one comes.
const about = document.querySelector('meta[name="thing"]');
const pin = document.querySelector("[data-pin]");
const bell = document.querySelector("[data-bell]");
const token = document.querySelector('meta[name="csrf-token"]')?.content;

async function keep(pinned) {
  const { kind, id, name, where } = about.dataset;
  const body = new URLSearchParams({ kind, id, name, where, pinned, csrf_token: token });
  const answer = await fetch("/kept", { method: "POST", body });
  if (!answer.ok || !pin) return;
  const { pinned: isPinned } = await answer.json();
  pin.setAttribute("aria-pressed", String(isPinned));
  pin.title = isPinned ? "Pinned to your start page" : "Pin to your start page";
}

if (about && token) {
  keep("").catch(() => {});
  pin?.addEventListener("click", () => keep(pin.getAttribute("aria-pressed") === "true" ? "no" : "yes").catch(() => {}));
}

function ring(total) {
  const count = bell.querySelector(".bell-count");
  count.textContent = total > 99 ? "99+" : total || "";
  bell.setAttribute("aria-label", total ? `What needs you: ${total}` : "What needs you: nothing");
}

if (bell) {
  ring(Number(sessionStorage.getItem("needs") ?? 0));
  fetch("/needs/count", { headers: { Accept: "application/json" }, cache: "no-store" })
    .then((answer) => (answer.ok && !answer.redirected ? answer.json() : Promise.reject()))
    .then(({ total }) => {
      sessionStorage.setItem("needs", total);
      ring(total);
    })
    .catch(() => {});
}
