"""Where the engine gets its providers from: an operator's mirror, and a cache that runs share safely."""

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from blockyard.modules.module import SUFFIXES
from blockyard.runner.executors.opentofu.version import EngineVersion, Product

CLI_CONFIG_FILE = "meshStack_cli_config.tfrc"
LOCK_FILE = ".terraform.lock.hcl"
STEERING = frozenset(
    {"ALL_PROXY", "HOME", "HTTPS_PROXY", "HTTP_PROXY", "LD_LIBRARY_PATH", "LD_PRELOAD", "PATH", "SSL_CERT_DIR"}
    | {
        "SSL_CERT_FILE",
        "TERRAFORM_CONFIG",
        "TF_CLI_CONFIG_FILE",
        "TF_DATA_DIR",
        "TF_PLUGIN_CACHE_DIR",
        "TOFU_CLI_CONFIG_FILE",
    }
    | {"all_proxy", "http_proxy", "https_proxy", "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE"}
)
"""Environment inputs that change where providers come from or are put: such runs share nothing with others."""

_CACHE_LOCK = ".blockyard-lock"
_LOCKS_ITSELF = (1, 10, 0)
"""OpenTofu from here on locks its plugin cache itself."""

_NEEDS_PROVIDERS = re.compile(
    r"""\b(?:resource|data|ephemeral)\s+"(?!terraform_)|\b(?:provider|module)\s+"|\brequired_providers\b"""
    r"""|"(?:resource|data|ephemeral|provider|module|required_providers)"\s*:"""
)


def needs_providers(run_dir: Path) -> bool:
    """Tell whether a module may need providers. One that does not needs neither cache nor lock."""
    files = (path for path in run_dir.iterdir() if path.name.endswith(SUFFIXES) and path.is_file())
    return any(_NEEDS_PROVIDERS.search(path.read_text(encoding="utf-8", errors="replace")) for path in files)


def cli_config(mirror: Path, *, offline: bool) -> str:
    """Return the engine's configuration for a mirror of providers; what the mirror has comes from nowhere else."""
    mirrored = sorted(_mirrored(mirror))
    direct = "" if offline else f"  direct {{\n    exclude = {json.dumps(mirrored)}\n  }}\n"
    included = f"    path    = {json.dumps(str(mirror))}\n    include = {json.dumps(mirrored)}\n"
    return f"provider_installation {{\n  filesystem_mirror {{\n{included}  }}\n{direct}}}\n"


def cache_environment(cache: Path, *, has_lock_file: bool) -> dict[str, str]:
    """Return what makes `init` use the cache. Without a lock file it would not: run directories are new each time."""
    environment = {"TF_PLUGIN_CACHE_DIR": str(cache)}
    return environment if has_lock_file else environment | {"TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1"}


def locking_command(cache: Path, engine: EngineVersion, search_path: str) -> Sequence[str] | None:
    """Return the words before an `init` that uses the cache, so that no two write to it; None if it cannot be shared.

    The lock goes with the engine's process, whatever becomes of the runner.
    """
    if engine.product is Product.OPENTOFU and engine.numbers >= _LOCKS_ITSELF:
        return ()
    flock = shutil.which("flock", path=search_path)
    return None if flock is None else (flock, "--no-fork", "--exclusive", str(cache / _CACHE_LOCK))


def _mirrored(mirror: Path) -> set[str]:
    """Return the addresses of the providers in a mirror: host, namespace and type are folders."""
    return {"/".join(path.parts[-3:]) for path in mirror.glob("*/*/*") if path.is_dir() and "." in path.parts[-3]}
