"""The kinds of objects of the meshObject API: how each is called on the wire. Source: api.md 1.4, 1.7, appendix B."""

from dataclasses import dataclass
from urllib.parse import quote

from blockyard.protocol.jsontypes import JsonObject

OBJECTS = "/api/meshobjects"

OWN = "/api/blockyard/v1"
"""Where Blockyard's own interface begins, which is not part of the meshObject API."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind in one version, such as `meshProject` in `v2`; `under` is the path of its collection where that does not follow its name.

    A kind of Blockyard's `own` interface has plain JSON documents.
    """

    name: str
    version: str
    under: str = ""
    own: bool = False

    @property
    def media(self) -> str:
        """The media type of its documents, spelled as clients send it."""
        return "application/json" if self.own else f"application/vnd.meshcloud.api.{self.name}.{self.version}.hal+json"

    @property
    def plural(self) -> str:
        """The member of a list that holds the objects."""
        first, *others = self.under.split("-")
        return first + "".join(map(str.title, others)) if self.own else f"{self.name}s"

    @property
    def collection(self) -> str:
        """The path of all objects of the kind."""
        return f"{OWN if self.own else OBJECTS}/{self.under or self.plural.lower()}"

    def path(self, *segments: object) -> str:
        """Return the path of what is below the collection, such as one object; each segment is percent-encoded."""
        return "/".join((self.collection, *(quote(str(segment), safe="") for segment in segments)))

    def ref(self, uuid: object) -> JsonObject:
        """Return a reference to an object of the kind."""
        return {"uuid": str(uuid), "kind": self.name}


WORKSPACE = Kind("meshWorkspace", "v2")
WORKSPACE_USER_BINDING = Kind("meshWorkspaceUserBinding", "v2", "meshworkspacebindings/userbindings")
WORKSPACE_GROUP_BINDING = Kind("meshWorkspaceGroupBinding", "v2", "meshworkspacebindings/groupbindings")
PROJECT = Kind("meshProject", "v2")
PROJECT_USER_BINDING = Kind("meshProjectUserBinding", "v3", "meshprojectbindings/userbindings")
PROJECT_GROUP_BINDING = Kind("meshProjectGroupBinding", "v3", "meshprojectbindings/groupbindings")
TAG_DEFINITION = Kind("meshTagDefinition", "v1")
TENANT = Kind("meshTenant", "v4")
TENANT_PREVIEW = Kind("meshTenant", "v4-preview")
PAYMENT_METHOD = Kind("meshPaymentMethod", "v2")
LOCATION = Kind("meshLocation", "v1")
PLATFORM_TYPE = Kind("meshPlatformType", "v1")
PLATFORM = Kind("meshPlatform", "v2")
LANDING_ZONE = Kind("meshLandingZone", "v1")
API_KEY = Kind("meshApiKey", "v1-preview")
INTEGRATION = Kind("meshIntegration", "v1")
RUNNER = Kind("meshBuildingBlockRunner", "v1-preview")
DEFINITION = Kind("meshBuildingBlockDefinition", "v1-preview")
DEFINITION_V1 = Kind("meshBuildingBlockDefinition", "v1")
VERSION = Kind("meshBuildingBlockDefinitionVersion", "v1-preview")
VERSION_V1 = Kind("meshBuildingBlockDefinitionVersion", "v1")
BLOCK_V1 = Kind("meshBuildingBlock", "v1")
BLOCK_V2 = Kind("meshBuildingBlock", "v2-preview")
BLOCK_V2_FINAL = Kind("meshBuildingBlock", "v2")
RUN = Kind("meshBuildingBlockRun", "v1")
SERVICE_INSTANCE = Kind("meshServiceInstance", "v2")
EVENT_LOG = Kind("meshEventLog", "v1")
POLICY = Kind("policy", "v1", "policies", own=True)
POLICY_VIOLATION = Kind("policyViolation", "v1", "policy-violations", own=True)
