"""How runs look in our own endpoints and in lists."""

from collections.abc import Sequence
from datetime import UTC, datetime

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import RUN
from blockyard.server.identity.model import Principal
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.hal import Links, link
from blockyard.server.kit.paging import Page
from blockyard.server.runs.model import Attempt, Run, RunWait, Source, Step, Wait
from blockyard.server.runs.model.approval import Approval
from blockyard.server.runs.model.failure import Failure
from blockyard.server.runs.service import RunAccess, RunDetail, RunService, reader_links


def exact_time(instant: datetime | None) -> str | None:
    """Return an instant in UTC with milliseconds."""
    if instant is None:
        return None
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def list_item(run: Run, links: Links, *, may_abort: bool, may_approve: bool = False) -> JsonObject:
    """Return a run as lists show it: without inputs. Source: runner.md 1.3 #9, api.md 3.20."""
    created = wire_time(run.created_at)
    return {
        "kind": "meshBuildingBlockRun",
        "apiVersion": "v1",
        "metadata": {"uuid": str(run.id), "createdAt": created, "createdOn": created},
        "spec": {
            "runNumber": run.number,
            "behavior": run.behavior.value,
            "buildingBlock": {
                "uuid": str(run.block_id),
                "spec": {"displayName": run.target.display_name, "workspaceIdentifier": run.workspace},
            },
            "buildingBlockDefinition": {
                "uuid": str(run.target.definition_id),
                "spec": {"workspaceIdentifier": run.provider, "version": run.target.version_number},
            },
            "trigger": {"reason": run.trigger.reason.value, "author": run.trigger.author.document()},
        },
        "status": run.status.value,
        "_links": {
            "self": link(links.of(RUN, run.id)),
            **reader_links(run, links, may_abort=may_abort, may_approve=may_approve),
        },
    }


def listed(tx: Transaction, runs: RunService, principal: Principal, found: Page[Run], links: Links) -> Page[JsonObject]:
    """Return a page of runs as lists show them to the principal."""
    abortable = runs.abortable(tx, principal, found.items)
    approvable = runs.approvals.approvable(tx, principal, found.items)
    return found.map(lambda run: list_item(run, links, may_abort=run.id in abortable, may_approve=run.id in approvable))


def run_summary(run: Run) -> JsonObject:
    """Return what changes of a run while it goes on."""
    warnings: list[Json] = [
        {"at": exact_time(warning.at), "attempt": warning.attempt, "message": warning.message}
        for warning in run.warnings
    ]
    return {
        "uuid": str(run.id),
        "number": run.number,
        "behavior": run.behavior.value,
        "status": run.status.value,
        "summary": run.summary,
        "changesDetected": run.changes_detected,
        "awaitsApproval": run.awaits_approval,
        "attempt": run.attempt,
        "nodeId": run.node_id,
        "createdAt": exact_time(run.created_at),
        "dueAt": exact_time(run.due_at),
        "claimedAt": exact_time(run.claimed_at),
        "finishedAt": exact_time(run.finished_at),
        "abortRequestedAt": exact_time(run.abort_requested_at),
        "warnings": warnings,
    }


def wait_document(wait: RunWait | None) -> JsonObject | None:
    """Return what a run waits for; None if it does not."""
    if wait is None:
        return None
    return {
        "message": wait.message,
        "position": wait.position,
        "runnerName": wait.runner,
        "runnerAskedAt": exact_time(wait.asked_at),
        "runsAtWork": wait.at_work,
        "unserved": wait.is_unserved,
    }


def failure_document(failure: Failure) -> JsonObject:
    """Return why an attempt failed, and what to do."""
    return {
        "cause": failure.cause.value,
        "code": failure.code,
        "message": failure.message,
        "remedy": failure.remedy,
    }


def wait_documents(waits: Sequence[Wait]) -> list[Json]:
    """Return what a block or a run waits for: why, since when, at which place, what would end it, and who can."""
    return [
        {
            "kind": wait.kind.value,
            "message": wait.message,
            "since": exact_time(wait.since),
            "position": wait.position,
            "endsWhen": wait.ends,
            "until": exact_time(wait.until),
            "owner": {"kind": wait.owner.value, "workspace": wait.workspace},
        }
        for wait in waits
    ]


def run_detail(detail: RunDetail, wait: RunWait | None, waits: Sequence[Wait]) -> JsonObject:
    """Return everything about a run but its log."""
    run, target = detail.run, detail.run.target
    full = detail.access is RunAccess.FULL
    steps: list[Json] = [step_document(step, with_log=full) for step in detail.steps]
    sources: list[Json] = [_source(source) for source in detail.sources]
    attempts: list[Json] = [_attempt(attempt) for attempt in detail.attempts]
    outputs: JsonObject = {name: output.wire() for name, output in detail.outputs.items()}
    return {
        **run_summary(run),
        "access": detail.access.name,
        "buildingBlock": {
            "uuid": str(run.block_id),
            "displayName": target.display_name,
            "workspace": run.workspace,
        },
        "definition": {
            "uuid": str(target.definition_id),
            "versionUuid": str(target.version_id),
            "versionNumber": target.version_number,
            "workspace": run.provider,
        },
        "runnerUuid": str(target.runner_id),
        "implementationType": target.implementation.value,
        "async": target.is_async,
        "waitsFor": wait_document(wait),
        "failure": None if detail.failure is None else failure_document(detail.failure),
        "waits": wait_documents(waits),
        "approval": None if detail.approval is None else approval_document(detail.approval),
        "mayApprove": detail.may_approve,
        "task": None if run.task is None else run.task.document(),
        "trigger": {"reason": run.trigger.reason.value, "author": run.trigger.author.document()},
        "attempts": attempts,
        "sources": sources,
        "steps": steps,
        "outputs": outputs,
        "position": detail.position,
    }


def approval_document(approval: Approval) -> JsonObject:
    """Return what a run waits for, or has waited for, before it applies its plan."""
    votes: list[Json] = [
        {"author": vote.author.document(), "at": exact_time(vote.at), "comment": vote.comment}
        for vote in approval.votes
    ]
    return {
        "predecessorRunUuid": str(approval.plan_run_id),
        "planSha256": approval.plan_digest,
        "needed": approval.needed,
        "missing": approval.missing if approval.is_open else 0,
        "fourEyes": approval.four_eyes,
        "typesName": approval.types_name,
        "reasons": [*approval.reasons],
        "wantedBy": approval.wanted_by.document(),
        "alsoWantedBy": [author.document() for author in approval.also_wanted_by],
        "requestedAt": exact_time(approval.requested_at),
        "plannedAt": exact_time(approval.planned_at),
        "expiresAt": exact_time(approval.expires_at),
        "keepsWaiting": approval.keeps_waiting,
        "remindAt": exact_time(approval.remind_at),
        "deputyGroup": approval.deputy_group,
        "deputyAt": exact_time(approval.deputy_at),
        "planExpiresAt": exact_time(approval.plan_expires_at),
        "votes": votes,
        "outcome": None if approval.outcome is None else approval.outcome.value,
        "decidedAt": exact_time(approval.decided_at),
        "decidedBy": None if approval.decided_by is None else approval.decided_by.document(),
        "comment": approval.comment,
    }


def step_document(step: Step, *, with_log: bool) -> JsonObject:
    """Return a step without its log."""
    document: JsonObject = {
        "source": step.id.source,
        "id": step.id.name,
        "displayName": step.display_name,
        "status": step.status.value,
        "userMessage": step.user_message,
        "startedAt": exact_time(step.started_at),
        "endedAt": exact_time(step.ended_at),
    }
    return {**document, "logBytes": step.log_bytes} if with_log else document


def _source(source: Source) -> JsonObject:
    return {
        "id": source.id,
        "externalRunId": source.external_run_id,
        "externalRunUrl": source.external_run_url,
    }


def _attempt(attempt: Attempt) -> JsonObject:
    return {
        "number": attempt.number,
        "state": attempt.state.value,
        "nodeId": attempt.node_id,
        "claimedAt": exact_time(attempt.claimed_at),
        "registeredAt": exact_time(attempt.registered_at),
        "lastSignAt": exact_time(attempt.last_sign_at),
    }
