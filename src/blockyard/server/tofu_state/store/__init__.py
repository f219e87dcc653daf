"""States, and what they say exists: all their SQL."""

from blockyard.server.tofu_state.store.resources import ResourceStore
from blockyard.server.tofu_state.store.states import StateStore

__all__ = ["ResourceStore", "StateStore"]
