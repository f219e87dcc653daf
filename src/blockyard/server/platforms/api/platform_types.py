"""The routes of platform types. Source: api.md 3.8."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import OWN
from blockyard.protocol.kinds import PLATFORM_TYPE as KIND
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import joined, page_request
from blockyard.server.kit.images import MAX_IMAGE_CHARACTERS
from blockyard.server.kit.members import wire_members
from blockyard.server.kit.objects import Answers, NamedMetadata, ObjectIn, list_schema, object_router, object_schema
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.wire import DisplayName, ShortText, Text, WireModel
from blockyard.server.platforms.api.wire import IdentifiedMetadata, identified_metadata
from blockyard.server.platforms.model import Category, Lifecycle, PlatformType, PlatformTypeFilter, PlatformTypeSpec
from blockyard.server.platforms.service import PlatformTypeService


class PlatformTypeSpecIn(WireModel):
    """What the owner of a platform type says about it."""

    display_name: DisplayName
    category: Annotated[Category, Field(strict=False)] = Category.CUSTOM
    default_endpoint: ShortText | None = None
    icon: Annotated[Text, Field(max_length=MAX_IMAGE_CHARACTERS)]


class PlatformTypeIn(ObjectIn[NamedMetadata, PlatformTypeSpecIn]):
    """A platform type as clients send it."""


class LifecycleOut(WireModel):
    """Whether there may be new platforms of the type."""

    state: Lifecycle


class PlatformTypeStatus(WireModel):
    """What administrators decided."""

    lifecycle: LifecycleOut


class PlatformTypeQuery(WireModel):
    """The filters of a list."""

    category: Annotated[Category, Field(strict=False)] | None = None
    lifecycle_status: Annotated[Lifecycle, Field(strict=False)] | None = None

    def model(self) -> PlatformTypeFilter:
        """Return what is asked for."""
        return PlatformTypeFilter(category=self.category, state=self.lifecycle_status)


PlatformTypeBody = Annotated[PlatformTypeIn, Body(media_type=KIND.media)]
PlatformTypeOut = object_schema(KIND, IdentifiedMetadata, PlatformTypeSpecIn, PlatformTypeStatus)


def platform_type_routes(db: Database, types: PlatformTypeService, links: Links) -> APIRouter:
    """Return the routes of platform types."""
    router, answer = object_router(KIND, "Platform types"), Answers(KIND, links, _parts)
    lifecycle = APIRouter(prefix=f"{OWN}/platformtypes/{{name}}", tags=["Platform types"])

    @router.get("", response_model=list_schema(KIND, PlatformTypeOut))
    async def list_platform_types(
        request: Request,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        filters: Annotated[PlatformTypeQuery, Query()],
    ) -> Response:
        """Return the platform types, oldest first."""
        return answer.page(await db.read(lambda tx: types.page(tx, principal, filters.model(), page)), request)

    @router.post("", status_code=HTTPStatus.CREATED, response_model=PlatformTypeOut)
    async def create_platform_type(body: PlatformTypeBody, principal: CurrentPrincipal) -> Response:
        """Make a platform type."""
        sent, spec = body.metadata, body.spec.into(PlatformTypeSpec)
        made = await db.write(lambda tx: types.create(tx, principal, sent.owned_by_workspace, sent.name, spec))
        return answer.one(made, HTTPStatus.CREATED)

    @router.get("/{name}", response_model=PlatformTypeOut)
    async def read_platform_type(name: str, principal: CurrentPrincipal) -> Response:
        """Return a platform type."""
        return answer.one(await db.read(lambda tx: types.get(tx, principal, name)))

    @router.put("/{name}", response_model=PlatformTypeOut)
    async def update_platform_type(name: str, body: PlatformTypeBody, principal: CurrentPrincipal) -> Response:
        """Change display name, default endpoint and icon of a platform type."""
        sent, spec = body.metadata, body.spec.into(PlatformTypeSpec)
        changed = await db.write(
            lambda tx: types.update(
                tx, principal, name, workspace=sent.owned_by_workspace, sent_name=sent.name, spec=spec
            )
        )
        return answer.one(changed)

    @router.delete("/{name}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_platform_type(name: str, principal: CurrentPrincipal) -> None:
        """Delete a platform type that nothing names."""
        await db.write(lambda tx: types.delete(tx, principal, name))

    @lifecycle.post("/activate", response_class=JSONResponse, response_model=PlatformTypeOut)
    async def activate_platform_type(name: str, principal: CurrentPrincipal) -> Response:
        """Let there be new platforms of a type again."""
        found = await db.write(lambda tx: types.set_state(tx, principal, name, Lifecycle.ACTIVE))
        return JSONResponse(answer.document(found))

    @lifecycle.post("/deactivate", response_class=JSONResponse, response_model=PlatformTypeOut)
    async def deactivate_platform_type(name: str, principal: CurrentPrincipal) -> Response:
        """Let there be no new platforms of a type; everything else goes on."""
        found = await db.write(lambda tx: types.set_state(tx, principal, name, Lifecycle.DEACTIVATED))
        return JSONResponse(answer.document(found))

    return joined(router, lifecycle)


def _parts(found: PlatformType) -> JsonObject:
    return {
        "metadata": identified_metadata(found),
        "spec": wire_members(found, PlatformTypeSpec),
        "status": {"lifecycle": {"state": found.state.value}},
    }
