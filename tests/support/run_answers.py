"""What tests of runs look at."""

from tests.support.run_world import OWN, RUNS, RunWorld


async def steps_of(world: RunWorld, run_id: object) -> list[tuple[str, str, str | None]]:
    """Return id, status and user message of the steps people see."""
    async with world.client("platform") as client:
        detail = await client.get(f"{OWN}/{run_id}", headers={"Accept": "application/json"})
    return [(step["id"], step["status"], step["userMessage"]) for step in detail.json()["steps"]]


async def logs_of(world: RunWorld, run_id: object) -> list[dict[str, str | None]]:
    """Return what the logs endpoint says."""
    async with world.client("platform") as client:
        answer = await client.get(f"{RUNS}/{run_id}/logs")
    assert answer.status_code == 200, answer.text
    steps: list[dict[str, str | None]] = answer.json()["steps"]
    return steps
