"""Values as the operating system and other services take them, and how it says that a command ended."""

import json
import signal

from blockyard.protocol.jsontypes import Json


def is_encodable(text: str) -> bool:
    """Tell whether the operating system takes a text: it holds no NUL and no half of a character."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def format_value(value: Json) -> str | None:
    """Return the text of a value: strings verbatim, the rest as JSON, numbers with all digits; None for null."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def ending(exit_code: int) -> str:
    """Return how a command ended, in words."""
    if exit_code >= 0:
        return f"exit status {exit_code}"
    reason = ", perhaps for lack of memory" if exit_code == -signal.SIGKILL else ""
    return f"killed by signal {-exit_code}{reason}"
