"""What an examination finds, and how it is told."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from blockyard.diagnosis.terminal import escaped


class Outcome(StrEnum):
    """How a check ended, the best first."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """The end of one check: what it was about, what was found, and what to do about it. Never holds a secret."""

    name: str
    outcome: Outcome
    text: str
    remedy: str = ""


def ok(name: str, text: str) -> Finding:
    """Return that a check found nothing wrong."""
    return Finding(name, Outcome.OK, text)


def warning(name: str, text: str, remedy: str) -> Finding:
    """Return something that works now and should be looked at."""
    return Finding(name, Outcome.WARNING, text, remedy)


def failed(name: str, text: str, remedy: str) -> Finding:
    """Return something that keeps the installation from working."""
    return Finding(name, Outcome.FAILED, text, remedy)


def worst(findings: Sequence[Finding]) -> Outcome:
    """Return the worst outcome."""
    order = list(Outcome)
    return max((finding.outcome for finding in findings), key=order.index, default=Outcome.OK)


def as_lines(findings: Sequence[Finding]) -> str:
    """Return one line for each finding, and one below it if there is something to do."""
    width = max((len(finding.name) for finding in findings), default=0)
    lines = []
    for finding in findings:
        lines.append(f"{finding.outcome:<8} {finding.name:<{width}}  {finding.text}")
        if finding.remedy:
            lines.append(f"{'':<8} {'':<{width}}  -> {finding.remedy}")
    return escaped("\n".join(lines) + "\n", keep="\n")


def as_json(findings: Sequence[Finding]) -> str:
    """Return the findings and the worst outcome as JSON."""
    document = {"outcome": worst(findings), "findings": [asdict(finding) for finding in findings]}
    return escaped(json.dumps(document, indent=2, ensure_ascii=False) + "\n", keep="\n")
