"""Members of documents that are sent in one way and come back in another. Source: api.md 2.4."""

from copy import deepcopy
from typing import Any

ABSENT: Any = ...
"""Of what is sent: the member is left out. Of what comes back: it is left out, or null."""

Row = tuple[str, Any, Any]
"""A member by its path, what is sent of it, and what comes back."""


def put(document: Any, path: str, value: Any) -> Any:
    """Return a copy of a document with a member set, or left out."""
    copy = deepcopy(document)
    *parents, name = path.split("/")
    part = copy
    for parent in parents:
        part = part[parent]
    part.pop(name, None)
    if value is not ABSENT:
        part[name] = deepcopy(value)
    return copy


def found(document: Any, path: str) -> Any:
    """Return a member of a document; absent if it is null."""
    for name in path.split("/"):
        document = document.get(name)
        if document is None:
            return ABSENT
    return document
