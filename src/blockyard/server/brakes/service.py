"""Use cases of brakes, and what the queue asks of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.brakes.model import Brake, BrakeId, BrakeKind, BrakePlace, BrakeScope, Calendar
from blockyard.server.brakes.store import BRAKED, Braked, BrakeStore
from blockyard.server.definitions.model import DefinitionId
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import SYSTEM, Author, EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Invalid, NotFound
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.platforms.service import PlatformService
from blockyard.server.workspaces.service import WorkspaceService

log = structlog.get_logger(__name__)

SAVE = "BRAKE_SAVE"
BRAKES_TOPIC = "brakes"
"""Woken when a brake was placed or lifted."""

_Told = tuple[str, EventType]
"""Title and type of an event."""

_PLACED = {BrakeKind.HOLD: "Hold Placed", BrakeKind.STOP: "Applies Stopped", BrakeKind.FREEZE: "Freeze Created"}
_LIFTED = {BrakeKind.HOLD: "Hold Lifted", BrakeKind.STOP: "Applies Resumed", BrakeKind.FREEZE: "Freeze Deleted"}
_ENDED = {BrakeKind.HOLD: "Hold Ended", BrakeKind.STOP: "Stop Ended", BrakeKind.FREEZE: "Freeze Ended"}

_NAMED = {
    BrakeScope.DEFINITION: "id of a definition",
    BrakeScope.WORKSPACE: "identifier of a workspace",
    BrakeScope.PLATFORM: "identifier of a platform, NAME.LOCATION",
}
"""What names the subject of a scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrakeOrder:
    """What somebody wants to stop; `subject` names it: an id, a workspace, an identifier of a platform."""

    scope: BrakeScope
    subject: str | None
    reason: str
    until: datetime | None = None
    calendar: Calendar | None = None


class BrakeListener(Protocol):
    """Has what waits for brakes to go."""

    def brake_gone(self, tx: Transaction, brake: Brake) -> None:
        """A brake was lifted, has ended, or its window is over. Called in the transaction of it."""


class BrakeService:
    """Use cases of brakes. Holds are those of `blocks`, which know who may place and lift one."""

    def __init__(
        self,
        basics: Basics,
        *,
        workspaces: WorkspaceService,
        platforms: PlatformService,
        definitions: DefinitionService,
    ) -> None:
        self._basics = basics
        self._workspaces = workspaces
        self._platforms = platforms
        self._definitions = definitions
        self.listeners: list[BrakeListener] = []

    def page(
        self,
        tx: Transaction,
        principal: Principal,
        request: PageRequest,
        *,
        kind: BrakeKind | None = None,
        scope: BrakeScope | None = None,
    ) -> Page[Brake]:
        """Return one page of the brakes of the installation and of the principal's workspaces, oldest first. Raises Denied."""
        owners = principal.listing("BRAKE_LIST").owners
        return BrakeStore(tx).seen(request, owners=owners, wanted={"kind": kind, "scope": scope})

    def get(self, tx: Transaction, principal: Principal, brake_id: UUID) -> Brake:
        """Return a brake, lifted ones too. Raises NotFound, Denied."""
        brake = self._known(tx, principal, brake_id)
        if brake.workspace is not None:
            principal.require("BRAKE_LIST", workspace=brake.workspace)
        return brake

    def create(self, tx: Transaction, principal: Principal, order: BrakeOrder) -> Brake:
        """Stop new applies, or freeze them by a calendar. Raises Denied, NotFound, Invalid."""
        principal.require_somewhere(SAVE)
        place, owner = self._place(tx, principal, order)
        principal.require(SAVE, workspace=owner)
        if order.calendar is not None:
            order.calendar.check("/calendar")
            if order.until is not None:
                raise Invalid(
                    "a freeze ends as its calendar says",
                    code="EndsTwice",
                    field="/until",
                    remedy="Leave 'until' out, or the calendar.",
                )
        kind = BrakeKind.STOP if order.calendar is None else BrakeKind.FREEZE
        owner = None if SAVE in principal.everywhere else owner
        return self.place(tx, principal.author, kind, place, owner=owner, order=order)

    def lift(self, tx: Transaction, principal: Principal, brake_id: UUID, reason: str) -> Brake:
        """Let what a stop or a freeze keeps back go on; lifting again changes nothing. Raises NotFound, Denied, Invalid (a hold)."""
        brake = self._known(tx, principal, brake_id)
        if brake.kind is BrakeKind.HOLD:
            raise Invalid(
                "a hold is lifted at its building block",
                code="IsHold",
                remedy=f"Use the hold of building block {brake.block_id}.",
            )
        principal.require(SAVE, workspace=brake.workspace)
        return brake if brake.deleted_at is not None else self.lifted(tx, principal.author, brake, reason)

    # For other services: no principal is asked

    def place(
        self,
        tx: Transaction,
        author: Author,
        kind: BrakeKind,
        place: BrakePlace,
        *,
        owner: str | None,
        order: BrakeOrder,
    ) -> Brake:
        """Place a brake; once this transaction is committed nothing is claimed against it. Raises Invalid: it would never hold."""
        now = self._basics.clock()
        store = BrakeStore(tx)
        store.close_gate()
        window = None if order.calendar is None else order.calendar.window_at(now)
        is_over = order.until is not None and order.until <= now
        if is_over or (order.calendar is not None and window is None):
            raise Invalid(
                "it would be over already",
                code="AlreadyOver",
                field="/until" if is_over else "/calendar/end",
                remedy="Choose a time to come.",
            )
        brake = Brake(
            id=BrakeId(self._basics.new_id()),
            kind=kind,
            scope=place.scope,
            subject=place.subject,
            block_id=place.block_id,
            definition_id=place.definition_id,
            on_workspace=place.on_workspace,
            platform=place.platform,
            workspace=owner,
            concerns=place.concerns,
            reason=order.reason,
            author=author,
            calendar=order.calendar,
            opens_at=now if window is None else window.opens_at,
            closes_at=order.until if window is None else window.closes_at,
            created_at=now,
        )
        store.add(brake)
        tx.wake(BRAKES_TOPIC)
        self._tell(tx, author, (_PLACED[kind], EventType.CREATED), brake, {"reason": order.reason})
        return brake

    def lifted(self, tx: Transaction, author: Author, brake: Brake, reason: str) -> Brake:
        """End a brake before its time, or one that has none."""
        gone = BrakeStore(tx).save(replace(brake, deleted_at=self._basics.clock()))
        self._tell(tx, author, (_LIFTED[brake.kind], EventType.DELETED), gone, {"reason": reason})
        self._gone(tx, gone)
        return gone

    def guard(self, tx: Transaction) -> Braked | None:
        """Return the condition of what may not be claimed in this transaction; None if there is no brake at all.

        Nobody places one before this transaction has ended. Windows that are over are turned to the next ones first: a server
        that was away does not claim what a window keeps back that has opened meanwhile.
        """
        store = BrakeStore(tx)
        store.share_gate()
        if not store.any():
            return None
        while any(brake.calendar is not None for brake in self.turn(tx)):
            pass
        return BRAKED

    def braked(self, tx: Transaction) -> Braked | None:
        """Return what `guard` does without changing or waiting for anything: for a look that decides nothing."""
        return BRAKED if BrakeStore(tx).any() else None

    def turn(self, tx: Transaction) -> Sequence[Brake]:
        """Turn calendars whose window is over to the next one, and end what has no more; return them."""
        now, store = self._basics.clock(), BrakeStore(tx)
        over = store.over(now)
        for brake in over:
            window = None if brake.calendar is None else brake.calendar.window_at(now)
            if window is not None:
                after = store.save(replace(brake, opens_at=window.opens_at, closes_at=window.closes_at))
                log.info("freeze turned", brake_id=str(brake.id), opens_at=window.opens_at.isoformat())
            else:
                after = store.save(replace(brake, deleted_at=brake.closes_at))
                self._tell(tx, SYSTEM, (_ENDED[brake.kind], EventType.CHANGED), after, {})
            self._gone(tx, after)
        return over

    def is_on(self, brake: Brake) -> bool:
        """Whether a brake holds now."""
        return not brake.is_closed(self._basics.clock())

    def is_turn_due(self, tx: Transaction) -> bool:
        """Tell whether `turn` would change anything worth a transaction."""
        return bool(BrakeStore(tx).over(self._basics.clock()))

    def on(
        self,
        tx: Transaction,
        *,
        block_id: UUID,
        definition_id: UUID,
        workspace: str,
        platform: str | None,
    ) -> Sequence[Brake]:
        """Return the brakes that hold now for a building block and what it belongs to, the oldest first."""
        places = [
            BrakePlace(BrakeScope.BLOCK, "", block_id=block_id),
            BrakePlace(BrakeScope.DEFINITION, "", definition_id=definition_id),
            BrakePlace(BrakeScope.WORKSPACE, "", on_workspace=workspace),
        ]
        if platform is not None:
            places.append(BrakePlace(BrakeScope.PLATFORM, "", platform=platform))
        return BrakeStore(tx).on(places, self._basics.clock())

    def holds(self, tx: Transaction, block_ids: Collection[UUID]) -> Sequence[Brake]:
        """Return the holds that are on these building blocks now."""
        now = self._basics.clock()
        return [hold for hold in BrakeStore(tx).holds(block_ids) if not hold.is_closed(now)] if block_ids else []

    def block_gone(self, tx: Transaction, author: Author, block_id: UUID) -> None:
        """End the holds of a building block that is no more."""
        for hold in BrakeStore(tx).holds([block_id]):
            self.lifted(tx, author, hold, "the building block is gone")

    def workspace_deleted(self, tx: Transaction, author: Author, workspace: str) -> None:
        """Lift the brakes of a workspace that is being deleted: nobody else could."""
        for brake in BrakeStore(tx).all_of(workspace):
            self.lifted(tx, author, brake, f"workspace '{workspace}' is deleted")

    # Steps of the above

    def _known(self, tx: Transaction, principal: Principal, brake_id: UUID) -> Brake:
        brake = BrakeStore(tx).get(BrakeId(brake_id))
        seen_by = None if brake is None else brake.workspace or brake.concerns
        is_open = brake is not None and brake.scope is BrakeScope.EVERYTHING
        if brake is None or not (is_open or principal.knows(SAVE, workspace=seen_by)):
            raise NotFound(f"there is no brake {brake_id} that you can see", code="BrakeNotFound")
        if brake.workspace is None:
            principal.require_somewhere("BRAKE_LIST")
        return brake

    def _place(self, tx: Transaction, principal: Principal, order: BrakeOrder) -> tuple[BrakePlace, str | None]:
        """Return what is to be stopped, and whose it is. Raises NotFound: none that they may know of."""
        name = order.subject or ""
        if not name and order.scope in _NAMED:
            raise Invalid(
                f"what is stopped is missing: the {order.scope.value.lower()}",
                code="SubjectMissing",
                field="/subject",
                remedy=f"Send the {_NAMED[order.scope]}.",
            )
        match order.scope:
            case BrakeScope.EVERYTHING:
                _refuse_subject(name)
                return BrakePlace(order.scope, "everything"), None
            case BrakeScope.WORKSPACE:
                _known_to(principal, name if self._workspaces.exists(tx, name) else None, f"workspace '{name}'")
                self._workspaces.require_active(tx, name, field="/subject")  # it stays meanwhile
                return BrakePlace(order.scope, f"workspace '{name}'", name, on_workspace=name), name
            case BrakeScope.PLATFORM:
                platform = self._platforms.with_identifier(tx, name)
                _known_to(principal, None if platform is None else platform.workspace, f"platform '{name}'")
                owner = None if platform is None else platform.workspace
                return BrakePlace(order.scope, f"platform '{name}'", owner, platform=name), owner
            case BrakeScope.DEFINITION:
                definition = self._definitions.kept(tx, DefinitionId(found)) if (found := _uuid(name)) else None
                owner = None if definition is None else definition.workspace
                _known_to(principal, owner, f"definition '{name}'")
                called = "" if definition is None else definition.display_name
                return BrakePlace(order.scope, f"definition '{called}'", owner, definition_id=_uuid(name)), owner
            case BrakeScope.BLOCK:
                raise Invalid(
                    "a building block is put on hold by itself",
                    code="IsHold",
                    field="/scope",
                    remedy="Use the hold of the building block.",
                )

    def _gone(self, tx: Transaction, brake: Brake) -> None:
        tx.wake(BRAKES_TOPIC)
        for listener in self.listeners:
            listener.brake_gone(tx, brake)

    def _tell(self, tx: Transaction, author: Author, told: _Told, brake: Brake, also: Mapping[str, str]) -> None:
        title, type_ = told
        content: JsonObject = {
            "kind": brake.kind.value,
            "scope": brake.scope.value,
            "subject": brake.subject,
            "opensAt": brake.opens_at.isoformat(),
            "closesAt": None if brake.closes_at is None else brake.closes_at.isoformat(),
            **also,
        }
        self._basics.event_log.append(
            tx,
            author,
            title,
            type_,
            workspace=brake.workspace or brake.concerns,
            subject_kind="brake" if brake.block_id is None else "meshBuildingBlock",
            subject_id=str(brake.block_id or brake.id),
            description=brake.subject,
            content=content,
        )
        log.info("brake changed", brake_id=str(brake.id), change=title, scope=brake.scope.value)


def _refuse_subject(name: str) -> None:
    if name:
        raise Invalid(
            "everything would be stopped, not only what is named",
            code="SubjectOfEverything",
            field="/subject",
            remedy="Leave the subject out, or choose the scope that it is of: DEFINITION, WORKSPACE or PLATFORM.",
        )


def _known_to(principal: Principal, owner: str | None, what: str) -> None:
    if owner is None or not principal.knows(SAVE, workspace=owner):
        raise NotFound(
            f"there is no {what} that you may stop",
            code="UnknownSubject",
            field="/subject",
            remedy="Name one of your workspace; administrators may stop every one.",
        )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
