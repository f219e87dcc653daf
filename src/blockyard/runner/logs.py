"""The log of each step of a run, masked, on disk: what is uploaded and what becomes `systemMessage`.

A step's log is one file. An index notes after each append how long the file is and how far the output of which command
has been taken in, so that a restarted runner reads on exactly there; what was appended without a note is cut off.
"""

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from blockyard.protocol.log_end import end_bytes, shown_end
from blockyard.protocol.masking import MaskedStream, Masker
from blockyard.runner.durable import PRIVATE_DIRECTORY, PRIVATE_FILE, is_full

log = structlog.get_logger()

LINE_BYTES = 64 * 1024
"""A log line is cut here. Source: architecture.md 8."""

MESSAGE_BYTES = 1024 * 1024
"""`systemMessage` is that much of the end of a step's log. Source: architecture.md 8."""

CUT_MARK = b" [the rest of this line was left out]"
_NUL = "\N{REPLACEMENT CHARACTER}".encode()
"""Replaces NUL bytes, which no database stores in a text."""


@dataclass
class _Step:
    size: int = 0
    column: int = 0
    """Bytes of the current line so far; beyond the limit they are dropped until it ends."""


@dataclass
class _Command:
    stream: MaskedStream
    taken: int = 0


@dataclass
class _Index:
    steps: dict[str, _Step] = field(default_factory=dict)
    commands: dict[str, int] = field(default_factory=dict)


class StepLogs:
    """The logs of one run. Thread-safe."""

    def __init__(self, folder: Path, masker: Masker) -> None:
        folder.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
        self._folder = folder
        self._masker = masker
        self._lock = threading.Lock()
        self._index_path = folder / "index"
        index = self._read_index()
        self._index_size = self._index_path.stat().st_size if self._index_path.exists() else 0
        self._steps = index.steps
        self._taken = index.commands
        self._commands: dict[str, _Command] = {}
        for step_id, step in self._steps.items():
            self._path(step_id).touch(mode=PRIVATE_FILE)
            with self._path(step_id).open("r+b") as file:
                file.truncate(step.size)

    def add_secrets(self, values: list[str]) -> None:
        """Mask these from now on."""
        with self._lock:
            self._masker.add(values)

    def mask(self, text: str) -> str:
        """Return a text with every secret masked."""
        with self._lock:
            return self._masker.mask(text)

    def write(self, step_id: str, data: bytes) -> int:
        """Append a whole text to a step's log; return how many bytes were added."""
        with self._lock:
            stream = MaskedStream(self._masker)
            return self._append(step_id, stream.feed(data) + stream.flush())

    def follow(self, step_id: str, command: str, data: bytes) -> int:
        """Append the next bytes of a command's output; return how many bytes were added."""
        with self._lock:
            known = self._command(command)
            known.taken += len(data)
            return self._append(step_id, known.stream.feed(data), command, known.taken - known.stream.held)

    def end(self, step_id: str, command: str) -> int:
        """Append what was held back of a command that is over."""
        with self._lock:
            known = self._command(command)
            return self._append(step_id, known.stream.flush(), command, known.taken)

    def followed(self, command: str) -> int:
        """Return how many bytes of a command's output are in the logs."""
        with self._lock:
            return self._taken.get(command, 0)

    def size(self, step_id: str) -> int:
        """Return how long a step's log is."""
        with self._lock:
            return self._steps[step_id].size if step_id in self._steps else 0

    def read(self, step_id: str, offset: int, limit: int) -> bytes:
        """Return up to `limit` bytes of a step's log."""
        length = min(limit, self.size(step_id) - offset)
        if length <= 0:
            return b""
        with self._path(step_id).open("rb") as file:
            file.seek(offset)
            return file.read(length)

    def message(self, step_id: str) -> str:
        """Return the end of a step's log as text, from the beginning of a line on."""
        size = self.size(step_id)
        shown = end_bytes(size, MESSAGE_BYTES)
        tail = self.read(step_id, size - shown, shown)
        return shown_end(tail, is_whole=shown == size).decode("utf-8", "replace")

    def _command(self, name: str) -> _Command:
        if name not in self._commands:
            self._commands[name] = _Command(MaskedStream(self._masker), self._taken.get(name, 0))
        return self._commands[name]

    def _append(self, step_id: str, data: bytes, command: str | None = None, taken: int = 0) -> int:
        step = self._steps.setdefault(step_id, _Step())
        kept = _cut_lines(step, data).replace(b"\0", _NUL)
        if kept and not _add(self._path(step_id), step.size, kept):
            return 0
        step.size += len(kept)
        if command is not None:
            self._taken[command] = taken
        if kept or command is not None:
            note = json.dumps([step_id, step.size, step.column, command, taken]).encode() + b"\n"
            if _add(self._index_path, self._index_size, note):
                self._index_size += len(note)
        return len(kept)

    def _path(self, step_id: str) -> Path:
        return self._folder / f"step-{step_id.encode().hex()}"

    def _read_index(self) -> _Index:
        index = _Index()
        if not self._index_path.exists():
            return index
        noted = self._index_path.read_bytes()
        whole, _, rest = noted.rpartition(b"\n")
        if rest:
            with self._index_path.open("r+b") as file:
                file.truncate(len(noted) - len(rest))
        for line in whole.splitlines():
            step_id, size, column, command, taken = json.loads(line)
            index.steps[step_id] = _Step(size, column)
            if command is not None:
                index.commands[command] = taken
        return index


def _add(path: Path, size: int, data: bytes) -> bool:
    """Append to a file of `size` bytes, whole or not at all; False on a full disk: a log is not worth a run."""
    with path.open("ab", buffering=0) as file:
        try:
            written = file.write(data)
        except OSError as error:
            if not is_full(error):
                raise
            written = 0
        if written == len(data):
            return True
        if written:
            file.truncate(size)
    log.error("log bytes dropped, the disk is full", count=len(data))
    return False


def _cut_lines(step: _Step, data: bytes) -> bytes:
    """Return `data` without what its lines have beyond the limit."""
    if step.column + len(data) <= LINE_BYTES and b"\n" not in data:
        step.column += len(data)
        return data
    kept: list[bytes] = []
    *whole, last = data.split(b"\n")
    for line, ending in [*((line, b"\n") for line in whole), (last, b"")]:
        room = LINE_BYTES - step.column
        if len(line) <= room:
            kept.append(line)
        elif room >= 0:
            kept += (line[:room], CUT_MARK)
        kept.append(ending)
        step.column = 0 if ending else min(step.column + len(line), LINE_BYTES + 1)
    return b"".join(kept)
