"""HTTP of definitions and versions."""

from fastapi import APIRouter

from blockyard.server.definitions.api.definitions import definition_routes
from blockyard.server.definitions.api.forms import form_routes
from blockyard.server.definitions.api.versions import version_routes
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links


def routes(db: Database, definitions: DefinitionService, links: Links) -> APIRouter:
    """Return the routes of definitions and versions."""
    router = APIRouter()
    router.include_router(definition_routes(db, definitions, links))
    router.include_router(version_routes(db, definitions.versions, links))
    router.include_router(form_routes(db, definitions))
    return router


__all__ = ["routes"]
