"""Orders, queue, leases, graph and aborts under crashes, duplicates, delays and reordering. `make simulate SEED=…` repeats one."""

import pytest

from tests.support.simulation.simulate import simulate

SEEDS = 1000
_AT_ONCE = 100


@pytest.mark.parametrize("first", range(0, SEEDS, _AT_ONCE))
def test_whatever_happens_in_which_order_what_must_hold_holds(first: int) -> None:
    for seed in range(first, first + _AT_ONCE):
        simulate(seed)


def test_a_seed_gives_the_same_trace_each_time() -> None:
    assert simulate(7).trace == simulate(7).trace
