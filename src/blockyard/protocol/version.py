"""The version of our additions to the run protocol, and its history.

Changes are additive; unknown members are ignored.

1 (2026-11): claims may wait (`Prefer: wait=25`) and name the implementation types they serve (`implementationType`,
    repeatable query parameter, in the names of runner objects); the claim's answer may carry the links
    `blockyard:log`, `blockyard:heartbeat` and `blockyard:release` (`live.py`). Registering a source acknowledges the
    claim: one not registered within 15 s is offered again. A heartbeat may wait (`Prefer: wait=4`): it is answered at once
    when the run shall stop.
2 (2026-11): envelopes may be bound to their place (`binding.py`): an input then has the member `sealedFor`, an implementation
    one by the names of its secret members. A runner that announces 2, on a claim or when it is registered, is sealed for so
    from then on; older envelopes stay as they are and open as before. A claim in version 1, or in the official protocol, makes
    new secrets unbound again, and runs that need a bound one fail in words.
3 (2026-11): a secret may stand in another input than it was entered for, where a version of the definition gave the input another
    name: the input then has the member `isRenamed`. For a runner that announces less, such a secret has to be entered again.
4 (2026-11): a run may work on the state itself: `spec.maintenance` has `command` and `arguments`, and its behavior is DETECT. Only
    runners that announce 4 are given such a run. Where secrets have changed, `spec.formerInputs` has those of the last run that
    applied, sealed as they were; whoever does not know the member does without.
5 (2026-11): a run may have identity tokens (`identity.py`): `spec.workloadIdentity` says where it expects them, the link
    `blockyard:identity` gives them. Whoever does not know the member does without. A run may only try its identity: `spec.trustTest`
    is true, its behavior is DETECT, and only runners that announce 5 are given it.
"""

RUN_HEADER = "Blockyard-Run"
"""Beside an API key: the token of the run in whose service the request is sent. What it orders is what that run waits for."""

HELD_RUN_PARAMETER, SLOTS_PARAMETER = "heldRun", "slots"
"""On the claim of a runner all of whose slots are taken: the runs it executes, and how many slots it has."""

PROTOCOL_HEADER = "Blockyard-Protocol"
"""Sent by our runner on a claim, by our server on its answer. Who does not send it speaks the official protocol."""

ATTEMPT_HEADER = "Blockyard-Attempt-Minutes"
"""On our server's answer to a claim of our runner: how long an attempt may take until it counts as lost."""

PROTOCOL_VERSION = 5

BOUND_ENVELOPES = 2
"""From this version on a runner opens bound envelopes."""

RENAMED_SECRETS = 3
"""From this version on a runner opens bound envelopes of inputs that had another name."""

MAINTENANCE = 4
"""From this version on a runner lets the engine work on the state itself."""

TRUST_TESTS = 5
"""From this version on a runner tries the identity of a run."""

IMPLEMENTATION_TYPE_PARAMETER = "implementationType"
CLAIM_WAIT_SECONDS = 25
"""How long a claim of our runner may be held open."""

HEARTBEAT_WAIT_SECONDS = 4
"""How long a heartbeat of our runner may be held open: less than the pause between signs of life."""


_YEAR = 365 * 24 * 60
"""In minutes. More is no limit."""

_DIGITS = 6
"""More is no version."""


def spoken_version(header: str | None) -> int:
    """Return the version of our protocol that the other side announced; 0 for the official one."""
    text = (header or "").strip()
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= _DIGITS else 0


def speaks_blockyard(header: str | None) -> bool:
    """Tell whether the other side announced our protocol, in any version."""
    return spoken_version(header) > 0


def attempt_minutes(header: str | None) -> float | None:
    """Return how long the server lets an attempt take; None if it does not say."""
    try:
        minutes = float(header or "")
    except ValueError:
        return None
    return minutes if 0 < minutes < _YEAR else None
