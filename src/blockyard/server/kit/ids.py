"""Random ids and secrets: the only place that draws them."""

import secrets
import string
from collections.abc import Callable
from uuid import UUID, uuid4

NewId = Callable[[], UUID]
"""Draws a fresh random id."""

_ALPHANUMERIC = string.ascii_letters + string.digits


def new_id() -> UUID:
    """Return a random UUID (version 4)."""
    return uuid4()


def new_secret(length: int = 32) -> str:
    """Return a random secret of letters and digits only: the form login does not URL-encode it.

    Source: runner.md 1.1.2.
    """
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(length))
