"""The routes of bindings, alike for people and groups. Source: api.md 3.2."""

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Response
from pydantic import Field

from blockyard.protocol.kinds import WORKSPACE_GROUP_BINDING, WORKSPACE_USER_BINDING
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import joined
from blockyard.server.kit.objects import object_router
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import Name, Text, WireDate, WireJson, WireModel
from blockyard.server.workspaces.model import Binding, BindingKind, NewBinding, parse_role
from blockyard.server.workspaces.service import BindingService

_KIND = {BindingKind.USER: WORKSPACE_USER_BINDING, BindingKind.GROUP: WORKSPACE_GROUP_BINDING}
_WORD = {BindingKind.USER: "user", BindingKind.GROUP: "group"}


class BindingMetadata(WireModel):
    """The name of a binding."""

    name: Annotated[Text, Field(min_length=1, max_length=45)]


class BareRef(WireModel):
    """A reference by name alone."""

    name: Name


class BindingBody(WireModel):
    """A binding as clients send it."""

    metadata: BindingMetadata
    role_ref: BareRef
    target_ref: BareRef
    subject: BareRef
    expiry_date: WireDate | None = None

    def new(self, kind: BindingKind) -> NewBinding:
        """Return the binding as use cases take it."""
        return NewBinding(
            kind=kind,
            name=self.metadata.name,
            role=parse_role(self.role_ref.name),
            workspace=self.target_ref.name,
            subject=self.subject.name,
            expires_on=self.expiry_date,
        )


class BindingDocument(BindingBody):
    """A binding as the API shows it."""

    api_version: str = "v2"
    kind: str
    links: dict[str, WireJson] = Field(alias="_links")


class BindingEnd(WireModel):
    """Until the end of which day a role lasts; null if it does not end."""

    kind: Literal["meshWorkspaceUserBinding", "meshWorkspaceGroupBinding"]
    name: Annotated[Text, Field(min_length=1, max_length=45)]
    expiry_date: WireDate | None


class BindingList(WireModel):
    """All bindings of a workspace."""

    embedded: dict[str, list[BindingDocument]] = Field(alias="_embedded")


def binding_routes(db: Database, bindings: BindingService, links: Links) -> APIRouter:
    """Return the routes of bindings."""
    router = api_router(tags=["Workspace bindings"])

    @router.get("/api/blockyard/v1/workspaces/{workspace}/bindings")
    async def list_bindings(workspace: str, principal: CurrentPrincipal) -> BindingList:
        """Return all bindings of a workspace, oldest first."""
        found = await db.read(lambda tx: bindings.of_workspace(tx, principal, workspace))
        return BindingList(
            embedded={
                f"{kind}s": [_document(binding, links) for binding in found if binding.kind is kind]
                for kind in BindingKind
            }
        )

    @router.put("/api/blockyard/v1/binding-ends")
    async def change_binding_end(body: Annotated[BindingEnd, Body()], principal: CurrentPrincipal) -> BindingDocument:
        """Let a role in a workspace end on another day, or not at all."""
        kind = BindingKind(body.kind)
        changed = await db.write(lambda tx: bindings.change_end(tx, principal, kind, body.name, body.expiry_date))
        return _document(changed, links)

    return joined(*(_routes(kind, db, bindings, links) for kind in BindingKind), router)


def _routes(kind: BindingKind, db: Database, bindings: BindingService, links: Links) -> APIRouter:
    """Return the routes of one kind; names of bindings that are older than the rule for them may have slashes."""
    of, word = _KIND[kind], _WORD[kind]
    router = object_router(of, "Workspace bindings")

    @router.post("", status_code=HTTPStatus.CREATED, name=f"create_workspace_{word}_binding")
    async def create(
        body: Annotated[BindingBody, Body(media_type=of.media)], principal: CurrentPrincipal
    ) -> BindingDocument:
        """Give a role in a workspace."""
        new = body.new(kind)
        return _document(await db.write(lambda tx: bindings.create(tx, principal, new)), links)

    @router.get("/{name:path}", name=f"read_workspace_{word}_binding")
    async def read(name: str, principal: CurrentPrincipal) -> BindingDocument:
        """Return a binding."""
        return _document(await db.read(lambda tx: bindings.get(tx, principal, kind, name)), links)

    @router.delete(
        "/{name:path}",
        status_code=HTTPStatus.NO_CONTENT,
        response_class=Response,
        name=f"delete_workspace_{word}_binding",
    )
    async def delete(name: str, principal: CurrentPrincipal) -> None:
        """Take a role in a workspace away."""
        await db.write(lambda tx: bindings.delete(tx, principal, kind, name))

    return router


def _document(binding: Binding, links: Links) -> BindingDocument:
    return BindingDocument(
        kind=binding.kind.value,
        metadata=BindingMetadata(name=binding.name),
        role_ref=BareRef(name=binding.role.value),
        target_ref=BareRef(name=binding.workspace),
        subject=BareRef(name=binding.subject),
        expiry_date=binding.expires_on,
        links={"self": {"href": links.of(_KIND[binding.kind], binding.name)}},
    )
