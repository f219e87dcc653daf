"""Use cases of runs, by who calls them: other features, claimers, reporters, viewers, the clock."""

from blockyard.server.runs.service.access import RunAccess, access_of
from blockyard.server.runs.service.claims import Claim, Claimed, ClaimService
from blockyard.server.runs.service.context import RunContext
from blockyard.server.runs.service.reports import ReportService
from blockyard.server.runs.service.runs import RunService, StateStanding
from blockyard.server.runs.service.sweeps import RunSweeper
from blockyard.server.runs.service.views import RunEvents, RunViews

__all__ = [
    "Claim",
    "ClaimService",
    "Claimed",
    "ReportService",
    "RunAccess",
    "RunContext",
    "RunEvents",
    "RunService",
    "RunSweeper",
    "RunViews",
    "StateStanding",
    "access_of",
]
