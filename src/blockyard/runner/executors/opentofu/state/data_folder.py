"""The settings of the injected backend in the engine's data folder, where its files leave them open."""

import json
from collections.abc import Mapping
from pathlib import Path, PurePath

from blockyard.protocol.jsontypes import JsonObject
from blockyard.runner.frame.made_files import read_made, replace_made

_FILE = PurePath(".terraform") / "terraform.tfstate"
_MAX_BYTES = 1024 * 1024


def store_settings(run_dir: Path, settings: Mapping[str, str | int]) -> bool:
    """Put settings where the engine looks for them; False: it does not look there, or the file is of another form."""
    return _change(run_dir, settings)


def remove_settings(run_dir: Path, settings: Mapping[str, str | int]) -> None:
    """Leave the settings open again."""
    _change(run_dir, dict.fromkeys(settings))


def _change(run_dir: Path, settings: Mapping[str, str | int | None]) -> bool:
    try:
        document = json.loads(read_made(run_dir, _FILE, max_bytes=_MAX_BYTES))
        config = _config(document)
        if config is None or not config.keys() >= settings.keys():
            return False
        config.update(settings)
        replace_made(run_dir, _FILE, json.dumps(document, indent=2).encode())
    except (OSError, ValueError, RecursionError):
        return False
    return True


def _config(document: object) -> JsonObject | None:
    backend = document.get("backend") if isinstance(document, dict) else None
    if not isinstance(backend, dict) or backend.get("type") != "http":
        return None
    config = backend.get("config")
    return config if isinstance(config, dict) else None
