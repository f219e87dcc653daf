"""What engines, people and other features do with states."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

import structlog

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import EventType
from blockyard.server.identity.model import Principal, RunGrant
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Denied, NotFound
from blockyard.server.runs.model import Run, RunId
from blockyard.server.runs.model.task import TaskKind
from blockyard.server.runs.service import RunService, StateStanding, consumer
from blockyard.server.tofu_state.model import Locked, NewState, StateLock, StateVersion
from blockyard.server.tofu_state.service.keeping import content_of, keep
from blockyard.server.tofu_state.store import ResourceStore, StateStore

log = structlog.get_logger(__name__)

KEPT_VERSIONS = 20
"""How many versions of a state are kept. Source: concepts.md 16."""

Guard: TypeAlias = Callable[[Transaction, UUID, str], None]
"""Refuses what may not be done with a block now, such as "given another state". Raises Conflict."""

Keeper: TypeAlias = Callable[[Transaction, UUID, tuple[StateVersion, bytes] | None], None]
"""Asked before anybody but a run puts another state, or none, in place of the current one. Raises Conflict."""


@dataclass(frozen=True, slots=True)
class StateAddress:
    """Which state, as its URL says it; a None workspace is not checked."""

    workspace: str | None
    block_id: UUID


@dataclass(frozen=True, slots=True)
class StoredState:
    """A version and its encrypted content."""

    version: StateVersion
    sealed: bytes


class StateService:
    """Reads, writes, locks and restores states."""

    def __init__(
        self,
        basics: Basics,
        *,
        runs: RunService,
        kept_versions: int = KEPT_VERSIONS,
        guards: Sequence[Guard] = (),
        keepers: Sequence[Keeper] = (),
    ) -> None:
        self._clock = basics.clock
        self._event_log = basics.event_log
        self._runs = runs
        self._kept_versions = kept_versions
        self._guards = guards
        self._keepers = keepers

    def read(self, tx: Transaction, principal: Principal, address: StateAddress) -> StoredState | None:
        """Return the current state, None if there is none. Raises NotFound, Denied."""
        self._enter(tx, principal, address, "LIST")
        number = self._planned_with(tx, principal)
        if number is not None:
            return self._stored(tx, address.block_id, number)
        found = StateStore(tx).read(address.block_id)
        return None if found is None else StoredState(*found)

    def current(self, tx: Transaction, block_id: UUID) -> StoredState | None:
        """Return the current state of a block, None if there is none; for those who were allowed to read the block."""
        found = StateStore(tx).read(block_id)
        return None if found is None else StoredState(*found)

    def is_sign_due(self, tx: Transaction, principal: Principal) -> bool:
        """Tell whether a read by the engine of a run is to be noted. Authorized by `read`."""
        return principal.run is not None and self._runs.is_state_sign_due(tx, principal.run)

    def note_read(self, tx: Transaction, principal: Principal) -> None:
        """Note that the engine of a run read its state: a sign of life. Authorized by `read`."""
        if principal.run is not None:
            self._runs.state_used(tx, principal.run)

    def write(
        self, tx: Transaction, principal: Principal, address: StateAddress, new: NewState, lock_id: str | None
    ) -> StateVersion:
        """Store a state as the current version; the stored one again changes nothing.

        Raises:
            Conflict: an older attempt writes, the lock is another's, or the state is no newer than the stored one.
        """
        self._enter_to_change(tx, principal, address, "SAVE")
        store = StateStore(tx)
        self._refuse_held(tx, principal, address.block_id, lock_id)
        versions = store.versions(address.block_id)
        current = next((version for version in versions if version.is_current), None)
        if current is not None and not current.follow(new):
            return current
        version = self._add(tx, principal, address.block_id, new, versions, guarded=current is not None)
        if principal.run is None:
            self._tell(tx, principal, "Building Block State Written", EventType.CHANGED, version)
        return version

    def require_write(self, tx: Transaction, principal: Principal, address: StateAddress) -> None:
        """Refuse whoever may not write this state, before its content is looked at. Raises NotFound, Denied, Conflict."""
        self._enter(tx, principal, address, "SAVE")
        if principal.run is not None:
            self._refuse_superseded(tx, principal.run)

    def delete(self, tx: Transaction, principal: Principal, address: StateAddress, lock_id: str | None = None) -> None:
        """Let readers find no state; its versions stay. Not for runs. Raises NotFound, Denied, Conflict (also a lock but `lock_id`)."""
        _refuse_run(principal)
        self._enter_to_change(tx, principal, address, "DELETE")
        store = StateStore(tx)
        self._refuse_held(tx, principal, address.block_id, lock_id)
        current = store.current(address.block_id)
        if current is None:
            return
        self._require_kept(tx, address.block_id, None)
        store.clear_current(address.block_id)
        ResourceStore(tx).remove_of(address.block_id)
        self._tell(tx, principal, "Building Block State Deleted", EventType.DELETED, current)

    def lock(
        self, tx: Transaction, principal: Principal, address: StateAddress, info: JsonObject, lock_id: str
    ) -> None:
        """Take the lock; the lock one has already is granted again.

        Raises:
            Locked: somebody else has it.
            Conflict: an older attempt asks, or one whose run is over: nobody would release its lock.
        """
        self._enter_to_change(tx, principal, address, "SAVE")
        if principal.run is not None:
            self._refuse_ended(tx, principal.run)
        store = StateStore(tx)
        holder = store.lock(address.block_id)
        if holder is not None:
            if holder.id != lock_id:
                raise Locked(holder)
            return
        self._refuse_held(tx, principal, address.block_id, lock_id)
        grant = principal.run
        store.add_lock(
            StateLock(
                block_id=address.block_id,
                id=lock_id,
                info=info,
                created_at=self._clock(),
                author=self._author(tx, principal),
                run_id=None if grant is None else grant.run_id,
                attempt=None if grant is None else grant.attempt,
            )
        )

    def unlock(self, tx: Transaction, principal: Principal, address: StateAddress, lock_id: str | None) -> None:
        """Release the lock; one that is not held is no error.

        Without `lock_id` (`force-unlock` never sends it) a run token releases only its own attempt's lock, a key any. An older
        attempt releases its own lock only, and is not told whose another one is.

        Raises:
            Locked: the lock is another's.
            Conflict: an older attempt asks.
        """
        self._enter(tx, principal, address, "SAVE")
        store = StateStore(tx)
        holder = store.lock(address.block_id)
        if holder is None:
            return
        if principal.run is not None and not _holds(principal, holder):
            self._refuse_superseded(tx, principal.run)
        if lock_id is None:
            if principal.run is not None and not _holds(principal, holder):
                raise Locked(holder)
            if principal.run is None:
                self._tell_lock(tx, principal, address.block_id)
        elif holder.id != lock_id:
            raise Locked(holder)
        store.remove_lock(address.block_id)

    def held_lock(self, tx: Transaction, principal: Principal, address: StateAddress) -> StateLock:
        """Return the lock of a state. Raises NotFound (also if it is not locked), Denied."""
        self._enter(tx, principal, address, "LIST")
        lock = StateStore(tx).lock(address.block_id)
        if lock is None:
            raise NotFound("the state is not locked", code="StateNotLocked", remedy="Nothing is to be done.")
        return lock

    def read_lock(self, tx: Transaction, principal: Principal, block_id: UUID) -> StateLock:
        """Return the lock of a state; for people. Raises NotFound (also if it is not locked), Denied."""
        _refuse_run(principal)
        return self.held_lock(tx, principal, StateAddress(None, block_id))

    def force_unlock(
        self, tx: Transaction, principal: Principal, block_id: UUID, lock_id: str | None, *, reason: str | None = None
    ) -> None:
        """Take the lock away from whoever holds it; with `lock_id` only that one. One that is not held is no error.

        The event says from whom, and why, and warns where the run that holds it is under way.

        Raises NotFound, Denied, Conflict (it is another lock).
        """
        _refuse_run(principal)
        self._enter(tx, principal, StateAddress(None, block_id), "SAVE")
        store = StateStore(tx)
        holder = store.lock(block_id)
        if holder is None:
            return
        if lock_id is not None and lock_id != holder.id:
            raise Conflict(
                f"the state has another lock than the one that is named: {holder.author} took it at "
                f"{holder.created_at:%Y-%m-%d %H:%M:%S} UTC",
                code="StateLocked",
                remedy="Read the lock again; take it away only if whoever holds it does not work any more.",
            )
        told: JsonObject = {"holder": holder.author, "lock": holder.id, "reason": reason}
        if holder.run_id is not None and not self._runs.by_id(tx, RunId(holder.run_id)).is_final:
            told["warning"] = "its run is under way, and may write the state without a lock now"
            log.warning("state unlocked under a run", block_id=str(block_id), run_id=str(holder.run_id))
        self._tell_lock(tx, principal, block_id, told)
        store.remove_lock(block_id)

    def versions(self, tx: Transaction, principal: Principal, block_id: UUID) -> Sequence[StateVersion]:
        """Return the kept versions, the newest first; for people. Raises NotFound, Denied."""
        _refuse_run(principal)
        self._enter(tx, principal, StateAddress(None, block_id), "LIST")
        return StateStore(tx).versions(block_id)

    def read_version(self, tx: Transaction, principal: Principal, block_id: UUID, number: int) -> StoredState:
        """Return one version with its content; for people. Raises NotFound, Denied."""
        _refuse_run(principal)
        self._enter(tx, principal, StateAddress(None, block_id), "LIST")
        return self._stored(tx, block_id, number)

    def version_of(self, tx: Transaction, block_id: UUID, number: int) -> StateVersion:
        """Return a version for those who were allowed to use the state. Raises NotFound."""
        return self._stored(tx, block_id, number).version

    def require(self, tx: Transaction, principal: Principal, block_id: UUID, verb: str) -> None:
        """Refuse whoever may not do with a state what TFSTATE_ and `verb` say. Not for runs. Raises NotFound, Denied."""
        _refuse_run(principal)
        self._enter(tx, principal, StateAddress(None, block_id), verb)

    def require_free(self, tx: Transaction, principal: Principal, block_id: UUID, verb: str) -> None:
        """Refuse to change a state that a run works with, or that is locked. Raises NotFound, Denied, Conflict."""
        self._enter_to_change(tx, principal, StateAddress(None, block_id), verb)
        self._check_lock(StateStore(tx).lock(block_id), None)

    def restore(
        self,
        tx: Transaction,
        principal: Principal,
        block_id: UUID,
        number: int,
        *,
        reason: str | None = None,
        verb: str = "SAVE",
    ) -> StateVersion:
        """Make the content of an older version the current one, as a new version; nothing to do if it is current.

        Not for runs. It takes the permission TFSTATE_ and `verb`.

        Raises:
            NotFound: there is no such version (any more).
            Conflict: a run works with the state, or it is locked.
        """
        _refuse_run(principal)
        self._enter_to_change(tx, principal, StateAddress(None, block_id), verb)
        self._refuse_held(tx, principal, block_id, None)
        stored = self._stored(tx, block_id, number)
        if stored.version.is_current:
            return stored.version
        if verb == "SAVE":
            self._require_kept(tx, block_id, (stored.version, stored.sealed))
        new = content_of(stored.version, stored.sealed)
        why = f"version {number} restored" + (f": {reason}" if reason else "")
        version = self._add(tx, principal, block_id, new, StateStore(tx).versions(block_id), reason=why)
        self._tell(tx, principal, "Building Block State Restored", EventType.CHANGED, version, reason=why)
        return version

    def _enter(self, tx: Transaction, principal: Principal, address: StateAddress, verb: str) -> Run:
        """Refuse whoever may not use this state in this way; return the newest run of its block."""
        grant = principal.run
        if grant is not None:
            if grant.block_id != address.block_id or address.workspace not in {None, grant.workspace}:
                raise Denied(
                    "this run token belongs to another building block",
                    code="ForeignRunToken",
                    remedy="Use the token of a run of this building block.",
                )
            if self._runs.state_standing(tx, grant) is StateStanding.OVER:
                raise Denied("this run token is too old", code="RunTokenExpired", remedy="Start a new run.")
        run = self._runs.latest(tx, address.block_id)
        if run is None or address.workspace not in {None, run.workspace}:
            raise _unknown(address)
        if grant is None:
            self._require_key(tx, principal, run, f"TFSTATE_{verb}", address)
        return run

    def _require_key(self, tx: Transaction, principal: Principal, run: Run, code: str, address: StateAddress) -> None:
        """Refuse unless provider or administrator, or the consumer where runs are transparent. Source: concepts.md 16."""
        if principal.allows(code, workspace=None, provider=run.provider):
            return
        transparent = self._runs.is_transparent(tx, run)
        workspace = consumer(principal, run)
        if principal.allows(code, workspace=workspace) and transparent:
            return
        is_known = principal.knows("BUILDINGBLOCK_LIST", workspace=workspace, provider=run.provider)
        if not is_known and not principal.allows(code, workspace=workspace):
            raise _unknown(address)
        if transparent and principal.belongs_to(run.workspace):
            principal.require(code, workspace=run.workspace)
        raise Denied(
            f"you don't have sufficient permissions: the state is for the platform team, MANAGED_{code} is needed there",
            code="MissingPermission",
            remedy="Ask the owner of the building block definition, or for run transparency of the definition.",
        )

    def _enter_to_change(self, tx: Transaction, principal: Principal, address: StateAddress, verb: str) -> None:
        """Do what `_enter` does and refuse older attempts, and keys while a run works."""
        run = self._enter(tx, principal, address, verb)
        grant = principal.run
        if grant is None:
            if run.attempt > 0 and not run.is_final:
                raise Conflict(
                    f"run {run.number} of the building block works with this state",
                    code="StateInUse",
                    remedy="Wait for its end, or abort it.",
                )
            return
        self._refuse_superseded(tx, grant)
        self._runs.state_used(tx, grant)

    def _refuse_superseded(self, tx: Transaction, grant: RunGrant) -> None:
        """Refuse an older attempt. Raises Conflict."""
        if self._runs.state_standing(tx, grant) is StateStanding.SUPERSEDED:
            log.warning("state refused to an older attempt", run_id=str(grant.run_id), attempt=grant.attempt)
            raise Conflict(
                f"attempt {grant.attempt} of the run was followed by a newer one",
                code="AttemptSuperseded",
                remedy="Stop: another runner works on this building block.",
            )

    def _refuse_ended(self, tx: Transaction, grant: RunGrant) -> None:
        """Refuse to begin anything in a run that is over, as with a request that comes late. Raises Conflict."""
        run = self._runs.by_id(tx, grant.run_id)
        if run.is_final:
            raise Conflict(
                f"run {run.number} of the building block is {run.status}",
                code="RunEnded",
                remedy="Stop: what was begun may still be written, and nothing new begins.",
            )

    def _refuse_held(self, tx: Transaction, principal: Principal, block_id: UUID, lock_id: str | None) -> None:
        """Refuse a state that is locked otherwise, and people whose block is on hold: they may end what they had locked before."""
        lock = StateStore(tx).lock(block_id)
        self._check_lock(lock, lock_id)
        for guard in self._guards if lock is None and principal.run is None else ():
            guard(tx, block_id, "given another state")

    def _check_lock(self, holder: StateLock | None, lock_id: str | None) -> None:
        if holder is not None and holder.id != lock_id:
            raise Locked(holder)

    def _add(
        self,
        tx: Transaction,
        principal: Principal,
        block_id: UUID,
        new: NewState,
        before: Sequence[StateVersion],
        *,
        reason: str | None = None,
        guarded: bool = False,
    ) -> StateVersion:
        """Store `new` as the current version after those `before`."""
        grant = principal.run
        version = StateVersion(
            block_id=block_id,
            number=0,
            serial=new.serial,
            lineage=new.lineage,
            md5=new.md5,
            size_bytes=new.size_bytes,
            created_at=self._clock(),
            author=self._author(tx, principal),
            run_id=None if grant is None else grant.run_id,
            attempt=None if grant is None else grant.attempt,
            reason=reason or self._reason(tx, principal),
            resource_count=new.resource_count,
        )
        if guarded and grant is None:
            self._require_kept(tx, block_id, (version, new.sealed))
        return keep(tx, version, new, before, self._kept_versions)

    def _require_kept(self, tx: Transaction, block_id: UUID, after: tuple[StateVersion, bytes] | None) -> None:
        for keeper in self._keepers:
            keeper(tx, block_id, after)

    def _stored(self, tx: Transaction, block_id: UUID, number: int) -> StoredState:
        version = StateStore(tx).version(block_id, number)
        if version is None:
            raise NotFound(
                f"there is no version {number} of this state", code="StateVersionUnknown", remedy="List the versions."
            )
        return StoredState(version, StateStore(tx).sealed(version))

    def _author(self, tx: Transaction, principal: Principal) -> str:
        """Return what people read about who wrote or locked."""
        grant = principal.run
        if grant is None:
            return principal.author.display_name
        return f"run {self._runs.by_id(tx, grant.run_id).number}"

    def _planned_with(self, tx: Transaction, principal: Principal) -> int | None:
        """Return the version that a run plans with in place of the current one, if it does."""
        task = None if principal.run is None else self._runs.by_id(tx, principal.run.run_id).task
        return task.version if task is not None and task.kind is TaskKind.RESTORE_PLAN else None

    def _reason(self, tx: Transaction, principal: Principal) -> str | None:
        """Return why a run writes: what was said by whoever asked for it or approved it last, or else what started it."""
        if principal.run is None:
            return None
        run = self._runs.by_id(tx, principal.run.run_id)
        approval = None if run.plan_run_id is None else self._runs.approvals.of(tx, run)
        said = [vote.comment for vote in approval.votes if vote.comment] if approval is not None else []
        asked = None if run.task is None else run.task.reason
        return asked or (said[-1] if said else run.trigger.reason.value)

    def _tell(
        self,
        tx: Transaction,
        principal: Principal,
        title: str,
        type_: EventType,
        version: StateVersion,
        *,
        reason: str | None = None,
    ) -> None:
        content: JsonObject = {"version": version.number, "serial": version.serial, "sizeBytes": version.size_bytes}
        content |= {} if reason is None else {"reason": reason}
        self._append(tx, principal, title, type_, block_id=version.block_id, content=content)

    def _tell_lock(
        self, tx: Transaction, principal: Principal, block_id: UUID, content: JsonObject | None = None
    ) -> None:
        title = "Building Block State Unlocked"
        self._append(tx, principal, title, EventType.CHANGED, block_id=block_id, content=content or {})

    def _append(
        self,
        tx: Transaction,
        principal: Principal,
        title: str,
        type_: EventType,
        *,
        block_id: UUID,
        content: JsonObject,
    ) -> None:
        run = self._runs.latest(tx, block_id)
        self._event_log.append(
            tx,
            principal.author,
            title,
            type_,
            workspace=None if run is None else run.workspace,
            subject_kind="meshBuildingBlock",
            subject_id=str(block_id),
            content=content,
        )


def _refuse_run(principal: Principal) -> None:
    """Refuse run tokens: an engine reads, writes and locks the current state, and needs nothing else."""
    if principal.run is not None:
        raise Denied(
            "a run token only reads, writes and locks the current state",
            code="RunTokenNotEnough",
            remedy="Use an API key with the TFSTATE permissions.",
        )


def _holds(principal: Principal, lock: StateLock) -> bool:
    grant = principal.run
    return grant is not None and (grant.run_id, grant.attempt) == (lock.run_id, lock.attempt)


def _unknown(address: StateAddress) -> NotFound:
    return NotFound(f"there is no state of building block {address.block_id}", code="StateUnknown")
