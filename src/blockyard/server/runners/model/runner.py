"""What a runner is. Source: api.md 3.14, concepts.md 12."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

from blockyard.protocol.names import RUNNER_TYPES, ImplementationType
from blockyard.protocol.version import BOUND_ENVELOPES, PROTOCOL_VERSION, RENAMED_SECRETS
from blockyard.server.issuer.model.workload import (
    DEFINITION_PLACEHOLDER,
    WORKSPACE_PLACEHOLDER,
    SubjectForm,
    SubjectSwitch,
)

RunnerId = NewType("RunnerId", UUID)

SHARED_RUNNER = RunnerId(UUID("98520496-627d-43e6-82da-ce499179ff3f"))
"""The runner that every version uses which names none; clients know this id. Source: api.md 3.14."""


OLDER_COUNTS_FOR = timedelta(days=1)
"""How long after its last claim a process of an older protocol still counts as one of the runner's."""


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
    """The workload identity of a runner's runs; `subject_template` names a definition by placeholders, see `subject_of`."""

    issuer: str
    subject_template: str
    gcp: CloudIdentity | None = None
    aws: CloudIdentity | None = None
    azure: CloudIdentity | None = None

    @property
    def old_subject(self) -> str:
        """The template in the notation of clients before 0.26."""
        return _PLACEHOLDER.sub(lambda match: _OLD_NOTATION.get(match[1], match[0]), self.subject_template)

    @property
    def canonical_template(self) -> str:
        """The template with one spelling of its placeholders."""
        return _PLACEHOLDER.sub(lambda match: f"{{{{ {match[1]} }}}}", self.subject_template)

    def subject_of(self, workspace: str, definition_id: UUID) -> str:
        """Return the subject for the runs of a definition, which `workspace` owns. Source: concepts.md 14."""
        values = {WORKSPACE_PLACEHOLDER: workspace, DEFINITION_PLACEHOLDER: str(definition_id)}
        return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), self.subject_template)


_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}", re.ASCII)
_OLD_NOTATION = {WORKSPACE_PLACEHOLDER: "<bbd-workspace>", DEFINITION_PLACEHOLDER: "<bbd-uuid>"}


def template_of_subject(subject: str) -> str:
    """Return a subject in the notation of clients before 0.26 as a template. Source: api.md 3.14."""
    for name, old in _OLD_NOTATION.items():
        subject = subject.replace(old, f"{{{{ {name} }}}}")
    return subject


def unknown_placeholder(template: str) -> str | None:
    """Return the first placeholder that nothing stands for; None if all are known."""
    for match in _PLACEHOLDER.finditer(template):
        if match[1] not in _OLD_NOTATION:
            return match[0]
    rest = _PLACEHOLDER.sub("", template)
    place = rest.find("{{")
    return None if place < 0 else rest[place : place + 40]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """A registered runner.

    Attributes:
        workspace: the owner.
        public_key: PEM as it was sent, an SPKI key or an X.509 certificate.
        is_self_hosted: false only for the shared runner of the installation.
        protocol: the version of our protocol that its processes speak; 0 for the official one.
        older_protocol_at: when a claim came last that made `protocol` older than the newest version.
        subject_form: which subject the identity tokens of its runs have, where the server signs them.
        subject_moves_at: when BOTH becomes NEW by itself; `subject_reminded_at` is when somebody was told of that.
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
    protocol: int = 0
    older_protocol_at: datetime | None = None
    subject_form: SubjectForm = SubjectForm.NEW
    subject_moves_at: datetime | None = None
    subject_reminded_at: datetime | None = None
    revision: int = 0

    @property
    def key(self) -> RunnerId:
        """What addresses this runner."""
        return self.id

    @property
    def takes_bound(self) -> bool:
        """Whether envelopes for this runner may be bound to their place."""
        return self.protocol >= BOUND_ENVELOPES

    @property
    def takes_renamed(self) -> bool:
        """Whether the runner opens bound envelopes of inputs that had another name."""
        return self.protocol >= RENAMED_SECRETS

    def heard(self, protocol: int, at: datetime) -> "Runner":
        """Return this runner after a claim in a version of our protocol.

        Several processes may share one runner. The oldest of them decides what all can open, until it has not claimed for
        `OLDER_COUNTS_FOR`.
        """
        since = self.older_protocol_at
        still_counts = since is not None and at - since < OLDER_COUNTS_FOR
        if protocol < PROTOCOL_VERSION:
            oldest = min(protocol, self.protocol) if still_counts else protocol
            counts = protocol == oldest or protocol < BOUND_ENVELOPES
            return replace(self, last_seen_at=at, protocol=oldest, older_protocol_at=at if counts else since)
        if still_counts:
            return replace(self, last_seen_at=at)
        return replace(self, last_seen_at=at, protocol=protocol)

    @property
    def switch(self) -> SubjectSwitch:
        """Which subject the identity tokens of its runs have."""
        return SubjectSwitch(form=self.subject_form, moves_at=self.subject_moves_at)

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
