// Says that the server cannot be reached, once that has lasted longer than a restart of a stream takes.
import { settle, tell } from "./bar.js";

const PATIENCE = 4000; // milliseconds
let timer;

/** The server did not answer, or a stream broke. */
export function lost() {
  timer ??= setTimeout(() => tell("connection", "Connection lost. Trying again …"), PATIENCE);
}

/** The server answered. */
export function found() {
  clearTimeout(timer);
  timer = undefined;
  settle("connection");
}
