"""Use cases of integrations. Source: api.md 3.13."""

from collections.abc import Sequence
from dataclasses import replace

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import INTEGRATION
from blockyard.protocol.names import ImplementationType
from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import SYSTEM, EventType
from blockyard.server.identity.model import Principal
from blockyard.server.integrations.model import (
    ALIAS,
    BUILT_IN,
    Integration,
    IntegrationId,
    IntegrationSpec,
    IntegrationType,
    check_spec,
)
from blockyard.server.integrations.store import IntegrationStore
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Invalid, NotFound, require_same
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.usage import Uses, counted, listed
from blockyard.server.runners.model import RunnerId, SealingKey, StoredSecret
from blockyard.server.runners.service import RunnerService, SecretSealer
from blockyard.server.workspaces.service import WorkspaceService

LIST, SAVE, DELETE = "INTEGRATION_LIST", "INTEGRATION_SAVE", "INTEGRATION_DELETE"


class IntegrationService:
    """Use cases of integrations. Higher features add what uses an integration to `uses`."""

    def __init__(
        self,
        basics: Basics,
        *,
        workspaces: WorkspaceService,
        runners: RunnerService,
        sealer: SecretSealer,
        admin_workspace: str,
    ) -> None:
        self._basics = basics
        self._workspaces = workspaces
        self._runners = runners
        self._sealer = sealer
        self._admin_workspace = admin_workspace
        self._changes: Changes[Integration] = Changes(
            basics.event_log, INTEGRATION, "Integration", _content, verb="Changed"
        )
        self.uses: Uses[IntegrationId] = Uses()

    def create(self, tx: Transaction, principal: Principal, spec: IntegrationSpec) -> Integration:
        """Make an integration of a workspace. Raises Denied, Invalid."""
        principal.require(SAVE, workspace=spec.workspace)
        self._workspaces.require_builder(tx, principal, spec.workspace)
        self._require_owner(spec)
        empty = Integration(
            id=IntegrationId(self._basics.new_id()),
            workspace=spec.workspace,
            display_name=spec.display_name,
            type=spec.type,
            settings={ALIAS: self._new_alias(tx, spec)} if spec.type is IntegrationType.ENTRA_ID else {},
            runner_id=spec.runner_id,
            created_at=self._basics.clock(),
        )
        integration = self._described(tx, empty, spec)
        return self._changes.tell(tx, principal.author, EventType.CREATED, IntegrationStore(tx).add(integration))

    def get(self, tx: Transaction, principal: Principal, integration_id: IntegrationId) -> Integration:
        """Return an integration of the principal's workspaces, or a built-in one. Raises NotFound, Denied."""
        found = IntegrationStore(tx).get(integration_id)
        if found is not None and _is_shown(principal, found):
            return found
        return principal.opened(LIST, found, _unknown(integration_id))

    def page(self, tx: Transaction, principal: Principal, request: PageRequest) -> Page[Integration]:
        """Return the built-in integrations and those of the principal's workspaces. Raises Denied."""
        reach = principal.listing(LIST)
        if reach.nothing:
            return Page([], 0, request)
        return IntegrationStore(tx).visible(request, reach.owners)

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
        found = IntegrationStore(tx).get(integration_id)
        before = principal.opened(SAVE, found, _unknown(integration_id), shown=_is_shown(principal, found))
        _require_own(before)
        self._workspaces.require_builder(tx, principal, before.workspace)
        spec = _with_alias(before, spec)
        require_same(
            "an integration",
            {
                "/metadata/ownedByWorkspace": (before.workspace, spec.workspace),
                "/spec/config/type": (before.type, spec.type),
                spec.pointer(ALIAS): (before.alias, spec.settings.get(ALIAS)),
            },
        )
        self._require_same_target(tx, before, spec)
        after = self._described(tx, before, spec)
        return self._changes.save(tx, principal.author, IntegrationStore(tx), after, before=before)

    def delete(self, tx: Transaction, principal: Principal, integration_id: IntegrationId) -> None:
        """Delete an integration no version uses; deleting it again changes nothing. Raises NotFound, Denied, Conflict."""
        found = IntegrationStore(tx).get(integration_id)
        if found is None and self._changes.deleted_just_now(tx, principal.author, integration_id):
            return
        integration = principal.opened(DELETE, found, _unknown(integration_id), shown=_is_shown(principal, found))
        _require_own(integration)
        self.uses.refuse_used(tx, integration_id, f"integration '{integration.display_name}'")
        IntegrationStore(tx).remove(integration)
        self._changes.tell(tx, principal.author, EventType.DELETED, integration)

    # For other services and the application's start: no principal is asked

    def seed(self, tx: Transaction, workspace: str) -> None:
        """Make the built-in integrations, for the admin workspace, unless they are there."""
        integrations = IntegrationStore(tx)
        for type_, display_name in BUILT_IN.items():
            if not integrations.of_type(type_):
                made = Integration(
                    id=IntegrationId(self._basics.new_id()),
                    workspace=workspace,
                    display_name=display_name,
                    type=type_,
                    settings={},
                    runner_id=None,
                    created_at=self._basics.clock(),
                )
                self._changes.tell(tx, SYSTEM, EventType.CREATED, integrations.add(made))

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

    def of_runner(self, tx: Transaction, runner_id: RunnerId) -> list[str]:
        """Return one phrase for each integration a runner works for; for the deletion of runners."""
        return [f"integration '{one.display_name}'" for one in IntegrationStore(tx).with_runner(runner_id)]

    def of_workspace(self, tx: Transaction, workspace: str) -> Sequence[str]:
        """Return what a workspace still has; for the deletion of workspaces."""
        return counted(IntegrationStore(tx).count_of(workspace), "integration")

    def _require_same_target(self, tx: Transaction, before: Integration, spec: IntegrationSpec) -> None:
        """Refuse to send a kept secret, its own or one of a version, to another host or account. Raises Invalid, Conflict."""
        was, now = before.type.target(before.settings), spec.type.target(spec.settings)
        if was == now:
            return
        member = spec.type.secret_member
        if member is None:
            if uses := self.uses.of(tx, before.id):
                raise Conflict(
                    f"integration '{before.display_name}' is used by {listed(uses)}, whose trigger tokens would go to another address",
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
        spec = _with_alias(before, spec)
        check_spec(spec)
        key = self._sealing_key(tx, spec)
        return replace(
            before,
            display_name=spec.display_name,
            settings=dict(spec.settings),
            runner_id=spec.runner_id,
            secret=self._secret(before, spec, key),
        )

    def _sealing_key(self, tx: Transaction, spec: IntegrationSpec) -> SealingKey | None:
        """Return how its secret is sealed for its runner; None if the server keeps it for itself. Raises Invalid."""
        implementation = spec.type.implementation
        if implementation is None or spec.runner_id is None:
            return None
        pointer = spec.pointer("runnerRef/uuid")
        return SealingKey.of(self._runners.usable(tx, spec.runner_id, spec.workspace, implementation, pointer=pointer))

    def _require_owner(self, spec: IntegrationSpec) -> None:
        """Refuse an identity provider of a team: it says who people are, in all workspaces. Raises Invalid."""
        if spec.type is IntegrationType.ENTRA_ID and spec.workspace != self._admin_workspace:
            raise Invalid(
                f"integrations of type '{spec.type}' belong to workspace '{self._admin_workspace}', as everybody can sign in by them",
                code="AdminWorkspaceOnly",
                field="/metadata/ownedByWorkspace",
                remedy=f"Send '{self._admin_workspace}', or ask an administrator.",
            )

    def _new_alias(self, tx: Transaction, spec: IntegrationSpec) -> str:
        """Return the alias that was chosen, or a new one. Raises Conflict: another integration has it."""
        chosen = spec.settings.get(ALIAS)
        if chosen is None:
            return f"entraid-{self._basics.new_id()}"
        others = IntegrationStore(tx).of_type(IntegrationType.ENTRA_ID)
        if any(other.alias == chosen for other in others):
            raise Conflict(
                f"another integration has the alias '{chosen}'",
                code="NameTaken",
                field=spec.pointer(ALIAS),
                remedy="Choose another alias, or send none.",
            )
        return chosen

    def _secret(self, before: Integration, spec: IntegrationSpec, key: SealingKey | None) -> StoredSecret | None:
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
        context, pointer, name = f"integration/{before.id}/{member}", spec.pointer(member), f"'{member}'"
        if key is None:
            return self._sealer.kept(spec.secret, old=before.secret, context=context, pointer=pointer, name=name)
        return self._sealer.changed(
            spec.secret,
            old=before.secret,
            key=key,
            context=context,
            place=before.place(member),
            pointer=pointer,
            name=name,
        )


def _with_alias(before: Integration, spec: IntegrationSpec) -> IntegrationSpec:
    """Return what is said of an integration with the alias it has, if nothing is said of that."""
    if before.alias is None or ALIAS in spec.settings:
        return spec
    return replace(spec, settings={**spec.settings, ALIAS: before.alias})


def _is_shown(principal: Principal, found: Integration | None) -> bool:
    return found is not None and found.type.is_built_in and principal.holds_somewhere(LIST)


def _require_own(integration: Integration) -> None:
    """Refuse to change or delete what comes with the server. Raises Conflict."""
    if integration.type.is_built_in:
        raise Conflict(
            f"integration '{integration.display_name}' comes with the server",
            code="BuiltIn",
            remedy="Make an integration of another type.",
        )


def _unknown(integration_id: IntegrationId) -> NotFound:
    return NotFound(f"there is no integration '{integration_id}'", code="UnknownIntegration")


def _content(integration: Integration) -> JsonObject:
    return {
        "displayName": integration.display_name,
        "type": integration.type.value,
        "settings": dict(integration.settings),
        "runner": None if integration.runner_id is None else str(integration.runner_id),
        "secret": None if integration.secret is None else integration.secret.hash,
    }
