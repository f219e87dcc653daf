"""Ordering, changing, watching and deleting building blocks from the command line, on a real server with a real engine."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.support.git_repositories import Repository
from tests.support.installation import engine_version, text_of

SECRET = "t0psecret-value"

MANUAL = """
name = "{name}"
[inputs.number]
type = "INTEGER"
[inputs.urgency]
type = "SINGLE_SELECT"
options = ["low", "high"]
default = "low"
[inputs.agent]
assignment_type = "PLATFORM_OPERATOR_MANUAL_INPUT"
"""


def imported(cli: Cli, modules: Repository, folder: str, name: str) -> str:
    """Import and release a module unless it is there already; return the definition's id."""
    known = cli("definitions", "show", name, "-o", "json")
    if known.code == 0:
        definition = known.document["definition"]
    else:
        options = ["--path", folder, "-w", "shop", "--name", name, "--release", "--engine-version", engine_version()]
        stored = cli.does("definitions", "import", modules.path.as_uri(), *options, "-o", "json").document
        definition = stored["definition"]
    assert isinstance(definition, dict)
    return text_of(definition, "metadata", "uuid")


def manual(cli: Cli, folder: Path, name: str) -> None:
    file = folder / "manual.toml"
    file.write_text(MANUAL.format(name=name))
    cli.does("definitions", "import", "--manual", "--file", str(file), "-w", "shop", "--release")


@pytest.mark.usefixtures("engine")
def test_a_building_block_lives_from_order_to_deletion(cli: Cli, modules: Repository, tmp_path: Path) -> None:
    imported(cli, modules, "greeting", "Greeting")
    token = tmp_path / "token"
    token.write_text(SECRET)

    ordered = cli.does(
        "blocks", "order", "Greeting", "-w", "shop", "--name", "one", "-i", "name=ada", "-f", f"token={token}"
    ).out
    assert "Run 1: apply" in ordered
    assert "Apply complete! Resources: 1 added" in ordered
    assert "SUCCEEDED" in ordered
    assert cli.does("blocks", "outputs", "one", "greeting").out == "hello ada\n"

    changed = cli.does("blocks", "update", "one", "-i", "loud=yes", "-o", "json")
    assert text_of(changed.document, "status", "outputs", "greeting", "value") == "HELLO ADA"
    assert "Run 2: apply" in changed.err

    renamed = cli.does("blocks", "update", "one", "--name", "first")
    assert "Run" not in renamed.out
    block = cli.does("blocks", "show", "first", "-o", "json").document
    identifier = text_of(block, "metadata", "uuid")
    assert "(secret)" in cli.does("blocks", "show", identifier[:8]).out
    assert "first" in cli.does("blocks", "list", "-w", "shop", "-d", "Greeting", "--status", "succeeded").out

    cli.does("blocks", "run", "first", "--no-wait")
    assert "The run ended: SUCCEEDED." in cli.does("blocks", "logs", "first", "--follow").out
    assert "Resources: 0 added, 0 changed" in cli.does("blocks", "logs", "first").out
    runs = cli.does("runs", "list", "first", "-o", "json").documents
    assert [text_of(run, "spec", "behavior") for run in runs] == ["APPLY", "APPLY", "APPLY"]
    assert "SUCCEEDED" in cli.does("runs", "show", text_of(runs[0], "metadata", "uuid")).out

    assert "is deleted" in cli.does("blocks", "delete", "first", "--yes").out
    assert cli("blocks", "show", "first").code == 3
    assert (
        text_of(cli.does("blocks", "show", identifier, "-o", "json").document, "status", "lifecycle", "state")
        == "DELETED"
    )
    assert not any(SECRET in text for text in cli.printed)


@pytest.mark.usefixtures("engine")
def test_versions_of_a_state_are_listed_taken_out_and_put_back(cli: Cli, modules: Repository, tmp_path: Path) -> None:
    imported(cli, modules, "greeting", "Greeting")
    order = ["blocks", "order", "Greeting", "-w", "shop", "--name", "stateful", "-i", f"token={SECRET}"]
    cli.does(*order, "-i", "name=ada")
    cli.does("blocks", "update", "stateful", "-i", "name=bob")

    versions = cli.does("state", "list", "stateful", "-o", "json").documents
    newest, oldest = versions[0], versions[-1]
    assert len(versions) >= 2
    assert newest["isCurrent"] is True
    assert str(newest["serial"]) in cli.does("state", "show", "stateful").out

    file = tmp_path / "state.json"
    cli.does("state", "pull", "stateful", str(file), "--version", str(oldest["number"]))
    assert json.loads(file.read_text())["serial"] == oldest["serial"]
    assert file.stat().st_mode & 0o777 == 0o600
    assert cli("state", "pull", "stateful", str(file)).code == 2
    restored = cli.does("state", "restore", "stateful", str(oldest["number"]), "--yes", "-o", "json").document
    assert restored["number"] != oldest["number"]
    assert cli("state", "show", "stateful", "999").code == 3


@pytest.mark.usefixtures("engine")
def test_a_failed_run_is_exit_code_5_and_its_log_is_shown(cli: Cli, modules: Repository) -> None:
    imported(cli, modules, "broken", "Broken")

    ended = cli("blocks", "order", "Broken", "-w", "shop", "--name", "never")

    assert ended.code == 5
    assert "this never works" in ended.out
    assert cli("blocks", "logs", "never", "-f").code == 5
    cli.does("blocks", "update", "never", "-i", "works=true")


@pytest.mark.usefixtures("engine")
def test_an_aborted_run_is_exit_code_6_for_who_waits_and_success_for_who_aborted(cli: Cli, modules: Repository) -> None:
    imported(cli, modules, "slow", "Slow")
    ordered = cli.does("blocks", "order", "Slow", "-w", "shop", "--name", "long", "--no-wait", "-o", "json").document
    run = text_of(ordered, "status", "latestRunUuid")
    until_logged(cli, run, "begun")

    assert "is ABORTED" in cli.does("runs", "abort", run).out
    assert cli("blocks", "logs", "long", "--follow").code == 6
    assert cli("runs", "logs", run, "--follow", "-o", "json").code == 6


@pytest.mark.usefixtures("engine")
def test_ctrl_c_ends_the_waiting_and_not_the_run(cli: Cli, modules: Repository) -> None:
    imported(cli, modules, "slow", "Slow")
    command = [sys.executable, "-m", "blockyard", "blocks", "order", "Slow", "-w", "shop", "--name", "left alone"]
    with subprocess.Popen(
        command, env=cli.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        for line in process.stdout:
            if "begun" in line:
                break
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)

    assert process.returncode == 130
    assert "'left alone' goes on; follow it with: blockyard blocks logs --follow" in err
    block = cli.does("blocks", "show", "left alone", "-o", "json").document
    assert text_of(block, "status", "status") == "IN_PROGRESS"
    cli.does("runs", "abort", text_of(block, "status", "latestRunUuid"), "--no-wait")


def until_logged(cli: Cli, run: str, text: str) -> None:
    deadline = time.monotonic() + 60
    while text not in cli.does("runs", "logs", run).out:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_missing_inputs_are_named_when_nobody_can_be_asked(cli: Cli, modules: Repository) -> None:
    imported(cli, modules, "greeting", "Greeting")

    ended = cli("blocks", "order", "Greeting", "-w", "shop", "-i", "name=ada")

    assert ended.code == 2
    assert "-i token=…  string, sensitive" in ended.err
    assert "name=" not in ended.err


def test_a_manual_block_waits_for_its_operator(cli: Cli, tmp_path: Path) -> None:
    manual(cli, tmp_path, "Call {{number}}")

    waiting = cli("blocks", "order", "Call {{number}}", "-w", "shop", "-i", "number=42")
    assert waiting.code == 8
    assert "WAITING_FOR_OPERATOR_INPUT" in waiting.out
    known = "up to: the team that offers it, workspace"
    assert (known in waiting.out, known in cli.does("blocks", "show", "Call 42").out) == (True, True)

    done = cli.does("blocks", "update", "Call 42", "-i", "agent=ada", "-o", "json").document
    assert text_of(done, "status", "status") == "SUCCEEDED"
    assert cli.does("blocks", "outputs", "Call 42", "number").out == "42\n"
    assert cli.does("blocks", "outputs", "Call 42").out.splitlines()[1].split() == ["agent", "ada", "NONE"]
    assert cli("blocks", "outputs", "Call 42", "nothing").code == 3
    cli.does("blocks", "delete", "Call 42", "--purge", "--yes")


def test_wrong_values_are_refused_before_anything_is_ordered(cli: Cli, tmp_path: Path) -> None:
    manual(cli, tmp_path, "Picky")

    for given, message in [
        ("number=many", "must be a whole number"),
        ("urgency=medium", "one of: low, high"),
        ("colour=red", "Its inputs are: number, urgency, agent."),
        ("number", "KEY=VALUE"),
    ]:
        ended = cli("blocks", "order", "Picky", "-w", "shop", "-i", given)
        assert (ended.code, message in ended.err) == (2, True), ended.err
    assert cli.does("blocks", "list", "-d", "Picky", "-o", "json").documents == []


def test_a_name_that_two_blocks_have_must_be_told_apart_by_id(cli: Cli, tmp_path: Path) -> None:
    manual(cli, tmp_path, "Twice")
    for _ in range(2):
        assert cli("blocks", "order", "Twice", "-w", "shop", "-i", "number=1", "--name", "twin").code == 8

    ended = cli("blocks", "show", "twin")

    assert ended.code == 2
    assert "'twin' matches 2 building blocks" in ended.err
    assert ended.err.count("twin  shop  WAITING_FOR_OPERATOR_INPUT") == 2
    assert cli("blocks", "show", "00000000-0000-4000-8000-000000000000").code == 3
    page = cli.does("blocks", "list", "--name", "twin", "--size", "1", "--page", "2")
    assert "page 2 of 2, 2 in all" in page.err


def test_an_upgrade_asks_for_what_is_new_and_keeps_the_rest(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "definition.toml"
    file.write_text('name = "Grows"\n[inputs.size]\ntype = "INTEGER"\n')
    cli.does("definitions", "import", "--manual", "-f", str(file), "-w", "shop", "--release")
    cli.does("blocks", "order", "Grows", "-w", "shop", "--name", "sapling", "-i", "size=1")
    file.write_text(
        'name = "Grows"\n[inputs.size]\ntype = "INTEGER"\n[inputs.kind]\n[inputs.place]\ndefault = "here"\n'
    )
    cli.does("definitions", "import", "--manual", "-f", str(file), "-w", "shop", "--into", "Grows", "--release")

    incomplete = cli("blocks", "update", "sapling", "--upgrade")
    assert (incomplete.code, "-i kind=…" in incomplete.err, "size" in incomplete.err) == (2, True, False)

    cli.does("blocks", "update", "sapling", "--upgrade", "-i", "kind=oak")
    found = {row.split()[0]: row.split()[1] for row in cli.does("blocks", "outputs", "sapling").out.splitlines()[1:]}
    assert found == {"kind": "oak", "place": "here", "size": "1"}


def test_an_update_that_changes_nothing_says_so(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "definition.toml"
    file.write_text('name = "Still"\n[inputs.word]\n')
    cli.does("definitions", "import", "--manual", "-f", str(file), "-w", "shop", "--release")
    cli.does("blocks", "order", "Still", "-w", "shop", "--name", "stone", "-i", "word=a")

    again = cli.does("blocks", "update", "stone", "-i", "word=a").out
    upgraded = cli.does("blocks", "update", "stone", "--upgrade").out
    changed = cli.does("blocks", "update", "stone", "-i", "word=b").out

    assert again.startswith("Nothing was changed.\n")
    assert upgraded.startswith("'stone' is already on the latest version 1. Nothing was changed.\n")
    assert "Nothing" not in changed


def test_long_values_of_a_block_that_is_named_are_shown_whole(cli: Cli, tmp_path: Path) -> None:
    file, text = tmp_path / "definition.toml", tmp_path / "text"
    file.write_text('name = "Wordy"\n[inputs.word]\n')
    text.write_text("x" * 100_000)
    cli.does("definitions", "import", "--manual", "-f", str(file), "-w", "shop", "--release")
    cli.does("blocks", "order", "Wordy", "-w", "shop", "--name", "wordy", "-f", f"word={text}")

    assert cli.does("blocks", "outputs", "wordy", "word").out == "x" * 100_000 + "\n"


def test_a_child_gets_the_output_of_its_parent(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "definition.toml"
    file.write_text('name = "Parent network"\n[inputs.range]\n')
    parent = cli.does("definitions", "import", "--manual", "-f", str(file), "-w", "shop", "--release", "-o", "json")
    definition = parent.document["definition"]
    assert isinstance(definition, dict)
    uuid = text_of(definition, "metadata", "uuid")
    child = f"""
name = "Machine"
dependencies = ["{uuid}"]
[inputs.range]
assignment_type = "BUILDING_BLOCK_OUTPUT"
value = "{uuid}.range"
"""
    file.write_text(child)
    cli.does("definitions", "import", "--manual", "-f", str(file), "-w", "shop", "--release")
    cli.does("blocks", "order", "Parent network", "-w", "shop", "--name", "net", "-i", "range=10.0.0.0/8")

    cli.does("blocks", "order", "Machine", "-w", "shop", "--name", "vm", "--parent", "net")

    assert cli.does("blocks", "outputs", "vm", "range").out == "10.0.0.0/8\n"
    assert cli("blocks", "delete", "net", "--yes").code == 1
    cli.does("blocks", "delete", "vm", "--yes")
    cli.does("blocks", "delete", "net", "--yes")


@pytest.mark.usefixtures("engine")
def test_a_consumer_orders_what_another_team_released_and_sees_no_log(
    cli: Cli, stranger: Cli, modules: Repository, tmp_path: Path
) -> None:
    imported(cli, modules, "greeting", "Greeting")
    cli.does("workspaces", "create", "consumer", "--if-missing")
    codes = ("BUILDINGBLOCK_LIST", "BUILDINGBLOCK_SAVE", "BUILDINGBLOCK_DELETE", "BUILDINGBLOCKDEFINITION_LIST")
    permissions = [word for code in codes for word in ("-p", code)]
    key_file = tmp_path / "key.json"
    cli.does("keys", "create", "consumer", "-w", "consumer", *permissions, "--key-file", str(key_file))
    stranger.does("login", "--key-file", str(key_file))

    looked_at = stranger.does("definitions", "show", "Greeting")
    assert ["token", "STRING", "(sensitive)", "yes"] in [line.split()[:4] for line in looked_at.out.splitlines()]
    assert "greeting" in looked_at.out
    assert "repositoryUrl" not in looked_at.out
    offer = stranger.does("definitions", "show", "Greeting", "-o", "json").document["offer"]
    assert isinstance(offer, dict)
    assert offer["versionNumber"] == 1
    assert "repositoryUrl" in cli.does("definitions", "show", "Greeting").out

    ordered = stranger.does(
        "blocks", "order", "Greeting", "-w", "consumer", "--name", "mine", "-i", "name=eve", "-i", f"token={SECRET}"
    )

    assert "SUCCEEDED" in ordered.out
    assert "hello eve" in ordered.out
    assert "Apply complete" not in ordered.out
    assert stranger("blocks", "order", "Greeting", "-w", "shop", "-i", "name=x", "-i", "token=x").code == 4
    assert stranger.does("runs", "list", "mine").out.splitlines()[1].split()[:4] == ["mine", "1", "APPLY", "SUCCEEDED"]
    listed = stranger.does("runs", "list").out.splitlines()[1].split()
    assert listed[0] == "mine"
    assert "apply" in stranger.does("runs", "show", listed[-1]).out.lower()
    assert "-i token: other users of this machine may see" in ordered.err
    steps = stranger.does("blocks", "logs", "mine").out
    assert "✔ Run " in steps
    assert "Apply complete" not in steps
    stranger.does("blocks", "delete", "mine", "--yes")
