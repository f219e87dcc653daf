"""Reads members of JSON documents without trusting their shape: newer servers may send more, other servers less."""

from blockyard.protocol.jsontypes import Json, JsonObject


def member(document: Json, *path: str) -> Json:
    """Return the member at `path`; None where anything on the way is absent."""
    for name in path:
        if not isinstance(document, dict):
            return None
        document = document.get(name)
    return document


def text(document: Json, *path: str) -> str:
    """Return the text at `path`; empty if there is none."""
    value = member(document, *path)
    return value if isinstance(value, str) else ""


def number(document: Json, *path: str) -> int | None:
    """Return the whole number at `path`; None if there is none."""
    value = member(document, *path)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def flag(document: Json, *path: str) -> bool:
    """Return whether the member at `path` is true."""
    return member(document, *path) is True


def members(document: Json, *path: str) -> JsonObject:
    """Return the object at `path`; empty if there is none."""
    value = member(document, *path)
    return value if isinstance(value, dict) else {}


def objects(document: Json, *path: str) -> list[JsonObject]:
    """Return the objects of the array at `path`; empty if there is none."""
    value = member(document, *path)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts(document: Json, *path: str) -> list[str]:
    """Return the texts of the array at `path`; empty if there is none."""
    value = member(document, *path)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
