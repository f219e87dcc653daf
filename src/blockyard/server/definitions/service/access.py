"""Who may know of definitions and versions, and what everybody else is told."""

from blockyard.server.definitions.model import Definition, DefinitionId, NumberedVersion, Version, VersionId
from blockyard.server.definitions.store import DefinitionStore, VersionStore
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound
from blockyard.server.publications.model import PublicationState
from blockyard.server.publications.service import REVIEW

LIST = "BUILDINGBLOCKDEFINITION_LIST"
SAVE = "BUILDINGBLOCKDEFINITION_SAVE"
DELETE = "BUILDINGBLOCKDEFINITION_DELETE"


def visible(principal: Principal, definition: Definition) -> bool:
    """Whether the principal may know of a definition: an own one, a published one that reaches them, one they have to review."""
    if principal.allows(LIST, workspace=definition.workspace):
        return True
    if principal.run is not None:
        return False
    if definition.publication.state is PublicationState.REQUESTED and principal.allows(REVIEW, workspace=None):
        return True
    return definition.known_to(principal.reach(LIST).workspaces)


def opened(tx: Transaction, principal: Principal, code: str, definition_id: DefinitionId) -> Definition:
    """Return a definition if the principal may do this with it. Raises NotFound, Denied (one that is only shown)."""
    found = DefinitionStore(tx).get(definition_id)
    shown = found is not None and visible(principal, found)
    return principal.opened(code, found, unknown_definition(definition_id), shown=shown)


def own_version(tx: Transaction, principal: Principal, code: str, version_id: VersionId) -> tuple[Definition, Version]:
    """Return a version and its definition if the principal may do this with it. Raises NotFound, Denied (one that is only shown)."""
    version = VersionStore(tx).get(version_id)
    definition = None if version is None else DefinitionStore(tx).get(version.definition_id)
    if version is None or definition is None:
        raise unknown_version(version_id)
    is_shown = version.is_released and visible(principal, definition)
    if not (is_shown or principal.knows(code, workspace=definition.workspace)):
        raise unknown_version(version_id)
    principal.require(code, workspace=definition.workspace)
    return definition, version


def unknown_definition(definition_id: DefinitionId) -> NotFound:
    """Return the refusal of a definition nobody knows."""
    return NotFound(f"there is no building block definition '{definition_id}'", code="UnknownDefinition")


def unknown_version(wanted: VersionId | NumberedVersion) -> NotFound:
    """Return the refusal of a version nobody knows."""
    return NotFound(f"there is no building block definition version '{wanted}'", code="UnknownVersion")
