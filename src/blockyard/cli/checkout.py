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

from blockyard.cli.exits import Failure, usage
from blockyard.cli.output import plain
from blockyard.modules import references
from blockyard.modules.files import leading_out, read_bytes
from blockyard.modules.module import MAX_JSON_BYTES, SUFFIXES, decoded
from blockyard.protocol import addresses

READ = ("README.md", "APP_TEAM_README.md")
LOGOS = ("logo.svg", "logo.png")
MAX_TEXT_BYTES = 256 * 1024
"""Larger readmes are left out."""

MAX_LOGO_BYTES = 1024 * 1024
"""Larger logos are left out; they are refused later anyway."""

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
    warnings: tuple[str, ...] = ()


def locate(location: str, *, path: str | None, ref: str | None) -> tuple[Source, list[str]]:
    """Return the source that a URL, or a folder of a local repository, means; and warnings. Raises Failure."""
    if _REMOTE.match(location):
        address = addresses.split(location)
        if address is None:
            raise usage(
                "the repository's URL is malformed", "Give a URL such as https://git.example.org/team/repo.git."
            )
        if address.password is not None or (address.user and address.scheme != "ssh"):
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
        # Links stay links. Nothing of the repository is read but through `read_files`, which follows none out of the module.
        _git("-c", "advice.detachedHead=false", "checkout", "--quiet", "FETCH_HEAD", folder=folder)
        yield folder


def _fetch(folder: Path, ref: str | None) -> None:
    """Fetch the one commit that runs take, too; where the server refuses to give it alone, fetch everything. Raises Failure."""
    if ref is not None and ref.startswith("-"):
        raise usage("--ref is a branch, a tag or a commit")
    listing = _git("ls-remote", "--quiet", "origin", *references.names(ref), folder=folder)
    found = references.chosen(listing, ref)
    if ref is None and not listing:
        raise Failure("nothing is committed in the repository", remedy="Commit the module there first.")
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
    """Return the files of one folder that an import looks at. Raises Failure: there is no module in it.

    Links inside the folder are followed, as the engine does. Others lead nowhere in a run, which takes this folder alone.
    """
    folder = module_folder(repository, path)
    texts: dict[str, str] = {}
    for file in sorted(folder.iterdir()):
        is_module = file.name.endswith(SUFFIXES)
        if not is_module and file.name not in READ:
            continue
        found = read_bytes(file, within=folder, limit=MAX_JSON_BYTES if is_module else MAX_TEXT_BYTES)
        if found is not None and (is_module or len(found) <= MAX_TEXT_BYTES):
            texts[file.name] = decoded(found) if is_module else found.decode(errors="replace")
    if not any(name.endswith(SUFFIXES) for name in texts):
        raise usage(f"there is no OpenTofu module in '{path or 'the root of the repository'}'", _suggest(repository))
    return Files(texts=texts, logo=_logo(folder), warnings=_warnings(folder, is_root=not path))


def _warnings(folder: Path, *, is_root: bool) -> tuple[str, ...]:
    found = [plain(what) for what in leading_out(folder)]
    if not found:
        return ()
    more = f" and {len(found) - MAX_FOLDERS_NAMED} more" if len(found) > MAX_FOLDERS_NAMED else ""
    taken = "the repository" if is_root else "the module's folder"
    return (f"runs take {taken} alone, but some of it leads out: {', '.join(found[:MAX_FOLDERS_NAMED])}{more}",)


def module_folder(repository: Path, path: str | None) -> Path:
    """Return the folder of the module, which is inside the repository. Raises Failure."""
    folder = repository / (path or ".")
    if not folder.is_dir() or not folder.resolve().is_relative_to(repository.resolve()):
        raise usage(f"the repository has no folder '{path}'", _suggest(repository))
    return folder.resolve()


def _logo(folder: Path) -> tuple[str, bytes] | None:
    for name in LOGOS:
        content = read_bytes(folder / name, within=folder, limit=MAX_LOGO_BYTES)
        if content is not None and len(content) <= MAX_LOGO_BYTES:
            return name, content
    return None


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
