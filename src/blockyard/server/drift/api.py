"""HTTP of drift. Blockyard's own endpoints."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field, model_validator

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.drift.model import MOST_RULES, DriftRules, DriftState, NoiseRule
from blockyard.server.drift.service import Acceptance, Drift, DriftService
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.answers import Answer
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links, page_at
from blockyard.server.kit.http import page_request, sent_query
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import DisplayName, ExactWireModel, Name, WireInstant, WireJson, WireModel


class IgnoreIn(ExactWireModel):
    """Until when drift is left alone, and why."""

    until: WireInstant
    reason: DisplayName


class PauseIn(ExactWireModel):
    """Why a building block is not checked for now."""

    reason: DisplayName


class NoiseRuleWire(ExactWireModel):
    """Changes that are no drift: of which resources and which of their attributes; `*` stands for anything."""

    address: Name = "*"
    type: Name = "*"
    attribute: Name = "*"

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("names nothing; say 'address', 'type' or 'attribute' (with '*' for anything)")
        return self


class RulesIn(ExactWireModel):
    """What is no drift of the building blocks of a definition, and whether they are checked for now; if not, the reason why."""

    ignored: Annotated[list[NoiseRuleWire], Field(max_length=MOST_RULES)]
    is_paused: bool
    reason: DisplayName | None = None


class RulesOut(WireModel):
    """How the building blocks of a definition are checked; mode and frequency are those of its schedule."""

    definition_uuid: UUID
    mode: str
    frequency: str
    automatic_approval: bool
    is_paused: bool
    reason: str | None
    paused_by: str | None
    ignored: Sequence[NoiseRuleWire]


class DriftChangeOut(WireModel):
    """Something that is not as it shall be."""

    address: str
    action: str


class DriftOut(WireModel):
    """What is known of the drift of a building block. `runUuid` is the dry run that found it; `count` may be more than `changes`."""

    building_block_uuid: UUID
    building_block_name: str
    definition_uuid: UUID
    workspace_identifier: str
    state: DriftState
    due_at: str
    checked_at: str | None
    drifted_since: str | None
    run_uuid: UUID | None
    count: int
    changes: Sequence[DriftChangeOut]
    is_paused: bool
    pause_reason: str | None
    paused_by: str | None
    ignored_until: str | None
    ignore_reason: str | None
    ignored_by: str | None


class AcceptanceOut(WireModel):
    """An input that could be given the value a resource has now, so that the drift is wanted."""

    input: str
    current: WireJson
    proposed: WireJson
    address: str
    path: str


class AcceptancesOut(WireModel):
    """The inputs that could take up drift."""

    kind: Literal["acceptances"] = "acceptances"
    inputs: Sequence[AcceptanceOut]


def routes(db: Database, drift: DriftService, links: Links) -> APIRouter:
    """Return the routes."""
    router = api_router(prefix="/api/blockyard/v1", tags=["drift"])
    _add_block_routes(router, db, drift)

    @router.get("/drift", response_class=Answer)
    async def list_drift(
        request: Request,
        *,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        state: DriftState | None = None,
        workspace: Annotated[str | None, Query(alias="workspaceIdentifier", max_length=255)] = None,
        definition_id: Annotated[UUID | None, Query(alias="definitionUuid")] = None,
    ) -> Response:
        """List the building blocks on which drift is looked for and that you may see, oldest first."""
        found = await db.read(
            lambda tx: drift.page(
                tx, principal, page, state=state, workspace=workspace, definition_id=definition_id
            ).map(_document)
        )
        return Answer(page_at(links.own("drift"), "drift", found, sent_query(request)))

    @router.get("/definitions/{definition_id}/drift-rules")
    async def read_drift_rules(definition_id: UUID, principal: CurrentPrincipal) -> RulesOut:
        """Return how the building blocks of a definition are checked for drift, and what does not count."""
        return _rules_out(await db.read(lambda tx: drift.rules(tx, principal, definition_id)))

    @router.put("/definitions/{definition_id}/drift-rules")
    async def change_drift_rules(definition_id: UUID, body: RulesIn, principal: CurrentPrincipal) -> RulesOut:
        """Say what is no drift of the building blocks of a definition, and whether they are checked for now."""
        ignored = [NoiseRule(address=one.address, type=one.type, attribute=one.attribute) for one in body.ignored]
        return _rules_out(
            await db.write(
                lambda tx: drift.change_rules(
                    tx, principal, definition_id, ignored=ignored, paused=body.is_paused, reason=body.reason
                )
            )
        )

    return router


def _add_block_routes(router: APIRouter, db: Database, drift: DriftService) -> None:
    base = "/blocks/{block_id}/drift"

    @router.get(base)
    async def read_drift(block_id: UUID, principal: CurrentPrincipal) -> DriftOut:
        """Return what is known of the drift of a building block. 409 where it is not looked for."""
        return _out(await db.read(lambda tx: drift.get(tx, principal, block_id)))

    @router.get(f"{base}/acceptances")
    async def read_acceptances(block_id: UUID, principal: CurrentPrincipal) -> AcceptancesOut:
        """Return the inputs that could be given the values that resources have now, so that the drift is wanted."""
        found = await db.read(lambda tx: drift.acceptances(tx, principal, block_id))
        return AcceptancesOut(inputs=[_acceptance(one) for one in found])

    @router.post(f"{base}/ignore")
    async def ignore_drift(block_id: UUID, body: IgnoreIn, principal: CurrentPrincipal) -> DriftOut:
        """Leave the drift of a building block alone for a time: nobody is told, and nothing is repaired by itself."""
        return _out(
            await db.write(lambda tx: drift.ignore(tx, principal, block_id, until=body.until, reason=body.reason))
        )

    @router.post(f"{base}/attend")
    async def attend_drift(block_id: UUID, principal: CurrentPrincipal) -> DriftOut:
        """Ignore the drift of a building block no longer."""
        return _out(await db.write(lambda tx: drift.ignore(tx, principal, block_id, until=None, reason="")))

    @router.post(f"{base}/pause")
    async def pause_drift_checks(block_id: UUID, body: PauseIn, principal: CurrentPrincipal) -> DriftOut:
        """Look for no drift on a building block until somebody resumes that."""
        return _out(await db.write(lambda tx: drift.pause(tx, principal, block_id, paused=True, reason=body.reason)))

    @router.post(f"{base}/resume")
    async def resume_drift_checks(block_id: UUID, principal: CurrentPrincipal) -> DriftOut:
        """Look for drift on a building block again."""
        return _out(await db.write(lambda tx: drift.pause(tx, principal, block_id, paused=False)))


def _out(one: Drift) -> DriftOut:
    watch = one.watch
    return DriftOut(
        building_block_uuid=watch.block_id,
        building_block_name=one.block_name,
        definition_uuid=watch.definition_id,
        workspace_identifier=watch.workspace,
        state=watch.state,
        due_at=wire_time(watch.due_at),
        checked_at=_time(watch.checked_at),
        drifted_since=_time(watch.drifted_since),
        run_uuid=watch.run_id,
        count=watch.count,
        changes=[
            DriftChangeOut(address=str(change["address"]), action=str(change["action"])) for change in watch.changes
        ],
        is_paused=watch.is_paused,
        pause_reason=watch.pause_reason,
        paused_by=watch.paused_by,
        ignored_until=_time(watch.ignored_until),
        ignore_reason=watch.ignore_reason,
        ignored_by=watch.ignored_by,
    )


def _document(one: Drift) -> JsonObject:
    return _out(one).model_dump(mode="json", by_alias=True)


def _rules_out(rules: DriftRules) -> RulesOut:
    return RulesOut(
        definition_uuid=rules.definition_id,
        mode=rules.mode.value,
        frequency=rules.frequency.value,
        automatic_approval=rules.automatic_approval,
        is_paused=rules.is_paused,
        reason=rules.pause_reason,
        paused_by=rules.paused_by,
        ignored=[NoiseRuleWire(address=one.address, type=one.type, attribute=one.attribute) for one in rules.ignored],
    )


def _acceptance(one: Acceptance) -> AcceptanceOut:
    return AcceptanceOut(
        input=one.input, current=one.current, proposed=one.proposed, address=one.address, path=one.path
    )


def _time(instant: datetime | None) -> str | None:
    return None if instant is None else wire_time(instant)
