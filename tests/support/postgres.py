"""A throw-away PostgreSQL server from the machine's own programs, on a unix socket in a temporary folder.

Every test process has one server of its own, started when the first test asks for it. It keeps nothing: no fsync.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from tests.support.machine import find_postgres, need

SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "autovacuum": "off",
}
START_SECONDS = 30


class PostgresServer:
    """A running server. Databases are made with `create_database`."""

    def __init__(self, socket_folder: Path, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        self._socket_folder = socket_folder
        self._start = start
        self.process = start()
        self.wait()
        self._numbers = count(1)
        self._templates: set[str] = set()
        self._tables_of_templates: dict[str, frozenset[str]] = {}

    def start_again(self) -> None:
        """Start a server on the same data after its process was killed."""
        self.process.wait()
        (self._socket_folder / "data" / "postmaster.pid").unlink(missing_ok=True)
        self.process = self._start()
        self.wait()

    def wait(self) -> None:
        """Wait until it takes connections."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.url()).close()
            except psycopg.OperationalError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    said = (self._socket_folder / "log").read_text()
                    raise RuntimeError(f"PostgreSQL did not start:\n{said}") from error
                time.sleep(0.02)
            else:
                return

    def url(self, database: str = "postgres") -> str:
        """Return the address of `database`."""
        return f"postgresql://postgres@/{database}?host={quote(str(self._socket_folder), safe='')}"

    def create_database(self, template: str | None = None) -> str:
        """Make a database, empty or as a copy of `template`, and return its name."""
        name = f"test_{next(self._numbers)}"
        self._execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template or "template0")
            )
        )
        return name

    def template(self, name: str, fill: Callable[[str], None]) -> str:
        """Return the template `name`; the first time, make it and let `fill` put tables into the database at its URL."""
        if name not in self._templates:
            self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
            fill(self.url(name))
            self._templates.add(name)
        return name

    def emptied(self, name: str, fill: Callable[[str], None]) -> str:
        """Return the database `name` with no row in it; the first time, make it and let `fill` put tables into it.

        Tables that a test added go. Emptying takes two milliseconds, a fresh copy of a template takes a hundred.
        """
        self.template(name, fill)
        of_template = self._tables_of_templates.setdefault(name, self._tables(name))
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            added = [
                sql.SQL("DROP TABLE {} CASCADE").format(sql.Identifier(t)) for t in self._tables(name) - of_template
            ]
            emptied = [sql.SQL("DELETE FROM {}").format(sql.Identifier(table)) for table in sorted(of_template)]
            connection.execute(
                sql.SQL("; ").join([sql.SQL("SET session_replication_role = replica"), *added, *emptied])
            )
        return name

    def _tables(self, name: str) -> frozenset[str]:
        with psycopg.connect(self.url(name)) as connection:
            rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return frozenset(table for (table,) in rows)

    def drop_database(self, name: str) -> None:
        """Remove a database and whoever is still connected to it."""
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def postgres_server(settings: Mapping[str, str] = SETTINGS) -> Iterator[PostgresServer]:
    """Start a server, give it, stop it, remove what it wrote."""
    programs = need(find_postgres(), "PostgreSQL's server", "postgresql")
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix="blockyard-pg-"))
    os.chown(folder, account.pw_uid, account.pw_gid)
    try:
        _initialize(programs, folder, account)
        server = PostgresServer(folder, lambda: _start(programs, folder, account, settings))
        try:
            yield server
        finally:
            server.process.send_signal(signal.SIGQUIT)
            server.process.wait(START_SECONDS)
    finally:
        shutil.rmtree(folder)


def _account() -> pwd.struct_passwd:
    """Return who runs the server: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    names = {entry.pw_name for entry in pwd.getpwall()}
    return pwd.getpwnam("postgres" if "postgres" in names else "nobody")


def _as(account: pwd.struct_passwd) -> list[str]:
    """Return the words before a command that run it as `account` and stop it when this process dies."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        if os.geteuid() == 0:
            raise RuntimeError("setpriv is missing on this machine; install it, on Debian: apt-get install util-linux")
        return []
    words = [setpriv, "--pdeathsig", "QUIT"]
    if os.geteuid() == 0:
        words += [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    return words


def _initialize(programs: Path, folder: Path, account: pwd.struct_passwd) -> None:
    command: list[str | Path] = [
        programs / "initdb",
        "--no-sync",
        "--auth=trust",
        "--username=postgres",
        "--encoding=UTF8",
    ]
    subprocess.run(
        [*_as(account), *command, "--locale=C", "-D", folder / "data"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _start(
    programs: Path, folder: Path, account: pwd.struct_passwd, settings: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    words = [f"--{name}={value}" for name, value in {**settings, "unix_socket_directories": folder}.items()]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [*_as(account), programs / "postgres", "-D", folder / "data", *words],
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
