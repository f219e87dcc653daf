"""The permission codes of the API, under the name other features know them by."""

from blockyard.server.identity.model.codes import ADMIN, ALL, EPHEMERAL, MANAGED, PLAIN, everywhere
from blockyard.server.identity.model.in_words import permissions_in_words
from blockyard.server.identity.model.roles import codes_of_roles

__all__ = ["ADMIN", "ALL", "EPHEMERAL", "MANAGED", "PLAIN", "codes_of_roles", "everywhere", "permissions_in_words"]
