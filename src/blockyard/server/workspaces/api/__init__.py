"""HTTP of workspaces and bindings."""

from blockyard.server.workspaces.api.bindings import binding_routes
from blockyard.server.workspaces.api.workspaces import workspace_routes

__all__ = ["binding_routes", "workspace_routes"]
