"""What a source says about a run, and what the control plane answers. Source: runner.md 1.6 to 1.8."""

from collections.abc import Mapping

from pydantic import AliasChoices, Field, JsonValue, field_validator

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.plan_changes import Digest, PlanChanges
from blockyard.protocol.run import InputType, OutputType, RunStatus, StepStatus
from blockyard.protocol.wire import WireModel

OUTPUT_TYPES: Mapping[InputType, OutputType] = {
    InputType.STRING: OutputType.STRING,
    InputType.INTEGER: OutputType.INTEGER,
    InputType.BOOLEAN: OutputType.BOOLEAN,
    InputType.CODE: OutputType.CODE,
    InputType.SINGLE_SELECT: OutputType.STRING,
    InputType.FILE: OutputType.STRING,
    InputType.MULTI_SELECT: OutputType.CODE,
    InputType.LIST: OutputType.CODE,
}
"""The output type an input type becomes when a value is handed on. Source: runner.md 1.7, 4.6."""


def _unset_if_empty(value: object) -> object:
    """Return None for the empty string: the send-status action sends it for everything left out."""
    return None if value == "" else value


class OutputValue(WireModel):
    """One output of a step. Input types are accepted and mapped."""

    value: JsonValue = Field(default=None, repr=False)
    type: OutputType
    is_sensitive: bool = False

    @field_validator("type", mode="before")
    @classmethod
    def _from_input_type(cls, value: object) -> object:
        return OUTPUT_TYPES[InputType(value)] if isinstance(value, str) and value in set(InputType) else value

    @field_validator("is_sensitive", mode="before")
    @classmethod
    def _not_sensitive_if_null(cls, value: object) -> object:
        return False if value is None else value

    def wire(self) -> JsonObject:
        """Return the JSON object; a null value stays."""
        return {"value": self.value, "type": self.type.value, "isSensitive": self.is_sensitive}


class Source(WireModel):
    """Who reports: a runner by its UUID, a pipeline by a name of its own."""

    id: str = Field(min_length=1)
    external_run_id: str | None = Field(
        default=None, validation_alias=AliasChoices("externalRunId", "externalId", "external_run_id")
    )
    external_run_url: str | None = Field(
        default=None, validation_alias=AliasChoices("externalRunUrl", "externalUrl", "external_run_url")
    )

    @field_validator("external_run_id", mode="before")
    @classmethod
    def _number_to_text(cls, value: object) -> object:
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return str(value) if is_number else _unset_if_empty(value)

    @field_validator("external_run_url", mode="before")
    @classmethod
    def _unset(cls, value: object) -> object:
        return _unset_if_empty(value)


class StepUpdate(WireModel):
    """A change of one step; what is None stays as it is. Messages replace."""

    id: str = Field(min_length=1)
    display_name: str | None = None
    status: StepStatus | None = None
    user_message: str | None = None
    system_message: str | None = None
    outputs: dict[str, OutputValue] | None = None

    @field_validator("display_name", "status", "user_message", "system_message", mode="before")
    @classmethod
    def _unset(cls, value: object) -> object:
        return _unset_if_empty(value)

    def wire(self) -> JsonObject:
        """Return the JSON object; what is unset is left out, null output values stay."""
        document = super().wire()
        if self.outputs is not None:
            document["outputs"] = {name: output.wire() for name, output in self.outputs.items()}
        return document


class SourceRegistration(WireModel):
    """A source and the steps it will report on, in the order people shall see them."""

    source: Source
    steps: tuple[StepUpdate, ...] = ()

    @field_validator("steps", mode="before")
    @classmethod
    def _none_is_empty(cls, value: object) -> object:
        return () if value is None else value

    def wire(self) -> JsonObject:
        """Return the JSON object as the official OpenTofu runner sends it: a step status of null."""
        steps: list[Json] = [{"id": s.id, "displayName": s.display_name, "status": s.status} for s in self.steps]
        return {"source": self.source.wire(), "steps": steps}


class StatusUpdate(WireModel):
    """A partial update of a run by one source; what is None stays as it is."""

    status: RunStatus | None = None
    summary: str | None = None
    steps: tuple[StepUpdate, ...] | None = None
    block_run_id: str | None = None
    source: str | None = None
    type: str | None = None
    created_on: str | None = None
    artifact: str | None = Field(default=None, repr=False)
    """The plan file of a DETECT run, base64."""
    changes_detected: bool | None = None
    plan_changes: PlanChanges | None = None
    """What the plan of a DETECT run would change; Blockyard's runner tells it Blockyard."""
    plan_digest: Digest | None = None
    """The SHA-256 of the plan file that was made, or of the one that was applied; told likewise."""

    @field_validator("status", "summary", "artifact", mode="before")
    @classmethod
    def _unset(cls, value: object) -> object:
        return _unset_if_empty(value)

    def wire(self) -> JsonObject:
        """Return the JSON object; `status` and `summary` are always there, as the official runner sends them."""
        steps: list[Json] | None = None if self.steps is None else [step.wire() for step in self.steps]
        return {"status": None, "summary": None, **super().wire(), "steps": steps}


class UpdateReply(WireModel):
    """The answer to a status update, a heartbeat or a log chunk."""

    run_aborted: bool = False
    """The runner shall stop working on the run."""
