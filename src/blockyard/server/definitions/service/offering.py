"""What may be used for something new: a definition that is offered to a workspace, a version that is not defective."""

from collections.abc import Callable

from blockyard.server.definitions.model import Definition, Version
from blockyard.server.definitions.service.access import unknown_version, visible
from blockyard.server.identity.model import Principal
from blockyard.server.kit.errors import Conflict
from blockyard.server.publications.model import PublicationState


def require_offered(principal: Principal, definition: Definition, version: Version, workspace: str) -> None:
    """Refuse a new block of a definition that is not offered to its workspace, or to nobody any more.

    Raises:
        NotFound: the principal and the workspace may not know of it.
        Conflict: it is deprecated, or not offered to this workspace.
    """
    own = workspace == definition.workspace
    if not own and not visible(principal, definition) and not definition.known_to([workspace]):
        raise unknown_version(version.id)
    if definition.publication.state is PublicationState.DEPRECATED:
        raise Conflict(
            f"definition '{definition.display_name}' is deprecated: nothing new is made of it",
            code="DefinitionDeprecated",
            remedy="Choose another definition, or ask its owner to reactivate it.",
        )
    if own or definition.publication.offered_to(workspace) or "BUILDINGBLOCK_SAVE" in principal.everywhere:
        return
    raise Conflict(
        f"definition '{definition.display_name}' is not offered to workspace '{workspace}'",
        code="DefinitionNotOffered",
        remedy=f"Ask workspace '{definition.workspace}' to publish it, or to offer it to this workspace.",
    )


def require_sound(definition: Definition, version: Version, instead: Callable[[], Version | None]) -> None:
    """Refuse a defective version for what is new. Raises Conflict, which says which version to take `instead`."""
    if version.defect is None:
        return
    other = instead()
    raise Conflict(
        f"version {version.number} of '{definition.display_name}' is defective: {version.defect.reason}",
        code="VersionDefective",
        remedy="Wait until its owner releases another version." if other is None else f"Use version {other.number}.",
    )
