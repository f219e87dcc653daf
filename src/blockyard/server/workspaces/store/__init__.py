"""The tables of workspaces."""

from blockyard.server.workspaces.store.bindings import BindingStore
from blockyard.server.workspaces.store.told import ToldStore
from blockyard.server.workspaces.store.workspaces import WorkspaceStore

__all__ = ["BindingStore", "ToldStore", "WorkspaceStore"]
