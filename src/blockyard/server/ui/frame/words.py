"""How pages say what models know: statuses, durations, reasons."""

from dataclasses import dataclass
from datetime import date, timedelta

from blockyard.protocol.names import Behavior, RunStatus, StepStatus
from blockyard.server.blocks.model.block import WAITING, BlockHead, BlockStatus, Lifecycle, Operation
from blockyard.server.blocks.model.words import status_in_words
from blockyard.server.runs.model import Run, Trigger, TriggerReason

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


@dataclass(frozen=True, slots=True)
class Badge:
    """A status as people read it: words, an icon, and how it is coloured."""

    text: str
    icon: str
    tone: str
    """`success`, `error`, `warning`, `info` or `neutral`."""
    detail: str | None = None
    """A second line: what it waits for while it is under way."""

    @property
    def turns(self) -> bool:
        """Whether the icon shows that something is under way."""
        return self.icon == "loader-circle"


_TONES = {
    "PENDING": ("hourglass", "info"),
    "IN_PROGRESS": ("loader-circle", "info"),
    "SUCCEEDED": ("circle-check", "success"),
    "FAILED": ("circle-x", "error"),
    "ABORTED": ("ban", "neutral"),
}

SKIPPED = Badge("Skipped", "minus", "neutral")
"""A step that never ran."""

_WORDS = {
    "PENDING": "pending",
    "IN_PROGRESS": "in progress",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "ABORTED": "aborted",
}

_BEHAVIORS = {Behavior.APPLY: "Apply", Behavior.DESTROY: "Destroy", Behavior.DETECT: "Dry run"}

_REASONS = {
    TriggerReason.BUILDING_BLOCK_CREATION: "The building block was ordered",
    TriggerReason.MANUAL_EXECUTION: "Started by hand",
    TriggerReason.USER_STATUS_CHANGE: "A status was changed",
    TriggerReason.PLATFORM_TENANT_ID_UPDATE: "The platform tenant became known",
    TriggerReason.PROJECT_PERMISSIONS_CHANGE: "Permissions in the project changed",
    TriggerReason.WORKSPACE_PERMISSION_CHANGE: "Permissions in the workspace changed",
    TriggerReason.BUILDING_BLOCK_UPGRADE: "Changed to another version",
    TriggerReason.BUILDING_BLOCK_INPUTS_UPDATE: "Inputs were changed",
    TriggerReason.BUILDING_BLOCK_DEFINITION_DELETION: "The definition was deleted",
    TriggerReason.BUILDING_BLOCK_DELETION: "The deletion was requested",
    TriggerReason.BUILDING_BLOCK_PURGE: "The building block was purged",
    TriggerReason.DEPENDENCY_OUTPUT_CHANGED: "An output of a parent changed",
    TriggerReason.PARENT_RUN_SUCCEEDED: "A parent succeeded",
    TriggerReason.PREFLIGHT_SUCCEEDED: "A dry run had planned it",
    TriggerReason.SCHEDULED_DRIFT_DETECTION: "Drift was looked for on schedule",
    TriggerReason.SCHEDULED_DRIFT_RECONCILIATION: "Drift was looked for on schedule, to be repaired",
}


_DONE = {
    TriggerReason.BUILDING_BLOCK_CREATION: "ordered the building block",
    TriggerReason.MANUAL_EXECUTION: "",
    TriggerReason.USER_STATUS_CHANGE: "changed a status",
    TriggerReason.BUILDING_BLOCK_UPGRADE: "changed the version",
    TriggerReason.BUILDING_BLOCK_INPUTS_UPDATE: "changed inputs",
    TriggerReason.BUILDING_BLOCK_DEFINITION_DELETION: "deleted the definition",
    TriggerReason.BUILDING_BLOCK_DELETION: "deleted the building block",
    TriggerReason.BUILDING_BLOCK_PURGE: "purged the building block",
    TriggerReason.PREFLIGHT_SUCCEEDED: "wanted what a dry run had planned",
    TriggerReason.SCHEDULED_DRIFT_DETECTION: "looked for drift",
    TriggerReason.SCHEDULED_DRIFT_RECONCILIATION: "looked for drift and repaired it",
}
"""What the author of a run did, where a person started it."""


def block_badge(block: BlockHead, *, is_yours: bool, dry_run: Run | None = None) -> Badge:
    """Return how a block is, as `status_in_words` says it."""
    text = status_in_words(block, is_yours=is_yours, dry_run=dry_run)
    if block.lifecycle is Lifecycle.DELETED:
        return Badge(text, "trash-2", "neutral")
    if block.status is BlockStatus.SUCCEEDED:
        return Badge(text, *_ready_tones(dry_run))
    if block.status in WAITING or block.status is BlockStatus.WAITING_FOR_APPROVAL:
        is_for_others = block.status is BlockStatus.WAITING_FOR_DEPENDENT_INPUT
        return Badge(text, "hourglass", "neutral") if is_for_others else Badge(text, "hand", "warning")
    if block.status is BlockStatus.PENDING:
        return Badge(text, "hourglass", "info", "Waiting for a runner")
    if block.operation is Operation.UPDATE and block.status in {BlockStatus.FAILED, BlockStatus.ABORTED}:
        return Badge(text, "triangle-alert", "warning")
    return Badge(text, *_TONES[block.status.value])


def _ready_tones(dry_run: Run | None) -> tuple[str, str]:
    """Return icon and tone of a block that is ready, of which a dry run may have told more."""
    if dry_run is not None and not dry_run.is_final:
        return "loader-circle", "info"
    return ("triangle-alert", "warning") if dry_run is not None and dry_run.changes_detected else _TONES["SUCCEEDED"]


def run_badge(run: Run) -> Badge:
    """Return how a run stands."""
    if run.awaits_approval and not run.is_final:
        return Badge("Waiting for approval", "hand", "warning")
    return status_badge(run.status, aborting=run.abort_requested_at is not None)


def status_badge(status: RunStatus | StepStatus, *, aborting: bool = False) -> Badge:
    """Return what the status of a run or a step looks like."""
    icon, tone = _TONES[status.value]
    if aborting and status.value in {"PENDING", "IN_PROGRESS"}:
        return Badge("Is being aborted", "loader-circle", "warning")
    return Badge(_WORDS[status.value].capitalize(), icon, tone)


def behavior(value: Behavior) -> str:
    """Return what a run does."""
    return _BEHAVIORS[value]


def reason(value: TriggerReason) -> str:
    """Return why a run exists."""
    return _REASONS[value]


def started(trigger: Trigger) -> str:
    """Return who started a run, and why."""
    name = trigger.author.display_name
    done = _DONE.get(trigger.reason)
    if done is None:
        reason = _REASONS[trigger.reason]
        return f"Started by itself: {reason[:1].lower()}{reason[1:]}"
    return f"Started by {name}{done and ', who ' + done}"


def duration(span: timedelta) -> str:
    """Return a span as its two largest units: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`."""
    seconds = max(0.0, span.total_seconds())
    if seconds < 10:  # noqa: PLR2004  below this, tenths matter
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, name, smaller, smaller_name in (
        (_DAY, "d", _HOUR, "h"),
        (_HOUR, "h", _MINUTE, "min"),
        (_MINUTE, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {name} {rest} {smaller_name}" if rest else f"{whole // size} {name}"
    return f"{whole} s"


def rough_duration(span: timedelta) -> str:
    """Return a span as people say it: `40 s`, `3 min`, `2 h`."""
    seconds = max(1, round(span.total_seconds()))
    for size, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= 1.5 * size:
            return f"{round(seconds / size)} {name}"
    return f"{seconds if seconds < 10 else round(seconds, -1)} s"  # noqa: PLR2004  below this, seconds matter


def percent(share: float) -> str:
    """Return a part of a whole; never all of it, or nothing, where that is not so."""
    rounded = round(share * 100)
    if rounded in {0, 100} and share not in {0.0, 1.0}:
        rounded = min(max(rounded, 1), 99)
    return f"{rounded} %"


def count(number: int, one: str, many: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else many}"


SOON_DAYS, VERY_SOON_DAYS = 30, 7
"""How long before its end something is shown in yellow, and in red. Source: concepts.md 27.2."""


def end_badge(
    day: date | None, today: date, *, soon: int = SOON_DAYS, very_soon: int = VERY_SOON_DAYS, over: str = "neutral"
) -> Badge | None:
    """Return when something ends whose last day is `day`; None if it does not. `over` is the tone of what has ended."""
    if day is None:
        return None
    days = (day - today).days
    if days < 0:
        return Badge(f"Ended {day.isoformat()}", "ban", over)
    tone = "error" if days <= very_soon else "warning" if days <= soon else "neutral"
    return Badge("Ends today" if days == 0 else f"Ends in {count(days, 'day', 'days')}", "calendar-clock", tone)
