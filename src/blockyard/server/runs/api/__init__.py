"""HTTP of runs: the meshObject API that runners and pipelines use, and our own endpoints."""

from fastapi import APIRouter

from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.runs.api.claims import claim_routes
from blockyard.server.runs.api.events import event_routes
from blockyard.server.runs.api.objects import object_routes
from blockyard.server.runs.api.own import own_routes
from blockyard.server.runs.api.reports import report_routes
from blockyard.server.runs.service import ClaimService, ReportService, RunService, RunViews


def routes(
    db: Database,
    *,
    runs: RunService,
    claims: ClaimService,
    reports: ReportService,
    views: RunViews,
    links: Links,
    master_key: MasterKey,
    clock: Clock,
) -> APIRouter:
    """Return all routes of runs."""
    router = APIRouter()
    router.include_router(claim_routes(db, claims, clock))
    router.include_router(report_routes(db, reports, master_key))
    router.include_router(object_routes(db, runs, views, links))
    router.include_router(event_routes(db, views))
    router.include_router(own_routes(db, runs, views))
    return router
