"""Outputs that the official OpenTofu runner shows in the log of a step, in clear. Source: runner.md 3.10, 7.2 #7."""

import re

EARLIER_FAILURE = "Aborted due to failure in an earlier step"
"""What the official runner says of each step behind a failed one. Source: runner.md 3.5."""

_BEGIN = "{\n"
_END = re.compile(r"^\}$", re.MULTILINE)
"""`output -json` is indented: only its first and its last line are a brace alone. Other JSON in the log may look alike."""

_SENSITIVE = re.compile(r'"sensitive": *true')
"""The engine writes it before the value, so that a text cut anywhere shows no value without it."""


def shows_no_output(message: str) -> bool:
    """Tell whether the message of a step that lists the outputs surely shows none of them."""
    return message in {"", EARLIER_FAILURE} or message.split("\n", 1)[0] == "{}"


def without_sensitive_outputs(message: str, note: str) -> str:
    """Return `message` with `note` in the place of each list of outputs that has, or may have, a sensitive one.

    A list that was cut, since it is still being written or since something else was written into it, goes up to the next brace
    that begins a line, or to the end. Each character is looked at once or twice: a runner may send a megabyte of braces.
    """
    parts: list[str] = []
    kept_from = at = 0
    for mark in _SENSITIVE.finditer(message):
        if mark.start() < at:
            continue
        begin = _begin_before(message, at, mark.start())
        at = mark.start()
        if begin is not None:
            parts += [message[kept_from:begin], note]
            kept_from = at = _end_after(message, mark.end())
    return "".join([*parts, message[kept_from:]])


def _begin_before(message: str, start: int, end: int) -> int | None:
    """Return where the last line between `start` and `end` that is an opening brace begins."""
    found = message.rfind(f"\n{_BEGIN}", max(start - 1, 0), end)
    if found >= 0:
        return found + 1
    return 0 if start == 0 and message.startswith(_BEGIN) else None


def _end_after(message: str, start: int) -> int:
    """Return where the list ends that goes on at `start`."""
    following = message.find(f"\n{_BEGIN}", start)
    end = len(message) if following < 0 else following + 1
    closing = _END.search(message, start, end)
    return end if closing is None else closing.end()
