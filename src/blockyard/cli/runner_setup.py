"""What a new runner needs on its machine: a key pair made here, a configuration file, an API key's secret."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from blockyard.cli.exits import usage
from blockyard.cli.new_files import require_folder

KEY_BITS = 3072
PUBLIC_EXPONENT = 65537


class RunnerType(StrEnum):
    """What a runner can be for, as runner objects call it. Source: api.md 3.14."""

    TERRAFORM = "TERRAFORM"
    MANUAL = "MANUAL"
    GITHUB_WORKFLOW = "GITHUB_WORKFLOW"
    GITLAB_PIPELINE = "GITLAB_PIPELINE"
    AZURE_DEVOPS_PIPELINE = "AZURE_DEVOPS_PIPELINE"
    ALL = "ALL"


CLAIMED: Mapping[str, tuple[str, ...]] = {
    "TERRAFORM": ("TERRAFORM",),
    "MANUAL": ("MANUAL",),
    "GITHUB_WORKFLOW": ("GITHUB_WORKFLOW",),
    "GITLAB_PIPELINE": ("GITLAB_CICD",),
    "AZURE_DEVOPS_PIPELINE": ("AZURE_DEVOPS",),
    "ALL": ("TERRAFORM", "MANUAL"),
}
"""What its process claims, as runs call it. Our runner executes modules and manual work; `ALL` stands for these."""


@dataclass(frozen=True, slots=True)
class RunnerFiles:
    """The files of a runner, all in one folder."""

    folder: Path

    @classmethod
    def of(cls, folder: Path | None, name: str) -> "RunnerFiles":
        """Return the files in `folder`, else in one named after the runner.

        Raises:
            Failure: (usage) one of them exists, or the folder could only be made together with the one around it.
        """
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "runner"
        files = cls((folder or Path(slug)).expanduser().absolute())
        if existing := [path.name for path in files.all if path.exists()]:
            raise usage(f"{files.folder} holds {', '.join(existing)} already", "Give --dir another folder.")
        require_folder(files.folder.parent)
        return files

    @property
    def configuration(self) -> Path:
        """The settings."""
        return self.folder / "runner.toml"

    @property
    def private_key(self) -> Path:
        """The private key; it never leaves this machine."""
        return self.folder / "runner-key.pem"

    @property
    def secret(self) -> Path:
        """The API key's secret."""
        return self.folder / "client-secret"

    @property
    def all(self) -> tuple[Path, ...]:
        """Every file."""
        return (self.configuration, self.private_key, self.secret)


def generate_key_pair() -> tuple[str, str]:
    """Return a new private key (PKCS#8, which every runner reads) and its public key, both as PEM."""
    key = rsa.generate_private_key(PUBLIC_EXPONENT, KEY_BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def configuration(files: RunnerFiles, *, url: str, runner_id: str, client_id: str, type_: str, concurrency: int) -> str:
    """Return the text of the configuration file. The secret and the private key are named, not contained."""
    settings: dict[str, str | int | list[str]] = {
        "server_url": url,
        "runner_uuid": runner_id,
        "client_id": client_id,
        "client_secret_file": str(files.secret),
        "private_key_file": str(files.private_key),
        "work_dir": str(files.folder / "work"),
        "implementation_types": list(CLAIMED[type_]),
        "concurrency": concurrency,
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    return "\n".join(["# Settings of a Blockyard runner.", *lines, "", *_FILE_REPOSITORIES, ""])


_FILE_REPOSITORIES = (
    "# Where the server accepts definitions from file:// and path repositories, as `blockyard up` does, a runner on the same",
    "# machine needs this to execute them. Only for platform teams that may read all that the runner's user may read.",
    "# allow_file_repositories = true",
)
