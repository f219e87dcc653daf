"""Versions of states for people: list, read, restore; what blocks and runs ask for."""

from uuid import UUID, uuid4

import httpx2
import pytest

from blockyard.server.tofu_state.model import to_prune
from blockyard.server.tofu_state.service import StateLockbook
from tests.support.run_world import STATE, RunWorld, a_target, a_worker
from tests.support.world import MASTER_KEY

pytestmark = pytest.mark.anyio

OWN = "/api/blockyard/v1/blocks"


def a_state(serial: int) -> bytes:
    """Return a small state."""
    return b'{"version": 4, "serial": %d, "lineage": "l-1"}' % serial


async def given_versions(world: RunWorld, count: int) -> str:
    """Write `count` states in a finished run; return their address."""
    run = world.request(a_target())
    worker = await a_worker(world)
    async with world.client(worker.token) as client:
        for serial in range(1, count + 1):
            answer = await client.post(f"{STATE}/shop/buildingBlock/{run.block_id}", content=a_state(serial))
            assert answer.status_code == 200
    await worker.report(status="SUCCEEDED")
    return f"{OWN}/{run.block_id}/state/versions"


async def send(world: RunWorld, method: str, path: str, key: str = "platform") -> httpx2.Response:
    """Send a request with a key."""
    async with world.client(key) as client:
        return await client.request(method, path, headers={"Accept": "application/json"})


async def test_the_last_20_versions_are_kept(world: RunWorld) -> None:
    path = await given_versions(world, 23)

    versions = (await send(world, "GET", path)).json()["versions"]

    assert [version["number"] for version in versions] == list(range(23, 3, -1))
    assert [version["isCurrent"] for version in versions] == [True] + [False] * 19
    assert versions[0]["author"] == "run 1"
    assert versions[0]["serial"] == 23
    assert (await send(world, "GET", f"{path}/7")).content == a_state(7)
    assert (await send(world, "GET", f"{path}/1")).json()["errorCode"] == "StateVersionUnknown"


async def test_a_restored_version_is_a_new_one_and_the_engine_goes_on_from_it(world: RunWorld) -> None:
    path = await given_versions(world, 3)

    restored = await send(world, "POST", f"{path}/1/restore")
    again = await send(world, "POST", f"{path}/4/restore")

    assert restored.status_code == 200
    assert (restored.json()["number"], restored.json()["serial"], restored.json()["isCurrent"]) == (4, 1, True)
    assert again.json()["number"] == 4
    block_id = path.split("/")[5]
    async with world.client("platform") as client:
        assert (await client.get(f"{STATE}/shop/buildingBlock/{block_id}")).content == a_state(1)
        assert (await client.post(f"{STATE}/shop/buildingBlock/{block_id}", content=a_state(2))).status_code == 200
    with world.db.engine.connect() as connection:
        titles = connection.exec_driver_sql("SELECT title FROM events WHERE subject_kind = 'meshBuildingBlock'").all()
    assert [row[0] for row in titles] == ["Building Block State Restored", "Building Block State Written"]


async def test_nothing_is_restored_while_a_run_works(world: RunWorld) -> None:
    target = a_target()
    world.request(target)
    worker = await a_worker(world)
    async with world.client(worker.token) as client:
        await client.post(f"{STATE}/shop/buildingBlock/{target.block_id}", content=a_state(1))
    path = f"{OWN}/{target.block_id}/state/versions/1/restore"

    busy = await send(world, "POST", path)

    assert (busy.status_code, busy.json()["errorCode"]) == (409, "StateInUse")


@pytest.mark.parametrize(
    ("key", "transparent", "status"),
    [("admin", False, 200), ("platform", False, 200), ("shop", True, 200), ("shop", False, 403), ("other", True, 404)],
)
@pytest.mark.one_database
async def test_who_sees_versions(world: RunWorld, *, key: str, transparent: bool, status: int) -> None:
    path = await given_versions(world, 2)
    world.content.transparent = transparent

    answers = [
        await send(world, "GET", path, key),
        await send(world, "GET", f"{path}/1", key),
        await send(world, "POST", f"{path}/1/restore", key),
    ]

    assert [answer.status_code for answer in answers] == [status] * 3


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999"])
@pytest.mark.one_database
async def test_bad_version_numbers_are_refused(world: RunWorld, number: str) -> None:
    path = await given_versions(world, 1)

    assert (await send(world, "GET", f"{path}/{number}")).status_code == 400


async def test_a_removed_state_leaves_nothing(world: RunWorld) -> None:
    path = await given_versions(world, 2)
    block_id = UUID(path.split("/")[5])

    world.db.write_now(lambda tx: StateLockbook(MASTER_KEY).remove(tx, block_id))
    world.db.write_now(lambda tx: StateLockbook(MASTER_KEY).remove(tx, uuid4()))

    assert (await send(world, "GET", path)).json() == {"versions": []}


@pytest.mark.parametrize(
    ("numbers", "kept", "gone"), [([], 3, []), ([1, 2], 3, []), ([4, 1, 3, 2], 3, [1]), ([1, 2, 3], 1, [1, 2])]
)
def test_the_oldest_versions_go(numbers: list[int], kept: int, gone: list[int]) -> None:
    assert to_prune(numbers, kept) == gone
