"""The page that shows the OpenAPI document."""

from fastapi import APIRouter, Request, Response

from blockyard.server.kit.errors import Unauthenticated
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.frame.visitor import Visitor

PATH = "/docs"


def add_reference(router: APIRouter, site: Site) -> None:
    """Add the route of the page; like the document it is for everybody."""

    @router.get(PATH)
    async def show_reference(request: Request) -> Response:
        visitor: Visitor | None = None
        try:
            visitor = await site.visitors.of(request)
        except Unauthenticated:
            visitor = None
        document = request.app.openapi_url
        return site.frame.page(request, "pages/reference/reference.html", {"document": document}, visitor=visitor)
