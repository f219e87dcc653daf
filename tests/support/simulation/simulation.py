"""One simulation: a random generator, a clock, what is under way outside the server, and the trace of what happened."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Generic, TypeVar
from uuid import UUID

from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Refusal
from tests.support.clock import FixedClock
from tests.support.simulation.database import Fault, ProcessGone
from tests.support.simulation.engines import Engine, Plan
from tests.support.simulation.ground import Ground, Kind
from tests.support.simulation.rows import BlockRow, Rows, read_rows

T = TypeVar("T")

_FURNISHED = 4
"""Of so many seeds half begin with blocks that have run: what follows from another run of them has time to happen."""

_SLOTS = (1, 2, 3)

FAULTS = 0.12
"""How many of the transactions meet a fault."""


class Violation(AssertionError):
    """Something happened, or is so, that must never be."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What came of a request.

    Attributes:
        value: what whoever asked was told; None if it was refused, or nothing was heard.
        happened: what the server did, known only to the simulation.
        refusal: the code of the refusal.
    """

    value: T | None = None
    happened: T | None = None
    refusal: str | None = None


@dataclass
class Simulation:
    """What actors act on.

    Attributes:
        wire: requests of runners that are delivered late, or once more.
        orders: the blocks whose order was carried out, acknowledged or not.
        tenants: what runs have ordered, by the run.
        ended: the blocks of which somebody ended what they waited for.
        claimed: the attempts that began since the last look.
        followed: which run and attempt was claimed, or changed the state, last of each block.
        approved: by run the dry run whose plan somebody has approved.
        tampered: how what blocks have made was changed by hand since.
        plans: what dry runs have found that succeeded.
        checked_at: when the server looked last whether a block is to be checked.
        ends: when blocks end, and when that was said.
        warned: how often people were warned of the end of a block before that was said.
        taken_back: when deletions were taken back last.
        marked: blocks that are being deleted, as they were before.
        stormy: whether anything fails; at the end everything goes well, and all must come to rest.
    """

    seed: int
    ground: Ground
    rng: Random = field(init=False)
    clock: FixedClock = field(default_factory=FixedClock)
    rows: Rows = field(default_factory=Rows)
    trace: list[str] = field(default_factory=list)
    engines: list[Engine] = field(default_factory=list)
    wire: list[tuple[str, Callable[[], object]]] = field(default_factory=list)
    orders: set[UUID] = field(default_factory=set)
    tenants: dict[UUID, UUID] = field(default_factory=dict)
    ended: set[UUID] = field(default_factory=set)
    claimed: list[Engine] = field(default_factory=list)
    followed: dict[UUID, tuple[int, int]] = field(default_factory=dict)
    approved: dict[UUID, UUID] = field(default_factory=dict)
    tampered: dict[UUID, str] = field(default_factory=dict)
    plans: dict[UUID, Plan] = field(default_factory=dict)
    checked_at: dict[UUID, datetime] = field(default_factory=dict)
    ends: dict[UUID, tuple[datetime, datetime]] = field(default_factory=dict)
    warned: dict[UUID, int] = field(default_factory=dict)
    taken_back: dict[UUID, datetime] = field(default_factory=dict)
    marked: dict[UUID, BlockRow] = field(default_factory=dict)
    stormy: bool = True
    slots: int = field(init=False)
    """How many runs the runner executes at once."""

    def __post_init__(self) -> None:
        """Let everything be as the seed has it."""
        self.rng = Random(self.seed)  # noqa: S311  drawn again from its seed
        self.slots = self.rng.choice(_SLOTS)
        furnished = self.seed % _FURNISHED < _FURNISHED // 2
        self.ground.renew(self.clock, Random(self.seed + 1), furnished=furnished)  # noqa: S311  as above
        self.look()
        self.orders.update(self.rows.blocks)

    def look(self) -> None:
        """Read what is stored now."""
        self.rows = read_rows(self.ground.db.raw)

    def ask(self, who: str, what: str, work: Callable[[Transaction], T]) -> Answer[T]:
        """Let the server do something in one transaction; in a storm it may be gone before or after its commit."""
        db = self.ground.db
        if self.stormy and self.rng.random() < FAULTS:
            db.fault = self.rng.choice([Fault.ROLLED_BACK, Fault.ANSWER_LOST])
        fault = db.fault
        try:
            value = db.write_now(work)
        except Refusal as refusal:
            self.note(who, what, refusal.code)
            return Answer(refusal=refusal.code)
        except ProcessGone:
            self.note(who, what, str(Fault.ROLLED_BACK))
            return Answer()
        except Violation:
            self.note(who, what, "done")
            raise
        except Exception as error:
            self.note(who, what, repr(error))
            raise Violation(f"{who}: {what} met a defect: {error!r}") from error
        finally:
            db.fault = None
        self.note(who, what, str(fault) if fault else "done")
        return Answer(None if fault else value, value)

    def accepted(self, engine: Engine, what: str) -> None:
        """Note that an engine may change what a block stands for: none may that others have followed."""
        turn = (engine.number, engine.attempt)
        if turn < self.followed.get(engine.block_id, (0, 0)):
            later = "run {}.{}".format(*self.followed[engine.block_id])
            raise Violation(
                f"{what} of {engine.label} of {self.name(engine.block_id)} was accepted after that of {later}"
            )
        self.followed[engine.block_id] = turn

    def note(self, who: str, what: str, outcome: str = "") -> None:
        """Write a line of the trace."""
        line = f"{self.clock.now:%d %H:%M:%S} {who}: {what}"
        self.trace.append(f"{line} -> {outcome}" if outcome else line)

    def kind_of(self, block: BlockRow) -> Kind:
        """Return what kind of block it is."""
        return next(kind for kind in self.ground.kinds.values() if kind.definition_id == block.definition_id)

    def name(self, block_id: UUID) -> str:
        """Return what the trace calls a block."""
        for position, block in enumerate(self.rows.blocks.values()):
            if block.id == block_id:
                return f"{self.kind_of(block).name}#{position}"
        return str(block_id)[:8]

    def live_blocks(self, kind: str | None = None) -> list[BlockRow]:
        """Return the blocks that are there, of one kind if it is given."""
        blocks = [block for block in self.rows.blocks.values() if block.is_live]
        return [block for block in blocks if kind is None or self.kind_of(block).name == kind]

    def is_over(self, engine: Engine) -> bool:
        """Whether the server has ended the attempt of an engine, and with it the token that its requests need."""
        run = self.rows.runs[engine.run_id]
        return (run.status, run.attempt) != ("IN_PROGRESS", engine.attempt)
