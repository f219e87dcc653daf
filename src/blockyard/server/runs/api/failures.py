"""Failures of definitions: why their runs failed, patterns of their owners, breakers."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from blockyard.protocol.names import FailureCause
from blockyard.server.definitions.model import DefinitionId
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import Text, WireModel
from blockyard.server.runs.model.breaker import Breaker
from blockyard.server.runs.model.failure import (
    MAX_PATTERN_CHARACTERS,
    MAX_PATTERNS,
    MAX_WORDS_CHARACTERS,
    FailurePattern,
)
from blockyard.server.runs.service import DefinitionFailures, FailureGroup, FailureService

_Words = Annotated[Text, Field(min_length=1, max_length=MAX_WORDS_CHARACTERS)]


class FailureGroupOut(WireModel):
    """Failures of a definition that are alike: attempts, runs and building blocks they were of."""

    cause: FailureCause
    code: str
    message: str
    remedy: str
    attempts: int
    runs: int
    building_blocks: int
    first_at: str
    last_at: str
    latest_run_uuid: UUID


class BreakerOut(WireModel):
    """Holds repetitions back, so that they come one at a time; the next one begins at `nextAt`."""

    cause: FailureCause
    opened_at: str
    next_at: str


class FailuresOut(WireModel):
    """How the runs of a definition fail."""

    failures: Sequence[FailureGroupOut]
    breakers: Sequence[BreakerOut]


class PatternOut(WireModel):
    """A text that tells a failure of this definition; `*` stands for any characters."""

    text: Annotated[Text, Field(min_length=1, max_length=MAX_PATTERN_CHARACTERS)]
    cause: Annotated[FailureCause, Field(strict=False)]
    message: _Words
    remedy: _Words


class PatternsOut(WireModel):
    """What the owner of a definition knows of its failures; the first pattern that fits counts."""

    patterns: Annotated[Sequence[PatternOut], Field(max_length=MAX_PATTERNS)]


def failure_routes(db: Database, failures: FailureService) -> APIRouter:
    """Return the routes."""
    router = api_router(prefix="/api/blockyard/v1/definitions/{uuid}", tags=["Definitions"])

    @router.get("/failures")
    async def read_failures(
        uuid: UUID, *, principal: CurrentPrincipal, days: Annotated[int, Query(ge=1, le=365)] = 30
    ) -> FailuresOut:
        """Return why runs of a definition failed in the last days, by cause over all its building blocks, and its open breakers."""
        found = await db.read(lambda tx: failures.of_definition(tx, principal, DefinitionId(uuid), days=days))
        return _failures(found)

    @router.get("/failure-patterns")
    async def read_failure_patterns(uuid: UUID, principal: CurrentPrincipal) -> PatternsOut:
        """Return the texts by which the owner of a definition tells its failures."""
        return _patterns(await db.read(lambda tx: failures.patterns(tx, principal, DefinitionId(uuid))))

    @router.put("/failure-patterns")
    async def change_failure_patterns(uuid: UUID, body: PatternsOut, principal: CurrentPrincipal) -> PatternsOut:
        """Say by which texts failures of a definition are told, in place of those before. They go before what is known of all."""
        sent = [FailurePattern(one.text, one.cause, one.message, one.remedy) for one in body.patterns]
        return _patterns(await db.write(lambda tx: failures.put_patterns(tx, principal, DefinitionId(uuid), sent)))

    @router.delete("/breakers/{cause}", status_code=HTTPStatus.NO_CONTENT)
    async def close_breaker(uuid: UUID, cause: FailureCause, principal: CurrentPrincipal) -> None:
        """Close the breaker of a definition: the runs it held back are tried again now."""
        await db.write(lambda tx: failures.close_breaker(tx, principal, DefinitionId(uuid), cause))

    return router


def _failures(found: DefinitionFailures) -> FailuresOut:
    return FailuresOut(
        failures=[_group(one) for one in found.groups], breakers=[_breaker(one) for one in found.breakers]
    )


def _group(group: FailureGroup) -> FailureGroupOut:
    failure = group.failure
    return FailureGroupOut(
        cause=failure.cause,
        code=failure.code,
        message=failure.message,
        remedy=failure.remedy,
        attempts=group.attempts,
        runs=group.runs,
        building_blocks=group.blocks,
        first_at=wire_time(group.first_at),
        last_at=wire_time(group.last_at),
        latest_run_uuid=group.latest_run_id,
    )


def _breaker(breaker: Breaker) -> BreakerOut:
    return BreakerOut(cause=breaker.cause, opened_at=wire_time(breaker.opened_at), next_at=wire_time(breaker.next_at))


def _patterns(patterns: Sequence[FailurePattern]) -> PatternsOut:
    shown = [PatternOut(text=one.text, cause=one.cause, message=one.message, remedy=one.remedy) for one in patterns]
    return PatternsOut(patterns=shown)
