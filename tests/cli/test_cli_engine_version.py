"""The engine version a definition gets from what its module asks for."""

import pytest

from blockyard.cli.engine_version import DEFAULT_ENGINE_VERSION, choose_engine_version, is_engine_version


@pytest.mark.parametrize(
    ("constraints", "version"),
    [
        ([], DEFAULT_ENGINE_VERSION),
        ([">= 1.0"], DEFAULT_ENGINE_VERSION),
        ([">= 1.12"], "1.12.0"),
        (["= 1.9.0"], "1.9.0"),
        (["1.8.2"], "1.8.2"),
        (["~> 1.9.0"], "1.9.0"),
        (["~> 1.9"], DEFAULT_ENGINE_VERSION),
        (["~> 1"], DEFAULT_ENGINE_VERSION),
        ([">= 1.3, < 1.6"], "1.3.0"),
        ([">= 1.3, < 2.0.0"], DEFAULT_ENGINE_VERSION),
        ([">= 1.3", ">= 1.12.1"], "1.12.1"),
        (["!= 1.5.0"], DEFAULT_ENGINE_VERSION),
        (["nonsense"], DEFAULT_ENGINE_VERSION),
    ],
)
def test_the_chosen_version_meets_the_constraints(constraints: list[str], version: str) -> None:
    assert choose_engine_version(constraints) == version


def test_only_whole_versions_are_versions() -> None:
    assert is_engine_version("1.11.4")
    assert is_engine_version("1.12.0-rc1")
    assert not is_engine_version("1.11")
    assert not is_engine_version(">= 1.11.4")
