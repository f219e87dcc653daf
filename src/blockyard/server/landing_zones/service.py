"""Use cases of landing zones. Source: api.md 3.10, 2.7, concepts.md 4, 23."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import LANDING_ZONE
from blockyard.server.definitions.model import Definition, DefinitionId, TargetType
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import Author, EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Invalid, NotFound, require_same, taken
from blockyard.server.kit.members import changed, members, wire_members
from blockyard.server.kit.names import check_name
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.usage import NAMED, Uses, counted, named
from blockyard.server.landing_zones.model import LandingZone, LandingZoneFilter, LandingZoneId, LandingZoneSpec
from blockyard.server.landing_zones.store import LandingZoneStore
from blockyard.server.platforms.model import Platform, PlatformId
from blockyard.server.platforms.service import PlatformService
from blockyard.server.tags.model import Tagged, TargetKind
from blockyard.server.tags.service import TagService
from blockyard.server.workspaces.service import WorkspaceService

LIST, SAVE, DELETE = "LANDINGZONE_LIST", "LANDINGZONE_SAVE", "LANDINGZONE_DELETE"

PLATFORM_FIELD = "/spec/platformRef/uuid"


class LandingZoneService:
    """Use cases of landing zones. What stands in a landing zone is added to `uses`."""

    def __init__(
        self,
        basics: Basics,
        *,
        workspaces: WorkspaceService,
        platforms: PlatformService,
        definitions: DefinitionService,
        tags: TagService,
    ) -> None:
        self._basics = basics
        self._workspaces = workspaces
        self._platforms = platforms
        self._definitions = definitions
        self._tags = tags
        self._changes: Changes[LandingZone] = Changes(basics.event_log, LANDING_ZONE, "Landing Zone", _content)
        self.uses: Uses[LandingZone] = Uses()
        self.followers: list[Callable[[Transaction, LandingZone, LandingZone], None]] = []
        platforms.uses.add(self._of_platform)
        platforms.followers.append(_platform_changed)
        definitions.listeners.append(self)

    def page(
        self, tx: Transaction, principal: Principal, wanted: LandingZoneFilter, request: PageRequest
    ) -> Page[LandingZone]:
        """Return one page of the landing zones the principal may know of, oldest first. Raises Denied."""
        reach = principal.listing(LIST)
        if reach.nothing:
            return Page([], 0, request)
        shown = None if reach.owners is None else self._platforms.shown(tx, reach.owners)
        return LandingZoneStore(tx).visible(wanted, reach.owners, shown, request)

    def get(self, tx: Transaction, principal: Principal, name: str) -> LandingZone:
        """Return a landing zone. Raises Denied, NotFound."""
        found = LandingZoneStore(tx).living(name)
        if found is not None and self._offered(tx, principal, found):
            return found
        return principal.opened(LIST, found, _unknown(name))

    def create(
        self,
        tx: Transaction,
        principal: Principal,
        workspace: str,
        name: str,
        *,
        platform_id: PlatformId,
        spec: LandingZoneSpec,
    ) -> LandingZone:
        """Make a landing zone of a platform that the workspace owns or contributes to.

        Raises Denied, Invalid, NotFound (workspace), Conflict (name).
        """
        principal.require(SAVE, workspace=workspace)
        self._workspaces.require_builder(tx, principal, workspace)
        check_name(name, "a landing zone")
        platform = self._platforms.require_contributable(tx, principal, workspace, platform_id, field=PLATFORM_FIELD)
        spec.check(platform)
        self._require_definitions(tx, principal, platform, spec, workspace=workspace)
        zones = LandingZoneStore(tx)
        if zones.living(name) is not None:
            raise taken(f"there is a landing zone '{name}' already")
        zone = LandingZone(
            id=LandingZoneId(self._basics.new_id()),
            workspace=workspace,
            name=name,
            platform_id=platform_id,
            platform_is_open=platform.is_open,
            created_at=self._basics.clock(),
            **members(spec),
        )
        zone = replace(zone, tags=self._tags.check(tx, principal, _tagged(zone)))
        return self._changes.tell(tx, principal.author, EventType.CREATED, zones.add(zone))

    def update(
        self,
        tx: Transaction,
        principal: Principal,
        name: str,
        *,
        workspace: str,
        sent_name: str,
        platform_id: PlatformId,
        spec: LandingZoneSpec,
        restricted: bool | None,
    ) -> LandingZone:
        """Change a landing zone; `workspace`, `sent_name` and `platform_id` came with the change.

        `restricted` goes before that of `spec`; None keeps what was. Raises Denied, NotFound, Invalid.
        """
        zones = LandingZoneStore(tx)
        before = self._opened(tx, principal, SAVE, zones.living(name), name)
        self._workspaces.require_builder(tx, principal, before.workspace)
        require_same(
            "a landing zone",
            {
                "/metadata/ownedByWorkspace": (before.workspace, workspace),
                "/metadata/name": (name, sent_name),
                PLATFORM_FIELD: (before.platform_id, platform_id),
            },
        )
        platform = self._platform_of(tx, before)
        spec.check(platform, before)
        self._require_definitions(tx, principal, platform, spec, workspace=before.workspace, before=before)
        spec = replace(spec, restricted=before.restricted if restricted is None else restricted)
        after = changed(before, spec)
        after = replace(after, tags=self._tags.check(tx, principal, _tagged(after), before=before.tags))
        saved = self._saved(tx, principal.author, before, after)
        for follow in self.followers:
            follow(tx, before, saved)
        return saved

    def switch(self, tx: Transaction, principal: Principal, name: str, *, off: bool) -> LandingZone:
        """Let there be no new tenants in a landing zone, or new ones again; those that are there stay. Raises Denied, NotFound."""
        before = self._opened(tx, principal, SAVE, LandingZoneStore(tx).living(name), name)
        return self._saved(tx, principal.author, before, before.switched(off=off))

    def delete(self, tx: Transaction, principal: Principal, name: str) -> None:
        """Delete a landing zone; deleting it again changes nothing. Raises Denied, NotFound, Conflict (in use)."""
        zones = LandingZoneStore(tx)
        zone = self._opened(tx, principal, DELETE, zones.at(name), name)
        if zone.deleted_at is not None:
            return
        gone = zones.save(replace(zone, deleted_at=self._basics.clock()))  # first: a new use clashes with it
        self.uses.refuse_used(tx, zone, f"landing zone '{name}'")
        self._tags.forget(tx, _tagged(gone))
        self._changes.tell(tx, principal.author, EventType.DELETED, gone)

    # For other services: no principal is asked but in `require_usable`

    def by_name(self, tx: Transaction, name: str) -> LandingZone | None:
        """Return a landing zone that is not deleted."""
        return LandingZoneStore(tx).living(name)

    def living_named(self, tx: Transaction, names: Collection[str]) -> Mapping[str, LandingZone]:
        """Return those of the landing zones that are not deleted, by name: one statement, however many they are."""
        return {zone.name: zone for zone in LandingZoneStore(tx).named(names)} if names else {}

    def by_id(self, tx: Transaction, zone_id: LandingZoneId) -> LandingZone | None:
        """Return a landing zone, deleted ones too."""
        return LandingZoneStore(tx).get(zone_id)

    def tagged(self, tx: Transaction, names: Collection[str]) -> Mapping[str, Tagged]:
        """Return those of the landing zones that are not deleted, as policies see them."""
        return {name: _tagged(zone) for name, zone in self.living_named(tx, names).items()}

    def usable_of(self, tx: Transaction, workspace: str, platform_id: PlatformId) -> Page[LandingZone]:
        """Return the first of the landing zones that a new tenant of a workspace may have on a platform, and how many there are."""
        return LandingZoneStore(tx).usable(workspace, platform_id, PageRequest(0, NAMED))

    def has_any(self, tx: Transaction, platform_id: PlatformId) -> bool:
        """Whether a platform has landing zones at all."""
        return LandingZoneStore(tx).of_platform(platform_id, PageRequest(0, 1)).total > 0

    def require_usable(
        self, tx: Transaction, principal: Principal, workspace: str, name: str, platform_id: PlatformId, *, field: str
    ) -> LandingZone:
        """Return the landing zone of a new tenant; it stays until this transaction ends.

        A restricted one is for its owner, and for whoever may change it. Raises Invalid.
        """
        zone = LandingZoneStore(tx).kept(name)
        if (
            zone is None
            or zone.platform_id != platform_id
            or (
                zone.restricted and zone.workspace != workspace and not principal.allows(SAVE, workspace=zone.workspace)
            )
        ):
            raise Invalid(
                f"the platform has no landing zone '{name}' that workspace '{workspace}' may use",
                code="UnknownLandingZone",
                field=field,
                remedy="Name a landing zone of this platform.",
            )
        if zone.is_disabled:
            raise Invalid(
                f"landing zone '{name}' is disabled: there are no new tenants in it",
                code="DisabledLandingZone",
                field=field,
                remedy="Name another landing zone of this platform.",
            )
        return zone

    def of_workspace(self, tx: Transaction, workspace: str) -> Sequence[str]:
        """Return what a workspace still has; for the deletion of workspaces."""
        return counted(LandingZoneStore(tx).count_of(workspace), "landing zone")

    def definition_deleted(self, tx: Transaction, author: Author, definition_id: DefinitionId) -> None:
        """Take a definition that is gone out of all landing zones."""
        for zone in LandingZoneStore(tx).naming(definition_id):
            self._saved(tx, author, zone, zone.without(definition_id))

    def remove_tag(self, tx: Transaction, tag: str, ids: Collection[str]) -> int:
        """Take the values of a tag from landing zones; for the deletion of tag definitions."""
        return LandingZoneStore(tx).remove_tag(tag, [LandingZoneId(UUID(one)) for one in ids])

    def _of_platform(self, tx: Transaction, platform_id: PlatformId) -> Sequence[str]:
        found = LandingZoneStore(tx).of_platform(platform_id, PageRequest(0, NAMED))
        return named("landing zone", [zone.name for zone in found.items], found.total)

    def _platform_of(self, tx: Transaction, zone: LandingZone) -> Platform:
        platform = self._platforms.living(tx, zone.platform_id)
        if platform is None:
            raise TypeError(f"the platform of landing zone {zone.name} is gone")
        return platform

    def _offered(self, tx: Transaction, principal: Principal, zone: LandingZone) -> bool:
        """Whether the principal may know of a landing zone as somebody who may see its platform."""
        if zone.restricted or zone.deleted_at is not None or principal.run is not None:
            return False
        platform = self._platforms.living(tx, zone.platform_id)
        return platform is not None and platform.shown_to(principal.reach(LIST).workspaces)

    def _opened(
        self, tx: Transaction, principal: Principal, code: str, found: LandingZone | None, name: str
    ) -> LandingZone:
        shown = found is not None and self._offered(tx, principal, found)
        return principal.opened(code, found, _unknown(name), shown=shown)

    def _saved(self, tx: Transaction, author: Author, before: LandingZone, after: LandingZone) -> LandingZone:
        return self._changes.save(tx, author, LandingZoneStore(tx), after, before=before)

    def _require_definitions(
        self,
        tx: Transaction,
        principal: Principal,
        platform: Platform,
        spec: LandingZoneSpec,
        *,
        workspace: str,
        before: LandingZoneSpec | None = None,
    ) -> None:
        """Refuse definitions that fit no tenant of the platform; those that were named before may stay. Raises Invalid."""
        for field, wanted in spec.definitions.items():
            known = () if before is None else before.definitions[field]
            for index, definition_id in enumerate(wanted):
                if definition_id not in known:
                    definition = self._definitions.kept(tx, definition_id)
                    if definition is None or not _known_to(principal, workspace, definition):
                        raise _no_definition(definition_id, f"{field}/{index}/uuid")
                    _require_fitting(definition, platform, f"{field}/{index}/uuid")


def _platform_changed(tx: Transaction, before: Platform, after: Platform) -> None:
    if after.is_open is not before.is_open:
        LandingZoneStore(tx).note_openness(after.id, is_open=after.is_open)


def _tagged(zone: LandingZone) -> Tagged:
    return Tagged(
        kind=TargetKind.LANDING_ZONE,
        id=str(zone.id),
        name=f"landing zone '{zone.name}'",
        workspace=zone.workspace,
        tags=zone.tags,
    )


def _known_to(principal: Principal, workspace: str, definition: Definition) -> bool:
    is_offered = definition.workspace == workspace or definition.released_version_id is not None
    return is_offered or principal.allows("BUILDINGBLOCKDEFINITION_LIST", workspace=definition.workspace)


def _require_fitting(definition: Definition, platform: Platform, field: str) -> None:
    if definition.target_type is not TargetType.TENANT_LEVEL:
        raise Invalid(
            f"definition '{definition.display_name}' is for workspaces, not for tenants",
            code="WrongTargetType",
            field=field,
            remedy="Name a definition with the targetType TENANT_LEVEL.",
        )
    if platform.type_name not in (definition.supported_platforms or ()):
        raise Invalid(
            f"definition '{definition.display_name}' does not support the platform type '{platform.type_name}'",
            code="UnsupportedPlatformType",
            field=field,
            remedy="Add the type to its supportedPlatforms, or name another definition.",
        )


def _no_definition(definition_id: DefinitionId, field: str) -> Invalid:
    return Invalid(
        f"there is no building block definition '{definition_id}' that this landing zone may name",
        code="UnknownDefinition",
        field=field,
        remedy="Name one of the workspace, or a released one.",
    )


def _unknown(name: str) -> NotFound:
    return NotFound(f"there is no landing zone '{name}'")


def _content(zone: LandingZone) -> JsonObject:
    return wire_members(zone, LandingZoneSpec) | {"platform": str(zone.platform_id), "disabled": zone.is_disabled}
