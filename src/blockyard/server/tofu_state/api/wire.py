"""States, versions and locks as answers."""

from base64 import b64encode
from dataclasses import dataclass, field
from uuid import UUID

from fastapi import Response

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.kit.wire import WireJson, WireModel
from blockyard.server.tofu_state.content import open_state
from blockyard.server.tofu_state.model import StateLock, StateVersion
from blockyard.server.tofu_state.service import StoredState


@dataclass(frozen=True, slots=True)
class Content:
    """A state in clear."""

    md5: str
    body: bytes = field(repr=False)

    def answer(self) -> Response:
        """Return the answer with the state."""
        headers = {"Content-MD5": b64encode(bytes.fromhex(self.md5)).decode(), "Cache-Control": "no-store"}
        return Response(self.body, media_type="application/json", headers=headers)


def opened(master_key: MasterKey, stored: StoredState) -> Content:
    """Return a state in clear; called in the thread of the transaction, for a large one takes a while."""
    version = stored.version
    return Content(version.md5, open_state(master_key, version.block_id, stored.sealed))


def version_document(version: StateVersion) -> JsonObject:
    """Return where a version comes from."""
    return {
        "number": version.number,
        "isCurrent": version.is_current,
        "serial": version.serial,
        "lineage": version.lineage,
        "sizeBytes": version.size_bytes,
        "createdAt": wire_time(version.created_at),
        "author": version.author,
        "runUuid": None if version.run_id is None else str(version.run_id),
        "attempt": version.attempt,
        "reason": version.reason,
        "resourceCount": version.resource_count,
    }


class LockHolder(WireModel):
    """Who holds a lock: a run, or whoever has an API key."""

    run_uuid: UUID | None
    principal: str


class LockOut(WireModel):
    """The lock of a state; `lockInfo` is what the engine sent, with `ID`, `Operation` and `Who`."""

    lock_info: dict[str, WireJson]
    holder: LockHolder
    created_on: str


def lock_document(lock: StateLock) -> JsonObject:
    """Return a lock and who holds it."""
    return {
        "lockInfo": lock.info,
        "holder": {"runUuid": None if lock.run_id is None else str(lock.run_id), "principal": lock.author},
        "createdOn": wire_time(lock.created_at),
    }
