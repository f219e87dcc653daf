"""What a visitor should know about a block first: what it waits for, why it failed, that it goes, and what to do."""

from dataclasses import dataclass
from textwrap import shorten

from blockyard.protocol.names import RunStatus, StepStatus
from blockyard.server.blocks.model.block import WAITING, Block, BlockStatus, Lifecycle, Operation
from blockyard.server.blocks.model.first_order import Offer
from blockyard.server.blocks.model.inputs import SETTABLE
from blockyard.server.blocks.service import BlockDetail
from blockyard.server.runs.model import Run, WaitKind
from blockyard.server.runs.model.failure_rules import UNKNOWN
from blockyard.server.runs.model.shown_outputs import EARLIER_FAILURE
from blockyard.server.runs.service import RunDetail

_ICONS = {"error": "circle-x", "warning": "triangle-alert", "info": "info"}

_WAYS = {
    Offer.CHANGE: "change inputs and go on",
    Offer.RETRY: "try again",
    Offer.REMOVE: "remove what exists",
}

_LONGEST = 300
"""Characters of what a step said that stand beside our own words; the page of its run has all of them."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to know, and where to go; `sign` is an icon, where that of the tone says too little."""

    tone: str
    text: str
    detail: str | None = None
    href: str | None = None
    action: str | None = None
    sign: str | None = None

    @property
    def icon(self) -> str:
        """The icon beside the text."""
        return self.sign or _ICONS[self.tone]


def notes(detail: BlockDetail, latest: RunDetail | None, dry_run: Run | None) -> list[Note]:
    """Return what comes first; the first one that leads somewhere is the most useful thing to do."""
    block = detail.view.block
    if block.lifecycle is Lifecycle.DELETED:
        return [Note("info", "This building block is deleted. Its history is kept.")]
    found: list[Note] = []
    found += _under_way(block, latest)
    found += _waiting(detail)
    if latest is not None and latest.run.id == block.latest_run_id and block.status is BlockStatus.FAILED:
        run = latest.run
        remains = " What it made may still be there." if block.operation is Operation.DELETION else ""
        text = f"Run {run.number} failed.{remains}"
        found.append(Note("error", text, _reason(latest), f"/runs/{run.id}", "See what happened"))
    found += _never_made(detail)
    found += _held(detail)
    found += _checked(dry_run)
    found += _defect(detail)
    return found


def reasons(detail: BlockDetail) -> list[str]:
    """Return why the visitor cannot do now what the page is for: sentences for below the buttons."""
    block = detail.view.block
    if not block.is_live:
        return []
    if not (detail.may_save or detail.may_delete):
        return [f"You can look at this building block. An owner or a manager of {block.workspace} can change it."]
    if block.is_running and block.lifecycle is Lifecycle.MARKED_FOR_DELETION:
        return ["A run is destroying it. If the run fails, you can delete this again."]
    if block.is_busy:
        return [
            "A run is under way. What you change now is applied by one run after it; you can run or delete this once it has ended."
        ]
    found: list[str] = []
    if detail.may_run and block.status in WAITING and block.lifecycle is Lifecycle.ACTIVE:
        found.append("It cannot run yet: it still waits. A run starts by itself once nothing is missing.")
    if block.status is BlockStatus.WAITING_FOR_APPROVAL:
        return ["A plan waits for an approval. Once it is decided, you can run this again."] if detail.may_run else []
    if detail.may_save and not detail.may_run and block.status is not BlockStatus.SUCCEEDED:
        found.append("Only the platform team can run it again as it is; saving a changed input starts a run.")
    has_inputs = any(spec.assignment_type in SETTABLE for spec in detail.view.version.inputs.values())
    if detail.may_save and has_inputs and not detail.editable and block.lifecycle is Lifecycle.ACTIVE:
        found.append("You cannot change any of its inputs.")
    return found


def _under_way(block: Block, latest: RunDetail | None) -> list[Note]:
    """Return that a run works on the block, and where it can be watched."""
    is_leaving = block.lifecycle is Lifecycle.MARKED_FOR_DELETION
    if block.status is BlockStatus.IN_PROGRESS and latest is not None:
        text = "This building block is being deleted." if is_leaving else f"Run {latest.run.number} is under way."
        return [Note("info", text, None, f"/runs/{latest.run.id}", "Follow it")]
    return [Note("info", "This building block is being deleted.")] if is_leaving and block.is_running else []


def _reason(latest: RunDetail) -> str | None:
    """Return why a run failed, as far as the visitor may know: in words of ours, or those of the step or of the run."""
    failed = [
        step for step in latest.steps if step.status is StepStatus.FAILED and step.user_message != EARLIER_FAILURE
    ]
    told = next((step.user_message for step in failed if step.user_message), latest.run.summary)
    failure = latest.failure
    if failure is not None and failure.code != UNKNOWN.code:
        ours = f"{failure.message} {failure.remedy}"
        return f"{ours}\n{shorten(told, _LONGEST, placeholder=' …')}" if told else ours
    return told or (f"The step “{failed[0].display_name}” failed." if failed else None)


def _checked(dry_run: Run | None) -> list[Note]:
    """Return what the dry run found, if nothing ran after it."""
    if dry_run is None:
        return []
    href = f"/runs/{dry_run.id}"
    if not dry_run.is_final:
        return [Note("info", "A dry run looks what would change. It changes nothing.", None, href, "Follow it")]
    if dry_run.status is RunStatus.FAILED:
        return [Note("warning", "The last dry run failed. Nothing was changed.", dry_run.summary, href, "See why")]
    if not dry_run.changes_detected:
        return []
    text = f"Dry run {dry_run.number} found changes: what is there differs from what was ordered."
    return [Note("warning", text, None, f"{href}/changes", "See the changes")]


def _never_made(detail: BlockDetail) -> list[Note]:
    """Return the ways to go on with a first order that failed."""
    ways = [_WAYS[offer] for offer in detail.offers]
    if not ways:
        return []
    *most, last = ways
    text = f"It was never ready. You can {', '.join(most)}{' or ' if most else ''}{last}."
    remove = f"/blocks/{detail.view.block.id}/delete" if Offer.REMOVE in detail.offers else None
    return [Note("info", text, None, remove, "Remove it" if remove else None)]


def _held(detail: BlockDetail) -> list[Note]:
    """Return that a stopped cascade holds the block."""
    told = [wait.message for wait in detail.waits if wait.kind in {WaitKind.CASCADE, WaitKind.HOLD}]
    return [Note("warning", sentence) for sentence in told]


def _defect(detail: BlockDetail) -> list[Note]:
    version = detail.view.version
    if version.defect is None:
        return []
    way = f"Version {detail.latest.number} is available." if detail.latest else "There is no other version yet."
    text = f"Version {version.number} is defective. This building block goes on. {way}"
    return [Note("warning", text, version.defect.reason)]


def _waiting(detail: BlockDetail) -> list[Note]:
    block = detail.view.block
    form = f"/blocks/{block.id}/inputs"
    missing = ", ".join(sorted(detail.view.version.inputs[key].label for key in detail.missing))
    may_fill = any(spec.key in detail.missing for spec in detail.editable)
    href, action = (form, "Fill in") if may_fill else (None, None)
    match block.status:
        case BlockStatus.WAITING_FOR_OPERATOR_INPUT:
            text = "Waiting for you: please fill in" if may_fill else "Waiting for the platform team to fill in"
            return [Note("warning", f"{text} {missing or 'inputs'}.", None, href, action, "hand")]
        case BlockStatus.WAITING_FOR_USER_INPUT:
            text = "Waiting for you: please fill in" if may_fill else f"Waiting for {block.workspace} to fill in"
            return [Note("warning", f"{text} {missing or 'inputs'}.", None, href, action, "hand")]
        case BlockStatus.WAITING_FOR_APPROVAL:
            why = " ".join(wait.message for wait in detail.waits if wait.kind is WaitKind.APPROVAL)
            text = "Nothing was changed yet: the plan waits for an approval."
            return [Note("warning", text, why, f"/runs/{block.latest_run_id}/changes", "See the plan", "hand")]
        case BlockStatus.WAITING_FOR_DEPENDENT_INPUT:
            return [_for_parents(detail)]
        case _:
            return [Note("info", sentence) for sentence in detail.waits_for if block.status is BlockStatus.PENDING]


def _for_parents(detail: BlockDetail) -> Note:
    late = [parent for parent in detail.parents if parent.status is not BlockStatus.SUCCEEDED] or detail.parents
    names = ", ".join(parent.name for parent in late)
    text = f"Waiting for {names}." if names else "Waiting for another building block."
    why = " ".join(detail.waits_for) or None
    if len(late) != 1:
        return Note("info", text, why, sign="hourglass")
    return Note("info", text, why, f"/blocks/{late[0].id}", "Look at it", "hourglass")
