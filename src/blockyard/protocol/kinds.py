"""The kinds of objects of the meshObject API: how each is called on the wire. Source: api.md 1.4, 1.7, appendix B."""

from dataclasses import dataclass
from urllib.parse import quote

from blockyard.protocol.media import media_type

OBJECTS = "/api/meshobjects"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind in one version, such as `meshProject` in `v2`; `under` is the path of its collection where that does not follow its name."""

    name: str
    version: str
    under: str = ""

    @property
    def media(self) -> str:
        """The media type of its documents."""
        return media_type(self.name, self.version)

    @property
    def plural(self) -> str:
        """The member of a list that holds the objects."""
        return f"{self.name}s"

    @property
    def collection(self) -> str:
        """The path of all objects of the kind."""
        return f"{OBJECTS}/{self.under or self.plural.lower()}"

    def path(self, *segments: object) -> str:
        """Return the path of what is below the collection, such as one object; each segment is percent-encoded."""
        return "/".join((self.collection, *(quote(str(segment), safe="") for segment in segments)))


PROJECT = Kind("meshProject", "v2")
PAYMENT_METHOD = Kind("meshPaymentMethod", "v2")
