"""Definitions as pages show them to people who may order: symbol, badges, how well they work, in plain words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from blockyard.protocol.names import InputType
from blockyard.server.definitions.model import AssignmentType, Definition, InputKind, InputSpec
from blockyard.server.definitions.model.rules import DEFAULT_SYMBOL
from blockyard.server.publications.model import PublicationState
from blockyard.server.runs.model.outcomes import Outcomes
from blockyard.server.ui.frame import words

_TINTS = 6
_FEW_RUNS = 5
"""A rate of fewer runs says nothing."""

_KINDS = {
    InputKind.STRING: "Text",
    InputKind.INTEGER: "Whole number",
    InputKind.BOOLEAN: "Yes or no",
    InputKind.CODE: "Code",
    InputKind.SINGLE_SELECT: "One of several options",
    InputKind.MULTI_SELECT: "Some of several options",
    InputKind.FILE: "File",
    InputKind.LIST: "List",
    InputKind.JSON: "Structured data",
}


@dataclass(frozen=True, slots=True)
class Symbol:
    """What a definition is recognised by: an image of ours, or its first letters on a tint."""

    letters: str
    tint: int
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Tag:
    """A badge of a definition."""

    text: str
    tone: str
    icon: str


@dataclass(frozen=True, slots=True)
class Reliability:
    """How runs of the last 30 days ended: a rate if there were enough, and how long they usually took."""

    text: str
    tone: str
    details: str


def symbol_of(definition: Definition) -> Symbol:
    """Return the symbol of a definition; images from elsewhere are not loaded, ours comes from an address of its own."""
    initials = [word[0] for word in re.findall(r"\w+", definition.display_name)][:2]
    tint = sum(definition.id.bytes) % _TINTS + 1
    href = f"/marketplace/{definition.id}/symbol?{definition.revision}" if has_image(definition) else None
    return Symbol("".join(initials).upper() or "?", tint, href)


def has_image(definition: Definition) -> bool:
    """Whether a definition brought an image of its own."""
    return definition.symbol.startswith("data:") and definition.symbol != DEFAULT_SYMBOL


def badges_of(definition: Definition) -> Sequence[Tag]:
    """Return what one has to know about a definition before anything else."""
    state = definition.publication.state
    if state is PublicationState.DEPRECATED:
        return [Tag("Deprecated", "warning", "triangle-alert")]
    if definition.released_version_id is None:
        return [Tag("Draft", "neutral", "pencil")]
    if state is not PublicationState.PUBLISHED:
        return [Tag("Only yours", "neutral", "lock")]
    return []


def reliability_of(outcomes: Outcomes | None) -> Reliability | None:
    """Return how well a definition works; None if nobody used it lately."""
    if outcomes is None or not outcomes.total:
        return None
    usual = outcomes.usual
    time = "" if usual is None else f"usually {words.rough_duration(usual)}"
    runs = words.count(outcomes.total, "run", "runs")
    details = f"{outcomes.succeeded:,} of {runs} succeeded in the last 30 days"
    if outcomes.total < _FEW_RUNS:
        return Reliability(time or runs, "neutral", details)
    share = outcomes.succeeded / outcomes.total
    rate = f"{words.percent(share)} of {outcomes.total:,}"
    tone = "success" if share >= 0.95 else "warning" if share >= 0.8 else "error"  # noqa: PLR2004  from here on one wonders
    return Reliability(", ".join(filter(None, (rate, time))), tone, details)


def kind_in_words(spec: InputSpec) -> str:
    """Return what kind of value an input takes."""
    if spec.assignment_type is AssignmentType.PAYMENT_METHOD:
        return "Payment method"
    return f"Secret {_KINDS[spec.kind].lower()}" if spec.is_sensitive else _KINDS[spec.kind]


def is_needed(spec: InputSpec) -> bool:
    """Whether an order without a value for the input waits for one."""
    return spec.default_value is None and not spec.is_optional and spec.type is not InputType.MULTI_SELECT


def works_with(definition: Definition, types: Mapping[str, str]) -> Sequence[str]:
    """Return where blocks of a definition can be: the names of platform types; nothing for workspaces."""
    return [types.get(name, name) for name in definition.supported_platforms or ()]


def order_path(definition_id: UUID) -> str:
    """Return where a definition is ordered."""
    return f"/order/{definition_id}"
