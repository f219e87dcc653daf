"""Log lines where there is room for them, and where there is none."""

import io
from contextlib import suppress
from pathlib import Path

from blockyard.diagnosis.logging import LogLinesFactory, escape_values


def test_a_line_is_written_at_once() -> None:
    file = io.StringIO()

    LogLinesFactory(file)("name").info("hello")

    assert file.getvalue() == "hello\n"


def test_a_line_without_room_is_lost_and_nobody_fails() -> None:
    file = Path("/dev/full").open("w", buffering=1)  # noqa: SIM115  closing it fails, too
    log = LogLinesFactory(file)()

    log.info("hello")
    log.error("hello again")

    with suppress(OSError):
        file.close()


def test_what_a_client_sends_does_not_steer_the_terminal_of_a_log() -> None:
    asked = {"event": "request", "path": "/a\x9b31m\u202eb\x1b[2J\nforged", "status": 404}

    assert escape_values(None, "info", asked) == {
        "event": "request",
        "path": r"/a\u009b31m\u202eb\u001b[2J\u000aforged",
        "status": 404,
    }
