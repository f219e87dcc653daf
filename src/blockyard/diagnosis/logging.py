"""Where servers and runners write their log lines."""

from contextlib import suppress
from typing import TextIO

import structlog

from blockyard.diagnosis.terminal import escaped


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
