"""A runner that belongs to another process ends with it, however that one ends (Linux)."""

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1


class ParentEndedError(Exception):
    """The process this runner belongs to is gone already."""


def end_with(parent: int) -> None:
    """Have the kernel kill this process when its parent `parent` ends. Raises ParentEndedError.

    Engines are not killed: they run below supervisors of their own, and the next runner adopts them.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        raise ParentEndedError(f"process {parent} has ended")
