"""The form of an order: what a version takes and gives, for those who order it. Blockyard's own endpoint.

Versions themselves are shown to their owners only (api.md 2.7): they hold implementations and fixed values.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse
from pydantic import Field

from blockyard.server.definitions.model import PEOPLE, AssignmentType, Definition, InputSpec, Version, VersionId
from blockyard.server.definitions.model.values import usable_value
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.identity.api import CurrentPrincipal, holding
from blockyard.server.identity.permissions import permissions_in_words
from blockyard.server.kit.bodies import LARGE_BYTES
from blockyard.server.kit.database import Database
from blockyard.server.kit.routers import api_router, takes
from blockyard.server.kit.wire import Name, WireJson, WireModel
from blockyard.server.runners.model import StoredSecret

MAX_VALUES = 1000
"""Inputs of one form; no version has so many."""

_FILLED_IN = PEOPLE | {AssignmentType.PAYMENT_METHOD}


class Markdown(PlainTextResponse):
    """An answer in markdown."""

    media_type = "text/markdown"


class FormInput(WireModel):
    """An input that people fill in; the default of a sensitive one is not shown."""

    key: str
    display_name: str
    description: str | None
    type: str
    assignment_type: str
    is_sensitive: bool
    updateable_by_consumer: bool
    has_default: bool
    default_value: WireJson
    selectable_values: list[str] | None
    value_validation_regex: str | None
    validation_regex_error_message: str | None
    json_schema: str | None
    is_optional: bool
    condition: str | None
    adapts: Annotated[bool, Field(description="Its options or its default depend on other values.")]


class FormOutput(WireModel):
    """An output of a version."""

    key: str
    display_name: str
    type: str
    assignment_type: str


class OrderForm(WireModel):
    """What an order of a version needs and gives; inputs and outputs in the order people read them."""

    version_uuid: str
    version_number: int
    state: str
    definition_uuid: str
    display_name: str
    display_name_template: str | None
    description: str
    readme: str | None
    support_url: str | None
    documentation_url: str | None
    run_transparency: bool
    permissions: Annotated[
        list[str], Field(description="What the API key of a run may do in the workspace of the building block.")
    ]
    permissions_in_words: Annotated[
        list[str], Field(description="The same in words, one sentence for each kind of thing.")
    ]
    dependency_definition_uuids: list[str]
    inputs: list[FormInput]
    outputs: list[FormOutput]


class FormValues(WireModel):
    """What was filled in so far, by the keys of the inputs; secrets are left out, which no condition reads."""

    values: dict[Name, WireJson] = Field(max_length=MAX_VALUES)


class HiddenInputs(WireModel):
    """The keys of inputs whose condition is false: they have no value, and are not asked for."""

    hidden: list[str]


def form_routes(db: Database, definitions: DefinitionService) -> APIRouter:
    """Return the route of order forms."""
    router = api_router(tags=["Definitions"])

    @router.get("/api/blockyard/v1/definitionversions/{uuid}/form")
    async def read_order_form(
        uuid: UUID, principal: CurrentPrincipal, workspace: Annotated[Name | None, Query()] = None
    ) -> OrderForm:
        """Return what a version takes and gives; with `workspace` only to those who may order it for that workspace."""
        if workspace is None:
            return _form(*await db.read(lambda tx: definitions.offered_version(tx, principal, VersionId(uuid))))
        return _form(*await db.read(lambda tx: definitions.order_form(tx, principal, VersionId(uuid), workspace)))

    @router.post("/api/blockyard/v1/definitionversions/{uuid}/hidden-inputs")
    @takes(LARGE_BYTES, holding("BUILDINGBLOCK_SAVE"))
    async def find_hidden_inputs(uuid: UUID, body: FormValues, principal: CurrentPrincipal) -> HiddenInputs:
        """Return which inputs of a version are hidden with these values, and defaults for the others."""
        hidden = await db.read(lambda tx: definitions.hidden_inputs(tx, principal, VersionId(uuid), body.values))
        return HiddenInputs(hidden=[*hidden])

    @router.get("/api/blockyard/v1/definitionversions/{uuid}/documentation", response_class=Markdown)
    async def read_version_documentation(uuid: UUID, principal: CurrentPrincipal) -> Markdown:
        """Return the documentation of a version as markdown: inputs, outputs, dependencies, permissions."""
        return Markdown(await db.read(lambda tx: definitions.documentation(tx, principal, VersionId(uuid))))

    return router


def _form(definition: Definition, version: Version) -> OrderForm:
    inputs = [spec for spec in version.inputs.values() if spec.assignment_type in _FILLED_IN]
    return OrderForm(
        version_uuid=str(version.id),
        version_number=version.number,
        state=version.state.value,
        definition_uuid=str(definition.id),
        display_name=definition.display_name,
        display_name_template=definition.display_name_template,
        description=definition.description,
        readme=definition.readme,
        support_url=definition.support_url,
        documentation_url=definition.documentation_url,
        run_transparency=definition.run_transparency,
        permissions=sorted(version.run_permissions),
        permissions_in_words=[*permissions_in_words(version.run_permissions)],
        dependency_definition_uuids=[str(dependency) for dependency in version.dependencies],
        inputs=[_input(spec) for spec in sorted(inputs, key=lambda spec: (spec.display_order, spec.key))],
        outputs=[
            FormOutput(
                key=spec.key,
                display_name=spec.display_name or spec.key,
                type=spec.type.value,
                assignment_type=spec.assignment_type.value,
            )
            for spec in sorted(version.outputs.values(), key=lambda spec: (spec.display_order, spec.key))
        ],
    )


def _input(spec: InputSpec) -> FormInput:
    default = usable_value(spec.type, spec.default_value)
    return FormInput(
        key=spec.key,
        display_name=spec.label,
        description=spec.description,
        type=spec.kind.value,
        assignment_type=spec.assignment_type.value,
        is_sensitive=spec.is_sensitive,
        updateable_by_consumer=spec.updateable_by_consumer,
        has_default=spec.default_value is not None,
        default_value=None if isinstance(default, StoredSecret) else default,
        selectable_values=None if spec.selectable_values is None else list(spec.selectable_values),
        value_validation_regex=spec.value_validation_regex,
        validation_regex_error_message=spec.validation_regex_error_message,
        json_schema=spec.json_schema,
        is_optional=spec.is_optional,
        condition=spec.condition,
        adapts=spec.adapts,
    )
