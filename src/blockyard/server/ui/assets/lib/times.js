// Shows every <time datetime="…" data-relative> as "3 minutes ago"; its title keeps the instant in the reader's zone.
const UNITS = [["year", 31_536_000], ["month", 2_592_000], ["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];
const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

function relative(instant) {
  const seconds = (instant - Date.now()) / 1000;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return words.format(Math.round(seconds / size), unit);
}

function refresh(root) {
  for (const time of root.querySelectorAll("time[data-relative]")) {
    const instant = new Date(time.dateTime);
    if (Number.isNaN(instant.getTime())) continue;
    time.title ||= instant.toLocaleString();
    time.textContent = relative(instant);
  }
}

refresh(document);
document.addEventListener("htmx:afterSettle", () => refresh(document));
setInterval(() => refresh(document), 30_000);
