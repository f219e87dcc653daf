"""What a plan would change, as runner and server tell each other: only what is different, without secrets, and not too much.

Blockyard's runner reads it from the engine's own JSON of the plan (`show -json`) and sends it in the last report of a DETECT run.
Sensitive values never leave the runner: it knows what the plan marks as sensitive, and the secrets of the run. A digest stands for
everything that the plan would do, sensitive values and what was left out here too, so that two plans can be told apart.
"""

from typing import Annotated

from pydantic import Field, JsonValue

from blockyard.protocol.names import ChangeAction
from blockyard.protocol.wire import WireModel

MOST_CHANGES = 5000
MOST_ATTRIBUTES = 200
"""Of one resource."""
MOST_CHARACTERS = 1000
"""Of one value."""
MOST_BYTES = 8 * 1024 * 1024
"""Of all attributes together, about."""

_MOST_NAME = 4096


ShortText = Annotated[str, Field(max_length=_MOST_NAME)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]


class AttributeChange(WireModel):
    """One value that becomes another one; neither is there where it is sensitive. What is None is not set."""

    path: ShortText
    before: JsonValue = Field(default=None, repr=False)
    after: JsonValue = Field(default=None, repr=False)
    sensitive: bool = False
    unknown: bool = False
    """The value afterwards is known only then."""
    forces_replacement: bool = False
    cut: bool = False
    """A value was too long, and only its beginning is here."""


class ResourceChange(WireModel):
    """What becomes of one resource, or of one output of the module."""

    address: Annotated[str, Field(min_length=1, max_length=_MOST_NAME)]
    type: ShortText
    action: ChangeAction
    reason: ShortText | None = None
    """Why it is replaced, deleted or read, in the engine's word, such as `replace_because_tainted`."""
    previous_address: ShortText | None = None
    imported_id: ShortText | None = None
    deposed: ShortText | None = None
    """The key of an object that an earlier replacement left."""
    attributes: Annotated[tuple[AttributeChange, ...], Field(max_length=MOST_ATTRIBUTES)] = ()
    attributes_left_out: Count = 0
    digest: Digest

    @property
    def is_moved(self) -> bool:
        """Whether it had another address."""
        return self.previous_address is not None and self.previous_address != self.address


class PlanChanges(WireModel):
    """What a plan would change."""

    resources: Annotated[tuple[ResourceChange, ...], Field(max_length=MOST_CHANGES)] = ()
    outputs: Annotated[tuple[ResourceChange, ...], Field(max_length=MOST_CHANGES)] = ()
    left_out: Count = 0
    """How many resources are not here because there are too many."""
    counts: dict[ChangeAction, Count] = Field(default_factory=dict)
    """How many resources there are of each action, those left out too."""
    moved: Count = 0
    imported: Count = 0
    """How many resources are moved or imported, also those that change besides."""
    digest: Digest
    """Equal for plans that would do the same, whenever they were made."""
