"""What a plan would change, or a run changed, read from what the engine printed: nobody but the engine can read a saved plan.

OpenTofu and Terraform print one paragraph for each resource, under a comment that says what becomes of it, and a sum at the end. They
print `(sensitive value)` for secrets. Source: `terraform plan`, `tofu plan`, their human-readable output since 0.12.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from blockyard.protocol.names import ChangeAction

MOST_RESOURCES = 5000
_MOST_LINES = 400
"""Of one resource."""
_LONGEST = 600
"""Characters of a line; values may be whole files."""


SIGNS: Mapping[ChangeAction, str] = {
    ChangeAction.CREATE: "+",
    ChangeAction.UPDATE: "~",
    ChangeAction.REPLACE: "±",
    ChangeAction.DELETE: "−",  # noqa: RUF001  a minus sign, as wide as the plus
    ChangeAction.READ: "…",
    ChangeAction.MOVE: "→",
    ChangeAction.IMPORT: "↓",
    ChangeAction.FORGET: "×",  # noqa: RUF001  a multiplication sign
}

_ACTIONS = (
    ("will be created", ChangeAction.CREATE),
    ("will be imported", ChangeAction.IMPORT),
    ("will be updated in-place", ChangeAction.UPDATE),
    ("must be replaced", ChangeAction.REPLACE),
    ("will be replaced", ChangeAction.REPLACE),
    ("will be destroyed", ChangeAction.DELETE),
    ("will be read during apply", ChangeAction.READ),
    ("will no longer be managed", ChangeAction.FORGET),
    ("has moved to", ChangeAction.MOVE),
)
_HEAD = re.compile(r"^ {2}# (\S.*)$")
_END = re.compile(r"^(?:Plan:|Changes to Outputs:|─|No changes\.|Apply complete|Warning:|╷|Do you want|Saved the plan)")
_LINE = re.compile(r"^(\s*)(-/\+|\+/-|<=|[+~-]|)\s?(.*)$")
_SUM = re.compile(r"^(?:Plan: |Apply complete! Resources: |Destroy complete! Resources: )(.*)$", re.MULTILINE)
_COUNTED = re.compile(r"(\d{1,9}) (?:to )?(add|change|destroy|added|changed|destroyed)\b")


@dataclass(frozen=True, slots=True)
class Line:
    """One line about a resource; `before` is what an arrow leads from."""

    tone: str
    text: str = field(repr=False)
    before: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of one resource; `why` is what the engine says about the reason."""

    address: str
    action: ChangeAction
    why: str
    lines: Sequence[Line] = field(repr=False)

    @property
    def sign(self) -> str:
        """One character for the action."""
        return SIGNS[self.action]


@dataclass(frozen=True, slots=True)
class Sum:
    """How many resources are added, changed and destroyed."""

    added: int = 0
    changed: int = 0
    destroyed: int = 0


def sum_in(text: str) -> Sum | None:
    """Return the last sum that an engine printed; None if there is none."""
    found = list(_SUM.finditer(text))
    if not found:
        return None
    counts = {word: int(number) for number, word in _COUNTED.findall(found[-1][1])}
    return Sum(
        counts.get("add", counts.get("added", 0)),
        counts.get("change", counts.get("changed", 0)),
        counts.get("destroy", counts.get("destroyed", 0)),
    )


def changes_in(text: str) -> Sequence[Change]:
    """Return what becomes of each resource, in the order of the plan; of several plans, the last."""
    found: dict[str, Change] = {}
    head: tuple[str, ChangeAction] | None = None
    body: list[str] = []
    for line in [*text.split("\n"), "Plan:"]:
        match = _HEAD.match(line)
        new = None if match is None else _head_of(match[1])
        if head is not None and (new is not None or _END.match(line)):
            found[head[0]] = _change(*head, body)
            head = None
        if new is not None:
            head, body = new, []
        elif head is not None and len(body) < _MOST_LINES:
            body.append(line)
        if len(found) >= MOST_RESOURCES:
            break
    return list(found.values())


def counts_of(changes: Iterable[Change]) -> Sequence[tuple[ChangeAction, int]]:
    """Return how many changes there are of each kind, in the order of how much they hurt."""
    return by_weight(Counter(change.action for change in changes))


def by_weight(counts: Mapping[ChangeAction, int]) -> Sequence[tuple[ChangeAction, int]]:
    """Return the kinds of changes that there are, in the order of how much they hurt."""
    order = (
        ChangeAction.DELETE,
        ChangeAction.REPLACE,
        ChangeAction.UPDATE,
        ChangeAction.CREATE,
        ChangeAction.IMPORT,
        ChangeAction.MOVE,
        ChangeAction.FORGET,
        ChangeAction.READ,
    )
    return [(action, counts[action]) for action in order if counts.get(action)]


def _head_of(comment: str) -> tuple[str, ChangeAction] | None:
    for words, action in _ACTIONS:
        address, found, _ = comment.partition(f" {words}")
        if found:
            return address.removesuffix(" is tainted, so"), action
    return None


def _change(address: str, action: ChangeAction, body: Sequence[str]) -> Change:
    reasons = [line.strip().removeprefix("#").strip() for line in body if line.startswith("  # (")]
    lines = [_line(line) for line in body if line.strip() and not line.startswith("  # (")]
    return Change(address=address, action=action, why=" ".join(reasons).strip("()"), lines=lines)


def _line(line: str) -> Line:
    match = _LINE.match(line)
    if match is None:
        return Line("same", _cut(line))
    indent, sign, text = match.groups()
    tone = {"+": "added", "-": "removed", "~": "changed", "": "same", "<=": "same"}.get(sign, "replaced")
    before, arrow, after = text.partition(" -> ")
    if tone != "changed" or not arrow:
        return Line(tone, _cut(line))
    return Line(tone, _cut(after), _cut(f"{indent}{sign} {before}"))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
