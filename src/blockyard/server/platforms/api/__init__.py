"""The routes of locations, platform types and platforms."""

from blockyard.server.platforms.api.locations import location_routes
from blockyard.server.platforms.api.platform_types import platform_type_routes
from blockyard.server.platforms.api.platforms import platform_routes

__all__ = ["location_routes", "platform_routes", "platform_type_routes"]
