"""Options of inputs that depend on tags and outputs, and checks between inputs: looked up, and asked for (decision 79)."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from blockyard.protocol.jsontypes import Json
from blockyard.server.blocks.model.block import Block, InputValue, Lifecycle
from blockyard.server.blocks.service.access import LIST
from blockyard.server.blocks.service.views import Reading
from blockyard.server.blocks.store import BlockStore
from blockyard.server.definitions.model import InputSpec, TagOwner, Version
from blockyard.server.definitions.model.adaptive import ListName
from blockyard.server.definitions.model.checking import Misfit, adapts, misfits
from blockyard.server.definitions.model.definition import tag_named
from blockyard.server.definitions.model.hiding import Lists, possible_options, settled, with_options
from blockyard.server.definitions.model.values import texts_of
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.ports import OutdatedValue
from blockyard.server.tags.model import Tags
from blockyard.server.tenants.model import TenantId

MAX_BLOCKS = 200
"""So many building blocks are asked for an output that is a list of options."""

MAX_OPTIONS = 1000
_MAX_CHARACTERS = 255

TagsOf = Callable[[TagOwner], Tags]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block is or shall be, as far as options depend on that.

    Attributes:
        sees: whether outputs of blocks of the workspace may be told; runs get what was chosen before.
        projects: of blocks in projects only those of these may be told; None for all.
        tags: of what a tenant that is yet to be made will have.
    """

    workspace: str
    tenant_id: TenantId | None = None
    sees: bool = True
    projects: Collection[str] | None = None
    tags: Mapping[TagOwner, Tags] = field(default_factory=dict)

    @classmethod
    def for_(
        cls,
        principal: Principal,
        workspace: str,
        tenant_id: TenantId | None = None,
        tags: Mapping[TagOwner, Tags] = MappingProxyType({}),
    ) -> "Place":
        """Return a place as a principal sees it."""
        sees = principal.allows(LIST, workspace=workspace)
        limited = None if "PROJECT_LIST" in principal.everywhere else principal.only_projects.get(workspace)
        return cls(workspace, tenant_id, sees, limited, tags)


@dataclass(frozen=True, slots=True)
class Looked:
    """Lists of options; `as_of` says how old those are that runs fetch."""

    lists: Lists
    as_of: Mapping[ListName, datetime]

    def ages(self, spec: InputSpec) -> Sequence[datetime]:
        """Return when the lists were fetched that options of an input come from."""
        lists = [source.list for source in spec.option_sources]
        return [self.as_of[name] for name in lists if name is not None and name in self.as_of]


NOTHING_LOOKED_UP = Looked({}, {})


class Adapting:
    """Looks lists of options up, and refuses values that do not fit each other."""

    def __init__(self, *, reading: Reading) -> None:
        self._reading = reading

    def look(self, tx: Transaction, version: Version, place: Place) -> Looked:
        """Return the lists that options of a version come from: at most one statement for each."""
        lists: dict[ListName, Sequence[str]] = {}
        as_of: dict[ListName, datetime] = {}
        for name in _lists_of(version):
            if name.kind == "block":
                lists[name], fetched_at = self._fetched(tx, version, name)
                if fetched_at is not None:
                    as_of[name] = fetched_at
            else:
                found = self._tag(tx, name, place) if name.kind == "tag" else _outputs(tx, name, place)
                lists[name] = _options(found)
        return Looked(lists, as_of)

    def misfits(
        self, tx: Transaction, version: Version, values: Mapping[str, InputValue], place: Place
    ) -> Sequence[Misfit]:
        """Return what is wrong with values that are sound each for itself."""
        if not adapts(version):
            return ()
        return misfits(version, settled(version.inputs, values, fill=False), self.look(tx, version, place).lists)

    def check(self, tx: Transaction, version: Version, values: Mapping[str, InputValue], place: Place) -> None:
        """Refuse values that do not fit each other. Raises Invalid."""
        for misfit in self.misfits(tx, version, values, place):
            raise misfit.refusal

    def check_claimed(self, tx: Transaction, block: Block, version: Version) -> None:
        """Refuse a run with values that do not fit each other any more, in the same words. Raises OutdatedValue."""
        for misfit in self.misfits(
            tx, version, block.standing(version.inputs), Place(block.workspace, block.tenant_id)
        ):
            refusal = misfit.refusal
            raise OutdatedValue(refusal.message, code=refusal.code, field=refusal.field, remedy=refusal.remedy)

    def _tag(self, tx: Transaction, name: ListName, place: Place) -> Iterable[str]:
        tag = tag_named(name.name)
        if tag is None:
            return ()
        owner, key = tag
        planned = place.tags.get(owner)
        tags = self._reading(tx).tags_at(place.workspace, place.tenant_id, owner) if planned is None else planned
        return tags.get(key, ())

    def _fetched(self, tx: Transaction, version: Version, name: ListName) -> tuple[Sequence[str], datetime | None]:
        """Return what runs of a building block gave that belongs to the workspace of the definition; nothing of another's."""
        if name.output is None:
            return (), None
        block_id, key = name.output
        block = BlockStore(tx).find(block_id)
        if block is None or block.workspace != version.workspace or block.lifecycle is not Lifecycle.ACTIVE:
            return (), None
        output = block.outputs.get(key)
        return _options([] if output is None or output.is_sensitive else _items(output.value)), block.applied_at


def opened(block: Block, version: Version, specs: Sequence[InputSpec], looked: Looked) -> Sequence[InputSpec]:
    """Return inputs of a block with all options that they may have, and that they have: which fit is asked when it is saved."""
    values = block.standing(version.inputs)
    return [
        with_options(spec, [*possible_options(spec, looked.lists), *texts_of(values.get(spec.key))])
        if spec.option_sources
        else spec
        for spec in specs
    ]


def _outputs(tx: Transaction, name: ListName, place: Place) -> Iterable[str]:
    if name.output is None or not place.sees:
        return ()
    definition_id, key = name.output
    found = BlockStore(tx).outputs_of(definition_id, place.workspace, key, MAX_BLOCKS, projects=place.projects)
    return (item for value in found for item in _items(value))


def _items(value: Json) -> list[str]:
    """Return the options that an output gives: a list gives its items, everything else itself."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            parsed: Json = json.loads(value)
        except (ValueError, RecursionError):
            parsed = value
        value = parsed
    items = value if isinstance(value, list) else [value]
    return [
        item if isinstance(item, str) else json.dumps(item)
        for item in items
        if isinstance(item, str | int | float) and not isinstance(item, bool)
    ]


def _options(found: Iterable[str]) -> Sequence[str]:
    usable = (text for text in found if text.strip() and len(text) <= _MAX_CHARACTERS and "\0" not in text)
    return [*dict.fromkeys(usable)][:MAX_OPTIONS]


def _lists_of(version: Version) -> Sequence[ListName]:
    sources = (source for spec in version.inputs.values() for source in spec.option_sources)
    return [*dict.fromkeys(source.list for source in sources if source.list is not None)]
