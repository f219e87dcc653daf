"""What a runner is. Source: api.md 3.14, concepts.md 12."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from blockyard.protocol.names import RUNNER_TYPES, ImplementationType

RunnerId = NewType("RunnerId", UUID)

SHARED_RUNNER = RunnerId(UUID("98520496-627d-43e6-82da-ce499179ff3f"))
"""The runner that every version uses which names none; clients know this id. Source: api.md 3.14."""


class RunnerType(StrEnum):
    """Which implementation types a runner executes, in the spelling of runner objects."""

    TERRAFORM = "TERRAFORM"
    GITHUB_WORKFLOW = "GITHUB_WORKFLOW"
    GITLAB_PIPELINE = "GITLAB_PIPELINE"
    AZURE_DEVOPS_PIPELINE = "AZURE_DEVOPS_PIPELINE"
    MANUAL = "MANUAL"
    ALL = "ALL"

    def executes(self, implementation: ImplementationType) -> bool:
        """Whether runners of this type take runs of `implementation`."""
        return self is RunnerType.ALL or self.value == RUNNER_TYPES[implementation]


class Restriction(StrEnum):
    """Whose definitions may use a runner."""

    PRIVATE = "PRIVATE"
    PUBLIC = "PUBLIC"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudIdentity:
    """How runs of a runner identify themselves to one cloud."""

    audience: str
    token_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Federation:
    """The workload identity of a runner's runs."""

    issuer: str
    subject: str
    gcp: CloudIdentity | None = None
    aws: CloudIdentity | None = None
    azure: CloudIdentity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """A registered runner.

    Attributes:
        workspace: the owner.
        public_key: PEM as it was sent, an SPKI key or an X.509 certificate.
        is_self_hosted: false only for the shared runner of the installation.
    """

    id: RunnerId
    workspace: str
    display_name: str
    public_key: str
    implementation_type: RunnerType
    restriction: Restriction
    is_self_hosted: bool
    federation: Federation | None
    created_at: datetime
    last_seen_at: datetime | None = None
    revision: int = 0

    def usable_by(self, workspace: str) -> bool:
        """Whether definitions of `workspace` may name this runner."""
        return self.restriction is Restriction.PUBLIC or self.workspace == workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerSpec:
    """What a client says about a runner; None leaves a fixed member as it is, or takes its default."""

    workspace: str
    display_name: str
    public_key: str
    implementation_type: RunnerType
    restriction: Restriction | None = None
    federation: Federation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerFilter:
    """Which runners a list shall show; None means any."""

    workspace: str | None = None
    implementation_type: RunnerType | None = None
    restriction: Restriction | None = None
