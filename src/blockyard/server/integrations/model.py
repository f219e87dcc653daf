"""What an integration is, and what a run carries of it. Source: api.md 3.13, concepts.md 9.3, runner.md 1.5.3."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from blockyard.protocol import addresses
from blockyard.protocol.binding import Owner, SealedFor, member_key
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import ImplementationType
from blockyard.server.kit.errors import Invalid
from blockyard.server.runners.model import RunnerId, SecretChange, StoredSecret, delivered

IntegrationId = NewType("IntegrationId", UUID)

_ADDRESS = re.compile(r"https?://[^\s\x00-\x20/\\?#@]+(/[^\s\x00-\x20\\?#]*)?\Z", re.IGNORECASE)
_SEGMENT = re.compile(r"[^\s\x00-\x20\x7f/\\?#%]+\Z")


class IntegrationType(StrEnum):
    """What an integration connects to."""

    GITHUB = "github"
    GITLAB = "gitlab"
    AZURE_DEVOPS = "azuredevops"
    ENTRA_ID = "entraid"
    REPLICATOR = "replicator"
    METERING = "metering"

    @property
    def is_built_in(self) -> bool:
        """Whether there is one in every installation, which nobody makes, changes or deletes."""
        return self in BUILT_IN

    @property
    def implementation(self) -> ImplementationType | None:
        """What its runner executes; None if it has no runner, as the server itself uses it."""
        return _IMPLEMENTATIONS.get(self)

    def target(self, settings: Mapping[str, str]) -> Mapping[str, str]:
        """Return where secrets go with these settings: host and account. What goes elsewhere has to be entered again."""
        return {
            member: origin_of(trimmed(value)) if member == "baseUrl" else trimmed(value)
            for member, value in settings.items()
        }

    @property
    def secret_member(self) -> str | None:
        """The member that holds its secret; None if it needs none."""
        return _SECRETS.get(self)


BUILT_IN: Mapping[IntegrationType, str] = {
    IntegrationType.REPLICATOR: "Replicator",
    IntegrationType.METERING: "Metering",
}
"""The identities that clouds trust, and what people call them."""

_IMPLEMENTATIONS: Mapping[IntegrationType, ImplementationType] = {
    IntegrationType.GITHUB: ImplementationType.GITHUB_WORKFLOW,
    IntegrationType.GITLAB: ImplementationType.GITLAB_CICD,
    IntegrationType.AZURE_DEVOPS: ImplementationType.AZURE_DEVOPS,
}
_SECRETS: Mapping[IntegrationType, str] = {
    IntegrationType.GITHUB: "appPrivateKey",
    IntegrationType.AZURE_DEVOPS: "personalAccessToken",
    IntegrationType.ENTRA_ID: "clientSecret",
}
_RUN_NAMES: Mapping[IntegrationType, Mapping[str, str]] = {
    IntegrationType.GITHUB: {"baseUrl": "githubBaseUrl", "appPrivateKey": "appPem"},
    IntegrationType.GITLAB: {"baseUrl": "gitlabBaseUrl"},
    IntegrationType.AZURE_DEVOPS: {"baseUrl": "azureDevOpsBaseUrl"},
}
"""Members that runs spell otherwise."""

ALIAS = "idpAlias"
"""Names an identity provider in addresses; chosen once, or made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationSpec:
    """What a client says about an integration.

    Attributes:
        settings: the members of its type in the spelling of the API, as they were sent, without secret and runner.
        secret: what is said about its secret; None if nothing.
    """

    workspace: str
    display_name: str
    type: IntegrationType
    settings: Mapping[str, str]
    runner_id: RunnerId | None
    secret: SecretChange | None = field(default=None, repr=False)

    def pointer(self, member: str) -> str:
        """Return the JSON pointer of a member."""
        return f"/spec/config/{self.type.value}/{member}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """An integration; `workspace` owns it."""

    id: IntegrationId
    workspace: str
    display_name: str
    type: IntegrationType
    settings: Mapping[str, str]
    runner_id: RunnerId | None
    secret: StoredSecret | None = None
    created_at: datetime
    revision: int = 0

    @property
    def key(self) -> IntegrationId:
        """What addresses this integration."""
        return self.id

    @property
    def alias(self) -> str | None:
        """What names the identity provider in addresses; None of what is none."""
        return self.settings.get(ALIAS)

    @property
    def runner(self) -> RunnerId:
        """The runner of an integration that versions can use. Raises TypeError of one that only the server uses."""
        if self.runner_id is None:
            raise TypeError(f"integrations of type {self.type} have no runner")
        return self.runner_id

    def connection(self) -> JsonObject:
        """Return the members of a run's `implementation` that come from here: addresses trimmed, the secret as envelope."""
        names = _RUN_NAMES.get(self.type, {})
        members: JsonObject = {names.get(key, key): trimmed(value) for key, value in self.settings.items()}
        secret = self.type.secret_member
        if secret is not None and self.secret is not None:
            members |= delivered({names.get(secret, secret): self.secret})
        return members

    def place(self, member: str) -> SealedFor:
        """Return what the secret `member` is bound to."""
        name = _RUN_NAMES.get(self.type, {}).get(member, member)
        return SealedFor(workspace=self.workspace, owner=Owner.INTEGRATION, uuid=str(self.id), key=member_key(name))


_SCP = re.compile(r"(?P<user>[^/@:\s]+)@(?P<host>[^/@:\s]+):")


def origin_of(address: str) -> str:
    """Return scheme, user, host and port of an address, alike for every way to write them; `git@host:path` is SSH.

    What is malformed, which older versions stored, stands for itself.
    """
    if scp := _SCP.match(address):
        return f"ssh://{scp['user']}@{scp['host'].lower()}:22"
    parts = addresses.split(address)
    if parts is None:
        return address
    user = f"{parts.user}@" if parts.user else ""
    host = f"[{parts.host}]" if ":" in parts.host else parts.host
    return f"{parts.scheme}://{user}{host}:{parts.effective_port}"


def trimmed(value: str) -> str:
    """Return an address or a name without blanks around it and slashes behind it."""
    return value.strip().rstrip("/")


def check_spec(spec: IntegrationSpec) -> None:
    """Refuse what no runner could reach. Raises Invalid."""
    for member, value in spec.settings.items():
        if member == "baseUrl":
            address = addresses.split(trimmed(value))
            if not _ADDRESS.match(trimmed(value)) or address is None or not address.has_host:
                raise Invalid(
                    "the base URL is not a web address",
                    code="BadBaseUrl",
                    field=spec.pointer(member),
                    remedy="Send http:// or https://, host and path, without credentials, query or fragment.",
                )
        elif not _SEGMENT.match(value.strip()) or value.strip() in {".", ".."}:
            raise Invalid(
                f"'{member}' must be one word that can stand in a URL",
                code="BadIntegration",
                field=spec.pointer(member),
                remedy="Copy it from the settings of the other side, without blanks and slashes.",
            )
