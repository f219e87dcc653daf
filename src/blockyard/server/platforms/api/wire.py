"""What locations, platform types and platforms say alike on the wire."""

from typing import Annotated, Protocol
from uuid import UUID

from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.kit.objects import Named, StoredNamedMetadata, named_metadata
from blockyard.server.kit.wire import Text

Description = Annotated[Text, Field(max_length=10_000)]
"""A text of several lines."""


class IdentifiedMetadata(StoredNamedMetadata):
    """The name, the workspace, the id and the dates of an object."""

    uuid: UUID


class Identified(Named, Protocol):
    """A named model with an id."""

    @property
    def id(self) -> UUID:
        """Its id."""


def identified_metadata(model: Identified) -> JsonObject:
    """Return name, workspace, id and dates of an object."""
    return {**named_metadata(model), "uuid": str(model.id)}
