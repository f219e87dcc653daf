"""What makes inputs adapt to each other, beyond conditions: options, defaults and checks that depend on something.

Members of Blockyard: left out where there are none, so that clients that do not know them find only what they sent, and the
hashes of versions without them stay what they are (decision 79).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from blockyard.protocol.jsontypes import Json, JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionSource:
    """Further options of a select: of four members but `condition` it has one.

    Attributes:
        condition: when they are offered; None for always.
        values: options as they are written in the version.
        tag: `<owner>.<tag key>`, as a TAG input names it: the values of that tag.
        output: `<definition uuid>.<output key>`: what that output of each building block in the ordering workspace is.
        block: `<building block uuid>.<output key>`: what runs of a building block of the definition's own workspace give.
    """

    condition: str | None = None
    values: tuple[str, ...] = ()
    tag: str | None = None
    output: str | None = None
    block: str | None = None

    @property
    def list(self) -> "ListName | None":
        """The list that has to be looked up; None where the options are written in the version."""
        found = {"tag": self.tag, "output": self.output, "block": self.block}
        return next((ListName(kind, name) for kind, name in found.items() if name is not None), None)

    def document(self) -> JsonObject:
        """Return it as JSON."""
        values: list[Json] = [*self.values]
        members: JsonObject = {"condition": self.condition, "values": values}
        members |= {"tag": self.tag, "output": self.output, "block": self.block}
        return {name: value for name, value in members.items() if value}


@dataclass(frozen=True, slots=True)
class ListName:
    """A list of options that is looked up: its kind is the member of the source."""

    kind: str
    name: str

    @property
    def output(self) -> tuple[UUID, str] | None:
        """The definition or building block, and the key of the output; None if the name is malformed."""
        owner, dot, key = self.name.partition(".")
        try:
            return (UUID(owner), key) if dot and key else None
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class DependentDefault:
    """A default that counts while a condition is true; of several the first, before the plain default."""

    condition: str
    value: Json = field(repr=False)

    def document(self) -> JsonObject:
        """Return it as JSON."""
        return {"condition": self.condition, "value": self.value}


@dataclass(frozen=True, slots=True)
class InputCheck:
    """What has to hold between inputs; `message` says so to people, beside the input `key` if there is one."""

    condition: str
    message: str
    key: str | None = None

    def document(self) -> JsonObject:
        """Return it as JSON."""
        document: JsonObject = {"condition": self.condition, "message": self.message}
        return document if self.key is None else document | {"inputKey": self.key}


def read_source(stored: Mapping[str, Json]) -> OptionSource:
    """Return a source that the database keeps."""
    values = stored.get("values")
    return OptionSource(
        condition=_text(stored.get("condition")),
        values=tuple(str(value) for value in values) if isinstance(values, list) else (),
        tag=_text(stored.get("tag")),
        output=_text(stored.get("output")),
        block=_text(stored.get("block")),
    )


def read_default(stored: Mapping[str, Json]) -> DependentDefault:
    """Return a default that the database keeps."""
    return DependentDefault(str(stored["condition"]), stored["value"])


def read_check(stored: Mapping[str, Json]) -> InputCheck:
    """Return a check that the database keeps."""
    return InputCheck(str(stored["condition"]), str(stored["message"]), _text(stored.get("inputKey")))


def _text(value: Json) -> str | None:
    return None if value is None else str(value)
