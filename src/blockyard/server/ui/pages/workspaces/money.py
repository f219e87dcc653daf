"""What a workspace pays with: its payment methods, until when, for which projects. Source: concepts.md 18, 27.2."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import MAX_SIZE, PageRequest
from blockyard.server.payment_methods.model import PaymentMethod
from blockyard.server.projects.model import Project
from blockyard.server.services import Services
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.pages.workspaces.around import around, project_home


@dataclass(frozen=True, slots=True)
class _Row:
    """A payment method, its end, and the projects that it pays for, each with its address."""

    method: PaymentMethod
    ends: words.Badge | None
    projects: list[tuple[str, str]]


def add_money(router: APIRouter, site: Site, services: Services) -> None:
    """Add the route of the page."""

    def read(tx: Transaction, principal: Principal, name: str) -> dict[str, object]:
        context, today = around(tx, principal, services, name), services.clock().date()
        methods = services.payment_methods.page(tx, principal, PageRequest(0, MAX_SIZE), workspace=name).items
        projects = _projects(tx, principal, services, name)
        return {
            **context,
            "methods": [
                _Row(
                    method,
                    words.end_badge(method.expiration_date, today, over="error"),
                    [_link(one) for one in projects if one.payment_method_identifier == method.name],
                )
                for method in methods
            ],
            "unpaid": [_link(one) for one in projects if one.payment_method_identifier is None],
        }

    @router.get("/w/{workspace}/money")
    async def show_money(request: Request, workspace: str) -> Response:
        visitor = await site.visitors.of(request)
        context = await site.db.read_consistently(lambda tx: read(tx, visitor.principal, workspace))
        return site.page(request, visitor, "pages/workspaces/money.html", context)


def _projects(tx: Transaction, principal: Principal, services: Services, name: str) -> list[Project]:
    if not principal.allows("PROJECT_LIST", workspace=name):
        return []
    return [*services.projects.page(tx, principal, PageRequest(0, MAX_SIZE), workspace=name).items]


def _link(project: Project) -> tuple[str, str]:
    return project.display_name or project.name, project_home(project.workspace, project.name)
