"""Where the engine gets its providers from, and the cache that the runs of one workspace share.

A cache holds programs that later runs start with their own credentials, and every module can write to it. So it belongs to
the workspace that owns the definition, whose modules trust each other; and no engine looks for providers where a module can
put them.
"""

import json
import re
import shutil
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from blockyard.runner.executors.opentofu.engine.version import EngineVersion, Product
from blockyard.runner.executors.opentofu.sources.module_files import module_files

LOCK_FILE = ".terraform.lock.hcl"

_SPARES = re.compile(
    r"TF_VAR_.+|(?:AWS|ARM|AZURE|AZUREAD|GOOGLE|GCLOUD|CLOUDSDK|GITHUB|GITLAB|IONOS|KUBE|MESHSTACK|OS|OVH|STACKIT|VAULT)_[A-Z0-9_]+"
    r"|(?!(?:TF|TOFU|GIT|LD|SSH|SSL|XDG|HTTP|HTTPS)_)[A-Z][A-Z0-9_]*_(?:ACCOUNT|ID|KEY|NAME|ORG|PASSWORD|REGION|SECRET|TENANT|TOKEN|USER|USERNAME)"
)
"""Environment inputs that cannot change where providers come from or are put. It is a list of what is allowed: with any other
input a run shares neither cache nor prepared folders, which costs it time and nothing else."""

CLI_CONFIG_FILES = (".tofurc", ".terraformrc")
"""Where the engines look for their configuration in HOME."""

_INSTALLATION = re.compile(r"(?m)^\s*provider_installation\b")
_SHARED_CACHE = re.compile(r"(?m)^\s*plugin_cache_(?:dir|may_break_dependency_lock_file)\s*=.*\n?")
"""A cache in the operator's configuration would be one for all workspaces."""

_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
_CACHE_LOCK = ".blockyard-lock"
_LOCKS_ITSELF = (1, 10, 0)
"""OpenTofu from here on locks its plugin cache itself."""

_NEEDS_PROVIDERS = re.compile(
    r"""\b(?:resource|data|ephemeral)\s+"(?!terraform_)|\b(?:provider|module)\s+"|\brequired_providers\b"""
    r"""|"(?:resource|data|ephemeral|provider|module|required_providers)"\s*:"""
)


def needs_providers(run_dir: Path) -> bool:
    """Tell whether a module may need providers. One that does not needs neither cache nor lock."""
    return any(_NEEDS_PROVIDERS.search(text) for text in module_files(run_dir).values())


def may_share(environment_input: str) -> bool:
    """Tell whether a run with this environment input may use what others left, and leave something to others."""
    return _SPARES.fullmatch(environment_input) is not None


def cli_config(own: Mapping[str, str], mirror: Path | None, *, offline: bool) -> str:
    """Return the engine's configuration: it names every place that providers come from.

    Without that an engine takes them from folders that a module can bring along, too. They come from the operator's mirror,
    or from where the operator's own configuration (`own` is the runner's environment) says, or from their registries.
    """
    if mirror is not None:
        return _mirror_config(mirror, offline=offline)
    config = _SHARED_CACHE.sub("", _operators_config(own))
    return (
        config if _INSTALLATION.search(config) else f"{config}\nprovider_installation {{\n  direct {{}}\n}}\n".lstrip()
    )


def _mirror_config(mirror: Path, *, offline: bool) -> str:
    """Return a configuration for a mirror; what the mirror has comes from nowhere else."""
    mirrored = sorted(_mirrored(mirror))
    direct = "" if offline else f"  direct {{\n    exclude = {json.dumps(mirrored)}\n  }}\n"
    included = f"    path    = {json.dumps(str(mirror))}\n    include = {json.dumps(mirrored)}\n"
    return f"provider_installation {{\n  filesystem_mirror {{\n{included}  }}\n{direct}}}\n"


def _operators_config(own: Mapping[str, str]) -> str:
    named = [own[name] for name in ("TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG") if own.get(name)]
    home = [str(Path(own["HOME"]) / name) for name in CLI_CONFIG_FILES] if own.get("HOME") else []
    for path in named or home:
        with suppress(OSError):
            return Path(path).read_text(encoding="utf-8", errors="replace")
    return ""


def protect(cache: Path) -> None:
    """Make the packages in a cache read-only: runs have links to them in their folders, and no business writing there."""
    for package in cache.glob("*/*/*/*/*"):
        if package.is_dir() and package.stat().st_mode & stat.S_IWUSR:
            for path in (*package.rglob("*"), package):
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode & ~_WRITABLE)


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
