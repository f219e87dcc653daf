"""How much a run may say about itself: single limits add up, and everything is shown to every viewer.

Texts for people are cut, for a runner turns a refused report into trouble; steps and sources beyond the limit are refused, for nothing
else would end them. Logs have limits of their own. Source: runner.md 1.8.
"""

from collections.abc import Iterable

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.outputs import MAX_OUTPUTS_BYTES, size_of_outputs
from blockyard.server.kit.errors import TooLarge

MAX_STEPS = 1000
"""Of an attempt, over all its sources; 50 are documented."""

MAX_SOURCES = 100
MAX_NAME_CHARACTERS = 1000
"""Of names of steps, and of addresses and ids of foreign runs."""

MAX_MESSAGE_CHARACTERS = 64 * 1024
"""Of one message to people."""

MAX_TEXT_CHARACTERS = 5 * 1024 * 1024
"""Of all messages of an attempt to people."""

SHORTEST_CHARACTERS = 200
"""What is kept of a message when there is no room any more: it may be the one that says why the run failed."""

CUT = " [the rest of this text was left out]"


def cut(text: str, room: int) -> str:
    """Return the begin of `text` that has room, and a note if that is not all."""
    return text if len(text) <= room else text[:room] + CUT


def check_steps(count: int) -> None:
    """Refuse more steps than a run may have. Raises TooLarge."""
    if count > MAX_STEPS:
        raise TooLarge(f"a run may have {MAX_STEPS} steps at the most", field="/steps", remedy="Report fewer steps.")


def check_outputs(values: Iterable[Json]) -> None:
    """Refuse outputs that are too large together. Raises TooLarge."""
    if size_of_outputs(values) > MAX_OUTPUTS_BYTES:
        raise TooLarge(
            f"the outputs of a run may have {MAX_OUTPUTS_BYTES // 1024**2} MB together at the most",
            field="/steps/outputs",
            remedy="Keep large content elsewhere and give its address as an output.",
        )


def check_sources(count: int) -> None:
    """Refuse more sources than a run may have. Raises TooLarge."""
    if count > MAX_SOURCES:
        raise TooLarge(
            f"a run may have {MAX_SOURCES} sources at the most",
            field="/source/id",
            remedy="Report with a known source.",
        )
