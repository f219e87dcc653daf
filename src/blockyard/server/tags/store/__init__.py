"""The tables of tags."""

from blockyard.server.tags.store.definitions import TagDefinitionStore
from blockyard.server.tags.store.uses import TagUseStore

__all__ = ["TagDefinitionStore", "TagUseStore"]
