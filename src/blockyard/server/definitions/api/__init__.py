"""HTTP of definitions and versions."""

from fastapi import APIRouter

from blockyard.server.definitions.api.defects import defect_routes
from blockyard.server.definitions.api.definitions import definition_routes
from blockyard.server.definitions.api.forms import form_routes
from blockyard.server.definitions.api.identities import identity_routes
from blockyard.server.definitions.api.inventory import inventory_routes
from blockyard.server.definitions.api.lifetimes import lifetime_routes
from blockyard.server.definitions.api.publishing import publishing_routes
from blockyard.server.definitions.api.trusting import trust_routes
from blockyard.server.definitions.api.versions import version_routes
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import joined


def routes(db: Database, definitions: DefinitionService, links: Links) -> APIRouter:
    """Return the routes of definitions and versions."""
    return joined(
        definition_routes(db, definitions, links),
        version_routes(db, definitions.versions, links),
        form_routes(db, definitions),
        defect_routes(db, definitions),
        publishing_routes(db, definitions),
        lifetime_routes(db, definitions),
        identity_routes(db, definitions),
        trust_routes(db, definitions),
        inventory_routes(db, definitions, links),
    )


__all__ = ["routes"]
