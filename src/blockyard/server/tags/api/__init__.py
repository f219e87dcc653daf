"""The routes of tags."""

from blockyard.server.tags.api.definitions import tag_definition_routes
from blockyard.server.tags.api.policies import policy_routes, violation_routes

__all__ = ["policy_routes", "tag_definition_routes", "violation_routes"]
