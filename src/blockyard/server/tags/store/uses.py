"""The table that says which things have a value of which tag: an index over all kinds of things."""

from collections.abc import Collection, Sequence

from sqlalchemy import Column, String, Table, bindparam, delete, insert, select

from blockyard.server.kit.columns import Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.tags.model import TargetKind

_uses = Table(
    "tag_uses",
    metadata,
    Column("target_kind", Word(TargetKind, 32), primary_key=True),
    Column("tag", String(255), primary_key=True),
    Column("object_id", String(64), primary_key=True),
)
_of_tag = (_uses.c.target_kind == bindparam("of_kind"), _uses.c.tag == bindparam("of_tag"))
_INSERT = insert(_uses)
_DELETE = delete(_uses).where(*_of_tag, _uses.c.object_id == bindparam("of_object"))
_DELETE_ALL = delete(_uses).where(*_of_tag)
_FIND = select(_uses.c.object_id).where(*_of_tag).order_by(_uses.c.object_id)


class TagUseStore:
    """Reads and writes which things have a value of which tag."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, kind: TargetKind, object_id: str, tags: Collection[str]) -> None:
        """Note that a thing has values of these tags from now on."""
        if tags:
            self._tx.execute(
                _INSERT, [{"target_kind": kind, "tag": tag, "object_id": object_id} for tag in sorted(tags)]
            )

    def remove(self, kind: TargetKind, object_id: str, tags: Collection[str]) -> None:
        """Note that a thing has no value of these tags any more."""
        if tags:
            self._tx.execute(
                _DELETE, [{"of_kind": kind, "of_tag": tag, "of_object": object_id} for tag in sorted(tags)]
            )

    def of(self, kind: TargetKind, tag: str) -> Sequence[str]:
        """Return the ids of the things that have a value of a tag."""
        rows = self._tx.execute(_FIND, {"of_kind": kind, "of_tag": tag})
        return [str(object_id) for (object_id,) in rows]

    def remove_all(self, kind: TargetKind, tag: str) -> None:
        """Note that nothing has a value of this tag any more."""
        self._tx.execute(_DELETE_ALL, {"of_kind": kind, "of_tag": tag})
