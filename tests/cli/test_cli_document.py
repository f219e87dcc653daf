"""docs/cli.md says what the commands do."""

import subprocess
import sys

import pytest

from blockyard.cli.credentials import VARIABLES
from blockyard.cli.model import BlockStatus
from blockyard.cli.overrides import _INPUT_MEMBERS, _MEMBERS, _OUTPUT_MEMBERS
from blockyard.cli.runner_setup import RunnerType
from blockyard.server.blocks.model.block import BlockStatus as ServerBlockStatus
from blockyard.server.runners.model import RunnerType as ServerRunnerType
from tests.support.cli_reference import DOCUMENT, reference_of, render

TEXT = DOCUMENT.read_text(encoding="utf-8")


def test_the_reference_is_that_of_the_commands() -> None:
    assert reference_of(TEXT).strip() == render().strip(), "run: python -m tests.support.cli_reference"


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_every_variable_is_documented(name: str) -> None:
    assert f"| `{name}` |" in TEXT


@pytest.mark.parametrize("name", sorted(_MEMBERS | _INPUT_MEMBERS | _OUTPUT_MEMBERS))
def test_every_member_of_the_import_file_is_documented(name: str) -> None:
    assert f"`{name}`" in TEXT or f"`{name}." in TEXT


def test_the_client_starts_without_server_runner_and_reader_of_modules() -> None:
    script = "import sys, blockyard.cli.app; print(' '.join(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    loaded = set(answer.stdout.split())
    assert (
        not {"blockyard.server", "blockyard.runner", "pydantic", "sqlalchemy", "fastapi", "blockyard.modules.parser"}
        & loaded
    )


def test_the_words_of_filters_are_those_of_the_server() -> None:
    assert set(BlockStatus) == {status.value for status in ServerBlockStatus}
    assert set(RunnerType) == {kind.value for kind in ServerRunnerType}
