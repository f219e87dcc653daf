"""The objects commands work with, read from their wire documents. Source: api.md 3.16-3.18."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from blockyard.cli.documents import flag, member, members, number, objects, text, texts
from blockyard.protocol.jsontypes import Json, JsonObject

DRAFT = "DRAFT"
RELEASED = "RELEASED"
USER_INPUT = "USER_INPUT"
FROM_CONSUMERS = frozenset({USER_INPUT, "PAYMENT_METHOD"})
OPERATOR_INPUT = "PLATFORM_OPERATOR_MANUAL_INPUT"


class BlockStatus(StrEnum):
    """What `--status` of a list of building blocks may say. Source: api.md 3.18."""

    WAITING_FOR_USER_INPUT = "WAITING_FOR_USER_INPUT"
    WAITING_FOR_OPERATOR_INPUT = "WAITING_FOR_OPERATOR_INPUT"
    WAITING_FOR_DEPENDENT_INPUT = "WAITING_FOR_DEPENDENT_INPUT"
    WAITING_FOR_APPROVAL = "WAITING_FOR_APPROVAL"
    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    ABORTED = "ABORTED"


FINAL = frozenset({"SUCCEEDED", "FAILED", "ABORTED"})
"""Statuses of runs and building blocks that end the waiting for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """An input of a definition version."""

    key: str
    name: str
    type: str
    assignment: str
    sensitive: bool = False
    default: Json = None
    options: tuple[str, ...] = ()
    description: str = ""
    regex: str = ""
    regex_message: str = ""
    order: int = 0
    has_default: bool = False
    """Whether an order without a value takes the default; that of a secret is not shown."""
    is_optional: bool = False
    condition: str = ""
    adapts: bool = False
    """Whether its options or its default depend on other values."""

    @property
    def is_needed(self) -> bool:
        """Whether an order has to say a value, if its condition holds."""
        return self.assignment in FROM_CONSUMERS and not (self.has_default or self.is_optional)

    @property
    def can_be_left_out(self) -> bool:
        """Whether who orders is asked for a value, and may give none."""
        return self.assignment in FROM_CONSUMERS and self.is_optional and not self.has_default

    @classmethod
    def read(cls, key: str, document: Json) -> "Input":
        """Return the input that a member of `spec.inputs` describes."""
        return cls(
            key=key,
            name=text(document, "displayName") or key,
            type=text(document, "type"),
            assignment=text(document, "assignmentType"),
            sensitive=flag(document, "isSensitive"),
            default=member(document, "defaultValue"),
            options=() if flag(document, "adapts") else tuple(texts(document, "selectableValues")),
            description=text(document, "description"),
            regex=text(document, "valueValidationRegex"),
            regex_message=text(document, "validationRegexErrorMessage"),
            order=number(document, "displayOrder") or 0,
            has_default=flag(document, "hasDefault") or member(document, "defaultValue") is not None,
            is_optional=flag(document, "isOptional"),
            condition=text(document, "condition"),
            adapts=flag(document, "adapts"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a definition."""

    id: str
    definition_id: str
    number: int
    state: str
    inputs: tuple[Input, ...]
    document: JsonObject

    @property
    def inputs_by_key(self) -> Mapping[str, Input]:
        """The inputs by their keys."""
        return {item.key: item for item in self.inputs}

    @classmethod
    def read(cls, document: JsonObject) -> "Version":
        """Return the version of a wire document, its inputs in display order."""
        inputs = [Input.read(key, value) for key, value in members(document, "spec", "inputs").items()]
        return cls(
            id=text(document, "metadata", "uuid"),
            definition_id=text(document, "spec", "buildingBlockDefinitionRef", "uuid"),
            number=number(document, "spec", "versionNumber") or 0,
            state=text(document, "spec", "state"),
            inputs=tuple(sorted(inputs, key=lambda item: (item.order, item.key))),
            document=document,
        )

    @classmethod
    def read_form(cls, document: JsonObject) -> "Version":
        """Return the version of an order form, or of a building block's detail: with the inputs people fill in."""
        version = members(document, "version")
        return cls(
            id=text(document, "versionUuid") or text(version, "uuid"),
            definition_id=text(document, "definitionUuid") or text(document, "definition", "uuid"),
            number=number(document, "versionNumber") or number(version, "number") or 0,
            state=text(document, "state") or text(version, "state"),
            inputs=tuple(Input.read(text(item, "key"), item) for item in objects(document, "inputs")),
            document=document,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A building block definition as its reader may see it."""

    id: str
    name: str
    workspace: str
    target_type: str
    description: str
    latest: int | None
    latest_id: str
    released: int | None
    released_id: str
    blocks: int | None
    document: JsonObject

    @classmethod
    def read(cls, document: JsonObject) -> "Definition":
        """Return the definition of a wire document."""
        return cls(
            id=text(document, "metadata", "uuid"),
            name=text(document, "spec", "displayName"),
            workspace=text(document, "metadata", "ownedByWorkspace"),
            target_type=text(document, "spec", "targetType"),
            description=text(document, "spec", "description"),
            latest=number(document, "status", "latestVersion"),
            latest_id=text(document, "status", "latestVersionUuid"),
            released=number(document, "status", "latestReleasedVersion"),
            released_id=text(document, "status", "latestReleasedVersionUuid"),
            blocks=number(document, "status", "usageCount"),
            document=document,
        )

    @property
    def sound_id(self) -> str:
        """The id of the latest released version that is not defective; empty if there is none."""
        versions = objects(self.document, "status", "versions")
        sound = [item for item in versions if text(item, "state") == RELEASED and not members(item, "defect")]
        latest = max(sound, key=lambda item: number(item, "versionNumber") or 0, default={})
        return text(latest, "versionUuid")

    @property
    def version_numbers(self) -> Mapping[str, int]:
        """Version ids and their numbers, as far as the reader may see them."""
        return {
            text(item, "versionUuid"): number(item, "versionNumber") or 0
            for item in objects(self.document, "status", "versions")
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A building block."""

    id: str
    name: str
    workspace: str
    version_id: str
    status: str
    lifecycle: str
    run_id: str
    inputs: JsonObject
    outputs: JsonObject
    document: JsonObject

    @classmethod
    def read(cls, document: JsonObject) -> "Block":
        """Return the building block of a wire document."""
        return cls(
            id=text(document, "metadata", "uuid"),
            name=text(document, "spec", "displayName"),
            workspace=text(document, "metadata", "ownedByWorkspace"),
            version_id=text(document, "spec", "buildingBlockDefinitionVersionRef", "uuid"),
            status=text(document, "status", "status"),
            lifecycle=text(document, "status", "lifecycle", "state"),
            run_id=text(document, "status", "latestRunUuid"),
            inputs=members(document, "spec", "inputs"),
            outputs=members(document, "status", "outputs"),
            document=document,
        )

    @property
    def waits(self) -> bool:
        """Whether somebody must do something before it goes on."""
        return self.status.startswith("WAITING_")

    @property
    def settled(self) -> bool:
        """Whether no run is going on or due."""
        return self.status in FINAL or self.waits or self.lifecycle == "DELETED"
