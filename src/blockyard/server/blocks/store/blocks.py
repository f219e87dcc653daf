"""The blocks and who is whose parent: all their SQL."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias, TypeVarTuple, cast
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    TextClause,
    and_,
    bindparam,
    delete,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    tuple_,
    union,
    update,
)

from blockyard.protocol.jsontypes import Json
from blockyard.server.blocks.model.block import Block, BlockHead, BlockId, BlockStatus, Lifecycle, Parent
from blockyard.server.blocks.model.cascade import Stop
from blockyard.server.blocks.model.query import BlockQuery, BlockSort
from blockyard.server.blocks.store.rows import block_of, block_row, head_of, sort_name
from blockyard.server.blocks.store.tables import (
    IN_WORKSPACE,
    IS_ACTIVE,
    IS_CASCADE,
    IS_DELETED,
    IS_DUE,
    IS_HELD,
    IS_LIVE,
    ON_TENANT,
)
from blockyard.server.blocks.store.tables import blocks as _blocks
from blockyard.server.blocks.store.tables import parents as _parents
from blockyard.server.definitions.model import DefinitionId, VersionId
from blockyard.server.definitions.model.inventory import Place
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Stale
from blockyard.server.kit.memory import Memory
from blockyard.server.kit.order import before, ordered
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import within
from blockyard.server.projects.model import ProjectKey

Columns = TypeVarTuple("Columns")

_Condition: TypeAlias = ColumnElement[bool] | TextClause

_SORTS: Mapping[BlockSort, ColumnElement[str]] = {
    BlockSort.NAME: _blocks.c.sort_name,
    BlockSort.WORKSPACE: _blocks.c.workspace,
    BlockSort.STATUS: _blocks.c.status,
}
"""What comes before the creation in the order of a list; by creation alone if it is not here."""

_HEAD = [column for column in _blocks.c if column.name not in {"inputs", "outputs"}]

_CHUNK = 500
"""How many ids one statement carries."""


_MAX_OUTPUT_CHARACTERS = 100_000

_SHOWN_PLACES = 20
"""So many blocks of a version are named in the inventory of identities."""

_known: Memory[UUID, Block | None] = Memory()

_BY_ID = select(_blocks).where(_blocks.c.id == bindparam("of_block"))
_PARENTS = select(_parents).where(_parents.c.child_id == bindparam("of_child")).order_by(_parents.c.position)
_SAVE = update(_blocks).where(_blocks.c.id == bindparam("of_block"), _blocks.c.revision == bindparam("as_read"))


_IN_PROJECT = (IS_LIVE, ON_TENANT)


class BlockStore:
    """Reads and writes blocks."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, block: Block) -> Block:
        """Write a new block and its parents."""
        self._tx.execute(insert(_blocks), block_row(block))
        _known.of(self._tx)[block.id] = block
        self._add_parents(block)
        return block

    def save(self, block: Block, *, parents_changed: bool = False) -> Block:
        """Write `block`, with its parents if they changed.

        Raises:
            Stale: another transaction wrote it since it was read; the boundary replays.
        """
        saved = replace(block, revision=block.revision + 1)
        as_read = {"of_block": block.id, "as_read": block.revision}
        if self._tx.execute(_SAVE, {**as_read, **block_row(saved)}).rowcount == 0:
            raise Stale(f"block {block.id}")
        _known.of(self._tx)[block.id] = saved
        if parents_changed:
            self._tx.execute(delete(_parents).where(_parents.c.child_id == block.id))
            self._add_parents(saved)
        return saved

    def touch(self, parents: Sequence[Parent]) -> None:
        """Write the parents unchanged, so that a deletion of one at the same time clashes and looks again."""
        for block in self.find_all(parent.block_id for parent in parents).values():
            self.save(block)

    def move(self, tenant_id: UUID, project: str) -> Sequence[UUID]:
        """Write that the blocks on a tenant, deleted ones too, are in another project, and return them.

        Who has read one before reads it again.
        """
        on_tenant = _blocks.c.tenant_id == tenant_id
        self._tx.execute(update(_blocks).where(on_tenant).values(project=project, revision=_blocks.c.revision + 1))
        _known.of(self._tx).clear()
        return [row.id for row in self._tx.execute(select(_blocks.c.id).where(on_tenant))]

    def find(self, block_id: UUID) -> Block | None:
        """Return one block, deleted ones too."""
        known = _known.of(self._tx)
        if block_id not in known:
            row = self._tx.execute(_BY_ID, {"of_block": block_id}).mappings().one_or_none()
            known[block_id] = None if row is None else block_of(row, self._parents_of_one(block_id))
        return known[block_id]

    def find_all(self, block_ids: Iterable[UUID]) -> Mapping[BlockId, Block]:
        """Return those of the blocks with these ids that exist, deleted ones too."""
        wanted = [BlockId(block_id) for block_id in block_ids]
        known = _known.of(self._tx)
        unknown = [block_id for block_id in wanted if block_id not in known]
        for start in range(0, len(unknown), _CHUNK):
            self._where(_blocks.c.id.in_(unknown[start : start + _CHUNK]))
        return {block_id: block for block_id in wanted if (block := known.get(block_id)) is not None}

    def names_of(self, block_ids: Collection[UUID]) -> Mapping[UUID, str]:
        """Return the names of blocks, deleted ones too."""
        found = select(_blocks.c.id, _blocks.c.name).where(_blocks.c.id.in_(sorted(block_ids)))
        return dict(cast("Sequence[tuple[UUID, str]]", self._tx.execute(found).all()))

    def page(self, query: BlockQuery, request: PageRequest) -> Page[Block]:
        """Return one page of the active blocks that match, oldest first unless asked otherwise."""
        condition = [*_condition(query), *before(_blocks.c.created_at, request)]
        order = _order(BlockSort.CREATED, request)
        items = self._where(*condition, request=request, order=order)
        return Page.of(items, lambda: self._count(condition), request)

    def live(self, query: BlockQuery, request: PageRequest, *, descending: bool) -> Page[Block]:
        """Return one page of the blocks that match and are not deleted, also those on their way out; or of the deleted ones."""
        condition = [*_condition(query, lifecycle=_wanted(query)), *before(_blocks.c.created_at, request)]
        order = _order(BlockSort.CREATED, request, descending=descending)
        items = self._where(*condition, request=request, order=order)
        return Page.of(items, lambda: self._count(condition), request)

    def search(self, query: BlockQuery, request: PageRequest, *, sort: BlockSort, descending: bool) -> Page[BlockHead]:
        """Return what `live` returns, without the values: they may be large, and are not even read."""
        condition = _condition(query, lifecycle=_wanted(query))
        sort = BlockSort.CREATED if query.deleted else sort
        order = _order(sort, request, descending=descending)
        rows = self._tx.execute(_selection(select(*_HEAD), condition, order, request)).mappings()
        return Page.of([head_of(row) for row in rows], lambda: self._count(condition), request)

    def children(self, parent_id: UUID) -> Sequence[Block]:
        """Return the blocks, not deleted, that have this parent, oldest first."""
        ids = select(_parents.c.child_id).where(_parents.c.parent_id == parent_id)
        return self._where(_blocks.c.id.in_(ids), IS_LIVE)

    def children_of(self, parent_ids: Collection[UUID], limit: int) -> Sequence[Block]:
        """Return the first of the blocks, not deleted, that have one of these parents, oldest first."""
        ids = select(_parents.c.child_id).where(_parents.c.parent_id.in_(parent_ids))
        return self._where(_blocks.c.id.in_(ids), IS_LIVE, request=PageRequest(0, limit))

    def on_tenants(self, tenant_ids: Collection[UUID]) -> Sequence[Block]:
        """Return the blocks, not deleted, on these tenants, oldest first."""
        return self._where(_blocks.c.tenant_id.in_(tenant_ids), IS_LIVE)

    def heads_on(self, tenant_ids: Collection[UUID]) -> Sequence[BlockHead]:
        """Return what `on_tenants` returns, without the values."""
        wanted: list[_Condition] = [_blocks.c.tenant_id.in_(tenant_ids), IS_LIVE]
        rows = self._tx.execute(_selection(select(*_HEAD), wanted, _order(BlockSort.CREATED, PageRequest()), None))
        return [head_of(row) for row in rows.mappings()]

    def active_of(self, definition_id: UUID, workspace: str) -> Sequence[Block]:
        """Return the active blocks of a definition in a workspace, not those of its tenants, oldest first."""
        wanted = (_blocks.c.definition_id == definition_id, _blocks.c.workspace == workspace)
        return self._where(*wanted, IS_ACTIVE, IN_WORKSPACE)

    def outputs_of(
        self, definition_id: UUID, workspace: str, key: str, limit: int, *, projects: Collection[str] | None = None
    ) -> Sequence[Json]:
        """Return an output of the active blocks of a definition in a workspace and on its tenants, that of the newest first.

        Of blocks in projects only those of `projects`; None for all. Blocks with more than a page of outputs are left out, and
        so are sensitive outputs, which have no value.
        """
        wanted: list[_Condition] = [
            _blocks.c.definition_id == definition_id,
            _blocks.c.workspace == workspace,
            IS_ACTIVE,
        ]
        if projects is not None:
            wanted.append(_blocks.c.project.is_(None) | _blocks.c.project.in_(sorted(projects)))
        small = func.length(_blocks.c.outputs) <= _MAX_OUTPUT_CHARACTERS
        newest = (_blocks.c.created_at.desc(), _blocks.c.id.desc())
        statement = select(_blocks.c.outputs).where(*wanted, small).order_by(*newest).limit(limit)
        found = [row.outputs.get(key) for row in self._tx.execute(statement)]
        return [one["value"] for one in found if one is not None and not one["isSensitive"]]

    def one_by_one(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """Yield each block as it is when its turn has come: what is done to one of them may change those after it."""
        for block in blocks:
            yield self.find(block.id) or block

    def active_in(self, workspace: str) -> Sequence[Block]:
        """Return the blocks of a workspace, not those of its tenants, that are neither deleted nor about to be, oldest first."""
        return self._where(_blocks.c.workspace == workspace, IS_ACTIVE, IN_WORKSPACE)

    def active_anywhere_in(self, workspace: str) -> Sequence[Block]:
        """Return what `active_in` returns, and those on tenants of the workspace."""
        return self._where(_blocks.c.workspace == workspace, IS_ACTIVE)

    def ancestors(self, block_ids: Collection[UUID]) -> frozenset[UUID]:
        """Return all parents of these blocks, their parents and so on."""
        seen: set[UUID] = set()
        level = set(block_ids)
        while level:
            rows = self._tx.execute(select(_parents.c.parent_id).where(_parents.c.child_id.in_(level))).scalars()
            level = {cast("UUID", parent) for parent in rows} - seen
            seen |= level
        return frozenset(seen)

    def count_live(
        self,
        *,
        definition_id: UUID | None = None,
        workspace: str | None = None,
        tenant_id: UUID | None = None,
    ) -> int:
        """Return how many blocks are not deleted."""
        wanted = {
            "definition_id": definition_id,
            "workspace": workspace,
            "tenant_id": tenant_id,
        }
        conditions = [_blocks.c[name] == value for name, value in wanted.items() if value is not None]
        return self._count([IS_LIVE, *conditions])

    def live_of_definitions(self, definition_ids: Collection[DefinitionId]) -> Mapping[DefinitionId, int]:
        """Return how many blocks of each of these definitions are not deleted, where there are some."""
        counts = self._count_by(_blocks.c.definition_id, definition_ids)
        return {DefinitionId(key): number for key, number in counts.items()}

    def oldest_of(self, definition_id: DefinitionId, limit: int) -> Sequence[tuple[UUID, str, str]]:
        """Return id, name and workspace of the oldest blocks of a definition that are not deleted."""
        columns = _blocks.c
        found = select(columns.id, columns.name, columns.workspace).where(
            columns.definition_id == definition_id, IS_LIVE
        )
        found = found.order_by(columns.created_at, columns.id).limit(limit)
        return [(row.id, row.name, row.workspace) for row in self._tx.execute(found)]

    def live_of_versions(self, version_ids: Collection[VersionId]) -> Mapping[VersionId, int]:
        """Return how many blocks of each of these versions are not deleted, where there are some."""
        return {VersionId(key): number for key, number in self._count_by(_blocks.c.version_id, version_ids).items()}

    def places(self, version_ids: Collection[VersionId]) -> Mapping[VersionId, Sequence[Place]]:
        """Return the oldest blocks of each of these versions that are not deleted."""
        columns = _blocks.c
        turn = func.row_number().over(partition_by=columns.version_id, order_by=(columns.created_at, columns.id))
        names = ("id", "name", "workspace", "project", "platform", "tenant_id", "version_id")
        numbered = (
            select(*(columns[name] for name in names), turn.label("turn"))
            .where(columns.version_id.in_(sorted(set(version_ids))), IS_LIVE)
            .subquery("found")
        )
        rows = self._tx.execute(select(numbered).where(numbered.c.turn <= _SHOWN_PLACES).order_by(numbered.c.turn))
        found: dict[VersionId, list[Place]] = {}
        for row in rows:
            place = Place(row.id, row.name, row.workspace, row.project, row.platform, row.tenant_id)
            found.setdefault(VersionId(row.version_id), []).append(place)
        return found

    def of_definition(self, definition_id: UUID, behind: UUID | None, limit: int) -> Sequence[Block]:
        """Return blocks of a definition that are not deleted, in the order of their ids, behind one of these."""
        later = true() if behind is None else _blocks.c.id > behind
        request = PageRequest(0, limit)
        return self._where(
            _blocks.c.definition_id == definition_id, later, IS_LIVE, request=request, order=(_blocks.c.id,)
        )

    def users_of(self, definition_id: UUID) -> Sequence[str]:
        """Return the workspaces with blocks of a definition that are not deleted."""
        found = select(_blocks.c.workspace).where(_blocks.c.definition_id == definition_id, IS_LIVE).distinct()
        return [str(name) for (name,) in self._tx.execute(found)]

    def used_by(self, workspace: str) -> Sequence[DefinitionId]:
        """Return the definitions of which a workspace has blocks that are not deleted."""
        found = select(_blocks.c.definition_id).where(_blocks.c.workspace == workspace, IS_LIVE).distinct()
        return [DefinitionId(cast("UUID", one)) for one in self._tx.execute(found).scalars()]

    def used_definitions(self, behind: tuple[str, UUID] | None, limit: int) -> Sequence[tuple[str, UUID]]:
        """Return the first workspaces and definitions of which they have blocks behind such a pair, in their order."""
        pair = (_blocks.c.workspace, _blocks.c.definition_id)
        found = select(*pair).where(IS_LIVE).distinct().order_by(*pair).limit(limit)
        if behind is not None:
            found = found.where(tuple_(*pair) > tuple_(*map(literal, behind)))
        return [cast("tuple[str, UUID]", tuple(row)) for row in self._tx.execute(found)]

    def projects_with(self, definition_id: UUID) -> Sequence[ProjectKey]:
        """Return the projects on whose tenants there are blocks of a definition that are not deleted."""
        columns = _blocks.c
        found = select(columns.workspace, columns.project).where(columns.definition_id == definition_id, *_IN_PROJECT)
        rows = [cast("tuple[str, str]", tuple(row)) for row in self._tx.execute(found.distinct())]
        return [ProjectKey(workspace, name) for workspace, name in rows]

    def used_in(self, project: ProjectKey) -> Sequence[DefinitionId]:
        """Return the definitions of which there are blocks on tenants of a project that are not deleted."""
        columns = _blocks.c
        within_it = (columns.workspace == project.workspace, columns.project == project.name, *_IN_PROJECT)
        found = select(columns.definition_id).where(*within_it).distinct()
        return [DefinitionId(cast("UUID", one)) for one in self._tx.execute(found).scalars()]

    def used_in_projects(
        self, behind: tuple[str, str, UUID] | None, limit: int
    ) -> Sequence[tuple[ProjectKey, DefinitionId]]:
        """Return the first projects and definitions of which they have blocks behind such a pair, in their order."""
        pair = (_blocks.c.workspace, _blocks.c.project, _blocks.c.definition_id)
        found = select(*pair).where(*_IN_PROJECT).distinct().order_by(*pair).limit(limit)
        if behind is not None:
            found = found.where(tuple_(*pair) > tuple_(*map(literal, behind)))
        rows = [cast("tuple[str, str, UUID]", tuple(row)) for row in self._tx.execute(found)]
        return [(ProjectKey(workspace, name), DefinitionId(one)) for workspace, name, one in rows]

    def deleted_of(self, definition_id: UUID) -> Sequence[BlockId]:
        """Return the ids of the deleted blocks of a definition."""
        gone = (_blocks.c.definition_id == definition_id, _blocks.c.lifecycle == Lifecycle.DELETED.value)
        rows = self._tx.execute(select(_blocks.c.id).where(*gone)).scalars()
        return [BlockId(cast("UUID", row)) for row in rows]

    def due(self, limit: int) -> Sequence[Block]:
        """Return blocks whose rerun is due and which have no unfinished run."""
        still = _blocks.c.status.not_in([BlockStatus.PENDING.value, BlockStatus.IN_PROGRESS.value])
        return self._where(IS_DUE, still, request=PageRequest(0, limit))

    def held_by(self, cascade_id: UUID, limit: int | None = None) -> Sequence[Block]:
        """Return the blocks that a stopped cascade holds, oldest first."""
        request = None if limit is None else PageRequest(0, limit)
        return self._where(IS_HELD, _blocks.c.held_by == cascade_id, request=request)

    def wanted_by(self, stop: Stop, limit: int) -> Sequence[Block]:
        """Return the next blocks that a cascade is about to run again: parked ones, or pending ones and those with a run due."""
        soon = _blocks.c.status == BlockStatus.WAITING_FOR_DEPENDENT_INPUT.value
        wanted = soon if stop.parked else and_(~soon, or_(_blocks.c.status == BlockStatus.PENDING.value, IS_DUE))
        of_it = (IS_ACTIVE, IS_CASCADE, _blocks.c.cascade == stop.cascade, _blocks.c.applied_at.is_not(None))
        later = true() if stop.behind is None else _blocks.c.id > stop.behind
        return self._where(*of_it, wanted, later, order=(_blocks.c.id,), request=PageRequest(0, limit))

    def remove(self, block_ids: Sequence[UUID]) -> None:
        """Remove blocks for good."""
        _known.of(self._tx).clear()
        for start in range(0, len(block_ids), _CHUNK):
            self._tx.execute(delete(_blocks).where(_blocks.c.id.in_(block_ids[start : start + _CHUNK])))

    def _count(self, conditions: Sequence[_Condition]) -> int:
        counted = self._tx.execute(select(func.count()).select_from(_blocks).where(*conditions)).scalar_one()
        return int(str(counted))

    def _count_by(self, column: Column[UUID], keys: Collection[UUID]) -> Mapping[UUID, int]:
        counted = select(column, func.count()).where(column.in_(sorted(set(keys))), IS_LIVE).group_by(column)
        return dict(cast("Sequence[tuple[UUID, int]]", self._tx.execute(counted).all()))

    def _add_parents(self, block: Block) -> None:
        rows: list[dict[str, object]] = [
            {
                "child_id": block.id,
                "parent_id": parent.block_id,
                "definition_id": parent.definition_id,
                "position": position,
            }
            for position, parent in enumerate(block.parents)
        ]
        if rows:
            self._tx.execute(insert(_parents), rows)

    def _where(
        self,
        *conditions: _Condition,
        request: PageRequest | None = None,
        order: Sequence[ColumnElement[object]] = (_blocks.c.created_at, _blocks.c.id),
    ) -> Sequence[Block]:
        rows = self._tx.execute(_selection(select(_blocks), conditions, order, request)).mappings().all()
        parents = self._parents_of([cast("UUID", row["id"]) for row in rows])
        blocks = [block_of(row, parents.get(cast("UUID", row["id"]), ())) for row in rows]
        _known.of(self._tx).update((block.id, block) for block in blocks)
        return blocks

    def _parents_of_one(self, block_id: UUID) -> tuple[Parent, ...]:
        rows = self._tx.execute(_PARENTS, {"of_child": block_id}).mappings()
        return tuple(Parent(BlockId(row["parent_id"]), DefinitionId(row["definition_id"])) for row in rows)

    def _parents_of(self, block_ids: Sequence[UUID]) -> Mapping[UUID, tuple[Parent, ...]]:
        parents: dict[UUID, tuple[Parent, ...]] = {}
        for start in range(0, len(block_ids), _CHUNK):
            chunk = _parents.c.child_id.in_(block_ids[start : start + _CHUNK])
            statement = select(_parents).where(chunk).order_by(_parents.c.child_id, _parents.c.position)
            for row in self._tx.execute(statement).mappings():
                parent = Parent(BlockId(row["parent_id"]), DefinitionId(row["definition_id"]))
                parents[row["child_id"]] = (*parents.get(row["child_id"], ()), parent)
        return parents


def _wanted(query: BlockQuery) -> TextClause:
    return IS_DELETED if query.deleted else IS_LIVE


def _condition(query: BlockQuery, *, lifecycle: TextClause = IS_ACTIVE) -> list[_Condition]:
    if query.nothing:
        return [false()]
    wanted: dict[str, object] = {
        "workspace": query.workspace,
        "provider": query.provider,
        "display_name": query.display_name,
        "name": query.shown_name,
        "sort_name": None if query.shown_name is None else sort_name(query.shown_name),  # this one has an index
        "definition_id": query.definition_id,
        "version_id": query.version_id,
        "version_number": query.version_number,
        "status": query.status,
        "project": query.project,
        "platform": query.platform,
        "tenant_id": query.tenant_id,
    }
    conditions: list[_Condition] = [_blocks.c[name] == value for name, value in wanted.items() if value is not None]
    reach: list[ColumnElement[bool]] = []
    if query.workspaces is not None:
        reach.append(within(_blocks.c.workspace, _blocks.c.project, query.workspaces, query.only_projects))
    if query.providers is not None:
        reach.append(_blocks.c.provider.in_(query.providers))
    if query.on_tenant is not None or query.project or query.platform or query.tenant_id:
        conditions.append(
            IN_WORKSPACE if query.on_tenant is False else ON_TENANT
        )  # the indexes are of the one or the other
    if query.search:
        conditions.append(_blocks.c.sort_name.contains(sort_name(query.search), autoescape=True))
    return [lifecycle, _any_of(reach, lifecycle), *conditions]


def _order(sort: BlockSort, request: PageRequest, *, descending: bool = False) -> Sequence[ColumnElement[object]]:
    keys = [_SORTS[sort]] if sort in _SORTS else []
    return ordered((*keys, _blocks.c.created_at, _blocks.c.id), request, newest_first=descending)


def _selection(
    columns: Select[*Columns],
    conditions: Sequence[_Condition],
    order: Sequence[ColumnElement[object]],
    request: PageRequest | None,
) -> Select[*Columns]:
    statement = columns.where(*_paged(conditions, order, request)).order_by(*order)
    return statement.limit(request.limit) if request is not None and request.offset == 0 else statement


def _paged(
    conditions: Sequence[_Condition], order: Sequence[ColumnElement[object]], request: PageRequest | None
) -> Sequence[_Condition]:
    """Return conditions for one page; those of a later one skip the earlier ones in an index, without reading their rows."""
    if request is None or request.offset == 0:
        return conditions
    page = select(_blocks.c.id).where(*conditions).order_by(*order).limit(request.limit).offset(request.offset)
    return [_blocks.c.id.in_(page)]


def _any_of(reach: Sequence[ColumnElement[bool]], lifecycle: TextClause) -> ColumnElement[bool]:
    """Return that one of the conditions holds, or true if there is none; each is looked up in its own index."""
    if len(reach) <= 1:
        return reach[0] if reach else true()
    return _blocks.c.id.in_(union(*(select(_blocks.c.id).where(lifecycle, one) for one in reach)))
