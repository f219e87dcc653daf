"""The tables of tags."""

from blockyard.server.tags.store.definitions import TagDefinitionStore
from blockyard.server.tags.store.policies import PolicyStore, SweepStore, ViolationStore
from blockyard.server.tags.store.uses import TagUseStore

__all__ = ["PolicyStore", "SweepStore", "TagDefinitionStore", "TagUseStore", "ViolationStore"]
