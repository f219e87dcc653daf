"""How large the outputs of a run may be together."""

import json
from collections.abc import Iterable

from blockyard.protocol.jsontypes import Json

MAX_OUTPUTS_BYTES = 16 * 1024 * 1024
"""Of the values of all outputs of an attempt together: each report, child and page handles them as one."""


def size_of_outputs(values: Iterable[Json]) -> int:
    """Return about how many bytes the values of outputs have as JSON."""
    return sum(len(value.encode()) if isinstance(value, str) else len(json.dumps(value)) for value in values)
