"""The tables of groups and who is in them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    Table,
    Uuid,
    bindparam,
    delete,
    insert,
    select,
)

from blockyard.server.identity.model.groups import Group, GroupId
from blockyard.server.identity.model.users import UserId, folded
from blockyard.server.kit.columns import Instant
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.members import members
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import Rows, Store, either

_groups = Table(
    "groups",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("id", Uuid),  # SQLite cannot add a column that is never null without making the table anew
    Column("display_name", String(255), nullable=False),
    Column("display_name_key", String(255)),
    Column("workspace", String(64)),
    Column("external_id", String(255)),
    Column("created_at", Instant),
    Column("revision", Integer, nullable=False, server_default="0"),
    Index("uq_groups_id", "id", unique=True),
    Index("ix_groups_created_at", "created_at", "name", "workspace"),
    Index("ix_groups_workspace", "workspace", "created_at", "name"),
    Index("ix_groups_display_name_key", "display_name_key", "created_at", "name"),
    Index("ix_groups_external_id", "external_id", "created_at", "name"),
)
_members = Table(
    "group_members",
    metadata,
    Column("group_name", String(255), ForeignKey("groups.name", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("username", String(255), nullable=False),
    Index("ix_group_members_username", "username"),
    Index("ix_group_members_user_id", "user_id"),
)


def _values(group: Group) -> dict[str, object]:
    return {**members(group), "display_name_key": folded(group.display_name)}


def _group(row: dict[str, Any]) -> Group:  # Any: what the columns' types make of the row
    del row["display_name_key"]
    return Group(**row)


_rows: Rows[Group, str] = Rows(_groups, Group, "name", write=_values, read=_group)

Members: TypeAlias = Mapping[UserId, str]
"""The people in a group: usernames by id."""


def groups_of(parameter: str) -> Select[tuple[str]]:
    """Return what selects the names of the groups of the person whose username is the value of a parameter."""
    return select(_members.c.group_name).where(_members.c.username == bindparam(parameter))


_OF_USER = groups_of("of_user").order_by(_members.c.group_name)


class GroupStore(Store[Group, str]):
    """Reads and writes groups."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def by_id(self, group_id: GroupId) -> Group | None:
        """Return a group by its id."""
        return self._one(select(_groups).where(_groups.c.id == group_id))

    def visible(
        self, request: PageRequest, *, owners: Collection[str] | None, wanted: Mapping[str, object | None]
    ) -> Page[Group]:
        """Return one page of the groups of the workspaces `owners` and of the installation; of all if that is None."""
        conditions = self.with_members(wanted)
        if owners is not None:
            conditions.append(either(_groups.c.workspace.is_(None), _groups.c.workspace.in_(sorted(owners))))
        return self.page_of(request, *conditions)

    def of_installation(self, request: PageRequest, wanted: Mapping[str, object | None]) -> Page[Group]:
        """Return one page of the groups that belong to no workspace."""
        return self.page_of(request, _groups.c.workspace.is_(None), *self.with_members(wanted))

    def of_user(self, username: str) -> Sequence[str]:
        """Return the names of the groups a person is in, sorted."""
        return [str(name) for (name,) in self._tx.execute(_OF_USER, {"of_user": username})]

    def usernames(self, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return the usernames in each of the groups `names`."""
        found: dict[str, list[str]] = {name: [] for name in names}
        rows = self._tx.execute(
            select(_members.c.group_name, _members.c.username)
            .where(_members.c.group_name.in_(names))
            .order_by(_members.c.username)
        )
        for row in rows.mappings():
            found[row["group_name"]].append(row["username"])
        return found

    def members(self, name: str) -> Members:
        """Return the people in a group, by username."""
        rows = self._tx.execute(
            select(_members.c.user_id, _members.c.username)
            .where(_members.c.group_name == name)
            .order_by(_members.c.username)
        )
        return {row["user_id"]: row["username"] for row in rows.mappings()}

    def put_in(self, name: str, members: Members) -> None:
        """Add people to a group they are not in."""
        if members:
            rows = [{"group_name": name, "user_id": uid, "username": username} for uid, username in members.items()]
            self._tx.execute(insert(_members).values(rows))

    def take_out(self, name: str, members: Collection[UserId]) -> None:
        """Take people out of a group."""
        if members:
            in_group = (_members.c.group_name == name, _members.c.user_id.in_(sorted(members)))
            self._tx.execute(delete(_members).where(*in_group))
