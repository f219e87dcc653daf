"""Which engine serves a version, and downloading one from a mirror on loopback."""

import hashlib
import io
import os
import platform
import shutil
import subprocess
import tarfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from blockyard.runner.executors.opentofu.engine import download as engine_download
from blockyard.runner.executors.opentofu.engine.download import Downloader
from blockyard.runner.executors.opentofu.engine.engines import Engine, Engines
from blockyard.runner.executors.opentofu.engine.version import EngineVersion, Product, read_version, wanted
from blockyard.runner.executors.opentofu.settings import EngineFallback
from blockyard.runner.frame.failures import StepFailed, Stopped
from tests.support.loopback import loopback_server

SYSTEM = f"linux_{ {'x86_64': 'amd64', 'aarch64': 'arm64'}[platform.machine()] }"


def a_program(said: str, count: Path | None = None) -> bytes:
    """Return an engine that only knows its version and, in `count`, how often it was asked."""
    counting = f'echo >> "{count}"\n' if count else ""
    return f"#!/bin/sh\n{counting}echo '{said}'\n".encode()


def place(path: Path, content: bytes) -> Path:
    """Write an executable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o755)
    return path


class Machine:
    """A runner's folders and PATH."""

    def __init__(self, folder: Path) -> None:
        self.engine_dir = folder / "engines"
        self.path = folder / "bin"
        self.cache_dir = folder / "cache"
        self.said: list[str] = []

    def engines(
        self,
        fallback: str = "warn",
        mirror: str | None = None,
        key_file: Path | None = None,
        max_unpacked_bytes: int = engine_download.MAX_UNPACKED_BYTES,
    ) -> Engines:
        """Return what finds engines here."""
        downloader = Downloader(mirror_url=mirror, key_file=key_file, max_unpacked_bytes=max_unpacked_bytes)
        return Engines(
            self.engine_dir,
            cache_dir=self.cache_dir,
            search_path=str(self.path),
            fallback=EngineFallback(fallback),
            downloader=downloader if mirror else None,
        )

    def find(self, version: str, **parts: object) -> Engine:
        """Find an engine."""
        return self.engines(**parts).find(version, must_stop=lambda: False, say=self.said.append)  # type: ignore[arg-type]  # parts of engines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine without engines."""
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("version", "product"),
    [("1.5.5", "TERRAFORM"), ("1.5.6", "OPENTOFU"), ("0.12.31", "TERRAFORM"), ("1.10.0-beta1", "OPENTOFU")],
)
def test_the_version_chooses_the_product(version: str, product: str) -> None:
    assert wanted(version) == EngineVersion(Product[product], version)


@pytest.mark.parametrize("version", ["latest", "v1.6.0", "1.6", "", "../1.6.0", "1.6.0/..", " 1.6.0", "1.6.0\n", "²"])
def test_anything_but_a_bare_version_is_refused(version: str) -> None:
    with pytest.raises(StepFailed, match="is not a version"):
        wanted(version)


def test_what_engines_say_of_themselves_is_understood() -> None:
    assert read_version("Terraform v1.11.4\non linux_amd64\n") == EngineVersion(Product.TERRAFORM, "1.11.4")
    assert read_version("warning\nOpenTofu v1.12.0-rc1\n") == EngineVersion(Product.OPENTOFU, "1.12.0-rc1")
    assert read_version("what?") is None


def test_a_placed_engine_goes_before_one_on_path(machine: Machine) -> None:
    placed = place(machine.engine_dir / "1.9.0" / "tofu", a_program("OpenTofu v1.9.0"))
    place(machine.path / "tofu", a_program("OpenTofu v1.9.0"))

    found = machine.find("1.9.0")
    assert (found.path, str(found.version), found.warning) == (placed, "OpenTofu 1.9.0", None)
    for name in ("tofu", "terraform"):
        assert subprocess.check_output([found.programs / name], text=True) == "OpenTofu v1.9.0\n"


def test_an_engine_placed_under_the_official_name_is_told_apart(machine: Machine) -> None:
    place(machine.engine_dir / "1.9.0" / "terraform", a_program("OpenTofu v1.9.0"))

    assert str(machine.find("1.9.0").version) == "OpenTofu 1.9.0"


def test_an_engine_on_path_of_this_very_version_is_used_without_warning(machine: Machine) -> None:
    place(machine.path / "tofu", a_program("OpenTofu v1.12.0"))
    terraform = place(machine.path / "terraform", a_program("Terraform v1.11.4"))

    found = machine.find("1.11.4", fallback="strict")
    assert (found.path, found.warning) == (terraform, None)


def test_another_version_on_path_is_used_with_a_warning_or_refused(machine: Machine) -> None:
    place(machine.path / "tofu", a_program("OpenTofu v1.12.0"))
    place(machine.path / "terraform", a_program("Terraform v1.11.4"))

    assert str(machine.find("1.9.0").version) == "OpenTofu 1.12.0"
    assert "asks for Terraform 1.5.5; this run uses Terraform 1.11.4" in (machine.find("1.5.5").warning or "")
    with pytest.raises(StepFailed, match=r"OpenTofu 1\.9\.0 is not available") as failed:
        machine.find("1.9.0", fallback="strict")
    assert "OpenTofu 1.12.0" in (failed.value.system_message or "")


def test_no_engine_at_all_is_said(machine: Machine) -> None:
    place(machine.path / "tofu", b"#!/bin/sh\nexit 1\n")

    with pytest.raises(StepFailed, match="is not available: downloads are switched off"):
        machine.find("1.9.0")


def test_an_engine_is_asked_for_its_version_once_until_it_changes(machine: Machine, tmp_path: Path) -> None:
    count = tmp_path / "count"
    program = place(machine.path / "tofu", a_program("OpenTofu v1.9.0", count))
    for _ in range(2):
        engines = machine.engines()
        for _ in range(2):
            engines.find("1.9.0", must_stop=lambda: False, say=machine.said.append)
    assert count.read_text() == "\n"

    (machine.cache_dir / "engine-versions.json").write_text("[broken")
    place(program, a_program("OpenTofu v1.10.0", count) + b"# longer")
    assert str(machine.find("1.10.0").version) == "OpenTofu 1.10.0"
    assert count.read_text() == "\n\n"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the standard library's name
        """Keep quiet."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder."""
    with loopback_server(partial(_Quiet, directory=str(folder))) as url:
        yield url


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A mirror with OpenTofu 1.9.0 and Terraform 1.5.5."""
    folder = tmp_path / "mirror"
    tofu, terraform = a_program("OpenTofu v1.9.0"), a_program("Terraform v1.5.5")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("tofu")
        member.size = len(tofu)
        archive.addfile(member, io.BytesIO(tofu))
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive_zip:
        archive_zip.writestr("terraform", terraform)
    for release, name, content in (
        ("v1.9.0", f"tofu_1.9.0_{SYSTEM}.tar.gz", packed.getvalue()),
        ("terraform/1.5.5", f"terraform_1.5.5_{SYSTEM}.zip", zipped.getvalue()),
    ):
        (folder / release).mkdir(parents=True)
        (folder / release / name).write_bytes(content)
        stem = name.partition(f"_{SYSTEM}")[0]
        sums = f"{'0' * 64}  other.zip\n{hashlib.sha256(content).hexdigest()}  {name}\n"
        (folder / release / f"{stem}_SHA256SUMS").write_text(sums)
    return folder


@pytest.mark.parametrize(("version", "said"), [("1.9.0", "OpenTofu 1.9.0"), ("1.5.5", "Terraform 1.5.5")])
def test_an_engine_is_downloaded_from_the_mirror_once(machine: Machine, mirror: Path, version: str, said: str) -> None:
    with served(mirror) as url:
        assert str(machine.find(version, mirror=url, fallback="strict").version) == said
    found = machine.find(version, mirror="http://127.0.0.1:9", fallback="strict")
    assert str(found.version) == said
    assert machine.said == [f"Downloading {said}\n"]
    assert found.path.stat().st_mode & 0o777 == 0o755
    assert sorted(path.name for path in machine.engine_dir.iterdir()) == [".lock", version, "digests"]
    (digest,) = (machine.engine_dir / "digests").iterdir()
    (archive,) = mirror.rglob(digest.stem)
    assert digest.read_text() == f"{hashlib.sha256(archive.read_bytes()).hexdigest()}\n"


def test_a_download_with_another_checksum_is_thrown_away(machine: Machine, mirror: Path) -> None:
    (mirror / "v1.9.0" / f"tofu_1.9.0_{SYSTEM}.tar.gz").write_bytes(b"other")

    with served(mirror) as url, pytest.raises(StepFailed, match="does not have the checksum"):
        machine.find("1.9.0", mirror=url)
    assert [path.name for path in machine.engine_dir.iterdir()] == [".lock"]


def test_an_engine_that_changed_since_its_download_is_downloaded_again(machine: Machine, mirror: Path) -> None:
    with served(mirror) as url:
        found = machine.find("1.9.0", mirror=url)
        place(found.path, a_program("OpenTofu v1.9.0") + b"# tampered with")
        again = machine.find("1.9.0", mirror=url)
    assert b"tampered" not in again.path.read_bytes()


def test_a_version_that_cannot_be_had_is_not_asked_for_with_every_run(machine: Machine, mirror: Path) -> None:
    place(machine.path / "tofu", a_program("OpenTofu v1.9.0"))
    with served(mirror) as url:
        engines = machine.engines(mirror=url)
        for _ in range(3):
            found = engines.find("1.10.0", must_stop=lambda: False, say=machine.said.append)
            assert "answered 404" in (found.warning or "")
    assert machine.said == ["Downloading OpenTofu 1.10.0\n"]


def test_a_download_stops_with_the_run(machine: Machine, mirror: Path) -> None:
    with served(mirror) as url, pytest.raises(Stopped):
        machine.engines(mirror=url).find("1.9.0", must_stop=lambda: True, say=machine.said.append)


@pytest.fixture
def signing_home() -> Iterator[list[str]]:
    """The start of a gpg command line with a key of its own."""
    gpg = shutil.which("gpg")
    assert gpg is not None, "gpg is missing on this machine; install it, on Debian: apt-get install gnupg"
    home = Path("/tmp") / f"gpg-{os.getpid()}-{time.monotonic_ns()}"  # noqa: S108  gpg's sockets need a short path
    home.mkdir(mode=0o700)
    base = [gpg, "--homedir", str(home), "--batch", "--no-tty", "--quiet"]
    key = "%no-protection\nKey-Type: EDDSA\nKey-Curve: ed25519\nName-Real: Releases\nExpire-Date: 0\n%commit\n"
    subprocess.run([*base, "--generate-key"], input=key.encode(), check=True, capture_output=True)
    yield base
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)
    shutil.rmtree(home)


def test_a_signature_is_verified_if_a_key_is_configured(
    machine: Machine, mirror: Path, signing_home: list[str], tmp_path: Path
) -> None:
    key_file, sums = tmp_path / "key.asc", mirror / "v1.9.0" / "tofu_1.9.0_SHA256SUMS"
    key_file.write_bytes(subprocess.check_output([*signing_home, "--armor", "--export"]))
    subprocess.run([*signing_home, "--detach-sign", "--output", f"{sums}.gpgsig", str(sums)], check=True)

    with served(mirror) as url:
        found = machine.find("1.9.0", mirror=url, key_file=key_file)
        assert str(found.version) == "OpenTofu 1.9.0"
        shutil.rmtree(found.path.parent)
        sums.write_text(sums.read_text() + "\n")
        with pytest.raises(StepFailed, match=r"are not signed by the key in key\.asc"):
            machine.find("1.9.0", mirror=url, key_file=key_file)


def replace_archive(mirror: Path, content: bytes) -> None:
    """Put another archive in the mirror, with its checksum."""
    name = f"tofu_1.9.0_{SYSTEM}.tar.gz"
    (mirror / "v1.9.0" / name).write_bytes(content)
    (mirror / "v1.9.0" / "tofu_1.9.0_SHA256SUMS").write_text(f"{hashlib.sha256(content).hexdigest()}  {name}\n")


def an_archive(*members: tuple[str, bytes]) -> bytes:
    """Return a packed archive."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def test_an_archive_that_changed_in_its_place_is_refused_whatever_its_checksums_say(
    machine: Machine, mirror: Path
) -> None:
    with served(mirror) as url:
        found = machine.find("1.9.0", mirror=url)
        shutil.rmtree(found.path.parent)
        replace_archive(mirror, an_archive(("tofu", a_program("OpenTofu v1.9.0") + b"# evil")))
        with pytest.raises(StepFailed, match=r"is not what .*digests/tofu_1\.9\.0"):
            machine.find("1.9.0", mirror=url)


def test_an_operator_can_pin_a_digest(machine: Machine, mirror: Path) -> None:
    pin = machine.engine_dir / "digests" / f"tofu_1.9.0_{SYSTEM}.tar.gz.sha256"
    pin.parent.mkdir(parents=True)
    pin.write_text("0" * 64)

    with served(mirror) as url, pytest.raises(StepFailed, match="is not what"):
        machine.find("1.9.0", mirror=url)


@pytest.mark.parametrize("names", [("tofu",), ("README", "tofu")])
def test_an_archive_that_unpacks_to_too_much_is_refused(machine: Machine, mirror: Path, names: tuple[str, ...]) -> None:
    replace_archive(mirror, an_archive((names[0], bytes(2 * 1024 * 1024)), *((name, b"x") for name in names[1:])))

    with served(mirror) as url, pytest.raises(StepFailed, match="unpacks to more than"):
        machine.find("1.9.0", mirror=url, max_unpacked_bytes=1024 * 1024)


def test_a_zipped_engine_that_unpacks_to_too_much_is_refused(machine: Machine, mirror: Path) -> None:
    with served(mirror) as url, pytest.raises(StepFailed, match="unpacks to more than"):
        machine.find("1.5.5", mirror=url, max_unpacked_bytes=10)


class _Redirecting(SimpleHTTPRequestHandler):
    target = ""

    def do_GET(self) -> None:
        """Send everybody elsewhere."""
        self.send_response(302)
        self.send_header("Location", f"{self.target}{self.path}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the standard library's name
        """Keep quiet."""


def test_a_redirect_never_leads_off_https(machine: Machine, mirror: Path) -> None:
    with served(mirror) as url:
        handler = type("_ToMirror", (_Redirecting,), {"target": url})
        with (
            loopback_server(handler) as redirecting,
            pytest.raises(StepFailed, match="is not https: redirects must stay on https"),
        ):
            machine.find("1.9.0", mirror=redirecting)


def test_a_mirror_without_https_must_sign(machine: Machine) -> None:
    with pytest.raises(
        StepFailed, match=r"http://mirror\.test/.* is not https: use an https address, or set engine_key"
    ):
        machine.find("1.9.0", mirror="http://mirror.test")
