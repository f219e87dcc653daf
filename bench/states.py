"""The state backend: one cycle of GET, LOCK, POST, UNLOCK at several sizes."""

import json
import time
from collections.abc import Iterator
from uuid import uuid4

from bench.figures import Figure, median, percentile
from bench.groups import Setting
from bench.orders import trivial
from tests.support.installation import Installation, text_of, value

LARGE_BYTES = 5_000_000
"""Larger states are cycled less often."""
SIZES = {"10 KB": 10_000, "1 MB": 1_000_000, "10 MB": 10_000_000}


def state_cycles(setting: Setting) -> Iterator[Figure]:
    """Cycle the state of a block as the engine does, with an administrator's key."""
    with setting.installation() as blockyard:
        yield from _state_cycles(blockyard, setting.database, rounds=setting.rounds)


def _state_cycles(blockyard: Installation, database: str, *, rounds: int) -> Iterator[Figure]:
    block = blockyard.ordered(trivial(blockyard), {"name": value("state")})
    address = f"/api/terraform/state/workspace/shop/buildingBlock/{text_of(block, 'metadata', 'uuid')}"
    state = blockyard.client.get(address).json()
    for name, size in SIZES.items():
        seconds: list[float] = []
        for _ in range(rounds if size < LARGE_BYTES else max(3, rounds // 4)):
            state |= {"serial": state["serial"] + 1, "outputs": {"filler": {"value": "x" * size, "type": "string"}}}
            lock = {"ID": str(uuid4()), "Operation": "bench", "Info": "", "Who": "bench", "Version": "", "Path": ""}
            body = json.dumps(state)
            started = time.perf_counter()
            blockyard.client.get(address).raise_for_status()
            blockyard.client.request("LOCK", address, json=lock).raise_for_status()
            blockyard.client.post(address, params={"ID": lock["ID"]}, content=body).raise_for_status()
            blockyard.client.request("UNLOCK", address, json=lock).raise_for_status()
            seconds.append(time.perf_counter() - started)
        yield Figure(
            f"state GET+LOCK+POST+UNLOCK of {name}, p99",
            database,
            percentile(seconds, 0.99) * 1000,
            "ms",
            comparator=median(seconds) * 1000,
            comparator_name="its own median",
            budget=100 if size == SIZES["1 MB"] else None,
            samples=len(seconds),
        )
