"""Claiming a run, plain or with a long poll. Source: runner.md 1.4, architecture.md 8."""

import asyncio
import re
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from blockyard.protocol.kinds import RUN
from blockyard.protocol.names import RUNNER_TYPES, TYPES_BY_NAME, ImplementationType
from blockyard.protocol.version import (
    ATTEMPT_HEADER,
    HELD_RUN_PARAMETER,
    PROTOCOL_HEADER,
    PROTOCOL_VERSION,
    SLOTS_PARAMETER,
    spoken_version,
)
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.identity.model import Principal
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.http import media, media_class, problem
from blockyard.server.kit.idempotency import shown_once
from blockyard.server.kit.routers import api_router
from blockyard.server.runners.model import RunnerId
from blockyard.server.runs.model import Claimer
from blockyard.server.runs.service import Claim, Claimed, ClaimService
from blockyard.server.runs.topics import runner_topic

MAX_WAIT_SECONDS = 30
"""A claim is not held open longer."""

MAX_HELD = 500
"""No runner names more runs that it executes."""

_SWEEP_SECONDS = 5.0
"""How often a waiting claim looks at the queue without being woken."""

_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})", re.IGNORECASE)
_TYPES = TYPES_BY_NAME


def claim_routes(db: Database, claims: ClaimService, clock: Clock) -> APIRouter:
    """Return the route that hands out runs."""
    router = api_router(prefix="/api/meshobjects/meshbuildingblockruns", tags=["runs"])

    @router.post(
        "/create",
        status_code=HTTPStatus.CREATED,
        dependencies=[Depends(media(RUN.media))],
        response_class=media_class(RUN.media),
        responses={HTTPStatus.NOT_FOUND: {"description": "No run waits for this runner, or there is no such runner."}},
    )
    async def claim_run(
        request: Request,
        *,
        principal: CurrentPrincipal,
        runner_id: Annotated[UUID, Query(alias="forRunnerUuid")],
        implementation_types: Annotated[list[str] | None, Query(alias="implementationType")] = None,
        held: Annotated[list[UUID] | None, Query(alias=HELD_RUN_PARAMETER, max_length=MAX_HELD)] = None,
        slots: Annotated[int, Query(alias=SLOTS_PARAMETER, ge=0, le=100_000)] = 0,
        node_id: Annotated[str | None, Header(alias="X-Block-Runner-Node-Id")] = None,
        protocol: Annotated[str | None, Header(alias=PROTOCOL_HEADER)] = None,
        prefer: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Take the oldest run that waits for a runner. 404 when there is none.

        A runner all of whose slots are taken names the runs it executes with `heldRun`, and the number of its `slots`: it gets a run
        that another one waits for, if one of its own only waits.
        """
        shown_once(request)
        own = spoken_version(protocol) > 0
        claim = Claim(
            runner_id=RunnerId(runner_id),
            claimer=Claimer.BLOCKYARD if own else Claimer.OFFICIAL,
            protocol=spoken_version(protocol),
            node_id=node_id[:255] if node_id else None,
            types=_types(implementation_types or []),
            held=frozenset(held or ()),
            slots=slots,
        )
        waiting = _Waiting(db, claims, clock)
        seconds = wait_seconds(prefer, MAX_WAIT_SECONDS) if own else 0.0
        claimed = await waiting.claim(request, principal, claim, seconds)
        ceiling = f"{claims.ceiling.total_seconds() / 60:g}"
        headers = {PROTOCOL_HEADER: str(PROTOCOL_VERSION), ATTEMPT_HEADER: ceiling} if own else {}
        if claimed.document is None:
            request.state.routine = True
            return problem(
                request,
                HTTPStatus.NOT_FOUND,
                code="NoRunAvailable",
                message="no run waits for this runner",
                remedy="Ask again later.",
                headers=headers,
            )
        return media_class(RUN.media)(claimed.document, status_code=HTTPStatus.CREATED, headers=headers)

    return router


class _Waiting:
    """Claims now, and again when something changes, until the time is over."""

    def __init__(self, db: Database, claims: ClaimService, clock: Clock) -> None:
        self._db = db
        self._claims = claims
        self._clock = clock

    async def claim(self, request: Request, principal: Principal, claim: Claim, seconds: float) -> Claimed:
        """Claim a run, waiting up to `seconds` for one."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        with self._db.signals.subscribe(runner_topic(claim.runner_id)) as subscription:
            claimed = await self._db.write(lambda tx: self._claims.claim(tx, principal, claim))
            while claimed.document is None and (left := deadline - loop.time()) > 0:
                await subscription.wait(min(left, _SWEEP_SECONDS, self._until(claimed.next_due_at)))
                if await request.is_disconnected():
                    break
                claimed = await self._again(principal, claim)
            return claimed

    async def _again(self, principal: Principal, claim: Claim) -> Claimed:
        """Claim if a run is due: most wake-ups are for one that another claimer got."""
        due = await self._db.read(lambda tx: self._claims.waiting(tx, claim))
        if due is None or due > self._clock():
            return Claimed(None, due)
        return await self._db.write(lambda tx: self._claims.claim(tx, principal, claim))

    def _until(self, due: datetime | None) -> float:
        return _SWEEP_SECONDS if due is None else max((due - self._clock()).total_seconds(), 0.01)


def wait_seconds(prefer: str | None, longest: float) -> float:
    """Return for how long a client prefers its answer to be held. Source: RFC 7240 §4.3."""
    found = _WAIT.search(prefer or "")
    return min(float(found.group(1)), longest) if found else 0.0


def _types(names: list[str]) -> frozenset[ImplementationType]:
    wanted: set[ImplementationType] = set()
    for name in names:
        if name == "ALL":
            wanted |= set(ImplementationType)
        elif name in _TYPES:
            wanted.add(_TYPES[name])
        else:
            raise Invalid(
                f"there is no implementation type '{name[:64]}'",
                field="query/implementationType",
                remedy=f"Use some of {', '.join(sorted(RUNNER_TYPES.values()))}.",
            )
    return frozenset(wanted)
