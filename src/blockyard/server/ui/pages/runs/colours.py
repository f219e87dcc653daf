"""Logs with the colours that programs gave them, as HTML that can do nothing else. Source: ECMA-48, 8.3.117 SGR."""

import re

from markupsafe import Markup, escape

SGR = re.compile(r"\x1b\[([0-9;]*)m")
_OTHER = re.compile(r"\x1b(?:\[[0-?]*[ -/]*(?:[@-~]|$)|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])?")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f]")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
"""They turn the order of what follows; a log is shown as it was written."""

_BOLD, _FAINT, _ITALIC, _UNDERLINED = 1, 2, 3, 4
_RESETS = {22: {"bold", "faint"}, 23: {"italic"}, 24: {"underlined"}}
_STYLES = {_BOLD: "bold", _FAINT: "faint", _ITALIC: "italic", _UNDERLINED: "underlined"}
_COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_FIRST, _FIRST_BRIGHT, _DEFAULT = 30, 90, 39
_EXTENDED = {38, 48}


def coloured_text(text: str) -> Markup:
    """Return lines as HTML; each begins without a colour."""
    if "\x1b" not in text:
        return escape(_BIDI.sub("", text))
    return Markup("\n").join(coloured(line) for line in text.split("\n"))


def coloured(line: str) -> Markup:
    """Return a line as HTML: colours and weights as classes, all other control characters left out."""
    if "\x1b" in line:
        line = _OTHER.sub(lambda found: found[0] if SGR.fullmatch(found[0]) else "", line)
    line = _BIDI.sub("", _CONTROL.sub("", line))
    if "\x1b" not in line:
        return escape(line)
    pieces: list[Markup] = []
    styles: set[str] = set()
    colour = ""
    at = 0
    for match in SGR.finditer(line):
        pieces.append(_piece(line[at : match.start()], styles, colour))
        colour = _apply(match[1], styles, colour)
        at = match.end()
    pieces.append(_piece(line[at:], styles, colour))
    return Markup("").join(pieces)


def _piece(text: str, styles: set[str], colour: str) -> Markup:
    classes = " ".join(f"ansi-{name}" for name in (*sorted(styles), colour) if name)
    if not text or not classes:
        return escape(text)
    return Markup('<span class="{}">{}</span>').format(classes, text)


def _apply(parameters: str, styles: set[str], colour: str) -> str:
    """Change the styles as a sequence says, and return the colour after it."""
    codes = [int(code[:3] or 0) for code in parameters.split(";")]
    if _EXTENDED & {*codes}:  # of 256 or more colours; plain ones are enough to read a log
        return colour
    for code in codes:
        if code == 0:
            styles.clear()
            colour = ""
        elif code in _STYLES:
            styles.add(_STYLES[code])
        elif code in _RESETS:
            styles -= _RESETS[code]
        elif code == _DEFAULT:
            colour = ""
        elif _FIRST <= code < _FIRST + len(_COLOURS):
            colour = _COLOURS[code - _FIRST]
        elif _FIRST_BRIGHT <= code < _FIRST_BRIGHT + len(_COLOURS):
            colour = _COLOURS[code - _FIRST_BRIGHT]
    return colour
