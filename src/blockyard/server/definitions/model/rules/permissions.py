"""Rules of the permissions a version asks for its runs. Source: api.md 3.17 and appendix A."""

from collections.abc import Sequence

from blockyard.server.identity.permissions import ADMIN, EPHEMERAL
from blockyard.server.kit.errors import Invalid


def check_permissions(permissions: Sequence[str]) -> None:
    """Refuse codes that a run's key cannot hold. Raises Invalid."""
    for index, code in enumerate(permissions):
        if code in EPHEMERAL:
            continue
        reason = "is for administrators only" if code in ADMIN else "is not a permission"
        raise Invalid(
            f"'{code}' {reason}",
            code="BadPermission",
            field=f"/spec/permissions/{index}",
            remedy="Use permission codes without the prefix ADM_, such as TENANT_LIST.",
        )
