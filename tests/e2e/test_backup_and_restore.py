"""A backup taken while orders run makes an installation in which every order comes to its right end."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from blockyard.protocol.jsontypes import Json, JsonObject
from tests.support import forked
from tests.support.git_repositories import Repository
from tests.support.installation import (
    Installation,
    an_input,
    an_output,
    installation,
    outputs,
    secret,
    status,
    terraform,
    text_of,
    value,
)
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.usefixtures("engine")

MODULE = """
variable "name" { type = string }
variable "password" {
  type      = string
  sensitive = true
}
resource "terraform_data" "greeting" { input = "hello ${var.name} ${nonsensitive(sha256(var.password))}" }
output "greeting" { value = terraform_data.greeting.output }
"""
WAITING_SCRIPT = 'while [ ! -e "$GATE" ]; do sleep 0.2; done'


@dataclass
class Place:
    """Where an installation lives."""

    data: Path
    database_url: str | None

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command with the settings of this place."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.data.parent)}
        if self.database_url:
            environment["BLOCKYARD_DATABASE_URL"] = self.database_url
        return forked.run([*words, "--data-dir", str(self.data)], env=environment)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Place]]:
    """Two places: of an installation, and of the one made from its backup."""
    if request.param == "sqlite":
        yield [Place(tmp_path / name / "data", None) for name in ("old", "new")]
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    names = [server.create_database() for _ in range(2)]
    yield [
        Place(tmp_path / name / "data", server.url(database))
        for name, database in zip(("old", "new"), names, strict=True)
    ]


def test_every_order_comes_to_its_right_end_after_a_restore(
    places: list[Place], module: Callable[..., Repository], tmp_path: Path
) -> None:
    old, new = places
    archive, passphrase, gate = tmp_path / "archive", tmp_path / "passphrase", tmp_path / "gate"
    passphrase.write_text("correct horse battery\n")
    with installation(old.data, database_url=old.database_url) as before:
        before_orders = _Orders(before, module(main_tf=MODULE), gate)
        done = before_orders.ordered("done")
        waiting = [before_orders.order_waiting(f"waiting-{number}") for number in range(4)]
        _until(lambda: len(_claims(old.data)) == 2)

        taken = old.command("backup", str(archive), "--passphrase-file", str(passphrase))
        assert taken.returncode == 0, taken.stderr
        late = before_orders.order_waiting("late")
        claims = _claims(old.data)
        os.killpg(before.process.pid, signal.SIGKILL)
        before.process.wait()

    restored = new.command("restore", str(archive), "--passphrase-file", str(passphrase))
    assert restored.returncode == 0, restored.stderr
    gate.touch()
    with installation(new.data, database_url=new.database_url) as after:
        assert outputs(after.block(done)) == before_orders.greeting("done")
        for number, uuid in enumerate(waiting):
            block = after.settled(uuid)
            assert (status(block), outputs(block)) == ("SUCCEEDED", before_orders.greeting(f"waiting-{number}"))
            assert len(_states(after, uuid)) == 1
        assert after.client.get(f"/api/meshobjects/meshbuildingblocks/{late}").status_code == 404
        for claim in claims:
            _is_fenced(after, claim)
        after.change(done, {"name": value("again"), "password": secret("s3cret")})
        assert outputs(after.settled(done)) == before_orders.greeting("again")
        after.delete(done)
        assert text_of(after.settled(done), "status", "lifecycle", "state") == "DELETED"


class _Orders:
    """Orders of one module, one version of which waits for a file before it applies anything."""

    def __init__(self, blockyard: Installation, module: Repository, gate: Path) -> None:
        self._blockyard = blockyard
        inputs = {"name": an_input(), "password": an_input(isSensitive=True)}
        gate_input = an_input("STRING", "STATIC", isEnvironment=True, argument=str(gate))
        results = {"greeting": an_output()}
        self._plain = blockyard.define(terraform(module), inputs=inputs, outputs=results)
        self._waiting = blockyard.define(
            terraform(module, preRunScript=WAITING_SCRIPT), inputs={**inputs, "GATE": gate_input}, outputs=results
        )

    def ordered(self, name: str) -> str:
        """Order and wait for the end."""
        block = self._blockyard.ordered(self._plain, self._inputs(name))
        assert outputs(block) == self.greeting(name), self._blockyard.logs(block)
        return text_of(block, "metadata", "uuid")

    def order_waiting(self, name: str) -> str:
        """Order what waits for the gate."""
        return text_of(self._blockyard.order(self._waiting, self._inputs(name)), "metadata", "uuid")

    def greeting(self, name: str) -> dict[str, Json]:
        """Return the outputs of an order."""
        digest = "1ec1c26b50d5d3c58d9583181af8076655fe00756bf7285940ba3670f99fcba0"
        return {"greeting": f"hello {name} {digest}"}

    def _inputs(self, name: str) -> dict[str, JsonObject]:
        return {"name": value(name), "password": secret("s3cret")}


def _claims(data: Path) -> list[JsonObject]:
    """Return the runs the embedded runner is executing, as it claimed them."""
    return [json.loads(file.read_bytes()) for file in data.glob("runner/runs/*/claim.json")]


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _states(blockyard: Installation, uuid: str) -> list[Json]:
    document = blockyard.call("GET", f"/api/blockyard/v1/blocks/{uuid}/state/versions", "application/json")
    versions = document["versions"]
    assert isinstance(versions, list)
    return versions


def _is_fenced(blockyard: Installation, claim: JsonObject) -> None:
    """Act as the attempt that was at work when the backup was taken: nothing of it counts."""
    document = claim["document"]
    assert isinstance(document, dict)
    token, run = text_of(document, "spec", "runToken"), text_of(document, "metadata", "uuid")
    block = text_of(document, "spec", "buildingBlock", "uuid")
    before = _states(blockyard, block)
    with httpx2.Client(base_url=blockyard.url) as client:
        sign_of_life = client.post(
            f"/api/blockyard/v1/runs/{run}/heartbeat", headers={"Authorization": f"Bearer {token}"}
        )
        written = client.post(
            f"/api/terraform/state/workspace/shop/buildingBlock/{block}",
            auth=("x", token),
            json={"version": 4, "terraform_version": "1.0.0", "serial": 99, "lineage": "other", "resources": []},
        )
    assert (sign_of_life.status_code, sign_of_life.json()) == (200, {"runAborted": True})
    assert written.status_code == 409, written.text
    assert _states(blockyard, block) == before
    assert status(blockyard.block(block)) == "SUCCEEDED"
