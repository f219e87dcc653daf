// The colours that programs give their logs, as classes: the same as the server makes of them (pages/runs/colours.py).
const SGR = /\x1b\[([0-9;]*)m/; // eslint-disable-line no-control-regex
const STYLES = { 1: "bold", 2: "faint", 3: "italic", 4: "underlined" };
const RESETS = { 22: ["bold", "faint"], 23: ["italic"], 24: ["underlined"] };
const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/** Reads a log piece by piece: `read` returns runs of text, each with its classes. A line begins without a colour. */
export class Colours {
  styles = new Set();
  colour = "";

  read(text) {
    if (!text.includes("\x1b") && this.classes === "") return [{ text, classes: "" }];
    const runs = [];
    text.split("\n").forEach((line, place) => {
      if (place) {
        this.reset();
        runs.push({ text: "\n", classes: "" });
      }
      line.split(SGR).forEach((part, at) => {
        if (at % 2) this.apply(part);
        else if (part) runs.push({ text: part, classes: this.classes });
      });
    });
    return runs;
  }

  get classes() {
    return [...[...this.styles].sort(), this.colour].filter(Boolean).map((name) => `ansi-${name}`).join(" ");
  }

  reset() {
    this.styles.clear();
    this.colour = "";
  }

  apply(parameters) {
    const codes = parameters.split(";").map(Number);
    if (codes.includes(38) || codes.includes(48)) return; // of 256 or more colours; plain ones are enough to read a log
    for (const code of codes) {
      if (code === 0) this.reset();
      else if (code in STYLES) this.styles.add(STYLES[code]);
      else if (code in RESETS) RESETS[code].forEach((name) => this.styles.delete(name));
      else if (code === 39) this.colour = "";
      else this.colour = COLOURS[code - (code >= 90 ? 90 : 30)] ?? this.colour;
    }
  }
}
