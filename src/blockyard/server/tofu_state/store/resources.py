"""What states say exists, to be searched: all its SQL."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKeyConstraint,
    Index,
    Row,
    Select,
    String,
    Table,
    Uuid,
    and_,
    bindparam,
    delete,
    false,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from blockyard.server.kit.columns import Instant
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.order import before, ordered
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import within
from blockyard.server.tofu_state.model import (
    MAX_ADDRESS,
    MAX_WORD,
    IndexedResource,
    Resource,
    ResourceFilter,
    ResourceReach,
)

MAX_SEARCHED = 200
"""How many characters of a word a search looks at."""

MOST_FOUND = 1000
"""A search finds so many at most: it is meant to be narrowed down."""

MOST_COUNTED = 10_000
"""A list counts so many at most."""


def _by_bytes(length: int) -> String:
    """Return a text that PostgreSQL, too, sorts by its bytes, so that an index finds what begins with a word."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


_resources = Table(
    "state_resources",
    metadata,
    Column("block_id", Uuid, primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("address", String(MAX_ADDRESS), nullable=False),
    Column("type", String(MAX_WORD), nullable=False),
    Column("provider", String(MAX_WORD), nullable=False),
    Column("name", String(MAX_WORD), nullable=False),
    Column("resource_id", String(MAX_WORD)),
    Column("workspace", String(64), nullable=False),
    Column("project", String(64)),
    Column("owner", String(64), nullable=False),
    Column("definition_id", Uuid, nullable=False),
    Column("found_at", Instant, nullable=False),
    Index("ix_state_resources_found", "found_at", "block_id", "key"),
    Index("ix_state_resources_block", "block_id", "found_at", "key"),
    Index("ix_state_resources_type", "type", "found_at", "block_id", "key"),
    Index("ix_state_resources_provider", "provider", "found_at", "block_id", "key"),
    Index("ix_state_resources_workspace", "workspace", "found_at", "block_id", "key"),
    Index("ix_state_resources_owner", "owner", "found_at", "block_id", "key"),
)
"""`owner` is the workspace of the definition."""

_words = Table(
    "state_resource_words",
    metadata,
    Column("word", _by_bytes(MAX_SEARCHED), primary_key=True),
    Column("block_id", Uuid, primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("workspace", String(64), nullable=False),
    Column("owner", String(64), nullable=False),
    ForeignKeyConstraint(["block_id", "key"], ["state_resources.block_id", "state_resources.key"], ondelete="CASCADE"),
    Index("ix_state_resource_words_workspace", "workspace", "word", "block_id", "key"),
    Index("ix_state_resource_words_owner", "owner", "word", "block_id", "key"),
    Index("ix_state_resource_words_resource", "block_id", "key"),
)
"""What a resource is found by: address, type, name and id, without regard to case."""

_CHUNK = 500

_OF_BLOCK = select(_resources).where(_resources.c.block_id == bindparam("of_block"))


@dataclass(frozen=True, slots=True)
class Place:
    """Where the resources of a state belong."""

    block_id: UUID
    workspace: str
    project: str | None
    owner: str
    definition_id: UUID


class ResourceStore:
    """Reads and writes what states say exists."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def of_block(self, block_id: UUID) -> Mapping[str, IndexedResource]:
        """Return everything of one state, by its key."""
        return {row.key: _resource(row) for row in self._tx.execute(_OF_BLOCK, {"of_block": block_id})}

    def add(self, place: Place, found: Sequence[tuple[Resource, object]]) -> None:
        """Write resources, each with the instant at which it was found first."""
        where: dict[str, object] = {
            "block_id": place.block_id,
            "workspace": place.workspace,
            "owner": place.owner,
        }
        rows = [
            {
                **where,
                "project": place.project,
                "definition_id": place.definition_id,
                "key": one.key,
                "address": one.address,
                "type": one.type,
                "provider": one.provider,
                "name": one.name,
                "resource_id": one.id,
                "found_at": at,
            }
            for one, at in found
        ]
        words = [{**where, "key": one.key, "word": word} for one, _ in found for word in words_of(one)]
        if rows:
            self._tx.execute(insert(_resources), rows)
            self._tx.execute(insert(_words), words)

    def remove(self, block_id: UUID, keys: Sequence[str]) -> None:
        """Remove some of one state."""
        for start in range(0, len(keys), _CHUNK):
            chosen = keys[start : start + _CHUNK]
            for table in (_words, _resources):
                self._tx.execute(delete(table).where(table.c.block_id == block_id, table.c.key.in_(chosen)))

    def remove_of(self, block_id: UUID) -> None:
        """Remove everything of one state."""
        for table in (_words, _resources):
            self._tx.execute(delete(table).where(table.c.block_id == block_id))

    def move(self, block_ids: Collection[UUID], project: str) -> None:
        """Write that blocks are in another project."""
        self._tx.execute(update(_resources).where(_resources.c.block_id.in_(block_ids)).values(project=project))

    def page(self, chosen: ResourceFilter, reach: ResourceReach, request: PageRequest) -> Page[IndexedResource]:
        """Return one page of what exists, the newest first; counts and searches have their limits."""
        conditions = [*_chosen(chosen), *before(_resources.c.found_at, request)]
        order = ordered((_resources.c.found_at, _resources.c.block_id, _resources.c.key), request, newest_first=True)
        keys = select(_resources.c.block_id, _resources.c.key)
        if chosen.search:
            first = _searched(chosen.search, reach, [*conditions, *_seen(reach)]).subquery("found")
            same = and_(_resources.c.block_id == first.c.block_id, _resources.c.key == first.c.key)
            # sorted here: in the database the index of the order would be looked through, instead of what was found
            rows = _sorted(self._tx.execute(select(_resources).join(first, same)).all(), request)
            shown = rows[request.offset : request.offset + request.limit]
            return Page([_resource(row) for row in shown], len(rows), request)
        wanted = [*conditions, *_owned(reach), *_seen(reach)]
        counted = select(func.count()).select_from(keys.where(*wanted).limit(MOST_COUNTED).subquery("found"))
        total = int(str(self._tx.execute(counted).scalar_one()))
        page = keys.where(*wanted).order_by(*order).limit(request.limit).offset(request.offset)
        pair = tuple_(_resources.c.block_id, _resources.c.key)
        rows = _sorted(self._tx.execute(select(_resources).where(pair.in_(page))).all(), request)
        return Page([_resource(row) for row in rows], total, request)


def words_of(resource: Resource) -> Sequence[str]:
    """Return what a resource is found by."""
    written = (resource.address, resource.type, resource.name, resource.id or "")
    return sorted({word for text in written if (word := text.casefold()[:MAX_SEARCHED])})


def _searched(search: str, reach: ResourceReach, conditions: Sequence[ColumnElement[bool]]) -> Select[tuple[UUID, str]]:
    """Return the statement for the keys of what a word begins with `search`."""
    begin = search.casefold()[:MAX_SEARCHED]
    of_word = [_words.c.word >= begin, _words.c.word < begin + "\U0010ffff"]
    sides = []
    if not reach.everything:
        if reach.workspaces:
            sides.append(_words.c.workspace.in_(sorted(reach.workspaces)))
        if reach.owners:
            sides.append(_words.c.owner.in_(sorted(reach.owners)))
        of_word.append(or_(*sides) if sides else false())
    pair = (_words.c.block_id, _words.c.key)
    joined = select(*pair).where(*of_word)
    if conditions:
        same = and_(_resources.c.block_id == _words.c.block_id, _resources.c.key == _words.c.key)
        joined = joined.join(_resources, same).where(*conditions)
    return cast("Select[tuple[UUID, str]]", joined.distinct().limit(MOST_FOUND))


def _chosen(chosen: ResourceFilter) -> list[ColumnElement[bool]]:
    pairs = (
        (_resources.c.block_id, chosen.block_id),
        (_resources.c.workspace, chosen.workspace),
        (_resources.c.type, chosen.type),
        (_resources.c.provider, chosen.provider),
    )
    return [column == value for column, value in pairs if value is not None]


def _owned(reach: ResourceReach) -> list[ColumnElement[bool]]:
    if reach.everything:
        return []
    sides = []
    if reach.workspaces:
        sides.append(_resources.c.workspace.in_(sorted(reach.workspaces)))
    if reach.owners:
        sides.append(_resources.c.owner.in_(sorted(reach.owners)))
    return [or_(*sides)] if sides else [false()]


def _seen(reach: ResourceReach) -> list[ColumnElement[bool]]:
    """Return that a resource is of a definition one provides, or in a workspace and project of which one may read states."""
    if reach.everything or not reach.workspaces:
        return []
    inside = and_(
        within(_resources.c.workspace, _resources.c.project, reach.workspaces, reach.only_projects),
        _resources.c.definition_id.in_(sorted(reach.definitions)) if reach.definitions else false(),
    )
    return [or_(inside, _resources.c.owner.in_(sorted(reach.owners))) if reach.owners else inside]


def _sorted(rows: Sequence[Row[tuple[object, ...]]], request: PageRequest) -> Sequence[Row[tuple[object, ...]]]:
    """Return the rows in the order of the list."""
    newest_first = request.newest_first is not False
    return sorted(rows, key=lambda row: (row.found_at, row.block_id, row.key), reverse=newest_first)


def _resource(row: Row[tuple[object, ...]]) -> IndexedResource:
    return IndexedResource(
        block_id=row.block_id,
        workspace=row.workspace,
        project=row.project,
        found_at=row.found_at,
        resource=Resource(row.address, row.type, row.provider, row.name, row.resource_id),
    )
