"""Writes the dumps of a release: `python -m tests.support.release_dumps VERSION` starts it, fills it, and dumps each database.

They are SQL, without what only one version of the programs understands, so that upgrade tests can load them anywhere.
"""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

from tests.support.installation import installation
from tests.support.machine import find_postgres
from tests.support.postgres import postgres_server
from tests.support.release_contents import DATA, fill
from tests.support.release_own_kinds import SETTINGS

RELEASES = DATA / "releases"
KEYS = RELEASES / "keys"
"""The key files of the data directory that all dumps were written with; they protect nothing else."""

_LEFT_OUT = ("-- ", "\\restrict ", "\\unrestrict ", "SET transaction_timeout ")
"""Comments, and what older programs do not know."""


def with_keys(data: Path) -> Path:
    """Make a data directory that has the keys of the dumps."""
    shutil.copytree(KEYS, data)
    for file in data.iterdir():
        file.chmod(0o600)
    data.chmod(0o700)
    return data


def load_sqlite(dump: str, file: Path) -> None:
    """Make a SQLite database of a dump."""
    with sqlite3.connect(file) as connection:
        connection.executescript(dump)
    connection.close()


def load_postgres(dump: str, url: str) -> None:
    """Put a dump into an empty PostgreSQL database."""
    with psycopg.connect(url) as connection:
        connection.execute(dump.encode())


def _dump_sqlite(folder: Path) -> str:
    with installation(with_keys(folder / "sqlite"), SETTINGS) as installed:
        fill(installed)
    with sqlite3.connect(folder / "sqlite" / "blockyard.sqlite3") as connection:
        lines = list(connection.iterdump())
    connection.close()
    return "\n".join(lines) + "\n"


def _dump_postgres(folder: Path) -> str:
    with postgres_server() as server:
        url = server.url(server.create_database())
        with installation(with_keys(folder / "postgres"), SETTINGS, database_url=url) as installed:
            fill(installed)
        programs = find_postgres()
        assert programs is not None
        command = [str(programs / "pg_dump"), "--inserts", "--no-owner", "--no-privileges", "--no-comments", url]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return "\n".join(line for line in text.splitlines() if line != "--" and not line.startswith(_LEFT_OUT)) + "\n"


def main(version: str) -> None:
    """Write both dumps of `version`."""
    with tempfile.TemporaryDirectory() as name:
        for kind, dump in (("sqlite", _dump_sqlite), ("postgres", _dump_postgres)):
            (RELEASES / f"{version}.{kind}.sql").write_text(dump(Path(name)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
