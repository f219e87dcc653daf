"""Locations, platform types, platforms and landing zones from the command line, on a real server."""

import json
from pathlib import Path

import pytest

from blockyard.protocol.jsontypes import JsonObject
from tests.cli.conftest import Cli
from tests.support.installation import text_of


@pytest.fixture(autouse=True)
def _owner(cli: Cli) -> None:
    for name in ("places", "guest"):
        cli.does("workspaces", "create", name, "--builder", "--if-missing")


def spec_of(cli: Cli, *words: str) -> JsonObject:
    """Return the specification that a command shows."""
    spec = cli.does(*words, "-o", "json").document["spec"]
    assert isinstance(spec, dict)
    return spec


def test_locations_are_created_changed_listed_and_deleted(cli: Cli) -> None:
    cli.does("locations", "create", "cli-dc", "-w", "places", "--display-name", "DC")
    cli.does("locations", "update", "cli-dc", "--description", "Colo")

    assert spec_of(cli, "locations", "show", "cli-dc") == {"displayName": "DC", "description": "Colo"}
    assert all(word in cli.does("locations", "show", "cli-dc").out for word in ("DC", "places", "Colo"))
    assert all(word in cli.does("locations", "list").out for word in ("cli-dc", "global", "yes"))
    assert cli("locations", "update", "cli-dc").code == 2
    assert cli("locations", "delete", "cli-dc").code == 2  # nobody can be asked
    cli.does("locations", "delete", "cli-dc", "--yes")
    assert cli("locations", "show", "cli-dc").code == 3


def test_platform_types_are_created_changed_switched_and_deleted(cli: Cli, tmp_path: Path) -> None:
    icon = tmp_path / "icon.svg"
    icon.write_text("<svg/>")
    cli.does("platform-types", "create", "CLI-TYPE", "-w", "places", "--icon", str(icon))
    cli.does("platform-types", "update", "CLI-TYPE", "--display-name", "Type", "--endpoint", "https://t.test")

    assert spec_of(cli, "platform-types", "show", "CLI-TYPE") == {
        "displayName": "Type",
        "category": "CUSTOM",
        "defaultEndpoint": "https://t.test",
        "icon": "data:image/svg+xml;base64,PHN2Zy8+",
    }
    cli.does("platform-types", "deactivate", "CLI-TYPE")
    assert "DEACTIVATED" in cli.does("platform-types", "show", "CLI-TYPE").out
    cli.does("platform-types", "activate", "CLI-TYPE")
    assert "AWS" in cli.does("platform-types", "list", "--category", "aws").out
    assert cli("platform-types", "update", "CLI-TYPE", "--icon", str(tmp_path / "icon.txt")).code == 2
    cli.does("platform-types", "delete", "CLI-TYPE", "--yes")


def test_platforms_and_landing_zones_are_created_changed_listed_and_deleted(cli: Cli) -> None:
    cli.does("platform-types", "create", "CLI-HOST", "-w", "places")
    made = ["platforms", "create", "cli-pf", "-w", "places", "--endpoint", "https://pf.test"]
    assert cli(*made).code == 2
    created = cli.does(*made, "--type", "CLI-HOST", "--contributor", "guest", "-o", "json").document
    spec = spec_of(cli, "platforms", "show", "cli-pf.global")
    assert spec["availability"] == {
        "restriction": "PRIVATE",
        "publicationState": "UNPUBLISHED",
        "restrictedToWorkspaces": [],
    }

    cli.does("platforms", "update", "cli-pf.global", "--for", "guest", "--publish", "--contributor", "none")
    cli.does("platforms", "update", text_of(created, "metadata", "uuid"), "--display-name", "Host")
    changed = spec_of(cli, "platforms", "show", text_of(created, "metadata", "uuid"))
    assert changed["contributingWorkspaces"] == []
    assert changed["availability"] == {
        "restriction": "RESTRICTED",
        "publicationState": "PUBLISHED",
        "restrictedToWorkspaces": ["guest"],
    }
    assert all(word in cli.does("platforms", "list", "--type", "CLI-HOST").out for word in ("cli-pf.global", "guest"))
    assert cli("platforms", "update", "cli-pf.global", "--public", "--for", "guest").code == 2

    cli.does("landing-zones", "create", "cli-lz", "-w", "places", "--platform", "cli-pf.global")
    cli.does("landing-zones", "update", "cli-lz", "--restricted", "--mandatory", "none")
    cli.does("landing-zones", "disable", "cli-lz")
    facts = cli.does("landing-zones", "show", "cli-lz").out
    assert facts.count("yes") == 2
    cli.does("landing-zones", "enable", "cli-lz")
    assert "cli-lz" in cli.does("landing-zones", "list", "--platform", "cli-pf.global").out
    assert cli("landing-zones", "update", "cli-lz", "--quota", "limits.cpu=many").code == 2
    assert cli("landing-zones", "update", "cli-lz", "--quota", "limits.cpu=4").code != 0  # the platform defines none
    refused = cli("platforms", "delete", "cli-pf.global", "--yes")
    assert "landing zone 'cli-lz'" in refused.err
    cli.does("landing-zones", "delete", "cli-lz", "--yes")
    cli.does("platforms", "delete", "cli-pf.global", "--yes")


def test_a_platform_of_a_built_in_type_is_configured_by_a_file(cli: Cli, tmp_path: Path) -> None:
    config = tmp_path / "k8s.json"
    token = {"clientConfig": {"accessToken": {"plaintext": "a-cluster-token"}}, "namespaceNamePattern": "n"}
    kubernetes = {"baseUrl": "https://k8s.test", "disableSslValidation": False, "replication": token}
    config.write_text(json.dumps({"type": "kubernetes", "kubernetes": kubernetes}))
    made = ["platforms", "create", "cli-k8s", "-w", "places", "--endpoint", "https://k8s.test", "--config", str(config)]

    cli.does(*made)
    cli.does("platforms", "update", "cli-k8s.global", "--description", "cluster")

    assert '"hash": "sha256:' in cli.does("platforms", "show", "cli-k8s.global", "-o", "json").out
    assert "a-cluster-token" not in "".join(cli.printed)
    config.write_text("{")
    assert cli(*made).code == 2
    cli.does("platforms", "delete", "cli-k8s.global", "--yes")


def test_a_tenant_is_moved_and_gets_other_quotas(cli: Cli) -> None:
    cli.does("platform-types", "create", "CLI-REPOS", "-w", "places")
    cli.does("platforms", "create", "repos", "-w", "places", "--type", "CLI-REPOS", "--endpoint", "https://r.test")
    for project in ("one", "two"):
        cli.does("projects", "create", project, "-w", "places")
    cli.does("tenants", "create", "one", "repos.global", "-w", "places", "--import", "r-1")

    moved = cli.does("tenants", "move", "places.one.repos.global", "two")

    assert "places.two.repos.global" in moved.out
    refused = cli("tenants", "update", "places.two.repos.global", "--quota", "cpu=8")
    assert (refused.code, "no quota 'cpu'" in refused.err) == (1, True)
    cli.does("tenants", "delete", "places.two.repos.global", "--yes")
