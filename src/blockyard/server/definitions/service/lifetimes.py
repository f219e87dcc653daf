"""How long blocks of a definition may live, and how long their deletion can be taken back: what the owner says of it."""

from dataclasses import replace

from blockyard.protocol.kinds import DEFINITION
from blockyard.server.definitions.model import Definition, DefinitionId, Lifetimes
from blockyard.server.definitions.service.access import SAVE, opened
from blockyard.server.definitions.store import DefinitionStore
from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.members import wire_members


class LifetimeService:
    """Use cases of lifetimes. Blocks that are there keep the date they have."""

    def __init__(self, basics: Basics) -> None:
        self._changes: Changes[Definition] = Changes(
            basics.event_log,
            DEFINITION,
            "Building Block Definition",
            lambda definition: wire_members(definition.lifetimes, Lifetimes),
        )

    def get(self, tx: Transaction, principal: Principal, definition_id: DefinitionId) -> Lifetimes:
        """Return what the owner says. Raises NotFound, Denied."""
        return opened(tx, principal, "BUILDINGBLOCKDEFINITION_LIST", definition_id).lifetimes

    def put(
        self, tx: Transaction, principal: Principal, definition_id: DefinitionId, lifetimes: Lifetimes
    ) -> Lifetimes:
        """Say it. Raises NotFound, Denied."""
        before = opened(tx, principal, SAVE, definition_id)
        if before.lifetimes != lifetimes:
            after = DefinitionStore(tx).save(replace(before, lifetimes=lifetimes))
            self._changes.tell(tx, principal.author, EventType.CHANGED, after, before=before)
        return lifetimes
