"""Use cases of building blocks."""

from blockyard.server.blocks.service.blocks import BlockService
from blockyard.server.blocks.service.details import BlockDetail, BlockLine, LastChange
from blockyard.server.blocks.service.hooks import BlockHooks
from blockyard.server.blocks.service.ports import BlockStates, StateContents, StateRemoval
from blockyard.server.blocks.service.starting import DUE_TOPIC
from blockyard.server.blocks.service.usage import BlockUsage
from blockyard.server.blocks.service.views import BlockView

__all__ = [
    "DUE_TOPIC",
    "BlockDetail",
    "BlockHooks",
    "BlockLine",
    "BlockService",
    "BlockStates",
    "BlockUsage",
    "BlockView",
    "LastChange",
    "StateContents",
    "StateRemoval",
]
