"""The real engine against the real backend. Source: hub-usage.md B2, B6."""

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from blockyard.server.runs.model import RunTarget
from blockyard.server.tofu_state.store import StateStore
from tests.support.http_server import Served, served
from tests.support.run_world import STATE, RunWorld, Worker, a_target, a_worker
from tests.support.waiting import until

pytestmark = pytest.mark.anyio

MODULE = """
terraform {
  backend "http" {}
}
variable "size" { default = "small" }
variable "seconds" { default = 0 }
resource "terraform_data" "bucket" {
  input = var.size
  provisioner "local-exec" {
    command = "sleep ${var.seconds}"
  }
}
output "size" { value = terraform_data.bucket.output }
"""


@dataclass(frozen=True)
class Module:
    """A module in a directory of its own, with the environment our runner gives the engine."""

    engine: Path
    folder: Path
    environment: dict[str, str]

    async def run(self, *arguments: str) -> tuple[int, str]:
        """Run an engine command; return exit code and output."""
        process = await asyncio.create_subprocess_exec(
            self.engine,
            *arguments,
            cwd=self.folder,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()


@pytest.fixture
def server(world: RunWorld) -> Iterator[Served]:
    """The backend behind a real socket."""
    with served(world.app) as running:
        yield running


def a_module(server: Served, engine: Path, *, block_id: UUID, token: str, folder: Path, locking: bool = True) -> Module:
    """Return the module with the backend of a block."""
    folder.mkdir(exist_ok=True)
    (folder / "main.tf").write_text(MODULE)
    address = f"{server.url}{STATE}/shop/buildingBlock/{block_id}"
    locks = {"TF_HTTP_LOCK_ADDRESS": address, "TF_HTTP_UNLOCK_ADDRESS": address} if locking else {}
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
        "TF_HTTP_ADDRESS": address,
        "TF_HTTP_USERNAME": "x",
        "TF_HTTP_PASSWORD": token,
        "TF_HTTP_RETRY_MAX": "0",
        **locks,
    }
    return Module(engine, folder, environment)


async def until_locked(world: RunWorld, block_id: UUID) -> None:
    """Wait until somebody locks a state."""
    await until(lambda: world.db.read_now(lambda tx: StateStore(tx).lock(block_id)) is not None)


async def claimed(world: RunWorld, target: RunTarget) -> Worker:
    """Request and claim a run of a block."""
    world.request(target)
    worker = await a_worker(world)
    await worker.register("work")
    return worker


@pytest.mark.parametrize("locking", [True, False])
async def test_apply_change_and_destroy(
    world: RunWorld, server: Served, engine: Path, tmp_path: Path, *, locking: bool
) -> None:
    target = a_target()
    worker = await claimed(world, target)
    module = a_module(
        server, engine, block_id=target.block_id, token=worker.token, folder=tmp_path / "a", locking=locking
    )
    answers = [await module.run("init", "-input=false"), await module.run("apply", "-auto-approve", "-input=false")]
    await worker.report(status="SUCCEEDED")
    worker = await claimed(world, target)
    module = a_module(
        server, engine, block_id=target.block_id, token=worker.token, folder=tmp_path / "b", locking=locking
    )
    answers += [
        await module.run("init", "-input=false"),
        await module.run("apply", "-auto-approve", "-input=false", "-var=size=large"),
        await module.run("apply", "-auto-approve", "-input=false", "-var=size=large"),
        await module.run("output", "-json"),
        await module.run("destroy", "-auto-approve", "-input=false"),
    ]

    assert [code for code, _ in answers] == [0] * 7, answers
    assert json.loads(answers[5][1])["size"]["value"] == "large"
    versions = world.db.read_now(lambda tx: StateStore(tx).versions(target.block_id))
    assert versions[0].is_current
    assert world.db.read_now(lambda tx: StateStore(tx).lock(target.block_id)) is None
    assert {version.lineage for version in versions} == {versions[0].lineage}


async def test_an_engine_that_meets_a_lock_names_its_holder_and_one_that_waits_gets_it(
    world: RunWorld, server: Served, engine: Path, tmp_path: Path
) -> None:
    target = a_target()
    worker = await claimed(world, target)
    module = a_module(server, engine, block_id=target.block_id, token=worker.token, folder=tmp_path / "a")
    assert (await module.run("init", "-input=false"))[0] == 0
    await worker.lock("the-other")

    refused, output = await module.run("apply", "-auto-approve", "-input=false", "-no-color")
    refusals = server.answered["LOCK"]
    waiting = asyncio.create_task(
        module.run("apply", "-auto-approve", "-input=false", "-no-color", "-lock-timeout=20s")
    )
    await until(lambda: server.answered["LOCK"] > refusals)
    world.db.write_now(lambda tx: StateStore(tx).remove_lock(target.block_id))
    granted, _ = await waiting

    assert refused == 1
    assert "already locked: ID=the-other" in output
    assert granted == 0


async def test_force_unlock_by_the_run_that_holds_the_lock(
    world: RunWorld, server: Served, engine: Path, tmp_path: Path
) -> None:
    target = a_target()
    worker = await claimed(world, target)
    module = a_module(server, engine, block_id=target.block_id, token=worker.token, folder=tmp_path / "a")
    await module.run("init", "-input=false")
    await worker.lock("crashed")

    code, output = await module.run("force-unlock", "-force", "crashed")

    assert code == 0, output
    assert (await module.run("apply", "-auto-approve", "-input=false"))[0] == 0


async def test_a_superseded_engine_cannot_write_and_keeps_its_state_beside_it(
    world: RunWorld, server: Served, engine: Path, tmp_path: Path
) -> None:
    target = a_target()
    old = await claimed(world, target)
    module = a_module(server, engine, block_id=target.block_id, token=old.token, folder=tmp_path / "a")
    await module.run("init", "-input=false")
    read = server.answered["GET"]
    applying = asyncio.create_task(module.run("apply", "-auto-approve", "-input=false", "-no-color", "-var=seconds=3"))
    await until_locked(world, target.block_id)
    await until(lambda: server.answered["GET"] > read)  # the last sign of life before it works
    world.clock.advance(31)
    world.sweep()
    world.clock.advance(120)
    new = await a_worker(world)
    code, output = await applying

    assert new.run_id == old.run_id
    assert code == 1
    assert "409" in output
    assert (tmp_path / "a" / "errored.tfstate").exists()
    assert world.db.read_now(lambda tx: StateStore(tx).versions(target.block_id)) == []


async def test_a_wrong_token_is_told_so(world: RunWorld, server: Served, engine: Path, tmp_path: Path) -> None:
    target = a_target()
    foreign = await claimed(world, a_target())
    world.request(target)
    modules = [
        a_module(server, engine, block_id=target.block_id, token=token, folder=tmp_path / name)
        for name, token in (("a", "wrong"), ("b", foreign.token))
    ]
    unknown, other = [await module.run("init", "-input=false", "-no-color") for module in modules]

    assert (unknown[0], other[0]) == (1, 1)
    assert "requires auth" in unknown[1]
    assert "invalid auth" in other[1]
