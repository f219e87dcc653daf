"""Bare git repositories made from dicts of files."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

AUTHOR = "Ada Example <ada@blockyard.test>"
WHEN = "1767268800 +0000"
"""2026-01-01 12:00 UTC: the same files always make the same commit."""


@dataclass(frozen=True)
class Repository:
    """A bare repository at `path`."""

    path: Path

    def commit(self, files: Mapping[str, str | bytes | None], *, branch: str = "main", message: str = "Change") -> str:
        """Write `files` (None removes one; a name ending in .sh becomes executable) and return the new commit's id."""
        tip = self.resolve(f"refs/heads/{branch}")
        text = message.encode()
        stream = [f"commit refs/heads/{branch}\ncommitter {AUTHOR} {WHEN}\ndata {len(text)}\n".encode(), text, b"\n"]
        if tip:
            stream.append(f"from {tip}\n".encode())
        for name, content in files.items():
            if content is None:
                stream.append(f"D {name}\n".encode())
                continue
            data = content.encode() if isinstance(content, str) else content
            mode = "100755" if name.endswith(".sh") else "100644"
            stream += [f"M {mode} inline {name}\ndata {len(data)}\n".encode(), data, b"\n"]
        self.git("fast-import", "--quiet", stdin=b"".join(stream))
        return self.git("rev-parse", f"refs/heads/{branch}")

    def branch(self, name: str, at: str = "main") -> None:
        """Make branch `name` point at `at`."""
        self.git("branch", "--force", name, at)

    def tag(self, name: str, at: str = "main", *, annotated: bool = False) -> None:
        """Make tag `name` of `at`."""
        self.git("tag", *(["--annotate", "--message", name] if annotated else []), name, at)

    def resolve(self, reference: str) -> str | None:
        """Return the commit that `reference` points to, if it exists."""
        found = subprocess.run(
            ["git", "rev-parse", "--verify", "--quiet", reference],
            cwd=self.path,
            env=git_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        return found.stdout.strip() or None

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        """Run git in the repository and return what it prints."""
        answer = subprocess.run(
            ["git", *arguments], cwd=self.path, env=git_environment(), input=stdin, capture_output=True, check=True
        )
        return answer.stdout.decode().strip()


def create_repository(path: Path, files: Mapping[str, str | bytes | None] | None = None) -> Repository:
    """Make a bare repository at `path` with `files` as the first commit of `main`."""
    path.mkdir(parents=True)
    repository = Repository(path)
    repository.git("init", "--quiet", "--bare", "--initial-branch=main")
    if files:
        repository.commit(files, message="Begin")
    return repository


def git_environment() -> dict[str, str]:
    """Return an environment in which git reads no one's configuration."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "Ada Example",
        "GIT_AUTHOR_EMAIL": "ada@blockyard.test",
        "GIT_COMMITTER_NAME": "Ada Example",
        "GIT_COMMITTER_EMAIL": "ada@blockyard.test",
        "GIT_COMMITTER_DATE": WHEN,
        "GIT_AUTHOR_DATE": WHEN,
    }
