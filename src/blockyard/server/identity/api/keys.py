"""The routes of API keys. Source: api.md 3.12."""

from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Request, Response
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.media import API_KEY
from blockyard.server.identity.api.current import CurrentPrincipal
from blockyard.server.identity.model import ApiKey, ApiKeyId, KeySettings
from blockyard.server.identity.service import ApiKeyService, IssuedKey
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import joined, media, media_class
from blockyard.server.kit.idempotency import shown_once
from blockyard.server.kit.large_bodies import api_router
from blockyard.server.kit.wire import Name, ShortText, WireDate, WireJson, WireModel

_MAX_PERMISSIONS = 500


class KeyMetadata(WireModel):
    """Whose key it is."""

    owned_by_workspace: Name


class KeySpec(WireModel):
    """What the owner of a key decides."""

    display_name: Name
    permissions: Annotated[list[ShortText], Field(max_length=_MAX_PERMISSIONS)]
    expires_at: WireDate | None = None

    def settings(self) -> KeySettings:
        """Return the settings as use cases take them."""
        return KeySettings(
            display_name=self.display_name, permissions=tuple(self.permissions), expires_at=self.expires_at
        )


class KeyBody(WireModel):
    """A key as clients send it; a `status` they send back is ignored."""

    metadata: KeyMetadata
    spec: KeySpec


class StoredKeyMetadata(KeyMetadata):
    """Which key it is and whose."""

    uuid: str


class KeyStatus(WireModel):
    """How to sign in with the key; the secret is shown once."""

    client_id: str
    client_secret: str | None = Field(repr=False)
    last_login_at: str | None


class KeyDocument(WireModel):
    """A key as the API shows it."""

    api_version: Literal["v1-preview"] = "v1-preview"
    kind: Literal["meshApiKey"] = "meshApiKey"
    metadata: StoredKeyMetadata
    spec: KeySpec
    status: KeyStatus
    links: dict[str, WireJson] = Field(alias="_links")


class KeyList(WireModel):
    """All keys of a workspace."""

    embedded: dict[str, list[KeyDocument]] = Field(alias="_embedded")


def key_routes(db: Database, keys: ApiKeyService, links: Links) -> APIRouter:
    """Return the routes of API keys."""
    router = APIRouter(tags=["API keys"])
    objects = api_router(
        tags=["API keys"],
        prefix="/api/meshobjects/meshapikeys",
        dependencies=[Depends(media(API_KEY))],
        default_response_class=media_class(API_KEY),
    )
    body_type = Body(media_type=API_KEY)

    @objects.post("", status_code=HTTPStatus.CREATED)
    async def create_api_key(
        request: Request, body: Annotated[KeyBody, body_type], principal: CurrentPrincipal
    ) -> KeyDocument:
        """Make an API key; its secret is in this answer and never again."""
        shown_once(request)
        workspace, settings = body.metadata.owned_by_workspace, body.spec.settings()
        return _issued(await db.write(lambda tx: keys.create(tx, principal, workspace, settings)), links)

    @objects.get("/{uuid}")
    async def read_api_key(uuid: UUID, principal: CurrentPrincipal) -> KeyDocument:
        """Return an API key without its secret."""
        return _document(await db.read(lambda tx: keys.get(tx, principal, ApiKeyId(uuid))), links)

    @objects.put("/{uuid}")
    async def update_api_key(
        uuid: UUID, body: Annotated[KeyBody, body_type], principal: CurrentPrincipal
    ) -> KeyDocument:
        """Change an API key; another `expiresAt` draws a new secret, which is in this answer."""
        workspace, settings = body.metadata.owned_by_workspace, body.spec.settings()
        issued = await db.write(lambda tx: keys.update(tx, principal, ApiKeyId(uuid), workspace, settings))
        return _issued(issued, links)

    @objects.delete("/{uuid}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_api_key(uuid: UUID, principal: CurrentPrincipal) -> None:
        """Delete an API key; its tokens are void at once."""
        await db.write(lambda tx: keys.delete(tx, principal, ApiKeyId(uuid)))

    @router.get("/api/blockyard/v1/workspaces/{workspace}/apikeys")
    async def list_api_keys(workspace: str, principal: CurrentPrincipal) -> KeyList:
        """Return all API keys of a workspace, oldest first."""
        found = await db.read(lambda tx: keys.of_workspace(tx, principal, workspace))
        return KeyList(embedded={"meshApiKeys": [_document(key, links) for key in found]})

    return joined(router, objects)


def _issued(issued: IssuedKey, links: Links) -> KeyDocument:
    return _document(issued.key, links, issued.secret)


def _document(key: ApiKey, links: Links, secret: str | None = None) -> KeyDocument:
    self_link: JsonObject = links.link("api_key", uuid=key.id)
    return KeyDocument(
        metadata=StoredKeyMetadata(uuid=str(key.id), owned_by_workspace=key.workspace),
        spec=KeySpec.model_construct(
            display_name=key.display_name, permissions=list(key.permissions), expires_at=key.expires_at
        ),
        status=KeyStatus(
            client_id=str(key.id),
            client_secret=secret,
            last_login_at=wire_time(key.last_login_at) if key.last_login_at else None,
        ),
        links={"self": self_link},
    )
