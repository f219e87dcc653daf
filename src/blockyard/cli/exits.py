"""How commands end: exit codes, and the failures that carry one."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit code says. The table in docs/cli.md is made of these."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    NOT_FOUND = 3
    DENIED = 4
    RUN_FAILED = 5
    RUN_ABORTED = 6
    UNREACHABLE = 7
    WAITING = 8
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.OK: "done",
    ExitCode.REFUSED: "refused by the server, or failed",
    ExitCode.USAGE: "wrong usage: unknown option, missing or unreadable value",
    ExitCode.NOT_FOUND: "there is no such thing",
    ExitCode.DENIED: "not signed in, or not permitted",
    ExitCode.RUN_FAILED: "the run failed",
    ExitCode.RUN_ABORTED: "the run was aborted",
    ExitCode.UNREACHABLE: "the server cannot be reached",
    ExitCode.WAITING: "the building block waits for input, a parent or an approval",
    ExitCode.INTERRUPTED: "cancelled at a question, or interrupted with Ctrl-C; a run that was started goes on",
}


class Failure(Exception):
    """A command cannot go on: the cause, what to do about it, and the exit code. Never holds a secret."""

    def __init__(
        self,
        message: str,
        *,
        remedy: str | None = None,
        exit_code: ExitCode = ExitCode.REFUSED,
        code: str | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.exit_code = exit_code
        self.code = code
        self.field = field


def usage(message: str, remedy: str | None = None) -> Failure:
    """Return the failure of a command that was called wrongly."""
    return Failure(message, remedy=remedy, exit_code=ExitCode.USAGE, code="Usage")


def missing(message: str, remedy: str | None = None) -> Failure:
    """Return the failure of a command whose object does not exist."""
    return Failure(message, remedy=remedy, exit_code=ExitCode.NOT_FOUND, code="NotFound")
