"""HTTP of runs: the meshObject API that runners and pipelines use, and our own endpoints."""

from fastapi import APIRouter

from blockyard.server.issuer.service import SigningKeys
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import joined
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.runs.api.approvals import approval_routes
from blockyard.server.runs.api.changes import change_routes
from blockyard.server.runs.api.claims import claim_routes
from blockyard.server.runs.api.events import event_routes
from blockyard.server.runs.api.failures import failure_routes
from blockyard.server.runs.api.identities import identity_token_routes
from blockyard.server.runs.api.objects import object_routes
from blockyard.server.runs.api.own import own_routes
from blockyard.server.runs.api.reports import report_routes
from blockyard.server.runs.service import (
    ClaimService,
    FailureService,
    PlanViews,
    ReportService,
    RunIdentities,
    RunService,
    RunViews,
)


def routes(
    db: Database,
    *,
    runs: RunService,
    claims: ClaimService,
    reports: ReportService,
    views: RunViews,
    failures: FailureService,
    plans: PlanViews,
    identities: RunIdentities,
    signing_keys: SigningKeys,
    links: Links,
    master_key: MasterKey,
    clock: Clock,
) -> APIRouter:
    """Return all routes of runs."""
    return joined(
        claim_routes(db, claims, clock),
        report_routes(db, reports, master_key),
        object_routes(db, runs, views, reports, links=links, master_key=master_key),
        event_routes(db, views),
        own_routes(db, runs, views, links),
        change_routes(db, plans, links),
        approval_routes(db, runs.approvals, links),
        failure_routes(db, failures),
        identity_token_routes(db, identities, signing_keys),
    )
