"""Use cases of runs, by who calls them: other features, claimers, reporters, viewers, the clock."""

from blockyard.server.runs.service.access import RunAccess, access_of, consumer
from blockyard.server.runs.service.approvals import ApprovalService
from blockyard.server.runs.service.changes import ListedChanges, PlanComparison, PlanViews
from blockyard.server.runs.service.claims import Claim, Claimed, ClaimService
from blockyard.server.runs.service.context import RunContext
from blockyard.server.runs.service.documents import reader_links
from blockyard.server.runs.service.failures import DefinitionFailures, FailureService
from blockyard.server.runs.service.identities import RunIdentities
from blockyard.server.runs.service.keys import RunKeyring
from blockyard.server.runs.service.news import has_news
from blockyard.server.runs.service.reports import ReportService, plan_context
from blockyard.server.runs.service.runs import RUN_FINISHED, RunService
from blockyard.server.runs.service.standing import StateStanding
from blockyard.server.runs.service.sweeps import RunSweeper
from blockyard.server.runs.service.views import RunDetail, RunEvents, RunViews, StepLog
from blockyard.server.runs.store import FailureGroup, LogChunk, QueueFigures, RunFilter

__all__ = [
    "RUN_FINISHED",
    "ApprovalService",
    "Claim",
    "ClaimService",
    "Claimed",
    "DefinitionFailures",
    "FailureGroup",
    "FailureService",
    "ListedChanges",
    "LogChunk",
    "PlanComparison",
    "PlanViews",
    "QueueFigures",
    "ReportService",
    "RunAccess",
    "RunContext",
    "RunDetail",
    "RunEvents",
    "RunFilter",
    "RunIdentities",
    "RunKeyring",
    "RunService",
    "RunSweeper",
    "RunViews",
    "StateStanding",
    "StepLog",
    "access_of",
    "consumer",
    "has_news",
    "plan_context",
    "reader_links",
]
