"""Use cases of locations, platform types and platforms."""

from blockyard.server.platforms.service.locations import LocationService
from blockyard.server.platforms.service.platform_types import PlatformTypeService
from blockyard.server.platforms.service.platforms import PlatformService, visible

__all__ = ["LocationService", "PlatformService", "PlatformTypeService", "visible"]
