"""Definitions as YAML files: planned, applied, applied again, exported, on a real server."""

from pathlib import Path

import pytest

from blockyard.cli.documents import member, objects, text
from blockyard.cli.exits import Failure
from blockyard.cli.manifests.differences import differences
from blockyard.cli.manifests.files import read_folder
from blockyard.cli.manifests.forms import comparable, without_defaults
from blockyard.protocol.jsontypes import JsonObject
from tests.cli.conftest import Cli, Ended

TEAM = "meshBuildingBlockDefinition.team"

NETWORK = """
kind: meshBuildingBlockDefinition
metadata:
  ownedByWorkspace: {owner}
  tags: {{team: [net]}}
spec:
  displayName: Network
  description: Addresses
---
kind: meshBuildingBlockDefinitionVersion
metadata:
  ownedByWorkspace: {owner}
spec:
  buildingBlockDefinitionRef: {{kind: meshBuildingBlockDefinition, name: Network}}
  state: RELEASED
  inputs:
    cidr: {{displayName: Addresses, type: STRING, assignmentType: USER_INPUT, defaultValue: 10.0.0.0/16}}
  implementation: {{type: manual}}
"""
MACHINE = """
kind: meshBuildingBlockDefinitionVersion
metadata:
  ownedByWorkspace: {owner}
spec:
  buildingBlockDefinitionRef: {{kind: meshBuildingBlockDefinition, name: A machine}}
  state: RELEASED
  dependencyDefinitionRefs:
    - {{kind: meshBuildingBlockDefinition, name: Network}}
  inputs:
    cidr:
      displayName: Addresses
      type: STRING
      assignmentType: BUILDING_BLOCK_OUTPUT
      argument: ${{definition:Network}}.cidr
    token:
      displayName: Token
      type: STRING
      assignmentType: STATIC
      isSensitive: true
      argument: ${{env:MACHINE_TOKEN}}
  implementation:
    type: terraform
    terraform:
      terraformVersion: "1.9.0"
      repositoryUrl: https://git.example.test/machine.git
      async: false
      useMeshHttpBackendFallback: true
---
kind: meshBuildingBlockDefinition
metadata: {{ownedByWorkspace: {owner}}}
spec:
  displayName: A machine
  description: Computes
  readme: |
    # Machine

    Computes.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "estate"


@pytest.fixture
def owner(cli: Cli, request: pytest.FixtureRequest) -> str:
    """A workspace of this test; definitions may say which team they are of."""
    if cli("tag-definitions", "show", TEAM).code:
        cli.does("tag-definitions", "create", TEAM)
    name = str(request.node.name).replace("_", "-")[-40:].strip("-")
    cli.does("workspaces", "create", name, "--builder")
    return name


def write(folder: Path, owner: str) -> None:
    """Write two definitions; the one that the other depends on comes later in the alphabet."""
    folder.mkdir()
    (folder / "machine.yaml").write_text(MACHINE.format(owner=owner))
    (folder / "network.yml").write_text(NETWORK.format(owner=owner))


def edit(path: Path, before: str, after: str) -> None:
    content = path.read_text()
    assert before in content
    path.write_text(content.replace(before, after))


def applied(cli: Cli, folder: Path, *options: str) -> list[str]:
    """Apply the files and return what was done with which object."""
    steps = cli.does("apply", "-f", str(folder), "--yes", "-o", "json", *options).documents
    return [f"{text(step, 'action')} {text(step, 'name')}" for step in steps]


def shown(cli: Cli, owner: str, name: str) -> JsonObject:
    return cli.does("definitions", "show", name, "-w", owner, "-o", "json").document


def test_files_are_applied_in_the_order_of_dependency_and_once(cli: Cli, folder: Path, owner: str) -> None:
    write(folder, owner)
    signed = cli.with_environment(MACHINE_TOKEN="very-secret-token")

    planned = signed.does("apply", "-f", str(folder), "--dry-run")
    assert "create definition 'A machine'" in planned.out
    assert "4 to create" in planned.out
    asked = signed("apply", "-f", str(folder))
    assert (asked.code, "there is no terminal" in asked.err) == (2, True)
    assert cli("definitions", "show", "Network", "-w", owner).code == 3

    assert applied(signed, folder) == ["create Network"] * 2 + ["create A machine"] * 2

    machine, network = shown(cli, owner, "A machine"), shown(cli, owner, "Network")
    assert text(machine, "definition", "spec", "readme") == "# Machine\n\nComputes.\n"
    parent = text(network, "definition", "metadata", "uuid")
    assert member(machine, "version", "spec", "inputs", "cidr", "argument") == f"{parent}.cidr"
    assert member(machine, "definition", "status", "latestReleasedVersion") == 1
    again = cli.does("apply", "-f", str(folder), "--yes")  # without the secret: the server has it
    assert "Nothing to do: 4 objects" in again.out
    assert "very-secret-token" not in "".join(cli.printed + signed.printed)


def test_a_change_is_planned_by_its_members_and_makes_the_next_version(cli: Cli, folder: Path, owner: str) -> None:
    write(folder, owner)
    signed = cli.with_environment(MACHINE_TOKEN="x1")
    applied(signed, folder)
    edit(folder / "network.yml", "description: Addresses", "description: Ranges")
    edit(folder / "network.yml", "10.0.0.0/16", "10.1.0.0/16")

    planned = cli.does("apply", "-f", str(folder), "--dry-run").out
    assert 'spec.description: "Addresses" -> "Ranges"'.removeprefix("spec.") in planned
    assert 'inputs.cidr.defaultValue: "10.0.0.0/16" -> "10.1.0.0/16"' in planned

    done = applied(cli, folder)

    assert done == ["change Network", "create Network", "nothing A machine", "nothing A machine"]
    assert member(shown(cli, owner, "Network"), "definition", "status", "latestReleasedVersion") == 2
    assert applied(cli, folder) == ["nothing Network"] * 2 + ["nothing A machine"] * 2


def test_what_was_interrupted_goes_on_and_a_draft_is_released_later(cli: Cli, folder: Path, owner: str) -> None:
    write(folder, owner)
    edit(folder / "machine.yaml", "state: RELEASED", "state: DRAFT")
    edit(folder / "machine.yaml", '"1.9.0"', '"no version"')
    signed = cli.with_environment(MACHINE_TOKEN="x2")

    stopped: Ended = signed("apply", "-f", str(folder), "--yes")
    assert stopped.code == 1
    assert "version of 'A machine'" in stopped.err
    assert "3 of 4 objects are done" in stopped.err
    edit(folder / "machine.yaml", '"no version"', '"1.9.0"')
    assert applied(signed, folder) == ["nothing Network"] * 2 + ["nothing A machine", "change A machine"]
    assert applied(cli, folder)[-1] == "nothing A machine"
    edit(folder / "machine.yaml", "state: DRAFT", "state: RELEASED")
    assert applied(cli, folder)[-1] == "release A machine"
    assert applied(cli, folder)[-1] == "nothing A machine"


def test_an_export_applies_without_a_change(cli: Cli, folder: Path, owner: str, tmp_path: Path) -> None:
    write(folder, owner)
    applied(cli.with_environment(MACHINE_TOKEN="x3"), folder)

    cli.does("export", str(tmp_path / "out"), "-w", owner)

    files = sorted(path.name for path in (tmp_path / "out").rglob("*.yaml"))
    assert files == ["a-machine.yaml", "network.yaml"]
    written = next((tmp_path / "out").rglob("a-machine.yaml")).read_text()
    assert "argument: ${env:A_MACHINE_TOKEN}" in written
    assert "argument: ${definition:Network}.cidr" in written
    assert "sha256" not in written
    assert set(applied(cli, tmp_path / "out")) == {"nothing Network", "nothing A machine"}
    assert "is as it was" in cli.does("export", str(tmp_path / "out"), "-w", owner).err
    edit(next((tmp_path / "out").rglob("network.yaml")), "Addresses", "Other")
    assert cli("export", str(tmp_path / "out"), "-w", owner).code == 2
    cli.does("export", str(tmp_path / "out"), "-w", owner, "--force")


def test_what_no_file_names_is_deleted_only_on_demand(cli: Cli, folder: Path, owner: str) -> None:
    write(folder, owner)
    applied(cli.with_environment(MACHINE_TOKEN="x4"), folder)
    (folder / "machine.yaml").unlink()

    assert applied(cli, folder) == ["nothing Network"] * 2
    assert applied(cli, folder, "--prune") == ["nothing Network"] * 2 + ["delete A machine"]
    listed = cli.does("definitions", "list", "-w", owner, "-o", "json").documents
    assert [text(item, "spec", "displayName") for item in listed] == ["Network"]
    assert not objects(listed[0], "status", "nothing")


def test_secrets_are_sent_again_on_demand(cli: Cli, folder: Path, owner: str) -> None:
    write(folder, owner)
    applied(cli.with_environment(MACHINE_TOKEN="x5"), folder)
    newer = cli.with_environment(MACHINE_TOKEN="x6")

    assert applied(newer, folder)[-1] == "nothing A machine"
    assert applied(newer, folder, "--secrets")[-1] == "create A machine"
    assert member(shown(cli, owner, "A machine"), "definition", "status", "latestReleasedVersion") == 2


def test_a_secret_that_is_not_there_ends_it_before_anything_is_changed(cli: Cli, folder: Path, owner: str) -> None:
    write(folder, owner)

    refused = cli("apply", "-f", str(folder), "--yes")

    assert (refused.code, "${env:MACHINE_TOKEN}" in refused.err) == (2, True)
    assert cli("definitions", "show", "Network", "-w", owner).code == 3


BOMB = "a0: &a0 x\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 40))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("- a\n- b\n", "is expected"),
        ("kind: meshWidget\nmetadata: {ownedByWorkspace: a}\nspec: {a: b}\n", "cannot be applied"),
        ("kind: meshBuildingBlockDefinition\nspec: {a: b}\n", "ownedByWorkspace is missing"),
        ("kind: meshBuildingBlockDefinition\nkind: other\n", "given twice"),
        ("kind: [\n", "line"),
        ("kind: meshBuildingBlockDefinition\nstatus: {}\n", "unknown member 'status'"),
        ("a: !!python/object:os.system {}\n", "cannot be read"),
        (BOMB, "with its aliases it has more than 1000000 values"),
        ("kind: meshBuildingBlockDefinition\nmetadata: {ownedByWorkspace: a, 1: b}\n", "is not a text"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_by_its_place(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "odd.yaml").write_text(content)

    with pytest.raises(Failure, match=r"odd\.yaml") as refused:
        read_folder(tmp_path)
    assert said in refused.value.message


def test_a_secret_in_the_files_themselves_is_refused(cli: Cli, folder: Path, owner: str) -> None:
    write(folder, owner)
    edit(folder / "machine.yaml", "${env:MACHINE_TOKEN}", "t0ps3cret")

    refused = cli("apply", "-f", str(folder), "--yes")

    assert (refused.code, "is a secret" in refused.err, "t0ps3cret" in refused.err) == (2, True, False)


def test_members_differ_by_value_and_not_by_how_nothing_is_said() -> None:
    before: JsonObject = {"a": None, "b": [], "c": {"d": False}, "permissions": ["x", "y"], "argument": 0}

    assert differences(before, {"permissions": ["y", "x"], "argument": 0}) == []
    assert [str(found) for found in differences(before, {"argument": False, "c": {"d": True}})] == [
        "argument: 0 -> false",
        "c.d: false -> true",
        'permissions: ["x", "y"] -> nothing',
    ]


def test_a_schedule_that_is_left_out_or_said_in_part_is_no_change() -> None:
    neutral: JsonObject = {"schedule": {"mode": "DISABLED", "frequency": "NONE", "automaticApproval": False}}
    in_files: list[JsonObject] = [{}, {"schedule": None}, {"schedule": {"mode": "DISABLED"}}]

    for said in in_files:
        assert comparable(neutral, said) == (neutral, neutral)
    assert comparable(neutral, {"schedule": {"frequency": "DAILY"}})[1] != neutral
    assert without_defaults(neutral) == {}
