"""Brings the module of a run into its directory. Source: runner.md 3.6.

One shallow clone of the exact branch or tag; a commit is fetched by its id where the server allows it, else searched in
the whole history. Only the sub path is moved into the run directory, as the official runner does; without one the
repository comes along. Tests of the module stay behind: `init` would install their providers too.
"""

import re
import shlex
import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlunsplit

from blockyard.modules import references
from blockyard.modules.files import leading_out
from blockyard.protocol import addresses
from blockyard.runner.executors.opentofu.own_names import CLONE_DIR, CREDENTIALS_FILE, is_test, left_behind
from blockyard.runner.executors.opentofu.sources.clone_failures import clone_failure, no_reference
from blockyard.runner.executors.opentofu.sources.git import Git, GitAnswer
from blockyard.runner.executors.opentofu.sources.missing import lfs_pointers, shown, submodules
from blockyard.runner.executors.opentofu.sources.ssh import SshAccess, explain
from blockyard.runner.frame.failures import StepFailed
from blockyard.runner.frame.files import is_folder, remove, write_private
from blockyard.runner.frame.values import is_encodable

_SCP_LIKE = re.compile(r"(?:(?P<user>[^/@:\s]+)@)?(?P<host>[^/:@\s]+|\[[^\]\s]+\]):(?P<path>[^\s:].*)")
_MISSING_REF = ("Remote branch", "not found in upstream", "not our ref", "couldn't find remote ref", "bad object")
TEST_FOLDER = "tests"
"""Where engines look for tests besides."""


@dataclass(frozen=True, slots=True)
class Repository:
    """Where to clone from. `url` carries no password."""

    url: str
    protocol: str
    credentials: tuple[str, str] | None = field(default=None, repr=False)
    """User and password of an https URL."""


def parse_repository(url: str, *, allow_file: bool) -> Repository:
    """Return what a definition's repository URL says. Raises StepFailed if it may not be used."""
    if url.startswith("-") or any(letter < " " for letter in url) or not url or not is_encodable(url):
        raise StepFailed("the repository URL is malformed")
    scheme = url.partition("://")[0].lower() if "://" in url else ""
    if not scheme and url.startswith("/"):
        scheme, url = "file", f"file://{url}"
    if not scheme and _SCP_LIKE.fullmatch(url):
        return Repository(_with_user(url), "ssh")
    if scheme == "ssh":
        return Repository(_with_user(url), "ssh")
    if scheme in {"https", "http"}:
        return _http(url, scheme)
    if scheme == "file" and allow_file:
        return Repository(url, "file")
    raise StepFailed(
        "the repository URL cannot be used",
        "https, ssh and http are supported"
        + (
            "."
            if allow_file
            else "; file repositories need BLOCKYARD_RUNNER_ALLOW_FILE_REPOSITORIES=true on the runner."
        ),
    )


def fetch(  # noqa: PLR0917  one call, from one place
    repository: Repository,
    ref: str | None,
    path: str | None,
    run_dir: Path,
    git: Git,
    log: Callable[[str], None],
    ssh: SshAccess | None = None,
) -> str:
    """Put the module at `path` of the repository into `run_dir` and return its commit id. Raises StepFailed, Stopped."""
    sub_path = _sub_path(path)
    clone = run_dir / CLONE_DIR
    shutil.rmtree(clone, ignore_errors=True)
    log(f"Cloning {repository.url}, {f'reference {ref}' if ref else 'default branch'}\n")
    try:
        _clone(_Cloning(repository, clone, git, log, ssh, _configuration(repository, run_dir)), ref)
    finally:
        (run_dir / CREDENTIALS_FILE).unlink(missing_ok=True)
    commit = git.run("rev-parse", "HEAD", cwd=clone).output.strip()
    log(f"Checked out {commit}\n")
    absent = submodules(clone)
    if absent:
        log(f"Warning: git submodules are not fetched: {shown(absent)}\n")
    module = _module_folder(clone, sub_path, path, absent)
    if pointers := lfs_pointers(module):
        log(f"Warning: files kept in Git LFS are not fetched: {shown(pointers)}. The module sees pointers instead.\n")
    _leave_out(module, log)
    if leading := list(leading_out(module)):
        taken = "repository" if sub_path is None else "folder of the module"
        log(f"Warning: only the {taken} is taken, but some of it leads out: {shown(leading)}\n")
    _move(module, run_dir)
    shutil.rmtree(clone, ignore_errors=True)
    return commit


def resolve(repository: Repository, ref: str | None, run_dir: Path, git: Git) -> str | None:
    """Ask the repository which commit a branch, tag or commit id means; None if that takes more. Raises Stopped."""
    if ref is not None and not (ref and is_encodable(ref)):
        return None
    names = references.names(ref)
    configuration = _configuration(repository, run_dir)
    try:
        answer = git.run("ls-remote", "--quiet", "--", repository.url, *names, cwd=run_dir, configuration=configuration)
    finally:
        (run_dir / CREDENTIALS_FILE).unlink(missing_ok=True)
    if answer.exit_code:
        return None
    found = references.chosen(answer.output, ref)
    if found is None:
        return ref if ref and references.is_commit(ref) else None
    return found[1]


@dataclass(frozen=True, slots=True)
class _Cloning:
    repository: Repository
    target: Path
    git: Git
    log: Callable[[str], None]
    ssh: SshAccess | None
    configuration: Mapping[str, str]

    def run(self, *arguments: str) -> GitAnswer:
        cwd = self.target if self.target.exists() else self.target.parent
        return self.git.run(*arguments, cwd=cwd, configuration=self.configuration)

    def failure(self, answer: GitAnswer) -> StepFailed:
        """Return the failure for an answer: the reason for people, git's words for the log."""
        reason = self.ssh and explain(answer.output, self.ssh)
        if reason:
            return StepFailed(reason, answer.output)
        if self.repository.protocol == "ssh" and "Permission denied" in answer.output:
            remedy = "check the definition's SSH key" if self.ssh else "the definition has no SSH key"
            return StepFailed(f"the repository denied access: {remedy}", answer.output)
        return clone_failure(answer.output)


def _clone(cloning: _Cloning, ref: str | None) -> None:
    """Clone branch or tag `ref`, in this order; else fetch it as a commit; else search the history."""
    if ref is not None and not (ref and is_encodable(ref)):
        raise no_reference("", "The definition's reference is empty or malformed.")
    if ref is not None and references.is_of_one_checkout(ref):
        raise no_reference(ref, f"'{ref}' is about the history of a checkout, and there is none yet.")
    branch = () if ref is None else (f"--branch={ref}",)
    url = ("--", cloning.repository.url, str(cloning.target))
    shallow = ("clone", "--quiet", "--template=", "--depth=1", "--single-branch", "--no-tags")
    answer = cloning.run("-c", "advice.detachedHead=false", *shallow, *branch, *url)
    if answer.exit_code == 0:
        return
    if ref is None or not _is_missing(answer):
        raise cloning.failure(answer)
    if references.is_commit(ref) and _fetch_commit(cloning, ref):
        return
    if not references.is_commit(ref) and not references.needs_history(ref):
        raise no_reference(ref, f"There is no branch or tag '{ref}'.\n{answer.output}")
    shutil.rmtree(cloning.target, ignore_errors=True)
    answer = cloning.run("clone", "--quiet", "--template=", "--no-checkout", *url)
    if answer.exit_code:
        raise cloning.failure(answer)
    for expression in references.expressions(ref):
        found = cloning.run("rev-parse", "--quiet", "--verify", "--end-of-options", expression)
        if found.exit_code == 0:
            _check_out(cloning, found.output.strip())
            return
    raise no_reference(ref, f"'{ref}' could not be resolved to a commit.")


def _fetch_commit(cloning: _Cloning, commit: str) -> bool:
    """Fetch one commit alone; False if the server does not hand it out."""
    shutil.rmtree(cloning.target, ignore_errors=True)
    answer = cloning.run("init", "--quiet", "--template=", "--", str(cloning.target))
    if answer.exit_code:
        raise cloning.failure(answer)
    cloning.run("remote", "add", "origin", "--", cloning.repository.url)
    if cloning.run("fetch", "--quiet", "--depth=1", "--no-tags", "origin", commit).exit_code:
        return False
    _check_out(cloning, commit)
    return True


def _check_out(cloning: _Cloning, commit: str) -> None:
    answer = cloning.run("checkout", "--quiet", "--detach", "--force", commit)
    if answer.exit_code:
        raise cloning.failure(answer)


def _is_missing(answer: GitAnswer) -> bool:
    return any(sign in answer.output for sign in _MISSING_REF)


def _configuration(repository: Repository, run_dir: Path) -> dict[str, str]:
    """Return git's settings for this repository. Credentials go through a file: arguments are visible to all."""
    settings = {"core.hooksPath": "/dev/null", "gc.auto": "0", "init.defaultBranch": "main"}
    if repository.protocol == "file":
        settings["safe.directory"] = "*"
    if repository.credentials is not None:
        user, password = (_quoted(part) for part in repository.credentials)
        scheme, _, rest = repository.url.partition("://")
        line = f"{scheme}://{user}:{password}@{rest.partition('/')[0]}\n"
        write_private(run_dir / CREDENTIALS_FILE, line.encode())
        settings["credential.helper"] = f"store --file={shlex.quote(str(run_dir / CREDENTIALS_FILE))}"
    return settings


def _quoted(text: str) -> str:
    return "".join(letter if letter.isalnum() and letter.isascii() else _percent(letter) for letter in text)


def _percent(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode())


def _http(url: str, scheme: str) -> Repository:
    address = addresses.split(url)
    if address is None:
        raise StepFailed("the repository URL is malformed")
    if not address.host:
        raise StepFailed("the repository URL is malformed", "It names no host.")
    credentials = None
    if address.user or address.password:
        credentials = (unquote(address.user or ""), unquote(address.password or ""))
    return Repository(urlunsplit((scheme, address.place, address.path, address.query, "")), scheme, credentials)


def _with_user(url: str) -> str:
    """Return an SSH URL with the user `git` if it names none."""
    if "://" in url:
        rest = url.partition("://")[2]
        return url if "@" in rest.partition("/")[0] else f"ssh://git@{rest}"
    return url if "@" in url.partition(":")[0] else f"git@{url}"


def _sub_path(path: str | None) -> PurePosixPath | None:
    """Return the folder of the module inside its repository; None for its root. Raises StepFailed."""
    cleaned = (path or "").strip()
    parts = [part for part in PurePosixPath(cleaned).parts if part != "."]
    if (
        cleaned.startswith("/")
        or ".." in parts
        or "\\" in cleaned
        or not is_encodable(cleaned)
        or parts[:1] == [".git"]
    ):
        raise StepFailed("the repository path is not allowed", "It must be relative and stay inside the repository.")
    return PurePosixPath(*parts) if parts else None


def _module_folder(clone: Path, sub_path: PurePosixPath | None, given: str | None, absent: Collection[str]) -> Path:
    if sub_path is None:
        return clone
    if any(sub_path.is_relative_to(submodule) for submodule in absent):
        raise StepFailed(
            f"the path '{given}' is in a git submodule",
            "Submodules are not fetched. Let the definition point to the repository of the submodule.",
        )
    folder = clone / sub_path
    try:
        real = folder.resolve(strict=True)
    except (OSError, RuntimeError):
        real = None
    if real is None or not real.is_dir():
        raise StepFailed(
            f"the path '{given}' does not exist in the repository",
            "Check repository path and reference of the definition.",
        )
    if not real.is_relative_to(clone.resolve()):
        raise StepFailed(
            "the repository path is not allowed", "It leads out of the repository through a symbolic link."
        )
    return real


def _leave_out(module: Path, log: Callable[[str], None]) -> None:
    """Remove what is not the module's: files that belong to runs, and tests; say so."""
    own = left_behind(entry.name for entry in module.iterdir())
    for name in own:
        remove(module / name)
    if own:
        log(f"Left out, for only a run has files of such names: {shown(own)}\n")
    folders = (module, module / TEST_FOLDER)
    tests = sorted(path for folder in folders if is_folder(folder) for path in folder.iterdir() if is_test(path.name))
    for path in tests:
        remove(path)
    if is_folder(module / TEST_FOLDER) and not any((module / TEST_FOLDER).iterdir()):
        (module / TEST_FOLDER).rmdir()
    if tests:
        log(f"Tests of the module are left out: {shown([str(path.relative_to(module)) for path in tests])}\n")


def _move(module: Path, run_dir: Path) -> None:
    for entry in sorted(module.iterdir()):
        entry.rename(run_dir / entry.name)
