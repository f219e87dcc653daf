"""Giving memory back after large bodies and large answers.

What refers to itself stays until the interpreter looks for it, which it does rarely once most of its objects stay for good; and the
C library keeps what was freed, in an arena of each thread, until it is asked.
"""

import ctypes
import gc
from collections.abc import Callable


def _find() -> Callable[[int], object] | None:
    try:
        trim: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):  # musl, macOS
        return None
    return trim


_trim = _find()


def give_back() -> None:
    """Collect garbage and give what is free back to the system, where the C library can."""
    gc.collect()
    if _trim is not None:
        _trim(0)
