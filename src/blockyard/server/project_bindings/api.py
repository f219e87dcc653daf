"""The routes of bindings of projects, alike for people and groups. Source: api.md 3.4."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Response
from pydantic import Field

from blockyard.protocol.kinds import PROJECT_GROUP_BINDING, PROJECT_USER_BINDING
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import joined
from blockyard.server.kit.objects import object_router
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import Name, Text, WireJson, WireModel
from blockyard.server.project_bindings.model import Binding, BindingKind, NewBinding
from blockyard.server.project_bindings.service import ProjectBindingService
from blockyard.server.projects.api import project_key
from blockyard.server.projects.model import ProjectKey

_KIND = {BindingKind.USER: PROJECT_USER_BINDING, BindingKind.GROUP: PROJECT_GROUP_BINDING}
_WORD = {BindingKind.USER: "user", BindingKind.GROUP: "group"}
_TAG = "Project bindings"


class ProjectBindingMetadata(WireModel):
    """The name of a binding."""

    name: Annotated[Text, Field(min_length=1, max_length=45)]


class SubjectRef(WireModel):
    """A reference by name alone."""

    name: Name


class ProjectTargetRef(WireModel):
    """A reference to a project."""

    name: Name
    owned_by_workspace: Name


class ProjectBindingBody(WireModel):
    """A binding as clients send it."""

    metadata: ProjectBindingMetadata
    role_ref: SubjectRef
    target_ref: ProjectTargetRef
    subject: SubjectRef

    def new(self, kind: BindingKind) -> NewBinding:
        """Return the binding as use cases take it."""
        return NewBinding(
            kind=kind,
            name=self.metadata.name,
            role=self.role_ref.name,
            project=ProjectKey(self.target_ref.owned_by_workspace, self.target_ref.name),
            subject=self.subject.name,
        )


class ProjectBindingDocument(ProjectBindingBody):
    """A binding as the API shows it."""

    api_version: str = "v3"
    kind: str
    links: dict[str, WireJson] = Field(alias="_links")


class ProjectBindingList(WireModel):
    """All bindings of a project."""

    embedded: dict[str, list[ProjectBindingDocument]] = Field(alias="_embedded")


class _Documents:
    """Shows bindings, with the name of their role as it is now."""

    def __init__(self, bindings: ProjectBindingService, links: Links) -> None:
        self._bindings, self._links = bindings, links

    def of(self, tx: Transaction, binding: Binding) -> ProjectBindingDocument:
        return ProjectBindingDocument(
            kind=binding.kind.value,
            metadata=ProjectBindingMetadata(name=binding.name),
            role_ref=SubjectRef(name=self._bindings.role_of(tx, binding).display_name),
            target_ref=ProjectTargetRef(name=binding.project, owned_by_workspace=binding.workspace),
            subject=SubjectRef(name=binding.subject),
            links={"self": {"href": self._links.of(_KIND[binding.kind], binding.name)}},
        )


def project_binding_routes(db: Database, bindings: ProjectBindingService, links: Links) -> APIRouter:
    """Return the routes of bindings of projects."""
    router, documents = api_router(tags=[_TAG]), _Documents(bindings, links)

    @router.get("/api/blockyard/v1/projects/{identifier}/bindings")
    async def list_project_bindings(
        key: Annotated[ProjectKey, Depends(project_key)], principal: CurrentPrincipal
    ) -> ProjectBindingList:
        """Return all bindings of a project, oldest first."""

        def found(tx: Transaction) -> list[ProjectBindingDocument]:
            return [documents.of(tx, binding) for binding in bindings.of_project(tx, principal, key)]

        listed = await db.read(found)
        return ProjectBindingList(
            embedded={f"{kind}s": [one for one in listed if one.kind == kind.value] for kind in BindingKind}
        )

    return joined(*(_routes(kind, db, bindings, documents) for kind in BindingKind), router)


def _routes(kind: BindingKind, db: Database, bindings: ProjectBindingService, documents: _Documents) -> APIRouter:
    of, word = _KIND[kind], _WORD[kind]
    router = object_router(of, _TAG)

    @router.post("", status_code=HTTPStatus.CREATED, name=f"create_project_{word}_binding")
    async def create(
        body: Annotated[ProjectBindingBody, Body(media_type=of.media)], principal: CurrentPrincipal
    ) -> ProjectBindingDocument:
        """Give a role in a project."""
        new = body.new(kind)
        return await db.write(lambda tx: documents.of(tx, bindings.create(tx, principal, new)))

    @router.get("/{name}", name=f"read_project_{word}_binding")
    async def read(name: str, principal: CurrentPrincipal) -> ProjectBindingDocument:
        """Return a binding of a project."""
        return await db.read(lambda tx: documents.of(tx, bindings.get(tx, principal, kind, name)))

    @router.delete(
        "/{name}",
        status_code=HTTPStatus.NO_CONTENT,
        response_class=Response,
        name=f"delete_project_{word}_binding",
    )
    async def delete(name: str, principal: CurrentPrincipal) -> None:
        """Take a role in a project away."""
        await db.write(lambda tx: bindings.delete(tx, principal, kind, name))

    return router
