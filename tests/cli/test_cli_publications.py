"""Publication, defects and documentation of definitions from the command line, on a real server."""

import pytest

from blockyard.cli.documents import text
from tests.cli.conftest import Cli

OWNER = ("-w", "shop")


@pytest.fixture
def name(cli: Cli, request: pytest.FixtureRequest) -> str:
    """A manual definition of this test with a draft."""
    name = str(request.node.name)
    cli.does("definitions", "import", "--manual", "--name", name, *OWNER)
    return name


def state(cli: Cli, name: str) -> str:
    return text(cli.does("publications", "show", name, *OWNER, "-o", "json").document, "state")


def test_a_definition_is_published_restricted_deprecated_and_comes_back(cli: Cli, name: str) -> None:
    assert state(cli, name) == "UNPUBLISHED"
    assert "PUBLISHED" in cli.does("publications", "submit", name, *OWNER, "-m", "please").out
    listed = cli.does("publications", "list", *OWNER).out
    assert all(word in listed for word in (name, "shop", "APPROVED"))
    assert cli("publications", "restrict", name, *OWNER, "--public", "--private").code == 2
    cli.does("publications", "restrict", name, *OWNER, "--to", "shop")
    assert "RESTRICTED: shop" in cli.does("publications", "show", name, *OWNER).out
    cli.does("publications", "deprecate", name, *OWNER, "--reason", "use another")
    assert state(cli, name) == "DEPRECATED"
    cli.does("publications", "reactivate", name, *OWNER)
    assert state(cli, name) == "PUBLISHED"
    assert cli("publications", "withdraw", name, *OWNER).code == 1
    unknown = "9b2f0b7e-1f1d-4a3c-9a52-6f1f3f9d4c11"
    assert cli("publications", "approve", unknown).code == 3
    assert cli("publications", "reject", unknown, "--comment", "no").code == 3


def test_a_defective_version_is_not_what_is_ordered(cli: Cli, name: str) -> None:
    cli.does("definitions", "release", name, *OWNER)
    cli.does("definitions", "new-draft", name, *OWNER)
    cli.does("definitions", "release", name, *OWNER)

    cli.does("definitions", "mark", name, *OWNER, "--version", "2", "--reason", "loses objects")

    ordered = cli.does("blocks", "order", name, "-w", "shop", "--name", "one", "--no-wait", "-o", "json").document
    shown = cli.does("definitions", "show", name, *OWNER, "-o", "json").document
    assert text(shown, "version", "metadata", "uuid") == text(
        ordered, "spec", "buildingBlockDefinitionVersionRef", "uuid"
    )
    cli.does("definitions", "mark", name, *OWNER, "--version", "1", "--reason", "loses more")
    assert "loses more" in cli.does("blocks", "show", text(ordered, "metadata", "uuid")).out
    cli.does("definitions", "unmark", name, *OWNER, "--version", "1")
    assert "loses more" not in cli.does("blocks", "show", text(ordered, "metadata", "uuid")).out


def test_the_documentation_is_written_as_markdown(cli: Cli, name: str) -> None:
    assert cli.does("definitions", "docs", name, *OWNER).out.startswith("# ")
    assert "## Inputs" in text(cli.does("definitions", "docs", name, *OWNER, "-o", "json").document, "documentation")
