"""Use cases of versions: reading, editing the draft, releasing, deriving the next draft. Source: api.md 3.17."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import structlog

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import VERSION
from blockyard.server.definitions.model import (
    Definition,
    DefinitionId,
    InputSpec,
    Version,
    VersionContent,
    VersionId,
    VersionRequest,
    VersionState,
    VersionView,
    input_pointer,
)
from blockyard.server.definitions.model.documents import content_hash
from blockyard.server.definitions.model.rules import (
    MAX_DEPENDENCIES,
    Parent,
    Warning_,
    check_consumed_outputs,
    check_graph,
    check_identity,
    check_implementation,
    check_inputs,
    check_kept_inputs,
    check_migrations,
    check_outputs,
    check_parents,
    check_permissions,
    check_policies,
    derived_outputs,
    normalized_secrets,
    warnings_of,
)
from blockyard.server.definitions.service.access import (
    LIST,
    SAVE,
    opened,
    own_version,
    unknown_version,
    visible,
)
from blockyard.server.definitions.service.ports import DefinitionUsage
from blockyard.server.definitions.service.secrets import resolve_secrets
from blockyard.server.definitions.store import DefinitionStore, VersionStore
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import EventType
from blockyard.server.identity.model import Principal
from blockyard.server.integrations.service import IntegrationService
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Invalid
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.usage import Above
from blockyard.server.runners.model import Runner
from blockyard.server.runners.service import RunnerService, SecretSealer
from blockyard.server.workspaces.service import WorkspaceService

log = structlog.get_logger(__name__)

FirstReleased = Callable[[Transaction, Principal, Definition], Definition]
"""Is told of a definition's first release, in its transaction."""


class VersionService:
    """Use cases of versions; repositories may be files, and have to be on one of some hosts, if that is said."""

    def __init__(
        self,
        basics: Basics,
        *,
        workspaces: WorkspaceService,
        runners: RunnerService,
        integrations: IntegrationService,
        sealer: SecretSealer,
        usage: Above[DefinitionUsage],
        first_released: FirstReleased,
        allow_file_repositories: bool = False,
        repository_hosts: Collection[str] = (),
    ) -> None:
        self._basics = basics
        self._workspaces = workspaces
        self._runners = runners
        self._integrations = integrations
        self._sealer = sealer
        self._usage = usage
        self._first_released = first_released
        self._allow_files = allow_file_repositories
        self._hosts = repository_hosts

    def page(
        self, tx: Transaction, principal: Principal, definition_id: DefinitionId | None, request: PageRequest
    ) -> Page[VersionView]:
        """Return the versions of one definition, or of all own ones, lowest number first.

        Raises:
            Denied: the definition belongs to others; what is released of it is in the definition's status.
        """
        definition = None if definition_id is None else DefinitionStore(tx).get(definition_id)
        if definition is not None and visible(principal, definition):
            principal.require(LIST, workspace=definition.workspace)
        owners, wanted = principal.listing(LIST).owners, {"definition_id": definition_id}
        found = VersionStore(tx).page(request, owners=owners, wanted=wanted)
        counts = self._usage().live_blocks_of_versions(tx, [version.id for version in found.items])
        return found.map(lambda version: VersionView(version=version, usage_count=counts[version.id]))

    def get(self, tx: Transaction, principal: Principal, version_id: VersionId) -> VersionView:
        """Return a version of an own definition, or what others may know of a released one. Raises NotFound, Denied.

        They are not told how it is done. Source: api.md 3.17.
        """
        version = _found(VersionStore(tx).get(version_id), version_id)
        if principal.allows(LIST, workspace=version.workspace):
            return self._view(tx, version)
        definition = DefinitionStore(tx).get(version.definition_id)
        if definition is None or not version.is_released or not visible(principal, definition):
            principal.opened(LIST, version, unknown_version(version_id))
        return VersionView(version=version, usage_count=None, is_redacted=True)

    def warnings(self, tx: Transaction, principal: Principal, version_id: VersionId) -> Sequence[Warning_]:
        """Return what deserves a look in a version of an own definition. Raises NotFound, Denied."""
        definition, version = own_version(tx, principal, LIST, version_id)
        return warnings_of(version, definition.target_type)

    def add(self, tx: Transaction, principal: Principal, request: VersionRequest) -> VersionView:
        """Make the next draft; hashes of secrets stand for those of the version before.

        Raises:
            Conflict: there is a draft already.
        """
        definition = opened(tx, principal, SAVE, request.definition_id)
        self._workspaces.require_builder(tx, principal, definition.workspace)
        latest = _found(VersionStore(tx).get(definition.latest_version_id), definition.latest_version_id)
        if not latest.is_released:
            raise Conflict(
                f"'{definition.display_name}' has a draft already: version {latest.number}",
                code="DraftExists",
                remedy="Edit or release that draft.",
            )
        self._require_number(request, latest.number + 1)
        draft = Version(
            id=VersionId(self._basics.new_id()),
            definition_id=definition.id,
            workspace=definition.workspace,
            number=latest.number + 1,
            created_at=self._basics.clock(),
        )
        content = self._content(tx, principal, definition, request, latest.content)
        check_migrations(content, latest.content)
        draft = draft.with_content(content)
        VersionStore(tx).add(draft)
        definition = DefinitionStore(tx).save(replace(definition, latest_version_id=draft.id))
        self._tell(tx, principal, "Definition Version Added", EventType.ADDED, definition=definition, version=draft)
        if request.state is VersionState.RELEASED:
            draft = self._release(tx, principal, definition, draft)
        return self._view(tx, draft)

    def update(
        self, tx: Transaction, principal: Principal, version_id: VersionId, request: VersionRequest
    ) -> VersionView:
        """Edit the draft, and release it if that is asked for; saying again what a released version is changes nothing.

        Raises:
            Conflict: the version is released.
        """
        definition, before = own_version(tx, principal, SAVE, version_id)
        self._workspaces.require_builder(tx, principal, definition.workspace)
        if request.definition_id != definition.id:
            raise Invalid(
                "a version never moves to another definition",
                code="Immutable",
                field="/spec/buildingBlockDefinitionRef/uuid",
                remedy=f"Send '{definition.id}'.",
            )
        self._require_number(request, before.number)
        content = self._content(tx, principal, definition, request, before.content)
        if content.input_migrations and not before.is_released:
            check_migrations(content, VersionStore(tx).numbered(definition.id, before.number - 1))
        if before.is_released:
            if content != before.content or request.state is not VersionState.RELEASED:
                raise Conflict(
                    f"version {before.number} of '{definition.display_name}' is released and never changes",
                    code="VersionReleased",
                    remedy="Make a new draft (POST) and change that.",
                )
            return self._view(tx, before)
        after = before
        if content != before.content:
            after = VersionStore(tx).save(before.with_content(content))
            self._tell(
                tx,
                principal,
                "Definition Version Modified",
                EventType.CHANGED,
                definition=definition,
                version=after,
                before=before,
            )
        if request.state is VersionState.RELEASED:
            after = self._release(tx, principal, definition, after)
        return self._view(tx, after)

    def _release(self, tx: Transaction, principal: Principal, definition: Definition, draft: Version) -> Version:
        check_consumed_outputs(draft.content, self._consumers(tx, definition.id))
        released = VersionStore(tx).save(replace(draft, state=VersionState.RELEASED, released_at=self._basics.clock()))
        is_first = definition.released_version_id is None
        definition = DefinitionStore(tx).save(replace(definition, released_version_id=released.id))
        self._tell(
            tx,
            principal,
            "Definition Version Released",
            EventType.CHANGED,
            definition=definition,
            version=released,
            before=draft,
        )
        if is_first:
            self._first_released(tx, principal, definition)
        return released

    def release_first(self, tx: Transaction, principal: Principal, definition: Definition) -> Definition:
        """Release the draft of a definition that has released nothing yet; for its publication. Raises Invalid, Conflict."""
        draft = _found(VersionStore(tx).get(definition.latest_version_id), definition.latest_version_id)
        self._release(tx, principal, definition, draft)
        return DefinitionStore(tx).get(definition.id) or definition

    def _content(
        self,
        tx: Transaction,
        principal: Principal,
        definition: Definition,
        request: VersionRequest,
        before: VersionContent,
    ) -> VersionContent:
        """Return the content of the request after all checks, with its secrets sealed."""
        if request.workspace != definition.workspace:
            raise Invalid(
                f"the definition belongs to workspace '{definition.workspace}'",
                code="WrongWorkspace",
                field="/metadata/ownedByWorkspace",
                remedy=f"Send '{definition.workspace}'.",
            )
        content = request.content
        check_permissions(content.permissions)
        if principal.block is not None:  # else it could order a draft, and let it do more then
            permissions = content.run_permissions
            principal.require_covers(permissions, definition.workspace, of="the version", field="/spec/permissions")
        check_policies(definition, content.implementation.type, field="/spec/implementation/type")
        check_implementation(content, request.secrets, allow_files=self._allow_files, hosts=self._hosts)
        runner = self._runner(tx, definition, content)
        check_kept_inputs(content, before)
        check_inputs(content, request.secrets, definition.target_type)
        check_outputs(content, definition.target_type)
        check_identity(content)
        self._check_dependencies(tx, principal, definition, content)
        self._check_option_sources(tx, principal, content)
        content = replace(content, outputs=derived_outputs(content))
        return resolve_secrets(
            normalized_secrets(content.implementation, request.secrets),
            content=content,
            before=before,
            definition_id=definition.id,
            workspace=definition.workspace,
            runner=runner,
            sealer=self._sealer,
        )

    def _runner(self, tx: Transaction, definition: Definition, content: VersionContent) -> Runner:
        """Return the runner that secrets are sealed to: that of the integration, if the implementation has one."""
        implementation = content.implementation
        runner = self._runners.usable(tx, content.runner_id, definition.workspace, implementation.type)
        if implementation.integration_id is None:
            return runner
        integration = self._integrations.usable(
            tx,
            implementation.integration_id,
            definition.workspace,
            implementation.type,
            pointer=implementation.pointer("integrationRef/uuid"),
        )
        return self._runners.get_by_id(tx, integration.runner)

    def _check_dependencies(
        self, tx: Transaction, principal: Principal, definition: Definition, content: VersionContent
    ) -> None:
        definitions, versions = DefinitionStore(tx), VersionStore(tx)
        wanted = sorted({*content.dependencies[: MAX_DEPENDENCIES + 1]})
        found = [
            parent
            for parent in map(definitions.kept, wanted)  # a deletion at the same time waits, and finds this version
            if parent is not None
            if visible(principal, parent) or parent.workspace == definition.workspace
        ]
        stored = versions.many(_shown_versions(found))
        parents = {
            parent.id: Parent(
                definition=parent, outputs=[stored[version].outputs for version in _shown_versions([parent])]
            )
            for parent in found
        }
        check_parents(content, definition.target_type, parents)
        check_graph(definition.id, content.dependencies, self._edges(tx, content))

    def _check_option_sources(self, tx: Transaction, principal: Principal, content: VersionContent) -> None:
        """Refuse options from outputs of definitions that the author cannot know. Raises Invalid."""
        for key, spec in content.inputs.items():
            for at, source in enumerate(spec.option_sources):
                named = source.list.output if source.output is not None and source.list is not None else None
                parent = None if named is None else DefinitionStore(tx).get(DefinitionId(named[0]))
                if named is not None and (parent is None or not visible(principal, parent)):
                    raise Invalid(
                        f"there is no building block definition '{named[0]}'",
                        code="UnknownDefinition",
                        field=input_pointer(key, f"optionSources/{at}/output"),
                        remedy="Name an own definition, or one with a released version.",
                    )

    def _edges(self, tx: Transaction, content: VersionContent) -> dict[DefinitionId, list[DefinitionId]]:
        """Return the dependencies of everything below `content`: those of latest and of latest released versions."""
        definitions, versions = DefinitionStore(tx), VersionStore(tx)
        edges: dict[DefinitionId, list[DefinitionId]] = {}
        level = set(content.dependencies)
        while level:
            found = definitions.many(level)
            dependencies = versions.dependencies_of(_shown_versions(list(found.values())))
            for definition_id in level:
                shown = _shown_versions([found[definition_id]]) if definition_id in found else []
                edges[definition_id] = [parent for version in shown for parent in dependencies.get(version, ())]
            level = {parent for child in level for parent in edges[child]} - edges.keys()
        return edges

    def _consumers(self, tx: Transaction, definition_id: DefinitionId) -> list[tuple[str, InputSpec]]:
        """Return the inputs of latest released versions of other definitions that take an output of this one."""
        definitions, versions = DefinitionStore(tx), VersionStore(tx)
        found: list[tuple[str, InputSpec]] = []
        for definition in definitions.with_released(versions.dependent_on(definition_id)):
            version = None if definition.released_version_id is None else versions.get(definition.released_version_id)
            specs = () if version is None else version.inputs.values()
            found += [
                (definition.display_name, spec)
                for spec in specs
                if spec.parent_output is not None and spec.parent_output[0] == definition_id
            ]
        return found

    def _require_number(self, request: VersionRequest, number: int) -> None:
        if request.number is not None and request.number != number:
            raise Conflict(
                f"this version has number {number}, not {request.number}",
                code="WrongVersionNumber",
                field="/spec/versionNumber",
                remedy="Read the versions again, then repeat your change.",
            )

    def _view(self, tx: Transaction, version: Version) -> VersionView:
        return VersionView(
            version=version, usage_count=self._usage().live_blocks_of_versions(tx, [version.id])[version.id]
        )

    def _tell(
        self,
        tx: Transaction,
        principal: Principal,
        title: str,
        type_: EventType,
        *,
        definition: Definition,
        version: Version,
        before: Version | None = None,
    ) -> None:
        log.info("version changed", definition_id=str(definition.id), version_id=str(version.id), change=title)
        self._basics.event_log.append(
            tx,
            principal.author,
            title,
            type_,
            workspace=definition.workspace,
            subject_kind=VERSION.name,
            subject_id=str(version.id),
            description=f"version {version.number} of '{definition.display_name}'",
            content=_event_content(version),
            previous=None if before is None else _event_content(before),
        )


def _found(version: Version | None, version_id: VersionId) -> Version:
    if version is None:
        raise unknown_version(version_id)
    return version


def _shown_versions(definitions: list[Definition]) -> list[VersionId]:
    """Return the latest and the latest released versions of definitions."""
    both = ((item.latest_version_id, item.released_version_id) for item in definitions)
    return [version for pair in both for version in dict.fromkeys(pair) if version is not None]


def _event_content(version: Version) -> JsonObject:
    inputs: list[Json] = [*sorted(version.inputs)]
    outputs: list[Json] = [*sorted(version.outputs)]
    return {
        "versionNumber": version.number,
        "state": version.state.value,
        "implementation": version.implementation.type.value,
        "runner": str(version.runner_id),
        "inputs": inputs,
        "outputs": outputs,
        "dependencies": [str(definition) for definition in version.dependencies],
        "contentHash": content_hash(version.content),
    }
