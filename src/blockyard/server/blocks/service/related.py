"""Which workspaces and projects use which definitions: what policies relate by blocks. Source: concepts.md 20."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from blockyard.server.blocks.model.block import Block
from blockyard.server.blocks.store import BlockStore
from blockyard.server.definitions.model import DefinitionId
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound
from blockyard.server.projects.model import ProjectId, ProjectKey
from blockyard.server.projects.service import ProjectService
from blockyard.server.tags.model import Tagged, TargetKind
from blockyard.server.tags.service import Pair, Relation, TagService
from blockyard.server.workspaces.service import WorkspaceService


class BlockRelations:
    """Tells policies which workspaces have blocks of which definitions, and which projects have some on their tenants."""

    def __init__(
        self,
        *,
        tags: TagService,
        workspaces: WorkspaceService,
        projects: ProjectService,
        definitions: DefinitionService,
    ) -> None:
        self._tags = tags
        self._workspaces = workspaces
        self._projects = projects
        self._definitions = definitions

    def relations(self) -> Sequence[Relation]:
        """Return how workspaces, and projects, are related to definitions."""
        return (
            Relation(
                authoritative=TargetKind.WORKSPACE,
                affected=TargetKind.DEFINITION,
                authorities_of=lambda tx, what: self._workspaces_of(tx, BlockStore(tx).users_of(UUID(what.id))),
                affected_by=lambda tx, what: self._definitions_of(tx, BlockStore(tx).used_by(what.id)),
                pairs=self._pairs,
            ),
            Relation(
                authoritative=TargetKind.PROJECT,
                affected=TargetKind.DEFINITION,
                authorities_of=lambda tx, what: self._projects_of(tx, BlockStore(tx).projects_with(UUID(what.id))),
                affected_by=self._in_project,
                pairs=self._pairs_in_projects,
            ),
        )

    def ordered(self, tx: Transaction, principal: Principal, block: Block, *, by: str, field: str) -> None:
        """Look at the workspace, the project and the definition of a new block.

        Raises:
            Conflict: a policy forbids it.
            NotFound: the definition was deleted at this moment.
        """
        authorities = self._workspaces_of(tx, [block.workspace])
        definition = next(iter(self._definitions_of(tx, [block.definition_id])), None)
        if definition is None:
            raise NotFound("the building block definition has just been deleted", code="UnknownVersion", field=field)
        if block.tenant is not None:
            key = ProjectKey(block.workspace, block.tenant.project)
            authorities = [*authorities, *self._projects_of(tx, [key])]
        for authority in authorities:
            self._tags.related(tx, principal, authority, definition, by=by, field=field)

    def gone(self, tx: Transaction, block: Block) -> None:
        """Forget what a workspace, or a project, violates with a definition of which it has no block any more."""
        if not BlockStore(tx).count_live(workspace=block.workspace, definition_id=block.definition_id):
            self._tags.parted(tx, block.workspace, str(block.definition_id))
        if block.tenant is not None:
            self._part(tx, ProjectKey(block.workspace, block.tenant.project), [block.definition_id])

    def moved(self, tx: Transaction, before: ProjectKey, after: ProjectKey, moved: Iterable[DefinitionId]) -> None:
        """Note what a project violates to which blocks of these definitions came, and forget what the other one did."""
        definitions = [*moved]
        for project in self._projects_of(tx, [after]):
            for definition in self._definitions_of(tx, definitions):
                self._tags.noted(tx, project, definition)
        self._part(tx, before, definitions)

    def _part(self, tx: Transaction, key: ProjectKey, definitions: Iterable[DefinitionId]) -> None:
        used = BlockStore(tx).used_in(key)
        gone = [one for one in definitions if one not in used]
        for project in self._projects_of(tx, [key]) if gone else ():
            for one in gone:
                self._tags.parted(tx, project.id, str(one))

    def _pairs(self, tx: Transaction, after: str, limit: int) -> Sequence[Pair]:
        workspace, _, definition = after.partition(" ")
        behind = (workspace, UUID(definition)) if definition else None
        found = BlockStore(tx).used_definitions(behind, limit)
        workspaces = self._workspaces.tagged(tx, {name for name, _ in found})
        definitions = self._definitions.tagged(tx, {DefinitionId(one) for _, one in found})
        return [Pair(workspaces[name], definitions[DefinitionId(one)], f"{name} {one.hex}") for name, one in found]

    def _pairs_in_projects(self, tx: Transaction, after: str, limit: int) -> Sequence[Pair]:
        place = after.split(" ")
        behind = (place[0], place[1], UUID(place[2])) if after else None
        found = BlockStore(tx).used_in_projects(behind, limit)
        projects = self._projects.tagged_called(tx, {key for key, _ in found})
        definitions = self._definitions.tagged(tx, {one for _, one in found})
        return [Pair(projects[key], definitions[one], f"{key.workspace} {key.name} {one.hex}") for key, one in found]

    def _in_project(self, tx: Transaction, what: Tagged) -> Sequence[Tagged]:
        project = self._projects.find_all(tx, [ProjectId(UUID(what.id))]).get(ProjectId(UUID(what.id)))
        return [] if project is None else self._definitions_of(tx, BlockStore(tx).used_in(project.key))

    def _projects_of(self, tx: Transaction, keys: Iterable[ProjectKey]) -> Sequence[Tagged]:
        return list(self._projects.tagged_called(tx, set(keys)).values())

    def _workspaces_of(self, tx: Transaction, names: Iterable[str]) -> Sequence[Tagged]:
        return list(self._workspaces.tagged(tx, set(names)).values())

    def _definitions_of(self, tx: Transaction, ids: Iterable[UUID]) -> Sequence[Tagged]:
        return list(self._definitions.tagged(tx, {DefinitionId(one) for one in ids}).values())
