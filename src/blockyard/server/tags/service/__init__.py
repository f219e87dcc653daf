"""Use cases of tags."""

from blockyard.server.tags.service.definitions import TagDefinitionService
from blockyard.server.tags.service.ports import TagHolder
from blockyard.server.tags.service.tags import TagService

__all__ = ["TagDefinitionService", "TagHolder", "TagService"]
