"""`Idempotency-Key`: a POST that is sent again takes effect once and gets the first answer again, for 24 hours.

A key belongs to one principal and one path. Before the request is handled its key is reserved; each writing transaction
of the request marks the key in the same commit; at last the answer is stored, encrypted, unless it holds a secret that is shown once.
So after a crash the key tells which of three things happened: nothing (handle it now), the change but no answer (409: it took
effect, look it up), or everything (replay). A key that comes with another query or body is refused. Source: architecture.md 4, 6.

A replay is rehearsed: the request is handled up to its first commit, which does not happen. Whoever may not do any more what they
did then gets the refusal of now, and not the answer of then.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

import structlog
from fastapi import Request
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    String,
    Table,
    and_,
    delete,
    insert,
    select,
    update,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from blockyard.server.kit.bodies import LARGE_BYTES, May, read_body
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.columns import Bytes, Instant
from blockyard.server.kit.database import Database, Transaction, before_commit, metadata
from blockyard.server.kit.errors import Conflict, Refusal, Stale, Unavailable
from blockyard.server.kit.http import HttpRefusal, problem, refused, refused_by_http
from blockyard.server.kit.sealed import MasterKey

log = structlog.get_logger(__name__)

HEADER = "idempotency-key"
MAX_KEY_LENGTH = 255
LIFETIME = timedelta(hours=24)
RESERVED_FOR = timedelta(seconds=10)
"""A reservation without an effect that is older than this counts as that of a process that died: the next request takes it
over. Should the first one be at work after all, it can commit nothing any more.
"""

_keys = Table(
    "idempotency_keys",
    metadata,
    Column("scope", String(64), primary_key=True),
    Column("body_digest", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("took_effect", Boolean, nullable=False),
    Column("status", Integer),
    Column("answer", Bytes),
    Index("ix_idempotency_keys_created_at", "created_at"),
)

_NOT_KEPT = "blockyard.not_kept"
_NOT_YOURS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
"""What a rehearsal says of those who may not do, or not know of, what they did."""

Identify = Callable[[Request], Awaitable[str]]
"""Returns who sends the request. Raises Refusal."""


def shown_once(request: Request) -> None:
    """Keep no copy of the answer to this request: it holds a secret that is shown once."""
    request.scope[_NOT_KEPT] = True


class _RehearsedError(Conflict):
    """What a rehearsal ends with where the request would have been committed."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def encode(self) -> bytes:
        return json.dumps({"status": self.status, "headers": self.headers}).encode() + b"\n" + self.body

    @classmethod
    def decode(cls, data: bytes) -> "_Answer":
        head, _, body = data.partition(b"\n")
        document = json.loads(head)
        return cls(document["status"], [(name, value) for name, value in document["headers"]], body)


@dataclass(frozen=True, slots=True)
class _Reservation:
    """The right of one request to take effect under a key, until another one takes it over."""

    scope: str
    since: datetime

    @property
    def row(self) -> ColumnElement[bool]:
        return and_(_keys.c.scope == self.scope, _keys.c.created_at == self.since)


class IdempotencyKeys:
    """ASGI middleware around the API."""

    def __init__(
        self, app: ASGIApp, *, db: Database, master_key: MasterKey, clock: Clock, identify: Identify, may_send_much: May
    ) -> None:
        self._app = app
        self._db = db
        self._master_key = master_key
        self._clock = clock
        self._identify = identify
        self._may_send_much = may_send_much
        self._ended: set[str] = set()
        """Reservations whose request has ended, which could not be noted, since the database could not be written."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection; only a POST with the header is looked at."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        if HEADER not in request.headers:
            await self._app(scope, receive, send)
            return
        key = request.headers[HEADER]
        if not 0 < len(key) <= MAX_KEY_LENGTH:
            sentence = f"the Idempotency-Key is empty or too long; send 1 to {MAX_KEY_LENGTH} characters"
            await self._refuse(request, HTTPStatus.BAD_REQUEST, "InvalidIdempotencyKey", sentence)(scope, receive, send)
            return
        try:
            principal = await self._identify(request)
            body = await read_body(request, LARGE_BYTES, self._may_send_much)
        except (HttpRefusal, Unavailable) as refusal:
            answer = (
                refused(request, refusal) if isinstance(refusal, Unavailable) else refused_by_http(request, refusal)
            )
            await answer(scope, receive, send)
            return
        except Refusal:  # the application says the same
            await self._app(scope, receive, send)
            return
        reservation = hashlib.sha256(f"{principal}\0{scope['path']}\0{key}".encode()).hexdigest()
        digest = self._master_key.digest(await asyncio.to_thread(_sha256, scope, body), context="idempotency")
        try:
            outcome = await self._db.write(lambda tx: self._reserve(tx, reservation, digest))
        except Refusal as refusal:
            await refused(request, refusal)(scope, receive, send)
            return
        if isinstance(outcome, str):
            await self._refuse(request, HTTPStatus.CONFLICT, "IdempotencyKeyReused", outcome)(scope, receive, send)
        elif isinstance(outcome, _Reservation):
            await self._handle(outcome, body, scope, send)
        else:
            now = await self._run(scope, body, _end_rehearsal)
            await _replay(now if now.status in _NOT_YOURS else outcome, send)

    def _reserve(self, tx: Transaction, reservation: str, digest: str) -> _Answer | str | _Reservation:
        """Return the stored answer, a sentence why the request cannot be handled, or the right to handle it."""
        now = self._clock()
        tx.execute(delete(_keys).where(_keys.c.created_at < now - LIFETIME))
        row = tx.execute(select(_keys).where(_keys.c.scope == reservation)).mappings().first()
        if row is None:
            tx.execute(insert(_keys).values(scope=reservation, body_digest=digest, created_at=now, took_effect=False))
            return _Reservation(reservation, now)
        if row["body_digest"] != digest:
            return "this Idempotency-Key was used for another request; use a new key for a new request"
        if row["answer"] is not None:
            return _Answer.decode(self._master_key.decrypt(row["answer"], context=f"answer {reservation}"))
        has_ended = row["status"] is not None or reservation in self._ended
        if row["created_at"] > now - RESERVED_FOR and not has_ended:
            return "the first request with this Idempotency-Key is still being handled; ask again in a moment"
        if row["took_effect"]:
            return "the first request with this Idempotency-Key took effect but its answer is not there; look the object up"
        _take_over(tx, _Reservation(reservation, row["created_at"]), now)
        return _Reservation(reservation, now)

    async def _run(self, scope: Scope, body: bytes, before: Callable[[Transaction], None]) -> _Answer:
        """Let the application handle the request, with `before` before each of its commits; return its answer."""
        sent = False

        async def replayed() -> Message:
            nonlocal sent
            if sent:
                await asyncio.Event().wait()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        start: Message = {}
        chunks: list[bytes] = []

        async def keep(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            elif message["type"] == "http.response.body":
                chunks.append(message.get("body", b""))

        token = before_commit.set(before)
        try:
            await self._app(scope, replayed, keep)
        finally:
            before_commit.reset(token)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
        return _Answer(start["status"], headers, b"".join(chunks))

    async def _handle(self, reservation: _Reservation, body: bytes, scope: Scope, send: Send) -> None:
        self._ended.discard(reservation.scope)
        try:
            answer = await self._run(scope, body, lambda tx: _mark(tx, reservation))
        except Exception:
            await self._note_end(reservation, _DEFECT, scope)
            raise
        await self._note_end(reservation, answer, scope)
        await _replay(answer, send)

    async def _note_end(self, reservation: _Reservation, answer: _Answer, scope: Scope) -> None:
        try:
            await self._db.write(
                lambda tx: self._store(tx, reservation, answer, is_kept=not scope.get(_NOT_KEPT, False))
            )
        except Unavailable as refusal:
            log.warning("answer not kept", path=scope["path"], status=answer.status, why=refusal.message)
            self._ended.add(reservation.scope)

    def _store(self, tx: Transaction, reservation: _Reservation, answer: _Answer, *, is_kept: bool) -> None:
        """Keep the answer of a request that took effect; forget a request that did not, so that it can be sent again.

        The status without an answer says that the request has ended and that its answer is not kept.
        """
        mine = reservation.row
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            tx.execute(delete(_keys).where(mine, _keys.c.took_effect.is_(False)))
        elif answer.status >= HTTPStatus.BAD_REQUEST:
            tx.execute(delete(_keys).where(mine))
            return
        is_kept = is_kept and answer.status < HTTPStatus.BAD_REQUEST
        sealed = self._master_key.encrypt(answer.encode(), context=f"answer {reservation.scope}") if is_kept else None
        tx.execute(update(_keys).where(mine).values(status=answer.status, answer=sealed))

    @staticmethod
    def _refuse(request: Request, status: HTTPStatus, code: str, message: str) -> ASGIApp:
        sentence, _, remedy = message.partition("; ")
        return problem(
            request,
            status,
            code=code,
            message=sentence,
            remedy=f"{remedy[:1].upper()}{remedy[1:]}.",
        )


_DEFECT = _Answer(HTTPStatus.INTERNAL_SERVER_ERROR, [], b"")
"""Stands for the answer to a request that ended with a defect: that is answered further out."""


def _sha256(scope: Scope, body: bytes) -> str:
    """Return the digest of a whole request: its query may say as much as its body."""
    digest = hashlib.sha256(b"%b %b?%b\n" % (scope["method"].encode(), scope["path"].encode(), scope["query_string"]))
    digest.update(body)
    return digest.hexdigest()


def _end_rehearsal(_tx: Transaction) -> None:
    raise _RehearsedError("this request was handled before", remedy="Nothing is wrong.")


def _take_over(tx: Transaction, dead: _Reservation, now: datetime) -> None:
    """Put a request in the place of one that died, unless another replica did so since its row was read. Raises Stale."""
    as_read = and_(dead.row, _keys.c.took_effect.is_(False))
    if tx.execute(update(_keys).where(as_read).values(created_at=now)).rowcount == 0:
        raise Stale(f"idempotency key {dead.scope}")


def _mark(tx: Transaction, reservation: _Reservation) -> None:
    """Tie the key to what is committed. Raises Conflict when the same request, sent again, has taken over."""
    if tx.execute(update(_keys).where(reservation.row).values(took_effect=True)).rowcount == 0:
        raise Conflict(
            "this request took so long that its repetition took its place",
            code="IdempotencyKeyReused",
            remedy="Look at the answer to the repetition.",
        )


async def _replay(answer: _Answer, send: Send) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})
