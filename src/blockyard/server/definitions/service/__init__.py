"""Use cases of definitions and versions."""

from blockyard.server.definitions.service.definitions import DefinitionService
from blockyard.server.definitions.service.versions import VersionService

__all__ = ["DefinitionService", "VersionService"]
