"""Who may see and do what with a block. Source: concepts.md 2.2 and 11.4, api.md 2.7."""

from blockyard.server.blocks.model.block import Block, BlockHead, BlockStatus
from blockyard.server.definitions.model import Definition
from blockyard.server.identity.model import Principal
from blockyard.server.kit.errors import Denied, NotFound

LIST, SAVE, DELETE = "BUILDINGBLOCK_LIST", "BUILDINGBLOCK_SAVE", "BUILDINGBLOCK_DELETE"


def require_known(principal: Principal, block: Block | None, block_id: object) -> Block:
    """Return the block if the principal may know of it. Raises NotFound."""
    if block is None or not any(_allows(principal, code, block) for code in (LIST, SAVE, DELETE)):
        raise NotFound(
            f"there is no building block {block_id} that you can see",
            code="BlockNotFound",
            remedy="Check the id, and that your key or role reaches its workspace.",
        )
    return block


def require_list(principal: Principal, block: Block) -> None:
    """Refuse unless the principal may read the block."""
    _require(principal, LIST, block)


def require_save(principal: Principal, block: Block) -> None:
    """Refuse unless the principal may change the block."""
    _require(principal, SAVE, block)


def require_run(principal: Principal, block: Block, definition: Definition) -> None:
    """Refuse unless the principal may start a run by hand: consumers only if the definition shows them its runs."""
    require_save(principal, block)
    if not may_run(principal, block, definition):
        raise Denied(
            "you don't have sufficient permissions to start a run of this building block by hand",
            code="RunsNotTransparent",
            remedy="Ask the team that offers it, or change an input: that starts a run, too.",
        )


def require_delete(principal: Principal, block: Block) -> None:
    """Refuse unless the principal may delete the block: its workspace, or who provides for it."""
    if not may_delete(principal, block):
        _require(principal, DELETE, block)


def require_purge(principal: Principal, block: Block) -> None:
    """Refuse unless the principal may leave behind what the block made: who provides for it, and administrators."""
    if not may_purge(principal, block):
        principal.require(DELETE, workspace=None)


def may_save(principal: Principal, block: BlockHead) -> bool:
    """Whether the principal may change the block."""
    return _allows(principal, SAVE, block)


def may_give_input(principal: Principal, block: BlockHead) -> bool:
    """Whether the principal can give the input that the block waits for."""
    if block.status is BlockStatus.WAITING_FOR_OPERATOR_INPUT:
        return is_operator(principal, block)
    return block.status is BlockStatus.WAITING_FOR_USER_INPUT and may_save(principal, block)


def may_run(principal: Principal, block: Block, definition: Definition) -> bool:
    """Whether the principal may start a run by hand."""
    return is_operator(principal, block) or (definition.run_transparency and may_save(principal, block))


def may_delete(principal: Principal, block: Block) -> bool:
    """Whether the principal may delete the block. There is no MANAGED code for it: who may change may also delete."""
    return _manages(principal, block) or _allows(principal, DELETE, block)


def may_purge(principal: Principal, block: Block) -> bool:
    """Whether the principal may forget the block and leave what it made. Source: concepts.md 2.2 and 23."""
    return _manages(principal, block) or principal.allows(DELETE, workspace=None)


def is_operator(principal: Principal, block: BlockHead) -> bool:
    """Whether the principal acts for the provider of the block, or may change every block."""
    return operates(principal, block.provider)


def operates(principal: Principal, provider: str) -> bool:
    """Whether the principal acts for `provider` where blocks of its definitions are concerned."""
    return principal.allows(SAVE, workspace=None, provider=provider)


def may_list(principal: Principal, block: Block) -> bool:
    """Whether the principal may read the block."""
    return _allows(principal, LIST, block)


def _allows(principal: Principal, code: str, block: BlockHead) -> bool:
    if principal.allows(code, workspace=None, provider=block.provider):
        return True
    return _sees_project(principal, block) and principal.allows(code, workspace=block.workspace)


def _manages(principal: Principal, block: BlockHead) -> bool:
    return f"MANAGED_{SAVE}" in principal.grants.get(block.provider, frozenset())


def _sees_project(principal: Principal, block: BlockHead) -> bool:
    """Whether the project of the block's tenant, if it is on one, is no secret to the principal."""
    return block.tenant is None or principal.sees_project(block.workspace, block.tenant.project)


def _require(principal: Principal, code: str, block: Block) -> None:
    if not _allows(principal, code, block):
        workspace = block.workspace if _sees_project(principal, block) else None
        principal.require(code, workspace=workspace, provider=block.provider)
