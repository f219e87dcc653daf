"""Members of models: copied, changed, and in the spelling of the wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from uuid import UUID

import pytest

from blockyard.server.kit.members import changed, members, wire_members


class Colour(StrEnum):
    """A word."""

    RED = "Red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What an author writes."""

    display_name: str
    tags: Mapping[str, Sequence[str]]
    ends_on: date | None
    colour: Colour
    is_last: bool
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing(Spec):
    """What is stored."""

    id: UUID
    created_at: datetime
    revision: int = 0


SPEC = Spec(display_name="A", tags={"k": ("v",)}, ends_on=None, colour=Colour.RED, is_last=True, amount=3)
THING = Thing(id=UUID(int=1), created_at=datetime(2026, 1, 1, 12, 0, 0, 5, tzinfo=UTC), **members(SPEC))


def test_a_whole_is_made_of_its_part_and_changed_by_another() -> None:
    other = Spec(display_name="B", tags={}, ends_on=date(2026, 2, 3), colour=Colour.RED, is_last=False, amount=0)

    after = changed(THING, other)

    assert THING.tags is SPEC.tags
    assert (after.id, after.created_at) == (THING.id, THING.created_at)
    assert members(after).items() >= members(other).items()
    assert changed(THING, SPEC) == THING


def test_only_the_members_of_the_part_are_shown_as_the_wire_spells_them() -> None:
    assert wire_members(THING, Spec) == {
        "displayName": "A",
        "tags": {"k": ["v"]},
        "endsOn": None,
        "colour": "Red",
        "isLast": True,
        "amount": 3,
    }


def test_ids_days_and_instants_are_text() -> None:
    shown = wire_members(changed(THING, SPEC), Thing)

    assert (shown["id"], shown["createdAt"]) == ("00000000-0000-0000-0000-000000000001", "2026-01-01T12:00:00Z")


def test_what_has_no_form_on_the_wire_is_refused() -> None:
    @dataclass
    class Odd:
        what: object

    with pytest.raises(TypeError, match="set has no JSON form"):
        wire_members(Odd({1}), Odd)
