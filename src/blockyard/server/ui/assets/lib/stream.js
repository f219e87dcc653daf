// Listens to what happens while the page can be seen: browsers allow few connections to one server. It comes as server-sent
// events; where something on the way keeps these back, or refuses them, by long polls, until the page is left.
import { found, lost } from "./connection.js";

const RETRY = 2000; // milliseconds
const DOUBTS = [3000, 10_000, 30_000, 60_000]; // milliseconds of silence after which it asks whether there was something to tell
const GRACE = 1000; // milliseconds for a stream that is a little behind
const HOLD = 25; // seconds that the server holds a long poll; it allows 30

/**
 * Opens `url` and calls `handlers[type](data, id)` for each event; `resumed()` whenever it listens again.
 * `position()` names the event after which it goes on. Returns a function that ends it.
 */
export function listen(url, handlers, { position, resumed } = {}) {
  let source;
  let poll; // what ends the long poll
  let timer;
  let doubt;
  let over = false;
  let isProven = false; // an event came as a stream
  let polls = false; // streams do not get through

  const address = (wait) => {
    const to = new URL(url, location.href);
    if (position) to.searchParams.set("after", position());
    if (wait !== undefined) to.searchParams.set("wait", wait);
    return to;
  };

  function open() {
    clearTimeout(timer);
    if (over || source || poll || document.hidden) return;
    if (polls) return void goOnPolling();
    const opened = (source = new EventSource(address()));
    for (const [type, handle] of Object.entries(handlers)) {
      opened.addEventListener(type, (event) => {
        isProven = true;
        handle(JSON.parse(event.data), event.lastEventId);
      });
    }
    opened.addEventListener("open", found);
    opened.addEventListener("error", () => {
      lost();
      if (source?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      close();
      timer = setTimeout(isProven ? reopen : fallBack, RETRY);
    });
    if (!isProven) wonder(0);
  }

  /** Where nothing came, asks once in a while whether something should have. */
  function wonder(turn) {
    clearTimeout(doubt);
    doubt = setTimeout(async () => {
      if (isProven || !source) return;
      const missed = await ask(0).catch(() => undefined);
      if (missed?.events.length) await new Promise((go) => setTimeout(go, GRACE));
      if (isProven || !source) return;
      if (missed?.events.length) fallBack();
      else wonder(turn + 1);
    }, DOUBTS[Math.min(turn, DOUBTS.length - 1)]);
  }

  function fallBack() {
    close();
    polls = true;
    reopen();
  }

  async function ask(wait, signal) {
    const answer = await fetch(address(wait), { headers: { Accept: "application/json" }, cache: "no-store", signal });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    return answer.json();
  }

  async function goOnPolling() {
    const ending = (poll = new AbortController());
    while (!ending.signal.aborted) {
      try {
        const { events, position: at, ended } = await ask(HOLD, ending.signal);
        found();
        events.forEach((event, place) => handlers[event.type]?.(event, place === events.length - 1 ? String(at) : ""));
        if (ended) return;
      } catch {
        if (ending.signal.aborted) return;
        lost();
        await new Promise((go) => setTimeout(go, RETRY));
      }
    }
  }

  function reopen() {
    open();
    if (source || poll) resumed?.();
  }

  function close() {
    clearTimeout(doubt);
    source?.close();
    poll?.abort();
    source = poll = undefined;
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : source ?? poll ?? reopen()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && reopen());
  open();
  return () => {
    over = true;
    clearTimeout(timer);
    close();
  };
}
