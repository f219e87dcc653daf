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
        (["~> 1.9.0"], "1.9.1"),
        (["~> 1.9"], DEFAULT_ENGINE_VERSION),
        (["~> 1"], DEFAULT_ENGINE_VERSION),
        ([">= 1.3, < 1.6"], "1.5.5"),
        (["< 1.6"], "1.5.5"),
        (["<= 1.5.5"], "1.5.5"),
        (["< 1.11"], "1.10.5"),
        (["<= 1.10.5, != 1.10.5"], "1.9.1"),
        ([">= 1.3", "< 1.5"], "1.4.6"),
        (["> 1.11.4"], DEFAULT_ENGINE_VERSION),
        ([">= 1.3, < 2.0.0"], DEFAULT_ENGINE_VERSION),
        ([">= 1.3", ">= 1.12.1"], "1.12.1"),
        (["!= 1.5.0"], DEFAULT_ENGINE_VERSION),
        (["nonsense"], DEFAULT_ENGINE_VERSION),
    ],
)
def test_the_chosen_version_meets_the_constraints(constraints: list[str], version: str) -> None:
    assert choose_engine_version(constraints).version == version


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        ("= 1.5.7", "the module demands version 1.5.7"),
        ("1.5.9", "the module demands version 1.5.9"),
        ("> 1.5.5, < 1.6", "no engine version is known"),
        (">= 2.0, < 1.0", "no engine version is known"),
        ("~> 1.5.6", "the module demands version 1.5.6"),
    ],
)
def test_a_version_that_nobody_can_download_is_told(constraint: str, words: str) -> None:
    assert words in (choose_engine_version([constraint]).warning or "")


@pytest.mark.parametrize("constraint", [">= 1.9", "= 1.9.0", "1.5.5", "< 1.6", ">= 1.12"])
def test_other_versions_are_chosen_without_a_word(constraint: str) -> None:
    assert choose_engine_version([constraint]).warning is None


def test_only_whole_versions_are_versions() -> None:
    assert is_engine_version("1.11.4")
    assert is_engine_version("1.12.0-rc1")
    assert not is_engine_version("1.11")
    assert not is_engine_version(">= 1.11.4")
