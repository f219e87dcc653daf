"""Remembers what version an executable is, so that it is not started to say so for every run."""

import json
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from blockyard.protocol.jsontypes import JsonObject
from blockyard.runner.executors.opentofu.engine.version import EngineVersion, Product


class VersionCache:
    """Versions by path, size and time of the file; kept in a file that may be lost at any time."""

    def __init__(self, file: Path, probe: Callable[[Path], EngineVersion | None]) -> None:
        self._file = file
        self._probe = probe
        self._lock = threading.Lock()
        self._known: JsonObject | None = None

    def version_of(self, path: Path) -> EngineVersion | None:
        """Return the version of an executable; None if it does not say one."""
        try:
            status = path.resolve().stat()
        except OSError:
            return None
        key = f"{path.resolve()}:{status.st_size}:{status.st_mtime_ns}:{status.st_ino}"
        with self._lock:
            if self._known is None:
                self._known = self._load()
            if (version := _parse(self._known.get(key))) is not None:
                return version
        version = self._probe(path)
        if version is not None:
            with self._lock:
                self._known[key] = [version.product.value, version.version]
                self._store()
        return version

    def _load(self) -> JsonObject:
        try:
            known = json.loads(self._file.read_text())
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _store(self) -> None:
        draft = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        with suppress(OSError):  # a cache: without it each start of the runner asks once
            self._file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(self._known))
            draft.replace(self._file)


def _parse(entry: object) -> EngineVersion | None:
    match entry:
        case [str(product), str(version)] if product in set(Product):
            return EngineVersion(Product(product), version)
        case _:
            return None
