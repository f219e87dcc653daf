"""A few of the points of `make chaos`: something is killed in the midst of a run, and the run ends right by itself."""

from collections.abc import Iterator

import pytest

from chaos.disks import Unwritable, take_away
from chaos.graphs.points import ACTIONS, plan_points
from chaos.points import points, replaced_points
from chaos.selection import DEFAULT_POINTS, GRAPH_STACKS, PLAN_STACKS, STACKS, choose, choose_of_graphs, choose_of_plans
from chaos.stack import Stack, Victim, stack
from chaos.trial import Trial

pytestmark = pytest.mark.usefixtures("engine")

ON_SQLITE = (
    "apply/register-1/before/runner",
    "apply/state-post-1/after/server",
    "apply/create-b-after/engine-goes-on/runner",
    "apply/create-b-after/engine-goes-on/runner+supervisor",
    "apply/create-b-after/engine-waits/engine",
    "apply/create-b-after/engine-waits/server+runner+supervisor+engine",
    "apply/final-1/after/server+runner+supervisor+engine",
    "apply/state-post-1/before/supervisor",
    "fresh/git-pack-1/engine-waits/runner",
    "update/create-d-after/engine-goes-on/server",
    "destroy/destroy-b-after/engine-waits/runner+engine",
    "abort/state-unlock-1/after/runner+supervisor+engine",
)
ON_POSTGRES = ("apply/state-lock-1/after/postgres", "apply/final-1/before/postgres")
ON_REPLICAS = (
    "apply/claim-1/during/server",
    "apply/state-post-1/during/server",
    "apply/create-b-after/engine-goes-on/server",
    "apply/final-1/after/server+postgres",
)
CHOSEN = {"sqlite": ON_SQLITE, "postgres": ON_POSTGRES, "replicas": ON_REPLICAS}


@pytest.fixture(scope="module")
def processes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A runner and a server, or two, that can be killed, on SQLite or PostgreSQL."""
    with stack(tmp_path_factory.mktemp("crashes"), request.param) as running:
        yield running


@pytest.mark.parametrize(
    "processes",
    [
        "sqlite",
        pytest.param("postgres", marks=pytest.mark.postgres),
        pytest.param("replicas", marks=pytest.mark.postgres),
    ],
    indirect=True,
)
def test_a_run_ends_right_whatever_is_killed(processes: Stack, subtests: pytest.Subtests) -> None:
    known = {point.name: point for point in points(processes.name)}
    for name in CHOSEN[processes.name]:
        with subtests.test(name):
            outcome = Trial(processes, known[name]).run()

            assert outcome.reached
            assert not outcome.findings, outcome.trace


@pytest.mark.parametrize("processes", ["sqlite"], indirect=True)
def test_a_server_that_cannot_write_refuses_in_clear_words_and_goes_on_when_it_can(
    processes: Stack, subtests: pytest.Subtests
) -> None:
    for place in ("order-1", "state-post-1"):
        with subtests.test(place):
            assert take_away(processes, Unwritable(processes), place) == []


def test_a_campaign_kills_in_every_place_and_every_victim_at_two_hundred_points_or_more() -> None:
    chosen = choose(STACKS, DEFAULT_POINTS, None)

    assert sum(len(some) for _, some in chosen) >= 200
    for name, some in chosen:
        every = points(name) if not some[0].is_replaced else replaced_points()
        assert len(set(some)) == len(some)
        assert {(point.action, point.place) for point in some} == {(point.action, point.place) for point in every}
        assert {point.victims for point in some} == {point.victims for point in every}
        assert {point.moment for point in some} == {point.moment for point in every}


def test_a_campaign_kills_in_whole_graphs_at_two_hundred_points_or_more() -> None:
    chosen = choose_of_graphs(tuple(GRAPH_STACKS), DEFAULT_POINTS, None)

    assert sum(len(some) for _, some in chosen) >= 200
    for name, some in chosen:
        assert len(set(some)) == len(some), name
        assert {point.action for point in some} == set(ACTIONS), name
        assert {victim for point in some for victim in point.victims} >= {Victim.SERVER, Victim.RUNNER, Victim.ENGINE}


def test_a_campaign_kills_at_a_hundred_points_or_more_of_plans_approvals_and_restored_states() -> None:
    chosen = choose_of_plans(tuple(PLAN_STACKS), DEFAULT_POINTS, None)

    assert sum(len(some) for _, some in chosen) >= 100
    for name, some in chosen:
        assert {(point.action, point.place) for point in some} == {
            (point.action, point.place) for point in plan_points(name)
        }
