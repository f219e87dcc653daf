"""Downloads engines: checksums verified, signature too if a key is configured, in place at once or not at all.

Checksums come from the same place as what they are of. So the digest of every archive is kept in
`<engine_dir>/digests/<archive>.sha256`: one of this name that has another digest is refused, whatever its place says. An
operator who puts such a file there beforehand pins the digest. Nothing leaves https, not by a redirect either; a mirror
without it must be on this machine, or sign.

Where from: a mirror has the layout of the official releases: `<mirror>/v<V>/tofu_<V>_<os>_<arch>.tar.gz` beside
`tofu_<V>_SHA256SUMS` (and `.gpgsig`), for Terraform `<mirror>/terraform/<V>/terraform_<V>_<os>_<arch>.zip` beside
`terraform_<V>_SHA256SUMS` (and `.sig`).
"""

import fcntl
import gzip
import hashlib
import io
import ipaddress
import os
import platform
import shutil
import subprocess
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import structlog

from blockyard.runner.executors.opentofu.engine.version import EngineVersion, Product
from blockyard.runner.frame.failures import Stopped

log = structlog.get_logger()

DIGESTS = "digests"
"""The folder of known digests, beside the engines."""

OPENTOFU_RELEASES = "https://github.com/opentofu/opentofu/releases/download"
TERRAFORM_RELEASES = "https://releases.hashicorp.com"

MAX_ARCHIVE_BYTES = 256 * 1024 * 1024
MAX_UNPACKED_BYTES = 1024 * 1024 * 1024
"""What an archive may hold."""

_PIECE_BYTES = 1024 * 1024

_CONNECT_SECONDS = 10.0
_READ_SECONDS = 30.0
_LOCK_POLL_SECONDS = 0.2
_EXECUTABLE = 0o755
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


class DownloadError(Exception):
    """The engine cannot be had; the message names the address."""


@dataclass(frozen=True, slots=True)
class _Release:
    """The files of one release."""

    base: str
    archive: str
    checksums: str
    signature: str


class Downloader:
    """Installs engines from the official releases or a mirror."""

    def __init__(
        self, *, mirror_url: str | None, key_file: Path | None, max_unpacked_bytes: int = MAX_UNPACKED_BYTES
    ) -> None:
        self._max_unpacked_bytes = max_unpacked_bytes
        self._mirror = mirror_url.rstrip("/") if mirror_url else None
        self._key_file = key_file

    def install(self, asked: EngineVersion, folder: Path, must_stop: Callable[[], bool]) -> None:
        """Put the engine and its checksum into `folder`. Raises DownloadError, Stopped."""
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with _locked(folder.parent / ".lock", must_stop):
                if not folder.exists():
                    self._install(self._release(asked), asked.product.program, folder, must_stop)
        except OSError as error:
            raise DownloadError(f"{folder}: {error.strerror}") from error

    def _install(self, release: _Release, program: str, folder: Path, must_stop: Callable[[], bool]) -> None:
        timeout = httpx2.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS)
        hooks = {"request": [self._refuse_unsafe]}
        with httpx2.Client(follow_redirects=True, timeout=timeout, event_hooks=hooks) as client:
            checksums = _get(client, f"{release.base}/{release.checksums}", must_stop)
            if self._key_file is not None:
                signature = _get(client, f"{release.base}/{release.signature}", must_stop)
                _verify_signature(checksums, signature, self._key_file)
            archive = _get(client, f"{release.base}/{release.archive}", must_stop)
        _verify_checksum(archive, checksums, release)
        _verify_digest(archive, folder.parent / DIGESTS, release)
        content = _extract(archive, program, release, self._max_unpacked_bytes)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent))
        try:
            _write(draft / f"{program}.sha256", hashlib.sha256(content).hexdigest().encode(), 0o644)
            _write(draft / program, content, _EXECUTABLE)
            draft.chmod(_EXECUTABLE)
            draft.rename(folder)
            log.info("engine installed", archive=f"{release.base}/{release.archive}", sha256=_digest(archive))
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _refuse_unsafe(self, request: httpx2.Request) -> None:
        """Refuse what anybody on the way could change; called for each redirect too. Raises DownloadError."""
        mirror = httpx2.URL(self._mirror) if self._mirror else None
        is_own = mirror is not None and mirror.scheme == request.url.scheme and mirror.netloc == request.url.netloc
        if request.url.scheme == "https" or (is_own and (self._key_file is not None or _is_here(request.url.host))):
            return
        remedy = "use an https address, or set engine_key_file" if is_own else "redirects must stay on https"
        raise DownloadError(f"{request.url} is not https: {remedy}")

    def _release(self, asked: EngineVersion) -> _Release:
        version = asked.version
        system = f"{platform.system().lower()}_{_ARCHITECTURES.get(platform.machine().lower(), platform.machine())}"
        if asked.product is Product.TERRAFORM:
            base = f"{self._mirror or TERRAFORM_RELEASES}/terraform/{version}"
            name, ending, signature = f"terraform_{version}", "zip", "sig"
        else:
            base = f"{self._mirror or OPENTOFU_RELEASES}/v{version}"
            name, ending, signature = f"tofu_{version}", "tar.gz", "gpgsig"
        sums = f"{name}_SHA256SUMS"
        return _Release(base, f"{name}_{system}.{ending}", sums, f"{sums}.{signature}")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_verified: dict[tuple[str, int, int, int], bool] = {}


def is_intact(program: Path) -> bool:
    """Tell whether a program still has the checksum it was downloaded with; those placed by operators have none.

    The content is read once per process and change of the file.
    """
    try:
        wanted = program.with_name(f"{program.name}.sha256").read_text().strip()
    except FileNotFoundError:
        return True
    status = program.stat()
    key = (str(program), status.st_ino, status.st_size, status.st_mtime_ns)
    if key not in _verified:
        with program.open("rb") as file:
            _verified[key] = hashlib.file_digest(file, "sha256").hexdigest() == wanted
    return _verified[key]


@contextmanager
def _locked(path: Path, must_stop: Callable[[], bool]) -> Iterator[None]:
    """Hold a lock that all runners on this machine share."""
    with path.open("w") as file:
        while True:
            if must_stop():
                raise Stopped
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_LOCK_POLL_SECONDS)
            else:
                break
        yield


def _get(client: httpx2.Client, url: str, must_stop: Callable[[], bool]) -> bytes:
    content = io.BytesIO()
    try:
        with client.stream("GET", url) as answer:
            if not answer.is_success:
                raise DownloadError(f"{url} answered {answer.status_code}")
            for chunk in answer.iter_bytes():
                if must_stop():
                    raise Stopped
                if content.tell() + len(chunk) > MAX_ARCHIVE_BYTES:
                    raise DownloadError(f"{url} is too large")
                content.write(chunk)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise DownloadError(f"{url} could not be downloaded: {str(error) or type(error).__name__}") from error
    return content.getvalue()


def _verify_checksum(archive: bytes, checksums: bytes, release: _Release) -> None:
    lines = (line.split() for line in checksums.decode("utf-8", errors="replace").splitlines())
    wanted = next((words[0] for words in lines if len(words) > 1 and words[1].lstrip("*") == release.archive), None)
    if wanted is None:
        raise DownloadError(f"{release.base}/{release.checksums} does not name {release.archive}")
    if _digest(archive) != wanted.lower():
        raise DownloadError(f"{release.base}/{release.archive} does not have the checksum of {release.checksums}")


def _verify_digest(archive: bytes, digests: Path, release: _Release) -> None:
    """Compare the archive with the digest that is known of it, or note that. Raises DownloadError, OSError."""
    known, digest = digests / f"{release.archive}.sha256", _digest(archive)
    if not known.exists():
        digests.mkdir(exist_ok=True)
        draft = known.with_name(f".{known.name}.{os.getpid()}")
        _write(draft, f"{digest}\n".encode(), 0o644)
        draft.rename(known)
    elif known.read_text().split()[:1] != [digest]:
        raise DownloadError(
            f"{release.base}/{release.archive} is not what {known} says; remove that file if it may change"
        )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _verify_signature(checksums: bytes, signature: bytes, key_file: Path) -> None:
    gpg = shutil.which("gpg")
    if gpg is None:
        raise DownloadError("gpg is needed to verify the engine's signature and is not installed")
    with tempfile.TemporaryDirectory(prefix="blockyard-gpg-") as name:
        home = Path(name)
        (home / "sums").write_bytes(checksums)
        (home / "sums.sig").write_bytes(signature)
        base = [gpg, "--homedir", str(home), "--batch", "--no-tty", "--quiet", "--no-autostart"]
        for arguments in (["--import", str(key_file)], ["--verify", str(home / "sums.sig"), str(home / "sums")]):
            done = subprocess.run([*base, *arguments], capture_output=True, timeout=60, check=False)  # noqa: S603  fixed
            if done.returncode:
                raise DownloadError(f"the engine's checksums are not signed by the key in {key_file.name}")


def _extract(archive: bytes, program: str, release: _Release, max_bytes: int) -> bytes:
    unpack = _unzip if release.archive.endswith(".zip") else _untar
    try:
        content = unpack(archive, program, max_bytes)
    except _TooLarge:
        raise DownloadError(f"{release.base}/{release.archive} unpacks to more than {max_bytes} bytes") from None
    except (KeyError, EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error, OSError) as error:
        raise DownloadError(f"{release.base}/{release.archive} holds no program '{program}'") from error
    if content is None:
        raise DownloadError(f"{release.base}/{release.archive} holds no program '{program}'")
    return content


def _unzip(archive: bytes, program: str, max_bytes: int) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened, opened.open(program) as member:
        content = member.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise _TooLarge
    return content


def _untar(archive: bytes, program: str, max_bytes: int) -> bytes | None:
    with tempfile.TemporaryFile() as unpacked, gzip.GzipFile(fileobj=io.BytesIO(archive)) as packed:
        while data := packed.read(_PIECE_BYTES):
            unpacked.write(data)
            if unpacked.tell() > max_bytes:
                raise _TooLarge
        unpacked.seek(0)
        with tarfile.open(fileobj=unpacked, mode="r:") as members:
            member = members.extractfile(program)
            return None if member is None else member.read()


class _TooLarge(Exception):
    """An archive unpacks to more than a program can have."""


def _write(path: Path, content: bytes, mode: int) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(mode)
