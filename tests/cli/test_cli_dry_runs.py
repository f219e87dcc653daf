"""Dry runs from the command line, on a real server with a real engine."""

import json

import pytest

from blockyard.cli.exits import ExitCode
from tests.cli.conftest import Cli
from tests.cli.test_cli_blocks import imported
from tests.support.git_repositories import Repository


@pytest.mark.usefixtures("engine")
def test_changes_are_shown_first_and_made_then(cli: Cli, modules: Repository) -> None:
    imported(cli, modules, "greeting", "Greeting")
    cli.does("blocks", "order", "Greeting", "-w", "shop", "--name", "planned", "-i", "name=ada", "-i", "token=t0ken")

    shown = cli.does("blocks", "detect", "planned").out
    run = cli.does("blocks", "detect", "planned", "-o", "json").document
    changes = cli.does("runs", "changes", str(run["uuid"])).out
    first = str(json.loads(cli.does("runs", "list", "planned", "-o", "json").out)[1]["metadata"]["uuid"])
    compared = cli.does("runs", "changes", str(run["uuid"]), "--compare", first, "-o", "json").document
    applied = cli.does("blocks", "apply-plan", "planned").out
    again = cli("blocks", "apply-plan", "planned")

    assert "Run Terraform Plan" in shown
    assert "There are no changes." in shown
    assert (run["behavior"], run["changesDetected"]) == ("DETECT", False)
    assert "no changes." in changes
    assert compared["isEqual"] is True
    assert "Applying the saved plan" in applied
    assert again.code == ExitCode.REFUSED
    assert "nothing to apply" in again.err
    assert "Start a dry run" in again.err
