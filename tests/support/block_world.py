"""Everything from workspaces to blocks around one database, behind real routes; runs are claimed and reported by the test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import httpx2
from sqlalchemy import select

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import BLOCK_V2, DEFINITION, VERSION
from blockyard.protocol.names import RunStatus
from blockyard.protocol.status import SourceRegistration, StatusUpdate
from blockyard.server.blocks.model.block import Block
from blockyard.server.blocks.store import BlockStore
from blockyard.server.events.model import Event, EventFilter
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Database, metadata
from blockyard.server.kit.paging import PageRequest
from blockyard.server.runners.model import SHARED_RUNNER
from blockyard.server.runs.model import Claimer, Run, RunId
from blockyard.server.runs.service import Claim
from tests.support.clock import FixedClock, RunningClock
from tests.support.principals import ADMINISTRATOR, a_key, a_run_token
from tests.support.routes import Routes
from tests.support.runner_keys import RunnerKey, a_runner_key
from tests.support.world import world_of

BLOCKS = "/api/meshobjects/meshbuildingblocks"
OWN = "/api/blockyard/v1/blocks"
DEFINITIONS = "/api/meshobjects/meshbuildingblockdefinitions"
VERSIONS = "/api/meshobjects/meshbuildingblockdefinitionversions"

SHOP = a_key("shop")
"""The consumer."""

PLATFORM = a_key("platform")
"""The provider: definitions belong to it."""

OTHER = a_key("other")

TERRAFORM: JsonObject = {
    "type": "terraform",
    "terraform": {
        "terraformVersion": "1.11.4",
        "repositoryUrl": "https://git.example.test/blocks.git",
        "async": False,
        "useMeshHttpBackendFallback": True,
    },
}
MANUAL: JsonObject = {"type": "manual", "manual": {}}


@dataclass(frozen=True)
class Claimed:
    """A run in the hands of a runner."""

    document: JsonObject
    principal: Principal

    @property
    def run_id(self) -> RunId:
        return RunId(UUID(str(_member(self.document, "metadata", "uuid"))))

    @property
    def token(self) -> str:
        return str(_member(self.document, "spec", "runToken"))

    @property
    def behavior(self) -> str:
        return str(_member(self.document, "spec", "behavior"))

    @property
    def inputs(self) -> dict[str, JsonObject]:
        """The inputs by key, without those the server adds to every run."""
        items = _member(self.document, "spec", "buildingBlock", "spec", "inputs")
        assert isinstance(items, list)
        objects = [item for item in items if isinstance(item, dict)]
        return {str(item["key"]): item for item in objects if not str(item["key"]).startswith("MESHSTACK_")}


class BlockWorld:
    """The server with workspaces shop (consumer), platform (provider), other and admin, and a client of its API."""

    def __init__(self, database: Database, clock: FixedClock | RunningClock, /, **chosen: Json) -> None:
        self.db = database
        self.clock = clock
        self.protocol = 0
        """What the shared runner speaks: older versions know no bound envelopes."""
        self.whole = world_of(database, clock, **chosen)
        self.events = self.whole.events
        self.services = services = self.whole.services
        self.workspaces, self.runners = services.workspaces, services.runners
        self.runs, self.claims, self.reports = services.runs, services.claims, services.reports
        self.views, self.sweeper = services.views, services.sweeper
        self.integrations, self.definitions = services.integrations, services.definitions
        self.blocks, self.usage = services.blocks, services.blocks.usage
        self.api = Routes(self.whole, media=BLOCK_V2.media, principal=ADMINISTRATOR)
        self.whole.add_workspaces("admin", "shop", "platform", "other")
        self.set_runner_key(a_runner_key())

    def set_runner_key(self, key: RunnerKey) -> None:
        """Give the shared runner a key pair."""
        self.key: RunnerKey = key
        self.db.write_now(lambda tx: self.runners.seed_shared(tx, workspace="admin", public_key=key.public_pem))

    # Definitions

    def define(
        self,
        name: str = "Bucket",
        *,
        transparent: bool = False,
        released: bool = True,
        about: JsonObject | None = None,
        **spec: Any,
    ) -> JsonObject:
        """Make a definition of the platform team, `about` says what else of it, and fill its version; return the version."""
        definition = self.as_admin(
            "POST",
            DEFINITIONS,
            {
                "metadata": {"ownedByWorkspace": "platform", "tags": {}},
                "spec": {
                    "displayName": name,
                    "description": "something useful",
                    "targetType": "WORKSPACE_LEVEL",
                    "runTransparency": transparent,
                    **(about or {}),
                },
            },
            media=DEFINITION.media,
        )
        listed = self.as_admin(
            "GET",
            f"{VERSIONS}?buildingBlockDefinitionUuid={definition['metadata']['uuid']}",
            media=VERSION.media,
        )
        version = listed["_embedded"]["meshBuildingBlockDefinitionVersions"][0]
        return self.edit(version, released=released, **spec)

    def edit(self, version: JsonObject, *, released: bool = True, **spec: Any) -> JsonObject:
        """Write the content of a draft, and release it."""
        return self._put_version("PUT", f"{VERSIONS}/{uuid_of(version)}", version, released=released, **spec)

    def next_version(self, version: JsonObject, *, released: bool = True, **spec: Any) -> JsonObject:
        """Make the version after `version` with other content."""
        number = _member(version, "spec", "versionNumber")
        assert isinstance(number, int)
        return self._put_version("POST", VERSIONS, version, released=released, versionNumber=number + 1, **spec)

    def _put_version(self, method: str, path: str, version: Any, *, released: bool, **spec: Any) -> JsonObject:
        content = {"implementation": TERRAFORM, **version["spec"], **spec}
        if "implementation" in spec:
            content["implementation"] = spec["implementation"]
        elif version["spec"]["implementation"]["type"] == "manual" and version["spec"]["inputs"] == {}:
            content["implementation"] = TERRAFORM
        content["state"] = "RELEASED" if released else "DRAFT"
        body = {"metadata": version["metadata"], "spec": content}
        stored: JsonObject = self.as_admin(method, path, body, media=VERSION.media)
        return stored

    # Blocks

    def order(self, version: JsonObject, inputs: Mapping[str, Json] | None = None, **more: Any) -> Any:
        """Order a block for the shop and return its document."""
        return self.api.ok("POST", BLOCKS, an_order(version, inputs, **more))

    def change(self, block: JsonObject, **more: Any) -> Any:
        """Change a block and return its document."""
        return self.api.ok("PUT", f"{BLOCKS}/{uuid_of(block)}", a_change(block, **more))

    def read(self, block: JsonObject) -> Any:
        """Return a block as the administrator sees it."""
        return self.as_admin("GET", f"{BLOCKS}/{uuid_of(block)}")

    def stored(self, block: JsonObject) -> Block:
        """Return a block as it is stored."""
        found = self.db.read_now(lambda tx: BlockStore(tx).find(UUID(uuid_of(block))))
        assert found is not None
        return found

    def delete(self, block: JsonObject) -> httpx2.Response:
        """Ask to delete a block."""
        return self.api.send("DELETE", f"{BLOCKS}/{uuid_of(block)}")

    def as_admin(self, method: str, path: str, body: Any = None, *, media: str | None = None) -> Any:
        """Send a request as administrator, whoever comes next."""
        before = self.api.principal
        self.api.be(ADMINISTRATOR)
        try:
            return self.api.ok(method, path, body, media=media)
        finally:
            self.api.be(before)

    # Runs

    def claim(self) -> Claimed | None:
        """Take the next run as the shared runner does."""
        claim = Claim(runner_id=SHARED_RUNNER, claimer=Claimer.BLOCKYARD, protocol=self.protocol)
        claimed = self.db.write_now(lambda tx: self.claims.claim(tx, ADMINISTRATOR, claim))
        if claimed.document is None:
            return None
        token = str(_member(claimed.document, "spec", "runToken"))
        grant = self.db.read_now(lambda tx: self.runs.grant_of(tx, token))
        assert grant is not None
        principal = a_run_token(grant.run_id, block_id=grant.block_id, workspace=grant.workspace, attempt=grant.attempt)
        return Claimed(claimed.document, principal)

    def claimed(self) -> Claimed:
        """Take the next run, which must be there."""
        found = self.claim()
        assert found is not None
        return found

    def key_of(self, claimed: Claimed) -> str | None:
        """Return the ephemeral API key of a run, as its runner opens it; None if it got none."""
        items = _member(claimed.document, "spec", "buildingBlock", "spec", "inputs")
        assert isinstance(items, list)
        for item in items:
            if isinstance(item, dict) and item["key"] == "MESHSTACK_API_TOKEN":
                assert (item["type"], item["isSensitive"], item["isEnvironment"]) == ("STRING", True, True)
                return self.key.open(str(item["value"]))
        return None

    def holder(self, key: str | None) -> Principal:
        """Return who acts with an ephemeral API key. Raises Unauthenticated."""
        assert key is not None
        return self.db.read_now(lambda tx: self.services.authenticator.by_bearer(tx, key))

    def report(
        self,
        claimed: Claimed,
        status: RunStatus = RunStatus.SUCCEEDED,
        outputs: Mapping[str, JsonObject] | None = None,
        *,
        message: str = "done",
    ) -> None:
        """Register and report the end of a run."""
        source: JsonObject = {"source": {"id": "runner"}, "steps": [{"id": "apply", "displayName": "Apply"}]}
        registration = SourceRegistration.model_validate(source)
        self.db.write_now(lambda tx: self.reports.register(tx, claimed.principal, claimed.run_id, registration))
        step: JsonObject = {
            "id": "apply",
            "status": status.value,
            "userMessage": message,
            "systemMessage": f"log: {message}",
            "outputs": dict(outputs or {}),
        }
        update = StatusUpdate.model_validate({"status": status.value, "steps": [step]})
        self.db.write_now(lambda tx: self.reports.report(tx, claimed.principal, claimed.run_id, "runner", update))

    def finish(
        self, outputs: Mapping[str, JsonObject] | None = None, status: RunStatus = RunStatus.SUCCEEDED
    ) -> Claimed:
        """Take the next run and report its end."""
        claimed = self.claimed()
        self.report(claimed, status, outputs)
        return claimed

    def sweep(self) -> None:
        """Do what the background loops of runs and approvals do once."""
        for run_id in self.db.read_now(self.sweeper.due):
            self.db.write_now(partial(self.sweeper.settle, run_id=run_id))
        for run_id in self.db.read_now(partial(self.sweeper.approvals.due, limit=10)):
            self.db.write_now(partial(self.sweeper.approvals.settle, run_id=run_id))

    def latest_run(self, block: JsonObject) -> Run:
        """Return the newest run of a block."""
        found = self.db.read_now(lambda tx: self.runs.latest(tx, UUID(uuid_of(block))))
        assert found is not None
        return found

    # Traces

    def titles(self, block: JsonObject) -> list[str]:
        """Return the titles of the events about a block; events of one moment come in any order."""
        return [event.title for event in self.all_events() if event.subject_id == uuid_of(block)]

    def all_events(self) -> Sequence[Event]:
        """Return all events, oldest first."""
        page = self.db.read_now(lambda tx: self.events.page(tx, EventFilter(), PageRequest(size=1000)))
        return list(reversed(page.items))


def an_input(type_: str = "STRING", assignment: str = "USER_INPUT", **more: Json) -> JsonObject:
    """Return an input of a version."""
    return {
        "displayName": more.pop("displayName", ""),
        "type": type_,
        "assignmentType": assignment,
        "isEnvironment": False,
        "isSensitive": False,
        "argument": None,
        "defaultValue": None,
        "updateableByConsumer": False,
        "displayOrder": 0,
        **more,
    }


def an_output(type_: str = "STRING", assignment: str = "NONE", **more: Json) -> JsonObject:
    """Return an output of a version."""
    return {"displayName": "", "type": type_, "assignmentType": assignment, "displayOrder": 0, **more}


def a_value(value: Json, type_: str = "STRING", **more: Json) -> JsonObject:
    """Return an output as runs report it."""
    return {"value": value, "type": type_, **more}


def a_secret(plaintext: str) -> JsonObject:
    """Return a secret to be set."""
    return {"plaintext": plaintext}


def an_order(
    version: JsonObject,
    inputs: Mapping[str, Json] | None = None,
    *,
    name: str = "my block",
    workspace: str = "shop",
    parents: Sequence[JsonObject] = (),
    tenant: JsonObject | None = None,
) -> JsonObject:
    """Return the body of a POST; inputs as plain values, secrets as secret objects."""
    target: JsonObject = {"kind": "meshWorkspace", "uuid": None, "name": workspace}
    if tenant is not None:
        target = {"kind": "meshTenant", "uuid": uuid_of(tenant), "name": None}
    refs: list[Json] = [{"uuid": uuid_of(parent), "kind": "meshBuildingBlock"} for parent in parents]
    old: list[Json] = [{"buildingBlockUuid": uuid_of(parent)} for parent in parents]
    return {
        "apiVersion": "v2-preview",
        "kind": "meshBuildingBlock",
        "metadata": {"uuid": None, "ownedByWorkspace": ""},
        "spec": {
            "buildingBlockDefinitionVersionRef": {
                "uuid": uuid_of(version),
                "kind": "meshBuildingBlockDefinitionVersion",
            },
            "targetRef": target,
            "displayName": name,
            "inputs": {key: _sent(value) for key, value in (inputs or {}).items()},
            "parentBuildingBlockRefs": refs,
            "parentBuildingBlocks": old,
        },
        "status": None,
    }


def a_change(
    block: Any,
    *,
    inputs: Mapping[str, Json] | None = None,
    name: str | None = None,
    version: JsonObject | None = None,
    parents: Sequence[JsonObject] | None = None,
) -> JsonObject:
    """Return the body of a PUT that leaves everything else as it is."""
    spec = block["spec"]
    refs: list[Json] = spec["parentBuildingBlockRefs"]
    if parents is not None:
        refs = [{"uuid": uuid_of(parent), "kind": "meshBuildingBlock"} for parent in parents]
    version_ref = spec["buildingBlockDefinitionVersionRef"]
    return {
        **block,
        "spec": {
            "buildingBlockDefinitionVersionRef": (
                version_ref if version is None else {**version_ref, "uuid": uuid_of(version)}
            ),
            "targetRef": spec["targetRef"],
            "displayName": name or spec["displayName"],
            "inputs": {key: _sent(value) for key, value in (inputs or {}).items()},
            "parentBuildingBlockRefs": refs,
        },
        "status": None,
    }


def uuid_of(document: Any) -> str:
    """Return the id of a document."""
    return str(document["metadata"]["uuid"])


def status_of(block: Any) -> str:
    """Return the status of a block."""
    return str(block["status"]["status"])


def lifecycle_of(block: Any) -> str:
    """Return the lifecycle state of a block."""
    return str(block["status"]["lifecycle"]["state"])


def definition_of(version: Any) -> str:
    """Return the id of the definition of a version."""
    return str(version["spec"]["buildingBlockDefinitionRef"]["uuid"])


def dump(database: Database) -> str:
    """Return everything that is stored, as one text."""
    return database.read_now(
        lambda tx: repr([[tuple(row) for row in tx.execute(select(table))] for table in metadata.sorted_tables])
    )


def _sent(value: Json) -> JsonObject:
    is_secret = isinstance(value, dict) and set(value) <= {"plaintext", "hash"}
    return {"value": value, "isSensitive": is_secret}


def _member(document: Json, *path: str) -> Json:
    found = document
    for name in path:
        assert isinstance(found, dict), path
        found = found[name]
    return found
