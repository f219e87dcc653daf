"""Use cases of workspaces. Source: api.md 3.1, concepts.md 3."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import structlog

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import WORKSPACE
from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import SYSTEM, Author, EventType
from blockyard.server.identity.model import Principal, WorkspaceRole
from blockyard.server.identity.service import ApiKeyService
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Denied, NotFound, require_same, taken
from blockyard.server.kit.names import MAX_NAME_LENGTH, check_name
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.usage import Uses
from blockyard.server.tags.model import Tagged, Tags, TargetKind
from blockyard.server.tags.service import TagService
from blockyard.server.workspaces.model import (
    OWNER_FIELD,
    Binding,
    BindingId,
    BindingKind,
    Workspace,
    WorkspaceSettings,
)
from blockyard.server.workspaces.service.directory import require_active
from blockyard.server.workspaces.service.people import WorkspacePeople
from blockyard.server.workspaces.service.ports import WorkspaceListener
from blockyard.server.workspaces.store import BindingStore, WorkspaceStore

log = structlog.get_logger(__name__)


class WorkspaceService:
    """Use cases of workspaces.

    Higher features add what a workspace may still have to `uses`, and themselves to `listeners` if what they have goes with it.
    """

    def __init__(
        self,
        basics: Basics,
        *,
        people: WorkspacePeople,
        keys: ApiKeyService,
        tags: TagService,
        admin_workspace: str = "",
        self_service: bool = False,
        max_name_length: int = MAX_NAME_LENGTH,
    ) -> None:
        self._basics = basics
        self._changes: Changes[Workspace] = Changes(basics.event_log, WORKSPACE, "Workspace", Workspace.document)
        self._people = people
        self._keys = keys
        self._tags = tags
        self.uses: Uses[str] = Uses("still has")
        self.followers: list[Callable[[Transaction, Workspace, Workspace], None]] = []
        self.listeners: list[WorkspaceListener] = []
        self._admin_workspace = admin_workspace
        self._self_service = self_service
        self._max_name_length = max_name_length

    # For other services and the application's start: no principal is asked

    def exists(self, tx: Transaction, name: str) -> bool:
        """Whether there is a workspace of this name that is not deleted."""
        return WorkspaceStore(tx).living(name) is not None

    def find_all(self, tx: Transaction, names: Collection[str]) -> Mapping[str, Workspace]:
        """Return those of the workspaces that exist, deleted ones too: one statement, however many they are."""
        return WorkspaceStore(tx).many(names) if names else {}

    def require_active(self, tx: Transaction, name: str, *, field: str = OWNER_FIELD) -> Workspace:
        """Return the workspace, which then stays until this transaction ends. Raises NotFound if there is none."""
        return require_active(tx, name, field=field)

    def require_builder(self, tx: Transaction, principal: Principal, name: str) -> Workspace:
        """Return the workspace, which then stays until this transaction ends, if it may offer definitions and have runners.

        Who may switch the platform builder on may save in a workspace without it.

        Raises:
            Denied: no administrator has switched its platform builder on.
            NotFound: there is no such workspace.
        """
        workspace = self.require_active(tx, name)
        if not principal.is_administrator:
            workspace.require_builder()
        return workspace

    def builders(self, tx: Transaction) -> Sequence[str]:
        """Return the workspaces that may offer definitions, so run code, but for the administrators' own; sorted."""
        return [name for name in WorkspaceStore(tx).builders() if name != self._admin_workspace]

    def warn_of_builders(self, tx: Transaction) -> None:
        """Log a warning if a second workspace may run code: what shares a runner can reach what the others have there."""
        names = self.builders(tx)
        if len(names) > 1:
            log.warning("several workspaces may run code on the shared runner", workspaces=", ".join(names))

    def tags_of(self, tx: Transaction, names: Collection[str]) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """Return the tags of workspaces by their names: one statement, however many they are."""
        return {name: workspace.tags for name, workspace in WorkspaceStore(tx).many(names).items()}

    def people_of(self, tx: Transaction, workspace: str) -> list[JsonObject]:
        """Return everybody with a binding that has not ended, as USER_PERMISSIONS inputs carry them; sorted."""
        return self._people.of(tx, workspace)

    def seed_admin(self, tx: Transaction, name: str) -> bool:
        """Make the workspace that runs the installation, unless it is there; return whether it was made."""
        return self.seed(tx, name, "Administration", platform_builder=True)

    def seed(
        self,
        tx: Transaction,
        name: str,
        display_name: str,
        owner: str | None = None,
        *,
        platform_builder: bool = False,
    ) -> bool:
        """Make a workspace, owned by a person, unless the name was ever used; return whether it was made."""
        if WorkspaceStore(tx).get(name) is not None:
            return False
        check_name(name, "a workspace", self._max_name_length)
        settings = WorkspaceSettings(display_name=display_name, tags={}, platform_builder=platform_builder)
        self._add(tx, SYSTEM, name, settings, owner)
        return True

    # Use cases

    def create(self, tx: Transaction, principal: Principal, name: str, settings: WorkspaceSettings) -> Workspace:
        """Make a workspace; a person who makes one becomes its owner. Raises Denied, Invalid, Conflict."""
        self.require_may_create(principal)
        person = principal.author.type == "User"
        _require_may_switch(principal, was=False, wanted=settings.platform_builder)
        check_name(name, "a workspace", self._max_name_length)
        if WorkspaceStore(tx).get(name) is not None:
            raise taken(f"the name '{name}' is taken; names of deleted workspaces cannot be used again")
        settings = replace(settings, tags=self._tags.check(tx, principal, _tagged(name, settings.tags)))
        return self._add(tx, principal.author, name, settings, principal.author.identifier if person else None)

    def may_create(self, principal: Principal) -> bool:
        """Whether the principal may make workspaces."""
        helps_itself = self._self_service and principal.author.type == "User"
        return helps_itself or principal.allows("WORKSPACE_SAVE", workspace=None)

    def require_may_create(self, principal: Principal) -> None:
        """Raise Denied unless the principal may make workspaces."""
        if not self.may_create(principal):
            principal.require("WORKSPACE_SAVE", workspace=None)

    def get(self, tx: Transaction, principal: Principal, name: str) -> Workspace:
        """Return a workspace. Raises Denied, NotFound."""
        return _opened(principal, "WORKSPACE_LIST", WorkspaceStore(tx).living(name), name)

    def page(
        self, tx: Transaction, principal: Principal, request: PageRequest, *, search: str | None = None
    ) -> Page[Workspace]:
        """Return one page of the workspaces the principal may see, oldest first; `search` is a part of a name."""
        return WorkspaceStore(tx).visible(request, owners=principal.listing("WORKSPACE_LIST").owners, search=search)

    def update(
        self, tx: Transaction, principal: Principal, name: str, sent: str, settings: WorkspaceSettings
    ) -> Workspace:
        """Change a workspace's settings; `sent` is the name sent with them. Raises Denied, NotFound, Invalid (another name)."""
        before = _opened(principal, "WORKSPACE_SAVE", WorkspaceStore(tx).living(name), name)
        require_same("a workspace", {"/metadata/name": (name, sent)})
        _require_may_switch(principal, was=before.platform_builder, wanted=settings.platform_builder)
        tags = self._tags.check(tx, principal, _tagged(name, settings.tags), before=before.tags)
        after = before.changed(replace(settings, tags=tags))
        if after == before:
            return before
        after = WorkspaceStore(tx).save(after)
        self._changes.tell(tx, principal.author, EventType.CHANGED, after, before=before)
        for follow in self.followers:
            follow(tx, before, after)
        if after.platform_builder and not before.platform_builder:
            self.warn_of_builders(tx)
        return after

    def still_has(self, tx: Transaction, principal: Principal, name: str) -> Sequence[str]:
        """Return what keeps a workspace from being deleted, one phrase for each. Raises Denied, NotFound."""
        principal.opened("WORKSPACE_DELETE", WorkspaceStore(tx).living(name), _unknown(name))
        return self.uses.of(tx, name)

    def delete(self, tx: Transaction, principal: Principal, name: str) -> None:
        """Delete a workspace with its bindings, its keys and what else goes with it; deleting it again changes nothing.

        Raises:
            Conflict: it still has something.
            Denied: the principal may not, or one of its API keys may do more than the principal.
            NotFound: there never was such a workspace, or the principal may not know of it.
        """
        workspaces = WorkspaceStore(tx)
        workspace = _opened(principal, "WORKSPACE_DELETE", workspaces.get(name), name)
        if workspace.deleted_at is not None:
            return
        gone = workspaces.save(replace(workspace, deleted_at=self._basics.clock()))
        self.uses.refuse_used(tx, name, f"workspace '{name}'")
        bindings = BindingStore(tx)
        for binding in bindings.of_workspace(name):
            bindings.save(replace(binding, deleted_at=gone.deleted_at))
        self._keys.revoke_all(tx, principal, name)
        for listener in self.listeners:
            listener.workspace_deleted(tx, principal.author, name)
        self._tags.forget(tx, _tagged(name, gone.tags))
        self._changes.tell(tx, principal.author, EventType.DELETED, gone)

    def _add(
        self, tx: Transaction, author: Author, name: str, settings: WorkspaceSettings, owner: str | None
    ) -> Workspace:
        workspace = Workspace(
            name=name,
            display_name=settings.display_name,
            tags=settings.tags,
            platform_builder=settings.platform_builder or False,
            created_at=self._basics.clock(),
        )
        WorkspaceStore(tx).add(workspace)
        if owner is not None:
            BindingStore(tx).add(self._ownership(name, owner))
            self._people.tell(tx, name)
        self._changes.tell(tx, author, EventType.CREATED, workspace)
        if workspace.platform_builder:
            self.warn_of_builders(tx)
        return workspace

    def tagged(self, tx: Transaction, names: Collection[str]) -> Mapping[str, Tagged]:
        """Return those of the workspaces that are not deleted, as policies see them."""
        found = WorkspaceStore(tx).many(names)
        return {name: _tagged(name, one.tags) for name, one in found.items() if one.deleted_at is None}

    def remove_tag(self, tx: Transaction, tag: str, ids: Collection[str]) -> int:
        """Take the values of a tag from workspaces; for the deletion of tag definitions."""
        return WorkspaceStore(tx).remove_tag(tag, sorted(ids))

    def _ownership(self, workspace: str, username: str) -> Binding:
        binding_id = BindingId(self._basics.new_id())
        return Binding(
            id=binding_id,
            kind=BindingKind.USER,
            name=f"owner-{binding_id}",
            role=WorkspaceRole.OWNER,
            workspace=workspace,
            subject=username,
            expires_on=None,
            created_at=self._basics.clock(),
        )


def _require_may_switch(principal: Principal, *, was: bool, wanted: bool | None) -> None:
    """Raise Denied if the platform builder is switched by somebody who is not an administrator."""
    if wanted in {None, was} or principal.is_administrator:
        return
    raise Denied(
        "you don't have sufficient permissions: only an administrator may switch the platform builder of a workspace",
        code="AdministratorNeeded",
        field="/spec/platformBuilderAccessEnabled",
        remedy=f"Send {str(was).lower()}, or ask an administrator.",
    )


def _tagged(name: str, tags: Tags) -> Tagged:
    return Tagged(kind=TargetKind.WORKSPACE, id=name, name=f"workspace '{name}'", workspace=name, tags=tags)


def _opened(principal: Principal, code: str, found: Workspace | None, name: str) -> Workspace:
    """Return a workspace that the principal may do this with; those who hold any permission there know of it."""
    return principal.opened(code, found, _unknown(name), shown=principal.belongs_to(name))


def _unknown(name: str) -> NotFound:
    return NotFound(f"there is no workspace '{name}'")
