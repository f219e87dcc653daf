"""The rules of who acts and what they may do; plain Python."""

from blockyard.server.identity.model.access import AccessLevel
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
from blockyard.server.identity.model.run_keys import RunKey
from blockyard.server.identity.model.sessions import (
    FRESH,
    LINK_LIFE,
    SESSION_END,
    SESSION_LIFE,
    Beginning,
    Session,
    SessionId,
    SignInLink,
    SignInWay,
)
from blockyard.server.identity.model.users import (
    MAX_PASSWORD_LENGTH,
    MIN_PASSWORD_LENGTH,
    NO_PASSWORD,
    ONLY_PEOPLE_REMEDY,
    FromDirectory,
    NewUser,
    Profile,
    User,
    UserId,
    folded,
)

__all__ = [
    "FRESH",
    "LINK_LIFE",
    "MAX_PASSWORD_LENGTH",
    "MIN_PASSWORD_LENGTH",
    "NO_PASSWORD",
    "ONLY_PEOPLE_REMEDY",
    "SESSION_END",
    "SESSION_LIFE",
    "AccessLevel",
    "ApiKey",
    "ApiKeyId",
    "Beginning",
    "FromDirectory",
    "KeyLimits",
    "KeySettings",
    "NewUser",
    "Principal",
    "Profile",
    "Reach",
    "RunGrant",
    "RunKey",
    "ServedRunner",
    "Session",
    "SessionId",
    "SignInLink",
    "SignInWay",
    "User",
    "UserId",
    "WorkspaceRole",
    "folded",
    "require_ends_in_time",
    "require_may_grant",
    "system",
]
