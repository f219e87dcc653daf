// Brings the parts of a page, every [data-live-part], up to date without a reload. Elements stay the ones they were, so that
// nobody loses a focus, a place or an opened step; what scripts fill, [data-keep] with an id, is left alone.
import { Idiomorph } from "idiomorph";
import { found, lost } from "./connection.js";

const OF_THE_READER = new Set(["open", "data-auto"]); // attributes of <details>

const morphing = {
  ignoreActiveValue: true,
  callbacks: {
    beforeNodeMorphed: (old) => !(old instanceof Element && old.matches("[data-keep]")),
    beforeAttributeUpdated: (name, element) => !(element.localName === "details" && OF_THE_READER.has(name)),
  },
};

/** Fetches the page again and changes what differs. Whoever was signed out meanwhile gets the sign-in. */
export async function refreshParts() {
  const answer = await fetch(location.href, { headers: { "X-Blockyard-Live": "parts" }, cache: "no-store" });
  found();
  if (answer.redirected || answer.status === 404) return location.reload();
  if (!answer.ok) throw new Error(`the page answered ${answer.status}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live-part]")) {
    const now = fresh.getElementById(part.id);
    if (now) Idiomorph.morph(part, now, morphing);
  }
  document.title = fresh.title;
  const icon = fresh.querySelector('link[rel="icon"]')?.href;
  if (icon) document.querySelector('link[rel="icon"]').href = icon;
  document.dispatchEvent(new Event("parts-refreshed"));
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
