"""The server as `wire` builds it, made once for each database of this process and as new for every test.

Routes are built in a tenth of a second, more than most tests take. So they are kept, together with the services behind them,
and what a test changed in these is put back before the next one (`Memory`); rows are the database's matter (`Kept`).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from fastapi import FastAPI, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.app.application import create_app
from blockyard.server.app.settings import load_settings
from blockyard.server.app.wiring import wire
from blockyard.server.events.service import EventLog
from blockyard.server.identity.model import Principal
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Database
from blockyard.server.kit.ids import NewId, new_id
from blockyard.server.kit.sealed import MasterKey
from tests.support.clock import FixedClock
from tests.support.memory import Memory
from tests.support.quick_passwords import hash_quickly

T = TypeVar("T")

BASE_URL = "http://blockyard.test"
MASTER_KEY = MasterKey(b"a master key for tests, 32 bytes")
_USUAL: Mapping[str, Json] = {"style_page": True, "allow_file_repositories": False}
"""Settings of all tests that do not choose others: one server does for all of them, and to make one takes half a second."""

_ASKS = "tests.principal"

hash_quickly()


class World:
    """All services and the application over them; clock and ids are those of the test."""

    def __init__(self, database: Database, /, **chosen: Json) -> None:
        settings = load_settings({}, {"data_dir": "/nonexistent", "public_url": BASE_URL, **chosen})
        self.db = database
        self.clock: Clock = FixedClock()
        self.new_id: NewId = new_id
        self.services = wire(settings, MASTER_KEY, clock=self._now, draw_id=self._draw)
        self.events = EventLog(clock=self._now, new_id=self._draw)
        self.app: FastAPI = create_app(settings, database, self.services)
        self._draw_document = self.app.openapi
        self._settings = repr(sorted(chosen.items()))
        self.app.openapi = self._document  # type: ignore[method-assign]  # FastAPI's documented way to extend it
        self._by_credential = self.app.state.authenticate
        self.app.state.authenticate = self._whose
        self._memory = Memory(
            self.services,
            self.app.router.routes,
            self.app.state._state,
            self.app.dependency_overrides,
            but=(self, database),
        )
        self._added: dict[object, tuple[object, Memory]] = {}

    def renew(self, clock: Clock, draw_id: NewId) -> None:
        """Let services and application be as they were when they were made."""
        self._memory.put_back()
        self.app.middleware_stack = None  # the first request makes new ones
        for _, memory in self._added.values():
            memory.put_back()
        self.clock, self.new_id = clock, draw_id

    def keep(self, name: object, make: Callable[[], T]) -> T:
        """Return what `make` made the first time, as it was then: for what else is worth being kept."""
        if name not in self._added:
            made = make()
            self._added[name] = (made, Memory(made, but=(self, self.db)))
        kept: T = self._added[name][0]  # type: ignore[assignment]  # a name stands for one kind of thing
        return kept

    def add_workspaces(self, *names: str) -> None:
        """Make workspaces that may build platforms."""
        seed = self.services.workspaces.seed
        self.db.write_now(lambda tx: [seed(tx, name, name.title(), platform_builder=True) for name in names])

    def asked_by(self, principal: Callable[[], Principal]) -> ASGIApp:
        """Return the application as `principal` finds it, whatever credential a request has."""

        async def asked(scope: Scope, receive: Receive, send: Send) -> None:
            await self.app({**scope, _ASKS: principal()}, receive, send)

        return asked

    def _document(self) -> JsonObject:
        """Draw the document of these settings, which takes a second, once for all databases."""
        if self._settings not in _documents:
            _documents[self._settings] = self._draw_document()
        return _documents[self._settings]

    async def _whose(self, request: Request) -> Principal:
        principal: Principal | None = request.scope.get(_ASKS)
        return principal or await self._by_credential(request)

    def _now(self) -> datetime:
        return self.clock()

    def _draw(self) -> UUID:
        return self.new_id()


_documents: dict[str, JsonObject] = {}
_worlds: dict[Database, dict[str, World]] = {}


def world_of(database: Database, clock: Clock, draw_id: NewId = new_id, /, **chosen: Json) -> World:
    """Return the server of a database, as new; with such settings instead of the usual ones."""
    worlds, settings = _worlds.setdefault(database, {}), {**_USUAL, **chosen}
    name = repr(sorted(settings.items()))
    if name not in worlds:
        worlds[name] = World(database, **settings)
    worlds[name].renew(clock, draw_id)
    return worlds[name]
