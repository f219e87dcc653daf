"""structlog for the whole server: lines for people or for machines, on standard error."""

import logging
import sys
from uuid import UUID

import structlog

from blockyard.diagnosis.logging import LogLinesFactory, escape_values


def configure(level: str, style: str) -> None:
    """Write log lines of at least `level` as `console` or `json` (`auto`: the first on a terminal).

    The standard library's loggers go the same way.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _plain_ids,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor
    if style == "json" or (style == "auto" and not sys.stderr.isatty()):
        shared.append(structlog.processors.format_exc_info)
        renderer = structlog.processors.JSONRenderer()
    else:
        shared.append(escape_values)
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # the default shows local variables: secrets among them
        )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=LogLinesFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")


def _plain_ids(logger: object, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Write ids as the API spells them."""
    del logger, method
    return {key: str(value) if isinstance(value, UUID) else value for key, value in event.items()}
