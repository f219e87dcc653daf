"""The engine that carries out roots: init, apply, an empty plan, destroy."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_SECONDS = 900


class Stopped(Exception):
    """The engine refused a step; the text is its first error."""


@dataclass(frozen=True)
class Providers:
    """A filesystem mirror of providers: host, namespace, type, version, platform."""

    mirror: Path

    def has(self, source: str) -> bool:
        """Tell whether the mirror has a provider, whatever its host."""
        return any(self.mirror.glob(f"*/{'/'.join(source.split('/')[-2:])}"))

    def configuration(self, folder: Path) -> Path:
        """Write a configuration that lets the engine use this mirror and nothing else."""
        file = folder / "engine.rc"
        file.write_text(
            f"provider_installation {{\n  filesystem_mirror {{\n    path = {json.dumps(str(self.mirror))}\n  }}\n}}\n"
        )
        return file


@dataclass(frozen=True)
class Engine:
    """OpenTofu or Terraform on PATH, signed in to a server."""

    environment: Mapping[str, str]

    @staticmethod
    def name() -> str:
        """Return the engine of this machine."""
        return "tofu" if shutil.which("tofu") else "terraform"

    def init(self, folder: Path) -> None:
        """Fetch modules and providers. Raises Stopped."""
        self._run(folder, "init", "-input=false", "-test-directory=none")

    def apply(self, folder: Path) -> None:
        """Make what a root says. Raises Stopped."""
        self._run(folder, "apply", "-input=false", "-auto-approve")

    def require_no_change(self, folder: Path) -> None:
        """Raise Stopped if a second plan is not empty."""
        self._run(folder, "plan", "-input=false", "-detailed-exitcode")

    def destroy(self, folder: Path) -> None:
        """Destroy what a root made. Raises Stopped."""
        self._run(folder, "destroy", "-input=false", "-auto-approve")
        left = self._run(folder, "state", "list").split()
        if left:
            raise Stopped(f"left behind: {' '.join(left)}")

    def _run(self, folder: Path, *arguments: str) -> str:
        ended = subprocess.run(
            [self.name(), *arguments, *([] if arguments[0] == "state" else ["-no-color"])],
            cwd=folder,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        with (folder / "engine.log").open("a") as log:
            log.write(f"$ {' '.join(arguments)}\n{ended.stdout}{ended.stderr}\n")
        if ended.returncode == 0:
            return ended.stdout
        if arguments[0] == "plan" and ended.returncode == 2:  # noqa: PLR2004  the engine's word for changes
            raise Stopped(_changes(ended.stdout))
        raise Stopped(_first_error(ended.stderr or ended.stdout))


def _first_error(text: str) -> str:
    plain = _COLOURS.sub("", text)
    lines = [line.strip("│╷╵ \n") for line in plain[plain.find("Error:") :].splitlines()]
    return " ".join(" ".join(line for line in lines if line)[:400].split())


def _changes(text: str) -> str:
    changed = [line.strip() for line in text.splitlines() if re.match(r"\s*(# |[~+-]/?[+-]? )", line)]
    return f"changes again: {'; '.join(changed)[:400]}"
