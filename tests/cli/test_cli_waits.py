"""What the command line says of waits: why, since when, at which place, and who can end them."""

from datetime import UTC, datetime, timedelta

from blockyard.cli.waits import wait_facts
from blockyard.protocol.jsontypes import JsonObject


def wait(**members: object) -> JsonObject:
    """Return a wait as the server explains it."""
    empty: JsonObject = {"message": "It waits.", "since": None, "position": None, "endsWhen": "", "until": None}
    said: JsonObject = {name: value for name, value in members.items() if isinstance(value, str | int | dict)}
    return {**empty, "owner": {"kind": "SYSTEM", "workspace": None}, **said}


def test_a_wait_is_told_with_its_place_since_when_and_its_owner() -> None:
    since = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    operator: JsonObject = {"kind": "RUNNER_OPERATOR", "workspace": "platform"}

    facts = wait_facts({"waits": [wait(since=since, position=3, endsWhen="A runner asks for work.", owner=operator)]})

    assert facts == [
        ("waits for", "It waits."),
        (
            "",
            (
                "for 5 min; place 3 in the queue; ends when: A runner asks for work; "
                "up to: the operator of the runner, workspace 'platform'"
            ),
        ),
    ]


def test_each_of_several_waits_is_told_as_far_as_it_is_known() -> None:
    unknown: JsonObject = {"kind": "SOMEBODY_NEW", "workspace": "shop"}

    facts = wait_facts({"waits": [wait(), wait(message="It waits, too.", until="2026-12-01T00:00:00Z", owner=unknown)]})

    assert facts == [
        ("waits for", "It waits."),
        ("", "up to: nobody has to do anything"),
        ("waits for", "It waits, too."),
        ("", "at the latest: 2026-12-01T00:00:00Z"),
    ]


def test_nothing_is_told_where_nothing_is_waited_for() -> None:
    assert wait_facts({"waits": []}) == wait_facts({}) == []
