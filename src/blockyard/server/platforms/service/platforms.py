"""Use cases of platforms. Source: api.md 3.9, 2.7, concepts.md 4, 17, 23."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import PLATFORM
from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import Author, EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Invalid, NotFound, require_same
from blockyard.server.kit.members import changed, members, wire_members
from blockyard.server.kit.names import check_name
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import Found
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.kit.usage import NAMED, Uses, counted, named
from blockyard.server.platforms.model import (
    CONFIG_FIELD,
    CONTRIBUTING_FIELD,
    RESTRICTED_FIELD,
    STATE_FIELD,
    ConfigType,
    Location,
    Platform,
    PlatformFilter,
    PlatformId,
    PlatformSpec,
    PlatformType,
    PublicationState,
    decided,
    requested,
)
from blockyard.server.platforms.service.access import DELETE, LIST, SAVE
from blockyard.server.platforms.service.locations import LocationService
from blockyard.server.platforms.service.platform_types import PlatformTypeService
from blockyard.server.platforms.service.secrets import ConfigVault
from blockyard.server.platforms.store import PlatformStore
from blockyard.server.publications.model import Step, Subject
from blockyard.server.publications.service import PublicationService
from blockyard.server.workspaces.service import WorkspaceService

_LOCATION_FIELD = "/spec/locationRef/name"


class PlatformService:
    """Use cases of platforms. What stands on a platform is added to `uses`, what is called after it to `bound_by`.

    Whoever may not see the configuration of a platform gets it without one.
    """

    def __init__(
        self,
        basics: Basics,
        *,
        workspaces: WorkspaceService,
        locations: LocationService,
        types: PlatformTypeService,
        publications: PublicationService,
        master_key: MasterKey,
    ) -> None:
        self._basics = basics
        self._workspaces = workspaces
        self._locations = locations
        self._types = types
        self._publications = publications
        publications.kinds[PLATFORM.name] = self
        self._vault = ConfigVault(master_key)
        self._changes: Changes[Platform] = Changes(basics.event_log, PLATFORM, "Platform", _content)
        self.uses: Uses[PlatformId] = Uses()
        self.followers: list[Callable[[Transaction, Platform, Platform], None]] = []
        self.bound_by: Uses[PlatformId] = Uses("keeps its location and its type while it has")
        locations.uses.add(self._of_location)
        types.uses.add(self._of_type)

    def page(
        self, tx: Transaction, principal: Principal, wanted: PlatformFilter, request: PageRequest
    ) -> Page[Platform]:
        """Return one page of the platforms the principal may know of, oldest first. Raises Denied."""
        reach = principal.listing(LIST)
        if reach.nothing:
            return Page([], 0, request)
        found = PlatformStore(tx).visible(wanted, reach.owners, request)
        return found.map(lambda platform: _as_shown(principal, platform))

    def get(self, tx: Transaction, principal: Principal, platform_id: PlatformId) -> Platform:
        """Return a platform as the principal may see it. Raises Denied, NotFound."""
        found = PlatformStore(tx).living(platform_id)
        if found is None or not visible(principal, found):
            found = principal.opened(LIST, found, _unknown(platform_id))
        return _as_shown(principal, found)

    def create(
        self, tx: Transaction, principal: Principal, workspace: str, name: str, *, spec: PlatformSpec, config: Json
    ) -> Platform:
        """Make a platform of a workspace. Raises Denied, Invalid, NotFound (workspace), Conflict (identifier)."""
        principal.require(SAVE, workspace=workspace)
        self._workspaces.require_builder(tx, principal, workspace)
        check_name(name, "a platform")
        spec.check(workspace)
        self._require_workspaces(tx, spec)
        platform_id = PlatformId(self._basics.new_id())
        kept = self._vault.kept(platform_id, config)
        self._require_type(tx, kept.config_type, kept.type_name)
        self._locations.require_usable(tx, principal, workspace, spec.location, field=_LOCATION_FIELD)
        _require_free(tx, name, spec.location)
        platform = Platform(
            id=platform_id,
            workspace=workspace,
            name=name,
            created_at=self._basics.clock(),
            **members(_in_state(principal, spec)),
            **members(kept),
        )
        self._changes.tell(tx, principal.author, EventType.CREATED, PlatformStore(tx).add(platform))
        self._follow(tx, principal, platform, PublicationState.UNPUBLISHED)
        return platform

    def update(
        self,
        tx: Transaction,
        principal: Principal,
        platform_id: PlatformId,
        *,
        workspace: str,
        sent_name: str,
        spec: PlatformSpec,
        config: Json,
    ) -> Platform:
        """Change a platform; `workspace` and `sent_name` came with the change. Raises Denied, NotFound, Invalid, Conflict."""
        platforms = PlatformStore(tx)
        before = _opened(principal, SAVE, platforms.living(platform_id), platform_id)
        self._workspaces.require_builder(tx, principal, before.workspace)
        kept = self._vault.kept(platform_id, config, before)
        require_same(
            "a platform",
            {
                "/metadata/ownedByWorkspace": (before.workspace, workspace),
                "/metadata/name": (before.name, sent_name),
                f"{CONFIG_FIELD}/type": (before.config_type, kept.config_type),
            },
        )
        spec.check(before.workspace)
        self._require_workspaces(tx, spec, before)
        if kept.type_name != before.type_name:
            self._require_type(tx, kept.config_type, kept.type_name)
        if spec.location != before.location:
            self._locations.require_usable(tx, principal, before.workspace, spec.location, field=_LOCATION_FIELD)
            _require_free(tx, before.name, spec.location)
        after = replace(changed(before, _in_state(principal, spec, before)), **members(kept))
        if after == before:
            return before
        saved = platforms.save(after)  # first: a new use clashes with it
        if (after.identifier, after.type_name) != (before.identifier, before.type_name):
            self.bound_by.refuse_used(tx, platform_id, f"platform '{before.identifier}'")
        after = self._changed(tx, principal.author, before, saved)
        self._follow(tx, principal, after, before.publication_state)
        return after

    def delete(self, tx: Transaction, principal: Principal, platform_id: PlatformId) -> None:
        """Delete a platform; deleting it again changes nothing. Raises Denied, NotFound, Conflict (in use)."""
        platforms = PlatformStore(tx)
        platform = _opened(principal, DELETE, platforms.get(platform_id), platform_id)
        if platform.deleted_at is not None:
            return
        gone = replace(platform, deleted_at=self._basics.clock(), secrets=None)
        gone = platforms.save(gone)  # first: a new use clashes with it
        self.uses.refuse_used(tx, platform_id, f"platform '{platform.identifier}'")
        self._publications.forget(tx, platform_id)
        self._changes.tell(tx, principal.author, EventType.DELETED, gone)

    # For reviews

    title = "Platform"

    def decided(self, tx: Transaction, principal: Principal, object_id: UUID, step: Step) -> None:
        """Take the step that a reviewer decided on. Raises NotFound, Conflict."""
        platforms = PlatformStore(tx)
        before = platforms.living(PlatformId(object_id))
        if before is None:
            raise _unknown(PlatformId(object_id))
        approved, what = step is Step.APPROVE, f"platform '{before.identifier}'"
        state = decided(before.publication_state, approved=approved, what=what)
        self._changed(tx, principal.author, before, platforms.save(replace(before, publication_state=state)))

    def _changed(self, tx: Transaction, author: Author, before: Platform, after: Platform) -> Platform:
        for follow in self.followers:
            follow(tx, before, after)
        return self._changes.tell(tx, author, EventType.CHANGED, after, before=before)

    def _follow(self, tx: Transaction, principal: Principal, platform: Platform, before: PublicationState) -> None:
        state = platform.publication_state
        if state is not before:
            self._publications.follow(
                tx,
                principal,
                Subject(
                    kind=PLATFORM.name,
                    id=platform.id,
                    workspace=platform.workspace,
                    display_name=platform.display_name,
                ),
                requested=state is PublicationState.REQUESTED,
                published=state is PublicationState.PUBLISHED,
            )

    # For other services: no principal is asked but in `require_contributable`

    def known(self, tx: Transaction, platform_ids: Collection[PlatformId]) -> Mapping[PlatformId, Platform]:
        """Return those of the platforms that exist, deleted ones too: one statement, however many they are."""
        return PlatformStore(tx).many(platform_ids)

    def with_identifier(self, tx: Transaction, identifier: str) -> Platform | None:
        """Return the living platform that `<name>.<location>` stands for."""
        name, _, location = identifier.partition(".")
        found = PlatformStore(tx).with_identifier(name, location)
        return None if found is None or found.deleted_at is not None else found

    def shown(self, tx: Transaction, workspaces: Collection[str]) -> Found:
        """Return which platforms one of these workspaces may know of, but those that all may know of, for another store."""
        return PlatformStore(tx).shown(workspaces)

    def living(self, tx: Transaction, platform_id: PlatformId) -> Platform | None:
        """Return a platform that is not deleted."""
        return PlatformStore(tx).living(platform_id)

    def require_usable(self, tx: Transaction, workspace: str, platform_id: PlatformId, *, field: str) -> Platform:
        """Return a platform where a workspace may have tenants; it stays until this transaction ends. Raises Invalid."""
        platform = PlatformStore(tx).kept(platform_id)
        if platform is None or not platform.serves(workspace):
            raise _no_platform(platform_id, f"workspace '{workspace}' may use", field)
        return platform

    def require_contributable(
        self, tx: Transaction, principal: Principal, workspace: str, platform_id: PlatformId, *, field: str
    ) -> Platform:
        """Return a platform where a workspace may have landing zones; it stays until this transaction ends.

        Raises Invalid: there is none; the workspace neither owns it nor contributes to it, and the principal is no administrator.
        """
        platform = PlatformStore(tx).kept(platform_id)
        may = platform is not None and (
            platform.takes_contributions_of(workspace) or principal.allows(SAVE, workspace=platform.workspace)
        )
        if platform is None or not may:
            raise _no_platform(platform_id, f"workspace '{workspace}' may have landing zones of", field)
        return platform

    def of_workspace(self, tx: Transaction, workspace: str) -> Sequence[str]:
        """Return what a workspace still has; for the deletion of workspaces."""
        return counted(PlatformStore(tx).count_of(workspace), "platform")

    def workspace_deleted(self, tx: Transaction, author: Author, workspace: str) -> None:
        """Name a workspace that is being deleted nowhere any more."""
        for before in PlatformStore(tx).naming(workspace):
            self._changed(tx, author, before, PlatformStore(tx).save(before.without_workspace(workspace)))

    def _of_location(self, tx: Transaction, location: Location) -> Sequence[str]:
        return _phrases(PlatformStore(tx).of_location(location.name, PageRequest(0, NAMED)))

    def _of_type(self, tx: Transaction, platform_type: PlatformType) -> Sequence[str]:
        return _phrases(PlatformStore(tx).of_type(platform_type.name, PageRequest(0, NAMED)))

    def _require_type(self, tx: Transaction, config_type: ConfigType, type_name: str) -> None:
        is_custom = config_type is ConfigType.CUSTOM
        field = f"{CONFIG_FIELD}/custom/platformTypeRef/name" if is_custom else f"{CONFIG_FIELD}/type"
        self._types.require_open(tx, type_name, field=field)

    def _require_workspaces(self, tx: Transaction, spec: PlatformSpec, before: PlatformSpec | None = None) -> None:
        """Refuse names of workspaces that are not there; those that were named before may stay. Raises Invalid."""
        for field, member in (
            (CONTRIBUTING_FIELD, "contributing_workspaces"),
            (RESTRICTED_FIELD, "restricted_to_workspaces"),
        ):
            known = set() if before is None else set(getattr(before, member))
            for index, name in enumerate(getattr(spec, member)):
                if name not in known and not self._workspaces.exists(tx, name):
                    raise Invalid(
                        f"there is no workspace '{name}'",
                        code="UnknownWorkspace",
                        field=f"{field}/{index}",
                        remedy="Check how it is spelled.",
                    )


def visible(principal: Principal, platform: Platform) -> bool:
    """Whether the principal may know of a platform."""
    if principal.allows(LIST, workspace=platform.workspace):
        return True
    return principal.run is None and platform.shown_to(principal.reach(LIST).workspaces)


def _as_shown(principal: Principal, platform: Platform) -> Platform:
    return platform if principal.allows(LIST, workspace=platform.workspace) else platform.without_config()


def _opened(principal: Principal, code: str, found: Platform | None, platform_id: PlatformId) -> Platform:
    shown = found is not None and found.deleted_at is None and visible(principal, found)
    return principal.opened(code, found, _unknown(platform_id), shown=shown)


def _in_state(principal: Principal, spec: PlatformSpec, before: PlatformSpec | None = None) -> PlatformSpec:
    """Return what was sent with the publication state that it leads to. Raises Invalid."""
    may_publish = any(principal.allows(code, workspace=None) for code in (SAVE, "REVIEW_PUBLICATION"))
    now = None if before is None else before.publication_state
    state = requested(now, spec.publication_state, may_publish=may_publish, field=STATE_FIELD)
    return replace(spec, publication_state=state)


def _require_free(tx: Transaction, name: str, location: str) -> None:
    if PlatformStore(tx).with_identifier(name, location) is not None:
        raise Conflict(
            f"the identifier '{name}.{location}' is taken; identifiers of deleted platforms cannot be used again",
            code="NameTaken",
            field="/metadata/name",
            remedy="Choose another name or another location.",
        )


def _phrases(found: Page[Platform]) -> Sequence[str]:
    return named("platform", [platform.identifier for platform in found.items], found.total)


def _unknown(platform_id: PlatformId) -> NotFound:
    return NotFound(f"there is no platform '{platform_id}'")


def _no_platform(platform_id: PlatformId, that: str, field: str) -> Invalid:
    return Invalid(
        f"there is no platform '{platform_id}' that {that}",
        code="UnknownPlatform",
        field=field,
        remedy="Name a platform of the workspace, or one that is published for it.",
    )


def _content(platform: Platform) -> JsonObject:
    spec = wire_members(replace(platform, quota_definitions=()), PlatformSpec)
    quotas: JsonObject = {"quotaDefinitions": [quota.document() for quota in platform.quota_definitions]}
    return spec | quotas | {"config": platform.config}
