"""Whether something is still used."""

import pytest

from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Conflict
from blockyard.server.kit.usage import Uses, counted, named


def test_everybody_is_asked_with_the_key_and_the_refusal_names_all(database: Database) -> None:
    uses: Uses[int] = Uses()
    uses.add(lambda _tx, key: counted(key, "runner"))
    uses.add(lambda _tx, key: [f"version {key}"] if key > 1 else [])

    database.read_now(lambda tx: uses.refuse_used(tx, 0, "thing 'a'"))
    with pytest.raises(Conflict) as refused:
        database.read_now(lambda tx: uses.refuse_used(tx, 2, "thing 'a'"))

    assert refused.value.message == "thing 'a' is still used by 2 runners, version 2"
    assert refused.value.code == "InUse"


def test_ten_uses_are_named_and_the_others_are_counted(database: Database) -> None:
    uses: Uses[str] = Uses("still has")
    uses.add(lambda _tx, key: [f"{key}{number}" for number in range(12)])

    with pytest.raises(Conflict, match=r"^it still has a0, a1, .*, a9 and 2 more$"):
        database.read_now(lambda tx: uses.refuse_used(tx, "a", "it"))


def test_uses_are_counted_in_words() -> None:
    assert [counted(number, "runner") for number in range(3)] == [[], ["1 runner"], ["2 runners"]]


def test_the_first_uses_are_named_and_the_others_of_the_kind_are_counted() -> None:
    assert named("project", [], 0) == []
    assert named("project", ["a", "b"], 2) == ["project 'a'", "project 'b'"]
    assert named("project", ["a", "b"], 5) == ["project 'a'", "project 'b'", "3 more projects"]
