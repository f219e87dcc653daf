"""The rules of who acts and what they may do; plain Python."""

from blockyard.server.identity.model.principal import Principal, Reach, RunGrant, WorkspaceRole, system

__all__ = ["Principal", "Reach", "RunGrant", "WorkspaceRole", "system"]
