"""How ready blocks are for another version: what it would make of each of them, before it is released. Source: concepts.md 10.3."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from uuid import UUID

from blockyard.server.blocks.model.block import Block, BlockHead, InputValue
from blockyard.server.blocks.model.query import BlockQuery
from blockyard.server.blocks.model.resolution import lacking_parents
from blockyard.server.blocks.model.upgrades import leads_on
from blockyard.server.blocks.service.access import LIST, require_known, require_list
from blockyard.server.blocks.service.upgrading import Upgrades
from blockyard.server.blocks.service.views import Reader, Reading
from blockyard.server.blocks.store import BlockStore
from blockyard.server.definitions.model import DefinitionId, InputSpec, Version, VersionId
from blockyard.server.definitions.model.changes import changes_between
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import PageRequest

MOST_NAMED = 200
"""So many blocks are named of those that need an answer; all are counted."""

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Lack:
    """What people have to say before a block can run in another version: values of inputs, and parents of definitions."""

    inputs: Sequence[InputSpec]
    parents: Sequence[str]

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is missing."""
        return not (self.inputs or self.parents)


@dataclass(frozen=True, slots=True)
class Unready:
    """A block that needs an answer."""

    block: BlockHead
    lack: Lack


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessReport:
    """How many blocks of other versions are ready for this one, how many need an answer, and the first of these."""

    version: Version
    ready: int
    need_answer: int
    up_to_date: int
    unready: Sequence[Unready]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradePreview:
    """What changing a block to the version it is offered would do; `version` is None if there is none."""

    block: Block
    version: Version | None
    changes: Sequence[str] = ()
    lack: Lack = Lack((), ())
    values: Mapping[str, InputValue] = field(default_factory=dict, repr=False)
    """What its inputs would have then, of those that people fill in."""


class Readiness:
    """Looks ahead; changes nothing."""

    def __init__(self, *, reading: Reading, definitions: DefinitionService, upgrades: Upgrades) -> None:
        self._reading = reading
        self._definitions = definitions
        self._upgrades = upgrades

    def of_version(self, tx: Transaction, principal: Principal, version_id: VersionId) -> ReadinessReport:
        """Return how ready the blocks of a definition are for one of its versions, a draft too. Raises NotFound, Denied."""
        version = self._definitions.versions.get(tx, principal, version_id).version
        principal.require(LIST, workspace=None, provider=version.workspace)
        counts = {"ready": 0, "need_answer": 0, "up_to_date": 0}
        unready: list[Unready] = []
        reader = self._reading(tx)
        for block in self._blocks(tx, reader, version.definition_id):
            if block.version_id == version.id:
                counts["up_to_date"] += 1
                continue
            lack = self._lack(tx, reader, self._upgrades.upgraded(tx, block, version), version)
            counts["ready" if lack.is_nothing else "need_answer"] += 1
            if not lack.is_nothing and len(unready) < MOST_NAMED:
                unready.append(Unready(block, lack))
        return ReadinessReport(version=version, unready=unready, **counts)

    def of_block(self, tx: Transaction, principal: Principal, block_id: UUID) -> UpgradePreview:
        """Return what changing a block to the version it is offered would do. Raises NotFound, Denied."""
        block = require_known(principal, BlockStore(tx).find(block_id), block_id)
        require_list(principal, block)
        reader = self._reading(tx)
        _, own = reader.version_of(block)
        latest = self._definitions.latest_sound(tx, block.definition_id)
        if latest is None or not leads_on(latest, own):
            return UpgradePreview(block=block, version=None)
        way = [own, *self._definitions.steps_between(tx, own, latest)]
        way = way if way[-1].id == latest.id else [own, latest]
        names = self._definitions.names(tx, {one for step in way for one in step.dependencies})
        changes = [sentence for before, after in pairwise(way) for sentence in changes_between(before, after, names)]
        after = self._upgrades.upgraded(tx, block, latest)
        values = {key: after.inputs[key] for key in latest.inputs if key in after.inputs}
        lack = self._lack(tx, reader, after, latest)
        return UpgradePreview(block=block, version=latest, changes=[*dict.fromkeys(changes)], lack=lack, values=values)

    def _lack(self, tx: Transaction, reader: Reader, after: Block, version: Version) -> Lack:
        missing = reader.missing(after, version)
        lacking = lacking_parents(after, version)
        names = self._definitions.names(tx, lacking) if lacking else {}
        specs = sorted((version.inputs[key] for key in missing), key=lambda spec: (spec.display_order, spec.key))
        return Lack(specs, [names.get(one, str(one)) for one in lacking])

    def _blocks(self, tx: Transaction, reader: Reader, definition_id: DefinitionId) -> Iterator[Block]:
        """Yield the active blocks of a definition, the oldest first."""
        query, number = BlockQuery(definition_id=definition_id), 0
        while True:
            page = BlockStore(tx).page(query, PageRequest(number, _CHUNK))
            reader.load_versions(page.items)
            yield from page.items
            number += 1
            if number * _CHUNK >= page.total:
                return
