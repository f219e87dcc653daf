"""What a person is in a workspace, and may do there. Source: concepts.md 2.2."""

from collections.abc import Iterable
from enum import StrEnum

from blockyard.server.identity.model.codes import MANAGED, PLAIN


class WorkspaceRole(StrEnum):
    """What a person is in a workspace."""

    OWNER = "Workspace Owner"
    MANAGER = "Workspace Manager"
    MEMBER = "Workspace Member"


_MEMBER = frozenset(
    code for code in PLAIN if code.endswith("_LIST") and code not in {"APIKEY_LIST", "EVENTLOG_LIST", "TFSTATE_LIST"}
)
_MANAGER = (PLAIN | MANAGED) - {"WORKSPACE_DELETE", "PROJECT_DELETE", "MANAGED_BRAKE_PASS"}

_ROLE_CODES = {
    WorkspaceRole.MEMBER: _MEMBER,
    WorkspaceRole.MANAGER: _MANAGER,
    WorkspaceRole.OWNER: PLAIN | MANAGED,
}


def codes_of_roles(roles: Iterable[WorkspaceRole]) -> frozenset[str]:
    """Return the codes a person holds in a workspace through `roles` there. Source: concepts.md 2.2."""
    return frozenset().union(*(_ROLE_CODES[role] for role in roles))
