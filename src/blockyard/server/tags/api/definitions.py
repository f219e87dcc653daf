"""The routes of tag definitions. Source: api.md 3.7."""

from http import HTTPStatus
from typing import Annotated, Self

from fastapi import APIRouter, Body, Depends, Request, Response
from pydantic import Field, model_validator

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import TAG_DEFINITION as KIND
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import page_request
from blockyard.server.kit.objects import Answers, ObjectIn, list_schema, object_router, object_schema
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.patterns import MAX_PATTERN_CHARACTERS
from blockyard.server.kit.wire import DisplayName, Int64, Name, ShortText, Text, WireModel
from blockyard.server.tags.model import TagDefinition, TagSpec, TargetKind, ValueType, ValueTypeName
from blockyard.server.tags.service import TagDefinitionService

Pattern = Annotated[Text, Field(max_length=MAX_PATTERN_CHARACTERS)]
Number = Annotated[Int64 | float, Field(allow_inf_nan=False)]
Options = Annotated[list[Name], Field(min_length=1, max_length=1000)]


class TextType(WireModel):
    """A text."""

    default_value: ShortText | None = None
    validation_regex: Pattern | None = None


class IntegerType(WireModel):
    """A whole number."""

    default_value: Int64 | None = None


class NumberType(WireModel):
    """A number."""

    default_value: Number | None = None


class SelectType(WireModel):
    """One of some options."""

    options: Options
    default_value: ShortText | None = None


class MultiSelectType(WireModel):
    """Any of some options."""

    options: Options
    default_value: list[ShortText] | None = None


class ValueTypeIn(WireModel):
    """The type of values: exactly one of these."""

    string: TextType | None = None
    email: TextType | None = None
    integer: IntegerType | None = None
    number: NumberType | None = None
    single_select: SelectType | None = None
    multi_select: MultiSelectType | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(content is not None for _, content in self) != 1:
            raise ValueError("must have exactly one of " + ", ".join(ValueTypeName))
        return self

    def value_type(self) -> ValueType:
        """Return the type as use cases take it."""
        sent = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        ((name, content),) = ((name, content) for name, content in sent.items() if content is not None)
        return ValueType(ValueTypeName(name), content)


class TagMetadata(WireModel):
    """The name of a tag definition: `<targetKind>.<key>`."""

    name: Text


class TagSpecIn(WireModel):
    """What administrators say about a tag."""

    target_kind: Annotated[TargetKind, Field(strict=False)]
    key: Name
    value_type: ValueTypeIn
    display_name: DisplayName
    description: Annotated[Text, Field(max_length=4000)] = ""
    sort_order: Int64 = 0
    mandatory: bool = False
    immutable: bool = False
    restricted: bool = False
    replication_key: ShortText | None = None

    def tag_spec(self) -> TagSpec:
        """Return it as use cases take it."""
        sent = dict(self) | {"value_type": self.value_type.value_type()}
        return TagSpec(tag=sent.pop("key"), **sent)


class TagDefinitionIn(ObjectIn[TagMetadata, TagSpecIn]):
    """A tag definition as clients send it."""


TagDefinitionBody = Annotated[TagDefinitionIn, Body(media_type=KIND.media)]
TagDefinitionOut = object_schema(KIND, TagMetadata, TagSpecIn)


def tag_definition_routes(db: Database, definitions: TagDefinitionService, links: Links) -> APIRouter:
    """Return the routes of tag definitions."""
    router, answer = object_router(KIND, "Tag definitions"), Answers(KIND, links, _parts)

    @router.get("", response_model=list_schema(KIND, TagDefinitionOut))
    async def list_tag_definitions(
        request: Request, principal: CurrentPrincipal, page: Annotated[PageRequest, Depends(page_request)]
    ) -> Response:
        """Return the tag definitions, oldest first."""
        return answer.page(await db.read(lambda tx: definitions.page(tx, principal, page)), request)

    @router.post("", status_code=HTTPStatus.CREATED, response_model=TagDefinitionOut)
    async def create_tag_definition(body: TagDefinitionBody, principal: CurrentPrincipal) -> Response:
        """Make a tag definition."""
        name, spec = body.metadata.name, body.spec.tag_spec()
        made = await db.write(lambda tx: definitions.create(tx, principal, name, spec))
        return answer.one(made, HTTPStatus.CREATED)

    @router.get("/{name}", response_model=TagDefinitionOut)
    async def read_tag_definition(name: str, principal: CurrentPrincipal) -> Response:
        """Return a tag definition."""
        return answer.one(await db.read(lambda tx: definitions.get(tx, principal, name)))

    @router.put("/{name}", response_model=TagDefinitionOut)
    async def update_tag_definition(name: str, body: TagDefinitionBody, principal: CurrentPrincipal) -> Response:
        """Change a tag definition but for its kind and key; values that stand stay."""
        sent, spec = body.metadata.name, body.spec.tag_spec()
        return answer.one(await db.write(lambda tx: definitions.update(tx, principal, name, sent, spec)))

    @router.delete("/{name}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_tag_definition(name: str, principal: CurrentPrincipal) -> None:
        """Delete a tag definition and its values everywhere."""
        await db.write(lambda tx: definitions.delete(tx, principal, name))

    return router


def _parts(definition: TagDefinition) -> JsonObject:
    return {"metadata": {"name": definition.key}, "spec": definition.document()}
