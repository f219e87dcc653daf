"""A few values of one run that survive the runner: a file of JSON objects, one a line, of which the last one tells.

It need not survive a power failure: then the processes it speaks of are gone too, and the run is handed back.
"""

import json
import os
import threading
from pathlib import Path

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.runner.durable import PRIVATE_FILE


class FileJournal:
    """A journal in one file. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._values = read_journal(path)
        self._size = _whole_bytes(path)

    def get(self, key: str) -> Json:
        """Return what was last set, or None."""
        with self._lock:
            return self._values.get(key)

    def set(self, key: str, value: Json) -> None:
        """Store `value` before returning. Raises OSError: nothing changed."""
        line = json.dumps({key: value}).encode() + b"\n"
        with self._lock:
            self._append(line)
            self._values[key] = value

    def _append(self, line: bytes) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, PRIVATE_FILE)
        try:
            os.ftruncate(descriptor, self._size)  # what a write left that did not succeed
            os.lseek(descriptor, self._size, os.SEEK_SET)
            with os.fdopen(descriptor, "wb", closefd=False) as file:
                file.write(line)
        finally:
            os.close(descriptor)
        self._size += len(line)


def read_journal(path: Path) -> JsonObject:
    """Return the values of a journal; none if there is none."""
    values: JsonObject = {}
    if path.exists():
        for line in path.read_bytes()[: _whole_bytes(path)].splitlines():
            values |= json.loads(line)
    return values


def _whole_bytes(path: Path) -> int:
    """Return up to where the file holds whole lines; a runner may have died amid the last one."""
    return path.read_bytes().rfind(b"\n") + 1 if path.exists() else 0
