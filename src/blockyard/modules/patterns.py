"""Patterns of the engine's language (RE2) as patterns for inputs, where the whole value must match. Source: RE2 syntax.

The server matches with a library that reads the same signs partly in another way. What means the same there is taken, in a
spelling that does; for anything else there is no pattern.
"""

import re
from dataclasses import dataclass, field

MAX_CHARACTERS = 1000
_MAX_REPEATS = 1000
"""Longer patterns, and those that repeat more, are refused by the server. RE2 has the same limit of repeats."""

_ANYTHING = r"[\s\S]*"
_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r "}
"""RE2 means ASCII by these."""

_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_PIECE = re.compile(
    r"(?P<escape>\\(?:[dwsDWS]|[nrtfv]|x[0-9a-fA-F]{2}|[!-/:-@\[-`{-~]))"
    r"|(?P<start>\\A|\^)"
    r"|(?P<end>\\z|\$)"
    r"|(?P<set>\[\^?)"
    r"|(?P<group>\((?:\?(?::|P?<\w+>|[is]+:))?)(?!\?)"
    r"|(?P<close>\))"
    r"|(?P<repeat>[*+?]\??|\{(?P<least>\d{1,4})(?:,(?P<most>\d{1,4})?)?\}\??)"
    r"|(?P<or>\|)"
    r"|(?P<plain>[^\\\[\](){}*+?|^$]|\]|\}|\{(?!,?\d))"
)
_SET_PIECE = re.compile(
    r"\[:(?P<posix>[a-z]+):\]"
    r"|\\(?P<class>[dws])"
    r"|(?P<escape>\\(?:[nrtfv]|x[0-9a-fA-F]{2}|[!-/:-@\[-`{-~]))"
    r"|(?P<plain>[^\\\]])"
)


@dataclass(slots=True)
class _Reading:
    """How far a pattern is read, and what it became."""

    written: list[str] = field(default_factory=list)
    depth: int = 0
    repeats: int = 0
    has_choice: bool = False
    """There is a `|` outside of groups."""
    begins: bool = False
    ends: bool = False
    """The pattern holds on to the beginning, or the end, of the text."""
    last: str = "start"


def for_input(pattern: str) -> str | None:
    """Return the pattern that a whole value matches if, for the engine, some part of it matches `pattern`; else None."""
    flags = re.match(r"\(\?([is]+)\)", pattern)
    body = pattern[flags.end() :] if flags else pattern
    reading = _read(body)
    if reading is None or (len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/")):
        return None
    text = "".join(reading.written)
    before = "" if reading.begins and not reading.has_choice else _ANYTHING
    after = "" if reading.ends and not reading.has_choice else _ANYTHING
    if flags:
        text = f"(?{flags[1]}:{text})"
    elif reading.has_choice:
        text = f"(?:{text})"
    found = f"{before}{text}{after}"
    return found if len(found) <= MAX_CHARACTERS else None


def _read(pattern: str) -> _Reading | None:
    """Return the pattern read to its end; None if something in it means something else to the server."""
    reading, position = _Reading(), 0
    while position < len(pattern):
        piece = _PIECE.match(pattern, position)
        group = piece.lastgroup if piece else None
        if piece is None or group is None:
            return None
        position = piece.end()
        kind = "repeat" if group in {"least", "most"} else group
        if kind == "set":
            content = _set(pattern, position)
            if content is None:
                return None
            text, position = content
            reading.written.append(piece[0] + text + "]")
        elif not _take(reading, kind, piece, position == len(pattern)):
            return None
        reading.last = kind
    return reading if reading.depth == 0 else None


def _take(reading: _Reading, kind: str, piece: re.Match[str], is_last: bool) -> bool:  # noqa: FBT001  one call
    """Write one piece that is no set; tell whether it means the same to the server."""
    text = piece[0]
    match kind:
        case "escape":
            text = _escape(text)
        case "start":
            reading.begins = reading.begins or not reading.written
            text = "^"
        case "end":
            reading.ends = is_last and reading.depth == 0
            text = "$" if reading.ends and not reading.has_choice else r"\Z"
        case "group":
            reading.depth += 1
            text = text.replace("(?<", "(?P<")
        case "close":
            reading.depth -= 1
        case "or":
            reading.has_choice = reading.has_choice or reading.depth == 0
        case "repeat":
            reading.repeats += int(piece["most"] or piece["least"] or 0)
            if reading.last in {"start", "end", "group", "or", "repeat"} or reading.repeats > _MAX_REPEATS:
                return False
        case _:
            pass
    reading.written.append(text)
    return reading.depth >= 0


def _escape(text: str) -> str:
    letter = text[1]
    members = _CLASSES.get(letter.lower())
    if members is None:
        return text
    return f"[{'^' if letter.isupper() else ''}{members}]"


def _set(pattern: str, start: int) -> tuple[str, int] | None:
    """Return the members of a set and where it ends; None if it has no end, or members of another meaning."""
    members, position = [], start
    while position < len(pattern) and (pattern[position] != "]" or position == start):
        piece = _SET_PIECE.match(pattern, position)
        if position == start and pattern[position] == "]":
            members.append(r"\]")
            position += 1
            continue
        if piece is None:
            return None
        position = piece.end()
        if piece["posix"]:
            if piece["posix"] not in _POSIX:
                return None
            members.append(_POSIX[piece["posix"]])
        elif piece["class"]:
            members.append(_CLASSES[piece["class"]])
        elif piece["plain"] and piece["plain"] in "[&~|":
            members.append("\\" + piece["plain"])
        else:
            members.append(piece[0])
    return ("".join(members), position + 1) if position < len(pattern) else None
