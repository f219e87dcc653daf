"""What is checked when, what was found, and what does not count. Source: api.md 3.16, concepts.md 11.1."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import ChangeAction
from blockyard.server.blocks.model.block import BlockId
from blockyard.server.definitions.model import DefinitionId
from blockyard.server.definitions.model.policies import ScheduleFrequency, ScheduleMode
from blockyard.server.runs.model import RunId
from blockyard.server.runs.model.plan import PlannedChange

MOST_LISTED = 20
"""So many changes are kept with a block; its check has all of them."""

MOST_RULES = 100

POSTPONED = timedelta(minutes=30)
"""A check waits so long that a run stands in the way of, or that a server had begun which is gone."""

PERIODS = {ScheduleFrequency.DAILY: timedelta(days=1), ScheduleFrequency.WEEKLY: timedelta(days=7)}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DRIFT = frozenset({ChangeAction.CREATE, ChangeAction.UPDATE, ChangeAction.REPLACE, ChangeAction.DELETE})
"""What a check finds of a module that has not changed; moves and imports are the module's own."""


class DriftState(StrEnum):
    """What the last check of a block found."""

    UNKNOWN = "UNKNOWN"
    """It was not checked yet."""
    CLEAN = "CLEAN"
    DRIFTED = "DRIFTED"
    FAILED = "FAILED"
    """The check itself failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseRule:
    """Changes that are no drift: of these resources, or only of these attributes of theirs. `*` stands for anything."""

    address: str = "*"
    type: str = "*"
    attribute: str = "*"


PROVIDER_NOISE = (
    NoiseRule(type="aws_*", attribute="tags_all"),
    NoiseRule(type="azurerm_*", attribute="etag"),
    NoiseRule(type="google_*", attribute="effective_labels"),
    NoiseRule(type="google_*", attribute="terraform_labels"),
)
"""What these providers compute themselves from what else is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRules:
    """How the blocks of a definition are checked.

    Attributes:
        synced_behind: the last block that was entered since the schedule was changed; None if that has just begun.
        is_synced: whether all blocks are entered.
    """

    definition_id: DefinitionId
    created_at: datetime
    mode: ScheduleMode = ScheduleMode.DISABLED
    frequency: ScheduleFrequency = ScheduleFrequency.NONE
    automatic_approval: bool = False
    is_synced: bool = True
    synced_behind: UUID | None = None
    is_paused: bool = False
    pause_reason: str | None = None
    paused_by: str | None = None
    ignored: tuple[NoiseRule, ...] = ()
    revision: int = 0

    @property
    def period(self) -> timedelta | None:
        """How often a block is checked; None: never."""
        return None if self.mode is ScheduleMode.DISABLED else PERIODS.get(self.frequency)


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftWatch:
    """A block that is checked, and what was found.

    Attributes:
        owner: the workspace of the definition.
        due_at: when it is checked next.
        run_id: the check that told the state.
        changes: the first of what has drifted, `count` has all of it.
        ignored_until: until then the drift is known and nobody is told.
    """

    block_id: BlockId
    definition_id: DefinitionId
    workspace: str
    project: str | None
    owner: str
    created_at: datetime
    due_at: datetime
    state: DriftState = DriftState.UNKNOWN
    checked_at: datetime | None = None
    drifted_since: datetime | None = None
    run_id: RunId | None = None
    count: int = 0
    changes: Sequence[Mapping[str, Json]] = ()
    is_paused: bool = False
    pause_reason: str | None = None
    paused_by: str | None = None
    ignored_until: datetime | None = None
    ignore_reason: str | None = None
    ignored_by: str | None = None
    revision: int = 0

    def is_ignored(self, now: datetime) -> bool:
        """Whether the drift is known, and left alone for now."""
        return self.ignored_until is not None and now < self.ignored_until

    def found(self, changes: Sequence[PlannedChange], run_id: RunId, at: datetime, *, unlisted: bool) -> "DriftWatch":
        """Return this block after a check; `unlisted` drift is known to be there, but not what it is."""
        is_drifted = bool(changes) or unlisted
        after = replace(
            self,
            state=DriftState.DRIFTED if is_drifted else DriftState.CLEAN,
            checked_at=at,
            drifted_since=(self.drifted_since or at) if is_drifted else None,
            run_id=run_id,
            count=len(changes),
            changes=[{"address": one.address, "action": one.action.value} for one in changes[:MOST_LISTED]],
        )
        return after if is_drifted else after.attended()

    def failed(self, run_id: RunId, at: datetime) -> "DriftWatch":
        """Return this block after a check that failed: what was known before is known still."""
        return replace(self, state=DriftState.FAILED, checked_at=at, run_id=run_id)

    def applied(self, run_id: RunId, at: datetime) -> "DriftWatch":
        """Return this block after a run that brought everything to what it shall be."""
        return self.found((), run_id, at, unlisted=False)

    def attended(self) -> "DriftWatch":
        """Return this block with nothing ignored."""
        return replace(self, ignored_until=None, ignore_reason=None, ignored_by=None)


def next_check(block_id: UUID, period: timedelta, after: datetime) -> datetime:
    """Return when a block is checked next: each at a moment of the period that is its own, so that they do not come at once."""
    seconds = int(period.total_seconds())
    slot = int.from_bytes(hashlib.sha256(block_id.bytes).digest()[:8]) % seconds
    now = int((after - _EPOCH).total_seconds())
    return _EPOCH + timedelta(seconds=now - now % seconds + slot + (0 if now % seconds < slot else seconds))


def drift_in(changes: Iterable[PlannedChange], rules: Sequence[NoiseRule]) -> list[PlannedChange]:
    """Return those changes of a plan that are drift."""
    all_rules = (*PROVIDER_NOISE, *rules)
    found = (one for one in changes if one.action in _DRIFT and not one.is_output)
    return [one for one in found if not _is_noise(one, all_rules)]


def _is_noise(change: PlannedChange, rules: Sequence[NoiseRule]) -> bool:
    document = change.document
    fitting = [
        rule
        for rule in rules
        if _fits(rule.address, change.address) and _fits(rule.type, str(document.get("type") or ""))
    ]
    if any(rule.attribute == "*" for rule in fitting):
        return True
    listed, more = document.get("attributes"), document.get("attributesLeftOut")
    names = [str(one.get("path")) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    if change.action is not ChangeAction.UPDATE or more or not names:
        return False
    return all(any(_is_within(rule.attribute, name) for rule in fitting) for name in names)


def _is_within(pattern: str, path: str) -> bool:
    """Whether a pattern names an attribute, or one that it is a part of."""
    return any(_fits(pattern, path[:end]) for end in (len(path), *(at.start() for at in re.finditer(r"[.\[]", path))))


def _fits(pattern: str, text: str) -> bool:
    """Whether a text is what a pattern says: piece after piece, each at the first place where it is."""
    first, *others = pattern.split("*")
    if not others:
        return text == pattern
    if not text.startswith(first):
        return False
    at, last = len(first), others[-1]
    for piece in others[:-1]:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(text) - len(last) >= at and text.endswith(last)
