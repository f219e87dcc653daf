"""`blockyard serve`: HTTP API, pages and loops as one of any number of replicas on one PostgreSQL."""

import sys
from contextlib import nullcontext, suppress
from pathlib import Path

from blockyard.diagnosis.logging import configure
from blockyard.server.app import migrate, server
from blockyard.server.app.application import create_app
from blockyard.server.app.keys import KeyFileError, read_key_pair, read_master_key
from blockyard.server.app.seeds import Seeds, seed
from blockyard.server.app.settings import Settings, SettingsError
from blockyard.server.app.wiring import wire
from blockyard.server.kit.database import Database


def serve(settings: Settings) -> None:
    """Run one replica until SIGTERM or SIGINT; refuses to start on a database that needs `blockyard migrate`."""
    configure(settings.log_level, settings.log_format)
    master_key = read_master_key(settings.master_key_file)
    seeds = _seeds(settings)
    listener, settings = server.bind(settings)
    with Database.open(settings.effective_database_url) as db:
        migrate.require_current(db)
        services = wire(settings, master_key)
        password = seed(db, services, seeds)
        _announce(settings, password)
        server.run(create_app(settings, db, services), db.signals, listener, settings)


def _announce(settings: Settings, password: str | None) -> None:
    words = f"Blockyard is at {settings.effective_public_url}\n"
    if password is not None:
        words += f"  sign in as  admin\n  password    {password}   (shown only now; change it under your name)\n"
    with nullcontext() if password is not None else suppress(OSError):  # a password must not be lost
        sys.stdout.write(words)
        sys.stdout.flush()


def _seeds(settings: Settings) -> Seeds:
    if settings.shared_runner_public_key_file is None:
        raise SettingsError(
            "BLOCKYARD_SHARED_RUNNER_PUBLIC_KEY_FILE is missing; secrets for the shared runner are sealed to this key "
            "(docs/operating.md, Several machines, has the commands that make the pair)"
        )
    return Seeds(
        admin_workspace=settings.admin_workspace,
        admin_key=read_key_pair(settings.admin_key_file) if settings.admin_key_file else None,
        runner_key=None,
        runner_public_key=_read(settings.shared_runner_public_key_file),
    )


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise KeyFileError(f"the file {path} cannot be read: {error.strerror}") from None
