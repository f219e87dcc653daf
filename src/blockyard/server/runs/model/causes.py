"""Tells the cause of a failure from what the engine and the runner printed.

The texts are those of OpenTofu, Terraform, the AWS provider, git and our runner. Each error of an output is looked at by itself:
the first rule that fits it counts. Of several errors the one decides that a repetition would not mend.
"""

import re
from collections.abc import Iterable, Sequence

from blockyard.protocol.names import FailureCause
from blockyard.server.runs.model.failure import Failure, FailurePattern
from blockyard.server.runs.model.failure_rules import RULES, UNKNOWN, Rule

READ_CHARACTERS = 64 * 1024
"""Of a log its end is read: the engine reports errors last."""

_ERRORS = 20
_ERROR_CHARACTERS = 4000

_HEADING = re.compile(r"(?m)^[ \t│╷]*Error: ")
_FRAME = re.compile(r"(?m)^[ \t]*[│╷╵├]+|\x1b\[[0-9;]*m")
_SPACE = re.compile(r"\s+")

_WEIGHT = (
    FailureCause.CREDENTIALS,
    FailureCause.INPUT,
    FailureCause.PLATFORM,
    FailureCause.PRODUCT,
    FailureCause.MODULE,
    FailureCause.CAPACITY,
    FailureCause.TRANSIENT,
)


def explained(messages: Sequence[str], log: str, patterns: Sequence[FailurePattern] = ()) -> Failure:
    """Return why an attempt failed: from the errors of its log, else from the messages of its steps.

    `patterns` are those of the definition; they go before what is known of all.
    """
    errors = _errors(log[-READ_CHARACTERS:]) or [text for text in map(_flat, messages) if text]
    found = [failure for failure in (_known(error, patterns) for error in errors) if failure is not None]
    if not found:
        found = [failure for failure in (_known(_flat(text), patterns) for text in messages) if failure is not None]
    if not found:
        return _told(UNKNOWN)
    return min(found, key=lambda failure: _WEIGHT.index(failure.cause))


def _errors(log: str) -> list[str]:
    text = _FRAME.sub("", log.replace("\r", ""))
    starts = [match.start() for match in _HEADING.finditer(text)][-_ERRORS:]
    ends = [*starts[1:], len(text)]
    return [_flat(text[start:end]) for start, end in zip(starts, ends, strict=False)]


def _flat(text: str) -> str:
    """Return a text as one line: the engine breaks its own at the width of its terminal."""
    return _SPACE.sub(" ", text[:_ERROR_CHARACTERS]).strip()


def _known(error: str, patterns: Iterable[FailurePattern]) -> Failure | None:
    folded = error.casefold()
    for pattern in patterns:
        if pattern.fits(folded):
            return Failure(pattern.cause, f"OWN:{pattern.text}", pattern.message, pattern.remedy)
    rule = next((rule for rule in RULES if rule.pattern.search(error)), None)
    return None if rule is None else _told(rule)


def _told(rule: Rule) -> Failure:
    return Failure(rule.cause, rule.code, rule.message, rule.remedy)
