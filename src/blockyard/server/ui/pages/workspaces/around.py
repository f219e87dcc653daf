"""What all pages of a workspace share: the workspace, its places in the bar, and the tabs that the visitor may open."""

from collections.abc import Sequence
from urllib.parse import quote

from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound
from blockyard.server.projects.model import Project
from blockyard.server.services import Services
from blockyard.server.tenants.model import Tenant
from blockyard.server.ui.frame.places import Place, Scope, workspace_place
from blockyard.server.workspaces.model import Workspace

_TABS = (
    ("Overview", "", "WORKSPACE_LIST"),
    ("Projects", "/projects", "PROJECT_LIST"),
    ("Tenants", "/tenants", "TENANT_LIST"),
    ("Access", "/access", "WORKSPACEPRINCIPALBINDING_LIST"),
    ("Groups", "/groups", "WORKSPACEUSERGROUP_LIST"),
    ("API keys", "/keys", "APIKEY_LIST"),
    ("Financials", "/money", "PAYMENTMETHOD_LIST"),
    ("Compliance", "/compliance", "WORKSPACE_LIST"),
    ("Settings", "/settings", "WORKSPACE_SAVE"),
)


def home_of(workspace: str) -> str:
    """Return the address of a workspace."""
    return f"/w/{quote(workspace, safe='')}"


def project_home(workspace: str, project: str) -> str:
    """Return the address of a project."""
    return f"{home_of(workspace)}/projects/{quote(project, safe='')}"


def tenant_home(tenant: Tenant) -> str:
    """Return the address of a tenant."""
    return f"{home_of(tenant.workspace)}/tenants/{tenant.id}"


def around(
    tx: Transaction,
    principal: Principal,
    services: Services,
    name: str,
    *,
    project: Project | None = None,
    tenant: Tenant | None = None,
) -> dict[str, object]:
    """Return what pages of a workspace need. Raises NotFound, Denied."""
    if "\0" in name:
        raise NotFound(f"there is no workspace '{name!r}'")
    workspace = services.workspaces.get(tx, principal, name)
    return {
        "workspace": workspace,
        "home": home_of(name),
        "tabs": tabs_of(principal, workspace),
        "scope": _scope(workspace, project, tenant),
    }


def tabs_of(principal: Principal, workspace: Workspace) -> Sequence[tuple[str, str]]:
    """Return the pages of a workspace that the principal may open."""
    home = home_of(workspace.name)
    return [(label, home + path) for label, path, code in _TABS if principal.allows(code, workspace=workspace.name)]


def _scope(workspace: Workspace, project: Project | None, tenant: Tenant | None) -> Scope:
    return Scope(
        workspace=workspace_place(workspace.name, workspace.display_name),
        project=(
            Place(project.name, project.display_name or project.name, project_home(workspace.name, project.name))
            if project
            else None
        ),
        tenant=Place(tenant.name, tenant.platform, tenant_home(tenant)) if tenant else None,
    )
