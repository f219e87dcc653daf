// Shows every <time datetime="…" data-relative> as "3 minutes ago" (its title keeps the instant in the reader's zone) and
// counts what goes on, <… data-elapsed="begin">, every second.
const UNITS = [["year", 31_536_000], ["month", 2_592_000], ["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];
const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

function relative(instant) {
  const seconds = (instant - Date.now()) / 1000;
  if (Math.abs(seconds) < 10) return "just now";
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return words.format(Math.round(seconds / size), unit);
}

function elapsed(since) {
  const seconds = Math.max(0, Math.round((Date.now() - since) / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

function refresh() {
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const instant = new Date(time.dateTime);
    if (Number.isNaN(instant.getTime())) continue;
    if (!time.dataset.local) time.title = instant.toLocaleString();
    time.dataset.local = "yes";
    time.textContent = relative(instant);
  }
}

function count() {
  for (const span of document.querySelectorAll("[data-elapsed]")) {
    const begin = new Date(span.dataset.elapsed);
    if (!Number.isNaN(begin.getTime())) span.textContent = elapsed(begin);
  }
}

refresh();
document.addEventListener("htmx:afterSettle", refresh);
document.addEventListener("parts-refreshed", refresh);
setInterval(refresh, 5000);
setInterval(count, 1000);
