"""`blockyard up`: server, loops, embedded shared runner and SQLite for one machine, in one process tree.

The first start makes every secret before it is used: files first (durable), rows second. A crash in between is harmless: the
next start finds the files and makes the rows.
"""

import os
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from pathlib import Path
from signal import SIGTERM

from blockyard.diagnosis.logging import configure
from blockyard.server.app import migrate, server
from blockyard.server.app.application import create_app
from blockyard.server.app.data_dir import only_user, prepare, require_whole, write_url
from blockyard.server.app.embedded_runner import EmbeddedRunner, local_url, runner_environment
from blockyard.server.app.keys import ensure_key_pair, ensure_master_key, ensure_runner_key, require_runner_key
from blockyard.server.app.seeds import ADMIN_USER, SHARED_RUNNER_UUID, Seeds, seed
from blockyard.server.app.settings import ADMIN_KEY, RUNNER_API_KEY, RUNNER_KEY, Settings
from blockyard.server.app.wiring import wire
from blockyard.server.kit import key_check
from blockyard.server.kit.database import Database
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.services import Services

_PARENT_SECONDS = 1.0
"""How often a server that was started for another process looks whether that one is still there."""


def up(
    settings: Settings,
    environment: Mapping[str, str],
    *,
    runs_umask: int,
    parent: int = 0,
    new_runner_key: bool = False,
) -> None:
    """Run everything until SIGTERM, SIGINT or SIGHUP, or until the process `parent` has ended.

    `runs_umask` is what runs create their files with; the server's own are private. `new_runner_key` accepts another key of the
    shared runner than the one that secrets are sealed to.
    """
    configure(settings.log_level, settings.log_format)
    if parent:
        threading.Thread(target=_end_with, args=(parent,), name="parent", daemon=True).start()
    data = settings.data_dir
    bound = None if data.exists() else server.bind(settings)  # what cannot listen leaves no directory behind
    prepare(data)
    with only_user(data), ThreadPoolExecutor(1) as background:
        require_whole(data)
        runner_key = data / RUNNER_KEY
        listener, settings = bound or server.bind(settings)
        with Database.open(settings.effective_database_url) as db:
            is_new = migrate.current(db) is None
            made = background.submit(ensure_runner_key, runner_key) if is_new else None  # it takes long
            master_key = _open(db, settings.master_key_file, is_new=is_new)
            services = wire(settings, master_key)
            registered = db.read_now(services.runners.shared_key)
            if made is None and registered is not None:
                public_key = require_runner_key(runner_key, registered, accept_new=new_runner_key)
            else:
                public_key = ensure_runner_key(runner_key) if made is None else made.result()
            admin_key_file = settings.admin_key_file or data / ADMIN_KEY
            runner_pair = ensure_key_pair(data / RUNNER_API_KEY)
            seeds = Seeds(
                admin_workspace=settings.admin_workspace,
                admin_key=ensure_key_pair(admin_key_file),
                runner_key=runner_pair,
                runner_public_key=public_key,
            )
            password = seed(db, services, seeds)
            write_url(data, local_url(settings))
            db.read_now(services.workspaces.warn_of_builders)
            runner = EmbeddedRunner(
                runner_environment(
                    settings,
                    environment,
                    runner_uuid=str(SHARED_RUNNER_UUID),
                    pair=runner_pair,
                    private_key=runner_key,
                ),
                umask=runs_umask,
            )
            _announce(settings, admin_key_file, password, new_link(db, services, settings.effective_public_url))
            started, stopping = (runner.start, runner.stop) if settings.embedded_runner else (_nothing, _nothing)
            app = create_app(settings, db, services)
            server.run(app, db.signals, listener, settings, started=started, stopping=stopping)


def _open(db: Database, master_key_file: Path, *, is_new: bool) -> MasterKey:
    """Bring the tables to this version's and return the master key, made now if the database was written with none yet."""
    migrate.upgrade(db)
    return ensure_master_key(master_key_file, is_new=is_new or not db.read_now(key_check.is_remembered))


def new_link(db: Database, services: Services, url: str) -> str | None:
    """Return the address below `url` that signs the administrator in once; None if that account is locked or missing."""
    token = db.write_now(lambda tx: services.sign_in_links.make(tx, ADMIN_USER))
    return None if token is None else f"{url}/sign-in/link?token={token}"


def _nothing() -> None:
    """Start or stop nothing."""


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PARENT_SECONDS)
    os.kill(os.getpid(), SIGTERM)


def _announce(settings: Settings, admin_key_file: Path, password: str | None, link: str | None) -> None:
    lines = [f"Blockyard is at {settings.effective_public_url}"]
    if link is not None:
        lines.append(f"  sign in     {link}   (works once, for 15 minutes)")
    if password is not None:
        lines += [
            f"  user        {ADMIN_USER}",
            f"  password    {password}   (shown only now; change it under your name)",
            f"  API key     {admin_key_file}",
        ]
    if sys.stdout.isatty():
        lines.append("Ctrl-C stops it.")
    with nullcontext() if password is not None else suppress(OSError):  # a password must not be lost
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
