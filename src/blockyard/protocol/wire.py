"""The habits all wire models share: camelCase names, unknown members ignored, absent instead of null."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from blockyard.protocol.jsontypes import JsonObject


class WireModel(BaseModel):
    """A frozen part of a wire document. Unknown members are ignored, so that either side may be newer."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    def wire(self) -> JsonObject:
        """Return the JSON object to send: camelCase, members without a value left out."""
        document: JsonObject = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return document
