"""Use cases of states: what engines and people do with them, and what is in them."""

from blockyard.server.tofu_state.service.keeping import LossGuard, StateRestorer
from blockyard.server.tofu_state.service.lockbook import StateLockbook
from blockyard.server.tofu_state.service.resources import FoundResource, ResourceService
from blockyard.server.tofu_state.service.states import (
    KEPT_VERSIONS,
    StateAddress,
    StateService,
    StoredState,
)
from blockyard.server.tofu_state.service.working import StateWork

__all__ = [
    "KEPT_VERSIONS",
    "FoundResource",
    "LossGuard",
    "ResourceService",
    "StateAddress",
    "StateLockbook",
    "StateRestorer",
    "StateService",
    "StateWork",
    "StoredState",
]
