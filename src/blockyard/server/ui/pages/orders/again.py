"""Order again: a form filled in as a block was, but its secrets."""

from collections.abc import Sequence
from uuid import UUID

from blockyard.server.definitions.model import DefinitionId
from blockyard.server.definitions.model.hiding import with_options
from blockyard.server.definitions.model.values import texts_of
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound
from blockyard.server.services import Services
from blockyard.server.ui.frame import controls
from blockyard.server.ui.pages.orders.places import EXISTING
from blockyard.server.ui.pages.orders.typed import INPUT, PARENT, Fields


def fields_of_block(
    tx: Transaction, services: Services, principal: Principal, block_id: UUID, definition_id: UUID
) -> Fields:
    """Return what was entered for a block, for a form of its definition. Raises NotFound, Denied."""
    view = services.blocks.get(tx, principal, block_id)
    block = view.block
    if block.definition_id != definition_id:
        raise NotFound(f"building block {block_id} is of another definition")
    version = services.definitions.latest_sound(tx, DefinitionId(definition_id)) or view.version
    asked: list[tuple[str, str]] = [("workspace", block.workspace), ("name", block.display_name)]
    if block.tenant is not None:
        asked += [("place", EXISTING), ("tenant", str(block.tenant.id))]
    asked += [(f"{PARENT}{parent.definition_id}", str(parent.block_id)) for parent in block.parents]
    for key, value in block.standing(view.version.inputs).items():
        spec = version.inputs.get(key)
        if spec is None or spec.is_sensitive or spec.type is not view.version.inputs[key].type:
            continue
        if spec.option_sources:  # whether it is still offered is said by the form
            spec = with_options(spec, texts_of(value))
        texts: Sequence[str] = controls.chosen_of(spec, value) or [controls.text_of(spec, value)]
        asked += [(f"{INPUT}{controls.name_of(key)}", text) for text in texts if text]
    return Fields.of_link(asked)
