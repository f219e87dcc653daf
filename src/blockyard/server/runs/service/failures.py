"""What owners of definitions see and do about failures: what failed and why, patterns of their own, breakers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import FailureCause
from blockyard.server.definitions.model import Definition, DefinitionId
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.events.model import EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model.breaker import Breaker
from blockyard.server.runs.model.failure import FailurePattern, check_patterns
from blockyard.server.runs.service.context import RunContext
from blockyard.server.runs.service.retrying import Retrying
from blockyard.server.runs.store import FailureGroup, FailureStore

_LIST, _SAVE = "BUILDINGBLOCKDEFINITION_LIST", "BUILDINGBLOCKDEFINITION_SAVE"


@dataclass(frozen=True, slots=True)
class DefinitionFailures:
    """How the runs of a definition fail."""

    groups: Sequence[FailureGroup]
    breakers: Sequence[Breaker]


class FailureService:
    """Use cases of owners of definitions."""

    def __init__(self, context: RunContext, *, definitions: DefinitionService) -> None:
        self._context = context
        self._definitions = definitions
        self._retrying = Retrying(context)

    def of_definition(
        self, tx: Transaction, principal: Principal, definition_id: DefinitionId, *, days: int
    ) -> DefinitionFailures:
        """Return why attempts of all blocks of a definition failed lately, those that are alike as one. Raises NotFound, Denied."""
        self._opened(tx, principal, _LIST, definition_id)
        store = FailureStore(tx)
        since = self._context.clock() - timedelta(days=days)
        return DefinitionFailures(store.groups(definition_id, since), store.breakers(definition_id))

    def patterns(self, tx: Transaction, principal: Principal, definition_id: DefinitionId) -> Sequence[FailurePattern]:
        """Return what the owner of a definition knows of its failures. Raises NotFound, Denied."""
        self._opened(tx, principal, _LIST, definition_id)
        return FailureStore(tx).patterns(definition_id)

    def put_patterns(
        self, tx: Transaction, principal: Principal, definition_id: DefinitionId, patterns: Sequence[FailurePattern]
    ) -> Sequence[FailurePattern]:
        """Keep what the owner of a definition knows of its failures; it counts for what fails from now on.

        Raises NotFound, Denied, Invalid.
        """
        definition = self._opened(tx, principal, _SAVE, definition_id)
        check_patterns(patterns)
        store = FailureStore(tx)
        before = store.patterns(definition_id)
        if list(before) != list(patterns):
            store.put_patterns(definition_id, patterns)
            told: list[Json] = [
                {
                    "text": pattern.text,
                    "cause": pattern.cause.value,
                    "message": pattern.message,
                    "remedy": pattern.remedy,
                }
                for pattern in patterns
            ]
            self._tell(tx, principal, definition, "Failure Patterns Changed", told)
        return store.patterns(definition_id)

    def close_breaker(
        self, tx: Transaction, principal: Principal, definition_id: DefinitionId, cause: FailureCause
    ) -> None:
        """Let all runs of a definition be tried again now that were held back; one that is not open stays so. Raises NotFound, Denied."""
        definition = self._opened(tx, principal, _SAVE, definition_id)
        for breaker in FailureStore(tx).breakers(definition_id):
            if breaker.cause is cause:
                self._retrying.close(tx, breaker)
                self._tell(tx, principal, definition, "Breaker Closed", cause.value)

    def _opened(self, tx: Transaction, principal: Principal, code: str, definition_id: DefinitionId) -> Definition:
        """Return a definition of the principal's own workspace: how it fails is no matter of those who order it."""
        definition = self._definitions.get(tx, principal, definition_id).definition
        principal.require(code, workspace=definition.workspace)
        return definition

    def _tell(self, tx: Transaction, principal: Principal, definition: Definition, title: str, what: Json) -> None:
        self._context.event_log.append(
            tx,
            principal.author,
            title,
            EventType.CHANGED,
            workspace=definition.workspace,
            subject_kind="meshBuildingBlockDefinition",
            subject_id=str(definition.id),
            content={"definition": definition.display_name, "what": what},
        )
