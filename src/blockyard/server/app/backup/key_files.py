"""The key files of an installation: what an archive calls them, where they are, and whether they are really its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from blockyard.protocol.sealing import EnvelopeError, load_private_key, load_public_key
from blockyard.server.app.keys import KeyFileError, read_key_pair
from blockyard.server.app.seeds import SHARED_RUNNER_UUID
from blockyard.server.app.settings import ADMIN_KEY, MASTER_KEY, RUNNER_API_KEY, RUNNER_KEY, RUNNER_PUBLIC_KEY, Settings
from blockyard.server.kit.database import Transaction
from blockyard.server.runners.model import RunnerId
from blockyard.server.services import Services


@dataclass(frozen=True, slots=True)
class FoundKeys:
    """The key files to keep, and the names of those that are of another installation, or unreadable."""

    own: Mapping[str, Path]
    foreign: tuple[str, ...]


def key_files(settings: Settings) -> Mapping[str, Path]:
    """Return the place of every key file, whether it is there or not, by its name in archives."""
    data = settings.data_dir
    return {
        MASTER_KEY: settings.master_key_file,
        RUNNER_KEY: data / RUNNER_KEY,
        RUNNER_API_KEY: data / RUNNER_API_KEY,
        ADMIN_KEY: settings.admin_key_file or data / ADMIN_KEY,
        RUNNER_PUBLIC_KEY: settings.shared_runner_public_key_file or data / RUNNER_PUBLIC_KEY,
    }


def find_keys(tx: Transaction, settings: Settings, services: Services) -> FoundKeys:
    """Return which key files are those of this database: the data directory may be another installation's.

    The caller has checked the master key.
    """
    registered = load_public_key(services.runners.get_by_id(tx, RunnerId(SHARED_RUNNER_UUID)).public_key)

    def is_registered(key: RSAPublicKey) -> bool:
        return key.public_numbers() == registered.public_numbers()

    def signs_in(path: Path) -> bool:
        pair = read_key_pair(path)
        return services.api_keys.knows(tx, pair.client_id, pair.client_secret)

    checks: Mapping[str, Callable[[Path], bool]] = {
        MASTER_KEY: lambda _path: True,
        RUNNER_KEY: lambda path: is_registered(load_private_key(path.read_bytes()).public_key()),
        RUNNER_API_KEY: signs_in,
        ADMIN_KEY: signs_in,
        RUNNER_PUBLIC_KEY: lambda path: is_registered(load_public_key(path.read_text())),
    }
    present = {name: path for name, path in key_files(settings).items() if path.is_file()}
    own = {name: path for name, path in present.items() if _passes(checks[name], path)}
    return FoundKeys(own, tuple(sorted(present.keys() - own.keys())))


def _passes(check: Callable[[Path], bool], path: Path) -> bool:
    try:
        return check(path)
    except (OSError, ValueError, KeyFileError, EnvelopeError):
        return False
