"""Gets the files of a module folder out of a git repository with the system's git, into a temporary folder."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from blockyard.cli.exits import Failure, usage
from blockyard.cli.output import plain
from blockyard.modules import references

SUFFIXES = (".tf", ".tf.json", ".tofu", ".tofu.json")
READ = ("README.md", "APP_TEAM_README.md")
LOGOS = ("logo.svg", "logo.png")
MAX_FILE_BYTES = 4 * 1024 * 1024
"""Larger files are left out."""

MAX_FOLDERS_NAMED = 20
GIT_SECONDS = 600
_REMOTE = re.compile(r"(?:https?|ssh|file)://|[\w.-]+@[\w.-]+:")
_USERINFO = re.compile(r"(\w+://)[^/@\s]+@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a module comes from, as a definition names it."""

    url: str
    path: str | None
    ref: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What a module's folder holds, as far as an import looks at it."""

    texts: Mapping[str, str]
    logo: tuple[str, bytes] | None


def locate(location: str, *, path: str | None, ref: str | None) -> tuple[Source, list[str]]:
    """Return the source that a URL, or a folder of a local repository, means; and warnings. Raises Failure."""
    if _REMOTE.match(location):
        parts = urlsplit(location)
        if parts.password is not None or (parts.username and parts.scheme != "ssh"):
            raise usage("a repository's URL must not contain a name or password", "Use SSH, or git's credential store.")
        return Source(url=location, path=_inside(path), ref=ref), []
    folder = Path(location).expanduser()
    if not folder.is_dir():
        raise usage(f"'{location}' is neither a repository's URL (https, ssh, file) nor a folder")
    if _is_bare(folder):
        return Source(url=folder.resolve().as_uri(), path=_inside(path), ref=ref), []
    try:
        top = Path(_git("rev-parse", "--show-toplevel", folder=folder))
    except Failure:
        raise usage(
            f"'{location}' is not in a git repository", "Runners fetch modules from git: commit it to one first."
        ) from None
    whole = PurePosixPath(folder.resolve().relative_to(top.resolve()).as_posix()) / (path or "")
    changed = _git("status", "--porcelain", "--", ".", folder=folder)
    warnings = ["the folder has changes that are not committed; they are not imported"] if changed else []
    return Source(url=top.resolve().as_uri(), path=_inside(str(whole)), ref=ref), warnings


def _inside(path: str | None) -> str | None:
    """Return a folder inside the repository; None for its root. Raises Failure (usage)."""
    parts = PurePosixPath(path or "").parts
    if ".." in parts or (path or "").startswith("/"):
        raise usage("--path is a folder inside the repository, without '..'")
    return "/".join(parts) or None


def _is_bare(folder: Path) -> bool:
    try:
        return _git("rev-parse", "--is-bare-repository", folder=folder) == "true"
    except Failure:
        return False


@contextmanager
def checked_out(source: Source) -> Iterator[Path]:
    """Yield a temporary folder with the source's files at its reference. Raises Failure."""
    with tempfile.TemporaryDirectory(prefix="blockyard-import-") as name:
        folder = Path(name) / "repository"
        folder.mkdir()
        _git("init", "--quiet", folder=folder)
        _git("remote", "add", "origin", source.url, folder=folder)
        _fetch(folder, source.ref)
        # Links become small text files: no file outside the repository is ever read.
        _git(
            "-c",
            "core.symlinks=false",
            "-c",
            "advice.detachedHead=false",
            "checkout",
            "--quiet",
            "FETCH_HEAD",
            folder=folder,
        )
        yield folder


def _fetch(folder: Path, ref: str | None) -> None:
    """Fetch the one commit that runs take, too; where the server refuses to give it alone, fetch everything. Raises Failure."""
    if ref is not None and ref.startswith("-"):
        raise usage("--ref is a branch, a tag or a commit")
    listing = _git("ls-remote", "--quiet", "origin", *references.names(ref), folder=folder)
    found = references.chosen(listing, ref)
    if ref is None or found is not None:
        _git("fetch", "--quiet", "--depth=1", "origin", "HEAD" if found is None else found[0], folder=folder)
        return
    if references.is_commit(ref):
        try:
            _git("fetch", "--quiet", "--depth=1", "origin", ref, folder=folder)
        except Failure:
            pass  # an old one, perhaps: then it is in the history
        else:
            return
    elif not references.needs_history(ref):
        raise _no_reference(ref)
    _git("fetch", "--quiet", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*", folder=folder)
    _git("remote", "set-head", "origin", "--auto", folder=folder)
    for expression in references.expressions(ref):
        try:
            commit = _git("rev-parse", "--quiet", "--verify", "--end-of-options", expression, folder=folder)
        except Failure:
            continue
        (folder / ".git" / "FETCH_HEAD").write_text(f"{commit}\t\tcommit '{commit}'\n")
        return
    raise _no_reference(ref)


def _no_reference(ref: str) -> Failure:
    return Failure(
        f"the repository has no branch, tag or commit '{ref}'", remedy="Check --ref; branches go before tags."
    )


def read_files(repository: Path, path: str | None) -> Files:
    """Return the files of one folder that an import looks at. Raises Failure: there is no module in it."""
    folder = repository / (path or ".")
    if not folder.is_dir():
        raise usage(f"the repository has no folder '{path}'", _suggest(repository))
    texts = {
        file.name: file.read_text(encoding="utf-8", errors="replace")
        for file in sorted(folder.iterdir())
        if (file.name.endswith(SUFFIXES) or file.name in READ) and _readable(file)
    }
    if not any(name.endswith(SUFFIXES) for name in texts):
        raise usage(f"there is no OpenTofu module in '{path or 'the root of the repository'}'", _suggest(repository))
    logo = next((folder / name for name in LOGOS if _readable(folder / name)), None)
    return Files(texts=texts, logo=(logo.name, logo.read_bytes()) if logo else None)


def _readable(file: Path) -> bool:
    return file.is_file() and not file.is_symlink() and file.stat().st_size <= MAX_FILE_BYTES


def _suggest(repository: Path) -> str | None:
    folders = {
        file.parent.relative_to(repository).as_posix()
        for file in repository.rglob("*")
        if file.name.endswith(SUFFIXES) and ".git" not in file.parts
    }
    named = sorted(folder for folder in folders if folder != ".")[:MAX_FOLDERS_NAMED]
    return f"Give --path; there are modules in: {', '.join(named)}." if named else None


def _git(*arguments: str, folder: Path) -> str:
    """Run git in `folder` and return what it prints. Raises Failure with git's last words."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_DIR")}
    environment |= {} if sys.stdin.isatty() else {"GIT_TERMINAL_PROMPT": "0"}
    command = ["git", "-c", "protocol.ext.allow=never", *arguments]
    try:
        done = subprocess.run(  # noqa: S603  the arguments are ours, or checked not to be options
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=GIT_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise Failure("git is not installed", remedy="Install git; modules are read from repositories.") from error
    except subprocess.TimeoutExpired as error:
        raise Failure(f"git did not finish within {GIT_SECONDS} s") from error
    if done.returncode:
        words = _USERINFO.sub(r"\1", plain(done.stderr)).strip().splitlines()
        reason = "; ".join(words[-3:]) or f"exit code {done.returncode}"
        raise Failure(
            f"git {arguments[0]} failed: {reason}", remedy="Check the URL, the reference and your access to it."
        )
    return done.stdout.strip()
