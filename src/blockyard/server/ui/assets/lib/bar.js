// A bar at the bottom of the page for what the visitor has to know now: one line per subject, with a link if there is one.
const lines = new Map();
const bar = document.createElement("div");
bar.className = "bar";
bar.setAttribute("role", "status");
document.body.append(bar);

/** Shows `text` about a subject until `settle` is called for it. `link` is { href, text }, opened in a new tab. */
export function tell(subject, text, link) {
  const line = document.createElement("p");
  line.append(text);
  if (link) {
    const anchor = document.createElement("a");
    Object.assign(anchor, { href: link.href, textContent: link.text, target: "_blank", className: "link" });
    line.append(" ", anchor);
  }
  lines.set(subject, line);
  bar.replaceChildren(...lines.values());
}

/** Takes the line about a subject away. */
export function settle(subject) {
  if (lines.delete(subject)) bar.replaceChildren(...lines.values());
}
