"""The routes of API keys. Source: api.md 3.12."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import API_KEY as KIND
from blockyard.server.identity.api.current import CurrentPrincipal
from blockyard.server.identity.model import ApiKeyId, KeySettings
from blockyard.server.identity.model.presets import PRESETS
from blockyard.server.identity.service import ApiKeyService, IssuedKey
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import joined
from blockyard.server.kit.idempotency import shown_once
from blockyard.server.kit.members import wire_members
from blockyard.server.kit.objects import Answers, ObjectIn, all_schema, object_router, object_schema
from blockyard.server.kit.wire import DisplayName, Name, ShortText, WireDate, WireModel

_MAX_PERMISSIONS = 500


class KeyMetadata(WireModel):
    """Whose key it is."""

    owned_by_workspace: Name


class KeySpec(WireModel):
    """What the owner of a key decides."""

    display_name: DisplayName
    permissions: Annotated[list[ShortText], Field(max_length=_MAX_PERMISSIONS)]
    expires_at: WireDate | None = None

    def settings(self) -> KeySettings:
        """Return the settings as use cases take them."""
        return KeySettings(
            display_name=self.display_name, permissions=tuple(self.permissions), expires_at=self.expires_at
        )


class KeyIn(ObjectIn[KeyMetadata, KeySpec]):
    """A key as clients send it; a `status` they send back is ignored."""


class StoredKeyMetadata(KeyMetadata):
    """Which key it is and whose."""

    uuid: str


class KeyStatus(WireModel):
    """How to sign in with the key; the secret is shown once."""

    client_id: str
    client_secret: str | None = Field(repr=False)
    last_login_at: str | None


class PresetOut(WireModel):
    """A ready list of codes."""

    name: str
    description: str
    permissions: list[str]


class Presets(WireModel):
    """All ready lists of codes."""

    permission_presets: list[PresetOut]


KeyBody = Annotated[KeyIn, Body(media_type=KIND.media)]
KeyOut = object_schema(KIND, StoredKeyMetadata, KeySpec, KeyStatus)


def key_routes(db: Database, keys: ApiKeyService, links: Links) -> APIRouter:
    """Return the routes of API keys."""
    router = APIRouter(tags=["API keys"])
    objects, answer = object_router(KIND, "API keys"), Answers(KIND, links, _parts)

    @objects.post("", status_code=HTTPStatus.CREATED, response_model=KeyOut)
    async def create_api_key(request: Request, body: KeyBody, principal: CurrentPrincipal) -> Response:
        """Make an API key; its secret is in this answer and never again."""
        shown_once(request)
        workspace, settings = body.metadata.owned_by_workspace, body.spec.settings()
        issued = await db.write(lambda tx: keys.create(tx, principal, workspace, settings))
        return answer.one(issued, HTTPStatus.CREATED)

    @objects.get("/self", response_model=KeyOut)
    async def read_own_api_key(principal: CurrentPrincipal) -> Response:
        """Return the API key that asks. 404 for people and runs."""
        return answer.one(IssuedKey(await db.read(lambda tx: keys.own(tx, principal))))

    @objects.get("/{uuid}", response_model=KeyOut)
    async def read_api_key(uuid: UUID, principal: CurrentPrincipal) -> Response:
        """Return an API key without its secret."""
        return answer.one(IssuedKey(await db.read(lambda tx: keys.get(tx, principal, ApiKeyId(uuid)))))

    @objects.put("/{uuid}", response_model=KeyOut)
    async def update_api_key(uuid: UUID, body: KeyBody, principal: CurrentPrincipal) -> Response:
        """Change an API key; another `expiresAt` draws a new secret, which is in this answer."""
        workspace, settings = body.metadata.owned_by_workspace, body.spec.settings()
        return answer.one(await db.write(lambda tx: keys.update(tx, principal, ApiKeyId(uuid), workspace, settings)))

    @objects.delete("/{uuid}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_api_key(uuid: UUID, principal: CurrentPrincipal) -> None:
        """Delete an API key; its tokens are void at once."""
        await db.write(lambda tx: keys.delete(tx, principal, ApiKeyId(uuid)))

    @router.post("/api/blockyard/v1/apikeys/{uuid}/rotate", response_model=KeyOut)
    async def rotate_api_key(uuid: UUID, request: Request, principal: CurrentPrincipal) -> Response:
        """Draw a new secret for an API key; it is in this answer, and the old one is void."""
        shown_once(request)
        rotated = await db.write(lambda tx: keys.rotate(tx, principal, ApiKeyId(uuid)))
        return JSONResponse(answer.document(rotated))

    @router.get("/api/blockyard/v1/permission-presets")
    async def list_permission_presets(principal: CurrentPrincipal) -> Presets:
        """Return ready lists of codes for API keys."""
        principal.require_any_code()
        return Presets(
            permission_presets=[
                PresetOut(name=name, description=preset.description, permissions=sorted(preset.permissions))
                for name, preset in PRESETS.items()
            ]
        )

    @router.get("/api/blockyard/v1/workspaces/{workspace}/apikeys", response_model=all_schema(KIND, KeyOut))
    async def list_api_keys(workspace: str, principal: CurrentPrincipal) -> Response:
        """Return all API keys of a workspace, oldest first."""
        found = await db.read(lambda tx: keys.of_workspace(tx, principal, workspace))
        return JSONResponse({"_embedded": {KIND.plural: [answer.document(IssuedKey(key)) for key in found]}})

    return joined(router, objects)


def _parts(issued: IssuedKey) -> JsonObject:
    key = issued.api_key
    return {
        "metadata": {"ownedByWorkspace": key.workspace, "uuid": str(key.id)},
        "spec": wire_members(key, KeySettings),
        "status": {
            "clientId": str(key.id),
            "clientSecret": issued.secret,
            "lastLoginAt": wire_time(key.last_login_at) if key.last_login_at else None,
        },
    }
