"""Use cases of platform types. Source: api.md 3.8, concepts.md 4."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import PLATFORM_TYPE
from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import SYSTEM, EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Invalid, NotFound, require_same, taken
from blockyard.server.kit.members import changed, members
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.usage import Uses, counted
from blockyard.server.platforms.model import (
    BUILT_IN_TYPES,
    Category,
    Lifecycle,
    PlatformType,
    PlatformTypeFilter,
    PlatformTypeId,
    PlatformTypeSpec,
    built_in_icon,
    check_type_name,
)
from blockyard.server.platforms.service.access import DELETE, LIST, SAVE
from blockyard.server.platforms.store import PlatformTypeStore
from blockyard.server.workspaces.service import WorkspaceService


class PlatformTypeService:
    """Use cases of platform types: everybody sees all. What names a type is added to `uses`."""

    def __init__(self, basics: Basics, *, workspaces: WorkspaceService) -> None:
        self._basics = basics
        self._workspaces = workspaces
        self._changes: Changes[PlatformType] = Changes(basics.event_log, PLATFORM_TYPE, "Platform Type", _content)
        self.uses: Uses[PlatformType] = Uses()

    def page(
        self, tx: Transaction, principal: Principal, wanted: PlatformTypeFilter, request: PageRequest
    ) -> Page[PlatformType]:
        """Return one page of the platform types, oldest first. Raises Denied."""
        if principal.listing(LIST).nothing:
            return Page([], 0, request)
        return PlatformTypeStore(tx).filtered(wanted, request)

    def get(self, tx: Transaction, principal: Principal, name: str) -> PlatformType:
        """Return a platform type. Raises Denied, NotFound."""
        found = PlatformTypeStore(tx).living(name)
        if found is not None and principal.holds_somewhere(LIST):
            return found
        return principal.opened(LIST, found, _unknown(name))

    def create(
        self, tx: Transaction, principal: Principal, workspace: str, name: str, spec: PlatformTypeSpec
    ) -> PlatformType:
        """Make a platform type of the category CUSTOM. Raises Denied, Invalid, NotFound (workspace), Conflict (name)."""
        principal.require(SAVE, workspace=workspace)
        self._workspaces.require_builder(tx, principal, workspace)
        check_type_name(name)
        spec.check()
        if spec.category is not Category.CUSTOM:
            raise Invalid(
                f"platform types of the category {spec.category} come with the server",
                code="BuiltInCategory",
                field="/spec/category",
                remedy="Send the category CUSTOM.",
            )
        types = PlatformTypeStore(tx)
        if types.living(name) is not None:
            raise taken(f"there is a platform type '{name}' already")
        made = self._made(workspace, name, spec)
        return self._changes.tell(tx, principal.author, EventType.CREATED, types.add(made))

    def update(
        self,
        tx: Transaction,
        principal: Principal,
        name: str,
        *,
        workspace: str,
        sent_name: str,
        spec: PlatformTypeSpec,
    ) -> PlatformType:
        """Change a platform type; `workspace` and `sent_name` came with the change. Raises Denied, NotFound, Invalid."""
        types = PlatformTypeStore(tx)
        before = _opened(principal, SAVE, types.living(name), name)
        require_same(
            "a platform type",
            {
                "/metadata/ownedByWorkspace": (before.workspace, workspace),
                "/metadata/name": (name, sent_name),
                "/spec/category": (before.category, spec.category),
            },
        )
        spec.check()
        return self._saved(tx, principal, before, changed(before, spec))

    def set_state(self, tx: Transaction, principal: Principal, name: str, state: Lifecycle) -> PlatformType:
        """Open or close a type for new platforms; everything else goes on. Only administrators may. Raises Denied, NotFound."""
        before = PlatformTypeStore(tx).living(name)
        if before is None or not principal.holds_somewhere(LIST):
            raise _unknown(name)
        principal.require(SAVE, workspace=None)
        return self._saved(tx, principal, before, before.in_state(state))

    def delete(self, tx: Transaction, principal: Principal, name: str) -> None:
        """Delete a platform type; deleting it again changes nothing. Raises Denied, NotFound, Conflict (in use, built in)."""
        types = PlatformTypeStore(tx)
        found = _opened(principal, DELETE, types.at(name), name)
        if found.deleted_at is not None:
            return
        if found.is_built_in:
            raise Conflict(
                f"platform type '{name}' comes with the server",
                code="BuiltIn",
                remedy="Deactivate it, so that there are no new platforms of it.",
            )
        gone = types.save(replace(found, deleted_at=self._basics.clock()))  # first: a new use clashes with it
        self.uses.refuse_used(tx, found, f"platform type '{name}'")
        self._changes.tell(tx, principal.author, EventType.DELETED, gone)

    # For other services and the application's start: no principal is asked

    def require_known(self, tx: Transaction, names: Sequence[str], before: Collection[str] = (), *, field: str) -> None:
        """Refuse names that no platform type has, but for those from `before`; the others stay until this transaction ends.

        `field` is the pointer of the list that the names are in. Raises Invalid.
        """
        added = set(names) - set(before)
        unknown = added - PlatformTypeStore(tx).known(added) if added else added
        for index, name in enumerate(names):
            if name in unknown:
                raise _no_such_type(name, f"{field}/{index}/name")

    def require_open(self, tx: Transaction, name: str, *, field: str) -> PlatformType:
        """Return the type of a new platform; it stays until this transaction ends. Raises Invalid."""
        found = PlatformTypeStore(tx).kept(name)
        if found is None:
            raise _no_such_type(name, field)
        if found.state is Lifecycle.DEACTIVATED:
            raise Invalid(
                f"platform type '{name}' is deactivated: there are no new platforms of it",
                code="DeactivatedPlatformType",
                field=field,
                remedy="Name another platform type, or ask an administrator to activate it.",
            )
        return found

    def called(self, tx: Transaction, names: Collection[str]) -> Mapping[str, str]:
        """Return what people call those of the platform types that there are, by name; no principal is asked."""
        return {found.name: found.display_name for found in PlatformTypeStore(tx).named(names)} if names else {}

    def of_workspace(self, tx: Transaction, workspace: str) -> Sequence[str]:
        """Return what a workspace still has; for the deletion of workspaces."""
        return counted(PlatformTypeStore(tx).count_of(workspace), "platform type")

    def seed(self, tx: Transaction, workspace: str) -> None:
        """Make the built-in types, for the admin workspace, unless their names are in use."""
        types = PlatformTypeStore(tx)
        known = types.known([category.type_name for category in BUILT_IN_TYPES])
        for category, display_name in BUILT_IN_TYPES.items():
            if category.type_name not in known:
                icon = built_in_icon(category)
                spec = PlatformTypeSpec(display_name=display_name, category=category, default_endpoint=None, icon=icon)
                made = replace(self._made(workspace, category.type_name, spec), is_built_in=True)
                self._changes.tell(tx, SYSTEM, EventType.CREATED, types.add(made))

    def _saved(self, tx: Transaction, principal: Principal, before: PlatformType, after: PlatformType) -> PlatformType:
        return self._changes.save(tx, principal.author, PlatformTypeStore(tx), after, before=before)

    def _made(self, workspace: str, name: str, spec: PlatformTypeSpec) -> PlatformType:
        return PlatformType(
            id=PlatformTypeId(self._basics.new_id()),
            workspace=workspace,
            name=name,
            created_at=self._basics.clock(),
            **members(spec),
        )


def _opened(principal: Principal, code: str, found: PlatformType | None, name: str) -> PlatformType:
    return principal.opened(code, found, _unknown(name), shown=principal.holds_somewhere(LIST))


def _unknown(name: str) -> NotFound:
    return NotFound(f"there is no platform type '{name}'")


def _no_such_type(name: str, field: str) -> Invalid:
    return Invalid(
        f"there is no platform type '{name}'",
        code="UnknownPlatformType",
        field=field,
        remedy="Name one that is there ('blockyard platform-types list'), or make it first.",
    )


def _content(found: PlatformType) -> JsonObject:
    return {
        "displayName": found.display_name,
        "defaultEndpoint": found.default_endpoint,
        "lifecycle": found.state.value,
    }
