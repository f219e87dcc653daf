"""SCIM 2.0: a directory provisions people and groups. Source: RFC 7643, RFC 7644.

The library of its documents takes a third of a second to import, so it is left until a directory comes.
"""

from fastapi import APIRouter

from blockyard.server.identity.api.scim.addresses import BASE
from blockyard.server.identity.service import GroupService, UserService
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.routers import LateRoutes


def scim_routes(db: Database, users: UserService, groups: GroupService, links: Links) -> APIRouter:
    """Return the routes of SCIM."""

    def made() -> APIRouter:
        from blockyard.server.identity.api.scim.routes import routes_below  # noqa: PLC0415  see above

        return routes_below(db, users, groups, links)

    router = APIRouter()
    router.routes.append(LateRoutes(BASE, made))
    return router
