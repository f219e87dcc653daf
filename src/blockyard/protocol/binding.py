"""Where a secret belongs: the place a bound envelope is sealed for, and whether a run document is that place.

A bound envelope opens only together with its place (`sealing.py`). The document of a run says for which place each envelope was
sealed; the runner believes it only where that is the document's own block or definition, and the member the envelope stands in.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from blockyard.protocol.jsontypes import Json, JsonObject

_MARK = b"blockyard sealed for\n"
"""Begins the additional data, so that it is never that of another use."""

_INPUT = "input/"


class Owner(StrEnum):
    """What kind of object a secret was entered for."""

    BLOCK = "buildingBlock"
    DEFINITION = "buildingBlockDefinition"
    INTEGRATION = "integration"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFor:
    """The place of a secret.

    Attributes:
        workspace: who owns the object.
        key: what of the object it is: `input/<key>` or `implementation/<member>`.
    """

    workspace: str
    owner: Owner
    uuid: str
    key: str

    def additional_data(self) -> bytes:
        """Return what the encryption is bound to; two places never give the same."""
        members = [self.workspace, self.owner.value, self.uuid, self.key]
        return _MARK + json.dumps(members, ensure_ascii=True, separators=(",", ":")).encode()

    def document(self) -> JsonObject:
        """Return the form in documents."""
        return {"workspace": self.workspace, "owner": self.owner.value, "uuid": self.uuid, "key": self.key}


def sealed_for(document: Json) -> SealedFor:
    """Return the place a document names. Raises ValueError if it names none."""
    if not isinstance(document, dict):
        raise ValueError("not the place of a secret")  # noqa: TRY004  bad data, not a wrong call
    text = {name: str(document.get(name) or "") for name in ("workspace", "owner", "uuid", "key")}
    if not all(text.values()):
        raise ValueError("not the place of a secret")
    return SealedFor(workspace=text["workspace"], owner=Owner(text["owner"]), uuid=text["uuid"], key=text["key"])


def input_key(key: str) -> str:
    """Return how places name an input."""
    return f"{_INPUT}{key}"


def member_key(member: str) -> str:
    """Return how places name a member of the implementation, in the spelling of runs."""
    return f"implementation/{member}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPlace:
    """What a run document is about; `uuids` are those of its block and of its definition."""

    workspaces: Mapping[Owner, str]
    uuids: Mapping[Owner, str]

    @classmethod
    def of(cls, *, workspace: str, block: str, provider: str, definition: str) -> "DocumentPlace":
        """Return the place of a block of `workspace` and a definition of `provider`."""
        return cls(
            workspaces={Owner.BLOCK: workspace, Owner.DEFINITION: provider, Owner.INTEGRATION: provider},
            uuids={Owner.BLOCK: block, Owner.DEFINITION: definition},
        )

    def misfit(self, place: SealedFor, key: str, *, is_renamed: bool = False) -> str | None:
        """Return why an envelope for `place` does not belong to the member `key` here; None if it does.

        One that `is_renamed` may be of another input of the same object. An integration has no id in a run document: its workspace
        and the member decide.
        """
        allowed = {Owner.BLOCK, Owner.DEFINITION} if key.startswith(_INPUT) else {Owner.DEFINITION, Owner.INTEGRATION}
        was_input = is_renamed and key.startswith(_INPUT) and place.key.startswith(_INPUT)
        if not (place.key == key or was_input) or place.owner not in allowed:
            return f"it was sealed for '{place.key}' of {place.owner} {place.uuid}, not for '{key}'"
        if place.workspace != self.workspaces[place.owner]:
            return f"it was sealed for workspace '{place.workspace}'"
        if place.uuid != self.uuids.get(place.owner, place.uuid):
            return f"it was sealed for {place.owner} {place.uuid}"
        return None
