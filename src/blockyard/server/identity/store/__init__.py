"""The tables of identity: who there is, what they prove it with, and where they are signed in."""

from blockyard.server.identity.store.admin_bindings import AdminBindingStore
from blockyard.server.identity.store.attempts import AttemptStore, PlaceStore
from blockyard.server.identity.store.factors import FactorStore
from blockyard.server.identity.store.groups import GroupStore
from blockyard.server.identity.store.keys import KeyStore
from blockyard.server.identity.store.links import SignInLinkStore
from blockyard.server.identity.store.sessions import SessionStore
from blockyard.server.identity.store.tokens import EndedTokenStore
from blockyard.server.identity.store.users import UserStore

__all__ = [
    "AdminBindingStore",
    "AttemptStore",
    "EndedTokenStore",
    "FactorStore",
    "GroupStore",
    "KeyStore",
    "PlaceStore",
    "SessionStore",
    "SignInLinkStore",
    "UserStore",
]
