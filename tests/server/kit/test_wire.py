"""Wire schemas take exactly what they say."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated, Any

import pytest
from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from blockyard.diagnosis.validation import in_words
from blockyard.server.kit.clock import utc_now, wire_time
from blockyard.server.kit.ids import new_id, new_secret
from blockyard.server.kit.wire import (
    DisplayName,
    Int64,
    Name,
    ShortText,
    Tags,
    WireDate,
    WireInstant,
    WireJson,
    WireModel,
    WireUuid,
)


class Thing(WireModel):
    """One of each."""

    display_name: Name = "x"
    amount: int = 0
    enabled: bool = False
    id: WireUuid | None = None
    day: WireDate | None = None
    at: WireInstant | None = None
    value: WireJson = None
    note: ShortText = ""


class Tagged(WireModel):
    """Something with tags."""

    tags: Tags


@pytest.mark.parametrize(
    "bad",
    [
        {"displayName": ""},
        {"displayName": None},
        {"displayName": 5},
        {"displayName": "a\0"},
        {"displayName": "\ud800"},
        {"displayName": "x" * 256},
        {"amount": "16"},
        {"amount": 1.0},
        {"amount": True},
        {"enabled": "true"},
        {"enabled": 1},
        {"id": "not-a-uuid"},
        {"id": 5},
        {"day": "2026-1-1"},
        {"day": "2026-13-01"},
        {"day": "2026-01-01T00:00:00"},
        {"day": "٢٠٢٦-01-01"},
        {"day": 0},
        {"value": float("nan")},
        {"value": [{"a": float("inf")}]},
        {"value": {"\ud800": 1}},
        {"value": ["\udfff"]},
    ],
)
def test_what_is_no_such_value_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Thing.model_validate(bad)


@pytest.mark.parametrize(
    ("day", "words"),
    [("2026-02-30", "must be a day that the calendar has"), ("tomorrow", "must be a date such as 2026-12-31")],
)
def test_what_is_no_day_is_told_in_our_words(day: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Thing.model_validate({"displayName": "a", "day": day})


@pytest.mark.parametrize("sent", [5, 1796000000, "5", "1796000000", "2026-12-31", "2026-12-31T12:00:00", "soon", True])
def test_what_is_no_time_with_its_zone_is_told_in_our_words(sent: object) -> None:
    with pytest.raises(ValidationError, match="must be a time with its zone, such as 2026-12-31T12:00:00Z"):
        Thing.model_validate({"displayName": "a", "at": sent})


@pytest.mark.parametrize("sent", ["0001-01-01T00:00:00Z", "9000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:00"])
def test_a_time_at_the_ends_of_the_calendar_is_refused_and_not_moved(sent: str) -> None:
    with pytest.raises(ValidationError, match="must be in a year between 1970 and 8999"):
        Thing.model_validate({"displayName": "a", "at": sent})


def test_unknown_members_are_ignored_and_names_are_camel_case() -> None:
    thing = Thing.model_validate({"displayName": "a", "unknown": {"x": 1}, "day": "2026-12-31"})

    assert thing.display_name == "a"
    assert thing.day == date(2026, 12, 31)
    assert thing.model_dump(mode="json", by_alias=True)["day"] == "2026-12-31"


@pytest.mark.parametrize("value", [None, 16, "16", 10**30, [], {}, {"plaintext": 1}, "a\0b", [[[]]], 1.5, True])
def test_any_json_value_is_kept(value: JsonValue) -> None:
    kept = Thing.model_validate({"value": value}).value

    assert kept == value
    assert type(kept) is type(value)


def test_tags_are_empty_unless_sent() -> None:
    assert Tagged.model_validate({}).tags == {}
    assert Tagged.model_validate({"tags": {"b": ["2", "1"], "a": []}}).tags == {"b": ["2", "1"], "a": []}
    with pytest.raises(ValidationError):
        Tagged.model_validate({"tags": {"a": "1"}})


def test_a_uuid_is_sent_as_text() -> None:
    found = TypeAdapter(WireUuid).validate_python("98520496-627D-43e6-82da-ce499179ff3f")

    assert str(found) == "98520496-627d-43e6-82da-ce499179ff3f"


def test_instants_are_sent_in_utc_with_whole_seconds() -> None:
    instant = datetime(2026, 8, 20, 11, 37, 43, 999999, tzinfo=timezone(timedelta(hours=2)))

    assert wire_time(instant) == "2026-08-20T09:37:43Z"
    assert utc_now().tzinfo is UTC


def test_ids_and_secrets_are_random_and_secrets_need_no_encoding() -> None:
    secrets = {new_secret() for _ in range(100)}

    assert len(secrets) == 100
    assert all(len(secret) == 32 and secret.isascii() and secret.isalnum() for secret in secrets)
    assert len(new_secret(43)) == 43
    assert new_id() != new_id()
    assert new_id().version == 4


def test_a_value_that_is_nested_too_deeply_is_named_by_its_own_place() -> None:
    class Holder(WireModel):
        inputs: dict[str, WireJson]

    value: object = 1
    for _ in range(400):
        value = [{"a": value}]

    with pytest.raises(ValidationError) as caught:
        Holder.model_validate({"inputs": {"list": value}})

    (error,) = caught.value.errors()
    assert (error["loc"], in_words(error)) == (("inputs", "list"), "is nested too deeply")


def test_a_text_is_measured_in_characters_and_a_list_in_items() -> None:
    class Holder(WireModel):
        name: ShortText = ""
        title: DisplayName = "x"
        names: Annotated[list[ShortText], Field(max_length=1)] = Field(default_factory=list)
        some: Annotated[list[ShortText], Field(min_length=1)] = Field(default_factory=list)
        pairs: Annotated[list[ShortText], Field(min_length=2)] = Field(default_factory=list)

    for sent, words in (
        ({"title": ""}, "must not be empty"),
        ({"title": " "}, "must not be blank"),
        ({"some": []}, "must not be empty"),
        ({"pairs": ["a"]}, "must have at least 2 items"),
        ({"name": "x" * 256}, "must have at most 255 characters"),
        ({"names": ["a", "b"]}, "must have at most 1 items"),
    ):
        with pytest.raises(ValidationError) as caught:
            Holder.model_validate(sent)
        assert in_words(caught.value.errors()[0]) == words


@dataclass(frozen=True)
class Sized:
    """A dataclass with the members of a schema."""

    how_big: int
    since: date | None


class SizedIn(WireModel):
    """The schema."""

    how_big: Int64
    since: WireDate | None = None


def test_a_schema_becomes_the_dataclass_with_the_same_members() -> None:
    sent = SizedIn.model_validate({"howBig": 2**63 - 1, "since": "2026-12-31", "more": 1})

    assert sent.into(Sized) == Sized(2**63 - 1, date(2026, 12, 31))


@pytest.mark.parametrize("big", [2**63, -(2**63) - 1, 1.0, "1", True, None])
def test_an_integer_that_not_everybody_can_keep_is_refused(big: object) -> None:
    with pytest.raises(ValidationError):
        SizedIn.model_validate({"howBig": big})
