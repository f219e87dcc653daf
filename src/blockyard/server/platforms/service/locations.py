"""Use cases of locations. Source: api.md 3.6, concepts.md 4."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from blockyard.protocol.kinds import LOCATION
from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import SYSTEM, EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Invalid, NotFound, require_same, taken
from blockyard.server.kit.members import changed, members, wire_members
from blockyard.server.kit.names import check_name
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.usage import Uses, counted
from blockyard.server.platforms.model import PUBLIC_LOCATIONS, Location, LocationId, LocationSpec
from blockyard.server.platforms.service.access import DELETE, LIST, SAVE
from blockyard.server.platforms.store import LocationStore
from blockyard.server.workspaces.service import WorkspaceService


class LocationService:
    """Use cases of locations. What names a location is added to `uses`."""

    def __init__(self, basics: Basics, *, workspaces: WorkspaceService) -> None:
        self._basics = basics
        self._workspaces = workspaces
        self._changes: Changes[Location] = Changes(
            basics.event_log, LOCATION, "Location", partial(wire_members, of=LocationSpec)
        )
        self.uses: Uses[Location] = Uses()

    def page(
        self, tx: Transaction, principal: Principal, request: PageRequest, *, workspace: str | None = None
    ) -> Page[Location]:
        """Return one page of the public locations and those of the principal's workspaces, oldest first. Raises Denied."""
        reach = principal.listing(LIST)
        if reach.nothing:
            return Page([], 0, request)
        return LocationStore(tx).visible(request, reach.owners, workspace)

    def get(self, tx: Transaction, principal: Principal, name: str) -> Location:
        """Return a location. Raises Denied, NotFound."""
        found = LocationStore(tx).living(name)
        if found is not None and found.is_public and principal.holds_somewhere(LIST):
            return found
        return principal.opened(LIST, found, _unknown(name))

    def create(self, tx: Transaction, principal: Principal, workspace: str, name: str, spec: LocationSpec) -> Location:
        """Make a location for the platforms of a workspace. Raises Denied, Invalid, NotFound (workspace), Conflict (name)."""
        principal.require(SAVE, workspace=workspace)
        self._workspaces.require_builder(tx, principal, workspace)
        check_name(name, "a location")
        locations = LocationStore(tx)
        if locations.living(name) is not None:
            raise taken(f"there is a location '{name}' already")
        location = self._made(workspace, name, spec)
        return self._changes.tell(tx, principal.author, EventType.CREATED, locations.add(location))

    def update(
        self, tx: Transaction, principal: Principal, name: str, *, workspace: str, sent_name: str, spec: LocationSpec
    ) -> Location:
        """Change a location; `workspace` and `sent_name` came with the change. Raises Denied, NotFound, Invalid."""
        locations = LocationStore(tx)
        before = _opened(principal, SAVE, locations.living(name), name)
        require_same(
            "a location",
            {"/metadata/ownedByWorkspace": (before.workspace, workspace), "/metadata/name": (name, sent_name)},
        )
        after = changed(before, spec)
        return self._changes.save(tx, principal.author, locations, after, before=before)

    def delete(self, tx: Transaction, principal: Principal, name: str) -> None:
        """Delete a location; deleting it again changes nothing. Raises Denied, NotFound, Conflict (in use, or public)."""
        locations = LocationStore(tx)
        location = _opened(principal, DELETE, locations.at(name), name)
        if location.deleted_at is not None:
            return
        if location.is_public:
            raise Conflict(
                f"location '{name}' comes with the server, and platforms of every workspace may name it",
                code="BuiltIn",
                remedy="Leave it; its display name and its description can be changed.",
            )
        gone = locations.save(replace(location, deleted_at=self._basics.clock()))  # first: a new use clashes with it
        self.uses.refuse_used(tx, location, f"location '{name}'")
        self._changes.tell(tx, principal.author, EventType.DELETED, gone)

    # For other services and the application's start: no principal is asked but in `require_usable`

    def require_usable(
        self, tx: Transaction, principal: Principal, workspace: str, name: str, *, field: str
    ) -> Location:
        """Return a location that a platform of `workspace` may name; it stays until this transaction ends.

        Raises Invalid: there is none, or it belongs to another workspace and the principal is no administrator.
        """
        location = LocationStore(tx).kept(name)
        if location is not None and (
            location.is_public
            or location.workspace == workspace
            or principal.allows(SAVE, workspace=location.workspace)
        ):
            return location
        raise Invalid(
            f"there is no location '{name}' that platforms of workspace '{workspace}' may name",
            code="UnknownLocation",
            field=field,
            remedy="Name a public location such as 'global', or one of the workspace.",
        )

    def of_workspace(self, tx: Transaction, workspace: str) -> Sequence[str]:
        """Return what a workspace still has; for the deletion of workspaces."""
        return counted(LocationStore(tx).count_of(workspace), "location")

    def seed(self, tx: Transaction, workspace: str) -> None:
        """Make the public locations, for the admin workspace, unless their names are in use."""
        locations = LocationStore(tx)
        for name, display_name in PUBLIC_LOCATIONS.items():
            if locations.living(name) is None:
                spec = LocationSpec(display_name=display_name, description="")
                seeded = replace(self._made(workspace, name, spec), is_public=True)
                self._changes.tell(tx, SYSTEM, EventType.CREATED, locations.add(seeded))

    def _made(self, workspace: str, name: str, spec: LocationSpec) -> Location:
        return Location(
            id=LocationId(self._basics.new_id()),
            workspace=workspace,
            name=name,
            created_at=self._basics.clock(),
            **members(spec),
        )


def _opened(principal: Principal, code: str, found: Location | None, name: str) -> Location:
    shown = found is not None and found.is_public and principal.holds_somewhere(LIST)
    return principal.opened(code, found, _unknown(name), shown=shown)


def _unknown(name: str) -> NotFound:
    return NotFound(f"there is no location '{name}'")
