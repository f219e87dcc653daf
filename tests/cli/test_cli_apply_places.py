"""Tags, places, landing zones and policies as YAML files: applied, applied again, exported to another server."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from blockyard.cli.documents import member, text
from tests.cli.conftest import Cli
from tests.cli.test_cli_apply import applied, edit
from tests.support.installation import installation

ESTATE = """
kind: meshLandingZone
metadata:
  name: estate-lz
  ownedByWorkspace: estate
  tags: {estate-tier: [gold]}
spec:
  displayName: Prepared
  platformRef: {kind: meshPlatform, name: estate-host.estate-dc}
  platformProperties: {type: custom, custom: {}}
  quotas: [{key: limits.cpu, value: 4}]
  mandatoryBuildingBlockRefs:
    - {kind: meshBuildingBlockDefinition, name: Estate access}
---
kind: policy
spec:
  name: Estate tiers fit
  strategy: SUBSET
  authoritative: {kind: meshWorkspace, tag: estate-tiers}
  affected: {kind: meshProject, tag: estate-tier}
  hint: Ask the platform team.
---
kind: meshPlatform
metadata: {name: estate-host, ownedByWorkspace: estate}
spec:
  displayName: Host
  endpoint: https://host.test
  locationRef: {kind: meshLocation, name: estate-dc}
  availability: {restriction: PUBLIC, publicationState: PUBLISHED}
  quotaDefinitions:
    - {quotaKey: limits.cpu, label: CPU, description: cores, unit: cores, minValue: 1, maxValue: 64, autoApprovalThreshold: 0}
  config: {type: custom, custom: {platformTypeRef: {kind: meshPlatformType, name: ESTATE}}}
---
kind: meshPlatform
metadata: {name: estate-k8s, ownedByWorkspace: estate}
spec:
  displayName: Cluster
  endpoint: https://k8s.test
  locationRef: {kind: meshLocation, name: estate-dc}
  config:
    type: kubernetes
    kubernetes:
      baseUrl: https://k8s.test
      disableSslValidation: false
      replication:
        clientConfig: {accessToken: "${env:CLUSTER_TOKEN}"}
        namespaceNamePattern: "#{workspaceIdentifier}"
---
kind: meshBuildingBlockDefinition
metadata: {ownedByWorkspace: estate}
spec:
  displayName: Estate access
  description: Lets people in
  targetType: TENANT_LEVEL
  supportedPlatforms: [{kind: meshPlatformType, name: ESTATE}]
---
kind: meshBuildingBlockDefinitionVersion
metadata: {ownedByWorkspace: estate}
spec:
  buildingBlockDefinitionRef: {kind: meshBuildingBlockDefinition, name: Estate access}
  state: RELEASED
  implementation: {type: manual}
"""
NAMES = """
kind: meshLocation
metadata: {name: estate-dc, ownedByWorkspace: estate}
spec: {displayName: Data centre, description: Colo}
---
kind: meshPlatformType
metadata: {name: ESTATE, ownedByWorkspace: estate}
spec: {displayName: Estate, icon: "data:image/svg+xml;base64,PHN2Zy8+"}
---
kind: meshTagDefinition
spec: {targetKind: meshLandingZone, key: estate-tier, displayName: Tier, valueType: {string: {}}}
---
kind: meshTagDefinition
spec: {targetKind: meshProject, key: estate-tier, displayName: Tier, valueType: {number: {defaultValue: 1}}}
---
kind: meshTagDefinition
spec: {targetKind: meshWorkspace, key: estate-tiers, displayName: Tiers, valueType: {multiSelect: {options: [gold, tin]}}}
"""
_numbers = count(1)
TOKEN = "a-very-secret-token"


@dataclass(frozen=True)
class Estate:
    """Files of one test: their names begin with that of its workspace, and are told as if that was `estate`."""

    name: str
    folder: Path

    def apply(self, cli: Cli, *options: str, folder: Path | None = None) -> list[str]:
        """Apply the files and return what was done with which object."""
        return [self._told(word) for word in applied(cli, folder or self.folder, *options)]

    def changes(self, cli: Cli, *options: str) -> list[str]:
        """Apply the files and return what was done, but nothing."""
        return [word for word in self.apply(cli, *options) if not word.startswith("nothing")]

    def edit(self, file: str, before: str, after: str) -> None:
        """Change a file."""
        edit(self.folder / file, before, after)

    def _told(self, word: str) -> str:
        return (
            word.replace(self.name.upper(), "ESTATE").replace(self.name.title(), "Estate").replace(self.name, "estate")
        )


@pytest.fixture
def estate(cli: Cli, tmp_path: Path) -> Estate:
    """A workspace and files whose order says nothing: what is named stands in the last one."""
    name = f"estate{next(_numbers)}"
    cli.does("workspaces", "create", name, "--builder")
    folder = tmp_path / "estate"
    folder.mkdir()
    for file, content in (("estate.yaml", ESTATE), ("names.yaml", NAMES)):
        named = content.replace("estate", name).replace("ESTATE", name.upper()).replace("Estate", name.title())
        (folder / file).write_text(named)
    return Estate(name, folder)


@pytest.fixture
def signed(cli: Cli) -> Cli:
    """The administrator, with the secret of the files."""
    return cli.with_environment(CLUSTER_TOKEN=TOKEN)


@pytest.fixture
def other(cli: Cli, estate: Estate, tmp_path: Path) -> Iterator[Cli]:
    """The administrator of another server, which has the workspace only."""
    with installation(tmp_path / "other") as running:
        key = json.loads((running.data / "admin-key.json").read_text())
        variable = f"{estate.name}_K8S_{estate.name}_DC_KUBERNETES_REPLICATION_CLIENTCONFIG_ACCESSTOKEN".upper()
        theirs = cli.with_environment(
            BLOCKYARD_URL=running.url, BLOCKYARD_API_KEY=key["clientId"], BLOCKYARD_API_SECRET=key["clientSecret"]
        ).with_environment(**{variable: TOKEN})
        theirs.does("workspaces", "create", estate.name, "--builder")
        yield theirs


def contents(folder: Path) -> dict[str, str]:
    """Return all files below a folder."""
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.yaml")}


def test_files_of_all_kinds_are_applied_once_and_come_back_from_another_server(
    signed: Cli, other: Cli, estate: Estate, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    done = estate.apply(signed)
    assert len(done) == 11
    assert {word.split()[0] for word in done} == {"create"}
    assert done.index("create estate-host.estate-dc") > max(done.index("create estate-dc"), done.index("create ESTATE"))
    assert done.index("create estate-lz") > done.index("create Estate access")
    assert done[-1] == "create Estate tiers fit"
    assert {word.split()[0] for word in estate.apply(signed)} == {"nothing"}

    signed.does("export", str(first), "-w", estate.name)
    signed.does("export", str(first), "--kind", "tag-definitions", "--kind", "policies")
    estate.apply(other, folder=first)
    other.does("export", str(second), "--all")

    assert contents(first) == contents(second)
    assert {word.split()[0] for word in estate.apply(other, folder=first)} == {"nothing"}
    written = "".join(contents(first).values())
    assert "accessToken: ${env:" in written
    assert TOKEN not in "".join([written, *signed.printed, *other.printed])
    assert "sha256" not in written


def test_a_change_of_each_kind_is_planned_by_its_members(signed: Cli, estate: Estate) -> None:
    estate.apply(signed)
    estate.edit("names.yaml", "description: Colo", "description: Moved")
    estate.edit("names.yaml", "options: [gold, tin]", "options: [gold, tin, lead]")
    estate.edit("estate.yaml", "value: 4", "value: 8")
    estate.edit("estate.yaml", "hint: Ask the platform team.", "hint: Ask us.")

    planned = signed.does("apply", "-f", str(estate.folder), "--dry-run").out
    assert 'description: "Colo" -> "Moved"' in planned
    assert "4 to change" in planned
    assert estate.changes(signed) == [
        "change meshWorkspace.estate-tiers",
        "change estate-dc",
        "change estate-lz",
        "change Estate tiers fit",
    ]
    zone = signed.does("landing-zones", "show", f"{estate.name}-lz", "-o", "json").document
    assert member(zone, "spec", "quotas") == [{"key": "limits.cpu", "value": 8}]
    assert estate.changes(signed) == []


def test_secrets_of_platforms_are_kept_until_they_are_asked_for(cli: Cli, signed: Cli, estate: Estate) -> None:
    estate.apply(signed)
    shown = ("platforms", "show", f"{estate.name}-k8s.{estate.name}-dc", "-o", "json")
    path = ("spec", "config", "kubernetes", "replication", "clientConfig", "accessToken", "hash")
    before = text(cli.does(*shown).document, *path)
    estate.edit("estate.yaml", "displayName: Cluster", "displayName: Our cluster")

    assert estate.changes(cli) == ["change estate-k8s.estate-dc"]  # without the secret: the server has it
    assert text(cli.does(*shown).document, *path) == before
    newer = cli.with_environment(CLUSTER_TOKEN="another-token")
    assert estate.changes(newer) == []
    assert estate.changes(newer, "--secrets") == ["change estate-k8s.estate-dc"]
    assert text(cli.does(*shown).document, *path) not in {"", before}
    estate.edit("estate.yaml", "${env:CLUSTER_TOKEN}", "in-clear")
    refused = cli("apply", "-f", str(estate.folder), "--yes")
    assert (refused.code, "accessToken' is a secret" in refused.err, "in-clear" in refused.err) == (2, True, False)


def test_what_no_file_names_is_deleted_by_kind_and_workspace(signed: Cli, estate: Estate) -> None:
    estate.apply(signed)
    owner = ("-w", estate.name)
    signed.does("locations", "create", f"{estate.name}-old", *owner)
    signed.does("landing-zones", "create", f"{estate.name}-spare", *owner, "--platform", f"{estate.name}-host")

    assert estate.changes(signed) == []
    assert estate.changes(signed, "--prune") == ["delete estate-spare", "delete estate-old"]
    assert signed("locations", "show", f"{estate.name}-old").code == 3


def test_what_is_switched_off_is_so_in_files_and_is_done_last(
    signed: Cli, other: Cli, estate: Estate, tmp_path: Path
) -> None:
    estate.edit("estate.yaml", "  displayName: Prepared\n", "  displayName: Prepared\n  disabled: true\n")
    title = f"displayName: {estate.name.title()},"
    estate.edit("names.yaml", title, f"disabled: true, {title}")
    done = estate.apply(signed)

    assert sorted(done[-2:]) == ["disable ESTATE", "disable estate-lz"]
    assert {word.split()[0] for word in estate.apply(signed)} == {"nothing"}
    zone = signed.does("landing-zones", "show", f"{estate.name}-lz", "-o", "json").document
    assert member(zone, "status", "disabled") is True
    signed.does("export", str(tmp_path / "all"), "-w", estate.name)
    signed.does("export", str(tmp_path / "all"), "--kind", "tag-definitions", "--kind", "policies")
    assert "".join(contents(tmp_path / "all").values()).count("disabled: true") == 2
    assert sorted(estate.apply(other, folder=tmp_path / "all")[-2:]) == ["disable ESTATE", "disable estate-lz"]
    assert {word.split()[0] for word in estate.apply(other, folder=tmp_path / "all")} == {"nothing"}

    estate.edit("estate.yaml", "disabled: true", "disabled: false")
    planned = signed.does("apply", "-f", str(estate.folder), "--dry-run").out
    assert "disabled: true -> false" in planned
    assert estate.changes(signed) == ["enable estate-lz"]
    estate.edit("estate.yaml", "  disabled: false\n", "")
    assert estate.changes(signed) == []


def test_a_workspace_that_is_not_there_is_told_before_anything_is_changed(signed: Cli, estate: Estate) -> None:
    text_of = (estate.folder / "estate.yaml").read_text()
    zones = text_of.replace(f"ownedByWorkspace: {estate.name}\n", "ownedByWorkspace: nowhere\n", 1)
    (estate.folder / "estate.yaml").write_text(zones)

    for options in (("--dry-run",), ("--yes",)):
        refused = signed("apply", "-f", str(estate.folder), *options)
        assert (refused.code, "there is no workspace 'nowhere'" in refused.err) == (3, True)
    assert signed("locations", "show", f"{estate.name}-dc").code == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "kind: meshLocation\nmetadata: {name: global, ownedByWorkspace: shop}\nspec: {displayName: A}\n",
            "belongs to",
        ),
        (
            "kind: meshLocation\nmetadata: {ownedByWorkspace: shop}\nspec: {displayName: A}\n",
            "metadata.name is missing",
        ),
        ("kind: policy\nmetadata: {ownedByWorkspace: shop}\nspec: {name: A}\n", "unknown member 'ownedByWorkspace'"),
        ("kind: policy\nspec: {hint: A}\n", "spec.name is missing"),
        ("kind: policy\nspec: {name: A}\n---\nkind: policy\nspec: {name: A}\n", "the same object"),
    ],
)
def test_a_file_of_a_place_says_its_name_and_its_own_workspace(
    cli: Cli, tmp_path: Path, content: str, said: str
) -> None:
    (tmp_path / "odd.yaml").write_text(content)

    refused = cli("apply", "-f", str(tmp_path / "odd.yaml"), "--yes")

    assert (refused.code, said in refused.err) == (2, True), refused.err
