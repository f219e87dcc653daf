"""Windows of calendars, in the time of their zone."""

from datetime import UTC, datetime
from typing import Any

import pytest

from blockyard.server.brakes.model import Calendar, Recurrence
from blockyard.server.kit.errors import Invalid
from tests.support.block_world import BlockWorld, uuid_of
from tests.support.brakes import lift, stop, waits
from tests.support.clock import NOON

pytestmark = pytest.mark.one_database


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("recurrence", "zone", "begin", "end", "now", "window"),
    [
        ("WEEKLY", "Europe/Berlin", "FRIDAY 18:00", "MONDAY 06:00", "2026-11-28T12:00", "2026-11-27T17:00 2026-11-30T05:00"),
        ("WEEKLY", "Europe/Berlin", "FRIDAY 18:00", "MONDAY 06:00", "2026-11-30T05:00", "2026-12-04T17:00 2026-12-07T05:00"),
        ("WEEKLY", "Europe/Berlin", "FRIDAY 18:00", "MONDAY 06:00", "2026-10-25T12:00", "2026-10-23T16:00 2026-10-26T05:00"),
        ("WEEKLY", "UTC", "MONDAY 10:00", "MONDAY 08:00", "2026-12-01T00:00", "2026-11-30T10:00 2026-12-07T08:00"),
        ("YEARLY", "UTC", "12-20 00:00", "01-03 00:00", "2027-01-02T00:00", "2026-12-20T00:00 2027-01-03T00:00"),
        ("YEARLY", "UTC", "12-20 00:00", "01-03 00:00", "2026-06-02T00:00", "2026-12-20T00:00 2027-01-03T00:00"),
        ("DAILY", "UTC", "22:00", "06:00", "2026-11-30T01:00", "2026-11-29T22:00 2026-11-30T06:00"),
        ("DAILY", "America/New_York", "09:00", "17:00", "2026-11-30T23:00", "2026-12-01T14:00 2026-12-01T22:00"),
        ("ONCE", "UTC", "2026-12-24T18:00", "2026-12-27T00:00", "2026-11-30T00:00", "2026-12-24T18:00 2026-12-27T00:00"),
        ("ONCE", "UTC", "2026-12-24T18:00", "2026-12-27T00:00", "2026-12-27T00:00", None),
    ],
)  # fmt: skip
def test_the_window_that_is_open_or_comes_next(  # noqa: PLR0917  a table
    recurrence: str, zone: str, begin: str, end: str, now: str, window: str | None
) -> None:
    calendar = Calendar(recurrence=Recurrence(recurrence), time_zone=zone, begin=begin, end=end)
    calendar.check("")
    found = calendar.window_at(at(now))
    told = None if found is None else f"{found.opens_at:%Y-%m-%dT%H:%M} {found.closes_at:%Y-%m-%dT%H:%M}"
    assert told == window


@pytest.mark.parametrize(
    ("recurrence", "zone", "begin", "end", "code"),
    [
        ("WEEKLY", "Europe/Nowhere", "FRIDAY 18:00", "MONDAY 06:00", "UnknownTimeZone"),
        ("WEEKLY", "../etc/passwd", "FRIDAY 18:00", "MONDAY 06:00", "UnknownTimeZone"),
        ("WEEKLY", "UTC", "Freitag 18:00", "MONDAY 06:00", "WrongMoment"),
        ("WEEKLY", "UTC", "FRIDAY 18:00", "06:00", "WrongMoment"),
        ("WEEKLY", "localtime", "FRIDAY 18:00", "MONDAY 06:00", "UnknownTimeZone"),
        ("WEEKLY", "posixrules", "FRIDAY 18:00", "MONDAY 06:00", "UnknownTimeZone"),
        ("WEEKLY", "right/UTC", "FRIDAY 18:00", "MONDAY 06:00", "UnknownTimeZone"),
        ("YEARLY", "UTC", "02-29 00:00", "03-02 00:00", "LeapDay"),
        ("YEARLY", "UTC", "02-30 00:00", "03-02 00:00", "WrongMoment"),
        ("YEARLY", "UTC", "13-01 00:00", "03-02 00:00", "WrongMoment"),
        ("DAILY", "UTC", "25:00", "06:00", "WrongMoment"),
        ("DAILY", "UTC", "06:00", "06:00", "EmptyWindow"),
        ("ONCE", "UTC", "2026-12-24T18:00", "2026-12-23T18:00", "EmptyWindow"),
        ("DAILY", "UTC", "06:00", "6:00", "EmptyWindow"),
        ("ONCE", "UTC", "9999-12-31", "2026-12-23T18:00", "WrongMoment"),
        ("ONCE", "Asia/Tokyo", "0001-01-01T00:00", "2026-12-23T18:00", "YearOutOfBounds"),
        ("ONCE", "America/Los_Angeles", "2026-12-23T18:00", "9999-12-31T23:59", "YearOutOfBounds"),
    ],
)
def test_what_no_calendar_says_is_refused(recurrence: str, zone: str, begin: str, end: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        Calendar(recurrence=Recurrence(recurrence), time_zone=zone, begin=begin, end=end).check("/calendar")
    assert refused.value.code == code


def weekly(begin: str, end: str) -> dict[str, str]:
    return {"recurrence": "WEEKLY", "timeZone": "UTC", "begin": begin, "end": end}


def test_a_freeze_keeps_applies_back_in_its_windows_and_says_when_they_end(world: BlockWorld, clock: Any) -> None:
    assert NOON.isoformat() == "2026-01-01T12:00:00+00:00"  # a Thursday
    frozen = stop(world, calendar=weekly("THURSDAY 18:00", "FRIDAY 06:00"))
    assert (frozen["kind"], frozen["isOn"], frozen["opensAt"]) == ("FREEZE", False, "2026-01-01T18:00:00Z")
    block = world.order(world.define())
    world.finish()

    clock.advance(7 * 3600)
    world.change(block, name="x")
    world.as_admin("POST", f"/api/blockyard/v1/blocks/{uuid_of(block)}/detect", media="application/json")
    assert world.finish().behavior == "DETECT"
    other = world.order(world.define("Other"))
    assert world.claim() is None
    (wait,) = waits(world, other)
    assert wait["kind"] == "FREEZE"
    assert "until 2026-01-02 06:00 UTC" in wait["message"]

    clock.advance(11 * 3600)
    assert world.claim() is not None
    lift(world, frozen)


def test_a_server_that_was_away_claims_nothing_in_the_window_that_opened_meanwhile(
    world: BlockWorld, clock: Any
) -> None:
    stop(world, calendar=weekly("THURSDAY 18:00", "FRIDAY 06:00"))
    world.order(world.define())
    clock.advance((21 * 24 + 8) * 3600)  # three windows later, with no round of a loop in between
    assert world.claim() is None
    clock.advance(12 * 3600)
    assert world.claim() is not None
