"""Tools of states and drift from the command line, on a real server with a real engine."""

import time
from pathlib import Path

import pytest

from blockyard.cli.exits import ExitCode
from tests.cli.conftest import Cli
from tests.cli.test_cli_blocks import imported
from tests.support.git_repositories import Repository

WHY = ("--reason", "a test")


@pytest.mark.usefixtures("engine")
def test_states_are_searched_compared_repaired_and_given_to_tools(
    cli: Cli, modules: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    imported(cli, modules, "greeting", "Worked on")
    cli.does("blocks", "order", "Worked on", "-w", "shop", "--name", "worked", "-i", "name=ada", "-i", "token=t0ken")
    cli.does("blocks", "update", "worked", "-i", "name=grace")
    listed = cli.does("state", "list", "worked").out
    newest = str(cli.does("state", "show", "worked", "-o", "json").document["number"])
    listing = tmp_path / "listing"
    cli.does(
        "state",
        "exec",
        "worked",
        "--",
        "sh",
        "-c",
        f"terraform init >{listing}.init && terraform state list >{listing}",
    )
    address = listing.read_text().split()[0]
    cli.does("state", "exec", "worked", "--", "terraform", "state", "list")

    compared = cli.does("state", "diff", "worked", "1", newest, "-o", "json").document
    assert "BUILDING_BLOCK_INPUTS_UPDATE" in listed
    assert (compared["isReadable"], compared["before"]) == (True, 1)
    assert "changed" in cli.does("state", "diff", "worked", "1", newest).out
    assert list(tmp_path.glob("blockyard-state-*")) == []
    assert cli("state", "exec", "worked", "--", "no-such-tool").code == ExitCode.REFUSED
    assert cli("state", "exec", "worked", "--", "sh", "-c", "exit 7").code == 7
    cli.does("state", "exec", "worked", "--", "sh", "-c", f"(echo $TF_HTTP_LOCK_METHOD; ls) >{listing}")
    assert listing.read_text().split() == ["POST", "backend.tf"]

    started = cli.does("state", "taint", "worked", address, *WHY, "-o", "json").document
    cli.does("runs", "logs", str(started["runUuid"]), "--follow")
    assert cli.does("runs", "show", str(started["runUuid"]), "-o", "json").document["status"] == "SUCCEEDED"
    assert cli("state", "rm", "worked", "--", "-x").code == ExitCode.USAGE
    planned = cli.does("state", "plan-restore", "worked", "1", "-o", "json").document
    cli.does("runs", "logs", str(planned["runUuid"]), "--follow")
    restored = cli.does("state", "apply-restore", "worked", "1", *WHY, "--yes", "-o", "json").document
    assert restored["runUuid"] is not None
    cli.does("runs", "logs", str(restored["runUuid"]), "--follow")
    assert cli("drift", "show", "worked").code == ExitCode.REFUSED
    assert cli.does("drift", "list", "--state", "DRIFTED", "-o", "json").documents == []
    assert address in found_resources(cli, "terraform_data", "--block", "worked")


def found_resources(cli: Cli, *wanted: str) -> list[str]:
    """Wait until some are searchable, which they are a few seconds after a run; return their addresses."""
    for _ in range(100):
        if found := cli.does("resources", "list", *wanted, "-o", "json").documents:
            return [str(one["address"]) for one in found]
        time.sleep(0.2)
    raise AssertionError("nothing is searchable after 20 s")
