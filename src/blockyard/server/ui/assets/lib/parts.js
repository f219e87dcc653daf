// Brings the parts of a page, every [data-live-part] and the items of every [data-live-list], up to date without a reload.
import { found, lost } from "./connection.js";

const known = new Map(); // what the server last sent for each part

/** Fetches the page again and replaces what differs. Whoever was signed out meanwhile gets the sign-in. */
export async function refreshParts() {
  const answer = await fetch(location.href, { headers: { "X-Blockyard-Live": "parts" }, cache: "no-store" });
  found();
  if (answer.redirected || answer.status === 404) return location.reload();
  if (!answer.ok) throw new Error(`the page answered ${answer.status}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const list of document.querySelectorAll("[data-live-list]")) mergeList(list, fresh.getElementById(list.id));
  for (const part of document.querySelectorAll("[data-live-part]")) replacePart(part, fresh.getElementById(part.id));
  document.dispatchEvent(new Event("parts-refreshed"));
}

function mergeList(list, fresh) {
  if (!fresh) return;
  const ids = new Set([...fresh.children].map((item) => item.id));
  for (const item of [...list.children]) if (!ids.has(item.id)) item.remove();
  [...fresh.children].forEach((item, place) => {
    const there = document.getElementById(item.id);
    if (!there) list.insertBefore(document.adoptNode(item), list.children[place] ?? null);
  });
}

function replacePart(part, fresh) {
  if (!fresh) return;
  const html = fresh.outerHTML;
  if (known.get(part.id) === html) return;
  known.set(part.id, html);
  const focused = part.contains(document.activeElement) ? focusable(part).indexOf(document.activeElement) : -1;
  part.replaceWith(document.adoptNode(fresh));
  if (focused >= 0) focusable(fresh)[focused]?.focus();
}

function focusable(part) {
  return [...part.querySelectorAll("a[href], button, input, select, textarea, [tabindex]")];
}

/** Returns a function that runs `work` soon, once for many calls, and again if it was called meanwhile. */
export function soon(work, milliseconds = 60) {
  let due = false;
  let busy = false;
  async function run() {
    due = false;
    busy = true;
    try {
      await work();
    } catch {
      lost();
      setTimeout(call, 2000); // the server is away for a moment
    } finally {
      busy = false;
      if (due) setTimeout(run, milliseconds);
    }
  }
  function call() {
    if (due) return;
    due = true;
    if (!busy) setTimeout(run, milliseconds);
  }
  return call;
}
