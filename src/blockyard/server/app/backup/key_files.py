"""The key files of an installation: what an archive calls them, and where they are."""

from collections.abc import Mapping
from pathlib import Path

from blockyard.server.app.settings import Settings

MASTER_KEY = "master.key"


def key_files(settings: Settings) -> Mapping[str, Path]:
    """Return the place of every key file, whether it is there or not, by its name in archives."""
    data = settings.data_dir
    return {
        MASTER_KEY: settings.master_key_file,
        "runner-key.pem": data / "runner-key.pem",
        "runner-api-key.json": data / "runner-api-key.json",
        "admin-key.json": settings.admin_key_file or data / "admin-key.json",
        "runner-public.pem": settings.shared_runner_public_key_file or data / "runner-public.pem",
    }
