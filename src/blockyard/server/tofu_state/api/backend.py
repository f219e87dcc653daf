"""The OpenTofu HTTP backend. Source: hub-usage.md B3, B4; runner.md 1.12; api.md 3.22."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.identity.model import Principal
from blockyard.server.kit.aside import aside
from blockyard.server.kit.bodies import LARGE_BYTES, read_body
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.errors import Denied, Invalid, NotFound
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.tofu_state.api.wire import Content, LockOut, lock_document, opened
from blockyard.server.tofu_state.content import seal_state
from blockyard.server.tofu_state.model import Locked
from blockyard.server.tofu_state.service import StateAddress, StateService

MAX_LOCK_BYTES = 64 * 1024
MAX_LOCK_ID_LENGTH = 255
"""Of a lock's id; engines send UUIDs."""

SMALL_BYTES = 64 * 1024
"""A state up to this size is encrypted at once; a thread would cost more."""

_HOLDER: dict[str, object] = {
    "description": "The lock that somebody else holds.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}
_BODY = {"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}}}


def backend_routes(db: Database, states: StateService, master_key: MasterKey) -> APIRouter:
    """Return the routes of engines and tools."""
    router = APIRouter(tags=["state"])
    backend = _Backend(db, states, master_key)
    base = "/api/terraform/state/workspace/{workspace}"
    for spelling in ("buildingBlock", "buildingblock"):
        path = f"{base}/{spelling}/{{block_id}}"
        shown = spelling == "buildingBlock"
        for method, handler in (("GET", backend.read), ("POST", backend.write), ("DELETE", backend.delete)):
            router.add_api_route(
                path,
                handler,
                methods=[method],
                include_in_schema=shown,
                openapi_extra=_BODY if method == "POST" else None,
                response_class=JSONResponse if method == "GET" else Response,
            )
        for method, handler in (("LOCK", backend.lock), ("UNLOCK", backend.unlock)):
            router.add_api_route(path, handler, methods=[method], include_in_schema=False)
        lock_path = f"{path}/lock"
        router.add_api_route(
            lock_path, backend.read_lock, methods=["GET"], include_in_schema=shown, response_model=LockOut
        )
        for method, handler in (("POST", backend.lock), ("DELETE", backend.unlock)):
            router.add_api_route(
                lock_path,
                handler,
                methods=[method],
                include_in_schema=shown,
                openapi_extra=_BODY,
                response_class=Response,
                responses={int(HTTPStatus.LOCKED): _HOLDER},
            )
    return router


async def tool(principal: CurrentPrincipal) -> Principal:
    """Return who asks, if that is a run or an API key. Raises Denied: people read and unlock states by Blockyard's own endpoints."""
    if principal.author.type == "User":
        raise Denied(
            "tools read and write states with an API key, not with the sign-in of a person",
            code="ApiKeyRequired",
            remedy="Use an API key with the TFSTATE permissions; people use 'blockyard state'.",
        )
    return principal


Tool = Annotated[Principal, Depends(tool)]


class _Backend:
    """Handles the requests of engines."""

    def __init__(self, db: Database, states: StateService, master_key: MasterKey) -> None:
        self._db = db
        self._states = states
        self._master_key = master_key

    async def read(self, workspace: str, block_id: UUID, principal: Tool) -> Response:
        """Return the state. 404 when there is none."""
        address = StateAddress(workspace, block_id)

        def read(tx: Transaction) -> tuple[Content | None, bool]:
            stored = self._states.read(tx, principal, address)
            content = None if stored is None else opened(self._master_key, stored)
            return content, self._states.is_sign_due(tx, principal)

        content, is_sign_due = await self._db.read(read)
        if is_sign_due:
            await self._db.write(lambda tx: self._states.note_read(tx, principal))
        if content is None:
            raise NotFound(
                "the building block has no state yet",
                code="NoState",
                remedy="Nothing is wrong: its first run writes one.",
            )
        return content.answer()

    async def write(self, request: Request, workspace: str, block_id: UUID, principal: Tool) -> Response:
        """Store a state; `ID` names the lock under which it is written."""
        address = StateAddress(workspace, block_id)
        lock_id = request.query_params.get("ID")

        async def may(_request: Request) -> None:
            await self._require_write(principal, address)

        body = await read_body(request, LARGE_BYTES, may)
        content_md5 = request.headers.get("content-md5")
        seal = partial(seal_state, self._master_key, block_id, body, content_md5)
        async with self._rights_first(principal, address):
            new = seal() if len(body) <= SMALL_BYTES else await aside(seal)
        await self._db.write(lambda tx: self._states.write(tx, principal, address, new, lock_id))
        return Response(status_code=HTTPStatus.OK)

    async def delete(self, request: Request, workspace: str, block_id: UUID, principal: Tool) -> Response:
        """Let readers find no state; its versions stay. `ID` names the lock, if it is locked."""
        address, lock_id = StateAddress(workspace, block_id), request.query_params.get("ID")
        await self._db.write(lambda tx: self._states.delete(tx, principal, address, lock_id))
        return Response(status_code=HTTPStatus.OK)

    async def lock(self, request: Request, workspace: str, block_id: UUID, principal: Tool) -> Response:
        """Take the lock of the state. 423 with the holder's lock when it is taken."""
        address = StateAddress(workspace, block_id)
        async with self._rights_first(principal, address):
            info = await _lock_info(request)
            if info is None:
                raise _no_lock_info()
            lock_id = _lock_id(info)
        try:
            await self._db.write(lambda tx: self._states.lock(tx, principal, address, info, lock_id))
        except Locked as locked:
            return JSONResponse(locked.holder.info, status_code=HTTPStatus.LOCKED)
        return Response(status_code=HTTPStatus.OK)

    async def read_lock(self, workspace: str, block_id: UUID, principal: Tool) -> Response:
        """Return the lock of the state and who holds it. 404 when there is none."""
        lock = await self._db.read(lambda tx: self._states.held_lock(tx, principal, StateAddress(workspace, block_id)))
        return JSONResponse(lock_document(lock))

    async def unlock(self, request: Request, workspace: str, block_id: UUID, principal: Tool) -> Response:
        """Release the lock of the state; without a body whatever lock the caller holds."""
        address = StateAddress(workspace, block_id)
        async with self._rights_first(principal, address):
            info = await _lock_info(request)
            lock_id = None if info is None else _lock_id(info)
        try:
            await self._db.write(lambda tx: self._states.unlock(tx, principal, address, lock_id))
        except Locked as locked:
            return JSONResponse(locked.holder.info, status_code=HTTPStatus.LOCKED)
        return Response(status_code=HTTPStatus.OK)

    async def _require_write(self, principal: Principal, address: StateAddress) -> None:
        await self._db.read(lambda tx: self._states.require_write(tx, principal, address))

    @asynccontextmanager
    async def _rights_first(self, principal: Principal, address: StateAddress) -> AsyncIterator[None]:
        """Tell whoever may not write so, instead of what is wrong with their body."""
        try:
            yield
        except Invalid:
            await self._require_write(principal, address)
            raise


async def _lock_info(request: Request) -> JsonObject | None:
    """Return the lock in a request's body, None if it has no body."""
    body = await read_body(request, MAX_LOCK_BYTES)
    if not body.strip():
        return None
    try:
        info: Json = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _no_lock_info() from error
    if not isinstance(info, dict):
        raise _no_lock_info()
    return info


def _lock_id(info: JsonObject) -> str:
    lock_id = info.get("ID")
    if not isinstance(lock_id, str) or not 0 < len(lock_id) <= MAX_LOCK_ID_LENGTH or not lock_id.isprintable():
        raise _no_lock_info()
    return lock_id


def _no_lock_info() -> Invalid:
    return Invalid(
        "the body is not lock information with an ID",
        code="NotALock",
        remedy="Send what the engine sends: LOCK with JSON.",
    )
