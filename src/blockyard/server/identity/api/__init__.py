"""HTTP of identity: whose request it is, sign-in, API keys, people."""

from blockyard.server.identity.api.current import Authenticate, CurrentPrincipal, current_principal

__all__ = ["Authenticate", "CurrentPrincipal", "current_principal"]
