// Loaded by every page, deferred. A page is complete without it: this only spares reloads and typing.
import htmx from "htmx.org";
import "./lib/at-once.js";
import "./lib/clipboard.js";
import "./lib/csrf.js";
import "./lib/dialog.js";
import "./lib/forms.js";
import "./lib/kept.js";
import "./lib/keys.js";
import "./lib/live.js";
import "./lib/palette.js";
import "./lib/rows.js";
import "./lib/tabs.js";
import "./lib/theme.js";
import "./lib/times.js";
import "./lib/toast.js";

Object.assign(htmx.config, {
  allowEval: false, // the content security policy forbids it
  includeIndicatorStyles: false, // app.css has them
  selfRequestsOnly: true,
  historyCacheSize: 0, // pages may show what must not stay in the browser's storage
  scrollBehavior: "auto",
  // A refusal (4xx) comes as a page fragment that says what to do: show it where the answer would have gone.
  responseHandling: [
    { code: "204", swap: false },
    { code: "[23]..", swap: true },
    { code: "[45]..", swap: true, error: true },
  ],
});

window.htmx = htmx;
