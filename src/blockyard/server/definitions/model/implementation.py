"""How a version is executed: its implementation type, its settings, its secrets. Source: api.md 3.17, runner.md 1.5.3."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.names import SECRET_MEMBERS, ImplementationType
from blockyard.server.integrations.model import IntegrationId, origin_of
from blockyard.server.runners.model import StoredSecret, delivered, merged

WIRE_NAMES: Mapping[ImplementationType, str] = {
    ImplementationType.MANUAL: "manual",
    ImplementationType.TERRAFORM: "terraform",
    ImplementationType.GITHUB_WORKFLOW: "githubWorkflows",
    ImplementationType.GITLAB_CICD: "gitlabPipeline",
    ImplementationType.AZURE_DEVOPS: "azureDevOpsPipeline",
}
"""What versions call the types that runs call otherwise."""

_RUN_NAMES: Mapping[str, str] = {"sshKnownHost": "knownHost"}
"""Members that runs spell otherwise."""

_RUN_DEFAULTS: Mapping[ImplementationType, JsonObject] = {
    ImplementationType.GITHUB_WORKFLOW: {"async": False, "omitRunObjectInput": False},
    ImplementationType.AZURE_DEVOPS: {"async": False},
}
"""Members that runners always want to find."""

_NOT_IN_RUNS = frozenset({"integrationRef"})
"""Members that runs carry resolved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Implementation:
    """An implementation.

    Attributes:
        settings: members in the spelling of versions, as they were sent, without secrets.
        secrets: the secret members.
    """

    type: ImplementationType
    settings: Mapping[str, Json] = field(default_factory=dict)
    secrets: Mapping[str, StoredSecret] = field(default_factory=dict)

    def pointer(self, member: str) -> str:
        """Return the JSON pointer of a member."""
        return f"/spec/implementation/{WIRE_NAMES[self.type]}/{member}"

    def text(self, member: str) -> str:
        """Return a text member; empty if it has none."""
        value = self.settings.get(member)
        return value if isinstance(value, str) else ""

    @property
    def hands_over(self) -> bool:
        """Whether the runner only starts the work and others report on it (async)."""
        return self.type is ImplementationType.GITLAB_CICD or self.settings.get("async") is True

    @property
    def keeps_state(self) -> bool:
        """Whether the engine keeps its state here, unless the module says otherwise."""
        return self.type is ImplementationType.TERRAFORM and self.settings.get("useMeshHttpBackendFallback") is True

    @property
    def integration_id(self) -> IntegrationId | None:
        """The integration whose connection data and runner its runs use; None if it needs none."""
        reference = self.settings.get("integrationRef")
        return IntegrationId(UUID(str(reference["uuid"]))) if isinstance(reference, dict) else None

    def target_of(self, member: str) -> Json:
        """Return where the secret `member` is used; at another place it has to be entered again."""
        if member == "sshPrivateKey":
            return [origin_of(self.text("repositoryUrl")), self.settings.get("sshKnownHost")]
        if member == "pipelineTriggerToken":
            return self.settings.get("integrationRef")
        return None

    def wire(self) -> JsonObject:
        """Return the form the API shows: secrets as hashes."""
        name = WIRE_NAMES[self.type]
        if self.type is ImplementationType.MANUAL:
            return {"type": name}
        hashes: JsonObject = {key: secret.wire() for key, secret in self.secrets.items()}
        return {"type": name, name: {**self.settings, **hashes}}

    def run_document(self, connection: JsonObject | None = None) -> JsonObject:
        """Return the `implementation` of a run document: secrets as envelopes, members without a value left out.

        An empty text counts as none: clients take `""` for a branch or a key of that name. `connection` has the members that
        come from the integration. What stands where an envelope belongs was stored as a secret.
        """
        members: JsonObject = {"type": self.type.value, **_RUN_DEFAULTS.get(self.type, {}), **(connection or {})}
        for key, value in self.settings.items():
            if value not in (None, "") and key not in _NOT_IN_RUNS | SECRET_MEMBERS:
                members[_RUN_NAMES.get(key, key)] = value
        return merged(members, delivered(self.secrets))


MANUAL = Implementation(type=ImplementationType.MANUAL)
"""What a version has before its author wrote anything."""
