"""An installation that does not run: a data directory and a database, as the first start leaves them."""

from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import text

from blockyard.server.app import migrate
from blockyard.server.app.keys import ensure_key_pair, ensure_master_key, ensure_runner_key, write_private
from blockyard.server.app.seeds import Seeds, seed
from blockyard.server.app.settings import Settings
from blockyard.server.app.wiring import wire
from blockyard.server.kit.database import Database, metadata


@cache
def _runner_key() -> bytes:
    """Return one key for all: making it takes long."""
    return _new_key()


@cache
def other_runner_key() -> bytes:
    """Return a key that is no installation's."""
    return _new_key()


def _new_key() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def replace_key(settings: Settings, private_key: bytes) -> None:
    """Put another private key into the place of the shared runner's."""
    write_private(settings.data_dir / "runner-key.pem", private_key)


def make_tables(db: Database) -> None:
    """Make all tables, unless they are there, and say that they are those of this version: quicker than migrations."""
    metadata.create_all(db.engine)
    say_current(db)


def say_current(db: Database) -> None:
    """Say that the tables are those of this version."""
    with db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("DELETE FROM alembic_version"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": migrate.head()})


def install(settings: Settings) -> None:
    """Leave behind what the first start of `blockyard up` does."""
    data = settings.data_dir
    write_private(data / "runner-key.pem", _runner_key())
    master_key = ensure_master_key(settings.master_key_file, is_new=True)
    with Database.open(settings.effective_database_url) as db:
        make_tables(db)
        seeds = Seeds(
            admin_workspace=settings.admin_workspace,
            admin_key=ensure_key_pair(data / "admin-key.json"),
            runner_key=ensure_key_pair(data / "runner-api-key.json"),
            runner_public_key=ensure_runner_key(data / "runner-key.pem"),
        )
        seed(db, wire(settings, master_key), seeds)
