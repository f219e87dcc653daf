"""What becomes of the inputs of building blocks that are changed to a version: its author says so in the version.

Each step reads the values under the version before, all steps at once: what RENAME, MAP and SPLIT read is gone afterwards, what they
write is there. DEFAULT gives a value to building blocks that have none then, where new orders have to choose.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from blockyard.protocol.jsontypes import Json, JsonObject


class MigrationAction(StrEnum):
    """What a step does."""

    RENAME = "RENAME"
    MAP = "MAP"
    SPLIT = "SPLIT"
    DEFAULT = "DEFAULT"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputMigration:
    """One step.

    Attributes:
        source: the input of the version before that RENAME, MAP and SPLIT read.
        target: the input that RENAME, MAP and DEFAULT write.
        parts: the inputs that SPLIT writes, in this order; the last one takes what is left.
        separator: what SPLIT cuts at.
        values: pairs of an old and a new value of MAP; what is in none stays as it is.
        value: what DEFAULT gives.
    """

    action: MigrationAction
    source: str | None = None
    target: str | None = None
    parts: tuple[str, ...] = ()
    separator: str | None = None
    values: tuple[tuple[Json, Json], ...] = field(default=(), repr=False)
    value: Json = field(default=None, repr=False)

    @property
    def written(self) -> tuple[str, ...]:
        """The inputs that the step writes."""
        return self.parts if self.action is MigrationAction.SPLIT else (self.target or "",)

    def document(self) -> JsonObject:
        """Return the step as it was sent and is stored: members that its action does not have are left out."""
        return dict(self._members())

    def _members(self) -> Iterator[tuple[str, Json]]:
        yield "action", self.action.value
        if self.source is not None:
            yield "from", self.source
        if self.target is not None:
            yield "to", self.target
        if self.parts:
            yield "parts", [*self.parts]
        if self.separator is not None:
            yield "separator", self.separator
        if self.values:
            yield "values", [{"from": old, "to": new} for old, new in self.values]
        if self.value is not None:
            yield "value", self.value


def read_migration(stored: JsonObject) -> InputMigration:
    """Return the step of a document."""
    parts, values, separator = stored.get("parts"), stored.get("values"), stored.get("separator")
    source, target = stored.get("from"), stored.get("to")
    return InputMigration(
        action=MigrationAction(str(stored["action"])),
        source=None if source is None else str(source),
        target=None if target is None else str(target),
        parts=tuple(map(str, parts)) if isinstance(parts, list) else (),
        separator=None if separator is None else str(separator),
        values=tuple((pair["from"], pair["to"]) for pair in values if isinstance(pair, dict))
        if isinstance(values, list)
        else (),
        value=stored.get("value"),
    )
