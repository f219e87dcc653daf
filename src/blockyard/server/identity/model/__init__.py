"""The rules of who acts and what they may do; plain Python."""

from blockyard.server.identity.model.keys import (
    ApiKey,
    ApiKeyId,
    KeyLimits,
    KeySettings,
    ServedRunner,
    require_ends_in_time,
    require_may_grant,
)
from blockyard.server.identity.model.principal import Principal, Reach, RunGrant, system
from blockyard.server.identity.model.roles import WorkspaceRole
from blockyard.server.identity.model.users import (
    LINK_LIFE,
    MAX_PASSWORD_LENGTH,
    MIN_PASSWORD_LENGTH,
    ONLY_PEOPLE_REMEDY,
    SESSION_END,
    SESSION_LIFE,
    NewUser,
    Profile,
    Session,
    SignInLink,
    User,
    UserId,
    folded,
)

__all__ = [
    "LINK_LIFE",
    "MAX_PASSWORD_LENGTH",
    "MIN_PASSWORD_LENGTH",
    "ONLY_PEOPLE_REMEDY",
    "SESSION_END",
    "SESSION_LIFE",
    "ApiKey",
    "ApiKeyId",
    "KeyLimits",
    "KeySettings",
    "NewUser",
    "Principal",
    "Profile",
    "Reach",
    "RunGrant",
    "ServedRunner",
    "Session",
    "SignInLink",
    "User",
    "UserId",
    "WorkspaceRole",
    "folded",
    "require_ends_in_time",
    "require_may_grant",
    "system",
]
