"""What one can do with integrations."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import ImplementationType
from blockyard.server.events.model import EventType
from blockyard.server.events.service import EventLog
from blockyard.server.identity.model import Principal
from blockyard.server.integrations.model import Integration, IntegrationId, IntegrationSpec, check_spec
from blockyard.server.integrations.store import IntegrationStore
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Invalid, NotFound
from blockyard.server.kit.ids import NewId
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.usage import counted
from blockyard.server.runners.model import RunnerId
from blockyard.server.runners.secrets import SealingKey, SecretSealer, StoredSecret
from blockyard.server.runners.service import RunnerService
from blockyard.server.workspaces.service import WorkspaceService

log = structlog.get_logger(__name__)

KIND = "meshIntegration"
LIST, SAVE, DELETE = "INTEGRATION_LIST", "INTEGRATION_SAVE", "INTEGRATION_DELETE"
_LISTED_USERS = 10


class IntegrationUsage(Protocol):
    """Told by higher features: what still refers to an integration."""

    def users_of(self, tx: Transaction, integration_id: IntegrationId) -> list[str]:
        """Return one phrase for each thing that uses the integration, such as "version 2 of 'Bucket'"."""


class IntegrationService:
    """Use cases of integrations.

    `usages` is read at each deletion, so the application may fill the list after it made this service.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        new_id: NewId,
        event_log: EventLog,
        workspaces: WorkspaceService,
        runners: RunnerService,
        sealer: SecretSealer,
        usages: Sequence[IntegrationUsage] = (),
    ) -> None:
        self._clock = clock
        self._new_id = new_id
        self._event_log = event_log
        self._workspaces = workspaces
        self._runners = runners
        self._sealer = sealer
        self._usages = usages

    def create(self, tx: Transaction, principal: Principal, spec: IntegrationSpec) -> Integration:
        """Make an integration of a workspace. Raises Denied, Invalid."""
        principal.require(SAVE, workspace=spec.workspace)
        self._workspaces.require_builder(tx, spec.workspace)
        empty = Integration(
            id=IntegrationId(self._new_id()),
            workspace=spec.workspace,
            display_name=spec.display_name,
            type=spec.type,
            settings={},
            runner_id=spec.runner_id,
            created_at=self._clock(),
        )
        integration = self._described(tx, empty, spec)
        IntegrationStore(tx).add(integration)
        self._tell(tx, principal, EventType.CREATED, integration)
        return integration

    def get(self, tx: Transaction, principal: Principal, integration_id: IntegrationId) -> Integration:
        """Return an integration of the principal's workspaces. Raises NotFound."""
        integration = IntegrationStore(tx).get(integration_id)
        if integration is None or not principal.allows(LIST, workspace=integration.workspace):
            raise _unknown(integration_id)
        return integration

    def page(self, tx: Transaction, principal: Principal, request: PageRequest) -> Page[Integration]:
        """Return the integrations of the principal's workspaces. Raises Denied."""
        reach = principal.reach(LIST)
        principal.require_somewhere(LIST)
        return IntegrationStore(tx).page(reach, request)

    def update(
        self, tx: Transaction, principal: Principal, integration_id: IntegrationId, spec: IntegrationSpec
    ) -> Integration:
        """Change an integration; with another runner, host or account its secret has to be sent again.

        Raises:
            Conflict: secrets of versions that use it would go to another host or account.
            Denied: the principal may not.
            Invalid: a member breaks a rule, or the secret has to be sent again.
            NotFound: there is no such integration, or the principal may not know of it.
        """
        before = self.get(tx, principal, integration_id)
        principal.require(SAVE, workspace=before.workspace)
        self._workspaces.require_builder(tx, before.workspace)
        for pointer, was, now in (
            ("/metadata/ownedByWorkspace", before.workspace, spec.workspace),
            ("/spec/config/type", before.type.value, spec.type.value),
        ):
            if was != now:
                raise Invalid(
                    f"{pointer.rpartition('/')[2]} of an integration never changes: it is '{was}'",
                    code="Immutable",
                    field=pointer,
                    remedy="Make another integration.",
                )
        self._require_same_target(tx, before, spec)
        after = self._described(tx, before, spec)
        if after == before:
            return before
        after = IntegrationStore(tx).save(after)
        self._tell(tx, principal, EventType.CHANGED, after, before)
        return after

    def delete(self, tx: Transaction, principal: Principal, integration_id: IntegrationId) -> None:
        """Delete an integration no version uses; deleting it again changes nothing. Raises NotFound, Denied, Conflict."""
        if IntegrationStore(tx).get(integration_id) is None and self._event_log.deleted_just_now(
            tx, principal.author, subject_kind=KIND, subject_id=str(integration_id)
        ):
            return
        integration = self.get(tx, principal, integration_id)
        principal.require(DELETE, workspace=integration.workspace)
        if users := self._users(tx, integration_id):
            raise Conflict(
                f"integration '{integration.display_name}' is still used by {users}",
                code="InUse",
                remedy="Delete these definitions, or their drafts' reference to it, first.",
            )
        IntegrationStore(tx).remove(integration)
        self._tell(tx, principal, EventType.DELETED, integration)

    # For other services: no principal is asked

    def by_id(self, tx: Transaction, integration_id: IntegrationId) -> Integration:
        """Return an integration. Raises NotFound."""
        integration = IntegrationStore(tx).get(integration_id)
        if integration is None:
            raise _unknown(integration_id)
        return integration

    def usable(
        self,
        tx: Transaction,
        integration_id: IntegrationId,
        workspace: str,
        implementation: ImplementationType,
        *,
        pointer: str,
    ) -> Integration:
        """Return the integration if versions of `workspace` with this implementation may use it.

        Raises:
            Invalid: there is no such integration, it belongs to others, or it connects to something else.
        """
        integration = IntegrationStore(tx).get(integration_id)
        if integration is None or integration.workspace != workspace:
            raise Invalid(
                f"workspace '{workspace}' has no integration '{integration_id}'",
                code="UnknownIntegration",
                field=pointer,
                remedy="Name an integration of the workspace that owns the definition.",
            )
        if integration.type.implementation is not implementation:
            raise Invalid(
                f"integration '{integration.display_name}' connects to {integration.type}, which runs no {implementation}",
                code="WrongIntegrationType",
                field=pointer,
                remedy="Name an integration whose type fits the implementation.",
            )
        return integration

    def used_by(self, tx: Transaction, runner_id: RunnerId) -> list[str]:
        """Return one phrase for each integration a runner works for; for the deletion of runners."""
        return [f"integration '{name}'" for name in IntegrationStore(tx).names_with_runner(runner_id)]

    def of_workspace(self, tx: Transaction, workspace: str) -> Sequence[str]:
        """Return what a workspace still has; for the deletion of workspaces."""
        return counted(IntegrationStore(tx).count(workspace), "integration")

    def _users(self, tx: Transaction, integration_id: IntegrationId) -> str:
        """Return a phrase on what uses an integration; empty if nothing does."""
        users = [user for usage in self._usages for user in usage.users_of(tx, integration_id)]
        more = len(users) - _LISTED_USERS
        return ", ".join(users[:_LISTED_USERS]) + (f" and {more} more" if more > 0 else "")

    def _require_same_target(self, tx: Transaction, before: Integration, spec: IntegrationSpec) -> None:
        """Refuse to send a kept secret, its own or one of a version, to another host or account. Raises Invalid, Conflict."""
        was, now = before.type.target(before.settings), spec.type.target(spec.settings)
        if was == now:
            return
        member = spec.type.secret_member
        if member is None:
            if users := self._users(tx, before.id):
                raise Conflict(
                    f"integration '{before.display_name}' is used by {users}, whose trigger tokens would go to another address",
                    code="InUse",
                    field=spec.pointer(next(name for name in now if was.get(name) != now[name])),
                    remedy="Make another integration, and name it in a new version with the token.",
                )
        elif spec.secret is not None and spec.secret.plaintext is None:
            raise Invalid(
                f"'{member}' was entered for another address or account and is not sent to this one",
                code="SecretOfAnotherTarget",
                field=f"{spec.pointer(member)}/hash",
                remedy=f"Send '{member}' again as {{\"plaintext\": …}}.",
            )

    def _described(self, tx: Transaction, before: Integration, spec: IntegrationSpec) -> Integration:
        check_spec(spec)
        runner = self._runners.usable(
            tx, spec.runner_id, spec.workspace, spec.type.implementation, pointer=spec.pointer("runnerRef/uuid")
        )
        return replace(
            before,
            display_name=spec.display_name,
            settings=dict(spec.settings),
            runner_id=runner.id,
            secret=self._secret(before, spec, SealingKey.of(runner)),
        )

    def _secret(self, before: Integration, spec: IntegrationSpec, key: SealingKey) -> StoredSecret | None:
        member = spec.type.secret_member
        if member is None:
            return None
        if spec.secret is None:
            raise Invalid(
                f"this integration needs '{member}'",
                code="MissingSecret",
                field=spec.pointer(member),
                remedy='Send it as {"plaintext": …}; {"hash": …} keeps the stored one.',
            )
        return self._sealer.changed(
            spec.secret,
            old=before.secret,
            key=key,
            context=f"integration/{before.id}/{member}",
            place=before.place(member),
            pointer=spec.pointer(member),
            name=f"'{member}'",
        )

    def _tell(
        self,
        tx: Transaction,
        principal: Principal,
        type_: EventType,
        integration: Integration,
        before: Integration | None = None,
    ) -> None:
        log.info("integration changed", change=type_.value, integration_id=str(integration.id))
        self._event_log.append(
            tx,
            principal.author,
            f"Integration {type_}",
            type_,
            workspace=integration.workspace,
            subject_kind=KIND,
            subject_id=str(integration.id),
            content=_content(integration),
            previous=None if before is None else _content(before),
        )


def _unknown(integration_id: IntegrationId) -> NotFound:
    return NotFound(f"there is no integration '{integration_id}'", code="UnknownIntegration")


def _content(integration: Integration) -> JsonObject:
    return {
        "displayName": integration.display_name,
        "type": integration.type.value,
        "settings": dict(integration.settings),
        "runner": str(integration.runner_id),
        "secret": None if integration.secret is None else integration.secret.hash,
    }
