"""Names that address objects: readable, and safe in URLs and in what people type. Source: concepts.md 3."""

import re

from blockyard.server.kit.errors import Invalid

MAX_NAME_LENGTH = 64
"""Longest name unless a setting says less; public clients use names of 30 and more."""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_DELIMITERS = re.compile(r"[/\\?#%]")
"""What ends a part of an address, or is read by a client or a proxy as something else."""


def check_name(name: str, what: str, max_length: int = MAX_NAME_LENGTH, *, field: str = "/metadata/name") -> None:
    """Raise Invalid unless `name` may be the name of `what`, such as "a project"."""
    if len(name) > max_length or not _NAME.fullmatch(name):
        raise Invalid(
            f"the name of {what} has up to {max_length} lower-case letters, digits and single inner hyphens",
            code="InvalidName",
            field=field,
            remedy="Choose another name.",
        )


def check_free_name(name: str, what: str, *, field: str = "/metadata/name") -> None:
    """Raise Invalid unless `name`, which may be any text, can be one part of an address; `what` is such as "a binding"."""
    if name in {".", ".."} or name != name.strip() or not name.isprintable() or _DELIMITERS.search(name):
        raise Invalid(
            f"the name of {what} is part of its address: it has no '/', '\\', '?', '#', '%' or control characters, no blanks "
            "at its ends, and is not '.' or '..'",
            code="InvalidName",
            field=field,
            remedy="Choose another name.",
        )
