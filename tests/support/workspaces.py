"""Workspaces for tests of the features above them."""

from collections.abc import Callable
from uuid import UUID

from blockyard.server.events.service import EventLog
from blockyard.server.identity.service import ApiKeyService, GroupService, UserService
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Database
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.workspaces.service import WorkspaceDirectory, WorkspaceService

MASTER_KEY = MasterKey(b"a master key for tests, 32 bytes")


def given_keys(*, clock: Clock, new_id: Callable[[], UUID]) -> ApiKeyService:
    """Return the service of API keys."""
    return ApiKeyService(
        clock=clock,
        new_id=new_id,
        master_key=MASTER_KEY,
        event_log=EventLog(clock=clock, new_id=new_id),
        workspaces=WorkspaceDirectory(groups=GroupService()),
    )


def given_workspaces(database: Database, *names: str, clock: Clock, new_id: Callable[[], UUID]) -> WorkspaceService:
    """Make workspaces of these names and return their service."""
    events = EventLog(clock=clock, new_id=new_id)
    groups = GroupService()
    directory = WorkspaceDirectory(groups=groups)
    users = UserService(clock=clock, new_id=new_id, master_key=MASTER_KEY, event_log=events, workspaces=directory)
    keys = given_keys(clock=clock, new_id=new_id)
    service = WorkspaceService(clock=clock, new_id=new_id, event_log=events, users=users, groups=groups, keys=keys)
    database.write_now(lambda tx: [service.seed(tx, name, name.title(), platform_builder=True) for name in names])
    return service
