"""The rules of who acts and what they may do; plain Python."""

from blockyard.server.identity.model.keys import (
    KEYS_PER_WORKSPACE,
    ApiKey,
    ApiKeyId,
    KeySettings,
    ServedRunner,
    require_may_grant,
)
from blockyard.server.identity.model.principal import Principal, Reach, RunGrant, WorkspaceRole, system
from blockyard.server.identity.model.users import (
    LINK_LIFE,
    ONLY_PEOPLE_REMEDY,
    SESSION_LIFE,
    Group,
    NewUser,
    Session,
    SignInLink,
    User,
    UserId,
    check_password,
)

__all__ = [
    "KEYS_PER_WORKSPACE",
    "LINK_LIFE",
    "ONLY_PEOPLE_REMEDY",
    "SESSION_LIFE",
    "ApiKey",
    "ApiKeyId",
    "Group",
    "KeySettings",
    "NewUser",
    "Principal",
    "Reach",
    "RunGrant",
    "ServedRunner",
    "Session",
    "SignInLink",
    "User",
    "UserId",
    "WorkspaceRole",
    "check_password",
    "require_may_grant",
    "system",
]
