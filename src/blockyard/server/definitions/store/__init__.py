"""The tables of definitions, their versions, and what versions depend on."""

from blockyard.server.definitions.store.accesses import AccessStore
from blockyard.server.definitions.store.catalogue import CatalogueStore
from blockyard.server.definitions.store.definitions import DefinitionStore
from blockyard.server.definitions.store.versions import VersionStore

__all__ = ["AccessStore", "CatalogueStore", "DefinitionStore", "VersionStore"]
