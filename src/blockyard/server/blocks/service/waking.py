"""The children of a block that has succeeded: who of them runs again, some at once, the others in their turn.

A transaction comes to `AT_ONCE` children at most. The turns of the others are stored by it; a loop of whichever server takes them, so
many in one transaction, with what the children are then. Nothing is lost where a server dies, and nothing done twice: who takes a turn
removes it in the transaction that does what is due. A run that begins meanwhile takes what its turn would have brought it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import structlog

from blockyard.server.blocks.model.block import WAITING, Block, BlockStatus, Lifecycle
from blockyard.server.blocks.model.cascade import Cause, Turn
from blockyard.server.blocks.model.family import parents_first
from blockyard.server.blocks.model.resolution import consumes
from blockyard.server.blocks.service.cascading import CascadeControl
from blockyard.server.blocks.service.views import Reading
from blockyard.server.blocks.store import BlockStore
from blockyard.server.blocks.store.turns import TurnStore
from blockyard.server.events.basics import Basics
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.memory import Memory
from blockyard.server.runs.model import RunId, TriggerReason

log = structlog.get_logger(__name__)

TURNS_TOPIC = "blocks:turns"
"""Woken when more blocks have to run again than one transaction comes to."""

AT_ONCE = 40
"""How many children one transaction comes to: 10 000 would keep all writers waiting for as many times 1.4 ms."""

_come_to: Memory[str, int] = Memory()
_CHILDREN = "children"


class Again(Protocol):
    """Runs a block again, now or after the run that is under way."""

    def __call__(self, tx: Transaction, block: Block, reason: TriggerReason, *, cascade: RunId | None = None) -> None:
        """Do it."""


@dataclass(frozen=True, slots=True)
class News:
    """What a block has given: the outputs that are new, and the run and the cascade that they came with."""

    parent: Block
    changed: frozenset[str]
    cascade: RunId


class Waking:
    """Runs children again; asks no principal."""

    def __init__(self, basics: Basics, *, reading: Reading, cascading: CascadeControl, again: Again) -> None:
        self._basics = basics
        self._reading = reading
        self._cascading = cascading
        self._again = again

    def children(self, tx: Transaction, news: News, cause: UUID) -> None:
        """Run the children again that take what is new, or that wait for their parent."""
        room = max(0, AT_ONCE - self._come_to(tx))
        first = BlockStore(tx).children_of([news.parent.id], room + 1)
        if len(first) <= room:
            for child in BlockStore(tx).one_by_one(parents_first(first)):
                self._come(tx, child, news)
            return
        self._add(tx, Cause(id=cause, cascade=news.cascade, parent_id=news.parent.id, changed=news.changed), room)

    def held(self, tx: Transaction, cascade: UUID) -> int:
        """Run again what a cascade holds that is not stopped any more; return how many blocks these are."""
        return self._add(tx, Cause(id=self._basics.new_id(), cascade=cascade), AT_ONCE)

    def go_on(self, tx: Transaction) -> int:
        """Take the turns that are next; return how many there were."""
        turns = TurnStore(tx).take(AT_ONCE)
        self._turn(tx, turns)
        return len(turns)

    def _add(self, tx: Transaction, cause: Cause, room: int) -> int:
        """Store turns, and come to the first of them at once, as far as there is room."""
        store = TurnStore(tx)
        number = store.add(cause, self._basics.clock())
        self._turn(tx, store.take(room, cause=cause.id) if room else ())
        if number > room:
            tx.wake(TURNS_TOPIC)
        return number

    def _turn(self, tx: Transaction, turns: Sequence[Turn]) -> None:
        """Come to blocks whose turn it is, each as it is now."""
        store = BlockStore(tx)
        store.find_all(turn.block_id for turn in turns)  # read at once, then found in memory
        for turn in turns:
            block, cause = store.find(turn.block_id), turn.cause
            parent = None if cause.parent_id is None else store.find(cause.parent_id)
            if block is not None and parent is not None:
                self._come(tx, block, News(parent, cause.changed, RunId(cause.cascade)))
            elif block is not None and cause.parent_id is None:
                self._release(tx, block, RunId(cause.cascade))
        if turns:
            log.info("turns taken", blocks=len(turns))

    def _come(self, tx: Transaction, child: Block, news: News) -> None:
        come_to = _come_to.of(tx)
        come_to[_CHILDREN] = come_to.get(_CHILDREN, 0) + 1
        if child.lifecycle is not Lifecycle.ACTIVE:
            self._note(tx, child, news)
            return
        if child.status is BlockStatus.WAITING_FOR_DEPENDENT_INPUT:
            self._wake(tx, child, news, TriggerReason.PARENT_RUN_SUCCEEDED)
        elif child.status not in WAITING and self._consumes(tx, child, news.parent, news.changed):
            self._wake(tx, child, news, TriggerReason.DEPENDENCY_OUTPUT_CHANGED)

    def _note(self, tx: Transaction, child: Block, news: News) -> None:
        """Let a block that is being deleted know what it does not have: it runs again if its deletion is taken back."""
        if child.is_live and self._consumes(tx, child, news.parent, news.changed):
            BlockStore(tx).save(child.missing())

    def _wake(self, tx: Transaction, child: Block, news: News, reason: TriggerReason) -> None:
        """Run a child again, unless the cascade is stopped: then it is held. What never ran, or runs anyway, is not counted."""
        cascade = news.cascade
        is_free = child.applied_at is None or child.joining(cascade).cascade != cascade
        if is_free or self._cascading.lets(tx, cascade, news.parent):
            self._again(tx, child, reason, cascade=cascade)
            return
        self._cascading.hold(tx, child, cascade)

    def _release(self, tx: Transaction, block: Block, cascade: RunId) -> None:
        """Run a block again that a cascade holds still, unless that was stopped once more."""
        is_held = block.lifecycle is Lifecycle.ACTIVE and block.held_by == cascade
        if is_held and not self._cascading.is_stopped(tx, cascade):
            self._again(tx, block, TriggerReason.DEPENDENCY_OUTPUT_CHANGED, cascade=cascade)

    def _consumes(self, tx: Transaction, child: Block, parent: Block, changed: frozenset[str]) -> bool:
        _, version = self._reading(tx).version_of(child)
        return consumes(version.inputs, parent.definition_id, changed)

    @staticmethod
    def _come_to(tx: Transaction) -> int:
        return _come_to.of(tx).get(_CHILDREN, 0)
