"""Fixtures of the OpenTofu executor's tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.opentofu_runs import OpenTofuRun
from tests.support.state_server import StateServer, state_server


@pytest.fixture
def state() -> Iterator[StateServer]:
    """A control plane that keeps states."""
    with state_server() as server:
        yield server


@pytest.fixture
def new_run(tmp_path: Path, state: StateServer, engine: Path) -> Callable[..., OpenTofuRun]:
    """Make runs, each with a directory of its own."""
    assert engine.is_file()
    count = 0

    def make(**parts: object) -> OpenTofuRun:
        nonlocal count
        count += 1
        folder = tmp_path / f"run-{count}"
        folder.mkdir()
        run = OpenTofuRun(folder, state)
        for name, value in parts.items():
            setattr(run, name, value)
        return run

    return make
