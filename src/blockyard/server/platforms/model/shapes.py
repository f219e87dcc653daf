"""Reads documents that are kept as they were sent: known members are checked, unknown ones stay, secrets are taken out.

What a document looks like is data (`Shape`). Secrets are taken out wherever they are, also of members that nobody knows: a
plaintext is neither stored in clear nor ever sent back. Source: api.md 2.2, 2.4.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.kit.errors import Invalid
from blockyard.server.runners.model import SecretChange

_PLAINTEXT, _HASH = "plaintext", "hash"
_INT64 = 2**63


class Leaf(StrEnum):
    """What a member is that has no members; the text is what it must be."""

    TEXT = "a text"
    FLAG = "true or false"
    NUMBER = "a whole number"
    SECRET = 'a secret: {"plaintext": …} or {"hash": …}'  # noqa: S105  says what one looks like


@dataclass(frozen=True, slots=True)
class Words:
    """One of these texts."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Each:
    """A list of what looks alike."""

    item: "Shape"


@dataclass(frozen=True, slots=True)
class Choice:
    """`type` names one of the options; what it looks like is in the member of that name (None: it has none). Others have none."""

    options: Mapping[str, "Shape | None"]


@dataclass(frozen=True, slots=True)
class Members:
    """An object with these members; a name that ends in `?` may be absent or null.

    Attributes:
        defaults: the values of members that are absent or null.
        apart: members of which at most one may be there.
    """

    shapes: Mapping[str, "Shape"]
    defaults: Mapping[str, Json] = field(default_factory=dict)
    apart: tuple[str, ...] = ()


Shape: TypeAlias = Leaf | Words | Each | Choice | Members


@dataclass(slots=True)
class Reading:
    """Reads one document.

    Attributes:
        secrets: what was said about secrets, by JSON pointer; in the document they are null.
    """

    secrets: dict[str, SecretChange] = field(default_factory=dict)

    def read(self, shape: Shape, value: Json, at: str) -> Json:
        """Return what is kept of the value at the pointer `at`. Raises Invalid."""
        match shape:
            case Leaf.SECRET:
                return self._secret(value, at)
            case Leaf():
                return _leaf(shape, value, at)
            case Words(words):
                if value not in words or not isinstance(value, str):
                    raise _wrong(at, "one of " + ", ".join(words))
                return value
            case Each(item):
                if not isinstance(value, list):
                    raise _wrong(at, "a list")
                return [self.read(item, one, f"{at}/{index}") for index, one in enumerate(value)]
            case Choice(options):
                return self._choice(options, _members(value, at), at)
            case Members():
                return self._object(shape, _members(value, at), at)

    def _choice(self, options: Mapping[str, Shape | None], value: JsonObject, at: str) -> Json:
        type_ = self.read(Words(tuple(options)), value.get("type"), f"{at}/type")
        for other in options.keys() - {type_}:
            if value.get(other) is not None:
                raise Invalid(
                    f"'{other}' does not go with the type '{type_}'",
                    code="WrongType",
                    field=_below(at, other),
                    remedy=f"Leave it out, or send the type '{other}'.",
                )
        chosen = options[str(type_)]
        shapes: dict[str, Shape] = {} if chosen is None else {str(type_): chosen}
        return self._object(Members({"type": Words(tuple(options)), **shapes}), value, at)

    def _object(self, shape: Members, value: JsonObject, at: str) -> JsonObject:
        optional = {name.removesuffix("?") for name in shape.shapes if name.endswith("?")}
        known = {name.removesuffix("?"): of for name, of in shape.shapes.items()}
        for name in known.keys() - optional:
            if value.get(name) is None:
                raise _missing(_below(at, name), is_secret=known[name] is Leaf.SECRET)
        there = [name for name in shape.apart if value.get(name) is not None]
        if len(there) > 1:
            raise Invalid(
                f"there may be '{there[0]}' or '{there[1]}', not both",
                code="MutuallyExclusive",
                field=_below(at, there[1]),
                remedy="Leave one of them out.",
            )
        kept = {name: self._member(known.get(name), one, _below(at, name)) for name, one in value.items()}
        return kept | {name: default for name, default in shape.defaults.items() if kept.get(name) is None}

    def _member(self, shape: Shape | None, value: Json, at: str) -> Json:
        if value is None:
            return None
        return self._verbatim(value, at) if shape is None else self.read(shape, value, at)

    def _verbatim(self, value: Json, at: str) -> Json:
        if isinstance(value, list):
            return [self._verbatim(one, f"{at}/{index}") for index, one in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if _PLAINTEXT in value or (value.keys() == {_HASH} and isinstance(value[_HASH], str)):
            return self._secret(value, at)
        return {name: self._verbatim(one, _below(at, name)) for name, one in value.items()}

    def _secret(self, value: Json, at: str) -> Json:
        if value == {}:
            raise _missing(at, is_secret=True)
        said = {} if not isinstance(value, dict) else {name: one for name, one in value.items() if one is not None}
        if said.keys() not in ({_PLAINTEXT}, {_HASH}) or not isinstance(text := next(iter(said.values())), str):
            raise _wrong(at, Leaf.SECRET.value)
        if _PLAINTEXT in said and not text:
            raise _missing(at, is_secret=True)
        self.secrets[at] = SecretChange(plaintext=text) if _PLAINTEXT in said else SecretChange(hash=text)
        return None


def with_hashes(document: Json, hashes: Mapping[str, str], at: str) -> Json:
    """Return the document at the pointer `at` with the hashes of its secrets where they were taken out."""
    if at in hashes:
        return {_HASH: hashes[at]}
    if isinstance(document, dict):
        return {name: with_hashes(one, hashes, _below(at, name)) for name, one in document.items()}
    if isinstance(document, list):
        return [with_hashes(one, hashes, f"{at}/{index}") for index, one in enumerate(document)]
    return document


def _leaf(leaf: Leaf, value: Json, at: str) -> Json:
    fits = {
        Leaf.TEXT: isinstance(value, str) and "\0" not in value,
        Leaf.FLAG: isinstance(value, bool),
        Leaf.NUMBER: isinstance(value, int) and not isinstance(value, bool) and -_INT64 <= value < _INT64,
    }
    if not fits[leaf]:
        raise _wrong(at, leaf.value)
    return value


def _members(value: Json, at: str) -> JsonObject:
    if not isinstance(value, dict):
        raise _wrong(at, "an object")
    return value


def _below(at: str, name: str) -> str:
    return f"{at}/{name.replace('~', '~0').replace('/', '~1')}"


def _wrong(at: str, expected: str) -> Invalid:
    return Invalid(f"{at} must be {expected}", code="WrongValue", field=at, remedy="Correct this member.")


def _missing(at: str, *, is_secret: bool) -> Invalid:
    name = at.rpartition("/")[2]
    if is_secret:
        return Invalid(
            f"this needs '{name}'",
            code="MissingSecret",
            field=at,
            remedy='Send it as {"plaintext": …}; {"hash": …} keeps the stored one.',
        )
    return Invalid(f"'{name}' is missing", code="Missing", field=at, remedy=f"Send '{name}'.")
