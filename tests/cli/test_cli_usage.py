"""Wrong words on the command line are told in our words, to programs as JSON."""

import json
import shlex

import pytest
import typer.main
from typer.core import TyperGroup

from blockyard import __main__ as command
from blockyard.cli.app import build
from blockyard.cli.examples import EXAMPLES
from tests.support.command_line import invoke

LIBRARY = ("Input should be", "Value error", "Invalid value", "Got unexpected", "Usage:", "Traceback")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["blocks", "list", "--limit", "0"], "--limit must be at least 1"),
        (["blocks", "list", "-n", "100000"], "--limit must be at most 1000"),
        (["blocks", "order", "x", "--version", "y"], "--version must be a whole number"),
        (["blocks", "list", "-o", "xml"], "--output: 'xml' is not one of 'table', 'wide', 'json', 'yaml'"),
        (["blocks", "list", "--status", "FAILD"], "--status: 'FAILD' is not one of"),
        (["blocks", "order"], "DEFINITION is missing"),
        (["blocks", "list", "more"], "too many words: more"),
        (["blocks", "list", "--zork"], "no such option: --zork"),
        (["blocks", "lst"], "no such command 'lst'. Did you mean 'list'?"),
        (["--zork"], "no such option: --zork"),
    ],
)
def test_wrong_usage_is_told_in_our_words_and_as_json_to_programs(arguments: list[str], message: str) -> None:
    for_people = invoke(arguments)
    for_programs = invoke([*arguments, "-o", "json"])

    assert (for_people.exit_code, for_people.stdout) == (2, "")
    assert f"error: {message}" in for_people.stderr
    assert not any(words in for_people.stderr for words in LIBRARY)
    if "xml" not in arguments and arguments[0] != "--zork":
        told = json.loads(for_programs.stderr)
        assert (for_programs.exit_code, told["exitCode"], told["error"]["errorCode"]) == (2, 2, "Usage")
        assert message.partition(":")[0] in told["error"]["message"]


@pytest.mark.parametrize("spelling", [["-o", "yaml"], ["-oyaml"], ["--output=yaml"]])
def test_wrong_usage_is_told_as_yaml_to_who_asks_for_it(spelling: list[str]) -> None:
    ended = invoke(["runs", "list", *spelling, "--zork"])

    assert ended.stderr.startswith("error:\n  message: 'no such option: --zork")


@pytest.mark.parametrize("spelling", [["-o", "json"], ["-ojson"], ["--output", "json"], ["--output=json"]])
def test_every_spelling_of_the_format_is_seen_before_the_words_are_understood(spelling: list[str]) -> None:
    ended = invoke(["runs", "list", *spelling, "--zork"])

    assert json.loads(ended.stderr)["error"]["message"] == "no such option: --zork"


def test_a_group_without_a_command_shows_its_help() -> None:
    assert "Order a building block" in invoke(["blocks"]).output


def test_arguments_are_spelled_in_upper_case_as_in_the_documents() -> None:
    ordering = invoke(["blocks", "order", "--help"]).output
    importing = invoke(["definitions", "import", "--help"]).output

    assert "DEFINITION" in ordering
    assert "{definition}" not in ordering
    assert "[SOURCE]" in importing


@pytest.fixture
def top() -> TyperGroup:
    """All commands, as the program has them."""
    application = build()
    for name, server in command._SERVERS.items():
        application.command(name, hidden=name in command._HIDDEN)(server)
    group = typer.main.get_command(application)
    assert isinstance(group, TyperGroup)
    return group


def test_help_and_version_are_commands_as_well(top: TyperGroup) -> None:
    def said(*words: str) -> str:
        return invoke([*words]).output

    assert said("help") == said("--help")
    assert said("help", "blocks", "order") == said("blocks", "order", "--help")
    assert said("version") == said("--version")
    assert "no such command 'zork'" in said("help", "zork")
    assert {"help", "version"} <= top.commands.keys()


def test_every_command_has_an_example_that_can_be_given_as_it_is(top: TyperGroup) -> None:
    commands = {name: item for name, item in top.commands.items() if not isinstance(item, TyperGroup)}
    for name, group in top.commands.items():
        if isinstance(group, TyperGroup):
            commands |= {f"{name} {inner}": item for inner, item in group.commands.items()}

    assert EXAMPLES.keys() == commands.keys()
    for path, examples in EXAMPLES.items():
        for example in examples:
            words = shlex.split(example.removeprefix(path))
            assert example.startswith(path)
            commands[path].make_context(path, words)


def test_the_help_of_a_command_ends_with_its_examples() -> None:
    assert invoke(["runs", "abort", "-h"]).output.rstrip().endswith("blockyard runs abort 1f0c5a9e")


def test_help_on_80_columns_cuts_no_sentence(top: TyperGroup) -> None:
    groups = [top, *(inner for inner in top.commands.values() if isinstance(inner, TyperGroup))]
    cut = [
        f"{group.name} {name}: {item.get_short_help_str(500)}"
        for group in groups
        for name, item in group.commands.items()
        if not item.hidden and item.get_short_help_str(72 - max(map(len, group.commands))).endswith("...")
    ]

    assert not cut, "\n".join(cut)
