"""Members of models: copied from one to another, and as JSON in the spelling of the wire."""

from collections.abc import Mapping, Sequence
from dataclasses import Field, fields, replace
from datetime import date, datetime
from typing import Any, ClassVar, Protocol, TypeVar
from uuid import UUID

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.kit.clock import wire_time


class Model(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]  # Any: as in typeshed


M = TypeVar("M", bound=Model)


def members(part: Model, of: type[Model] | None = None) -> dict[str, Any]:  # Any: what a constructor takes by name
    """Return the members of a dataclass by name, or those of one that it inherits from; nothing is copied."""
    return {item.name: getattr(part, item.name) for item in fields(part if of is None else of)}


def changed(whole: M, part: Model) -> M:
    """Return `whole` with all members of `part`, from whose class it inherits them."""
    return replace(whole, **members(part))


def wire_members(whole: Model, of: type[Model]) -> JsonObject:
    """Return those members of `whole` that the dataclass `of` has, as the wire spells them."""
    return {_camel(item.name): _json(getattr(whole, item.name)) for item in fields(of)}


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _json(value: object) -> Json:
    match value:
        case str() | UUID():  # words of a StrEnum too
            return str(value)
        case None | bool() | int() | float():
            return value
        case datetime():
            return wire_time(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): _json(item) for key, item in value.items()}
        case Sequence():
            return [_json(item) for item in value]
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form")
