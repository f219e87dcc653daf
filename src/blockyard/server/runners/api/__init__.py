"""HTTP of runners, their own keys and their identities."""

from blockyard.server.runners.api.identities import identity_routes
from blockyard.server.runners.api.objects import own_key_routes, routes

__all__ = ["identity_routes", "own_key_routes", "routes"]
