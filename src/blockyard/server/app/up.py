"""`blockyard up`: server, loops, embedded shared runner and SQLite for one machine, in one process tree.

The first start makes every secret before it is used: files first (durable), rows second. A crash in between is harmless: the
next start finds the files and makes the rows.
"""

import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from pathlib import Path

from blockyard.server.app import migrate, server
from blockyard.server.app.data_dir import only_user, require_whole
from blockyard.server.app.embedded_runner import EmbeddedRunner, runner_environment
from blockyard.server.app.keys import ensure_key_pair, ensure_master_key, ensure_runner_key
from blockyard.server.app.logs import configure
from blockyard.server.app.seeds import SHARED_RUNNER_UUID, Seeds, seed
from blockyard.server.app.settings import Settings
from blockyard.server.app.wiring import create_app, wire
from blockyard.server.kit.database import Database


def up(settings: Settings, environment: Mapping[str, str]) -> None:
    """Run everything until SIGTERM or SIGINT."""
    configure(settings.log_level, settings.log_format)
    data = settings.data_dir
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with only_user(data), ThreadPoolExecutor(1) as background:
        require_whole(data)
        runner_key = data / "runner-key.pem"
        public_key = background.submit(ensure_runner_key, runner_key)
        master_key = ensure_master_key(settings.master_key_file)
        listener, settings = server.bind(settings)
        with Database.open(settings.effective_database_url) as db:
            migrate.upgrade(db)
            services = wire(settings, master_key)
            admin_key_file = settings.admin_key_file or data / "admin-key.json"
            runner_pair = ensure_key_pair(data / "runner-api-key.json")
            seeds = Seeds(
                admin_workspace=settings.admin_workspace,
                admin_key=ensure_key_pair(admin_key_file),
                runner_key=runner_pair,
                runner_public_key=public_key.result(),
            )
            password = seed(db, services, seeds)
            db.read_now(services.workspaces.warn_of_builders)
            runner = EmbeddedRunner(
                runner_environment(
                    settings,
                    environment,
                    runner_uuid=str(SHARED_RUNNER_UUID),
                    pair=runner_pair,
                    private_key=runner_key,
                )
            )
            _announce(settings, admin_key_file, password)
            started, stopping = (runner.start, runner.stop) if settings.embedded_runner else (_nothing, _nothing)
            server.run(create_app(settings, db, services), listener, started=started, stopping=stopping)


def _nothing() -> None:
    """Start or stop nothing."""


def _announce(settings: Settings, admin_key_file: Path, password: str | None) -> None:
    lines = [f"Blockyard is at {settings.effective_public_url}"]
    if password is not None:
        lines += [
            "  sign in as  admin",
            f"  password    {password}   (shown only now; change it under your name)",
            f"  API key     {admin_key_file}",
        ]
    with nullcontext() if password is not None else suppress(OSError):  # a password must not be lost
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
