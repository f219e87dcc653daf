"""Names that address objects: readable, and safe in URLs and in what people type. Source: concepts.md 3."""

import re

from blockyard.server.kit.errors import Invalid

MAX_NAME_LENGTH = 64
"""Longest name unless a setting says less; public clients use names of 30 and more."""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def check_name(name: str, what: str, max_length: int = MAX_NAME_LENGTH) -> None:
    """Raise Invalid unless `name` may be the name of `what`, such as "a project"."""
    if len(name) > max_length or not _NAME.fullmatch(name):
        raise Invalid(
            f"the name of {what} has up to {max_length} lower-case letters, digits and single inner hyphens",
            code="InvalidName",
            field="/metadata/name",
            remedy="Choose another name.",
        )
