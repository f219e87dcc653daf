"""What the requests of a run are called."""

import json
import re

_STATE = re.compile(r"/api/terraform/state/")
_RUNS = "/api/meshobjects/meshbuildingblockruns"
_ENDINGS = {
    f"{_RUNS}/create": "claim",
    "/heartbeat": "heartbeat",
    "/release": "release",
    "/log": "log",
    "/abort": "abort",
    "/planartifact": "artifact",
    "/api/blockyard/v1/bulk-jobs": "bulk",
    "/start": "bulk",
    "/approve": "approve",
    "/decline": "decline",
    "/plan-restore": "restoreplan",
    "/apply-restore": "restoreapply",
}
_BLOCKS = "/api/meshobjects/meshbuildingblocks"


def label_of_request(method: str, path: str, body: bytes) -> str | None:
    """Return what a request to Blockyard is called; None: it is not part of a run's life."""
    plain = path.partition("?")[0]
    if _STATE.match(plain):
        return f"state-{method.lower()}"
    if plain.startswith(_RUNS) and "/status/source" in plain:
        if method == "POST":
            return "register"
        return "final" if _is_final(body) else "patch"
    if plain == _BLOCKS:
        return "order" if method == "POST" else None
    if plain.startswith(f"{_BLOCKS}/") and method == "PUT":
        return "change"
    return next((name for ending, name in _ENDINGS.items() if plain.endswith(ending)), None)


def label_of_git_request(method: str, _path: str, body: bytes) -> str | None:
    """Return what a request of git is called: `refs`, or `pack` once it asks for objects."""
    if method == "GET":
        return "git-refs"
    return "git-pack" if b"want " in body or b"fetch" in body else "git-list"


def _is_final(body: bytes) -> bool:
    try:
        return json.loads(body).get("status") in {"SUCCEEDED", "FAILED", "ABORTED"}
    except (ValueError, AttributeError):
        return False
