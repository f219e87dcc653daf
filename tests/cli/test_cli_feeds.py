"""Following a run: by events, by long polls where events do not come through, and what is shown of it."""

import io
import json
from collections.abc import Iterable

import pytest
from rich.console import Console

from blockyard.cli.client import Client
from blockyard.cli.contexts import Credentials
from blockyard.cli.events import Event, parse
from blockyard.cli.exits import ExitCode, Failure
from blockyard.cli.feeds import follow_run
from blockyard.cli.live import Screen, duration
from blockyard.cli.output import plain
from blockyard.protocol.jsontypes import JsonObject
from tests.support.scripted_http import Answer, ScriptedServer, scripted_server

RUN = "11111111-1111-4111-8111-111111111111"
RUN_PATH = f"/api/blockyard/v1/runs/{RUN}"
EVENTS = f"{RUN_PATH}/events"


def status(status_: str, **more: object) -> JsonObject:
    run: dict[str, object] = {"uuid": RUN, "number": 1, "behavior": "APPLY", "status": status_, **more}
    return {"type": "status", "run": json.loads(json.dumps(run))}


def step(status_: str, *, attempt: int = 1, message: str | None = None) -> JsonObject:
    document: JsonObject = {
        "source": "r",
        "id": "init",
        "displayName": "Initialize",
        "status": status_,
        "userMessage": message,
        "startedAt": "2026-01-01T12:00:00.000Z",
        "endedAt": "2026-01-01T12:00:02.500Z",
    }
    return {"type": "step", "attempt": attempt, "step": document}


def log(offset: int, text: str, *, attempt: int = 1) -> JsonObject:
    return {"type": "log", "attempt": attempt, "source": "r", "step": "init", "offset": offset, "text": text}


def stream(position: int, events: Iterable[JsonObject]) -> Answer:
    """Return a stream whose events happened one after the other, the last one at `position`."""
    frames = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]
    first = position - len(frames) + 1
    body = ": hello\n\n" + "".join(f"id: {first + index}\n{frame}" for index, frame in enumerate(frames))
    return Answer(200, body.encode(), {"Content-Type": "text/event-stream"})


def batch(position: int, events: Iterable[JsonObject], *, ended: bool) -> Answer:
    return Answer(200, {"events": [*events], "position": position, "ended": ended})


NOTHING_MORE = batch(99, [], ended=True)


def follow(*answers: Answer, runs: Iterable[Answer] = ()) -> tuple[str, list[str], ScriptedServer]:
    """Return the final status, the printed lines and the server, after its answers about events and about the run."""
    out = io.StringIO()
    with (
        scripted_server(
            {EVENTS: [*answers, NOTHING_MORE], RUN_PATH: [*runs, Answer(200, status("PENDING")["run"])]}
        ) as server,
        Client(Credentials(url=server.url, token="t"), sleep=lambda _: None) as client,
        Screen(Console(file=out, width=200)) as screen,
    ):
        ended = follow_run(client, RUN, screen)
    return ended, out.getvalue().splitlines(), server


def test_a_run_is_shown_step_by_step_and_line_by_line() -> None:
    ended, lines, server = follow(
        stream(
            9,
            [
                status("IN_PROGRESS"),
                step("IN_PROGRESS"),
                log(0, "one\ntw"),
                log(6, "o\nunfinished"),
                step("SUCCEEDED", message="all set"),
                status("SUCCEEDED"),
            ],
        )
    )

    assert ended == "SUCCEEDED"
    assert lines == [
        "Run 1: apply",
        "  IN_PROGRESS",
        "  ▸ Initialize",
        "    one",
        "    two",
        "    unfinished",
        "  ✔ Initialize  2.5 s",
        "    all set",
    ]
    assert server.asked[0].headers["Accept"] == "text/event-stream"
    assert server.asked[1].path == f"{EVENTS}?wait=0&after=9"


NOBODY = "No runner has asked for work since 2026-01-01 12:00 UTC; tell the operator that runner 'edge' is not running."


@pytest.mark.parametrize("way", ["streamed", "polled"])
def test_a_run_that_does_not_begin_says_what_it_waits_for_once_as_long_as_it_is_the_same(way: str) -> None:
    behind = {"message": "The run is number 2 in the queue of runner 'edge'."}
    runs = [Answer(200, {"waitsFor": wait}) for wait in (behind, behind, {"message": NOBODY}, None)]
    waiting: list[Answer]
    if way == "polled":
        nothing = batch(1, [], ended=False)
        waiting = [
            Answer(status=None),
            Answer(status=None),
            batch(1, [status("PENDING")], ended=False),
            nothing,
            nothing,
            nothing,
        ]
    else:
        quiet = stream(1, [status("PENDING")])
        assert isinstance(quiet.body, bytes)
        waiting = [Answer(200, quiet.body + b": keep-alive\n\n" * 3, quiet.headers)]
    begun = batch(9, [status("IN_PROGRESS"), status("SUCCEEDED")], ended=True)
    end = begun if way == "polled" else stream(9, [status("IN_PROGRESS"), status("SUCCEEDED")])

    _, lines, _ = follow(*waiting, end, runs=runs)

    assert lines == ["Run 1: apply", "  PENDING", f"  {behind['message']}", f"  {NOBODY}", "  IN_PROGRESS"]


def test_of_events_that_happened_together_each_log_is_shown_below_its_step() -> None:
    together = [step("SUCCEEDED"), log(0, "one\n"), log(4, "two\n"), status("SUCCEEDED")]

    _, lines, _ = follow(Answer(status=None), Answer(status=None), batch(9, together, ended=True))

    assert lines == ["Run 1: apply", "  ▸ Initialize", "    one", "    two", "  ✔ Initialize  2.5 s"]


def test_a_broken_stream_goes_on_where_it_was_and_shows_nothing_twice() -> None:
    first = stream(4, [status("IN_PROGRESS"), step("IN_PROGRESS"), log(0, "one\n")])
    again = stream(9, [log(0, "one\n"), log(4, "two\n"), status("FAILED", summary="engine failed")])

    ended, lines, server = follow(first, again)

    assert ended == "FAILED"
    assert lines == ["Run 1: apply", "  IN_PROGRESS", "  ▸ Initialize", "    one", "    two", "  engine failed"]
    assert server.asked[1].headers["Last-Event-ID"] == "4"


def test_where_no_stream_comes_through_long_polls_do() -> None:
    broken = Answer(status=None)
    first = batch(5, [status("IN_PROGRESS")], ended=False)
    last = batch(8, [status("ABORTED")], ended=True)

    ended, lines, server = follow(broken, broken, first, last)

    assert ended == "ABORTED"
    assert lines == ["Run 1: apply", "  IN_PROGRESS"]
    assert [asked.path for asked in server.asked[2:4]] == [f"{EVENTS}?wait=20", f"{EVENTS}?wait=20&after=5"]


def test_another_attempt_begins_its_steps_and_logs_anew() -> None:
    _, lines, _ = follow(
        stream(
            9,
            [
                step("IN_PROGRESS"),
                log(0, "first\n"),
                step("IN_PROGRESS", attempt=2),
                log(0, "first\n", attempt=2),
                status("SUCCEEDED", warnings=[{"at": "x", "message": "attempt 1 was lost"}]),
            ],
        )
    )

    assert lines == [
        "Run 1: apply",
        "  ▸ Initialize",
        "    first",
        "  another attempt begins",
        "  ▸ Initialize",
        "    first",
        "  attempt 1 was lost",
    ]


def test_a_replaced_log_is_shown_again() -> None:
    _, lines, _ = follow(stream(9, [log(0, "one\n"), log(0, "another\n"), status("SUCCEEDED")]))

    assert lines[1:] == ["    one", "    another"]


def of(id_: str, status_: str) -> JsonObject:
    event = step(status_)
    document = event["step"]
    assert isinstance(document, dict)
    return event | {"step": document | {"id": id_, "displayName": id_.title()}}


def said(id_: str, text: str, offset: int = 0) -> JsonObject:
    return log(offset, text) | {"step": id_}


IN_ORDER = [
    "Run 1: apply",
    "  ▸ Inputs",
    "    in one",
    "    in two",
    "  ✔ Inputs  2.5 s",
    "  ▸ Plan",
    "    plan one",
    "    plan two",
    "  ✔ Plan  2.5 s",
]
INPUTS = [
    of("inputs", "IN_PROGRESS"),
    said("inputs", "in one\n"),
    said("inputs", "in two\n", 7),
    of("inputs", "SUCCEEDED"),
]
PLAN = [of("plan", "IN_PROGRESS"), said("plan", "plan one\n"), said("plan", "plan two\n", 9), of("plan", "SUCCEEDED")]


@pytest.mark.parametrize(
    "events",
    [
        [*INPUTS, *PLAN],
        [INPUTS[0], PLAN[0], INPUTS[1], PLAN[1], INPUTS[2], PLAN[2], INPUTS[3], PLAN[3]],
        [INPUTS[0], *PLAN, *INPUTS[1:]],
        [INPUTS[1], PLAN[1], INPUTS[0], PLAN[0], INPUTS[2], PLAN[2], INPUTS[3], PLAN[3]],
    ],
    ids=["one after the other", "at once", "the second first", "logs before their steps"],
)
def test_without_a_terminal_each_line_is_below_the_heading_of_its_step(events: list[JsonObject]) -> None:
    _, lines, _ = follow(stream(9, [*events, status("SUCCEEDED")]))

    assert lines == IN_ORDER


def test_a_log_that_comes_after_the_end_of_its_step_names_it() -> None:
    _, lines, _ = follow(stream(9, [*INPUTS, said("inputs", "late\n", 14), *PLAN, status("SUCCEEDED")]))

    assert lines == [*IN_ORDER[:5], "  Inputs:", "    late", *IN_ORDER[5:]]


def test_a_run_nobody_knows_is_a_failure() -> None:
    with pytest.raises(Failure) as caught:
        follow(Answer(404, {"message": "there is no run"}))

    assert caught.value.exit_code is ExitCode.NOT_FOUND


def test_a_log_cannot_steer_the_terminal() -> None:
    _, lines, _ = follow(
        stream(9, [log(0, "\x1b[31mred\x1b[0m\x1b]0;title\x07\x08 [bold]x[/bold]\n"), status("SUCCEEDED")])
    )

    assert lines[1] == "    red\\u0008 [bold]x[/bold]"
    assert plain("a\tb\r\nc\x00\x9bd") == "a\tb\nc\\u0000\\u009bd"


def test_events_are_parsed_as_the_standard_says() -> None:
    text = ": note\nevent: a\nid: 7\ndata: 1\ndata:2\n\n\nid: 8\n\ndata: x: y\n\ndata: unfinished"

    assert list(parse(text.split("\n"))) == [Event("a", "1\n2", "7"), Event("message", "x: y", "8")]


@pytest.mark.parametrize(("seconds", "text"), [(None, ""), (0.04, "0.0 s"), (59.9, "59.9 s"), (61, "1 min 01 s")])
def test_durations_are_written_for_people(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text
