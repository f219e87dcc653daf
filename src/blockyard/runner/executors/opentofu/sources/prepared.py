"""Folders that spare later runs of the same sources the clone and `init`.

After a successful `init` the module and what `init` made are kept, without anything of the run: on a Blockyard server the
backend's settings are added after that and its credentials are environment (hub-usage.md B1). A later run of the same
definition, sources, commit and engine asks the repository for the commit with its own credentials, which proves that it
may read it, and starts from a copy. Where the engine then asks for `init` after all, the run does it.

Modules that `init` fetches other modules for are never kept, nor those that compute where a module comes from; those with
providers only for a short time, since `init` takes the newest versions. Layout:
`<prepared_dir>/<owner>/<family>/<commit>/`, the oldest go first.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from blockyard.modules.module import SUFFIXES
from blockyard.runner.executors.opentofu.own_names import DATA_DIR
from blockyard.runner.frame.made_files import read_made

log = structlog.get_logger()

MAX_FOLDERS = 64
"""More are not kept."""

MAX_BYTES = 32 * 1024 * 1024
MAX_FILES = 2000
"""Larger folders are not kept: copying them would cost more than it spares."""

PROVIDERS_SECONDS = 900.0
"""How long a folder of a module with providers is used."""

_DRAFT = ".draft-"
_MODULE_BLOCK = re.compile(r'(?m)^[ \t]*module[ \t]+"[^"\n]*"[ \t]*\{')
_ORIGIN = re.compile(r"(?m)^[ \t]*(?:source|version)[ \t]*=[ \t]*(?P<value>[^\n]*)")
_LITERAL = re.compile(r'"[^"$%]*"[ \t]*(?:(?:#|//|/\*).*)?')
_COMPUTED_IN_JSON = re.compile(r'"(?:source|version)"\s*:\s*"[^"]*[$%]\{')
_MAX_SOURCE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Family:
    """Runs that can share folders, one per commit."""

    root: Path
    folder: Path

    @property
    def has_any(self) -> bool:
        """Whether there may be a folder: then asking for the commit pays."""
        return self.folder.is_dir()

    def use(self, commit: str, run_dir: Path) -> bool:
        """Copy the folder for `commit` into the empty `run_dir`; False if there is none to use."""
        kept = self.folder / commit
        try:
            made = kept.stat().st_mtime
            if _has_providers(kept) and (_is_old(made) or _lacks_providers(kept)):
                shutil.rmtree(kept, ignore_errors=True)
                return False
            shutil.copytree(kept, run_dir, symlinks=True, dirs_exist_ok=True)
        except (OSError, shutil.Error):
            return False
        return True

    def keep(self, commit: str, run_dir: Path, is_own: Callable[[str], bool]) -> None:
        """Keep what is in `run_dir` but for the files of the run, those whose names `is_own` says so."""
        if (self.folder / commit).exists() or _fetches_modules(run_dir) or _is_large(run_dir):
            return
        if _computes_sources(run_dir):
            return
        root = self.root
        draft = root / f"{_DRAFT}{secrets.token_hex(6)}"
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copytree(run_dir, draft, symlinks=True, ignore=_at(run_dir, is_own))
            os.utime(draft)
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.rename(self.folder / commit)
            _evict(root)
        except (OSError, shutil.Error) as error:
            log.info("folder not kept", error=str(error))
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def family(root: Path, owner: str, parts: Sequence[str]) -> Family:
    """Return the family of runs of one owner that agree in all `parts`."""
    return Family(root, root / owner / hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32])


def _at(folder: Path, is_own: Callable[[str], bool]) -> Callable[[str, list[str]], list[str]]:
    def ignored(path: str, names: list[str]) -> list[str]:
        return [name for name in names if is_own(name)] if Path(path) == folder else []

    return ignored


def _has_providers(folder: Path) -> bool:
    return (folder / DATA_DIR / "providers").exists()


def _is_old(made: float) -> bool:
    return not 0 <= time.time() - made <= PROVIDERS_SECONDS


def _lacks_providers(folder: Path) -> bool:
    """Tell whether a provider was removed from the cache its link points to."""
    return not all(path.exists() for path in (folder / DATA_DIR / "providers").glob("*/*/*/*/*"))


def _fetches_modules(run_dir: Path) -> bool:
    """Tell whether `init` has fetched modules from elsewhere; those may change without the commit changing."""
    try:
        listed = json.loads(read_made(run_dir, f"{DATA_DIR}/modules/modules.json", max_bytes=MAX_BYTES))
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True
    entries = listed.get("Modules", []) if isinstance(listed, dict) else []
    return not all(str(entry.get("Source", "")).startswith(("./", "../")) or not entry.get("Key") for entry in entries)


def _computes_sources(run_dir: Path) -> bool:
    """Tell whether a module's source or version depends on the inputs: then what `init` made is for these inputs only."""
    for folder, folders, names in os.walk(run_dir):
        folders[:] = [name for name in folders if name not in {DATA_DIR, ".git"}]
        for name in filter(lambda name: name.endswith(SUFFIXES), names):
            try:
                content = read_made(run_dir, (Path(folder) / name).relative_to(run_dir), max_bytes=_MAX_SOURCE_BYTES)
            except OSError:
                return True
            if _has_computed_source(content.decode("utf-8", errors="replace"), is_json=name.endswith(".json")):
                return True
    return False


def _has_computed_source(text: str, *, is_json: bool) -> bool:
    if is_json:
        return '"module"' in text and _COMPUTED_IN_JSON.search(text) is not None
    for block in _MODULE_BLOCK.finditer(text):
        body = text[block.end() : _end_of_block(text, block.end())]
        if any(not _LITERAL.fullmatch(origin["value"].strip()) for origin in _ORIGIN.finditer(body)):
            return True
    return False


def _end_of_block(text: str, begin: int) -> int:
    depth = 1
    for brace in re.finditer("[{}]", text[begin:]):
        depth += 1 if brace[0] == "{" else -1
        if not depth:
            return begin + brace.start()
    return len(text)


def _is_large(run_dir: Path) -> bool:
    total, count = 0, 0
    for folder, _, names in os.walk(run_dir):
        for name in names:
            count += 1
            with suppress(OSError):
                total += os.lstat(Path(folder) / name).st_size
            if count > MAX_FILES or total > MAX_BYTES:
                return True
    return False


def _evict(root: Path) -> None:
    """Remove the oldest folders, and drafts of processes that ended."""
    kept: list[tuple[float, Path]] = []
    for path in root.glob("[!.]*/*/*"):
        with suppress(OSError):
            kept.append((path.stat().st_mtime, path))
    for _, path in sorted(kept, reverse=True)[MAX_FOLDERS:]:
        shutil.rmtree(path, ignore_errors=True)
    for draft in root.glob(f"{_DRAFT}*"):
        with suppress(OSError):
            if _is_old(draft.stat().st_mtime):
                shutil.rmtree(draft, ignore_errors=True)
