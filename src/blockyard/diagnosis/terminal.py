"""What of a text may steer a terminal, or show something else than it says."""

import re

COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
"""Whole sequences that programs print for a terminal: colours, movements, titles."""

_STEERING = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0 and C1 controls
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # order of writing: text that reads otherwise than it is
    "\u2028\u2029"  # ends of lines to some terminals
    "\ud800-\udfff"  # halves of characters, which cannot be written at all
    "]"
)


def escaped(text: str, *, keep: str = "") -> str:
    """Return a text with every character that steers a terminal spelled out, as JSON spells it, but for those in `keep`."""
    return _STEERING.sub(lambda found: found[0] if found[0] in keep else f"\\u{ord(found[0]):04x}", text)
