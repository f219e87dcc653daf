"""A run that goes past its limit is interrupted and says so."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.git_repositories import Repository
from tests.support.installation import Installation, installation, status, terraform

pytestmark = pytest.mark.usefixtures("engine")


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A Blockyard whose runner gives a run three seconds."""
    data: Path = tmp_path_factory.mktemp("impatient") / "data"
    limits = {"BLOCKYARD_RUNNER_RUN_TIMEOUT_MINUTES": "0.05", "BLOCKYARD_RUNNER_INTERRUPT_GRACE_SECONDS": "2"}
    with installation(data, limits) as running:
        yield running


def test_a_run_past_its_timeout_fails_and_names_the_limit(
    impatient: Installation, module: Callable[..., Repository]
) -> None:
    source = 'resource "terraform_data" "slow" {\n  provisioner "local-exec" { command = "sleep 300" }\n}'

    block = impatient.ordered(impatient.define(terraform(module(main_tf=source))))

    assert status(block) == "FAILED"
    assert "timeout" in impatient.logs(block)
