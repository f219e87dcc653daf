"""The kinds of objects the client works with: their addresses and media types. Source: api.md 1.4, 1.7, appendix B."""

from dataclasses import dataclass
from urllib.parse import quote

from blockyard.protocol.media import media_type

OBJECTS = "/api/meshobjects"
OWN = "/api/blockyard/v1"


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind in one version."""

    kind: str
    version: str

    @property
    def media(self) -> str:
        """The media type of its documents."""
        return media_type(self.kind, self.version)

    @property
    def embedded(self) -> str:
        """The name of a list's member that holds the objects."""
        return f"{self.kind}s"

    def path(self, *segments: str) -> str:
        """Return the address of the collection, or of what is below it."""
        return "/".join((OBJECTS, f"{self.kind.lower()}s", *(quote(segment, safe="") for segment in segments)))


WORKSPACES = Resource("meshWorkspace", "v2")
PAYMENT_METHODS = Resource("meshPaymentMethod", "v2")
API_KEYS = Resource("meshApiKey", "v1-preview")
RUNNERS = Resource("meshBuildingBlockRunner", "v1-preview")
DEFINITIONS = Resource("meshBuildingBlockDefinition", "v1-preview")
VERSIONS = Resource("meshBuildingBlockDefinitionVersion", "v1-preview")
BLOCKS = Resource("meshBuildingBlock", "v2-preview")
RUNS = Resource("meshBuildingBlockRun", "v1")

JSON = "application/json"

SHARED_RUNNER = "98520496-627d-43e6-82da-ce499179ff3f"
"""The runner every installation has. Source: api.md 3.14."""


def own(*segments: str) -> str:
    """Return an address of Blockyard's own interface."""
    return "/".join((OWN, *(quote(segment, safe="") for segment in segments)))
