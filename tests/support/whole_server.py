"""The whole application in this process: real routes, real sign-in, one definition, one block and its claimed run."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from uuid import UUID

import httpx2
from fastapi import FastAPI
from sqlalchemy import select

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import PAYMENT_METHOD, PLATFORM, PROJECT, WORKSPACE_USER_BINDING
from blockyard.server.app.keys import KeyPair
from blockyard.server.app.seeds import SHARED_RUNNER_UUID, Seeds, seed
from blockyard.server.identity.service import Subject, SubjectKind
from blockyard.server.identity.service.tokens import USER_TOKEN_LIFE
from blockyard.server.kit.database import Database, metadata
from blockyard.server.kit.ids import new_id
from tests.support.clock import RunningClock
from tests.support.http import client_for, run_aside
from tests.support.installation import an_input, an_output, text_of
from tests.support.places import KUBERNETES, a_platform
from tests.support.runner_keys import a_runner_key
from tests.support.world import world_of

OBJECTS = "/api/meshobjects"
BLOCKS = f"{OBJECTS}/meshbuildingblocks"
RUNS = f"{OBJECTS}/meshbuildingblockruns"
DEFINITIONS = f"{OBJECTS}/meshbuildingblockdefinitions"
VERSIONS = f"{OBJECTS}/meshbuildingblockdefinitionversions"
WORKSPACES = f"{OBJECTS}/meshworkspaces"

SECRET = "correct-horse-battery"
"""The value of a secret; no answer may hold it."""

TERRAFORM: JsonObject = {
    "terraformVersion": "1.11.4",
    "repositoryUrl": "https://git.example.test/blocks.git",
    "async": False,
    "useMeshHttpBackendFallback": True,
}


@dataclass(frozen=True)
class Request:
    """One request; the body is JSON unless it is bytes."""

    method: str
    path: str
    body: "Json | bytes" = None
    media: str | None = None
    token: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class WholeServer:
    """An installation without a network; `token` is the administrator's."""

    def __init__(self, database: Database) -> None:
        self.db = database
        self.clock = RunningClock()
        whole = world_of(database, self.clock)
        self.services = services = whole.services
        self._sweeper = services.sweeper
        key = KeyPair(str(new_id()), "administrators-secret")
        self.key_id = key.client_id
        seeds = Seeds("admin", key, None, a_runner_key().public_pem)
        seed(database, services, seeds)
        self.app: FastAPI = whole.app
        self.token = ""
        login: JsonObject = {"clientId": key.client_id, "clientSecret": key.client_secret}
        self.token = text_of(self.ok(Request("POST", "/api/login", login, "application/json")), "access_token")

    def lasting_token(self) -> str:
        """Return a token of the administrator's key that is good for hours; those of a sign-in are for five minutes."""
        return self.services.tokens.issue(Subject(SubjectKind.API_KEY, UUID(self.key_id)), USER_TOKEN_LIFE)

    def send(self, request: Request) -> httpx2.Response:
        """Send a request as the administrator, unless it brings a token."""
        return self.send_all([request])[0]

    def send_all(self, requests: Iterable[Request]) -> list[httpx2.Response]:
        """Send requests one after the other and return their answers."""
        return run_aside(self._send_all(requests))

    def ok(self, request: Request) -> JsonObject:
        """Send a request that must succeed and return the JSON of its answer."""
        answer = self.send(request)
        assert answer.is_success, f"{request.method} {request.path}: {answer.status_code} {answer.text}"
        document: JsonObject = answer.json() if answer.content else {}
        return document

    def sweep(self) -> None:
        """Settle what is due of the runs, as the background loop does."""
        for run_id in self.db.read_now(self._sweeper.due):
            self.db.write_now(partial(self._sweeper.settle, run_id=run_id))

    def contents(self) -> dict[str, list[str]]:
        """Return all rows of all tables, as text, but for what a sign-in or a request's key notes."""
        with self.db.engine.connect() as connection:
            return {
                table.name: sorted(str(tuple(row)) for row in connection.execute(select(table)))
                for table in metadata.sorted_tables
                if table.name != "idempotency_keys"
            }

    async def _send_all(self, requests: Iterable[Request]) -> list[httpx2.Response]:
        async with client_for(self.app) as client:
            return [await self.send_by(client, request, self.token) for request in requests]

    async def send_by(self, client: httpx2.AsyncClient, request: Request, token: str) -> httpx2.Response:
        """Send a request with a token, unless it brings one."""
        kind = request.media or "application/json"
        token = token if request.token is None else request.token
        headers = {"Accept": kind, "Authorization": f"Bearer {token}"}
        content: bytes | None = None
        if isinstance(request.body, bytes):
            content = request.body
        elif request.body is not None:
            content = json.dumps(request.body).encode()
        if content is not None:
            headers["Content-Type"] = kind
        return await client.request(
            request.method,
            request.path,
            headers={**headers, **request.headers},
            content=content,
            params=dict(request.params) or None,  # an empty one would replace the query of the address
        )


@dataclass(frozen=True)
class Tenancy:
    """What is in a server: ids, and the token of the block's run."""

    definition: str
    version: str
    block: str
    run: str
    run_token: str
    platform: str = ""


_DEV: JsonObject = {"metadata": {"name": "dev", "ownedByWorkspace": "shop"}, "spec": {"displayName": "Dev", "tags": {}}}
_ADMIN_IN_SHOP: JsonObject = {"targetRef": {"name": "shop"}, "subject": {"name": "admin"}}


def furnish(server: WholeServer) -> Tenancy:
    """Make two workspaces, a payment method, a project, a platform, a released definition, a block, and claim its run."""
    for name in ("platform", "shop"):
        server.ok(Request("POST", WORKSPACES, a_workspace(name), kinds.WORKSPACE.media))
    method: JsonObject = {"metadata": {"name": "shop", "ownedByWorkspace": "shop"}, "spec": {"displayName": "Shop"}}
    server.ok(Request("POST", PAYMENT_METHOD.collection, method, PAYMENT_METHOD.media))
    server.ok(Request("POST", PROJECT.collection, _DEV, PROJECT.media))
    membership: JsonObject = {
        "metadata": {"name": "admin-in-shop"},
        "roleRef": {"name": "Workspace Member"},
        **_ADMIN_IN_SHOP,
    }
    server.ok(Request("POST", WORKSPACE_USER_BINDING.collection, membership, WORKSPACE_USER_BINDING.media))
    created = server.ok(Request("POST", DEFINITIONS, a_definition(), kinds.DEFINITION.media))
    definition, version = text_of(created, "metadata", "uuid"), text_of(created, "status", "latestVersionUuid")
    server.ok(Request("PUT", f"{VERSIONS}/{version}", a_version(definition, version), kinds.VERSION.media))
    platform = server.ok(Request("POST", PLATFORM.collection, _A_PLATFORM, PLATFORM.media))
    return replace(work_on_block(server, definition, version), platform=text_of(platform, "metadata", "uuid"))


_TOKEN: JsonObject = {"clientConfig": {"accessToken": {"plaintext": SECRET}}, "namespaceNamePattern": "n"}
_A_PLATFORM: JsonObject = a_platform(
    "k8s", "platform", config={**KUBERNETES, "kubernetes": {**KUBERNETES["kubernetes"], "replication": _TOKEN}}
)


def work_on_block(server: WholeServer, definition: str, version: str) -> Tenancy:
    """Order a block and claim its run."""
    block = text_of(server.ok(Request("POST", BLOCKS, an_order(version), kinds.BLOCK_V2.media)), "metadata", "uuid")
    run = claim(server)
    return Tenancy(definition, version, block, text_of(run, "metadata", "uuid"), text_of(run, "spec", "runToken"))


def claim(server: WholeServer) -> JsonObject:
    """Claim the next run of the shared runner, as Blockyard's runner does."""
    return server.ok(
        Request(
            "POST",
            f"{RUNS}/create",
            media=kinds.RUN.media,
            params={"forRunnerUuid": str(SHARED_RUNNER_UUID)},
            headers={"Blockyard-Protocol": "1"},
        )
    )


def a_workspace(name: str) -> JsonObject:
    """Return a workspace to create."""
    return {
        "apiVersion": "v2",
        "kind": "meshWorkspace",
        "metadata": {"name": name, "tags": {}},
        "spec": {"displayName": name, "platformBuilderAccessEnabled": True},
    }


def a_definition() -> JsonObject:
    """Return a definition to create."""
    return {
        "metadata": {"ownedByWorkspace": "platform", "tags": {}},
        "spec": {
            "displayName": "Sample",
            "targetType": "WORKSPACE_LEVEL",
            "description": "A sample",
            "runTransparency": True,
            "useInLandingZonesOnly": False,
            "supportedPlatforms": None,
        },
    }


def a_version(definition: str, version: str, *, number: int = 1, **members: Json) -> JsonObject:
    """Return a released version with an input of each kind."""
    inputs: JsonObject = {
        "name": an_input(displayOrder=0),
        "password": an_input(isSensitive=True, displayOrder=1),
        "size": an_input("SINGLE_SELECT", selectableValues=["small", "large"], displayOrder=2),
        "count": an_input("INTEGER", displayOrder=3),
        "config.json": an_input("FILE", "STATIC", argument="data:text/plain;base64,e30=", displayOrder=4),
        "code": an_input("STRING", valueValidationRegex="[a-z]+", displayOrder=5),
    }
    spec: JsonObject = {
        "buildingBlockDefinitionRef": {"uuid": definition, "kind": "meshBuildingBlockDefinition"},
        "versionNumber": number,
        "state": "RELEASED",
        "runnerRef": {"uuid": str(SHARED_RUNNER_UUID), "kind": "meshBuildingBlockRunner"},
        "onlyApplyOncePerTenant": False,
        "deletionMode": "DELETE",
        "inputs": inputs,
        "outputs": {"result": an_output()},
        "implementation": {"type": "terraform", "terraform": dict(TERRAFORM)},
        **members,
    }
    return {"metadata": {"uuid": version, "ownedByWorkspace": "platform", "createdOn": ""}, "spec": spec}


def an_order(version: str, **inputs: Json) -> JsonObject:
    """Return the order of a block; an input without members of its own is a plain value."""
    values: JsonObject = {
        "name": "ada",
        "size": "small",
        "count": 3,
        "code": "abc",
        **inputs,
    }
    sealed: JsonObject = {"password": {"value": {"plaintext": SECRET}, "isSensitive": True}}
    plain: JsonObject = {key: {"value": value, "isSensitive": False} for key, value in values.items()}
    return {
        "apiVersion": "v2-preview",
        "kind": "meshBuildingBlock",
        "metadata": {"uuid": None, "ownedByWorkspace": ""},
        "spec": {
            "buildingBlockDefinitionVersionRef": {"uuid": version, "kind": "meshBuildingBlockDefinitionVersion"},
            "targetRef": {"kind": "meshWorkspace", "uuid": None, "name": "shop"},
            "displayName": "sample",
            "inputs": {**plain, **sealed},
            "parentBuildingBlockRefs": [],
            "parentBuildingBlocks": [],
        },
        "status": None,
    }


def error_of(answer: httpx2.Response) -> dict[str, Any]:
    """Return the body of a refusal."""
    body: dict[str, Any] = answer.json()
    return body
