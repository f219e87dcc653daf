"""What plans would change: told by runners, kept, listed, compared."""

import time
from typing import Any

import pytest

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.names import Behavior, ChangeAction
from tests.support.run_world import OWN, RunWorld, Worker, a_target, a_worker

pytestmark = pytest.mark.anyio

MANY = 2000

PRINTED = """
OpenTofu will perform the following actions:

  # aws_db.main must be replaced
-/+ resource "aws_db" "main" {
      ~ size     = "small" -> "large" # forces replacement
      ~ password = (sensitive value)
    }

  # aws_db.old will be destroyed
  - resource "aws_db" "old" {
      - name = "old" -> null
    }

Plan: 1 to add, 0 to change, 2 to destroy.
"""


def a_change(number: int, action: str = "create", value: str = "one") -> dict[str, Any]:
    """Return a change as a runner tells it."""
    return {
        "address": f"aws_db.this[{number}]",
        "type": "aws_db",
        "action": action,
        "attributes": [{"path": "size", "after": value}, {"path": "password", "sensitive": True}],
        "digest": f"{number:060x}{len(action):02x}{ord(value[0]):02x}",
    }


def a_plan(*changes: dict[str, Any], digest: str = "a") -> dict[str, Any]:
    """Return a plan as a runner tells it."""
    counts: dict[str, int] = {}
    for change in changes:
        counts[change["action"]] = counts.get(change["action"], 0) + 1
    output = {"address": "output.url", "type": "output", "action": "create", "digest": "0" * 64}
    return {"resources": list(changes), "outputs": [output], "counts": counts, "digest": digest * 64}


async def a_dry_run(world: RunWorld, plan: dict[str, Any] | None, steps: Json = None) -> Worker:
    """Return a dry run that has ended, of a block of its own."""
    world.request(a_target(), Behavior.DETECT)
    worker = await a_worker(world)
    answer = await worker.report(status="SUCCEEDED", changesDetected=True, planChanges=plan, steps=steps)
    assert answer.status_code == 200, answer.text
    return worker


async def read(world: RunWorld, path: str, **query: str | int) -> Any:
    """Return the answer to the owner of the definition."""
    async with world.client("platform") as client:
        answer = await client.get(f"{OWN}/{path}", params=query, headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_what_a_runner_tells_of_its_plan_is_listed_without_its_digests(world: RunWorld) -> None:
    worker = await a_dry_run(world, a_plan(a_change(1), a_change(2, "delete"), a_change(3)))

    listed = await read(world, f"{worker.run_id}/changes", size=2)
    deleted = await read(world, f"{worker.run_id}/changes", action="delete")

    assert [item["address"] for item in listed["_embedded"]["changes"]] == ["aws_db.this[1]", "aws_db.this[2]"]
    assert listed["page"]["totalElements"] == 4
    assert "next" in listed["_links"]
    assert listed["plan"]["source"] == "ENGINE"
    assert listed["plan"]["counts"] == {action.value: 0 for action in ChangeAction} | {"create": 2, "delete": 1}
    assert listed["plan"]["outputs"] == 1
    assert listed["plan"]["digest"] not in {None, "a" * 64}  # it is made of secrets, too
    (change,) = deleted["_embedded"]["changes"]
    assert change["attributes"][1] == {
        "path": "password",
        "sensitive": True,
        "unknown": False,
        "forcesReplacement": False,
        "cut": False,
    }
    assert "digest" not in change


async def test_what_an_official_runner_prints_is_read_from_its_log(world: RunWorld) -> None:
    step: JsonObject = {"id": "plan", "displayName": "Plan", "status": "SUCCEEDED", "systemMessage": PRINTED}
    worker = await a_dry_run(world, None, steps=[step])

    listed = await read(world, f"{worker.run_id}/changes")

    assert listed["plan"]["source"] == "PRINTED"
    assert [(one["address"], one["action"]) for one in listed["_embedded"]["changes"]] == [
        ("aws_db.main", "replace"),
        ("aws_db.old", "delete"),
    ]
    assert any("forces replacement" in line for line in listed["_embedded"]["changes"][0]["printed"])


async def test_two_plans_are_compared(world: RunWorld) -> None:
    here = await a_dry_run(world, a_plan(a_change(1), a_change(2), a_change(3)))
    there = await a_dry_run(world, a_plan(a_change(1), a_change(2, value="two"), a_change(4), digest="b"))

    compared = await read(world, f"{here.run_id}/changes/comparison", **{"with": str(there.run_id)})
    same = await read(world, f"{here.run_id}/changes/comparison", **{"with": str(here.run_id)})

    assert [
        (item["difference"], (item["here"] or item["there"])["address"])
        for item in compared["_embedded"]["differences"]
    ] == [("OTHERWISE", "aws_db.this[2]"), ("ONLY_HERE", "aws_db.this[3]"), ("ONLY_THERE", "aws_db.this[4]")]
    assert (compared["alike"], compared["isEqual"]) == (2, False)
    assert (same["alike"], same["isEqual"], same["_embedded"]["differences"]) == (4, True, [])


async def test_only_who_may_read_the_log_sees_what_changes(world: RunWorld) -> None:
    worker = await a_dry_run(world, a_plan(a_change(1)))
    world.request(a_target())
    applied = await a_worker(world)

    async with world.client("shop") as client:
        hidden = await client.get(f"{OWN}/{worker.run_id}/changes")
        world.content.transparent = True
        shown = await client.get(f"{OWN}/{worker.run_id}/changes")
        none = await client.get(f"{OWN}/{applied.run_id}/changes")

    assert (hidden.status_code, hidden.json()["errorCode"]) == (403, "RunNotTransparent")
    assert shown.status_code == 200
    assert (none.status_code, none.json()["errorCode"]) == (404, "NoChanges")


async def test_a_plan_with_two_thousand_changes_is_kept_listed_and_compared(world: RunWorld) -> None:
    """What it takes is printed; nothing is asserted of it."""
    took = {}
    begin = time.perf_counter()
    here = await a_dry_run(world, a_plan(*(a_change(number) for number in range(MANY))))
    took["kept"] = time.perf_counter() - begin
    there = await a_dry_run(
        world, a_plan(*(a_change(number, value=str(number % 2)) for number in range(MANY)), digest="b")
    )
    begin = time.perf_counter()
    pages = [await read(world, f"{here.run_id}/changes", size=1000, page=number) for number in range(3)]
    took["listed"] = time.perf_counter() - begin
    begin = time.perf_counter()
    compared = await read(world, f"{here.run_id}/changes/comparison", size=1000, **{"with": str(there.run_id)})
    took["compared"] = time.perf_counter() - begin

    print({name: f"{seconds * 1000:.0f} ms" for name, seconds in took.items()})  # noqa: T201  what it is for
    assert sum(len(page["_embedded"]["changes"]) for page in pages) == MANY + 1
    assert compared["page"]["totalElements"] == MANY


async def test_malformed_changes_are_refused_by_name(world: RunWorld) -> None:
    world.request(a_target(), Behavior.DETECT)
    worker = await a_worker(world)

    answer = await worker.report(status="SUCCEEDED", planChanges=a_plan({**a_change(1), "action": "explode"}))

    assert answer.status_code == 400
    assert answer.json()["field"].startswith("/planChanges/resources/0/action")
