"""Use cases of identity: API keys, people, groups, and whose credential it is."""

from blockyard.server.identity.service.admin_bindings import AdminBindingService
from blockyard.server.identity.service.authenticator import Authenticator
from blockyard.server.identity.service.groups import GroupDirectory, GroupOfPeople, GroupService
from blockyard.server.identity.service.keys import ApiKeyService, IssuedKey
from blockyard.server.identity.service.links import SignInLinks
from blockyard.server.identity.service.passwords import check_password, hash_password, verify_password
from blockyard.server.identity.service.ports import PeopleFollower, ProjectsOf, RunTokens, Workspaces
from blockyard.server.identity.service.throttle import Throttle
from blockyard.server.identity.service.tokens import (
    KEY_TOKEN_LIFE,
    USER_TOKEN_LIFE,
    Subject,
    SubjectKind,
    Tokens,
)
from blockyard.server.identity.service.users import Person, SignedIn, UserService

__all__ = [
    "KEY_TOKEN_LIFE",
    "USER_TOKEN_LIFE",
    "AdminBindingService",
    "ApiKeyService",
    "Authenticator",
    "GroupDirectory",
    "GroupOfPeople",
    "GroupService",
    "IssuedKey",
    "PeopleFollower",
    "Person",
    "ProjectsOf",
    "RunTokens",
    "SignInLinks",
    "SignedIn",
    "Subject",
    "SubjectKind",
    "Throttle",
    "Tokens",
    "UserService",
    "Workspaces",
    "check_password",
    "hash_password",
    "verify_password",
]
