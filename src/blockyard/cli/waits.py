"""What building blocks and runs wait for, as the server explains it: why, since when, at which place, and who can end it."""

from collections.abc import Mapping

from blockyard.cli.documents import number, objects, text
from blockyard.cli.listing import ago
from blockyard.protocol.jsontypes import JsonObject

_OWNERS: Mapping[str, str] = {
    "WORKSPACE": "the workspace that ordered it",
    "PROVIDER": "the team that offers it",
    "RUNNER_OPERATOR": "the operator of the runner",
    "BRAKE_OWNER": "who placed it",
    "INSTALLATION": "an administrator",
    "SYSTEM": "nobody has to do anything",
}


def wait_facts(detail: JsonObject) -> list[tuple[str, str]]:
    """Return each thing that a building block or a run waits for as two lines: what it is, and what is known about it."""
    return [
        fact
        for wait in objects(detail, "waits")
        for fact in (("waits for", text(wait, "message")), ("", "; ".join(_known(wait))))
    ]


def _known(wait: JsonObject) -> list[str]:
    since, until, position = ago(text(wait, "since")), text(wait, "until"), number(wait, "position")
    known = {
        f"for {since}": bool(since),
        f"place {position} in the queue": position is not None,
        f"ends when: {text(wait, 'endsWhen')}": bool(text(wait, "endsWhen")),
        f"at the latest: {until}": bool(until),
        f"up to: {_owner(wait)}": bool(_owner(wait)),
    }
    return [words.removesuffix(".") for words, is_known in known.items() if is_known]


def _owner(wait: JsonObject) -> str:
    """Return who can end a wait; empty where the server names somebody that is not known here."""
    workspace = text(wait, "owner", "workspace")
    who = _OWNERS.get(text(wait, "owner", "kind"), "")
    return f"{who}, workspace '{workspace}'" if who and workspace else who
