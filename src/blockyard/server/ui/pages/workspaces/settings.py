"""The settings of a workspace, and its end."""

from fastapi import APIRouter, Request, Response

from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.services import Services
from blockyard.server.tags.model import TargetKind
from blockyard.server.ui.frame.plain_forms import Ask, Filled, again, send
from blockyard.server.ui.frame.site import Site, submit
from blockyard.server.ui.pages.workspaces.around import around, home_of
from blockyard.server.ui.pages.workspaces.project import require_typed
from blockyard.server.ui.pages.workspaces.tags import tag_asks, tags_in
from blockyard.server.workspaces.model import Workspace, WorkspaceSettings


def add_settings(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of the page."""
    workspaces = services.workspaces

    def asks_of(tx: Transaction, principal: Principal, workspace: Workspace) -> list[Ask]:
        name = Ask(name="name", label="Name", needed=True, value=workspace.display_name, pointers=["/spec/displayName"])
        return [name, *tag_asks(tx, principal, services, TargetKind.WORKSPACE, workspace.tags)]

    def read(tx: Transaction, principal: Principal, name: str) -> tuple[dict[str, object], list[Ask]]:
        context = around(tx, principal, services, name)
        principal.require("WORKSPACE_SAVE", workspace=name)
        may_delete = principal.allows("WORKSPACE_DELETE", workspace=name)
        context["may_delete"] = may_delete
        context["still_has"] = workspaces.still_has(tx, principal, name) if may_delete else []
        return context, asks_of(tx, principal, workspaces.get(tx, principal, name))

    @router.get("/w/{workspace}/settings")
    async def show_settings(request: Request, workspace: str) -> Response:
        visitor = await site.visitors.of(request)
        context, asks = await site.db.read(lambda tx: read(tx, visitor.principal, workspace))
        context["asks"] = again(asks, request, site, visitor)
        return site.page(request, visitor, "pages/workspaces/settings.html", context)

    @router.post("/w/{workspace}/settings")
    async def save_settings(request: Request, workspace: str) -> Response:
        visitor, form = await site.visitors.of_form(request)
        path = f"{home_of(workspace)}/settings"
        _, asks = await site.db.read(lambda tx: read(tx, visitor.principal, workspace))

        def save(tx: Transaction, filled: Filled) -> Workspace:
            before = workspaces.get(tx, visitor.principal, workspace)
            settings = WorkspaceSettings(display_name=filled.texts["name"], tags=tags_in(filled, asks, before.tags))
            return workspaces.update(tx, visitor.principal, workspace, workspace, settings)

        return await send(
            site,
            visitor,
            asks,
            form,
            at=path,
            work=lambda filled: site.db.write(lambda tx: save(tx, filled)),
            done=lambda _: site.go(path, visitor, said="The workspace was saved."),
        )

    @router.post("/w/{workspace}/delete")
    async def delete_workspace(request: Request, workspace: str) -> Response:
        visitor, form = await site.visitors.of_form(request)
        typed = form.texts.get("typed", "").strip()

        def delete(tx: Transaction) -> None:
            workspaces.get(tx, visitor.principal, workspace)
            require_typed(typed, workspace)
            workspaces.delete(tx, visitor.principal, workspace)

        return await submit(
            site.db.write(delete),
            again=site.back_to(f"{home_of(workspace)}/settings", visitor),
            done=lambda _: site.go("/w", visitor, said="The workspace was deleted."),
        )
