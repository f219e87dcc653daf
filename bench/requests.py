"""The requests of the large database: what clients, pipelines and people ask for, in realistic shares."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from bench.load import Request
from bench.seeding import DEFINITIONS, Scale
from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import JsonObject
from tests.support.copies import seeded_id

BLOCKS = "/api/meshobjects/meshbuildingblocks"
RUNS = "/api/meshobjects/meshbuildingblockruns"
OWN = "/api/blockyard/v1"

FLAT = frozenset(
    {
        "block",
        "block, own",
        "run",
        "run, own",
        "runs of a block",
        "runs of a workspace",
        "blocks by name",
        "blocks by workspace",
        "events of a workspace",
        "page: block",
        "page: run",
    }
)
"""Kinds that may not take longer where there is more. Lists of everything count everything, so they are not here."""

SEARCH = "page: blocks searched"
"""Looks for a part of a name in all names."""


@dataclass(frozen=True, slots=True)
class Access:
    """Credentials of the load: an administrator's token, and the cookies of one who is signed in to the pages."""

    token: str
    cookies: str


class Mix:
    """Draws requests, the same ones in every run; with `objects`, about that many blocks and runs only."""

    def __init__(self, scale: Scale, access: Access, *, order: JsonObject, objects: int | None = None) -> None:
        self._scale = scale
        self._objects = objects
        self._access = access
        self._order_body = json.dumps(order)
        self._random = random.Random(20)  # noqa: S311  a repeatable load, not a secret
        self._kinds = {**self._reads(), **self._writes()}

    @property
    def kinds(self) -> list[str]:
        """All kinds of requests that read."""
        return list(self._reads())

    def draw(self, kind: str) -> Request:
        """Return one request of a kind."""
        return self._kinds[kind][1](kind)

    def mixed(self, count: int) -> list[Request]:
        """Return many requests, each kind as often as its weight says."""
        weights = [weight for weight, _ in self._kinds.values()]
        return [self.draw(kind) for kind in self._random.choices(list(self._kinds), weights, k=count)]

    def _reads(self) -> dict[str, tuple[int, Callable[[str], Request]]]:
        scale = self._scale
        deep, deep_runs = str(scale.blocks // 40), str(scale.runs // 40)
        return {
            "block": (200, lambda kind: self._object(kind, BLOCKS, "block", kinds.BLOCK_V2.media)),
            "blocks, first page": (100, self._blocks()),
            "blocks, deep page": (20, self._blocks(page=deep)),
            "blocks by workspace": (40, self._blocks(workspaceIdentifier=self._team)),
            "blocks by definition": (30, self._blocks(definitionUuid=self._definition)),
            "blocks by version": (20, self._blocks(versionUuid=self._version)),
            "blocks by versionNumber": (10, self._blocks(versionNumber="1")),
            "blocks by status": (20, self._blocks(status="FAILED")),
            "blocks by status, most": (10, self._blocks(status="SUCCEEDED")),
            "blocks by name": (30, self._blocks(name=self._name)),
            "blocks by managedByWorkspace": (10, self._blocks(managedByWorkspaceIdentifier="team-3")),
            "blocks by managedByDefinition": (10, self._blocks(managedByDefinitionUuid=self._definition)),
            "blocks by workspace and status": (20, self._blocks(workspaceIdentifier=self._team, status="SUCCEEDED")),
            "run": (60, self._run_document),
            "runs of a block": (60, self._runs(buildingBlockUuid=self._block)),
            "runs of a workspace": (20, self._runs(workspaceIdentifier=self._team)),
            "runs, first page": (10, self._runs()),
            "runs, deep page": (10, self._runs(page=deep_runs)),
            "block, own": (80, lambda kind: self._object(kind, f"{OWN}/blocks", "block", "application/json")),
            "run, own": (40, lambda kind: self._object(kind, f"{OWN}/runs", "run", "application/json")),
            "events": (10, lambda kind: self._get(kind, f"{OWN}/events", {}, "application/json")),
            "events of a workspace": (
                10,
                lambda kind: self._get(
                    kind, f"{OWN}/events", {"workspaceIdentifier": self._team()}, "application/json"
                ),
            ),
            "page: blocks": (25, lambda kind: self._page(kind, "/blocks", {})),
            "page: blocks by name": (5, lambda kind: self._page(kind, "/blocks", {"sort": "name"})),
            SEARCH: (5, lambda kind: self._page(kind, "/blocks", {"search": self._name()[:9]})),
            "page: block": (25, lambda kind: self._page(kind, f"/blocks/{self._block()}", {})),
            "page: run": (5, lambda kind: self._page(kind, f"/runs/{self._newest_run()}", {})),
            "page: block, graph": (2, lambda kind: self._page(kind, f"/blocks/{self._block()}/graph", {})),
            "page: block, activity": (2, lambda kind: self._page(kind, f"/blocks/{self._block()}/activity", {})),
            "page: marketplace": (5, lambda kind: self._page(kind, "/marketplace", {})),
            "page: definition": (2, lambda kind: self._page(kind, f"/marketplace/{self._definition()}", {})),
            "page: order": (2, lambda kind: self._page(kind, f"/order/{self._definition()}", {})),
            "page: home": (2, lambda kind: self._page(kind, "/", {})),
            "page: workspace": (2, lambda kind: self._page(kind, f"/w/{self._team()}", {})),
        }

    def _writes(self) -> dict[str, tuple[int, Callable[[str], Request]]]:
        return {"order": (50, self._order), "change": (50, self._change)}

    def _blocks(self, **query: str | Callable[[], str]) -> Callable[[str], Request]:
        return lambda kind: self._get(kind, BLOCKS, query, kinds.BLOCK_V2.media)

    def _runs(self, **query: str | Callable[[], str]) -> Callable[[str], Request]:
        return lambda kind: self._get(kind, RUNS, query, kinds.RUN.media)

    def _get(self, kind: str, path: str, query: Mapping[str, str | Callable[[], str]], accept: str) -> Request:
        drawn = urlencode({name: value if isinstance(value, str) else value() for name, value in query.items()})
        return Request(kind, "GET", f"{path}?{drawn}" if drawn else path, self._headers(accept))

    def _object(self, kind: str, path: str, name: str, accept: str) -> Request:
        uuid = self._block() if name == "block" else self._newest_run()
        return Request(kind, "GET", f"{path}/{uuid}", self._headers(accept))

    def _run_document(self, kind: str) -> Request:
        return Request(kind, "GET", f"{RUNS}/{self._newest_run()}", self._headers(kinds.RUN.media))

    def _page(self, kind: str, path: str, query: Mapping[str, str]) -> Request:
        headers = {"Accept": "text/html", "Cookie": self._access.cookies}
        return Request(kind, "GET", f"{path}?{urlencode(query)}" if query else path, headers)

    def _order(self, kind: str) -> Request:
        return Request(kind, "POST", BLOCKS, self._headers(kinds.BLOCK_V2.media, sends=True), self._order_body)

    def _change(self, kind: str) -> Request:
        """Change the display name: a write without a run."""
        number = self._number_alive()
        team, version = number % self._scale.workspaces, seeded_version(number)
        spec: JsonObject = {
            "buildingBlockDefinitionVersionRef": {"uuid": version, "kind": "meshBuildingBlockDefinitionVersion"},
            "targetRef": {"kind": "meshWorkspace", "name": f"team-{team}"},
            "displayName": f"changed-{self._random.randrange(10**9)}",
        }
        body = json.dumps({"metadata": {}, "spec": spec})
        path = f"{BLOCKS}/{seeded_id('block', number)}"
        return Request(kind, "PUT", path, self._headers(kinds.BLOCK_V2.media, sends=True), body)

    def _headers(self, accept: str, *, sends: bool = False) -> Mapping[str, str]:
        headers = {"Accept": accept, "Authorization": f"Bearer {self._access.token}"}
        return {**headers, "Content-Type": accept} if sends else headers

    def _number_alive(self) -> int:
        number = self._one_of(self._scale.blocks)
        return number - 1 if number % 25 == 24 else number  # noqa: PLR2004  those are deleted

    def _block(self) -> str:
        return str(seeded_id("block", self._number_alive()))

    def _newest_run(self) -> str:
        scale = self._scale
        return str(seeded_id("run", scale.runs - scale.blocks + self._one_of(scale.blocks // 10)))

    def _one_of(self, count: int) -> int:
        objects = self._objects or count
        return self._random.randrange(objects) * (count // objects)

    def _team(self) -> str:
        return f"team-{self._random.randrange(self._scale.workspaces)}"

    def _name(self) -> str:
        return f"block-{self._random.randrange(self._scale.blocks)}"

    def _definition(self) -> str:
        return str(seeded_id("definition", self._random.randrange(DEFINITIONS)))

    def _version(self) -> str:
        return str(seeded_id("version1-", self._random.randrange(DEFINITIONS)))


def seeded_version(number: int) -> str:
    """Return the version of the `number`-th block."""
    return str(seeded_id(f"version{number // DEFINITIONS % 2 + 1}-", number % DEFINITIONS))


def interleaved(mix: Mix, rounds: int) -> Iterator[Request]:
    """Yield `rounds` requests of each reading kind, by turns."""
    for _ in range(rounds):
        for kind in mix.kinds:
            yield mix.draw(kind)
