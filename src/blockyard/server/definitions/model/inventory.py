"""Which identity in a cloud the runs of a version can have: what its inputs say of it. Source: concepts.md 24.3 (proof)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import Cloud, InputType
from blockyard.server.definitions.model.definition import InputSpec, Version, VersionId
from blockyard.server.definitions.model.identities import used_clouds
from blockyard.server.definitions.model.trust.clouds import Way
from blockyard.server.definitions.model.values import file_content

MAX_CHARACTERS = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudAccess:
    """That the runs of a version sign in to a cloud.

    Attributes:
        workspace: the owner of the definition.
        identity: as whom (role, client, service account); None where the version does not say it in clear: each building block may
            have another one, or it belongs to a key.
    """

    id: UUID
    version_id: VersionId
    workspace: str
    cloud: Cloud
    way: Way
    identity: str | None
    created_at: datetime
    revision: int = 0

    @property
    def key(self) -> UUID:
        """What addresses it."""
        return self.id


@dataclass(frozen=True, slots=True)
class Place:
    """Where a version is used: a building block, and the tenant it is on."""

    block_id: UUID
    name: str
    workspace: str
    project: str | None
    platform: str | None
    tenant_id: UUID | None


@dataclass(frozen=True, slots=True)
class Places:
    """The oldest building blocks of a version, and how many there are."""

    shown: Sequence[Place]
    total: int


@dataclass(frozen=True, slots=True)
class Editor:
    """Who can change the code that runs execute: a person or group with a role in the owner's workspace, or an API key of it."""

    kind: str
    name: str
    role: str | None


def accesses(version: Version) -> tuple[CloudAccess, ...]:
    """Return to which clouds the runs of a version sign in, as far as the version tells."""
    found = dict(_found(version.inputs))
    for cloud in used_clouds(version.content):
        found.setdefault(cloud, (Way.FEDERATION, None))
    return tuple(
        CloudAccess(
            id=uuid5(version.id, cloud.value),
            version_id=version.id,
            workspace=version.workspace,
            cloud=cloud,
            way=way,
            identity=None if identity is None else identity[:MAX_CHARACTERS],
            created_at=version.created_at,
        )
        for cloud, (way, identity) in sorted(found.items())
    )


def _found(inputs: Mapping[str, InputSpec]) -> Iterator[tuple[Cloud, tuple[Way, str | None]]]:
    if "AWS_ROLE_ARN" in inputs or "AWS_WEB_IDENTITY_TOKEN_FILE" in inputs:
        yield Cloud.AWS, (Way.FEDERATION, _text(inputs, "AWS_ROLE_ARN"))
    elif "AWS_ACCESS_KEY_ID" in inputs:
        yield Cloud.AWS, (Way.KEY, None)
    if "ARM_CLIENT_SECRET" in inputs:
        yield Cloud.AZURE, (Way.KEY, _text(inputs, "ARM_CLIENT_ID"))
    elif "ARM_CLIENT_ID" in inputs or "ARM_OIDC_TOKEN_FILE_PATH" in inputs:
        yield Cloud.AZURE, (Way.FEDERATION, _text(inputs, "ARM_CLIENT_ID"))
    if "GOOGLE_APPLICATION_CREDENTIALS" in inputs:
        account = next(filter(None, map(_external_account, inputs.values())), None)
        yield Cloud.GCP, (Way.KEY, None) if account is None else (Way.FEDERATION, account)


def _text(inputs: Mapping[str, InputSpec], key: str) -> str | None:
    value = inputs[key].argument if key in inputs else None
    return value if isinstance(value, str) else None


def _external_account(spec: InputSpec) -> str | None:
    """Return whom a credential file of Google Cloud signs in as; None if the input is no such file."""
    if spec.type is not InputType.FILE or not isinstance(spec.argument, str):
        return None
    try:
        content: Json = json.loads(file_content(spec.argument))
    except ValueError:
        return None
    if not isinstance(content, dict) or content.get("type") != "external_account":
        return None
    url = content.get("service_account_impersonation_url")
    account = url.rpartition("/")[2].partition(":")[0] if isinstance(url, str) else ""
    return account or str(content.get("audience"))
