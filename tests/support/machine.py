"""Which programs of this machine tests can use; as a script: the pytest arguments that leave out what it cannot run.

In continuous integration (`CI` is set) nothing is left out but what needs the AWS provider: a missing program fails the
tests that need it.
"""

import os
import shutil
import sys
from pathlib import Path

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
CHROMIUM_WITHOUT_WINDOWS = "chromium-headless-shell"
"""Does for tests what Chromium does, for a third of its time: it has none of what only people with a screen need."""

SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/sbin")
"""Where daemons are that an ordinary person's PATH does not name."""


def find_program(*names: str) -> Path | None:
    """Return the first of `names` that is on PATH or among the system's daemons."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS))
    found = (shutil.which(name, path=path) for name in names)
    return next((Path(program) for program in found if program), None)


def find_chromium(*, whole: bool = False) -> Path | None:
    """Return the system's Chromium or Chrome: the one that has no windows, if it is there and not the `whole` one is wanted."""
    return find_program(*CHROMIUM_NAMES) if whole else find_program(CHROMIUM_WITHOUT_WINDOWS, *CHROMIUM_NAMES)


def find_sshd() -> Path | None:
    """Return OpenSSH's server; it wants to be called by its absolute path."""
    return find_program("sshd")


def find_node() -> Path | None:
    """Return Node.js: the machine's, or the one that was installed beside Python to bundle the pages."""
    beside = Path(sys.executable).with_name("node")
    return find_program("node") or (beside if beside.exists() else None)


def find_engine() -> Path | None:
    """Return OpenTofu, or else Terraform."""
    return find_program("tofu", "terraform")


def find_postgres() -> Path | None:
    """Return the folder with PostgreSQL's server programs: the newest of Debian's layout, or the one on PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if versions:
        return versions[-1].parent
    initdb = find_program("initdb")
    return initdb.resolve().parent if initdb else None


def find_provider_mirror() -> Path | None:
    """Return the folder of a filesystem mirror that has the AWS provider for this machine."""
    named = os.environ.get("BLOCKYARD_TEST_PROVIDER_MIRROR")
    places = [Path(named)] if named else [*Path("/usr/share").glob("*/providers"), *Path("/opt").glob("*")]
    return next((place for place in places if any(place.glob("*/hashicorp/aws/*/linux_*"))), None)


def need(program: Path | None, what: str, package: str) -> Path:
    """Return `program`; fail with what to install if the machine lacks it."""
    if program is None:
        raise RuntimeError(f"{what} is missing on this machine; install it, on Debian: apt-get install {package}")
    return program


def main() -> None:
    """Print pytest's arguments, one a line, and name on stderr what is left out."""
    everything = bool(os.environ.get("CI"))
    databases = "all" if everything or find_postgres() else "sqlite"
    lacking = {
        "postgres": find_postgres() is None,
        "browser": find_chromium() is None,
        "ssh": find_sshd() is None,
        "engine": find_engine() is None,
    }
    optional = [] if find_provider_mirror() else ["aws"]
    left_out = optional if everything else optional + [marker for marker, is_lacking in lacking.items() if is_lacking]
    if left_out:
        sys.stderr.write(f"Left out, since this machine lacks the programs: tests marked {', '.join(left_out)}.\n")
    sys.stdout.write(f"--db={databases}\n")
    if left_out:
        sys.stdout.write("-m\n" + " and ".join(f"not {marker}" for marker in left_out) + "\n")


if __name__ == "__main__":
    main()
