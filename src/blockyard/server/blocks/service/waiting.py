"""What a block waits for: each thing by itself, whoever can end it."""

from collections.abc import Mapping, Sequence

from blockyard.server.blocks.model.block import WAITING, Block, BlockId
from blockyard.server.blocks.model.resolution import lacking_parents
from blockyard.server.blocks.model.words import block_waits, due_wait, held_wait, lacking_wait, turn_wait
from blockyard.server.blocks.service.cascading import CascadeControl
from blockyard.server.blocks.service.holding import Holding
from blockyard.server.blocks.service.views import BlockView, Reading
from blockyard.server.blocks.store.turns import TurnStore
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import Wait
from blockyard.server.runs.model.wait import brake_wait
from blockyard.server.runs.service import RunService


class Waiting:
    """Tells what keeps a block, or its latest run, from going on, and what keeps it as it is."""

    def __init__(
        self,
        *,
        reading: Reading,
        definitions: DefinitionService,
        runs: RunService,
        cascading: CascadeControl,
        holding: Holding,
    ) -> None:
        self._reading = reading
        self._definitions = definitions
        self._runs = runs
        self._cascading = cascading
        self._holding = holding

    def waits(self, tx: Transaction, view: BlockView, parents: Mapping[BlockId, Block]) -> Sequence[Wait]:
        """Return each thing; `parents` are those that still exist, with the names that the principal may read."""
        held = self._held_back(tx, view.block)
        holds = [brake_wait(hold) for hold in self._holding.of(tx, view.block)]
        if view.block.status in WAITING:
            missing = self._reading(tx).missing(view.block, view.version)
            tenant = self._reading(tx).tenant_of(view.block)
            lacking = lacking_parents(view.block, view.version)
            names = self._definitions.names(tx, lacking) if lacking else {}
            return [
                *holds,
                *held,
                *(lacking_wait(view.block, names.get(one, str(one))) for one in lacking),
                *block_waits(view.block, view.version.inputs, missing, parents, tenant),
            ]
        run = self._runs.unfinished(tx, view.block.id)
        waits = () if run is None else self._runs.waits_of(tx, run)
        held = [*(hold for hold in holds if hold not in waits), *held]
        takes_all = run is not None and run.takes_what_is_due
        return [*held, *waits, due_wait(view.block)] if view.block.rerun_due and not takes_all else [*held, *waits]

    def _held_back(self, tx: Transaction, block: Block) -> Sequence[Wait]:
        if (since := TurnStore(tx).waits_since(block.id)) is not None:
            return [turn_wait(since)]
        cascade = None if block.held_by is None else self._cascading.of(tx, block)
        return () if cascade is None else [held_wait(block, cascade)]
