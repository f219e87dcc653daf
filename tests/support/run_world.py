"""All services of runs around a database, with stand-ins for the features above them, and their routes."""

from base64 import b64decode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from uuid import UUID, uuid4

import httpx2
from fastapi import FastAPI, Request

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import RUN
from blockyard.protocol.names import Behavior, ImplementationType, RunStatus
from blockyard.protocol.status import OutputValue
from blockyard.server.events.model import Author
from blockyard.server.identity.model import Principal
from blockyard.server.kit.connections import BodyGuard
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.errors import Unauthenticated
from blockyard.server.kit.http import install_errors
from blockyard.server.kit.usage import Above
from blockyard.server.runners.model import SHARED_RUNNER, RunnerId
from blockyard.server.runs.api import routes
from blockyard.server.runs.model import Attempt, Run, RunId, RunLimits, RunTarget, TriggerReason
from blockyard.server.runs.ports import RunFinish, RunParts, RunPorts
from blockyard.server.runs.service import (
    ClaimService,
    FailureService,
    PlanViews,
    ReportService,
    RunService,
    RunSweeper,
    RunViews,
)
from blockyard.server.runs.store import AttemptStore
from blockyard.server.tofu_state.api import routes as state_routes
from blockyard.server.tofu_state.service import StateLockbook, StateRestorer, StateService
from tests.support.clock import FixedClock
from tests.support.http import client_for
from tests.support.principals import ADMINISTRATOR, a_key
from tests.support.runner_keys import a_runner_key
from tests.support.world import BASE_URL, MASTER_KEY, World, world_of

ADA = Author(type="User", identifier="u-17", display_name="Ada L.", username="ada")


@dataclass
class Content:
    """Says what is in run documents; stands in for blocks."""

    inputs: list[Json] = field(default_factory=list)
    implementation: JsonObject = field(
        default_factory=lambda: {
            "type": "TERRAFORM",
            "terraformVersion": "1.11.4",
            "repositoryUrl": "https://git.example.org/modules.git",
            "async": False,
            "useMeshHttpBackendFallback": True,
        }
    )
    transparent: bool = False
    plan_run_id: RunId | None = None
    refusal: Exception | None = None

    def document_parts(self, tx: Transaction, run: Run) -> RunParts:
        del tx
        if self.refusal is not None:
            raise self.refusal
        block: JsonObject = {
            "uuid": str(run.block_id),
            "spec": {
                "displayName": run.target.display_name,
                "workspaceIdentifier": run.workspace,
                "inputs": list(self.inputs),
                "parentBuildingBlocks": [],
            },
        }
        definition: JsonObject = {
            "uuid": str(run.target.definition_id),
            "spec": {"workspaceIdentifier": run.provider, "version": 1, "implementation": self.implementation},
        }
        return RunParts(block=block, definition=definition, plan_run_id=self.plan_run_id)

    def name_of(self, tx: Transaction, run: Run) -> str:
        del tx
        return run.target.display_name

    def tenant_of(self, tx: Transaction, run: Run) -> UUID | None:
        del tx, run
        return None

    def is_transparent(self, tx: Transaction, run: Run) -> bool:
        del tx, run
        return self.transparent

    def transparent_ones(self, tx: Transaction, definition_ids: Collection[UUID]) -> Collection[UUID]:
        del tx
        return definition_ids if self.transparent else ()


@dataclass
class Listener:
    """Remembers what it was told; may turn a result around."""

    changed: list[RunStatus] = field(default_factory=list)
    finished: list[tuple[RunStatus, Mapping[str, OutputValue]]] = field(default_factory=list)
    verdict: RunFinish | None = None

    def run_changed(self, tx: Transaction, run: Run) -> None:
        del tx
        self.changed.append(run.status)

    def run_finished(self, tx: Transaction, run: Run, outputs: Mapping[str, OutputValue]) -> RunFinish:
        del tx
        self.finished.append((run.status, outputs))
        return self.verdict or RunFinish(run.status)

    def run_ended(self, tx: Transaction, run: Run) -> None:
        del tx, run


class RunPart:
    """Runs and states over stand-ins for blocks, and their routes."""

    def __init__(self, whole: World, limits: RunLimits) -> None:
        self.content = Content()
        self.listener = Listener()
        self.context = replace(whole.services.runs._context, ports=Above(), limits=limits)
        self.context.ports.put(
            RunPorts(
                self.content,
                self.listener,
                StateLockbook(MASTER_KEY),
                StateRestorer(self.context.basics, kept_versions=20),
            )
        )
        self.runs = RunService(self.context)
        self.claims = ClaimService(self.context)
        self.reports = ReportService(self.context)
        self.views = RunViews(self.context)
        self.sweeper = RunSweeper(self.context)
        self.state = StateService(self.context.basics, runs=self.runs)
        self.app = FastAPI()
        install_errors(self.app)
        self.app.include_router(
            routes(
                whole.db,
                runs=self.runs,
                claims=self.claims,
                reports=self.reports,
                views=self.views,
                plans=PlanViews(self.context),
                failures=FailureService(self.context, definitions=whole.services.definitions),
                identities=whole.services.run_identities,
                signing_keys=whole.services.signing_keys,
                links=self.context.links,
                master_key=MASTER_KEY,
                clock=self.context.clock,
            )
        )
        self.app.include_router(state_routes(whole.db, self.state, master_key=MASTER_KEY))
        self.app.add_middleware(BodyGuard)


class RunWorld:
    """A control plane that knows runs and state only."""

    def __init__(self, database: Database, clock: FixedClock, limits: RunLimits | None = None) -> None:
        self.db = database
        self.clock = clock
        whole = world_of(database, clock)
        wanted = limits or RunLimits()
        part = whole.keep(("runs", wanted), lambda: RunPart(whole, wanted))
        self.content, self.listener, self.context = part.content, part.listener, part.context
        self.runs, self.claims, self.reports = part.runs, part.claims, part.reports
        self.views, self.sweeper, self.state = part.views, part.sweeper, part.state
        self.runners = whole.services.runners
        self.keys: dict[str, Principal] = {name: a_key(name) for name in ("platform", "shop", "other")}
        self.keys["admin"] = ADMINISTRATOR
        self.app = part.app
        self.app.state.authenticate = self._whose
        whole.add_workspaces("admin", "platform", "shop", "other")
        self.db.write_now(
            lambda tx: self.runners.seed_shared(tx, workspace="admin", public_key=a_runner_key().public_pem)
        )
        self.seed_runner(PLATFORM_RUNNER)

    def seed_runner(self, runner_id: RunnerId, workspace: str = "platform") -> None:
        """Make another runner of the platform team."""
        self.db.write_now(
            lambda tx: self.runners.seed_shared(
                tx, workspace=workspace, public_key=a_runner_key().public_pem, runner_id=runner_id
            )
        )

    def request(self, target: RunTarget | None = None, behavior: Behavior = Behavior.APPLY) -> Run:
        """Put a run into the queue."""
        block = target or a_target()
        return self.db.write_now(
            lambda tx: self.runs.request(tx, ADA, block=block, behavior=behavior, reason=TriggerReason.MANUAL_EXECUTION)
        )

    def run(self, run_id: UUID) -> Run:
        """Return a run as it is stored."""
        return self.db.read_now(lambda tx: self.runs.by_id(tx, run_id))

    def attempt(self, run_id: UUID, number: int = 1) -> Attempt:
        """Return an attempt as it is stored."""
        found = self.db.read_now(lambda tx: AttemptStore(tx).get(RunId(run_id), number))
        assert found is not None
        return found

    def sweep(self) -> None:
        """Do what the background loop does once."""
        for run_id in self.db.read_now(self.sweeper.due):
            self.db.write_now(partial(self.sweeper.settle, run_id=run_id))

    def client(self, token: str, *, own: bool = False) -> httpx2.AsyncClient:
        """Return an HTTP client that shows `token`: the name of a key, or a run token."""
        client = client_for(self.app, BASE_URL)
        client.headers.update({"Authorization": f"Bearer {token}", "Accept": RUN.media})
        if own:
            client.headers["Blockyard-Protocol"] = "1"
        return client

    async def claim(
        self, runner_id: RunnerId = SHARED_RUNNER, *, own: bool = True, key: str | None = None, **params: str
    ) -> httpx2.Response:
        """Claim a run over HTTP, with a key of the runner's owner unless `key` says otherwise."""
        key = key or ("platform" if runner_id == PLATFORM_RUNNER else "admin")
        async with self.client(key, own=own) as client:
            return await client.post(CLAIM, params={"forRunnerUuid": str(runner_id), **params})

    async def _whose(self, request: Request) -> Principal:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            token = b64decode(token).decode().partition(":")[2]
        if token in self.keys:
            return self.keys[token]
        return await self.db.read(lambda tx: self._by_token(tx, token))

    def _by_token(self, tx: Transaction, token: str) -> Principal:
        grant = self.runs.grant_of(tx, token)
        if grant is None:
            raise Unauthenticated("the token is not valid", remedy="Sign in.")
        return Principal(author=Author(type="ApiKey", identifier="run", display_name="run"), run=grant)


CLAIM = "/api/meshobjects/meshbuildingblockruns/create"
RUNS = "/api/meshobjects/meshbuildingblockruns"
OWN = "/api/blockyard/v1/runs"
PLATFORM_RUNNER = RunnerId(UUID("10000000-0000-4000-8000-000000000001"))


def a_target(
    *,
    block_id: UUID | None = None,
    runner_id: RunnerId = SHARED_RUNNER,
    implementation: ImplementationType = ImplementationType.TERRAFORM,
    hand_over: bool = False,
) -> RunTarget:
    """Return a block of workspace shop whose definition belongs to workspace platform."""
    return RunTarget(
        block_id=block_id or uuid4(),
        display_name="team storage",
        workspace="shop",
        provider="platform",
        definition_id=uuid4(),
        version_id=uuid4(),
        version_number=3,
        runner_id=runner_id,
        implementation=implementation,
        hand_over=hand_over,
    )


@dataclass(frozen=True)
class Worker:
    """Whoever claimed a run, over HTTP."""

    world: RunWorld
    run_id: UUID
    token: str
    source: str = str(SHARED_RUNNER)

    async def register(self, *steps: str, source: str | None = None) -> httpx2.Response:
        """Register a source with steps."""
        announced: list[Json] = [{"id": step, "displayName": step.title(), "status": None} for step in steps]
        body: Json = {"source": {"id": source or self.source}, "steps": announced}
        return await self.send("POST", f"{RUNS}/{self.run_id}/status/source", body)

    async def report(self, *, source: str | None = None, **update: Json) -> httpx2.Response:
        """Report a status update."""
        return await self.send("PATCH", f"{RUNS}/{self.run_id}/status/source/{source or self.source}", update)

    async def heartbeat(self, *, wait: int = 0) -> httpx2.Response:
        """Give a sign of life, and wait so many seconds for news."""
        async with self.world.client(self.token) as client:
            prefer = {"Prefer": f"wait={wait}"} if wait else {}
            return await client.post(f"{OWN}/{self.run_id}/heartbeat", headers=prefer)

    async def release(self, reason: str = "the machine is going down") -> httpx2.Response:
        """Hand the run back."""
        return await self.send("POST", f"{OWN}/{self.run_id}/release", {"reason": reason}, media="application/json")

    async def log(self, step: str, offset: int, data: bytes) -> httpx2.Response:
        """Send a piece of log."""
        async with self.world.client(self.token) as client:
            return await client.post(f"{OWN}/{self.run_id}/log", params={"step": step, "offset": offset}, content=data)

    async def send(self, method: str, path: str, body: Json = None, *, media: str = RUN.media) -> httpx2.Response:
        """Send a request with the token."""
        async with self.world.client(self.token) as client:
            if body is None:
                return await client.request(method, path)
            return await client.request(method, path, json=body, headers={"Content-Type": media})

    async def lock(self, lock_id: str = "lock-1") -> httpx2.Response:
        """Take the lock of the state."""
        body = {"ID": lock_id, "Who": "tester"}
        async with self.world.client(self.token) as client:
            block_id = self.world.run(self.run_id).block_id
            return await client.request("LOCK", f"{STATE}/shop/buildingBlock/{block_id}", json=body)


STATE = "/api/terraform/state/workspace"


async def a_worker(world: RunWorld, *, own: bool = True, runner_id: RunnerId = SHARED_RUNNER) -> Worker:
    """Claim the run that waits and return who works on it."""
    answer = await world.claim(runner_id, own=own)
    assert answer.status_code == 201, answer.text
    document = answer.json()
    return Worker(world, UUID(document["metadata"]["uuid"]), document["spec"]["runToken"])
