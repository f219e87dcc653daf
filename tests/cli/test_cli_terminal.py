"""The command line on a terminal: it asks for what is missing and before it destroys."""

from pathlib import Path

import pytest

from blockyard.cli.documents import member, members
from tests.cli.conftest import Cli
from tests.support.git_repositories import Repository
from tests.support.installation import Installation, an_input, terraform
from tests.support.terminal import CTRL_C, on_terminal, without_terminal

FORM = """
name = "Form"
[inputs.size]
type = "INTEGER"
regex = "[0-9]"
regex_message = "one digit only"
[inputs.colour]
type = "SINGLE_SELECT"
options = ["red", "green"]
[inputs.pin]
sensitive = true
"""
EMPTY = 'name = "Empty"\n[inputs.word]\ndefault = "x"\n'
NOTHING_CHANGED = "Cancelled; nothing was changed."


def offered(cli: Cli, folder: Path, content: str) -> None:
    """Release the manual definition of a file unless it is there already."""
    file = folder / "definition.toml"
    file.write_text(content)
    if cli("definitions", "show", content.split('"')[1]).code:
        cli.does("definitions", "import", "--manual", "-f", str(file), "-w", "shop", "--release")


@pytest.fixture
def block(cli: Cli, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A building block named after the test."""
    offered(cli, tmp_path, EMPTY)
    name: str = request.node.name[:60]
    cli.does("blocks", "order", "Empty", "-w", "shop", "--name", name)
    return name


def test_missing_inputs_are_asked_for_until_the_answer_fits(cli: Cli, tmp_path: Path) -> None:
    offered(cli, tmp_path, FORM)

    code, shown = on_terminal(
        cli.environment,
        ["blocks", "order", "Form", "-w", "shop", "--name", "filled in"],
        [("Value:", "big"), ("Value:", "77"), ("Value:", "7"), ("option:", "2"), ("Value:", "12345-pin")],
    )

    assert code == 0, shown
    assert "one digit only" in shown
    assert "2  green" in shown
    assert "12345-pin" not in shown
    assert cli.does("blocks", "outputs", "filled in", "colour").out == "green\n"
    assert cli.does("blocks", "outputs", "filled in", "size").out == "7\n"


def test_ctrl_c_at_a_question_orders_nothing_and_is_exit_code_130(cli: Cli, tmp_path: Path) -> None:
    offered(cli, tmp_path, FORM)

    code, shown = on_terminal(
        cli.environment,
        ["blocks", "order", "Form", "-w", "shop", "--name", "never filled in"],
        [("Value:", "7"), ("option:", CTRL_C)],
    )

    assert (code, NOTHING_CHANGED in shown) == (130, True), shown
    assert cli("blocks", "show", "never filled in").code == 3


@pytest.mark.parametrize("answer", ["n", "", CTRL_C])
def test_a_deletion_is_asked_for_and_no_changes_nothing(cli: Cli, block: str, answer: str) -> None:
    code, shown = on_terminal(cli.environment, ["blocks", "delete", block], [("[y/N]:", answer)])

    assert (code, NOTHING_CHANGED in shown) == (130, True), shown
    assert f"Delete '{block}'" in shown
    assert "Aborted" not in shown
    cli.does("blocks", "show", block)


def test_a_deletion_is_asked_for_also_where_standard_error_goes_to_a_file(cli: Cli, block: str, tmp_path: Path) -> None:
    code, shown = on_terminal(
        cli.environment, ["blocks", "delete", block], [("[y/N]:", "n")], errors=tmp_path / "err.log"
    )

    assert (code, "[y/N]:" in shown) == (130, True), shown
    cli.does("blocks", "show", block)


def test_an_agreed_deletion_is_done(cli: Cli, block: str) -> None:
    code, shown = on_terminal(cli.environment, ["blocks", "delete", block], [("[y/N]:", "y")])

    assert code == 0, shown
    assert cli("blocks", "show", block).code == 3


@pytest.mark.parametrize("extra", [(), ("--purge",), ("-o", "json")])
def test_without_a_terminal_nothing_is_deleted_unless_yes_is_given(
    cli: Cli, block: str, extra: tuple[str, ...]
) -> None:
    code, shown = without_terminal(cli.environment, ["blocks", "delete", block, *extra])

    assert (code, "--yes" in shown) == (2, True), shown
    cli.does("blocks", "show", block)

    code, shown = without_terminal(cli.environment, ["blocks", "delete", block, "--yes", *extra])
    assert code == 0, shown


def test_inputs_are_asked_for_as_their_conditions_say(cli: Cli, blockyard: Installation, modules: Repository) -> None:
    version = blockyard.define(
        terraform(modules),
        inputs={
            "public": an_input("BOOLEAN"),
            "domain": an_input(condition="input.public == true"),
            "reason": an_input(condition="input.public == false"),
            "note": an_input(isOptional=True),
        },
    )
    form = blockyard.client.get(f"/api/blockyard/v1/definitionversions/{version}/form").json()
    order = ["blocks", "order", form["definitionUuid"], "-w", "shop", "--no-wait", "--name"]

    refused = cli(*order, "not filled in", "-i", "public=false")
    assert (refused.code, "-i reason=" in refused.err, "-i domain=" in refused.err) == (2, True, False)
    code, shown = on_terminal(
        cli.environment, [*order, "conditional"], [("false:", "true"), ("Value:", "x.test"), ("leaves it out:", "")]
    )

    assert code == 0, shown
    block = blockyard.client.get("/api/blockyard/v1/blocks", params={"name": "conditional"}).json()
    found = blockyard.block(block["_embedded"]["meshBuildingBlocks"][0]["metadata"]["uuid"])
    values = {key: member(item, "value") for key, item in members(found, "spec", "inputs").items()}
    assert {key: value for key, value in values.items() if value is not None} == {"public": True, "domain": "x.test"}
    assert "reason" not in shown
