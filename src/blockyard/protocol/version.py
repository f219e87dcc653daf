"""The version of our additions to the run protocol, and its history.

Changes are additive; unknown members are ignored.

1 (2026-11): claims may wait (`Prefer: wait=25`) and name the implementation types they serve (`implementationType`,
    repeatable query parameter, in the names of runner objects); the claim's answer may carry the links
    `blockyard:log`, `blockyard:heartbeat` and `blockyard:release` (`live.py`). Registering a source acknowledges the
    claim: one not registered within 15 s is offered again. A heartbeat may wait (`Prefer: wait=4`): it is answered at once
    when the run shall stop.
"""

PROTOCOL_HEADER = "Blockyard-Protocol"
"""Sent by our runner on a claim, by our server on its answer. Who does not send it speaks the official protocol."""

PROTOCOL_VERSION = 1

IMPLEMENTATION_TYPE_PARAMETER = "implementationType"
CLAIM_WAIT_SECONDS = 25
"""How long a claim of our runner may be held open."""

HEARTBEAT_WAIT_SECONDS = 4
"""How long a heartbeat of our runner may be held open: less than the pause between signs of life."""


def speaks_blockyard(header: str | None) -> bool:
    """Tell whether the other side announced our protocol, in this version or a newer one."""
    return header is not None and header.strip().isdecimal() and int(header) >= PROTOCOL_VERSION
