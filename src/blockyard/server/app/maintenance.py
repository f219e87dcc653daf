"""What an operator runs once in a while: migrations, a new administrator's password, the OpenAPI document."""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blockyard.server.app import migrate as migrations
from blockyard.server.app.application import create_app
from blockyard.server.app.data_dir import is_used, read_url
from blockyard.server.app.keys import KeyFileError, read_master_key
from blockyard.server.app.seeds import ADMIN_USER, WRONG_MASTER_KEY
from blockyard.server.app.settings import SQLITE_FILE, Settings, SettingsError, load_settings
from blockyard.server.app.up import new_link
from blockyard.server.app.wiring import wire
from blockyard.server.kit import key_check
from blockyard.server.kit.database import Database
from blockyard.server.kit.ids import new_secret
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.services import Services

_NO_ADMIN = "the database has no administrator who can sign in; the first start of a server makes one"


def migrate(settings: Settings, *, check: bool, message: str) -> int:
    """Upgrade the database; or, on a throw-away SQLite, check that the migrations make the declared tables, or write a new one."""
    if check or message:
        with tempfile.TemporaryDirectory() as folder, Database.open(f"sqlite:///{folder}/check.sqlite3") as db:
            migrations.upgrade(db)
            if message:
                migrations.revision(db, message)
                return 0
            differences = migrations.differences(db)
        for difference in differences:
            sys.stderr.write(f"{difference}\n")
        return 1 if differences else 0
    _require_database(settings)
    with Database.open(settings.effective_database_url) as db:
        done = migrations.upgrade(db)
        sys.stdout.write(f"{'upgraded to' if done else 'already at'} revision {migrations.head()}\n")
    return 0


def reset_admin_password(settings: Settings) -> None:
    """Give the local administrator a new random password and print it; open sessions end."""
    with _installed(settings) as (db, services):
        password = new_secret(20)
        if not db.write_now(lambda tx: services.users.reset_password(tx, ADMIN_USER, password)):
            raise SettingsError(_NO_ADMIN)
    sys.stdout.write(f"new password of {ADMIN_USER}: {password}\n")


def print_sign_in_link(settings: Settings) -> None:
    """Print a new link that signs the local administrator in once; the one before is void."""
    with _installed(settings) as (db, services):
        link = new_link(db, services, read_url(settings.data_dir) or settings.effective_public_url)
    if link is None:
        raise SettingsError(_NO_ADMIN)
    sys.stdout.write(f"{link}\n")
    if not settings.database_url and not is_used(settings.data_dir):
        sys.stderr.write("No server runs on this directory now; start it within the next 15 minutes.\n")


def _require_database(settings: Settings) -> None:
    """Refuse a place where no server has been yet: `up` makes its database itself. Raises SettingsError."""
    if not settings.database_url and not (settings.data_dir / SQLITE_FILE).exists():
        raise SettingsError(
            f"there is no database in {settings.data_dir}; name the installation's --data-dir "
            "(or BLOCKYARD_DATABASE_URL), or start `blockyard up`, which makes one"
        )


@contextmanager
def _installed(settings: Settings) -> Iterator[tuple[Database, Services]]:
    """Give the database of an installation, which a server may use meanwhile, and its services."""
    _require_database(settings)
    master_key = read_master_key(settings.master_key_file)
    with Database.open(settings.effective_database_url) as db:
        migrations.require_current(db)
        if not db.read_now(lambda tx: key_check.fits(tx, master_key)):
            raise KeyFileError(WRONG_MASTER_KEY)
        yield db, wire(settings, master_key)


def openapi_document() -> str:
    """Return the OpenAPI document of all routes, as it is committed."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings({}, {"data_dir": folder})
        with Database.open(f"sqlite:///{Path(folder) / 'unused.sqlite3'}") as db:
            app = create_app(settings, db, wire(settings, MasterKey.generate()))
            return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"
