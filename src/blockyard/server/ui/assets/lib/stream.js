// Listens to server-sent events while the page can be seen: browsers allow few connections to one server.
import { found, lost } from "./connection.js";

const RETRY = 2000; // milliseconds

/**
 * Opens `url` and calls `handlers[type](data, id)` for each event; `resumed()` whenever it listens again.
 * `position()` names the event after which it goes on. Returns a function that ends it.
 */
export function listen(url, handlers, { position, resumed } = {}) {
  let source;
  let timer;
  let over = false;

  function open() {
    clearTimeout(timer);
    if (over || source || document.hidden) return;
    const address = new URL(url, location.href);
    if (position) address.searchParams.set("after", position());
    source = new EventSource(address);
    for (const [type, handle] of Object.entries(handlers)) {
      source.addEventListener(type, (event) => handle(JSON.parse(event.data), event.lastEventId));
    }
    source.addEventListener("open", found);
    source.addEventListener("error", () => {
      lost();
      if (source?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      close();
      timer = setTimeout(reopen, RETRY);
    });
  }

  function reopen() {
    open();
    if (source) resumed?.();
  }

  function close() {
    source?.close();
    source = undefined;
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : source ?? reopen()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && reopen());
  open();
  return () => {
    over = true;
    clearTimeout(timer);
    close();
  };
}
