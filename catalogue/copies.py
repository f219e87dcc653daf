"""A copy of a catalogue that fetches itself from this machine, and what is in it."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

INTEGRATION = "meshstack_integration.tf"
BLOCK = "buildingblock"
_OWN_GIT = re.compile(r"https://github\.com/meshcloud/meshstack-hub(?:\.git)?(?=\")")
_OWN_MODULE = re.compile(r"\"github\.com/meshcloud/meshstack-hub//")
_AUTHOR = ("-c", "user.name=catalogue", "-c", "user.email=catalogue@blockyard.test", "-c", "commit.gpgsign=false")


@dataclass(frozen=True)
class Catalogue:
    """A checkout whose own addresses lead to `url`."""

    folder: Path
    url: str

    def roots(self) -> list[str]:
        """Return the folders that offer definitions as code."""
        return sorted(str(file.parent.relative_to(self.folder)) for file in self._files(INTEGRATION))

    def trials(self) -> list[str]:
        """Return the folders in which the catalogue orders what it offers."""
        found = {file.parent for file in self._files("main.tf") if "e2e" in file.parent.parts}
        return sorted(str(folder.relative_to(self.folder)) for folder in found if BLOCK not in folder.parts)

    def modules(self) -> list[str]:
        """Return the folders of modules that blocks are made with."""
        return sorted({str(file.parent.relative_to(self.folder)) for file in self._files("*.tf") if _is_module(file)})

    def _files(self, name: str) -> Iterator[Path]:
        return (file for file in self.folder.rglob(name) if ".git" not in file.parts and "tools" not in file.parts)


def _is_module(file: Path) -> bool:
    return file.parent.name == BLOCK


def copied(source: Path, folder: Path, bare: Path, url: str) -> Catalogue:
    """Copy a catalogue to `folder`, and to `bare`, which is served at `url`; what it fetches of itself comes from there.

    Without its history, which need not be whole here.
    """
    _git(folder.parent, "clone", "--quiet", str(source), str(folder))
    shutil.rmtree(folder / ".git")
    _git(folder, "init", "--quiet", "--initial-branch", "main")
    for file in folder.rglob("*.tf"):
        text = file.read_text()
        here = _OWN_MODULE.sub(f'"git::{url}//', _OWN_GIT.sub(url, text))
        if here != text:
            file.write_text(here)
    _git(folder, "add", "--all")
    _git(folder, *_AUTHOR, "commit", "--quiet", "--message", "Fetch from here")
    shutil.rmtree(bare, ignore_errors=True)
    _git(folder, "clone", "--quiet", "--bare", str(folder), str(bare))
    return Catalogue(folder, url)


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)
