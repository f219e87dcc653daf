"""What the client asks for besides the kinds of `protocol.kinds`."""

from urllib.parse import quote

from blockyard.protocol.kinds import OWN, Kind

JSON = "application/json"

SHARED_RUNNER = "98520496-627d-43e6-82da-ce499179ff3f"
"""The runner every installation has. Source: api.md 3.14."""

PUBLICATION = Kind("publication", "v1")
"""What Blockyard's own list of requests for publication calls its members."""


USER, GROUP = Kind("user", "v1", "users", own=True), Kind("group", "v1", "groups", own=True)
IDENTITY_PROVIDER = Kind("identityProvider", "v1", "identity-providers", own=True)
PROJECT_ROLE = Kind("projectRole", "v1", "project-roles", own=True)
ADMIN_BINDING = Kind("adminBinding", "v1", "admin-bindings", own=True)
BINDING_REQUEST = Kind("bindingRequest", "v1", "binding-requests", own=True)
BRAKE = Kind("brake", "v1", own=True)
BULK_JOB, BULK_BLOCK = Kind("bulkJob", "v1"), Kind("bulkJobBlock", "v1")
IDENTITY = Kind("identity", "v1", "identities", own=True)
OFFER = Kind("definition", "v1")
"""What Blockyard's own interface lists, by how its lists call it."""


def own(*segments: str) -> str:
    """Return an address of Blockyard's own interface."""
    return "/".join((OWN, *(quote(segment, safe="") for segment in segments)))
