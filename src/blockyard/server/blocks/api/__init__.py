"""HTTP of building blocks: the meshObject API and our own endpoints."""

from fastapi import APIRouter

from blockyard.server.blocks.api.cascades import cascade_routes
from blockyard.server.blocks.api.holds import hold_routes
from blockyard.server.blocks.api.lives import life_routes
from blockyard.server.blocks.api.own import own_routes
from blockyard.server.blocks.api.readiness import readiness_routes
from blockyard.server.blocks.api.v1 import v1_routes
from blockyard.server.blocks.api.v2 import v2_routes
from blockyard.server.blocks.service import BlockService
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import joined
from blockyard.server.runs.service import RunViews


def routes(db: Database, blocks: BlockService, run_views: RunViews, links: Links) -> APIRouter:
    """Return all routes of building blocks."""
    return joined(
        v1_routes(db, blocks, links),  # before those of v2, which take all other requests
        v2_routes(db, blocks, links),
        own_routes(db, blocks, run_views, links),
        readiness_routes(db, blocks),
        cascade_routes(db, blocks),
        hold_routes(db, blocks),
        life_routes(db, blocks),
    )
