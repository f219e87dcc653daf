"""The tables of locations, platform types and platforms."""

from blockyard.server.platforms.store.locations import LocationStore
from blockyard.server.platforms.store.platform_types import PlatformTypeStore
from blockyard.server.platforms.store.platforms import PlatformStore

__all__ = ["LocationStore", "PlatformStore", "PlatformTypeStore"]
