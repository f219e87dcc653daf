"""How servers and runners write their log lines: for people or for machines, on standard error."""

import logging
import sys
from contextlib import suppress
from typing import TextIO
from uuid import UUID

import structlog

from blockyard.diagnosis.terminal import escaped


def configure(level: str, style: str) -> None:
    """Write log lines of at least `level` as `console` or `json`. The standard library's loggers go the same way.

    `auto`: on a terminal warnings for people, elsewhere everything from `info` on for machines.
    """
    is_terminal = sys.stderr.isatty()
    lowest = ("warning" if is_terminal else "info") if level == "auto" else level
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _plain_ids,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor
    if style == "json" or (style == "auto" and not is_terminal):
        shared.append(structlog.processors.format_exc_info)
        renderer = structlog.processors.JSONRenderer()
    else:
        shared.append(escape_values)
        renderer = structlog.dev.ConsoleRenderer(
            colors=is_terminal,
            exception_formatter=structlog.dev.plain_traceback,  # the default shows local variables: secrets among them
        )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[lowest.upper()]),
        logger_factory=LogLinesFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")


def _plain_ids(logger: object, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Write ids as the API spells them."""
    del logger, method
    return {key: str(value) if isinstance(value, UUID) else value for key, value in event.items()}


class LogLines(structlog.WriteLogger):
    """Writes lines; one that cannot be written, on a full disk say, is lost: no work fails for the sake of its log."""

    def msg(self, message: str) -> None:
        """Write a line and flush it."""
        with suppress(OSError):
            super().msg(message)

    log = debug = info = warn = warning = msg
    fatal = failure = err = error = critical = exception = msg


class LogLinesFactory:
    """Gives structlog its loggers."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def __call__(self, *_names: object) -> LogLines:
        """Return a logger."""
        return LogLines(self._file)


def escape_values(logger: object, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Spell out what would steer a terminal or begin a line, such as in a path that somebody asked for."""
    del logger, method
    return {key: escaped(value) if isinstance(value, str) else value for key, value in event.items()}
