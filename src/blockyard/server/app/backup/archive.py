"""The archive: gzip over lines of JSON, encrypted if there is a passphrase.

```
{"blockyardBackup": 1, "createdAt", "version", "revision", "database", "settings"}     what it is
{"file": "master.key", "content": base64}                                              each key file
{"table": "runs", "columns": [["id", "uuid"], …]}                                      each table, then its rows:
[…]
{"end": {"tables": {"runs": {"rows", "sha256"}}, "files": {"master.key": sha256}}}     without it the archive is cut off
```
"""

import base64
import gzip
import hashlib
import json
import os
import secrets
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.app.backup.encryption import MAGIC, DecryptingReader, EncryptingWriter
from blockyard.server.app.backup.errors import BackupError

FORMAT = 1
_BEGIN = b'{"blockyardBackup":'
_COMPRESSION = 1
"""States are encrypted and do not shrink further; logs shrink well at any level."""
_NOT_OURS = "this file is not a backup of Blockyard, or it is damaged"
_CUT_OFF = "the archive is damaged or cut off; take another copy of it"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says about itself."""

    created_at: str
    version: str
    revision: str
    database: str
    settings: JsonObject


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A key file in an archive."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoredTable:
    """The begin of a table in an archive: its columns and the kinds of their values. Its rows follow."""

    name: str
    columns: Sequence[tuple[str, str]]


Row = list[Json]
Part = Manifest | StoredFile | StoredTable | Row


class ArchiveWriter:
    """Writes an archive part by part; use it with `new_archive`."""

    def __init__(self, stream: gzip.GzipFile, manifest: Manifest) -> None:
        self._stream = stream
        self._files: dict[str, Json] = {}
        self._tables: dict[str, Json] = {}
        self._line(
            {
                "blockyardBackup": FORMAT,
                "createdAt": manifest.created_at,
                "version": manifest.version,
                "revision": manifest.revision,
                "database": manifest.database,
                "settings": manifest.settings,
            }
        )

    def add_file(self, file: StoredFile) -> None:
        """Add a key file."""
        self._files[file.name] = hashlib.sha256(file.content).hexdigest()
        self._line({"file": file.name, "content": base64.b64encode(file.content).decode()})

    def add_table(self, table: StoredTable, rows: Iterable[Row]) -> int:
        """Add a table and return how many rows it has."""
        self._line({"table": table.name, "columns": [list(column) for column in table.columns]})
        digest, count = hashlib.sha256(), 0
        for row in rows:
            digest.update(self._line(row))
            count += 1
        self._tables[table.name] = {"rows": count, "sha256": digest.hexdigest()}
        return count

    def finish(self) -> None:
        """Write the checksums, without which an archive counts as cut off."""
        self._line({"end": {"tables": self._tables, "files": self._files}})

    def _line(self, value: Json) -> bytes:
        line = json.dumps(value, separators=(",", ":")).encode() + b"\n"
        self._stream.write(line)
        return line


@contextmanager
def new_archive(path: Path, manifest: Manifest, passphrase: bytes | None) -> Iterator[ArchiveWriter]:
    """Write an archive that is at `path`, mode 0600 and durable, only once it is whole."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BackupError(f"{path} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            with _compressed(file, passphrase) as stream:
                writer = ArchiveWriter(stream, manifest)
                yield writer
                writer.finish()
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def _compressed(file: BinaryIO, passphrase: bytes | None) -> Iterator[gzip.GzipFile]:
    encrypting = None if passphrase is None else EncryptingWriter(file, passphrase)
    with gzip.GzipFile(
        fileobj=encrypting or file, mode="wb", compresslevel=_COMPRESSION, filename="", mtime=0
    ) as packed:
        yield packed
    if encrypting is not None:
        encrypting.finish()


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_archive(path: Path) -> bool:
    """Whether the file at `path` begins as an archive does, encrypted or not."""
    try:
        with path.open("rb") as source:
            if is_encrypted(source):
                return True
            with gzip.GzipFile(fileobj=source) as packed:
                return packed.read(len(_BEGIN)) == _BEGIN
    except (OSError, EOFError, zlib.error):
        return False


def is_encrypted(source: BinaryIO) -> bool:
    """Whether the archive in `source` needs a passphrase; stands at its begin afterwards."""
    source.seek(0)
    begins = source.read(len(MAGIC))
    source.seek(0)
    return begins == MAGIC


def read_archive(source: BinaryIO, passphrase: bytes | None) -> Iterator[Part]:
    """Give the parts of the archive in `source` in their order, and end without an error only if it is whole.

    Raises:
        BackupError: it is no archive, it is damaged or cut off, or the passphrase is missing or wrong.
    """
    encrypted = is_encrypted(source)
    if encrypted and passphrase is None:
        raise BackupError("the archive is encrypted: give its passphrase with --passphrase-file")
    below: BinaryIO | DecryptingReader = source
    if encrypted and passphrase is not None:
        source.seek(len(MAGIC))
        below = DecryptingReader(source, passphrase)
    try:
        with gzip.GzipFile(fileobj=below, mode="rb") as packed:
            yield from _parts(iter(packed))
    except EOFError:
        raise BackupError(_CUT_OFF) from None
    except (gzip.BadGzipFile, zlib.error, ValueError, KeyError, TypeError):
        raise BackupError(_NOT_OURS) from None


def _parts(lines: Iterator[bytes]) -> Iterator[Part]:
    files: dict[str, Json] = {}
    tables: dict[str, Json] = {}
    table, digest, count = "", hashlib.sha256(), 0
    for number, line in enumerate(lines):
        if number > 0 and line.startswith(b"["):
            digest.update(line)
            count += 1
            yield json.loads(line)
            continue
        if table:
            tables[table] = {"rows": count, "sha256": digest.hexdigest()}
            table, digest, count = "", hashlib.sha256(), 0
        part: Mapping[str, Json] = json.loads(line)
        if number == 0:
            yield _manifest(part)
        elif "file" in part:
            content = base64.b64decode(str(part["content"]), validate=True)
            files[str(part["file"])] = hashlib.sha256(content).hexdigest()
            yield StoredFile(str(part["file"]), content)
        elif "table" in part:
            table = str(part["table"])
            yield StoredTable(table, _columns(part["columns"]))
        elif part["end"] != {"tables": tables, "files": files}:
            raise BackupError("the archive is damaged: a checksum is wrong; take another copy of it")
        elif next(lines, None) is not None:  # also has gzip compare its own checksum
            raise BackupError(_NOT_OURS)
        else:
            return
    raise BackupError(_CUT_OFF)


def _manifest(part: Mapping[str, Json]) -> Manifest:
    if part["blockyardBackup"] != FORMAT:
        raise BackupError("the archive was made by a newer Blockyard; restore it with that version")
    settings = part["settings"]
    if not isinstance(settings, dict):
        raise TypeError("settings")
    return Manifest(
        created_at=str(part["createdAt"]),
        version=str(part["version"]),
        revision=str(part["revision"]),
        database=str(part["database"]),
        settings=settings,
    )


def _columns(value: Json) -> list[tuple[str, str]]:
    if not isinstance(value, list):
        raise TypeError("columns")
    pairs = [pair for pair in value if isinstance(pair, list) and len(pair) == 2]  # noqa: PLR2004  name and kind
    return [(str(name), str(kind)) for name, kind in pairs]
