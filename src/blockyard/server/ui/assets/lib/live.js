// A page with <… data-live="address of events" data-on="types"> refreshes its parts whenever one of these events comes;
// one with <… data-poll> every few seconds, as long as that is there.
import { refreshParts, soon } from "./refresh.js";
import { listen } from "./stream.js";

const POLL = 5000; // milliseconds
const again = soon(refreshParts);
setInterval(() => {
  if (!document.hidden && document.querySelector("[data-poll]")) again();
}, POLL);

for (const element of document.querySelectorAll("[data-live]")) {
  const refresh = soon(refreshParts);
  const address = new URL(element.dataset.live, location.href);
  let after = address.searchParams.get("after") ?? "";
  const handlers = { step: note, log: note };
  for (const type of element.dataset.on.split(" ")) handlers[type] = tell;

  function tell(data, id) {
    note(data, id);
    refresh();
    if (data.block?.lifecycle === "DELETED") stop();
  }

  function note(_, id) {
    after = id || after;
  }
  const stop = listen(address, handlers, { position: () => after, resumed: refresh });
}
