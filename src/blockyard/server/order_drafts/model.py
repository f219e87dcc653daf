"""What a draft of an order is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NewType, TypeAlias
from uuid import UUID

from blockyard.server.definitions.model import DefinitionId
from blockyard.server.kit.errors import Invalid, NotFound

OrderDraftId = NewType("OrderDraftId", UUID)

Typed: TypeAlias = "str | Sequence[str]"
"""What a field holds: a text, or the options that are chosen."""

MAX_DRAFTS = 100
"""So many a person may have."""

MAX_FIELDS = 600
MAX_CHARACTERS = 200_000
"""Of all fields of a draft together."""

KEPT_FOR = timedelta(days=90)
"""A draft that nobody has touched for so long is removed."""


class DraftNotFound(NotFound):
    """There is no such draft, any more or for this person."""

    code = "DraftNotFound"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftContent:
    """What was entered.

    Attributes:
        fields: by the name of the field, such as `name`, `workspace` or `input.<key>`.
        left_out: names of fields that something was entered in which is never kept.
    """

    fields: Mapping[str, Typed] = field(default_factory=dict, repr=False)
    left_out: tuple[str, ...] = ()

    def check(self) -> None:
        """Refuse what is too much. Raises Invalid."""
        size = sum(len(name) + sum(map(len, _texts(typed))) for name, typed in self.fields.items())
        if len(self.fields) > MAX_FIELDS or size > MAX_CHARACTERS:
            raise Invalid(
                f"a draft has at most {MAX_FIELDS} fields with {MAX_CHARACTERS} characters together",
                code="DraftTooLarge",
                field="/spec/fields",
                remedy="Order without a draft, or shorten what is entered.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDraft(DraftContent):
    """A draft; `owner` is who began it."""

    id: OrderDraftId
    owner: str
    definition_id: DefinitionId
    created_at: datetime
    changed_at: datetime
    revision: int = 0

    @property
    def key(self) -> OrderDraftId:
        """What addresses this draft."""
        return self.id


def _texts(typed: Typed) -> Sequence[str]:
    return (typed,) if isinstance(typed, str) else typed
