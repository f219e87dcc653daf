"""Outputs that the official OpenTofu runner shows in the log of a step, in clear. Source: runner.md 3.10, 7.2 #7."""

import json
import re

from blockyard.protocol.jsontypes import Json

EARLIER_FAILURE = "Aborted due to failure in an earlier step"
"""What the official runner says of each step behind a failed one. Source: runner.md 3.5."""

_BEGIN = re.compile(r"^\{$", re.MULTILINE)
"""`output -json` is indented: only its first line is a brace alone. Other JSON in the log may look alike."""

_SENSITIVE = re.compile(r'"sensitive": *true')
"""The engine writes it before the value, so that a text cut anywhere shows no value without it."""


def shows_no_output(message: str) -> bool:
    """Tell whether the message of a step that lists the outputs surely shows none of them."""
    return message in {"", EARLIER_FAILURE} or message.split("\n", 1)[0] == "{}"


def without_sensitive_outputs(message: str, note: str) -> str:
    """Return `message` with `note` in the place of each list of outputs that has a sensitive one."""
    if not _SENSITIVE.search(message):
        return message
    parts: list[str] = []
    at = 0
    begins = [begin.start() for begin in _BEGIN.finditer(message)]
    for begin in begins:
        end = _end_of_outputs(message, begin, is_last=begin == begins[-1])
        if end is not None and begin >= at:
            parts += [message[at:begin], note]
            at = end
    return "".join([*parts, message[at:]])


def _end_of_outputs(message: str, begin: int, *, is_last: bool) -> int | None:
    """Return where the list of outputs at `begin` ends; None if there is no such list, or none with a sensitive one.

    Only the last one can have been cut, for it was still being written.
    """
    try:
        found: Json
        found, end = json.JSONDecoder().raw_decode(message, begin)
    except (ValueError, RecursionError):
        return len(message) if is_last and _SENSITIVE.search(message, begin) else None
    has_sensitive = isinstance(found, dict) and any(
        isinstance(output, dict) and output.get("sensitive") is True for output in found.values()
    )
    return end if has_sensitive else None
