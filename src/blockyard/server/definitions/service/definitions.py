"""Use cases of definitions, and what other services ask about definitions and versions. Source: api.md 3.16."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import DEFINITION
from blockyard.server.definitions.model import (
    Definition,
    DefinitionFilter,
    DefinitionId,
    DefinitionSpec,
    DefinitionView,
    TagOwner,
    Version,
    VersionContent,
    VersionId,
    VersionState,
    VersionSummary,
)
from blockyard.server.definitions.model.policies import NO_RULES, ApprovalPolicies, ApprovalRules, Schedule
from blockyard.server.definitions.model.rules import (
    PLATFORMS_FIELD,
    check_definition,
    check_policies,
    has_credentials,
    lacks_destroy_workflow,
)
from blockyard.server.definitions.service.access import (
    DELETE,
    LIST,
    SAVE,
    opened,
    unknown_definition,
    visible,
)
from blockyard.server.definitions.service.catalogue import Catalogue
from blockyard.server.definitions.service.defects import DefectService
from blockyard.server.definitions.service.identities import IdentityService
from blockyard.server.definitions.service.inventory import InventoryService
from blockyard.server.definitions.service.lifetimes import LifetimeService
from blockyard.server.definitions.service.offering import Offers
from blockyard.server.definitions.service.ports import DefinitionListener, DefinitionUsage
from blockyard.server.definitions.service.publishing import TITLE, PublishingService
from blockyard.server.definitions.service.trusting import TrustService
from blockyard.server.definitions.service.versions import VersionService
from blockyard.server.definitions.store import DefinitionStore, VersionStore
from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import EventType
from blockyard.server.identity.model import Principal
from blockyard.server.identity.service import GroupDirectory
from blockyard.server.integrations.model import Integration, IntegrationId
from blockyard.server.integrations.service import IntegrationService
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Invalid, require_same
from blockyard.server.kit.members import changed, members, wire_members
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.usage import NAMED, Above, counted, listed, named
from blockyard.server.platforms.model import PlatformType
from blockyard.server.platforms.service import PlatformTypeService
from blockyard.server.publications.service import PublicationService
from blockyard.server.runners.model import UNREADABLE, Runner, RunnerId, SealingKey
from blockyard.server.runners.service import RunnerService, SecretSealer
from blockyard.server.tags.model import TagDefinition, Tagged, TargetKind
from blockyard.server.tags.service import TagService
from blockyard.server.workspaces.service import WorkspaceService

_TAG_OWNERS = {
    TargetKind.WORKSPACE: TagOwner.WORKSPACE,
    TargetKind.PROJECT: TagOwner.PROJECT,
    TargetKind.PAYMENT_METHOD: TagOwner.PAYMENT_METHOD,
    TargetKind.LANDING_ZONE: TagOwner.LANDING_ZONE,
}


class DefinitionService(Offers):
    """Use cases of definitions; more of them are in `versions`, `defects`, `publishing` and `catalogue`.

    `usage` is asked at each call, so the application may set it after it made this service. Higher features that name
    definitions add themselves to `listeners`, those that follow their schedules to `followers`.
    """

    def __init__(
        self,
        basics: Basics,
        *,
        workspaces: WorkspaceService,
        runners: RunnerService,
        integrations: IntegrationService,
        platform_types: PlatformTypeService,
        sealer: SecretSealer,
        tags: TagService,
        publications: PublicationService,
        allow_file_repositories: bool = False,
        repository_hosts: Collection[str] = (),
    ) -> None:
        self._basics = basics
        self._changes: Changes[Definition] = Changes(basics.event_log, DEFINITION, TITLE, _event_content)
        self._workspaces = workspaces
        self._runners = runners
        self._integrations = integrations
        self._platform_types = platform_types
        self._tags = tags
        self.usage: Above[DefinitionUsage] = Above()
        self.listeners: list[DefinitionListener] = []
        self.defects, self.lifetimes = DefectService(basics), LifetimeService(basics)
        self.identities = IdentityService(runners=runners)
        self.followers: list[Callable[[Transaction, Definition], None]] = []
        self.publishing = PublishingService(basics, publications=publications)
        self.versions = VersionService(
            basics,
            workspaces=workspaces,
            runners=runners,
            integrations=integrations,
            sealer=sealer,
            usage=self.usage,
            first_released=self.publishing.first_released,
            allow_file_repositories=allow_file_repositories,
            repository_hosts=repository_hosts,
        )
        self.publishing.release = self.versions.release_first
        self.catalogue = Catalogue(self)
        self.trust = TrustService(self.identities)
        self.inventory = InventoryService(runners=runners, usage=self.usage)

    def create(self, tx: Transaction, principal: Principal, workspace: str, spec: DefinitionSpec) -> DefinitionView:
        """Make a definition of a workspace with an empty draft. Raises Denied, Invalid."""
        principal.require(SAVE, workspace=workspace)
        self._workspaces.require_builder(tx, principal, workspace)
        check_definition(spec)
        _require_deputies(tx, workspace, spec)
        self._platform_types.require_known(tx, spec.supported_platforms or (), field=PLATFORMS_FIELD)
        version = Version(
            id=VersionId(self._basics.new_id()),
            definition_id=DefinitionId(self._basics.new_id()),
            workspace=workspace,
            number=1,
            created_at=self._basics.clock(),
        )
        definition = Definition(
            id=version.definition_id,
            workspace=workspace,
            created_at=version.created_at,
            latest_version_id=version.id,
            **members(spec),
        )
        definition = replace(definition, tags=self._tags.check(tx, principal, _tagged(definition)))
        DefinitionStore(tx).add(definition)
        VersionStore(tx).add(version)
        self._changes.tell(tx, principal.author, EventType.CREATED, definition)
        self._told(tx, definition)
        return self._view(tx, principal, definition)

    def get(self, tx: Transaction, principal: Principal, definition_id: DefinitionId) -> DefinitionView:
        """Return a definition as the principal may see it: all of an own one, what is released of another. Raises NotFound."""
        definition = DefinitionStore(tx).get(definition_id)
        if definition is None or not visible(principal, definition):
            definition = principal.opened(LIST, definition, unknown_definition(definition_id))
        return self._view(tx, principal, definition)

    def page(
        self, tx: Transaction, principal: Principal, wanted: DefinitionFilter, request: PageRequest
    ) -> Page[DefinitionView]:
        """Return the definitions the principal may see. Raises Denied."""
        found = DefinitionStore(tx).visible(principal.listing(LIST), wanted, request)
        views = self._views(tx, principal, found.items)
        return found.map(lambda definition: views[definition.id])

    def update(
        self, tx: Transaction, principal: Principal, definition_id: DefinitionId, workspace: str, spec: DefinitionSpec
    ) -> DefinitionView:
        """Change a definition; its versions stay. Raises NotFound, Denied, Invalid."""
        before = opened(tx, principal, SAVE, definition_id)
        self._workspaces.require_builder(tx, principal, before.workspace)
        require_same(
            "a definition",
            {
                "/metadata/ownedByWorkspace": (before.workspace, workspace),
                "/spec/targetType": (before.target_type, spec.target_type),
            },
        )
        if spec.approval_rules is None:  # clients of the contract do not know them, and shall not take them away
            spec = replace(spec, approval_rules=before.approval_rules)
        check_definition(spec)
        if spec.approval_rules != before.approval_rules:
            _require_deputies(tx, before.workspace, spec)
        named_before = before.supported_platforms or ()
        self._platform_types.require_known(tx, spec.supported_platforms or (), named_before, field=PLATFORMS_FIELD)
        after = changed(before, spec)
        after = replace(after, tags=self._tags.check(tx, principal, _tagged(after), before=before.tags))
        if after != before:
            _check_policies(spec, VersionStore(tx).get(before.latest_version_id))
            after = DefinitionStore(tx).save(after)
            self._changes.tell(tx, principal.author, EventType.CHANGED, after, before=before)
            self._told(tx, after)
        return self._view(tx, principal, after)

    def delete(self, tx: Transaction, principal: Principal, definition_id: DefinitionId) -> None:
        """Delete a definition, its versions and what is left of its deleted blocks; deleting it again changes nothing.

        Raises:
            Conflict: it has blocks, or the latest version of another definition depends on it.
        """
        gone = DefinitionStore(tx).get(definition_id) is None
        if gone and self._changes.deleted_just_now(tx, principal.author, definition_id):
            return
        definition = opened(tx, principal, DELETE, definition_id)
        DefinitionStore(tx).held(definition_id)  # whoever is about to depend on it is waited for, and found
        count = self.usage().live_blocks(tx, [definition_id])[definition_id]
        if count:
            names = self.usage().named_blocks(tx, definition_id)
            raise Conflict(
                f"there {'is' if count == 1 else 'are'} {count} existing building block{'' if count == 1 else 's'} "
                f"referencing definition '{definition.display_name}': "
                + listed([*names, *counted(count - len(names), "other")]),
                code="DefinitionInUse",
                remedy="Delete or purge these building blocks first.",
            )
        dependents = [
            other.display_name
            for other in DefinitionStore(tx).with_latest(VersionStore(tx).dependent_on(definition_id))
            if other.id != definition_id
        ]
        if dependents:
            raise Conflict(
                f"definition '{definition.display_name}' is a dependency of "
                + ", ".join(f"'{name}'" for name in dependents[:10]),
                code="DefinitionInUse",
                remedy="First give these definitions a version without this dependency, or delete them.",
            )
        self.usage().forget(tx, definition_id)
        self._tags.forget(tx, _tagged(definition))
        self.publishing.forget(tx, definition_id)
        DefinitionStore(tx).remove(definition)
        for listener in self.listeners:  # last: what named it meanwhile is found, too
            listener.definition_deleted(tx, principal.author, definition_id)
        self._changes.tell(tx, principal.author, EventType.DELETED, definition)

    def _told(self, tx: Transaction, definition: Definition) -> None:
        for follower in self.followers:
            follower(tx, definition)

    # For other services: no principal is asked

    def transparent_ones(self, tx: Transaction, definition_ids: Collection[DefinitionId]) -> frozenset[DefinitionId]:
        """Return those of the definitions that have run transparency."""
        found = DefinitionStore(tx).many(definition_ids) if definition_ids else {}
        return frozenset(key for key, definition in found.items() if definition.run_transparency)

    def kept(self, tx: Transaction, definition_id: DefinitionId) -> Definition | None:
        """Return a definition, which then stays until this transaction ends; None if there is none."""
        return DefinitionStore(tx).kept(definition_id)

    def known_versions(
        self, tx: Transaction, version_ids: Collection[VersionId]
    ) -> Mapping[VersionId, tuple[Definition, Version]]:
        """Return those of the versions that exist, each with its definition: two statements, however many they are."""
        versions = VersionStore(tx).many(version_ids)
        definitions = DefinitionStore(tx).many({version.definition_id for version in versions.values()})
        return {key: (definitions[version.definition_id], version) for key, version in versions.items()}

    def names(self, tx: Transaction, definition_ids: Collection[DefinitionId]) -> Mapping[DefinitionId, str]:
        """Return the display names of definitions."""
        return DefinitionStore(tx).names(definition_ids)

    def runner_of(self, tx: Transaction, version: Version) -> Runner:
        """Return who executes the runs of a version: the runner of its integration, or the one it names."""
        integration = self._integration(tx, version)
        return self._runners.get_by_id(tx, version.runner_id if integration is None else integration.runner)

    def run_implementation(self, tx: Transaction, version: Version) -> JsonObject:
        """Return the `implementation` of a run document with what the integration has for it."""
        integration = self._integration(tx, version)
        return version.implementation.run_document(None if integration is None else integration.connection())

    def require_readable(self, tx: Transaction, version: Version) -> None:
        """Refuse if the runner cannot open a secret of the implementation or of the integration. Raises Conflict."""
        integration = self._integration(tx, version)
        key = SealingKey.of(self.runner_of(tx, version))
        if integration is not None and integration.secret is not None and not key.opens(integration.secret):
            raise Conflict(
                f"the runner cannot read the secret of integration '{integration.display_name}': it was entered for another "
                f"{UNREADABLE}; enter it again in the integration",
                code="UnreadableSecret",
                remedy="Enter the secret of the integration again.",
            )
        odd = sorted(member for member, secret in version.implementation.secrets.items() if not key.opens(secret))
        if odd:
            raise Conflict(
                f"the runner cannot read '{odd[0]}' of the implementation: it was entered for another {UNREADABLE}; enter "
                "it again in a new version of the definition",
                code="UnreadableSecret",
                remedy="Enter the secret again in a new version of the definition.",
            )

    def require_destroyable(self, version: Version) -> None:
        """Refuse a deletion that nothing could execute. Raises Conflict."""
        if lacks_destroy_workflow(version):
            raise Conflict(
                "the definition names no destroy workflow, so nothing can destroy what the building block made; a new version "
                "can name one, or an administrator can purge the building block",
                code="MissingDestroyWorkflow",
                remedy="Ask the owner of the definition.",
            )

    def _integration(self, tx: Transaction, version: Version) -> Integration | None:
        integration_id = version.implementation.integration_id
        return None if integration_id is None else self._integrations.by_id(tx, integration_id)

    def of_runner(self, tx: Transaction, runner_id: RunnerId) -> list[str]:
        """Return one phrase for each version that names a runner; for the deletion of runners."""
        return _phrases(tx, VersionStore(tx).with_runner(runner_id))

    def of_integration(self, tx: Transaction, integration_id: IntegrationId) -> list[str]:
        """Return one phrase for each version that uses an integration; for the deletion of integrations."""
        return _phrases(tx, VersionStore(tx).with_integration(integration_id))

    def of_platform_type(self, tx: Transaction, platform_type: PlatformType) -> Sequence[str]:
        """Return what supports a platform type; for the deletion of platform types."""
        found = DefinitionStore(tx).supporting(platform_type.name, PageRequest(0, NAMED))
        names = [definition.display_name for definition in found.items]
        return named("building block definition", names, found.total)

    def of_tag(self, tx: Transaction, owner: TagOwner, tag_key: str) -> list[str]:
        """Return one phrase for each version that reads a tag."""
        return _phrases(tx, VersionStore(tx).reading(owner, tag_key))

    def of_tag_definition(self, tx: Transaction, definition: TagDefinition) -> list[str]:
        """Return one phrase for each version that reads a tag; for the deletion of tag definitions."""
        owner = _TAG_OWNERS.get(definition.target_kind)
        return [] if owner is None else self.of_tag(tx, owner, definition.tag)

    def with_credentials_in_address(self, tx: Transaction) -> list[str]:
        """Return one phrase for each version from before they were refused; for `doctor`. Never the address itself."""
        found = VersionStore(tx).with_repository()
        return _phrases(tx, [item for item in found if has_credentials(item.implementation.text("repositoryUrl"))])

    def of_workspace(self, tx: Transaction, workspace: str) -> Sequence[str]:
        """Return what a workspace still has; for the deletion of workspaces."""
        return counted(DefinitionStore(tx).count_of(workspace), "building block definition")

    def tagged(self, tx: Transaction, ids: Collection[DefinitionId]) -> Mapping[DefinitionId, Tagged]:
        """Return those of the definitions that exist, as policies see them."""
        return {one: _tagged(definition) for one, definition in DefinitionStore(tx).many(ids).items()}

    def remove_tag(self, tx: Transaction, tag: str, ids: Collection[str]) -> int:
        """Take the values of a tag from definitions; for the deletion of tag definitions."""
        return DefinitionStore(tx).remove_tag(tag, [DefinitionId(UUID(one)) for one in ids])

    def _view(self, tx: Transaction, principal: Principal, definition: Definition) -> DefinitionView:
        return self._views(tx, principal, [definition])[definition.id]

    def _views(
        self, tx: Transaction, principal: Principal, definitions: Sequence[Definition]
    ) -> Mapping[DefinitionId, DefinitionView]:
        """Return definitions as the principal sees them, own ones with how much they are used: three statements in all."""
        versions = self._summaries(tx, [definition.id for definition in definitions])
        own = {one.id for one in definitions if principal.allows(LIST, workspace=one.workspace)}
        counts = self.usage().live_blocks(tx, own) if own else {}
        return {
            one.id: DefinitionView(definition=one, versions=versions[one.id], usage_count=counts[one.id])
            if one.id in own
            else _redacted(one, versions[one.id])
            for one in definitions
        }

    def _summaries(
        self, tx: Transaction, definition_ids: Sequence[DefinitionId]
    ) -> Mapping[DefinitionId, tuple[VersionSummary, ...]]:
        """Return the versions of definitions in short, with who their runs are: two statements in all."""
        found = VersionStore(tx).summaries(definition_ids)
        runner_ids = {item.runner_id for versions in found.values() for item in versions}
        known = self._runners.identities.many(tx, runner_ids)
        return {
            key: tuple(replace(item, identity=known.get(item.runner_id)) for item in versions)
            for key, versions in found.items()
        }


def _redacted(definition: Definition, versions: tuple[VersionSummary, ...]) -> DefinitionView:
    """Return what others see of a definition."""
    if definition.released_version_id is not None:  # else a reviewer looks at it
        versions = tuple(item for item in versions if item.state is VersionState.RELEASED)
    shown = tuple(replace(item, identity=None) for item in versions)
    return DefinitionView(definition=definition, versions=shown, usage_count=None, is_redacted=True)


def _check_policies(spec: DefinitionSpec, latest: Version | None) -> None:
    """Refuse policies that the latest version cannot follow; a draft that nobody has written yet may become anything."""
    if latest is not None and (latest.is_released or latest.content != VersionContent()):
        check_policies(spec, latest.implementation_type)


def _tagged(definition: Definition) -> Tagged:
    return Tagged(
        kind=TargetKind.DEFINITION,
        id=str(definition.id),
        name=f"definition '{definition.display_name}'",
        workspace=definition.workspace,
        tags=definition.tags,
    )


def _phrases(tx: Transaction, versions: Sequence[Version]) -> list[str]:
    names = DefinitionStore(tx).many([version.definition_id for version in versions])
    return [f"version {version.number} of '{names[version.definition_id].display_name}'" for version in versions]


def _require_deputies(tx: Transaction, workspace: str, spec: DefinitionSpec) -> None:
    """Refuse deputies of a group that is not there, or another workspace's. Raises Invalid."""
    name = None if spec.approval_rules is None else spec.approval_rules.deputy_group
    if name is not None and not GroupDirectory().keep(tx, name, workspace=workspace):
        raise Invalid(
            f"there is no group '{name}'",
            code="GroupUnknown",
            field="/spec/approvalRules/deputyGroup",
            remedy=f"Name a group of workspace '{workspace}', or one of the installation.",
        )


def _event_content(definition: Definition) -> JsonObject:
    return {
        "displayName": definition.display_name,
        "description": definition.description,
        "runTransparency": definition.run_transparency,
        "useInLandingZonesOnly": definition.use_in_landing_zones_only,
        "displayNameTemplate": definition.display_name_template,
        "approvalPolicies": wire_members(definition.approval_policies, ApprovalPolicies),
        "schedule": wire_members(definition.schedule, Schedule),
        "approvalRules": wire_members(definition.approval_rules or NO_RULES, ApprovalRules),
        "tags": {key: list(values) for key, values in definition.tags.items()},
    }
