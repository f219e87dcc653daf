"""Which executable serves version V? Source: architecture.md 5, runner.md 3.7.

1. `<engine_dir>/<V>/tofu` or `terraform`, downloaded before or placed there by an operator;
2. `tofu`, then `terraform` on PATH, if it has this very version;
3. a download, unless `offline`;
4. what is on PATH, whatever its version, under the policy `warn`: with a visible warning. `strict` fails the run.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from blockyard.runner.executors.opentofu.engine.download import Downloader, DownloadError, is_intact
from blockyard.runner.executors.opentofu.engine.version import EngineVersion, Product, read_version, wanted
from blockyard.runner.executors.opentofu.engine.version_cache import VersionCache
from blockyard.runner.executors.opentofu.settings import EngineFallback
from blockyard.runner.frame.failures import StepFailed

log = structlog.get_logger()

_PROBE_SECONDS = 30
_REFUSED_SECONDS = 300.0
"""A version that could not be downloaded is not asked for again for this long."""


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine to run. `warning` is to be shown in the run."""

    path: Path
    version: EngineVersion
    programs: Path
    """A folder with `tofu` and `terraform`, both this engine, for scripts."""
    warning: str | None = None


class Engines:
    """Finds engines; shared by all runs of a process. `cache_dir` is the runner's own."""

    def __init__(
        self,
        directory: Path,
        *,
        cache_dir: Path,
        search_path: str,
        fallback: EngineFallback,
        downloader: Downloader | None,
    ) -> None:
        self._directory = directory
        self._cache_dir = cache_dir
        self._search_path = search_path
        self._fallback = fallback
        self._downloader = downloader
        self._versions = VersionCache(cache_dir / "engine-versions.json", _probe)
        self._refused: dict[str, tuple[float, str]] = {}

    def find(self, version: str, *, must_stop: Callable[[], bool], say: Callable[[str], None]) -> Engine:
        """Return the engine for `version`. Raises StepFailed, Stopped."""
        asked = wanted(version)
        managed = self._managed(asked)
        if managed is not None:
            return managed
        on_path = self._on_path()
        exact = next((found for found in on_path if found[1].version == asked.version), None)
        if exact is not None:
            return self._engine(*exact)
        reason = self._download(asked, must_stop, say)
        if reason is None and (managed := self._managed(asked)) is not None:
            return managed
        return self._fall_back(asked, on_path, reason or "the downloaded engine is broken")

    def _managed(self, asked: EngineVersion) -> Engine | None:
        folder = self._directory / asked.version
        for program in ("tofu", "terraform"):
            path = folder / program
            if not path.is_file() or not os.access(path, os.X_OK):
                continue
            if not is_intact(path):
                log.error("engine changed since it was downloaded", path=str(path))
                shutil.rmtree(folder, ignore_errors=True)
                return None
            version = self._versions.version_of(path)
            return self._engine(path, version or asked)
        return None

    def _on_path(self) -> list[tuple[Path, EngineVersion]]:
        found = []
        for product in Product:
            program = shutil.which(product.program, path=self._search_path)
            version = self._versions.version_of(Path(program)) if program else None
            if program and version:
                found.append((Path(program), version))
        return found

    def _download(self, asked: EngineVersion, must_stop: Callable[[], bool], say: Callable[[str], None]) -> str | None:
        """Download; return why that was not possible."""
        if self._downloader is None:
            return "downloads are switched off on this runner"
        since, reason = self._refused.get(asked.version, (0.0, ""))
        if reason and time.monotonic() - since < _REFUSED_SECONDS:
            return reason
        say(f"Downloading {asked}\n")
        try:
            self._downloader.install(asked, self._directory / asked.version, must_stop)
        except DownloadError as error:
            self._refused[asked.version] = (time.monotonic(), str(error))
            return str(error)
        return None

    def _fall_back(self, asked: EngineVersion, on_path: list[tuple[Path, EngineVersion]], reason: str) -> Engine:
        if not on_path:
            raise StepFailed(f"{asked} is not available: {reason}", "No other engine is installed on this runner.")
        path, version = next((one for one in on_path if one[1].product is asked.product), on_path[0])
        if self._fallback is EngineFallback.STRICT:
            raise StepFailed(
                f"{asked} is not available: {reason}",
                f"The runner has {version}, but its policy is to use exactly the version of the definition.",
            )
        warning = f"WARNING: the definition asks for {asked}; this run uses {version} instead ({reason})."
        return self._engine(path, version, warning)

    def _engine(self, path: Path, version: EngineVersion, warning: str | None = None) -> Engine:
        return Engine(path, version, self._programs(path, version), warning)

    def _programs(self, path: Path, version: EngineVersion) -> Path:
        """Return a folder with both program names, made once per engine."""
        real = path.resolve()
        folder = self._cache_dir / "engine-programs" / f"{version.product.program}-{version.version}"
        for product in Product:
            link = folder / product.program
            if link.is_symlink() and link.resolve() == real:
                continue
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            draft = folder / f".{product.program}.{os.getpid()}.{time.monotonic_ns()}"
            draft.symlink_to(real)
            draft.replace(link)
        return folder


def _probe(path: Path) -> EngineVersion | None:
    environment = {"PATH": os.defpath, "HOME": "/nonexistent", "CHECKPOINT_DISABLE": "1"}
    try:
        done = subprocess.run(  # noqa: S603  an engine the operator placed
            [path, "version"], env=environment, capture_output=True, text=True, timeout=_PROBE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return read_version(done.stdout)
