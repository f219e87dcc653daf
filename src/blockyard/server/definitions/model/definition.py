"""What a definition and a version are. Source: api.md 3.16 and 3.17, concepts.md 5 to 7."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType, TypeAlias
from uuid import UUID

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import ImplementationType, InputType, OutputType
from blockyard.server.definitions.model.adaptive import DependentDefault, InputCheck, OptionSource
from blockyard.server.definitions.model.implementation import MANUAL, Implementation
from blockyard.server.definitions.model.labels import label_of
from blockyard.server.definitions.model.migrations import InputMigration
from blockyard.server.definitions.model.policies import (
    NO_APPROVALS,
    NO_SCHEDULE,
    ApprovalPolicies,
    ApprovalRules,
    Lifetimes,
    Schedule,
)
from blockyard.server.issuer.model.workload import NO_OPTIONS, IdentityOptions
from blockyard.server.kit.errors import pointer
from blockyard.server.kit.members import changed, members
from blockyard.server.publications.model import Publication
from blockyard.server.runners.model import SHARED_RUNNER, RunnerId, RunnerIdentity, SecretChange, StoredSecret

DefinitionId = NewType("DefinitionId", UUID)
VersionId = NewType("VersionId", UUID)


@dataclass(frozen=True, slots=True)
class NumberedVersion:
    """A version as older clients name it."""

    definition_id: UUID
    number: int

    def __str__(self) -> str:
        """Return it in words, for refusals."""
        return f"{self.number} of {self.definition_id}"


Value: TypeAlias = "Json | StoredSecret"
"""A value of an input: plain, or a secret."""


class TargetType(StrEnum):
    """Where blocks of a definition live."""

    WORKSPACE_LEVEL = "WORKSPACE_LEVEL"
    TENANT_LEVEL = "TENANT_LEVEL"


class VersionState(StrEnum):
    """Whether a version may still change."""

    DRAFT = "DRAFT"
    RELEASED = "RELEASED"


class DeletionMode(StrEnum):
    """What deleting a block does: destroy its resources by a run, or forget the block."""

    DELETE = "DELETE"
    PURGE = "PURGE"


class AssignmentType(StrEnum):
    """Who or what fills an input."""

    AUTHOR = "AUTHOR"
    USER_INPUT = "USER_INPUT"
    PLATFORM_OPERATOR_MANUAL_INPUT = "PLATFORM_OPERATOR_MANUAL_INPUT"
    BUILDING_BLOCK_OUTPUT = "BUILDING_BLOCK_OUTPUT"
    PLATFORM_TENANT_ID = "PLATFORM_TENANT_ID"
    MESHSTACK_TENANT_UUID = "MESHSTACK_TENANT_UUID"
    WORKSPACE_IDENTIFIER = "WORKSPACE_IDENTIFIER"
    PROJECT_IDENTIFIER = "PROJECT_IDENTIFIER"
    FULL_PLATFORM_IDENTIFIER = "FULL_PLATFORM_IDENTIFIER"
    TENANT_BUILDING_BLOCK_UUID = "TENANT_BUILDING_BLOCK_UUID"
    STATIC = "STATIC"
    USER_PERMISSIONS = "USER_PERMISSIONS"
    TAG = "TAG"
    PAYMENT_METHOD = "PAYMENT_METHOD"


PEOPLE = frozenset({AssignmentType.USER_INPUT, AssignmentType.PLATFORM_OPERATOR_MANUAL_INPUT})
"""Sources of inputs that people fill in with a value of their own."""


class TagOwner(StrEnum):
    """Whose tags an input reads."""

    WORKSPACE = "WORKSPACE"
    PROJECT = "PROJECT"
    PAYMENT_METHOD = "PAYMENT_METHOD"
    LANDING_ZONE = "LANDING_ZONE"


def tag_named(name: str) -> tuple[TagOwner, str] | None:
    """Return whose tag `<owner>.<tag key>` is, and which; None if it names none."""
    owner, _, key = name.partition(".")
    return (TagOwner(owner), key) if owner in {*TagOwner} and key.strip() else None


class OutputAssignment(StrEnum):
    """What an output is used for."""

    NONE = "NONE"
    PLATFORM_TENANT_ID = "PLATFORM_TENANT_ID"
    SIGN_IN_URL = "SIGN_IN_URL"
    RESOURCE_URL = "RESOURCE_URL"
    SUMMARY = "SUMMARY"


class DeclaredType(StrEnum):
    """The type of an output in a definition; only manual definitions have FILE."""

    STRING = "STRING"
    CODE = "CODE"
    INTEGER = "INTEGER"
    BOOLEAN = "BOOLEAN"
    FILE = "FILE"

    @property
    def run_type(self) -> OutputType:
        """The type of the value a run reports. Source: api.md 3.17, runner.md 4.6."""
        return OutputType.STRING if self is DeclaredType.FILE else OutputType(self.value)


class InputKind(StrEnum):
    """The type of an input as definitions name it: those of runs, and JSON, which is CODE everywhere else."""

    STRING = "STRING"
    INTEGER = "INTEGER"
    BOOLEAN = "BOOLEAN"
    CODE = "CODE"
    SINGLE_SELECT = "SINGLE_SELECT"
    MULTI_SELECT = "MULTI_SELECT"
    FILE = "FILE"
    LIST = "LIST"
    JSON = "JSON"

    @property
    def run_type(self) -> InputType:
        """The type of the value in blocks and runs. Source: api.md 3.17."""
        return InputType.CODE if self is InputKind.JSON else InputType(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """One input of a version.

    Attributes:
        argument: the value of a STATIC input; of BUILDING_BLOCK_OUTPUT the text `<definition uuid>.<output key>`, of TAG
            `<owner>.<tag key>`.
        default_value: what users and operators find filled in.
        selectable_values: the options of select types; None where none were sent.
        is_json: definitions say JSON, and the code has to be JSON text.
        json_schema: what the JSON has to be like; forms are made and checked with it.
        is_optional: it may stay without a value.
        condition: when it is asked for, see `conditions`; while that is false it is hidden and has no value.
        option_sources: further options, see `adaptive`; `selectable_values` are always offered.
        dependent_defaults: which default counts when; the first whose condition is true, else `default_value`.
    """

    key: str
    display_name: str
    type: InputType
    assignment_type: AssignmentType
    is_environment: bool = False
    is_sensitive: bool = False
    argument: Value = field(default=None, repr=False)
    default_value: Value = field(default=None, repr=False)
    updateable_by_consumer: bool = False
    selectable_values: tuple[str, ...] | None = None
    description: str | None = None
    value_validation_regex: str | None = None
    validation_regex_error_message: str | None = None
    is_json: bool = False
    json_schema: str | None = None
    is_optional: bool = False
    condition: str | None = None
    display_order: int = 0
    option_sources: tuple[OptionSource, ...] = ()
    dependent_defaults: tuple[DependentDefault, ...] = ()

    @property
    def kind(self) -> InputKind:
        """The type as definitions name it."""
        return InputKind.JSON if self.is_json else InputKind(self.type.value)

    @property
    def adapts(self) -> bool:
        """Whether its options or its default depend on other values."""
        return bool(self.option_sources or self.dependent_defaults)

    @property
    def label(self) -> str:
        """What people read: the display name, or one made from the key (`CLIENT_SECRET`: "Client secret")."""
        return self.display_name or label_of(self.key)

    @property
    def parent_output(self) -> tuple[DefinitionId, str] | None:
        """The definition and the output key a BUILDING_BLOCK_OUTPUT input takes its value from; None for all others."""
        if self.assignment_type is not AssignmentType.BUILDING_BLOCK_OUTPUT or not isinstance(self.argument, str):
            return None
        definition, dot, output = self.argument.partition(".")
        try:
            return (DefinitionId(UUID(definition)), output) if dot and output else None
        except ValueError:
            return None

    @property
    def tag(self) -> tuple[TagOwner, str] | None:
        """Whose tag a TAG input reads, and which; None for all others."""
        if self.assignment_type is not AssignmentType.TAG or not isinstance(self.argument, str):
            return None
        return tag_named(self.argument)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSpec:
    """One output of a version."""

    key: str
    display_name: str
    type: DeclaredType
    assignment_type: OutputAssignment = OutputAssignment.NONE
    display_order: int = 0
    is_optional: bool = False
    """A run may leave it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionContent:
    """Everything in a version that its author writes.

    `input_migrations` say what becomes of the values of building blocks that are changed to it from the version before.
    """

    runner_id: RunnerId = SHARED_RUNNER
    deletion_mode: DeletionMode = DeletionMode.DELETE
    only_apply_once_per_tenant: bool = False
    permissions: tuple[str, ...] = ()
    dependencies: tuple[DefinitionId, ...] = ()
    inputs: Mapping[str, InputSpec] = field(default_factory=dict)
    outputs: Mapping[str, OutputSpec] = field(default_factory=dict)
    implementation: Implementation = MANUAL
    input_migrations: tuple[InputMigration, ...] = ()
    input_checks: tuple[InputCheck, ...] = ()
    identity: IdentityOptions = NO_OPTIONS

    @property
    def run_permissions(self) -> tuple[str, ...]:
        """What the API keys of its runs may do; nobody has to execute a manual one, so that has no key."""
        return () if self.implementation.type is ImplementationType.MANUAL else self.permissions

    @property
    def tags_read(self) -> "frozenset[tuple[TagOwner, str]]":
        """Whose tags its inputs and their options read, and which."""
        specs = self.inputs.values()
        read = {spec.tag for spec in specs}
        read |= {tag_named(one.tag) for spec in specs for one in spec.option_sources if one.tag is not None}
        return frozenset(tag for tag in read if tag is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """Why nothing new uses a version any more, and since when."""

    reason: str
    marked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Version(VersionContent):
    """A version of a definition; `workspace` is the definition's owner."""

    id: VersionId
    definition_id: DefinitionId
    workspace: str
    number: int
    state: VersionState = VersionState.DRAFT
    created_at: datetime
    released_at: datetime | None = None
    defect: Defect | None = None
    revision: int = 0

    @property
    def key(self) -> VersionId:
        """What addresses this version."""
        return self.id

    @property
    def is_released(self) -> bool:
        """Whether everybody may use the version and nobody may change it."""
        return self.state is VersionState.RELEASED

    @property
    def implementation_type(self) -> ImplementationType:
        """The implementation type in the spelling of runs."""
        return self.implementation.type

    @property
    def content(self) -> VersionContent:
        """What the author wrote."""
        return VersionContent(**members(self, VersionContent))

    def with_content(self, content: VersionContent) -> "Version":
        """Return this version with another content."""
        return changed(self, content)


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionSpec:
    """Everything in a definition that its author writes and may change at any time.

    `display_name_template` is what blocks are called that nobody gives a name.
    """

    display_name: str
    description: str
    target_type: TargetType = TargetType.WORKSPACE_LEVEL
    readme: str | None = None
    run_transparency: bool = False
    use_in_landing_zones_only: bool = False
    support_url: str | None = None
    documentation_url: str | None = None
    notification_subscribers: tuple[str, ...] = ()
    symbol: str = ""
    supported_platforms: tuple[str, ...] | None = None
    display_name_template: str | None = None
    approval_policies: ApprovalPolicies = NO_APPROVALS
    schedule: Schedule = NO_SCHEDULE
    approval_rules: ApprovalRules | None = None
    tags: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition(DefinitionSpec):
    """A definition; `workspace` owns it.

    Attributes:
        latest_version_id: the version with the highest number, draft or not.
        released_version_id: the released version with the highest number.
        publication: whom others it reaches, once a version is released.
        lifetimes: what its owner says of the lives of its blocks.
    """

    id: DefinitionId
    workspace: str
    created_at: datetime
    latest_version_id: VersionId
    released_version_id: VersionId | None = None
    publication: Publication = field(default_factory=Publication)
    lifetimes: Lifetimes = field(default_factory=Lifetimes)
    revision: int = 0

    @property
    def key(self) -> DefinitionId:
        """What addresses this definition."""
        return self.id

    def known_to(self, workspaces: Collection[str]) -> bool:
        """Whether one of these workspaces, which are not the owner's, may know of the definition."""
        return self.released_version_id is not None and self.publication.known_to(workspaces)


@dataclass(frozen=True, slots=True)
class VersionSummary:
    """What a definition says about one of its versions.

    Attributes:
        identity: who its runs are to clouds, by its runner; None for those it does not concern.
    """

    id: VersionId
    number: int
    state: VersionState
    runner_id: RunnerId
    identity: RunnerIdentity | None = None
    defect: Defect | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRequest:
    """A version as a client sends it.

    Attributes:
        number: the number the client expects, if it says one.
        content: everything but the secrets.
        secrets: by JSON pointer of their place, such as `/spec/inputs/token/argument`.
    """

    definition_id: DefinitionId
    workspace: str
    number: int | None
    state: VersionState
    content: VersionContent
    secrets: Mapping[str, SecretChange] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionFilter:
    """Which definitions a list shall show: own ones, with `include_published` also published ones of others."""

    workspace: str | None = None
    include_published: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionView:
    """A definition as one principal may see it.

    Attributes:
        versions: oldest first; for foreign principals only released ones.
        usage_count: number of live blocks; None for foreign principals.
        is_redacted: something is left out, as the principal is not the owner.
    """

    definition: Definition
    versions: tuple[VersionSummary, ...]
    usage_count: int | None
    is_redacted: bool = False

    @property
    def key(self) -> DefinitionId:
        """What addresses this definition."""
        return self.definition.id

    @property
    def latest(self) -> VersionSummary:
        """The visible version with the highest number."""
        return self.versions[-1]

    @property
    def latest_released(self) -> VersionSummary | None:
        """The released version with the highest number."""
        return next((item for item in reversed(self.versions) if item.state is VersionState.RELEASED), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """A version as one principal may see it, and how many live blocks it has; None for foreign principals.

    `is_redacted` says that of the implementation only the type is shown.
    """

    version: Version
    usage_count: int | None
    is_redacted: bool = False

    @property
    def key(self) -> VersionId:
        """What addresses this version."""
        return self.version.id


def input_pointer(key: str, member: str = "") -> str:
    """Return the JSON pointer of an input, or of one of its members."""
    return pointer("/spec/inputs", key) + (f"/{member}" if member else "")


def output_pointer(key: str, member: str = "") -> str:
    """Return the JSON pointer of an output, or of one of its members."""
    return pointer("/spec/outputs", key) + (f"/{member}" if member else "")
