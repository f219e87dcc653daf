"""What tags a person or a group has. Source: concepts.md 20."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import NAMESPACE_OID, UUID, uuid5

from blockyard.protocol.jsontypes import JsonObject

PrincipalTagsId = NewType("PrincipalTagsId", UUID)


class Whose(StrEnum):
    """Whether tags are a person's or a group's."""

    USER = "user"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Subject:
    """A person or a group, by the name that bindings have."""

    whose: Whose
    name: str

    @property
    def id(self) -> PrincipalTagsId:
        """What stands for it among things with tags, whether it has any or not: names may be long, and never change."""
        return PrincipalTagsId(uuid5(NAMESPACE_OID, f"{self.whose} {self.name}"))

    def __str__(self) -> str:
        return f"{self.whose} '{self.name}'"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalTags:
    """The tags of a person or a group."""

    id: PrincipalTagsId
    whose: Whose
    name: str
    tags: Mapping[str, Sequence[str]]
    created_at: datetime
    revision: int = 0

    @property
    def subject(self) -> Subject:
        """Whose they are."""
        return Subject(self.whose, self.name)

    @property
    def key(self) -> str:
        """What events call them."""
        return self.name

    @property
    def workspace(self) -> None:
        """Which workspace they belong to: none."""
        return

    def document(self) -> JsonObject:
        """Return what events say about them."""
        return {self.whose.value: self.name, "tags": {key: [*values] for key, values in self.tags.items()}}
