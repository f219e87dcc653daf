"""A small JSON object of one run that survives the runner.

It need not survive a power failure: then the processes it speaks of are gone too, and the run is handed back.
"""

import json
import threading
from pathlib import Path

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.runner.durable import replace_file


class FileJournal:
    """A journal in one file. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._values: JsonObject = json.loads(path.read_bytes()) if path.exists() else {}

    def get(self, key: str) -> Json:
        """Return what was last set, or None."""
        with self._lock:
            return self._values.get(key)

    def set(self, key: str, value: Json) -> None:
        """Store `value` before returning."""
        with self._lock:
            values = self._values | {key: value}
            replace_file(self._path, json.dumps(values).encode())
            self._values = values
