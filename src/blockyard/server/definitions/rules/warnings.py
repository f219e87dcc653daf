"""What is allowed in a version but deserves a look before it is released. Source: concepts.md 9.2, hub-usage.md A1."""

from collections.abc import Iterator
from dataclasses import dataclass

from blockyard.protocol.names import ImplementationType
from blockyard.server.definitions.model import DeletionMode, Version
from blockyard.server.definitions.rules.implementations import has_credentials, is_ssh


@dataclass(frozen=True, slots=True)
class Warning_:  # noqa: N801  `Warning` is a builtin exception
    """One thing to look at: a stable code, a sentence, and where."""

    code: str
    message: str
    field: str


def warnings_of(version: Version) -> list[Warning_]:
    """Return what deserves a look in a version."""
    return list(_warnings(version))


def _warnings(version: Version) -> Iterator[Warning_]:
    implementation = version.implementation
    url = implementation.text("repositoryUrl")
    if implementation.type is not ImplementationType.TERRAFORM:
        return
    if implementation.settings.get("useMeshHttpBackendFallback") is not True:
        yield Warning_(
            "StateMayBeLost",
            "without an own backend in the module the state is lost after each run",
            implementation.pointer("useMeshHttpBackendFallback"),
        )
    if version.deletion_mode is DeletionMode.PURGE:
        yield Warning_("ResourcesStay", "deleting a block leaves its resources behind", "/spec/deletionMode")
    if url.startswith(("http://", "https://")) and has_credentials(url):
        yield Warning_(
            "CredentialsInUrl",
            "whoever may read this version reads the credentials in the address of the repository",
            implementation.pointer("repositoryUrl"),
        )
    if "sshPrivateKey" in implementation.secrets and not is_ssh(url):
        yield Warning_(
            "UnusedKey",
            "the SSH key is not used to fetch the repository, and was not examined",
            implementation.pointer("sshPrivateKey"),
        )
