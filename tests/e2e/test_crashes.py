"""A few of the points of `make chaos`: something is killed in the midst of a run, and the run ends right by itself."""

from collections.abc import Iterator

import pytest

from chaos.points import points
from chaos.stack import Stack, stack
from chaos.trial import Trial

pytestmark = pytest.mark.usefixtures("engine")

ON_SQLITE = (
    "apply/register-1/before/runner",
    "apply/state-post-1/after/server",
    "apply/create-b-after/engine-goes-on/runner",
    "apply/create-b-after/engine-waits/server+runner+engine",
    "apply/final-1/after/server+runner+engine",
    "fresh/git-pack-1/engine-waits/runner",
    "update/create-d-after/engine-goes-on/server",
    "destroy/destroy-b-after/engine-waits/runner+engine",
    "abort/state-unlock-1/after/runner+engine",
)
ON_POSTGRES = ("apply/state-lock-1/after/postgres", "apply/final-1/before/postgres")


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def processes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A server and a runner that can be killed, on SQLite or PostgreSQL."""
    with stack(tmp_path_factory.mktemp("crashes"), request.param) as running:
        yield running


def test_a_run_ends_right_whatever_is_killed(processes: Stack, subtests: pytest.Subtests) -> None:
    known = {point.name: point for point in points(processes.database)}
    for name in ON_SQLITE if processes.database == "sqlite" else ON_POSTGRES:
        with subtests.test(name):
            outcome = Trial(processes, known[name]).run()

            assert outcome.reached
            assert not outcome.findings, outcome.trace
