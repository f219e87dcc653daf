"""What several features say on the wire about runners and about secrets for them. Source: api.md 2.2."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.kit.json_reader import MAX_TEXT_CHARACTERS
from blockyard.server.kit.wire import ShortText, Text, WireModel, WireUuid
from blockyard.server.runners.model import Federation, SecretChange

MAX_SECRET_CHARACTERS = MAX_TEXT_CHARACTERS
"""The exact limit is on the value."""


class RunnerRef(WireModel):
    """A reference to a runner."""

    kind: Literal["meshBuildingBlockRunner"] = "meshBuildingBlockRunner"
    uuid: WireUuid


class Secret(WireModel):
    """A secret: `plaintext` sets it, `hash` keeps the stored one. Only `hash` is ever returned."""

    plaintext: Annotated[Text, Field(max_length=MAX_SECRET_CHARACTERS)] | None = Field(default=None, repr=False)
    hash: ShortText | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Secret":
        if self.plaintext is not None and self.hash is not None:
            raise ValueError("must have either plaintext or hash")
        return self

    def change(self) -> SecretChange | None:
        """Return what is asked for; None for `{}`, which counts as no secret."""
        if self.plaintext is None and not self.hash:
            return None
        return SecretChange(plaintext=self.plaintext, hash=self.hash)


def clouds_of(federation: Federation) -> JsonObject:
    """Return how runs identify themselves to each cloud that is named."""
    named = {"gcp": federation.gcp, "aws": federation.aws, "azure": federation.azure}
    return {
        name: {"audience": cloud.audience, "tokenPath": cloud.token_path}
        for name, cloud in named.items()
        if cloud is not None
    }
