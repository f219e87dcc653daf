"""What all plain kinds share on the wire: envelope, schemas, router, answers. Source: api.md 1.5, 1.6, 1.7.

A kind that is served in several versions which are alike names the others, too: `media_class` answers in the one asked for.

A document is put together once, by the function that a kind gives to `Answers`, and sent as it is: a stored object is
shown even if a later version of its schema would not take it any more. The schemas describe it to clients.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from types import GenericAlias
from typing import Annotated, Any, Generic, Literal, Protocol, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field, create_model

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import Kind
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import media, media_class, sent_query
from blockyard.server.kit.paging import Page
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import Name, Text, WireJson, WireModel


class Addressed(Protocol):
    """A model with an address."""

    @property
    def key(self) -> object:
        """What addresses it among its kind; its text stands in URLs."""


class Named(Protocol):
    """A model of a workspace with a name, which stays after its deletion."""

    @property
    def workspace(self) -> str:
        """Its owner."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def created_at(self) -> datetime:
        """When it was made."""

    @property
    def deleted_at(self) -> datetime | None:
        """When it was deleted."""


Metadata = TypeVar("Metadata", bound=WireModel)
Spec = TypeVar("Spec", bound=WireModel)
M = TypeVar("M", bound=Addressed)


class NamedMetadata(WireModel):
    """The name and the workspace of an object; how long a name may be says the rule for names of its kind."""

    name: Text
    owned_by_workspace: Name


class StoredNamedMetadata(NamedMetadata):
    """The name, the workspace and the dates of an object."""

    created_on: str
    deleted_on: str | None


def named_metadata(model: Named) -> JsonObject:
    """Return name, workspace and dates of an object."""
    return {
        "name": model.name,
        "ownedByWorkspace": model.workspace,
        "createdOn": wire_time(model.created_at),
        "deletedOn": wire_time(model.deleted_at) if model.deleted_at else None,
    }


class ObjectIn(WireModel, Generic[Metadata, Spec]):
    """An object as clients send it; what only the server knows is ignored."""

    metadata: Metadata
    spec: Spec


def object_schema(
    kind: Kind,
    metadata: type[WireModel],
    spec: type[WireModel],
    status: type[WireModel] | None = None,
    *,
    others: Sequence[Kind] = (),
) -> type[WireModel]:
    """Return the schema of an object as the API shows it."""
    parts = {"metadata": metadata, "spec": spec} | ({} if status is None else {"status": status})
    return _schema(
        f"{_short(kind)}Out",
        f"A {kind.name} as the API shows it.",
        api_version=_word(kind.version, *(other.version for other in others)),
        kind=_word(kind.name),
        **parts,
        links=Annotated[dict[str, WireJson], Field(alias="_links")],
    )


def list_schema(kind: Kind, shown: type[WireModel]) -> type[WireModel]:
    """Return the schema of a page of a list of objects with the schema `shown`."""
    items = GenericAlias(dict, (_word(kind.plural), GenericAlias(list, (shown,))))
    return _schema(
        f"{_short(kind)}List",
        f"A page of a list of {kind.plural}.",
        embedded=Annotated[items, Field(alias="_embedded")],
        links=Annotated[dict[str, WireJson], Field(alias="_links")],
        page=dict[str, int],
    )


def all_schema(kind: Kind, shown: type[WireModel]) -> type[WireModel]:
    """Return the schema of all objects of one owner, in one answer without pages."""
    items = GenericAlias(dict, (_word(kind.plural), GenericAlias(list, (shown,))))
    return _schema(
        f"{_short(kind)}s", f"All {kind.plural} of one owner.", embedded=Annotated[items, Field(alias="_embedded")]
    )


def _schema(name: str, text: str, **members: object) -> type[WireModel]:
    fields: dict[str, Any] = {member: (of, ...) for member, of in members.items()}  # Any: types made at run time
    return create_model(name, __base__=WireModel, __doc__=text, **fields)


def _word(*words: str) -> object:
    return Literal[words]


def _short(kind: Kind) -> str:
    return kind.name.removeprefix("mesh")


def object_router(kind: Kind, tag: str, *others: Kind) -> APIRouter:
    """Return a router for one kind: its address, and its media type in both directions."""
    types = [each.media for each in (kind, *others)]
    return api_router(
        prefix=kind.collection,
        tags=[tag],
        dependencies=[Depends(media(*types))],
        default_response_class=media_class(*types),
    )


class Answers(Generic[M]):
    """Answers with objects of one kind. `parts` returns the metadata, the spec and, if there is one, the status of a model."""

    def __init__(self, kind: Kind, links: Links, parts: Callable[[M], JsonObject], *others: Kind) -> None:
        self._kind = kind
        self._links = links
        self._parts = parts
        self._answer = media_class(kind.media, *(other.media for other in others))

    def one(self, model: M, status: HTTPStatus = HTTPStatus.OK) -> Response:
        """Return the answer with one object."""
        return self._answer(self.document(model), status_code=status)

    def page(self, found: Page[M], request: Request) -> Response:
        """Return the answer with one page of a list, with links to the others that keep the filters of the request."""
        return self._answer(self._links.page_of(self._kind, found.map(self.document), sent_query(request)))

    def document(self, model: M) -> JsonObject:
        """Return an object in its envelope."""
        return {
            "apiVersion": self._kind.version,
            "kind": self._kind.name,
            **self._parts(model),
            "_links": {"self": {"href": self._links.of(self._kind, model.key)}},
        }
