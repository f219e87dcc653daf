"""Routes of versions. Source: api.md 3.17."""

from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.media import DEFINITION_VERSION as MEDIA
from blockyard.protocol.media import DEFINITION_VERSION_V1 as MEDIA_V1
from blockyard.server.definitions.api.schemas import VersionIn, VersionOut
from blockyard.server.definitions.documents import shown_content
from blockyard.server.definitions.model import DefinitionId, VersionId, VersionView
from blockyard.server.definitions.service import VersionService
from blockyard.server.identity.api import CurrentPrincipal, holding
from blockyard.server.kit.bodies import LARGE_BYTES
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import joined, media, media_class, page_request
from blockyard.server.kit.large_bodies import api_router, takes
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.wire import WireJson, WireModel

KIND = "meshBuildingBlockDefinitionVersion"


class VersionList(WireModel):
    """A page of versions."""

    embedded: dict[Literal["meshBuildingBlockDefinitionVersions"], list[VersionOut]] = Field(alias="_embedded")
    links: dict[str, WireJson] = Field(alias="_links")
    page: dict[str, int]


class VersionWarning(WireModel):
    """One thing to look at before a version is released."""

    code: str
    message: str
    field: str


class VersionWarnings(WireModel):
    """What deserves a look in a version."""

    warnings: list[VersionWarning]


VersionBody = Annotated[VersionIn, Body(media_type=MEDIA)]


def version_routes(db: Database, versions: VersionService, links: Links) -> APIRouter:
    """Return the routes of versions."""
    answer = media_class(MEDIA, MEDIA_V1)
    router = APIRouter(tags=["Definitions"])
    objects = api_router(
        tags=["Definitions"],
        prefix="/api/meshobjects/meshbuildingblockdefinitionversions",
        dependencies=[Depends(media(MEDIA, MEDIA_V1))],
        default_response_class=answer,
    )

    @objects.get("", response_model=VersionList)
    async def list_versions(
        request: Request,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        definition: Annotated[UUID | None, Query(alias="buildingBlockDefinitionUuid")] = None,
    ) -> Response:
        """Return the versions of one definition, or of all your definitions."""
        wanted = None if definition is None else DefinitionId(definition)
        found = await db.read(lambda tx: versions.page(tx, principal, wanted, page))
        items = found.map(lambda view: _render(view, links))
        return answer(links.collection("versions", KIND + "s", items, request.query_params))

    may_save = holding("BUILDINGBLOCKDEFINITION_SAVE")

    @objects.post("", status_code=HTTPStatus.CREATED, response_model=VersionOut)
    @takes(LARGE_BYTES, may_save)
    async def create_version(body: VersionBody, principal: CurrentPrincipal) -> Response:
        """Make the next draft; hashes of secrets stand for those of the version before."""
        wanted = body.model()
        view = await db.write(lambda tx: versions.add(tx, principal, wanted))
        return answer(_render(view, links), status_code=HTTPStatus.CREATED)

    @objects.get("/{uuid}", response_model=VersionOut)
    async def get_version(uuid: UUID, principal: CurrentPrincipal) -> Response:
        """Return a version."""
        return answer(_render(await db.read(lambda tx: versions.get(tx, principal, VersionId(uuid))), links))

    @objects.put("/{uuid}", response_model=VersionOut)
    @takes(LARGE_BYTES, may_save)
    async def update_version(uuid: UUID, body: VersionBody, principal: CurrentPrincipal) -> Response:
        """Edit the draft; with `state` RELEASED release it, after which it never changes."""
        wanted = body.model()
        view = await db.write(lambda tx: versions.update(tx, principal, VersionId(uuid), wanted))
        return answer(_render(view, links))

    @router.get("/api/blockyard/v1/definitionversions/{uuid}/warnings")
    async def list_version_warnings(uuid: UUID, principal: CurrentPrincipal) -> VersionWarnings:
        """Return what deserves a look in a version before it is released."""
        found = await db.read(lambda tx: versions.warnings(tx, principal, VersionId(uuid)))
        return VersionWarnings(
            warnings=[VersionWarning(code=item.code, message=item.message, field=item.field) for item in found]
        )

    return joined(router, objects)


def _render(view: VersionView, links: Links) -> JsonObject:
    version = view.version
    head: JsonObject = {
        "buildingBlockDefinitionRef": {"uuid": str(version.definition_id), "kind": "meshBuildingBlockDefinition"},
        "versionNumber": version.number,
        "state": version.state.value,
    }
    return {
        "apiVersion": "v1-preview",
        "kind": KIND,
        "metadata": {
            "uuid": str(version.id),
            "ownedByWorkspace": version.workspace,
            "createdOn": wire_time(version.created_at),
        },
        "spec": head | shown_content(version.content),
        "status": {"state": version.state.value, "usageCount": view.usage_count},
        "_links": {"self": links.link("version", uuid=version.id)},
    }
