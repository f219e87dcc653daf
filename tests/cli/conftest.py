"""A running Blockyard and its command line."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from blockyard.protocol.jsontypes import Json, JsonObject
from tests.support.command_line import invoke
from tests.support.git_repositories import Repository, create_repository
from tests.support.installation import Installation, installation

GREETING = """
variable "name" { type = string }
variable "loud" {
  type    = bool
  default = false
}
variable "token" {
  type      = string
  sensitive = true
}
resource "terraform_data" "greeting" { input = var.name }
output "greeting" { value = var.loud ? upper("hello ${var.name}") : "hello ${var.name}" }
"""
BROKEN = """
variable "works" {
  type    = bool
  default = false
}
resource "terraform_data" "broken" {
  lifecycle {
    precondition {
      condition     = var.works
      error_message = "this never works"
    }
  }
}
"""
SLOW = """
resource "terraform_data" "slow" {
  provisioner "local-exec" { command = "echo begun; sleep 60" }
}
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> JsonObject:
        """The JSON object it printed."""
        parsed: Json = json.loads(self.out)
        assert isinstance(parsed, dict)
        return parsed

    @property
    def documents(self) -> list[JsonObject]:
        """The JSON objects it printed as one array."""
        parsed: Json = json.loads(self.out)
        assert isinstance(parsed, list)
        return [item for item in parsed if isinstance(item, dict)]


@dataclass(frozen=True)
class Cli:
    """The command line of one person."""

    environment: dict[str, str]
    printed: list[str] = field(default_factory=list)

    def __call__(self, *arguments: str, stdin: str | None = None) -> Ended:
        """Run a command in this process."""
        ended = invoke(arguments, self.environment, stdin, catch_exceptions=False)
        self.printed.append(ended.output)
        return Ended(ended.exit_code, ended.stdout, ended.stderr)

    def does(self, *arguments: str, stdin: str | None = None) -> Ended:
        """Run a command that succeeds."""
        ended = self(*arguments, stdin=stdin)
        assert ended.code == 0, f"{arguments} ended with {ended.code}:\n{ended.out}\n{ended.err}"
        return ended

    def with_environment(self, **variables: str) -> "Cli":
        """Return the same command line with other variables."""
        return replace(self, environment=self.environment | variables)


@pytest.fixture(scope="session")
def blockyard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A running Blockyard."""
    with installation(tmp_path_factory.mktemp("cli") / "data") as running:
        yield running


@pytest.fixture
def stranger(tmp_path: Path, blockyard: Installation) -> Cli:
    """The command line of somebody who is not signed in."""
    return Cli(
        {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path / "home"),
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "BLOCKYARD_URL": blockyard.url,
            "COLUMNS": "200",
        }
    )


@pytest.fixture
def cli(stranger: Cli, blockyard: Installation) -> Cli:
    """The command line of the administrator, signed in by the environment; workspace `shop` exists."""
    key = json.loads((blockyard.data / "admin-key.json").read_text())
    signed_in = stranger.with_environment(BLOCKYARD_API_KEY=key["clientId"], BLOCKYARD_API_SECRET=key["clientSecret"])
    signed_in.does("workspaces", "create", "shop", "--builder", "--if-missing")
    return signed_in


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A git repository with modules."""
    files = {"greeting/main.tf": GREETING, "broken/main.tf": BROKEN, "slow/main.tf": SLOW}
    return create_repository(tmp_path_factory.mktemp("modules") / "modules.git", files)
