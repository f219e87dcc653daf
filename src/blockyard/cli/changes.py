"""What the commands that make and change objects have in common: members that were given, lists, files."""

import base64
import json
from pathlib import Path

from blockyard.cli.exits import usage
from blockyard.protocol.jsontypes import Json, JsonObject

_MEDIA = {".svg": "svg+xml", ".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif", ".webp": "webp"}


def given(**members: Json) -> JsonObject:
    """Return the members that were given."""
    return {name: value for name, value in members.items() if value is not None}


def require_change(changes: JsonObject, options: str) -> None:
    """Raise Failure if nothing was given; `options` names what could have been."""
    if not changes:
        raise usage("nothing to change", f"Give {options}.")


def read_text(path: Path) -> str:
    """Return what a file holds. Raises Failure (usage)."""
    try:
        return path.expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise usage(f"'{path}' cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise usage(f"'{path}' cannot be read: it is not text") from None


def read_json(path: Path) -> JsonObject:
    """Return the object in a JSON file. Raises Failure (usage)."""
    try:
        content: Json = json.loads(read_text(path))
    except ValueError as error:
        raise usage(f"'{path}' cannot be read: {error}", "Write JSON in UTF-8.") from None
    if not isinstance(content, dict):
        raise usage(f"'{path}' must hold an object")
    return content


def read_image(path: Path) -> str:
    """Return an image file as a data URI. Raises Failure (usage)."""
    media = _MEDIA.get(path.suffix.lower())
    if media is None:
        raise usage(f"'{path}' is not an image that is known here", f"Take one of {', '.join(_MEDIA)}.")
    try:
        content = path.expanduser().read_bytes()
    except OSError as error:
        raise usage(f"'{path}' cannot be read: {error.strerror}") from error
    return f"data:image/{media};base64,{base64.b64encode(content).decode()}"
