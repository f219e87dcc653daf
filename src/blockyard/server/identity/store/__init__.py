"""The tables of identity: API keys, people, groups, sessions, sign-in links."""

from blockyard.server.identity.store.groups import GroupStore
from blockyard.server.identity.store.keys import KeyStore
from blockyard.server.identity.store.links import SignInLinkStore
from blockyard.server.identity.store.sessions import SessionStore
from blockyard.server.identity.store.users import UserStore

__all__ = ["GroupStore", "KeyStore", "SessionStore", "SignInLinkStore", "UserStore"]
