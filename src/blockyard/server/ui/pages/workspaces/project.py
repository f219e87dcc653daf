"""The pages of one project: its tenants, who is in it, its settings and its end."""

from dataclasses import dataclass
from uuid import uuid4

from fastapi import APIRouter, Request, Response

from blockyard.server.binding_requests.model import RequestedKind, RequestState, Wanted
from blockyard.server.home.model import Kind, Thing
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.paging import PageRequest
from blockyard.server.project_bindings.model import BindingKind, NewBinding
from blockyard.server.projects.model import Project, ProjectKey
from blockyard.server.services import Services
from blockyard.server.tags.model import TargetKind
from blockyard.server.tenants.model import TenantQuery
from blockyard.server.ui.frame.plain_forms import Ask, Filled, Option, again, send
from blockyard.server.ui.frame.site import Site, submit
from blockyard.server.ui.pages.workspaces.access import REASON
from blockyard.server.ui.pages.workspaces.around import around, home_of, project_home
from blockyard.server.ui.pages.workspaces.projects import method_options, spec_of
from blockyard.server.ui.pages.workspaces.removal import add_removal
from blockyard.server.ui.pages.workspaces.tags import tag_asks
from blockyard.server.ui.pages.workspaces.tenants import tenant_row

_MOST = 200


@dataclass(frozen=True, slots=True)
class ProjectPages:
    """Reads what the pages of a project show."""

    services: Services

    def find(self, tx: Transaction, principal: Principal, key: ProjectKey) -> tuple[Project, dict[str, object]]:
        """Return a project and what all its pages need. Raises NotFound, Denied."""
        around(tx, principal, self.services, key.workspace)
        project = self.services.projects.get(tx, principal, key)
        context = around(tx, principal, self.services, key.workspace, project=project)
        home = project_home(key.workspace, key.name)
        pages = [("Overview", home), ("Access", f"{home}/access")]
        if principal.allows("PROJECT_SAVE", workspace=key.workspace):
            pages.append(("Settings", f"{home}/settings"))
        return project, {**context, "project": project, "project_home": home, "project_tabs": pages}

    def overview(self, tx: Transaction, principal: Principal, key: ProjectKey) -> dict[str, object]:
        """Return what the first page shows: tenants."""
        project, context = self.find(tx, principal, key)
        query = TenantQuery(workspace=key.workspace, project=key.name)
        tenants = self.services.tenants.search(tx, principal, query, PageRequest(0, _MOST))
        return {
            **context,
            "thing": Thing(kind=Kind.PROJECT, id=str(key), name=project.display_name or project.name, where=str(key)),
            "tenants": [tenant_row(one) for one in tenants.items],
            "may_add_tenant": principal.allows("TENANT_SAVE", workspace=project.workspace),
        }

    def access(self, tx: Transaction, principal: Principal, key: ProjectKey) -> dict[str, object]:
        """Return what the page of people shows."""
        _, context = self.find(tx, principal, key)
        bindings = self.services.project_bindings.of_project(tx, principal, key)
        names = [one.subject for one in bindings if one.kind is BindingKind.USER]
        people = {user.username: user.author.display_name for user in self.services.users.people(tx, names)}
        may_bind = principal.allows("PROJECTPRINCIPALROLE_SAVE", workspace=key.workspace)
        requests = self.services.binding_requests.page(
            tx,
            principal,
            PageRequest(0, _MOST, newest_first=True),
            workspace=key.workspace,
            project=key.name,
            state=RequestState.REQUESTED,
        )
        return {
            **context,
            "requests": requests.items,
            "must_ask": self.services.project_bindings.needs_approval(principal),
            "may_decide": may_bind,
            "me": principal.author.identifier,
            "bindings": [(one, people.get(one.subject, one.subject)) for one in bindings],
            "may_unbind": principal.allows("PROJECTPRINCIPALROLE_DELETE", workspace=key.workspace),
            "asks": self.binding_asks(tx, principal) if may_bind else [],
        }

    def binding_asks(self, tx: Transaction, principal: Principal) -> list[Ask]:
        """Return what is asked for when somebody gets a role in a project."""
        roles = self.services.project_roles.page(tx, principal, PageRequest(0, _MOST)).items
        return [
            Ask(
                name="subject",
                label="Username, or name of a group",
                needed=True,
                pointers=["/subject"],
                help="They need a role in the workspace first.",
            ),
            Ask(
                name="kind",
                label="Who",
                kind="select",
                value="user",
                options=[Option("user", "A person"), Option("group", "A group")],
            ),
            Ask(
                name="role",
                label="Role",
                kind="select",
                needed=True,
                options=[Option(role.display_name, role.display_name) for role in roles],
                pointers=["/roleRef", "/role"],
            ),
            *([REASON] if self.services.project_bindings.needs_approval(principal) else []),
        ]

    def settings(self, tx: Transaction, principal: Principal, key: ProjectKey) -> tuple[dict[str, object], list[Ask]]:
        """Return what the page of settings shows, and what it asks for. Raises Denied."""
        project, context = self.find(tx, principal, key)
        principal.require("PROJECT_SAVE", workspace=key.workspace)
        may_delete = principal.allows("PROJECT_DELETE", workspace=key.workspace)
        context["still_has"] = self.services.projects.still_has(tx, principal, key) if may_delete else []
        context["may_delete"] = may_delete
        return context, self.setting_asks(tx, principal, project)

    def setting_asks(self, tx: Transaction, principal: Principal, project: Project) -> list[Ask]:
        """Return what the form of settings asks for."""
        methods = method_options(tx, principal, self.services, project.workspace)
        asks = [
            Ask(
                name="name",
                label="Name",
                needed=True,
                longest=255,
                value=project.display_name,
                pointers=["/spec/displayName"],
            )
        ]
        if methods:
            value = project.payment_method_identifier or ""
            options = [Option("", "None"), *methods]
            pointers = ["/spec/paymentMethodIdentifier", "/spec/substitutePaymentMethodIdentifier"]
            asks.append(
                Ask(
                    name="method",
                    label="Payment method",
                    kind="select",
                    options=options,
                    value=value,
                    pointers=pointers,
                )
            )
        return [*asks, *tag_asks(tx, principal, self.services, TargetKind.PROJECT, project.tags)]


def add_project(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of one project."""
    pages = ProjectPages(services)

    @router.get("/w/{workspace}/projects/{project}")
    async def show_project(request: Request, workspace: str, project: str) -> Response:
        visitor = await site.visitors.of(request)
        key = ProjectKey(workspace, project)
        context = await site.db.read(lambda tx: pages.overview(tx, visitor.principal, key))
        return site.page(request, visitor, "pages/workspaces/project.html", context)

    _add_access(router, site, services, pages)
    _add_settings(router, site, services, pages)


def _add_access(router: APIRouter, site: Site, services: Services, pages: ProjectPages) -> None:
    @router.get("/w/{workspace}/projects/{project}/access")
    async def show_project_access(request: Request, workspace: str, project: str) -> Response:
        visitor = await site.visitors.of(request)
        key = ProjectKey(workspace, project)
        context = await site.db.read(lambda tx: pages.access(tx, visitor.principal, key))
        asks = context["asks"]
        context["asks"] = again(asks if isinstance(asks, list) else [], request, site, visitor)
        return site.page(request, visitor, "pages/workspaces/project_access.html", context)

    @router.post("/w/{workspace}/projects/{project}/access")
    async def bind_to_project(request: Request, workspace: str, project: str) -> Response:
        visitor, form = await site.visitors.of_form(request)
        key, path = ProjectKey(workspace, project), f"{project_home(workspace, project)}/access"
        asks = await site.db.read(lambda tx: pages.binding_asks(tx, visitor.principal))

        def bind(tx: Transaction, filled: Filled) -> str:
            is_group = filled.texts["kind"] == "group"
            subject, name = filled.texts["subject"], f"{filled.texts['subject']}-{uuid4().hex[:8]}"
            if "reason" in filled.texts:
                wanted = Wanted(
                    kind=RequestedKind.PROJECT_GROUP if is_group else RequestedKind.PROJECT_USER,
                    name=name,
                    role=filled.texts["role"],
                    workspace=workspace,
                    project=project,
                    subject=subject,
                    expires_on=None,
                    reason=filled.texts["reason"],
                )
                services.binding_requests.create(tx, visitor.principal, wanted)
                return f"{subject}: asked for."
            kind = BindingKind.GROUP if is_group else BindingKind.USER
            new = NewBinding(kind=kind, name=name, role=filled.texts["role"], project=key, subject=subject)
            services.project_bindings.create(tx, visitor.principal, new)
            return f"{subject} has a role in the project now."

        return await send(
            site,
            visitor,
            asks,
            form,
            at=path,
            work=lambda filled: site.db.write(lambda tx: bind(tx, filled)),
            done=lambda said: site.go(path, visitor, said=said),
        )

    at = "/w/{workspace}/projects/{project}/access"
    add_removal(router, site, at, BindingKind, services.project_bindings.delete)


def _add_settings(router: APIRouter, site: Site, services: Services, pages: ProjectPages) -> None:
    @router.get("/w/{workspace}/projects/{project}/settings")
    async def show_project_settings(request: Request, workspace: str, project: str) -> Response:
        visitor = await site.visitors.of(request)
        key = ProjectKey(workspace, project)
        context, asks = await site.db.read(lambda tx: pages.settings(tx, visitor.principal, key))
        context["asks"] = again(asks, request, site, visitor)
        return site.page(request, visitor, "pages/workspaces/project_settings.html", context)

    @router.post("/w/{workspace}/projects/{project}/settings")
    async def save_project(request: Request, workspace: str, project: str) -> Response:
        visitor, form = await site.visitors.of_form(request)
        key, path = ProjectKey(workspace, project), f"{project_home(workspace, project)}/settings"
        _, asks = await site.db.read(lambda tx: pages.settings(tx, visitor.principal, key))

        def save(tx: Transaction, filled: Filled) -> Project:
            before = services.projects.get(tx, visitor.principal, key)
            return services.projects.update(tx, visitor.principal, key, key, spec_of(filled, asks, before))

        return await send(
            site,
            visitor,
            asks,
            form,
            at=path,
            work=lambda filled: site.db.write(lambda tx: save(tx, filled)),
            done=lambda _: site.go(path, visitor, said="The project was saved."),
        )

    @router.post("/w/{workspace}/projects/{project}/delete")
    async def delete_project(request: Request, workspace: str, project: str) -> Response:
        visitor, form = await site.visitors.of_form(request)
        key = ProjectKey(workspace, project)
        typed = form.texts.get("typed", "").strip()

        def delete(tx: Transaction) -> None:
            services.projects.get(tx, visitor.principal, key)
            require_typed(typed, project)
            services.projects.delete(tx, visitor.principal, key)

        return await submit(
            site.db.write(delete),
            again=site.back_to(f"{project_home(workspace, project)}/settings", visitor),
            done=lambda _: site.go(f"{home_of(workspace)}/projects", visitor, said="The project was deleted."),
        )


def require_typed(typed: str, name: str) -> None:
    """Refuse what cannot be undone unless its identifier was typed. Raises Invalid."""
    if typed != name:
        raise Invalid(
            f"type '{name}' to confirm that it is deleted", code="NotConfirmed", remedy="Nothing was deleted."
        )
