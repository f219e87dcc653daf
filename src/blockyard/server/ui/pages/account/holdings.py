"""What somebody has: their roles in workspaces and when these end, and the API keys of workspaces that they manage."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from blockyard.server.identity.model import ApiKey, Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.services import Services
from blockyard.server.ui.frame import words

_THROUGH_A_GROUP = "through a group"

_MOST_KEYS = 100
"""More are on the pages of their workspaces."""


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role in a workspace, by which group it is held, and when it ends."""

    workspace: str
    href: str
    role: str
    ends: words.Badge | None


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key of a workspace, and its page."""

    key: ApiKey
    href: str
    ends: words.Badge | None


def roles_of(tx: Transaction, services: Services, principal: Principal) -> list[HeldRole]:
    """Return the roles of a person, those through groups too."""
    today = services.clock().date()
    names = services.workspaces.find_all(tx, principal.grants.keys())
    own = {(one.workspace, one.role.value): one.expires_on for one in services.bindings.own(tx, principal)}
    named = {workspace for workspace, _ in own}
    through_groups: dict[tuple[str, str], date | None] = {
        (name, _THROUGH_A_GROUP): None for name in principal.grants if name not in named
    }
    return [
        HeldRole(
            (known.display_name if (known := names.get(workspace)) else "") or workspace,
            f"/w/{quote(workspace, safe='')}",
            role.removeprefix("Workspace "),
            words.end_badge(day, today),
        )
        for (workspace, role), day in sorted({**own, **through_groups}.items(), key=lambda item: item[0])
        if workspace in principal.grants
    ]


def keys_of(tx: Transaction, services: Services, principal: Principal) -> list[HeldKey]:
    """Return the API keys of the workspaces in which a person may look at them by a role."""
    today = services.clock().date()
    return [
        HeldKey(key, f"/w/{quote(key.workspace, safe='')}/keys/{key.id}", words.end_badge(key.expires_at, today))
        for key in services.api_keys.of_own_workspaces(tx, principal)[:_MOST_KEYS]
    ]
