"""HTTP of the issuer: its protocol, client sessions, what clouds read, and its keys."""

from blockyard.server.issuer.api.keys import signing_key_routes
from blockyard.server.issuer.api.protocol import (
    AUTHORIZE,
    END_SESSION,
    client_session_routes,
    issuer_of,
    issuer_routes,
)
from blockyard.server.issuer.api.workload import workload_routes

__all__ = [
    "AUTHORIZE",
    "END_SESSION",
    "client_session_routes",
    "issuer_of",
    "issuer_routes",
    "signing_key_routes",
    "workload_routes",
]
