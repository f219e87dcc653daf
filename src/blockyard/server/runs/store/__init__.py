"""The tables of runs; all their SQL."""

from blockyard.server.runs.store.approvals import ApprovalStore
from blockyard.server.runs.store.attempts import AttemptStore
from blockyard.server.runs.store.batch import StepBatch
from blockyard.server.runs.store.failures import FailureGroup, FailureStore
from blockyard.server.runs.store.files import FileStore
from blockyard.server.runs.store.logs import LogChunk, LogStore
from blockyard.server.runs.store.outcomes import OutcomeStore
from blockyard.server.runs.store.plans import PlanStore
from blockyard.server.runs.store.queue import QueueFigures, QueueStore
from blockyard.server.runs.store.runs import RunFilter, RunStore
from blockyard.server.runs.store.steps import StepStore
from blockyard.server.runs.store.tallies import TallyStore

__all__ = [
    "ApprovalStore",
    "AttemptStore",
    "FailureGroup",
    "FailureStore",
    "FileStore",
    "LogChunk",
    "LogStore",
    "OutcomeStore",
    "PlanStore",
    "QueueFigures",
    "QueueStore",
    "RunFilter",
    "RunStore",
    "StepBatch",
    "StepStore",
    "TallyStore",
]
