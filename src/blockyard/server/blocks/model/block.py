"""A building block and how it changes. Source: concepts.md 10, api.md 3.18."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType, TypeAlias
from uuid import UUID

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import Behavior, InputType, OutputType, RunStatus
from blockyard.server.blocks.model.approving import Cause
from blockyard.server.definitions.model import DefinitionId, InputSpec, Value, VersionId
from blockyard.server.events.model import SYSTEM, Author
from blockyard.server.runners.model import StoredSecret
from blockyard.server.runs.model import Run, RunId, Trigger, TriggerReason
from blockyard.server.tenants.model import Tenant, TenantId

BlockId = NewType("BlockId", UUID)


class Lifecycle(StrEnum):
    """Whether a block lives. DELETED blocks are hidden from lists, their history is kept."""

    ACTIVE = "ACTIVE"
    MARKED_FOR_DELETION = "MARKED_FOR_DELETION"
    DELETED = "DELETED"


class BlockStatus(StrEnum):
    """What a block waits for, or how its latest run stands."""

    WAITING_FOR_DEPENDENT_INPUT = "WAITING_FOR_DEPENDENT_INPUT"
    WAITING_FOR_OPERATOR_INPUT = "WAITING_FOR_OPERATOR_INPUT"
    WAITING_FOR_USER_INPUT = "WAITING_FOR_USER_INPUT"
    WAITING_FOR_APPROVAL = "WAITING_FOR_APPROVAL"
    """A run exists that applies a plan once that is approved."""
    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    ABORTED = "ABORTED"


class Operation(StrEnum):
    """What the latest APPLY or DESTROY run is to the block."""

    CREATION = "CREATION"
    """No APPLY run has succeeded before."""
    UPDATE = "UPDATE"
    DELETION = "DELETION"


class Follows(StrEnum):
    """Which versions a block is changed to by itself, when it runs next."""

    PINNED = "PINNED"
    """None: somebody changes its version."""
    RELEASES = "RELEASES"
    """The latest released one that is not defective."""
    DRAFTS = "DRAFTS"
    """The latest one, drafts too."""


WAITING = frozenset(
    {
        BlockStatus.WAITING_FOR_DEPENDENT_INPUT,
        BlockStatus.WAITING_FOR_OPERATOR_INPUT,
        BlockStatus.WAITING_FOR_USER_INPUT,
    }
)
"""In these there is no unfinished run."""

RUNNING = frozenset({BlockStatus.WAITING_FOR_APPROVAL, BlockStatus.PENDING, BlockStatus.IN_PROGRESS})
"""In these there is an unfinished run."""

FOLLOWING = frozenset({TriggerReason.DEPENDENCY_OUTPUT_CHANGED, TriggerReason.PARENT_RUN_SUCCEEDED})
"""Why runs of a cascade are requested."""

FINAL = frozenset({BlockStatus.SUCCEEDED, BlockStatus.FAILED, BlockStatus.ABORTED})
"""In these the version may be changed."""


_MOST_WANTING = 20
"""So many of those who wanted something that no run has applied are known."""

InputValue: TypeAlias = Value
"""A stored input value: as it was sent, or sealed to the key of the runner."""


@dataclass(frozen=True, slots=True)
class BlockOutput:
    """One output of the latest successful run; the value of a sensitive one is not kept."""

    value: Json
    type: OutputType
    is_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Parent:
    """A block whose outputs this one may consume."""

    block_id: BlockId
    definition_id: DefinitionId


@dataclass(frozen=True, slots=True)
class OnTenant:
    """The tenant that a block is on, with what lists filter by.

    Attributes:
        platform: the identifier of the platform: `<name>.<location>`.
        of_landing_zone: whether the landing zone asked for the block; all others were added by people.
    """

    id: TenantId
    project: str
    platform: str
    of_landing_zone: bool = False

    @classmethod
    def of(cls, tenant: Tenant, *, of_landing_zone: bool = False) -> "OnTenant":
        """Return the place of a block on a tenant."""
        return cls(tenant.id, tenant.project, tenant.platform, of_landing_zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockHead:
    """A block without its values, which may be large: what lists show.

    Attributes:
        display_name: as the client sent it, maybe with `{{inputKey}}`.
        name: `display_name` with the inputs filled in, for people.
        tenant: where it is, unless it is in the workspace itself.
        operation: what the latest APPLY or DESTROY run is to the block; None before the first.
        applied_at: when an APPLY run succeeded last; None before that.
        latest_run_id: the latest APPLY or DESTROY run; None means that nothing was ever executed.
        due: who wants another run after the one that is under way, and why: people saved inputs, a parent's output changed.
        status_since: when it got the status it has; unknown of blocks that are older than this.
        serves: the run that ordered the block, or changed it last, and may wait for it; it may have ended.
        follows: which versions it is changed to by itself.
        cascade: the run from which its latest one follows, or the one that is due; None where somebody wanted it.
        held_by: the stopped cascade that would have run it again.
        unseen: why it is to be applied, of all that no run has applied yet (`approving.Cause`).
        wanted_by: the people and keys who wanted that; not those who merely started a run.
    """

    id: BlockId
    display_name: str
    name: str
    workspace: str
    provider: str
    definition_id: DefinitionId
    version_id: VersionId
    version_number: int
    author: Author
    created_at: datetime
    status: BlockStatus
    tenant: OnTenant | None = None
    lifecycle: Lifecycle = Lifecycle.ACTIVE
    force_purge: bool = False
    operation: Operation | None = None
    applied_at: datetime | None = None
    latest_run_id: RunId | None = None
    latest_dry_run_id: RunId | None = None
    due: Trigger | None = None
    status_since: datetime | None = None
    serves: RunId | None = None
    follows: Follows = Follows.PINNED
    cascade: RunId | None = None
    held_by: RunId | None = None
    unseen: frozenset[str] = frozenset()
    wanted_by: tuple[Author, ...] = ()
    marked_for_deletion_at: datetime | None = None
    marked_for_deletion_by: str | None = None
    deleted_at: datetime | None = None
    revision: int = 0

    @property
    def tenant_id(self) -> TenantId | None:
        """The tenant that the block is on; None if it is in the workspace itself."""
        return None if self.tenant is None else self.tenant.id

    @property
    def is_of_landing_zone(self) -> bool:
        """Whether the landing zone of a tenant asked for the block."""
        return self.tenant is not None and self.tenant.of_landing_zone

    @property
    def is_live(self) -> bool:
        """Whether the block still counts as being there."""
        return self.lifecycle is not Lifecycle.DELETED

    @property
    def is_running(self) -> bool:
        """Whether a run of the block is unfinished."""
        return self.status in RUNNING

    @property
    def is_busy(self) -> bool:
        """Whether a run of the block is unfinished that does not give way to another one."""
        return self.is_running and self.status is not BlockStatus.WAITING_FOR_APPROVAL

    @property
    def rerun_due(self) -> bool:
        """Whether another run begins when the one that is under way has ended."""
        return self.due is not None

    @property
    def is_ready(self) -> bool:
        """Whether children may take its outputs: its latest run succeeded, and none is due that may change them."""
        return self.lifecycle is Lifecycle.ACTIVE and self.status is BlockStatus.SUCCEEDED and not self.rerun_due


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(BlockHead):
    """One order of a definition version.

    Attributes:
        inputs: values of user and operator inputs as they were entered; `standing` says which of them still count.
        entered_as: the type each input had when its value was entered; unknown of values that are older than this.
        outputs: what the latest successful run gave; never what an unfinished or failed one did.
    """

    inputs: Mapping[str, InputValue] = field(default_factory=dict)
    entered_as: Mapping[str, InputType] = field(default_factory=dict)
    parents: tuple[Parent, ...] = ()
    outputs: Mapping[str, BlockOutput] = field(default_factory=dict)

    @property
    def parent_ids(self) -> frozenset[BlockId]:
        """The ids of the parents."""
        return frozenset(parent.block_id for parent in self.parents)

    def standing(self, specs: Mapping[str, InputSpec]) -> Mapping[str, InputValue]:
        """Return the stored values that still count under `specs`, which may be a draft that was changed meanwhile.

        A value is void once its input has another type or another sensitivity than when it was entered: it was checked,
        and kept secret or not, for what the input was then. Keys that `specs` does not have keep their values.
        """
        return {key: value for key, value in self.inputs.items() if key not in specs or self._stands(specs[key], value)}

    def void_inputs(self, specs: Mapping[str, InputSpec]) -> frozenset[str]:
        """Return the keys of `specs` whose stored values do not count any more."""
        return frozenset(key for key in self.inputs.keys() - self.standing(specs).keys())

    def with_inputs(self, specs: Mapping[str, InputSpec], values: Mapping[str, InputValue]) -> "Block":
        """Return this block with `values`, the new ones of them entered under `specs`."""
        entered = {key: specs[key].type for key in values if key in specs}
        kept = {
            key: type_
            for key, type_ in self.entered_as.items()
            if key in values and self.inputs.get(key) is values[key]
        }
        return replace(self, inputs=dict(values), entered_as=entered | kept)

    def _stands(self, spec: InputSpec, value: InputValue) -> bool:
        if value is None:
            return True
        return isinstance(value, StoredSecret) is spec.is_sensitive and (
            self.entered_as.get(spec.key, spec.type) is spec.type
        )

    def waiting(self, status: BlockStatus) -> "Block":
        """Return this block parked in a waiting state."""
        return replace(self, status=status, due=None)

    def queued(self, trigger: Trigger) -> "Block":
        """Return this block with another run due; people come before the system, the last of them counts.

        One that people want shows at once: the status is PENDING also while only a dry run is under way. Nobody shall take the
        last success for the end of what was saved just now.
        """
        if trigger.author == SYSTEM:
            return replace(self, due=self.due or trigger)
        status = self.status if self.is_running else BlockStatus.PENDING
        serves = self.serves if trigger.author.serves is None else RunId(trigger.author.serves)
        return replace(self, due=trigger, status=status, serves=serves)

    def requested(self, run_id: RunId, behavior: Behavior, *, awaits_approval: bool = False) -> "Block":
        """Return this block with a new APPLY or DESTROY run, not yet claimed, or with the DETECT run that comes before."""
        applying = Operation.CREATION if self.applied_at is None else Operation.UPDATE
        return replace(
            self,
            status=BlockStatus.WAITING_FOR_APPROVAL if awaits_approval else BlockStatus.PENDING,
            operation=Operation.DELETION if behavior is Behavior.DESTROY else applying,
            latest_run_id=run_id,
            latest_dry_run_id=None,
            due=None,
        )

    def following(self, run_id: RunId, run_status: RunStatus) -> "Block":
        """Return this block with the status of its latest run; another run, or a deleted block, changes nothing.

        An abort drops what is due: nobody wants another run right after it. Source: concepts.md 11.5.
        """
        if not self.is_live or run_id != self.latest_run_id or self.status in WAITING:
            return self
        due = None if run_status is RunStatus.ABORTED else self.due
        return replace(self, status=BlockStatus(run_status.value), due=due)

    def applied(self, outputs: Mapping[str, BlockOutput], at: datetime) -> "Block":
        """Return this block with what a successful APPLY run gave."""
        return replace(self, outputs=dict(outputs), applied_at=at, unseen=frozenset(), wanted_by=())

    def wanting(self, author: Author) -> "Block":
        """Return this block with somebody more who wants what no run has applied yet; the last ones are known."""
        others = tuple(one for one in self.wanted_by if one.identity != author.identity)
        return replace(self, wanted_by=(*others, author)[-_MOST_WANTING:])

    def marked(self, author: Author, at: datetime) -> "Block":
        """Return this block on its way out; the first request counts. What it waits for it wants again if that is taken back."""
        if self.lifecycle is not Lifecycle.ACTIVE:
            return self
        return replace(
            self.missing() if self.status in WAITING else self,
            lifecycle=Lifecycle.MARKED_FOR_DELETION,
            marked_for_deletion_at=at,
            marked_for_deletion_by=author.identifier,
        )

    def missing(self) -> "Block":
        """Return this block knowing that there is something new which no run has applied."""
        return replace(self, unseen=self.unseen | {Cause.OTHER_INPUT})

    def woken(self, cascade: RunId | None) -> "Block":
        """Return this block as part of a cascade, or of none; it is not held any more, but takes what it was held from."""
        known = self if self.held_by is None else self.missing()
        return replace(known, cascade=cascade, held_by=None)

    def joining(self, cascade: RunId | None) -> "Block":
        """Return this block as `woken`; one that is to run for something else anyway, or waits to, belongs to no cascade.

        So a stop withdraws nothing that somebody else wants.
        """
        is_wanted = self.status is BlockStatus.PENDING or self.rerun_due
        waits = self.status is BlockStatus.WAITING_FOR_DEPENDENT_INPUT and self.applied_at is not None
        serves_others = (is_wanted and self.cascade != cascade) or (waits and self.cascade is None)
        return self.woken(None if serves_others else cascade)

    @property
    def follows_next(self) -> bool:
        """Whether another run is due, and only because of a cascade."""
        return self.due is not None and follows(self.due)

    def held(self, cascade: UUID) -> "Block":
        """Return this block held by a stopped cascade, without the run that was due for it."""
        return replace(self, held_by=RunId(cascade), due=None if self.follows_next else self.due)

    def before_run(self, before: Run) -> "Block":
        """Return this block as it was after an earlier run, its latest one withdrawn."""
        return replace(self, latest_run_id=before.id, status=BlockStatus(before.status.value))

    def kept(self, before: Run) -> "Block":
        """Return this block as it was after an earlier run, its deletion taken back."""
        operation = Operation.CREATION if self.applied_at is None else Operation.UPDATE
        return replace(
            self.before_run(before),
            lifecycle=Lifecycle.ACTIVE,
            operation=operation,
            marked_for_deletion_at=None,
            marked_for_deletion_by=None,
        )

    def deleted(self, at: datetime, *, force_purge: bool = False) -> "Block":
        """Return this block as gone; its status stays that of its last run."""
        return replace(
            self,
            lifecycle=Lifecycle.DELETED,
            force_purge=self.force_purge or force_purge,
            due=None,
            deleted_at=at,
        )


def follows(trigger: Trigger) -> bool:
    """Whether a run is requested because another one went well, and for no other reason."""
    return trigger.author == SYSTEM and trigger.reason in FOLLOWING


def changed_outputs(before: Mapping[str, BlockOutput], after: Mapping[str, BlockOutput]) -> frozenset[str]:
    """Return the keys whose output appeared, vanished or has another value."""
    return frozenset(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
