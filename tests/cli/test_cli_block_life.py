"""Building blocks over their life from the command line, on a real server: versions they follow, bulk jobs, cascades, what remains."""

from pathlib import Path

import pytest

from blockyard.cli.documents import number, text
from tests.cli.conftest import Cli

OWNER = ("-w", "shop")


@pytest.fixture
def name(cli: Cli, request: pytest.FixtureRequest) -> str:
    """A manual definition of this test with a released version."""
    name = str(request.node.name)[:60]
    cli.does("definitions", "import", "--manual", "--name", name, *OWNER)
    cli.does("definitions", "release", name, *OWNER)
    return name


def order(cli: Cli, name: str, called: str) -> str:
    """Order a block and return its id."""
    ordered = cli.does("blocks", "order", name, *OWNER, "--name", called, "--no-wait", "-o", "json").document
    return text(ordered, "metadata", "uuid")


def test_a_block_follows_releases_that_it_is_ready_for(cli: Cli, name: str) -> None:
    block = order(cli, name, f"{name} one")
    cli.does("definitions", "new-draft", name, *OWNER)

    assert "Version 2" in cli.does("definitions", "readiness", name, *OWNER).out
    assert cli("definitions", "readiness", name, *OWNER, "--version", "9").code == 2
    report = cli.does("definitions", "readiness", name, *OWNER, "-o", "json").document
    assert (number(report, "ready"), number(report, "needAnswer")) == (1, 0)
    assert "follows releases" in cli.does("blocks", "follow", block, "releases").out
    assert cli("blocks", "follow", block, "moon").code == 2
    cli.does("definitions", "release", name, *OWNER)
    cli.does("blocks", "run", block, "--no-wait")

    assert f"{name} v2" in " ".join(cli.does("blocks", "show", block).out.split())


def test_a_hold_is_placed_and_released(cli: Cli, name: str) -> None:
    block = order(cli, name, f"{name} one")
    cli.does("blocks", "hold", block, "--reason", "an audit")

    assert cli("blocks", "delete", block, "--yes").code != 0
    assert "1 hold(s)" in cli.does("blocks", "release", block, "--reason", "it is over").out
    assert "0 hold(s)" in cli.does("blocks", "release", block, "--reason", "it is over").out


def test_a_bulk_job_is_done_by_the_server(cli: Cli, name: str) -> None:
    blocks = [order(cli, name, f"{name} {at}") for at in range(2)]

    job = cli.does("bulk", "start", "run", *blocks, "--yes", "-o", "json").document

    assert (text(job, "state"), number(job, "counts", "DONE")) == ("OVER", 2)
    uuid = text(job, "uuid")
    assert uuid in cli.does("bulk", "list", "-o", "wide").out
    assert uuid in [text(one, "uuid") for one in cli.does("bulk", "list", "-o", "json").documents]
    for verb in ("show", "stop", "resume"):
        assert "STARTED" in cli.does("bulk", verb, uuid, "-o", "json").out


def test_cascades_and_what_remains(cli: Cli, name: str) -> None:
    block = order(cli, name, f"{name} one")

    assert "enough" in cli.does("blocks", "cascade", block, "--stop", "enough").out
    assert "0 building blocks run again" in cli.does("blocks", "cascade", block, "--resume").out
    assert cli("blocks", "cascade", block, "--resume").code == 1
    assert cli("blocks", "cascade", block, "--resume", "--stop", "x").code == 2
    remains = cli.does("blocks", "remains", block, "-o", "json").document
    assert (remains["offers"], remains["resources"]) == ([], [])
    cli.does("blocks", "remains", block)


def test_an_input_may_be_given_later(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "later.toml"
    file.write_text('name = "Given later"\n[inputs.word]\n')
    cli.does("definitions", "import", "--manual", "--file", str(file), *OWNER, "--release")

    ordered = cli("blocks", "order", "Given later", *OWNER, "--name", "late", "--later", "--no-wait", "-o", "json")
    block = text(ordered.document, "metadata", "uuid")

    assert text(ordered.document, "status", "status") == "WAITING_FOR_USER_INPUT"
    assert "SUCCEEDED" in cli.does("blocks", "update", block, "-i", "word=now").out
