"""Routes of versions. Source: api.md 3.17."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request, Response

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import DEFINITION
from blockyard.protocol.kinds import VERSION as KIND
from blockyard.protocol.kinds import VERSION_V1 as KIND_V1
from blockyard.server.definitions.api.defects import defect_member
from blockyard.server.definitions.api.schemas import VersionIn, VersionOut
from blockyard.server.definitions.model import DefinitionId, VersionId, VersionView
from blockyard.server.definitions.model.documents import shown_content, without_sources
from blockyard.server.definitions.model.implementation import WIRE_NAMES
from blockyard.server.definitions.service import VersionService
from blockyard.server.identity.api import CurrentPrincipal, holding
from blockyard.server.kit.bodies import LARGE_BYTES
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import joined, unsorted_page_request
from blockyard.server.kit.objects import Answers, list_schema, object_router
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import takes
from blockyard.server.kit.wire import WireModel


class VersionWarning(WireModel):
    """One thing to look at before a version is released."""

    code: str
    message: str
    field: str


class VersionWarnings(WireModel):
    """What deserves a look in a version."""

    warnings: list[VersionWarning]


VersionBody = Annotated[VersionIn, Body(media_type=KIND.media)]


def version_routes(db: Database, versions: VersionService, links: Links) -> APIRouter:
    """Return the routes of versions."""
    objects, answer = object_router(KIND, "Definitions", KIND_V1), Answers(KIND, links, _parts, KIND_V1)
    router = APIRouter(tags=["Definitions"])

    @objects.get("", response_model=list_schema(KIND, VersionOut))
    async def list_versions(
        request: Request,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(unsorted_page_request)],
        definition: Annotated[UUID | None, Query(alias="buildingBlockDefinitionUuid")] = None,
    ) -> Response:
        """Return the versions of one definition, or of all your definitions."""
        wanted = None if definition is None else DefinitionId(definition)
        return answer.page(await db.read(lambda tx: versions.page(tx, principal, wanted, page)), request)

    may_save = holding("BUILDINGBLOCKDEFINITION_SAVE")

    @objects.post("", status_code=HTTPStatus.CREATED, response_model=VersionOut)
    @takes(LARGE_BYTES, may_save)
    async def create_version(body: VersionBody, principal: CurrentPrincipal) -> Response:
        """Make the next draft; hashes of secrets stand for those of the version before."""
        wanted = body.model()
        view = await db.write(lambda tx: versions.add(tx, principal, wanted))
        return answer.one(view, HTTPStatus.CREATED)

    @objects.get("/{uuid}", response_model=VersionOut)
    async def get_version(uuid: UUID, principal: CurrentPrincipal) -> Response:
        """Return a version; of a released one of others the implementation is left out but for its type."""
        return answer.one(await db.read(lambda tx: versions.get(tx, principal, VersionId(uuid))))

    @objects.put("/{uuid}", response_model=VersionOut)
    @takes(LARGE_BYTES, may_save)
    async def update_version(uuid: UUID, body: VersionBody, principal: CurrentPrincipal) -> Response:
        """Edit the draft; with `state` RELEASED release it, after which it never changes."""
        wanted = body.model()
        view = await db.write(lambda tx: versions.update(tx, principal, VersionId(uuid), wanted))
        return answer.one(view)

    @router.get("/api/blockyard/v1/definitionversions/{uuid}/warnings")
    async def list_version_warnings(uuid: UUID, principal: CurrentPrincipal) -> VersionWarnings:
        """Return what deserves a look in a version before it is released."""
        found = await db.read(lambda tx: versions.warnings(tx, principal, VersionId(uuid)))
        return VersionWarnings(
            warnings=[VersionWarning(code=item.code, message=item.message, field=item.field) for item in found]
        )

    return joined(router, objects)


def _parts(view: VersionView) -> JsonObject:
    version = view.version
    head: JsonObject = {
        "buildingBlockDefinitionRef": DEFINITION.ref(version.definition_id),
        "versionNumber": version.number,
        "state": version.state.value,
    }
    content = without_sources(version.content) if view.is_redacted else version.content
    spec = head | shown_content(content)
    status: JsonObject = {"state": version.state.value}
    if view.usage_count is not None:
        status["usageCount"] = view.usage_count
    if view.is_redacted:
        spec["implementation"] = {"type": WIRE_NAMES[version.implementation_type]}
    return {
        "metadata": {
            "uuid": str(version.id),
            "ownedByWorkspace": version.workspace,
            "createdOn": wire_time(version.created_at),
        },
        "spec": spec,
        "status": status | defect_member(version.defect),
    }
