"""The operations of the API, each on one thing of the matrix world: the request that somebody who may sends with success."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from blockyard.protocol.jsontypes import Json
from blockyard.server.identity.api.scim.answering import MEDIA
from blockyard.server.kit.routers import LateRoutes
from tests.support.matrix_bodies import NEEDED, OWN, SCIM
from tests.support.matrix_world import PARTS, MatrixWorld
from tests.support.whole_server import Request, WholeServer

DOCUMENT: Mapping[str, Any] = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text())
PATHS: Mapping[str, Any] = DOCUMENT["paths"]

_OF_PERSONS = {
    f"{OWN}/me/password": "manager",
    f"{OWN}/me/": "owner",
    f"{OWN}/order-drafts": "owner",
    f"{OWN}/bulk-jobs": "owner",
    f"{OWN}/kept": "owner",
    f"{OWN}/logout": "foreign",
}
"""Whose matter addresses are that begin so; a new password ends the sessions of who changes it."""


def who_sends(path: str) -> str | None:
    """Return the person whose matter an address is; None if it is not the matter of one person."""
    return next((person for begin, person in _OF_PERSONS.items() if path.startswith(begin)), None)


@dataclass(frozen=True, eq=False)
class Operation:
    """An operation on one thing."""

    method: str
    path: str
    restricted: bool
    known: Request
    unknown: Request

    @property
    def name(self) -> str:
        """How the table calls it."""
        return f"{self.method} {self.path}"

    @property
    def place(self) -> int:
        """Which word of the address names the thing it is about; 0 if it is about none."""
        words = self.path.split("/")
        return max(
            (at for at, word in enumerate(words) if word.startswith("{") and words[at - 1] not in PARTS), default=0
        )

    @property
    def thing(self) -> str:
        """Return what names the thing it is about."""
        return self.known.path.split("/")[self.place]

    def __str__(self) -> str:
        return f"{self.name}{' restricted' if self.restricted else ''}"


def paths_of(app: FastAPI) -> dict[str, dict[str, Any]]:
    """Return all paths with their operations: those of the document, and those of the API that a standard describes."""
    found: dict[str, dict[str, Any]] = {path: dict(methods) for path, methods in PATHS.items()}
    spellings = {path.lower() for path in PATHS} - PATHS.keys()
    known = [one for route in app.routes for one in (route.routes if isinstance(route, LateRoutes) else [route])]
    for route in known:
        if not isinstance(route, APIRoute) or route.include_in_schema:
            continue
        path = route.path_format
        if path.startswith("/api/") and path not in spellings:
            content: Any = {"content": {MEDIA if path.startswith(SCIM) else "application/json": {}}}
            for method in route.methods or ():
                body = {} if method in {"GET", "DELETE"} else {"requestBody": content}
                found.setdefault(path, {}).setdefault(method.lower(), {"responses": {"200": content}, **body})
    return found


def operations(server: WholeServer, world: MatrixWorld) -> Iterator[Operation]:
    """Yield every operation; those on what a provider can keep to itself also on a restricted thing."""
    for path, methods in paths_of(server.app).items():
        for method, about in methods.items():
            for restricted in [False, True] if world.can_be_restricted(path) else [False]:
                yield operation_of(server, world, method.upper(), path, about, restricted=restricted)


def operation_of(
    server: WholeServer, world: MatrixWorld, method: str, path: str, about: Any, *, restricted: bool
) -> Operation:
    address = world.address(path, restricted=restricted)
    done = [answer for status, answer in about["responses"].items() if status.startswith("2")]
    accept = next((next(iter(answer["content"])) for answer in done if "content" in answer), "*/*")
    body: Json | bytes = world.bodies.get(f"{method} {path}")
    if body is None and method == "PUT" and "requestBody" in about:  # what is sent back as it was read
        body = server.ok(Request("GET", address, media=accept))
    media = next(iter(about["requestBody"]["content"])) if "requestBody" in about else accept
    params = {one["name"]: NEEDED[one["name"]] for one in about.get("parameters", ()) if one["name"] in NEEDED}
    known = Request(method, address, body, media, params=params, headers={"Accept": accept})
    return Operation(method, path, restricted, known, _moved(known, world.address(path, unknown=True)))


def differences(path: str, other: str) -> list[tuple[str, str]]:
    """Return where two addresses differ."""
    return [words for words in zip(path.split("/"), other.split("/"), strict=True) if len({*words}) > 1]


def _moved(request: Request, path: str) -> Request:
    """Return a request sent to another address, with a body that says so too."""
    body = request.body
    if body is not None and not isinstance(body, bytes):
        text = json.dumps(body)
        for there, elsewhere in differences(request.path, path):
            text = text.replace(f'"{there}"', f'"{elsewhere}"')
        body = json.loads(text)
    return replace(request, path=path, body=body)
