"""What the owner of a definition sees and does about its failures, over HTTP."""

from typing import Any

import pytest

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import RunStatus
from tests.support.block_world import BlockWorld, a_value, an_output, definition_of
from tests.support.principals import ADMINISTRATOR

BUSY = {"text": "mirror * is syncing", "cause": "TRANSIENT", "message": "The mirror is busy.", "remedy": "Wait."}
JSON = "application/json"


def about(version: Any) -> str:
    return f"/api/blockyard/v1/definitions/{definition_of(version)}"


def failing(world: BlockWorld, version: Any, message: str) -> str:
    """Order a block whose run fails, and return the id of the run."""
    block = world.order(version)
    claimed = world.claimed()
    world.report(claimed, RunStatus.FAILED, message=message)
    assert world.latest_run(block).id == claimed.run_id
    return str(claimed.run_id)


def ask(world: BlockWorld, method: str, path: str, body: Any = None) -> Any:
    world.api.be(ADMINISTRATOR)
    answer = world.api.send(method, path, body, media=JSON)
    return answer.json() if answer.content else answer.status_code


def test_failures_of_all_blocks_are_grouped_by_cause(world: BlockWorld) -> None:
    version = world.define()
    for _ in range(2):
        failing(world, version, "creating the bucket: BucketAlreadyExists")
    latest = failing(world, version, "no space left on device")
    failing(world, world.define("Other"), "no space left on device")

    found = ask(world, "GET", f"{about(version)}/failures")

    groups = [(one["cause"], one["code"], one["runs"], one["buildingBlocks"]) for one in found["failures"]]
    assert groups == [("INPUT", "NAME_TAKEN", 2, 2), ("PRODUCT", "RUNNER_FULL", 1, 1)]
    assert found["failures"][1]["latestRunUuid"] == latest
    assert found["failures"][1]["remedy"].startswith("Tell the administrators")
    assert found["breakers"] == []


def test_a_run_says_why_it_failed(world: BlockWorld) -> None:
    run = failing(world, world.define(), "creating the bucket: BucketAlreadyExists")
    failure = ask(world, "GET", f"/api/blockyard/v1/runs/{run}")["failure"]
    assert (failure["cause"], failure["code"]) == ("INPUT", "NAME_TAKEN")
    assert "Change the input that gives the name" in failure["remedy"]


def test_an_output_of_another_type_than_it_was_declared_with_is_no_unknown_failure(world: BlockWorld) -> None:
    block = world.order(world.define(outputs={"size": an_output("INTEGER")}))
    world.finish({"size": a_value("large")})
    failure = ask(world, "GET", f"/api/blockyard/v1/runs/{world.latest_run(block).id}")["failure"]
    assert (failure["cause"], failure["code"]) == ("MODULE", "OUTPUT_WRONG")


def test_an_owner_teaches_what_only_they_know(world: BlockWorld) -> None:
    version = world.define()
    assert ask(world, "GET", f"{about(version)}/failure-patterns") == {"patterns": []}
    assert ask(world, "PUT", f"{about(version)}/failure-patterns", {"patterns": [BUSY]}) == {"patterns": [BUSY]}

    failing(world, version, "The MIRROR eu-1 is syncing since 9:00")

    (group,) = ask(world, "GET", f"{about(version)}/failures")["failures"]
    assert (group["cause"], group["message"], group["remedy"]) == ("TRANSIENT", "The mirror is busy.", "Wait.")


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("patterns", "code"),
    [
        ([{**BUSY, "text": "*a*"}], "PatternTooWide"),
        ([{**BUSY, "text": "x" * 201}], None),
        ([{**BUSY, "cause": "WEATHER"}], None),
        ([{**BUSY, "message": ""}], None),
        ([BUSY] * 51, None),
    ],
)
def test_patterns_that_help_nobody_are_refused(world: BlockWorld, patterns: Json, code: str | None) -> None:
    version = world.define()
    path = f"{about(version)}/failure-patterns"
    error = ask(world, "PUT", path, {"patterns": patterns})
    assert error["status"] == 400
    assert error["field"].startswith("/patterns")
    assert code is None or error["errorCode"] == code


def test_an_open_breaker_is_shown_and_closed_by_hand(world: BlockWorld) -> None:
    version = world.define()
    for _ in range(5):
        failing(world, version, "503 Service Unavailable")
    (breaker,) = ask(world, "GET", f"{about(version)}/failures")["breakers"]
    assert breaker["cause"] == "TRANSIENT"
    assert world.claim() is None

    assert ask(world, "DELETE", f"{about(version)}/breakers/TRANSIENT") == 204
    assert ask(world, "DELETE", f"{about(version)}/breakers/TRANSIENT") == 204

    assert world.claim() is not None
    assert ask(world, "GET", f"{about(version)}/failures")["breakers"] == []
    assert "Breaker Closed" in {event.title for event in world.all_events()}
