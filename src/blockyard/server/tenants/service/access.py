"""Who may see and do what with a tenant. Source: concepts.md 2.2, api.md 2.7."""

from blockyard.server.identity.model import Principal
from blockyard.server.kit.errors import Denied, NotFound
from blockyard.server.tenants.model import Tenant

LIST, SAVE, DELETE, IMPORT = "TENANT_LIST", "TENANT_SAVE", "TENANT_DELETE", "TENANT_IMPORT"

PLATFORM_LIST, PLATFORM_SAVE = "PLATFORMINSTANCE_LIST", "PLATFORMINSTANCE_SAVE"
ZONE_LIST, ZONE_SAVE = "LANDINGZONE_LIST", "LANDINGZONE_SAVE"


def require_known(principal: Principal, tenant: Tenant | None, tenant_id: object) -> Tenant:
    """Return the tenant if the principal may know of it. Raises NotFound."""
    if tenant is None or not _knows(principal, tenant):
        raise NotFound(
            f"there is no tenant {tenant_id} that you can see",
            code="TenantNotFound",
            remedy="Check the id, and that your key or role reaches its workspace or its platform.",
        )
    return tenant


def require_list(principal: Principal, tenant: Tenant) -> None:
    """Refuse unless the principal may read the tenant: who offers its platform or landing zone may. Raises Denied."""
    if not _provides(principal, tenant, PLATFORM_LIST, ZONE_LIST):
        principal.require(LIST, workspace=tenant.workspace)


def may_decide(principal: Principal, tenant: Tenant) -> bool:
    """Whether the principal may approve or decline that the tenant is deleted."""
    return is_administrator(principal) or _provides(principal, tenant, PLATFORM_SAVE, ZONE_SAVE)


def require_decide(principal: Principal, tenant: Tenant) -> None:
    """Refuse unless `may_decide`. Raises Denied."""
    if not may_decide(principal, tenant):
        raise Denied(
            f"you don't have sufficient permissions: only who offers platform '{tenant.platform}' decides about the deletion of "
            "a tenant of it",
            code="MissingPermission",
            remedy=f"Ask an owner or manager of workspace '{tenant.provider}', or an administrator.",
        )


def may_change(principal: Principal, tenant: Tenant) -> bool:
    """Whether the principal may change the quotas of the tenant: who offers its platform, and administrators."""
    return principal.allows(SAVE, workspace=None) or may_decide(principal, tenant)


def require_change(principal: Principal, tenant: Tenant) -> None:
    """Refuse unless `may_change`. Raises Denied."""
    if not may_change(principal, tenant):
        raise Denied(
            f"you don't have sufficient permissions: only who offers platform '{tenant.platform}' changes the quotas of a tenant",
            code="MissingPermission",
            remedy=f"Ask an owner or manager of workspace '{tenant.provider}', or an administrator.",
        )


def may_purge(principal: Principal, tenant: Tenant) -> bool:
    """Whether the principal may forget the tenant and leave the platform as it is: owners of its workspace, and who may decide."""
    owns = all(principal.allows(code, workspace=tenant.workspace) for code in (DELETE, "PROJECT_DELETE"))
    return owns or may_decide(principal, tenant)


def require_purge(principal: Principal, tenant: Tenant) -> None:
    """Refuse unless `may_purge`. Raises Denied."""
    if not may_purge(principal, tenant):
        raise Denied(
            "you don't have sufficient permissions: only owners of the workspace and who offers the platform may purge a tenant",
            code="MissingPermission",
            remedy=f"Ask an owner of workspace '{tenant.workspace}', or delete the tenant.",
        )


def is_administrator(principal: Principal) -> bool:
    """Whether the principal may delete every tenant; nobody has to approve what they ask for."""
    return principal.allows(DELETE, workspace=None)


def _knows(principal: Principal, tenant: Tenant) -> bool:
    own = any(principal.allows(code, workspace=tenant.workspace) for code in (LIST, SAVE, DELETE))
    own = own and principal.sees_project(tenant.workspace, tenant.project)
    return own or may_decide(principal, tenant) or _provides(principal, tenant, PLATFORM_LIST, ZONE_LIST)


def _provides(principal: Principal, tenant: Tenant, platform_code: str, zone_code: str) -> bool:
    """Whether the principal has a code in the workspace of the platform, or the other one in that of the landing zone."""
    of_platform = platform_code in principal.grants.get(tenant.provider, frozenset())
    zone_owner = tenant.landing_zone_owner
    return of_platform or (zone_owner is not None and zone_code in principal.grants.get(zone_owner, frozenset()))
