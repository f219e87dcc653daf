"""Use cases of runners. Source: api.md 3.14."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import RUNNER
from blockyard.protocol.names import ImplementationType
from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import EventType
from blockyard.server.identity.model import Principal
from blockyard.server.identity.service import ApiKeyService
from blockyard.server.issuer.model.workload import Installation, SubjectForm, SubjectSwitch
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Denied, Invalid, NotFound, require_same
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.usage import Uses, counted
from blockyard.server.runners.model import (
    SHARED_RUNNER,
    Restriction,
    Runner,
    RunnerFilter,
    RunnerId,
    RunnerSpec,
    RunnerType,
    check_public_key,
    fingerprint,
)
from blockyard.server.runners.service.identities import RunnerIdentities, SwitchView
from blockyard.server.runners.store import RunnerStore
from blockyard.server.workspaces.service import WorkspaceService

log = structlog.get_logger(__name__)

SEEN_EVERY = timedelta(seconds=5)
"""How often at most a runner's last contact is written: claims come many times a second."""

LIST, SAVE, DELETE = "BUILDINGBLOCKRUNNER_LIST", "BUILDINGBLOCKRUNNER_SAVE", "BUILDINGBLOCKRUNNER_DELETE"


class RunnerService:
    """Use cases of runners. Higher features add what refers to a runner to `uses`."""

    def __init__(
        self, basics: Basics, *, workspaces: WorkspaceService, keys: ApiKeyService, installation: Installation
    ) -> None:
        self._basics = basics
        self._workspaces = workspaces
        self._keys = keys
        self._changes: Changes[Runner] = Changes(
            basics.event_log, RUNNER, "Building Block Runner", _content, verb="Changed"
        )
        self.identities = RunnerIdentities(basics, installation, self._changes)
        self.uses: Uses[RunnerId] = Uses()

    def create(self, tx: Transaction, principal: Principal, spec: RunnerSpec, *, protocol: int = 0) -> Runner:
        """Register a runner of a workspace that will speak `protocol`. Raises Denied, Invalid."""
        principal.require(SAVE, workspace=spec.workspace)
        if spec.restriction is Restriction.PUBLIC and SAVE not in principal.everywhere:
            raise Denied(
                "you don't have sufficient permissions: only administrators may register PUBLIC runners",
                code="MissingPermission",
                field="/spec/restriction",
                remedy="Register it as PRIVATE, or ask an administrator.",
            )
        self._workspaces.require_builder(tx, principal, spec.workspace)
        check_public_key(spec.public_key, field="/spec/publicKey")
        self.identities.require_declarable(None, spec.federation)
        runner = Runner(
            id=RunnerId(self._basics.new_id()),
            workspace=spec.workspace,
            display_name=spec.display_name,
            public_key=spec.public_key,
            implementation_type=spec.implementation_type,
            restriction=spec.restriction or Restriction.PRIVATE,
            is_self_hosted=True,
            federation=spec.federation,
            created_at=self._basics.clock(),
            protocol=protocol,
        )
        return self._changes.tell(tx, principal.author, EventType.CREATED, RunnerStore(tx).add(runner))

    def get(self, tx: Transaction, principal: Principal, runner_id: RunnerId) -> Runner:
        """Return a runner of the principal's workspaces, or a public one. Raises NotFound, Denied."""
        runner = RunnerStore(tx).get(runner_id)
        if runner is not None and _is_shown(principal, runner):
            return runner
        return principal.opened(LIST, runner, _unknown(runner_id))

    def page(self, tx: Transaction, principal: Principal, wanted: RunnerFilter, request: PageRequest) -> Page[Runner]:
        """Return the runners of the principal's workspaces and the public ones. Raises Denied."""
        return RunnerStore(tx).visible(principal.listing(LIST), wanted, request)

    def update(self, tx: Transaction, principal: Principal, runner_id: RunnerId, spec: RunnerSpec) -> Runner:
        """Change name, public key or identity of a runner.

        A new key makes what was sealed to the old one unreadable; it has to be entered again (concepts.md 13).

        Raises:
            Denied: the principal may not, or the runner serves others and the principal is no administrator.
            Invalid: the key is unusable, or a member that never changes differs.
        """
        before = self._handled(tx, principal, SAVE, runner_id)
        self._workspaces.require_builder(tx, principal, before.workspace)
        require_same(
            "a runner",
            {
                "/metadata/ownedByWorkspace": (before.workspace, spec.workspace),
                "/spec/implementationType": (before.implementation_type, spec.implementation_type),
                "/spec/restriction": (before.restriction, spec.restriction or before.restriction),
            },
        )
        check_public_key(spec.public_key, field="/spec/publicKey")
        self.identities.require_declarable(runner_id, spec.federation)
        after = replace(before, display_name=spec.display_name, public_key=spec.public_key, federation=spec.federation)
        return self._changes.save(tx, principal.author, RunnerStore(tx), after, before=before)

    def delete(self, tx: Transaction, principal: Principal, runner_id: RunnerId) -> None:
        """Delete a runner nothing refers to, and its own keys; deleting it again changes nothing.

        Raises NotFound, Denied, Conflict.
        """
        found = RunnerStore(tx).get(runner_id)
        if found is None and self._changes.deleted_just_now(tx, principal.author, runner_id):
            return
        runner = self._handled(tx, principal, DELETE, runner_id)
        if runner.id == SHARED_RUNNER:
            raise Conflict(
                "the shared runner belongs to the installation and cannot be deleted",
                code="SharedRunner",
                remedy="Delete only runners that you made.",
            )
        self.uses.refuse_used(tx, runner_id, f"runner '{runner.display_name}'")
        RunnerStore(tx).remove(runner)
        self._keys.revoke_of_runner(tx, principal, runner.id)
        self._changes.tell(tx, principal.author, EventType.DELETED, runner)

    def identity(self, tx: Transaction, principal: Principal, runner_id: RunnerId) -> SwitchView:
        """Return who the runs of a runner are to clouds. Raises NotFound, Denied."""
        runner = self.get(tx, principal, runner_id)
        return self.identities.view(tx, runner, with_users=principal.allows(LIST, workspace=runner.workspace))

    def change_subjects(
        self, tx: Transaction, principal: Principal, runner_id: RunnerId, switch: SubjectSwitch
    ) -> SwitchView:
        """Choose which subjects the tokens of its runs have. Raises NotFound, Denied, Invalid."""
        before = self._handled(tx, principal, SAVE, runner_id)
        return self.identities.view(tx, self.identities.change(tx, principal, before, switch), with_users=True)

    # For other services: no principal is asked

    def get_by_id(self, tx: Transaction, runner_id: RunnerId) -> Runner:
        """Return a runner, for other services only: nobody is asked. Raises NotFound."""
        runner = RunnerStore(tx).get(runner_id)
        if runner is None:
            raise _unknown(runner_id)
        return runner

    def keep(self, tx: Transaction, runner_id: RunnerId) -> Runner:
        """Return a runner that is not deleted before this transaction ends; for its own keys. Raises NotFound."""
        runner = RunnerStore(tx).kept(runner_id)
        if runner is None:
            raise _unknown(runner_id)
        return runner

    def usable(
        self,
        tx: Transaction,
        runner_id: RunnerId,
        workspace: str,
        implementation: ImplementationType,
        *,
        pointer: str = "/spec/runnerRef/uuid",
    ) -> Runner:
        """Return the runner if versions of `workspace` with this implementation may name it; for other services.

        Raises:
            Invalid: there is no such runner, it belongs to others, or it executes something else.
        """
        runner = RunnerStore(tx).get(runner_id)
        if runner is None or not runner.usable_by(workspace):
            raise Invalid(
                f"there is no runner '{runner_id}' that workspace '{workspace}' may use",
                code="UnknownRunner",
                field=pointer,
                remedy="Name a runner of the workspace or a PUBLIC one.",
            )
        if not runner.implementation_type.executes(implementation):
            raise Invalid(
                f"runner '{runner.display_name}' executes {runner.implementation_type}, not {implementation}",
                code="WrongRunnerType",
                field=pointer,
                remedy="Name a runner whose implementationType fits, or ALL.",
            )
        return runner

    def seen(self, tx: Transaction, runner_id: RunnerId, at: datetime, *, protocol: int) -> None:
        """Note that a runner was heard of, at most every `SEEN_EVERY` unless it speaks otherwise; for other services."""
        before = self.get_by_id(tx, runner_id)
        after = before.heard(protocol, at)
        is_due = before.last_seen_at is None or at - before.last_seen_at >= SEEN_EVERY
        is_older_due = after.older_protocol_at != before.older_protocol_at and (
            before.older_protocol_at is None or at - before.older_protocol_at >= SEEN_EVERY
        )
        if is_due or is_older_due or after.protocol != before.protocol:
            RunnerStore(tx).note_heard(after)
        if after.protocol != before.protocol:
            log.info("runner speaks otherwise", runner_id=str(runner_id), protocol=protocol, bound=after.takes_bound)

    def seed_shared(
        self, tx: Transaction, *, workspace: str, public_key: str, runner_id: UUID = SHARED_RUNNER, protocol: int = 0
    ) -> Runner:
        """Make the shared runner if it is missing, and give it this public key; for the start of the server.

        `protocol` is that of a runner that comes with the server; 0 where that is not known.
        """
        check_public_key(public_key, field="/spec/publicKey")
        runners = RunnerStore(tx)
        found = runners.get(RunnerId(runner_id))
        if found is not None:
            if protocol > found.protocol and found.older_protocol_at is None:
                found = replace(found, protocol=protocol)
                runners.note_heard(found)
            if found.public_key == public_key:
                return found
            if fingerprint(found.public_key) != fingerprint(public_key):
                log.warning(
                    "key of the shared runner changed; its secrets have to be entered again", runner_id=runner_id
                )
            return runners.save(replace(found, public_key=public_key))
        runner = Runner(
            id=RunnerId(runner_id),
            workspace=workspace,
            display_name="Shared runner",
            public_key=public_key,
            implementation_type=RunnerType.ALL,
            restriction=Restriction.PUBLIC,
            is_self_hosted=False,
            federation=None,
            created_at=self._basics.clock(),
            protocol=protocol,
        )
        runners.add(runner)
        return runner

    def shared_key(self, tx: Transaction) -> str | None:
        """Return the public key of the shared runner, None before there is one; for the start of the server."""
        found = RunnerStore(tx).get(RunnerId(SHARED_RUNNER))
        return None if found is None else found.public_key

    def of_workspace(self, tx: Transaction, workspace: str) -> Sequence[str]:
        """Return what a workspace still has; for the deletion of workspaces."""
        return counted(RunnerStore(tx).count_of(workspace), "building block runner")

    def _handled(self, tx: Transaction, principal: Principal, code: str, runner_id: RunnerId) -> Runner:
        """Return a runner that the principal may change or delete: one that serves others too only as an administrator.

        Others' secrets are sealed to the key of a runner that serves them.
        """
        found = RunnerStore(tx).get(runner_id)
        shown = found is not None and _is_shown(principal, found)
        runner = principal.opened(code, found, _unknown(runner_id), shown=shown)
        if runner.restriction is Restriction.PUBLIC and code not in principal.everywhere:
            raise Denied(
                "you don't have sufficient permissions: only administrators may change or delete PUBLIC runners",
                code="MissingPermission",
                remedy="Ask an administrator.",
            )
        return runner


def _is_shown(principal: Principal, runner: Runner) -> bool:
    """Whether the principal may know of a runner though it may belong to others: its own key, or a public one."""
    return principal.runner == runner.id or (
        runner.restriction is Restriction.PUBLIC and principal.holds_somewhere(LIST)
    )


def _unknown(runner_id: UUID) -> NotFound:
    return NotFound(f"there is no building block runner '{runner_id}'", code="UnknownRunner")


def _content(runner: Runner) -> JsonObject:
    switch = runner.switch
    moving: JsonObject = {"subjectForm": switch.form.value} if switch.form is not SubjectForm.NEW else {}
    if switch.moves_at is not None:
        moving["subjectMovesOn"] = wire_time(switch.moves_at)
    return {
        "displayName": runner.display_name,
        "implementationType": runner.implementation_type.value,
        "restriction": runner.restriction.value,
        "publicKey": runner.public_key,
        **moving,
    }
