"""The state backend: one cycle of GET, LOCK, POST, UNLOCK at several sizes."""

import json
import time
from collections.abc import Iterator, Sequence
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
        yield from _state_cycles(State(blockyard), setting.database, rounds=setting.rounds)


class State:
    """The state of a new block, which an administrator changes."""

    def __init__(self, blockyard: Installation) -> None:
        self._client = blockyard.client
        block = blockyard.ordered(trivial(blockyard), {"name": value("state")})
        self._address = f"/api/terraform/state/workspace/shop/buildingBlock/{text_of(block, 'metadata', 'uuid')}"
        self._state = self._client.get(self._address).raise_for_status().json()

    def cycle(self, sizes: Sequence[int]) -> float:
        """Read, lock, write (an output of each of `sizes`, in bytes) and unlock; return the seconds that took."""
        outputs = {f"filler{number}": {"value": "x" * size, "type": "string"} for number, size in enumerate(sizes)}
        self._state |= {"serial": self._state["serial"] + 1, "outputs": outputs}
        lock = {"ID": str(uuid4()), "Operation": "bench", "Info": "", "Who": "bench", "Version": "", "Path": ""}
        body = json.dumps(self._state)
        started = time.perf_counter()
        self._client.get(self._address).raise_for_status()
        self._client.request("LOCK", self._address, json=lock).raise_for_status()
        self._client.post(self._address, params={"ID": lock["ID"]}, content=body).raise_for_status()
        self._client.request("UNLOCK", self._address, json=lock).raise_for_status()
        return time.perf_counter() - started


def _state_cycles(state: State, database: str, *, rounds: int) -> Iterator[Figure]:
    for name, size in SIZES.items():
        seconds = [state.cycle([size]) for _ in range(rounds if size < LARGE_BYTES else max(3, rounds // 4))]
        yield Figure(
            f"state GET+LOCK+POST+UNLOCK of {name}, p99",
            database,
            percentile(seconds, 0.99) * 1000,
            "ms",
            comparator=median(seconds) * 1000,
            comparator_name="its own median",
            budget=50 if size == SIZES["1 MB"] else None,
            samples=len(seconds),
        )
