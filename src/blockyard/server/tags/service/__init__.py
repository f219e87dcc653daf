"""Use cases of tags."""

from blockyard.server.tags.service.definitions import TagDefinitionService
from blockyard.server.tags.service.policies import SWEEP_TOPIC, PolicyService
from blockyard.server.tags.service.ports import TagHolder
from blockyard.server.tags.service.relations import Pair, Relation
from blockyard.server.tags.service.tags import TagService

__all__ = [
    "SWEEP_TOPIC",
    "Pair",
    "PolicyService",
    "Relation",
    "TagDefinitionService",
    "TagHolder",
    "TagService",
]
