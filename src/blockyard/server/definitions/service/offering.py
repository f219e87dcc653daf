"""What may be used for something new: a definition that is offered to a workspace, a version that is not defective."""

from collections.abc import Callable, Collection, Mapping, Sequence
from uuid import UUID

from blockyard.protocol.jsontypes import Json
from blockyard.server.definitions.model import PEOPLE, Definition, DefinitionId, NumberedVersion, Version, VersionId
from blockyard.server.definitions.model.documentation import documentation
from blockyard.server.definitions.model.hiding import hidden_in_order
from blockyard.server.definitions.service.access import LIST, unknown_definition, unknown_version, visible
from blockyard.server.definitions.store import DefinitionStore, VersionStore
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict
from blockyard.server.publications.model import PublicationState


class Offers:
    """Use cases of those who order, and what other services ask about a definition or a version; a part of `DefinitionService`."""

    def order_form(
        self, tx: Transaction, principal: Principal, version_id: VersionId, workspace: str
    ) -> tuple[Definition, Version]:
        """Return a version to those who may order it for `workspace`. Raises NotFound, Denied, Conflict."""
        definition, version = self.version(tx, version_id)
        is_shown = version.is_released and any(definition.known_to([one]) for one in principal.grants)
        if not (is_shown or principal.allows("BUILDINGBLOCK_SAVE", workspace=workspace)):
            self.offered_version(tx, principal, version_id)
        principal.require("BUILDINGBLOCK_SAVE", workspace=workspace)
        return self.orderable_version(tx, principal, version_id, workspace)

    def offered_version(
        self, tx: Transaction, principal: Principal, version_id: VersionId
    ) -> tuple[Definition, Version]:
        """Return a version to those who may know what it takes: a released one as its definition, a draft as its team.

        Raises NotFound.
        """
        definition, version = self.version(tx, version_id)
        is_own = principal.allows(LIST, workspace=definition.workspace)
        if not (is_own or (version.is_released and visible(principal, definition))):
            raise unknown_version(version_id)
        return definition, version

    def hidden_inputs(
        self, tx: Transaction, principal: Principal, version_id: VersionId, values: Mapping[str, Json]
    ) -> Collection[str]:
        """Return which inputs are hidden while those that people fill in have these values. Raises NotFound."""
        _, version = self.offered_version(tx, principal, version_id)
        filled_in = {key: spec for key, spec in version.inputs.items() if spec.assignment_type in PEOPLE}
        return sorted(hidden_in_order(filled_in, {key: value for key, value in values.items() if key in filled_in}))

    def documentation(self, tx: Transaction, principal: Principal, version_id: VersionId) -> str:
        """Return the documentation of a version to those who may know what it takes. Raises NotFound."""
        definition, version = self.offered_version(tx, principal, version_id)
        parents = DefinitionStore(tx).many(version.dependencies).values()
        names = {parent.id: parent.display_name for parent in parents if visible(principal, parent)}
        return documentation(definition, version, names)

    # For other services: no principal is asked but in `orderable_version` and `upgrade_version`

    def definition(self, tx: Transaction, definition_id: DefinitionId) -> Definition:
        """Return a definition. Raises NotFound."""
        definition = DefinitionStore(tx).get(definition_id)
        if definition is None:
            raise unknown_definition(definition_id)
        return definition

    def kept(self, tx: Transaction, definition_id: DefinitionId) -> Definition | None:
        """Return a definition, which then stays until this transaction ends; None if there is none."""
        return DefinitionStore(tx).kept(definition_id)

    def version(self, tx: Transaction, version_id: VersionId) -> tuple[Definition, Version]:
        """Return a version and its definition. Raises NotFound."""
        version = VersionStore(tx).get(version_id)
        if version is None:
            raise unknown_version(version_id)
        return self.definition(tx, version.definition_id), version

    def _find(self, tx: Transaction, wanted: VersionId | NumberedVersion) -> tuple[Definition, Version]:
        if isinstance(wanted, UUID):
            return self.version(tx, wanted)
        version = VersionStore(tx).numbered(wanted.definition_id, wanted.number)
        if version is None:
            raise unknown_version(wanted)
        return self.definition(tx, version.definition_id), version

    def latest_sound(self, tx: Transaction, definition_id: DefinitionId) -> Version | None:
        """Return the released version with the highest number that is not defective, None if there is none."""
        definition = DefinitionStore(tx).get(definition_id)
        if definition is None or definition.released_version_id is None:
            return None
        latest = VersionStore(tx).get(definition.released_version_id)  # often read already
        return latest if latest is None or latest.defect is None else VersionStore(tx).latest_sound(definition_id)

    def draft_of(self, tx: Transaction, definition_id: DefinitionId) -> Version | None:
        """Return the draft of a definition, None if there is none."""
        definition = DefinitionStore(tx).get(definition_id)
        latest = None if definition is None else VersionStore(tx).get(definition.latest_version_id)
        return None if latest is None or latest.is_released else latest

    def steps_between(self, tx: Transaction, old: Version, new: Version) -> Sequence[Version]:
        """Return the versions after `old` up to `new`, in their order: what a block goes through that is changed to it."""
        if new.number <= old.number + 1:
            return [new] if new.number > old.number else []
        return VersionStore(tx).between(old.definition_id, old.number, new.number)

    def usable(
        self, tx: Transaction, definition_id: DefinitionId, workspace: str
    ) -> Sequence[tuple[Definition, Version]]:
        """Return the definition with the version that new blocks of `workspace` get: the latest sound one, or its own draft.

        Nothing if there is none, or no such definition.
        """
        definition = DefinitionStore(tx).get(definition_id)
        if definition is None:
            return []
        version = self.latest_sound(tx, definition_id)
        if version is None and workspace == definition.workspace and definition.released_version_id is None:
            version = VersionStore(tx).get(definition.latest_version_id)
        return [] if version is None else [(definition, version)]

    def plain_inputs(self, tx: Transaction, definition_id: DefinitionId) -> frozenset[str]:
        """Return the keys of the inputs that are no secret, neither in the latest version nor in the latest released one."""
        definition = DefinitionStore(tx).get(definition_id)
        ids = [] if definition is None else [definition.latest_version_id, definition.released_version_id]
        versions = VersionStore(tx).many([one for one in ids if one is not None]).values()
        secret = {key for version in versions for key, spec in version.inputs.items() if spec.is_sensitive}
        return frozenset(key for version in versions for key in version.inputs) - secret

    def orderable_version(
        self, tx: Transaction, principal: Principal, wanted: VersionId | NumberedVersion, workspace: str
    ) -> tuple[Definition, Version]:
        """Return a version that `workspace` may use for new blocks: a released one that is offered to it, or a draft of its own.

        Raises:
            NotFound: there is no such version, or the principal may not know of it.
            Conflict: the version cannot be used by that workspace, or not yet, or not any more, or is defective.
        """
        definition, version = self._usable_version(tx, principal, wanted, workspace)
        if not _is_known(principal, definition, workspace):
            raise unknown_version(wanted)
        _require_offered(principal, definition, workspace)
        _require_sound(definition, version, lambda: self.latest_sound(tx, definition.id))
        return definition, version

    def upgrade_version(
        self, tx: Transaction, principal: Principal, version_id: VersionId, workspace: str
    ) -> tuple[Definition, Version]:
        """Return a version that a block of `workspace` may be changed to: what is there goes on, to whom ever a definition is offered now.

        Raises:
            NotFound, Conflict: as `orderable_version`.
        """
        definition, version = self._usable_version(tx, principal, version_id, workspace)
        _require_sound(definition, version, lambda: self.latest_sound(tx, definition.id))
        return definition, version

    def _usable_version(
        self, tx: Transaction, principal: Principal, wanted: VersionId | NumberedVersion, workspace: str
    ) -> tuple[Definition, Version]:
        definition, version = self._find(tx, wanted)
        if not version.is_released and workspace != definition.workspace:
            if not principal.allows(LIST, workspace=definition.workspace):
                raise unknown_version(wanted)
            if "BUILDINGBLOCK_SAVE" not in principal.everywhere:
                raise Conflict(
                    f"version {version.number} of '{definition.display_name}' is a draft and can only be used in "
                    f"workspace '{definition.workspace}'",
                    code="VersionNotReleased",
                    remedy="Release the version first.",
                )
        return definition, version


def _is_known(principal: Principal, definition: Definition, workspace: str) -> bool:
    """Whether the principal or the workspace may know of a definition."""
    own = workspace == definition.workspace
    return own or visible(principal, definition) or definition.known_to([workspace])


def _require_offered(principal: Principal, definition: Definition, workspace: str) -> None:
    """Refuse a new block of a definition that is deprecated, or not offered to its workspace. Raises Conflict."""
    if definition.publication.state is PublicationState.DEPRECATED:
        raise Conflict(
            f"definition '{definition.display_name}' is deprecated: nothing new is made of it",
            code="DefinitionDeprecated",
            remedy="Choose another definition, or ask its owner to reactivate it.",
        )
    if (
        workspace == definition.workspace
        or definition.publication.offered_to(workspace)
        or "BUILDINGBLOCK_SAVE" in principal.everywhere
    ):
        return
    raise Conflict(
        f"definition '{definition.display_name}' is not offered to workspace '{workspace}'",
        code="DefinitionNotOffered",
        remedy=f"Ask workspace '{definition.workspace}' to publish it, or to offer it to this workspace.",
    )


def _require_sound(definition: Definition, version: Version, instead: Callable[[], Version | None]) -> None:
    """Refuse a defective version for what is new. Raises Conflict, which says which version to take `instead`."""
    if version.defect is None:
        return
    other = instead()
    raise Conflict(
        f"version {version.number} of '{definition.display_name}' is defective: {version.defect.reason}",
        code="VersionDefective",
        remedy="Wait until its owner releases another version." if other is None else f"Use version {other.number}.",
    )
