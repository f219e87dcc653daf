"""What needs the visitor, as pages show it."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from blockyard.server.home.model import Need, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedRow:
    """One need: what it is about, why, and the one act that helps."""

    name: str
    text: str
    detail: str
    icon: str
    tone: str
    href: str
    act: str
    at: datetime
    ends: bool = False


_WORDS = {
    Why.INPUT: ("Waiting for your input", "hand", "warning", "Give the input"),
    Why.OPERATOR_INPUT: ("Waiting for the platform team: you", "hand", "warning", "Give the input"),
    Why.APPROVAL: ("A change waits for your approval", "hand", "warning", "See the plan"),
    Why.FAILED: ("The last run failed", "circle-x", "error", "See what failed"),
    Why.REQUEST: ("Somebody asks for a role", "user-plus", "warning", "Decide"),
    Why.TENANT_DELETION: ("A deletion waits for your approval", "trash-2", "warning", "Decide"),
    Why.ACCESS_ENDS: ("Your access ends soon", "calendar-clock", "warning", "See access"),
    Why.EXPIRES: ("Ends by itself soon", "calendar-clock", "warning", "See it"),
    Why.VIOLATION: ("Violates a policy", "shield-alert", "warning", "See why"),
    Why.DRIFT: ("Is not as its definition says any more", "activity", "warning", "See what has drifted"),
}


def need_row(need: Need) -> NeedRow:
    """Return a need as a row."""
    text, icon, tone, act = _WORDS[need.why]
    return NeedRow(
        name=need.name,
        text=text,
        detail=need.detail,
        icon=icon,
        tone=tone,
        href=_href(need),
        act=act,
        at=need.since,
        ends=need.why in {Why.ACCESS_ENDS, Why.EXPIRES},
    )


def _href(need: Need) -> str:
    workspace = f"/w/{quote(need.workspace, safe='')}"
    match need.why:
        case Why.INPUT | Why.OPERATOR_INPUT:
            return f"/blocks/{need.id}/inputs"
        case Why.FAILED | Why.APPROVAL | Why.DRIFT | Why.EXPIRES:
            return f"/blocks/{need.id}"
        case Why.TENANT_DELETION:
            return f"{workspace}/tenants/{need.id}"
        case Why.VIOLATION:
            return f"{workspace}/compliance"
        case _:
            return f"{workspace}/access"
