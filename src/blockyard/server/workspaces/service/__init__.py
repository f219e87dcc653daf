"""Use cases of workspaces and bindings."""

from blockyard.server.workspaces.service.bindings import BindingService, approval_needed
from blockyard.server.workspaces.service.directory import WorkspaceDirectory
from blockyard.server.workspaces.service.people import WorkspacePeople, are_news
from blockyard.server.workspaces.service.ports import PeopleListener
from blockyard.server.workspaces.service.workspaces import WorkspaceService

__all__ = [
    "BindingService",
    "PeopleListener",
    "WorkspaceDirectory",
    "WorkspacePeople",
    "WorkspaceService",
    "approval_needed",
    "are_news",
]
