"""Models as rows of one table: what the stores of plain kinds share.

The columns of the table have the keys of the model's members, and the types of `kit.columns` do all conversion; where rows
look otherwise, two functions say how. Every model has `created_at` and `revision`; one that stays after its deletion has
`deleted_at`. What addresses a model from outside is its key, or members that an id stands behind: such an address is free
again once what had it is deleted.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar, cast

from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    Index,
    Integer,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from blockyard.protocol.jsontypes import Json
from blockyard.server.kit.columns import Instant
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Stale
from blockyard.server.kit.members import Model, members
from blockyard.server.kit.memory import Memory
from blockyard.server.kit.order import before, ordered
from blockyard.server.kit.paging import Page, PageRequest


class Revised(Model, Protocol):
    """A model that counts its changes."""

    @property
    def revision(self) -> int:
        """How often it was written after the first time."""


_PORTION = 500
"""How many rows are read and written together."""

M = TypeVar("M", bound=Revised)
K = TypeVar("K")


def life() -> tuple[Column[object], ...]:
    """Return the columns that tell the life of an object that stays after its deletion."""
    return (
        Column("created_at", Instant, nullable=False),
        Column("deleted_at", Instant),
        Column("revision", Integer, nullable=False),
    )


def index_list(table: Table, *filters: str, key: str = "id", seen: Sequence[str] = ()) -> None:
    """Give the list of what is not deleted, and each of its filters, an index in the order of the list.

    It has all that the conditions of a list ask for, so that rows are counted without being read: also the columns `seen`,
    which every request of the list asks for, or which say who may know of a row.
    """
    living = table.c.deleted_at.is_(None)
    for name in ("", *filters):
        names = dict.fromkeys((*([name] if name else ()), "created_at", key, *seen, "deleted_at"))
        indexed = f"ix_{table.name}_live_{name}".removesuffix("_")
        Index(indexed, *(table.c[one] for one in names), sqlite_where=living, postgresql_where=living)


@dataclass(frozen=True, slots=True)
class Found:
    """What one store has a query for, and another one needs for a condition: use cases hand it on unseen."""

    _query: CompoundSelect[tuple[object]]

    def has(self, column: ColumnElement[object]) -> ColumnElement[bool]:
        """Return the condition that a column has one of the keys."""
        return column.in_(self._query)


class Rows(Generic[M, K]):
    """A table, its model and its statements, built once; one at the top of each store module.

    Attributes:
        key: the column, and the member, whose value is the key of a model.
        owner: the column that says which workspace a model belongs to; None if it belongs to none.
        address: the members that address a living model, if that is not its key; the table gets the index that no two share one.
        apart: members that `Store.save` does not write, because statements of their own do, which never clash.
        order: the members by which lists are sorted, before the key.
        write, read: make the values of a row of a model, and a model of these.
        memory: what `Store.get` found in each transaction, if `remembered`: for what a request looks up several times.
    """

    def __init__(
        self,
        table: Table,
        model: type[M],
        key: str,
        *,
        owner: str | None = "workspace",
        address: Sequence[str] = (),
        apart: Collection[str] = (),
        order: Sequence[str] = ("created_at",),
        write: Callable[[M], Mapping[str, object]] = members,
        read: Callable[[dict[str, Any]], M] | None = None,  # Any: what the columns' types make of the row
        remembered: bool = False,
    ) -> None:
        self.table, self.model, self.key = table, model, table.c[key]
        self.owner = None if owner is None else table.c[owner]
        self.address = [table.c[name] for name in address or (key,)]
        self.apart = frozenset(apart)
        self.order = [*(table.c[name] for name in order), self.key]
        self.write, self._read = write, read
        self.memory: Memory[K, M | None] | None = Memory() if remembered else None
        self.members = tuple(column.key for column in table.c)
        self.living: Sequence[ColumnElement[bool]] = [table.c.deleted_at.is_(None)] if "deleted_at" in table.c else []
        of_key, as_read = self.key == bindparam("of_key"), table.c.revision == bindparam("as_read")
        self.find = select(table).where(of_key)
        self.at = select(table).where(*(column == bindparam(f"of_{column.key}") for column in self.address))
        self.kept = self.at.where(*self.living).with_for_update(read=True)
        self.held = self.at.where(*self.living).with_for_update()
        if address:
            self.at = self.at.order_by(table.c.deleted_at.is_not(None), table.c.deleted_at.desc()).limit(1)
            name, live = f"uq_{table.name}_live_{address[-1]}", table.c.deleted_at.is_(None)
            Index(name, *self.address, unique=True, sqlite_where=live, postgresql_where=live)
        self.insert = insert(table)
        self.update = update(table).where(of_key, as_read)
        self.delete = delete(table).where(of_key, as_read)

    def owned_by(self, workspaces: Collection[str]) -> ColumnElement[bool]:
        """Return the condition that a model belongs to one of these workspaces."""
        if self.owner is None:
            raise TypeError(f"{self.table.name} belong to no workspace")
        return self.owner.in_(sorted(workspaces))

    def read(self, row: Row[tuple[object, ...]]) -> M:
        """Return the model of a row with all columns of the table."""
        values = dict(zip(self.members, row, strict=True))
        return self.model(**values) if self._read is None else self._read(values)


def either(often: ColumnElement[bool], other: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return that one of the conditions holds, for a list where the first one often does.

    Such a list is looked through in its order. With a plain OR, SQLite finds the rows of each condition in an index of its own
    and sorts them all, for a page of twenty.
    """
    return case((often, true()), else_=other)


def in_reach(
    workspace: ColumnElement[Any],  # Any: a column of whatever text
    project: ColumnElement[Any],
    owners: Collection[str],
    only: Mapping[str, Collection[str]],
) -> ColumnElement[bool]:
    """Return that a row belongs to one of the workspaces `owners`; of those that `only` names, to one of these projects."""
    whole = workspace.in_(sorted(set(owners) - only.keys()))
    parts = (and_(workspace == name, project.in_(sorted(only[name]))) for name in sorted(only.keys() & set(owners)))
    return or_(whole, *parts)


def within(
    workspace: ColumnElement[Any],  # Any: a column of whatever text
    project: ColumnElement[Any],
    owners: Collection[str],
    only: Mapping[str, Collection[str]],
) -> ColumnElement[bool]:
    """Return what `in_reach` does of rows that may be in no project: those count as the workspace does."""
    of_owners = workspace.in_(sorted(owners))
    if not only.keys() & set(owners):
        return of_owners
    return and_(of_owners, or_(project.is_(None), in_reach(workspace, project, owners, only)))


class Store(Generic[M, K]):
    """Reads and writes the models of one table in one transaction."""

    def __init__(self, tx: Transaction, rows: Rows[M, K]) -> None:
        self._tx = tx
        self._rows = rows

    def get(self, key: K) -> M | None:
        """Return the model with this key, deleted ones too; None if there never was one."""
        if self._rows.memory is None:
            return self._one(self._rows.find, {"of_key": key})
        known = self._rows.memory.of(self._tx)
        if key not in known:
            known[key] = self._one(self._rows.find, {"of_key": key})
        return known[key]

    def many(self, keys: Collection[K]) -> Mapping[K, M]:
        """Return those of the models that exist, deleted ones too, by their keys."""
        found = select(self._rows.table).where(self._rows.key.in_(set(keys)))
        models = {self._key_of(model): model for model in map(self._rows.read, self._tx.execute(found))}
        if self._rows.memory is not None:
            self._rows.memory.of(self._tx).update(models)
        return models

    def at(self, *address: object) -> M | None:
        """Return the model at this address; the last deleted one if none lives there."""
        return self._one(self._rows.at, self._of_address(address))

    def living(self, *address: object) -> M | None:
        """Return the model at this address unless it is deleted."""
        found = self.at(*address)
        return None if found is None or getattr(found, "deleted_at", None) is not None else found

    def kept(self, *address: object) -> M | None:
        """Return what `living` does; it cannot be deleted until this transaction ends (PostgreSQL: a share lock)."""
        return self._one(self._rows.kept, self._of_address(address))

    def held(self, *address: object) -> M | None:
        """Return what `living` does, for a change: whoever keeps or holds it, too, waits (PostgreSQL: an exclusive lock).

        To keep it first and to save it then makes two who do that at once wait for each other.
        """
        return self._one(self._rows.held, self._of_address(address))

    def add(self, model: M) -> M:
        """Write a new model."""
        self._tx.execute(self._rows.insert, self._rows.write(model))
        self._forget(model)
        return model

    def save(self, model: M) -> M:
        """Write a changed model. Raises Stale when another transaction wrote it since it was read."""
        saved = replace(model, revision=model.revision + 1)
        values = {name: value for name, value in self._rows.write(saved).items() if name not in self._rows.apart}
        if self._tx.execute(self._rows.update, values | self._as_read(model)).rowcount == 0:
            raise self._stale(model)
        self._forget(model)
        return saved

    def remove(self, model: M) -> None:
        """Delete the row. Raises Stale."""
        if self._tx.execute(self._rows.delete, self._as_read(model)).rowcount == 0:
            raise self._stale(model)
        self._forget(model)

    def remove_tag(self, tag: str, keys: Sequence[K]) -> int:
        """Take the values of a tag from those of these models that are not deleted; return from how many."""
        rows, taken = self._rows, 0
        tags, revision = rows.table.c.tags, rows.table.c.revision
        held = select(rows.key, tags, revision).where(*rows.living).order_by(rows.key).with_for_update()
        change = update(rows.table).where(rows.key == bindparam("of_key"))
        for first in range(0, len(keys), _PORTION):
            found = self._tx.execute(held.where(rows.key.in_(keys[first : first + _PORTION]))).all()
            values = [_untagged(row, tag) for row in found]
            if values:
                self._tx.execute(change, values)
            taken += len(values)
        if rows.memory is not None:
            rows.memory.of(self._tx).clear()
        return taken

    def page(
        self, request: PageRequest, *, owners: Collection[str] | None, wanted: Mapping[str, object | None] | None = None
    ) -> Page[M]:
        """Return one page of those that are not deleted, oldest first unless asked otherwise.

        Only those of the workspaces `owners`, unless that is None, and with the values `wanted` of members (None: any).
        """
        conditions = self.with_members(wanted or {})
        if owners is not None:
            conditions.append(self._rows.owned_by(owners))
        return self.page_of(request, *conditions)

    def page_of(self, request: PageRequest, *conditions: ColumnElement[bool]) -> Page[M]:
        """Return one page of those that match and are not deleted, oldest first unless asked otherwise."""
        matching = (*conditions, *before(self._rows.table.c.created_at, request))
        return Page.of(self.where(*matching, request=request), lambda: self.count(*matching), request)

    def where(self, *conditions: ColumnElement[bool], request: PageRequest | None = None) -> Sequence[M]:
        """Return those that match and are not deleted, oldest first."""
        rows = self._rows
        found = select(rows.table).where(*rows.living, *conditions).order_by(*ordered(rows.order, request))
        if request is not None:
            found = found.limit(request.limit).offset(request.offset)
        return [rows.read(row) for row in self._tx.execute(found)]

    def with_members(self, wanted: Mapping[str, object | None]) -> list[ColumnElement[bool]]:
        """Return the conditions that members have the values `wanted` (None: any)."""
        return [self._rows.table.c[name] == value for name, value in wanted.items() if value is not None]

    def with_text(self, text: str | None, *names: str) -> list[ColumnElement[bool]]:
        """Return the condition that one of these members has a text in it, upper and lower case alike; none without a text."""
        return [or_(*(self._rows.table.c[name].icontains(text, autoescape=True) for name in names))] if text else []

    def count(self, *conditions: ColumnElement[bool]) -> int:
        """Return how many match and are not deleted."""
        found = select(func.count()).select_from(self._rows.table).where(*self._rows.living, *conditions)
        return int(str(self._tx.execute(found).scalar_one()))

    def all_of(self, workspace: str) -> Sequence[M]:
        """Return those of a workspace that are not deleted, oldest first."""
        return self.where(self._rows.owned_by([workspace]))

    def count_of(self, workspace: str) -> int:
        """Return how many of a workspace are not deleted."""
        return self.count(self._rows.owned_by([workspace]))

    def _one(self, query: Select[tuple[object, ...]], values: Mapping[str, object] | None = None) -> M | None:
        row = self._tx.execute(query, values).one_or_none()
        return None if row is None else self._rows.read(row)

    def _of_address(self, address: Sequence[object]) -> dict[str, object]:
        return {f"of_{column.key}": value for column, value in zip(self._rows.address, address, strict=True)}

    def _forget(self, model: M) -> None:
        """Forget what was read of a model that is written."""
        if self._rows.memory is not None:
            self._rows.memory.of(self._tx).pop(self._key_of(model), None)

    def _as_read(self, model: M) -> dict[str, object]:
        return {"of_key": self._key_of(model), "as_read": model.revision}

    def _stale(self, model: M) -> Stale:
        return Stale(f"{self._rows.table.name} {self._key_of(model)}")

    def _key_of(self, model: M) -> K:
        key: K = getattr(model, self._rows.key.key)
        return key


def _untagged(row: Row[tuple[object, ...]], tag: str) -> Mapping[str, object]:
    """Return what the row of a model becomes without a tag; it has key, tags and revision."""
    key, tags, revision = tuple(row)  # the columns' types made a mapping and a number of the last two
    kept = {name: values for name, values in cast("Mapping[str, Json]", tags).items() if name != tag}
    return {"of_key": key, "tags": kept, "revision": cast("int", revision) + 1}
