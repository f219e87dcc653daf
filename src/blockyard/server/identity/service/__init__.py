"""Use cases of identity: API keys, people, groups, and whose credential it is."""

from blockyard.server.identity.service.actors import Actors
from blockyard.server.identity.service.admin_bindings import AdminBindingService
from blockyard.server.identity.service.authenticator import Authenticator
from blockyard.server.identity.service.groups import GroupDirectory, GroupOfPeople, GroupService
from blockyard.server.identity.service.keys import ApiKeyService, IssuedKey
from blockyard.server.identity.service.links import SignInLinks
from blockyard.server.identity.service.passkeys import PasskeyService, Place
from blockyard.server.identity.service.passwords import check_password, hash_password, verify_password
from blockyard.server.identity.service.persons import Persons
from blockyard.server.identity.service.ports import (
    ClientTokens,
    PeopleFollower,
    ProjectsOf,
    RunKeys,
    RunTokens,
    Workspaces,
)
from blockyard.server.identity.service.second_factor import SecondFactors
from blockyard.server.identity.service.sessions import SessionService, SignedIn, require_person
from blockyard.server.identity.service.throttle import Throttle
from blockyard.server.identity.service.tokens import (
    KEY_TOKEN_LIFE,
    USER_TOKEN_LIFE,
    Subject,
    SubjectKind,
    Tokens,
)
from blockyard.server.identity.service.users import Person, UserService

__all__ = [
    "KEY_TOKEN_LIFE",
    "USER_TOKEN_LIFE",
    "Actors",
    "AdminBindingService",
    "ApiKeyService",
    "Authenticator",
    "ClientTokens",
    "GroupDirectory",
    "GroupOfPeople",
    "GroupService",
    "IssuedKey",
    "PasskeyService",
    "PeopleFollower",
    "Person",
    "Persons",
    "Place",
    "ProjectsOf",
    "RunKeys",
    "RunTokens",
    "SecondFactors",
    "SessionService",
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
    "require_person",
    "verify_password",
]
