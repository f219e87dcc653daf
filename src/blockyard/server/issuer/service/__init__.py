"""Use cases of programs that act for people: consent, tokens, sessions, keys."""

from blockyard.server.issuer.service.keys import ShownKey, SigningKeys
from blockyard.server.issuer.service.protocol import AskedWrongly, Parameters, Protocol, Said
from blockyard.server.issuer.service.sessions import ClientSessionService, Place
from blockyard.server.issuer.service.tokens import IssuedTokens

__all__ = [
    "AskedWrongly",
    "ClientSessionService",
    "IssuedTokens",
    "Parameters",
    "Place",
    "Protocol",
    "Said",
    "ShownKey",
    "SigningKeys",
]
