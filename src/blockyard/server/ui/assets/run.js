// The page of a run: steps and logs as they happen. Loaded by that page only.
import { Colours } from "./lib/colours.js";
import { refreshParts, soon } from "./lib/refresh.js";
import { listen } from "./lib/stream.js";

const FINAL = new Set(["SUCCEEDED", "FAILED", "ABORTED"]);
const PIECE = 64 * 1024; // characters in one element
const PIECES = 64; // more are dropped from the begin: the whole log can be downloaded
const ANSI = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g; // eslint-disable-line no-control-regex
const NO_COLOUR = /\x1b(?!\[[0-9;]*m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/g; // eslint-disable-line no-control-regex

const page = document.getElementById("run");
const follow = document.querySelector("[data-follow]");
const refresh = soon(refreshParts);
const waiting = new Map(); // text that is not shown yet, by log
const early = []; // events of logs whose step the page does not have yet
const colours = new WeakMap(); // how a log goes on, by log
const rests = new WeakMap(); // the begin of an unfinished escape sequence, by log
let position = page.dataset.position;
let drawing = false;

function stepOf(source, name, attempt) {
  return [...document.querySelectorAll("#steps > li")].find(
    (item) => item.dataset.source === source && item.dataset.step === name && item.dataset.attempt === String(attempt),
  );
}

function readable(log, text) {
  text = (rests.get(log) ?? "") + text;
  const cut = text.slice(-200).search(/\x1b[^a-zA-Z]*$/); // eslint-disable-line no-control-regex
  const end = cut < 0 ? text.length : Math.max(0, text.length - 200) + cut;
  rests.set(log, text.slice(end));
  return text.slice(0, end).replace(ANSI, (found) => (/^\x1b\[[0-9;]*m$/.test(found) ? found : "")) // eslint-disable-line no-control-regex
    .replace(/\r\n?/g, "\n").replace(NO_COLOUR, "");
}

function take(event) {
  const item = stepOf(event.source, event.step, event.attempt);
  const log = item?.querySelector("[data-log]");
  if (!log) {
    early.push(event);
    refresh();
    return;
  }
  if (event.offset === 0 && Number(log.dataset.offset) > 0) {
    log.replaceChildren();
    waiting.delete(log);
    colours.delete(log);
  }
  log.dataset.offset = String(event.offset + 1);
  waiting.set(log, (waiting.get(log) ?? "") + readable(log, event.text));
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(draw);
}

function draw() {
  drawing = false;
  for (const [log, text] of waiting) {
    append(log, text);
    log.closest(".log-box").removeAttribute("data-empty");
    if (follow?.checked) show(log);
  }
  waiting.clear();
}

function append(log, text) {
  if (!colours.has(log)) colours.set(log, new Colours());
  for (const { text: run, classes } of colours.get(log).read(text)) {
    for (let at = 0; at < run.length; at += PIECE) put(log, run.slice(at, at + PIECE), classes);
  }
  const pieces = log.getElementsByClassName("log-piece");
  if (pieces.length <= PIECES) return;
  while (pieces.length > PIECES || log.firstChild !== pieces[0]) log.firstChild.remove(); // also what the page came with
  log.closest(".log-box").querySelector("[data-log-cut]").textContent = "The end of the log is shown.";
}

function put(log, text, classes) {
  let piece = log.lastElementChild;
  const length = Number(piece?.dataset.length ?? 0);
  if (!piece?.matches(".log-piece") || length + text.length > PIECE) {
    piece = Object.assign(document.createElement("div"), { className: "log-piece" });
    piece.dataset.length = "0";
    log.append(piece);
  }
  piece.dataset.length = String(Number(piece.dataset.length) + text.length);
  piece.append(classes ? Object.assign(document.createElement("span"), { className: classes, textContent: text }) : text);
}

/** Opens the step of a log; the one that was opened before, by the page and not by the reader, makes room. */
function show(log) {
  const details = log.closest("details");
  if (!details.open) {
    for (const other of document.querySelectorAll("#steps details[data-auto]")) close(other);
    details.dataset.auto = "";
    details.open = true;
  }
  toEnd(log);
}

function close(details) {
  delete details.dataset.auto;
  details.open = false;
}

document.getElementById("steps").addEventListener("click", (event) => {
  const details = event.target.closest("summary")?.parentElement;
  if (details) delete details.dataset.auto;
});

function toEnd(log) {
  log.scrollTop = log.scrollHeight;
}

/** A finished log opens at its first error; any other at its end. */
function toPlace(log) {
  const error = log.querySelector(".log-error");
  if (error) log.scrollTop = error.offsetTop - log.offsetTop - log.clientHeight / 4;
  else toEnd(log);
}

/** Whoever scrolls up to read stops following. */
function prepare() {
  for (const log of document.querySelectorAll("[data-log]:not([data-ready])")) {
    log.dataset.ready = "";
    toPlace(log);
    log.closest("details").addEventListener("toggle", (event) => event.target.open && toPlace(log));
    log.addEventListener("wheel", (event) => event.deltaY < 0 && pause(), { passive: true });
    log.addEventListener("touchmove", pause, { passive: true });
    log.addEventListener("keydown", (event) => ["ArrowUp", "PageUp", "Home"].includes(event.key) && pause());
  }
}

function pause() {
  if (follow) follow.checked = false;
}

follow?.addEventListener("change", () => {
  if (!follow.checked) return;
  const open = [...document.querySelectorAll("#steps details[open] [data-log]")].at(-1);
  if (open) toEnd(open);
});

document.addEventListener("parts-refreshed", () => {
  prepare();
  for (const event of early.splice(0)) if (stepOf(event.source, event.step, event.attempt)) take(event);
});
prepare();

if (page.dataset.ended === undefined) {
  const stop = listen(
    page.dataset.runEvents,
    {
      step: note(refresh),
      log: note(take),
      status: note((event) => {
        refresh();
        if (FINAL.has(event.run.status)) stop();
      }),
    },
    { position: () => position, resumed: refresh },
  );
}

function note(handle) {
  return (data, id) => {
    if (id) position = id;
    handle(data);
  };
}
