"""What stores remember in a transaction, and rows written whether they are there or not."""

from sqlalchemy import Column, Integer, MetaData, Table, Text, select

from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.errors import Stale
from blockyard.server.kit.memory import Memory
from blockyard.server.kit.upsert import upsert

_notes = Table("test_notes", MetaData(), Column("id", Integer, primary_key=True), Column("text", Text, nullable=False))
_first: Memory[int, str] = Memory()
_second: Memory[int, str] = Memory()


def test_memories_of_a_transaction_are_apart_and_end_with_it(database: Database) -> None:
    def remember(tx: Transaction) -> tuple[dict[int, str], dict[int, str]]:
        _first.of(tx)[1] = "one"
        return _first.of(tx), _second.of(tx)

    assert database.write_now(remember) == ({1: "one"}, {})
    assert database.read_now(_first.of) == {}


def test_a_replay_begins_with_no_memory(database: Database) -> None:
    seen: list[dict[int, str]] = []

    def stale_once(tx: Transaction) -> None:
        seen.append(dict(_first.of(tx)))
        _first.of(tx)[1] = "of an attempt that failed"
        if len(seen) == 1:
            raise Stale("once")

    database.write_now(stale_once)

    assert seen == [{}, {}]


def test_an_upsert_writes_a_row_that_is_there_and_one_that_is_not(database: Database) -> None:
    _notes.metadata.create_all(database.engine)
    database.write_now(lambda tx: upsert(tx, _notes, {"id": 1}, {"text": "first"}))
    database.write_now(lambda tx: upsert(tx, _notes, {"id": 1}, {"text": "second"}))
    database.write_now(lambda tx: upsert(tx, _notes, {"id": 2}, {"text": "other"}))

    rows = database.read_now(lambda tx: tx.execute(select(_notes).order_by(_notes.c.id)).all())
    assert [(row.id, row.text) for row in rows] == [(1, "second"), (2, "other")]
