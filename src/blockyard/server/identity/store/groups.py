"""The tables of groups and who is in them."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Column, ForeignKey, Index, String, Table, Uuid, delete, insert, select, update

from blockyard.server.identity.model import Group, UserId
from blockyard.server.kit.database import Transaction, metadata

_groups = Table(
    "groups",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("display_name", String(255), nullable=False),
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


class GroupStore:
    """Reads and writes groups."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def exists(self, name: str) -> bool:
        """Whether there is a group of this name."""
        return self._tx.execute(select(_groups.c.name).where(_groups.c.name == name)).one_or_none() is not None

    def of_user(self, username: str) -> Sequence[str]:
        """Return the names of the groups a person is in."""
        rows = self._tx.execute(select(_members.c.group_name).where(_members.c.username == username))
        return sorted(str(name) for (name,) in rows)

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

    def put(self, group: Group, members: Mapping[UserId, str]) -> None:
        """Write a group with exactly these members."""
        if self.exists(group.name):
            self._tx.execute(
                update(_groups).where(_groups.c.name == group.name).values(display_name=group.display_name)
            )
            self._tx.execute(delete(_members).where(_members.c.group_name == group.name))
        else:
            self._tx.execute(insert(_groups).values(name=group.name, display_name=group.display_name))
        for user_id, username in members.items():
            self._tx.execute(insert(_members).values(group_name=group.name, user_id=user_id, username=username))
