"""HTTP of definitions and versions."""

from blockyard.server.definitions.api.definitions import definition_routes
from blockyard.server.definitions.api.versions import version_routes

__all__ = ["definition_routes", "version_routes"]
