"""The routes of tags."""

from blockyard.server.tags.api.definitions import tag_definition_routes

__all__ = ["tag_definition_routes"]
