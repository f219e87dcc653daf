"""Workspaces, payment methods, keys, runners and definitions from the command line, on a real server."""

import json
import socket
from pathlib import Path

import pytest

from blockyard.cli.documents import members
from blockyard.cli.runner_setup import generate_key_pair
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import PROJECT
from blockyard.protocol.sealing import belongs_to, load_private_key, load_public_key
from blockyard.runner.configuration import load_configuration
from blockyard.runner.settings import CONFIG_FILE
from tests.cli.conftest import Cli
from tests.support.git_repositories import Repository, create_repository
from tests.support.installation import Installation, text_of

A_KEY = ["keys", "create", "k", "-w", "shop", "-p", "BUILDINGBLOCK_LIST", "--key-file", "/tmp/never-written"]  # noqa: S108  refused before


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_workspaces_are_created_listed_and_shown(cli: Cli) -> None:
    cli.does("workspaces", "create", "team-a", "--display-name", "Team A")

    assert cli("workspaces", "create", "team-a").code == 1
    assert "exists" in cli.does("workspaces", "create", "team-a", "--if-missing").out
    assert "Team A" in cli.does("workspaces", "show", "team-a").out
    assert "team-a" in cli.does("workspaces", "list").out
    assert cli("workspaces", "show", "nowhere").code == 3


def test_a_workspace_becomes_a_platform_builder_and_keeps_the_rest(cli: Cli) -> None:
    cli.does("workspaces", "create", "team-b", "--display-name", "Team B")

    cli.does("workspaces", "update", "team-b", "--builder")

    facts = cli.does("workspaces", "show", "team-b").out
    assert "Team B" in facts
    assert "yes" in facts
    cli.does("workspaces", "update", "team-b", "--no-builder", "--display-name", "Team C")
    facts = cli.does("workspaces", "show", "team-b").out
    assert "Team C" in facts
    assert "yes" not in facts


def test_payment_methods_are_created_changed_listed_and_deleted(cli: Cli) -> None:
    given = ["--amount", "25000", "--expires", "2026-12-31", "--tag", "cost-center=4711", "--tag", "cost-center=a=b"]
    cli.does("workspaces", "create", "payer")
    for key in ("cost-center", "team"):
        words = ("4711", "a=b", "blue")
        options = [word for value in words for word in ("--option", value)]
        cli.does("tag-definitions", "create", f"meshPaymentMethod.{key}", "--type", "multiSelect", *options)
    cli.does("payment-methods", "create", "pm-2026", "-w", "payer", "--display-name", "Budget", *given)

    shown = cli.does("payment-methods", "show", "pm-2026", "-o", "json").document
    tags = {"cost-center": ["4711", "a=b"]}
    assert shown["spec"] == {"displayName": "Budget", "expirationDate": "2026-12-31", "amount": 25000, "tags": tags}
    facts = cli.does("payment-methods", "show", "pm-2026").out
    assert all(word in facts for word in ("Budget", "payer", "25000", "2026-12-31", "tag cost-center", "4711, a=b"))
    listed = cli.does("payment-methods", "list", "-w", "payer").out
    assert all(word in listed for word in ("pm-2026", "Budget", "payer", "25000", "2026-12-31"))

    cli.does("payment-methods", "update", "pm-2026", "--amount", "none", "--tag", "team=blue")
    cli.does("payment-methods", "update", "pm-2026", "--expires", "none", "--tag", "cost-center=")
    changed = cli.does("payment-methods", "show", "pm-2026", "-o", "json").document
    spec = {"displayName": "Budget", "expirationDate": None, "amount": None, "tags": {"team": ["blue"]}}
    assert changed["spec"] == spec
    assert "never" in cli.does("payment-methods", "list", "-w", "payer").out

    assert cli("payment-methods", "delete", "pm-2026").code == 2  # nobody can be asked
    cli.does("payment-methods", "delete", "pm-2026", "--yes")
    assert cli("payment-methods", "show", "pm-2026").code == 3
    assert cli("payment-methods", "list", "-w", "nowhere").code == 3


def test_events_are_listed_by_what_happened_and_shown(cli: Cli) -> None:
    cli.does("workspaces", "create", "eventful")

    filters = ["--title", "Workspace Created", "--type", "Created", "-w", "eventful", "--from", "2026-01-01"]
    listed = cli.does("events", "list", *filters, "-o", "json").documents
    identifier = text_of(listed[0], "metadata", "uuid")
    assert len(listed) == 1
    assert "Workspace Created" in cli.does("events", "list", "-w", "eventful").out
    assert cli.does("events", "list", *filters, "--until", "2026-01-02T00:00:00Z", "-o", "json").documents == []
    facts = cli.does("events", "show", identifier).out
    assert all(word in facts for word in ("Workspace Created", "eventful", "ApiKey", "displayName"))
    assert cli.does("events", "show", identifier, "-o", "json").document == listed[0]
    assert cli("events", "list", "--from", "yesterday").code == 2
    assert cli("events", "list", "-w", "nowhere").code == 3


def test_a_service_instance_is_listed_and_shown(cli: Cli, blockyard: Installation) -> None:
    cli.does("workspaces", "create", "served")
    project: JsonObject = {"metadata": {"name": "dev", "ownedByWorkspace": "served"}, "spec": {"displayName": "Dev"}}
    blockyard.call("POST", PROJECT.collection, PROJECT.media, project)
    instance: JsonObject = {
        "metadata": {"ownedByWorkspace": "served", "ownedByProject": "dev", "marketplaceIdentifier": "global"},
        "spec": {
            "creator": "jane",
            "displayName": "My DB",
            "planId": "small",
            "serviceId": "postgres",
            "parameters": {"size": 10},
        },
    }
    blockyard.call("PUT", "/api/blockyard/v1/serviceinstances/db-1", "application/json", instance)

    listed = cli.does("services", "list", "-w", "served", "--service", "postgres").out
    assert all(word in listed for word in ("db-1", "My DB", "served", "dev", "postgres", "small"))
    facts = cli.does("services", "show", "db-1").out
    assert all(word in facts for word in ("global", "jane", "parameter size", "10"))
    assert cli("services", "show", "none").code == 3


def test_the_lock_of_a_state_is_shown_and_taken_away(cli: Cli, blockyard: Installation) -> None:
    blockyard.knows_workspace("shop")
    version = blockyard.define({"type": "manual"}, owner=blockyard.workspace("lockers"))
    block = text_of(blockyard.ordered(version, {}), "metadata", "uuid")
    lock: JsonObject = {"ID": "lock-1", "Operation": "OperationTypeApply", "Who": "ada@laptop"}
    path = f"/api/terraform/state/workspace/shop/buildingBlock/{block}/lock"

    assert cli("state", "lock", block).code == 3
    blockyard.call("POST", path, "application/json", lock)
    facts = cli.does("state", "lock", block).out
    assert all(str(word) in facts for word in lock.values())
    assert cli("state", "unlock", block).code == 2  # nobody can be asked
    assert "not locked any more" in cli.does("state", "unlock", block, "--yes").out
    assert cli("state", "lock", block).code == 3


def test_tag_definitions_are_created_changed_listed_and_deleted(cli: Cli) -> None:
    name, options = "meshProject.stage", ["--option", "b", "--option", "a", "--default", "a"]
    cli.does("tag-definitions", "create", name, *options, "--mandatory", "--description", "Where it runs")

    shown = cli.does("tag-definitions", "show", name, "-o", "json").document
    assert shown["spec"] == {
        "targetKind": "meshProject",
        "key": "stage",
        "displayName": "stage",
        "description": "Where it runs",
        "sortOrder": 0,
        "mandatory": True,
        "immutable": False,
        "restricted": False,
        "valueType": {"singleSelect": {"options": ["b", "a"], "defaultValue": "a"}},
    }
    facts = cli.does("tag-definitions", "show", name).out
    assert all(word in facts for word in ("singleSelect", "b, a", "mandatory", "Where it runs"))
    cli.does("tag-definitions", "update", name, "--no-mandatory", "--restricted", "--no-default", "--option", "c")
    changed = members(cli.does("tag-definitions", "show", name, "-o", "json").document, "spec")
    assert changed == members(shown, "spec") | {
        "mandatory": False,
        "restricted": True,
        "valueType": {"singleSelect": {"options": ["c"]}},
    }
    assert "restricted" in cli.does("tag-definitions", "list").out
    number = ["--type", "number", "--default", "5"]
    cli.does("tag-definitions", "create", "meshProject.size", *number)
    sized = cli.does("tag-definitions", "show", "meshProject.size", "-o", "json").document
    assert members(sized, "spec", "valueType") == {"number": {"defaultValue": 5}}
    assert cli("tag-definitions", "delete", name).code == 2  # nobody can be asked
    for one in (name, "meshProject.size"):
        cli.does("tag-definitions", "delete", one, "--yes")
    assert cli("tag-definitions", "show", name).code == 3


def test_policies_are_created_changed_listed_and_deleted_and_their_violations_are_told(cli: Cli) -> None:
    tags = ("meshWorkspace.stages", "meshProject.stage")
    for tag in tags:
        cli.does("tag-definitions", "create", tag)

    made = cli.does("policies", "create", "Stages", "--from", tags[0], "--to", tags[1], "-o", "json").document
    policy = text_of(made, "metadata", "uuid")
    cli.does("policies", "update", policy, "--hint", "Ask the cloud team", "--strategy", "intersection")

    listed = cli.does("policies", "list").out
    assert all(word in listed for word in ("Stages", *tags, "INTERSECTION"))
    assert "Ask the cloud team" in cli.does("policies", "show", policy).out
    assert cli.does("policies", "violations", "-o", "json").out.strip() == "[]"
    assert cli("policies", "create", "Other", "--from", "meshProject").code == 2
    assert cli("policies", "delete", policy).code == 2  # nobody can be asked
    cli.does("policies", "delete", policy, "--yes")
    for tag in tags:
        cli.does("tag-definitions", "delete", tag, "--yes")


@pytest.mark.parametrize("words", [["--amount", "many"], ["--tag", "no-value"], ["--tag", "=x"]])
def test_what_is_no_member_of_a_payment_method_is_refused_before_anything_is_sent(cli: Cli, words: list[str]) -> None:
    refused = cli("payment-methods", "create", "pm", "-w", "shop", *words)

    assert refused.code == 2
    assert cli("payment-methods", "show", "pm").code == 3


def test_the_secret_of_a_key_goes_into_its_file_alone(cli: Cli, stranger: Cli, tmp_path: Path) -> None:
    file = tmp_path / "ci-key.json"
    options = ["-w", "shop", "-p", "BUILDINGBLOCK_LIST", "--key-file", str(file)]

    created = cli.does("keys", "create", "ci", *options, "-o", "json").document

    pair = json.loads(file.read_text())
    assert mode(file) == 0o600
    assert pair["clientSecret"] not in "".join(cli.printed)
    assert cli("keys", "create", "ci", *options).code == 2
    stranger.does("login", "--key-file", str(file))
    listed = cli.does("keys", "list", "-w", "shop", "-o", "json").documents
    assert text_of(created, "metadata", "uuid") in [text_of(key, "metadata", "uuid") for key in listed]
    cli.does("keys", "delete", pair["clientId"], "--yes")
    assert stranger("whoami").code == 4


def test_a_runner_gets_a_key_pair_of_its_own_and_a_configuration_it_can_read(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "runner"

    created = cli.does(
        "runners", "create", "Edge", "-w", "shop", "--dir", str(folder), "--concurrency", "3", "-o", "json"
    )

    registered = created.document["runner"]
    assert isinstance(registered, dict)
    settings = load_configuration({CONFIG_FILE: str(folder / "runner.toml")}).runner
    text = (folder / "runner.toml").read_text()
    (tmp_path / "opened.toml").write_text(text.replace("# allow_file", "allow_file"))
    opened = load_configuration({CONFIG_FILE: str(tmp_path / "opened.toml")}).opentofu
    assert "file:// and path repositories" in text
    assert opened.allow_file_repositories
    assert settings.runner_uuid == text_of(registered, "metadata", "uuid")
    assert settings.concurrency == 3
    assert settings.read_client_secret() not in "".join(cli.printed)
    private_key = load_private_key((folder / "runner-key.pem").read_bytes())
    assert belongs_to(load_public_key(text_of(registered, "spec", "publicKey")), private_key)
    assert {mode(file) for file in folder.iterdir()} == {0o600}
    assert f"{CONFIG_FILE}=" in str(created.document["startCommand"])

    file = tmp_path / "second.json"
    second = cli.does("runners", "key", settings.runner_uuid[:13], "--key-file", str(file), "-o", "json").document
    assert (second["runnerUuid"], "clientSecret" in second) == (settings.runner_uuid, False)
    assert (mode(file), json.loads(file.read_text())["clientId"]) == (0o600, second["clientId"])

    assert "Edge" in cli.does("runners", "list", "-w", "shop").out
    assert "Edge" in cli.does("runners", "show", settings.runner_uuid[:13]).out
    federation = tmp_path / "federation.json"
    cloud = {"audience": "sts.amazonaws.com", "tokenPath": "/var/run/token"}
    subject = "system:serviceaccount:platform:{{ buildingBlockDefinitionUuid }}"
    federation.write_text(json.dumps({"issuer": "https://issuer.test", "subjectTemplate": subject, "aws": cloud}))
    cli.does("runners", "update", "Edge", "--display-name", "Rim", "--federation", str(federation))
    changed = cli.does("runners", "show", "Rim", "-o", "json").document
    assert text_of(changed, "spec", "workloadIdentityFederation", "issuer") == "https://issuer.test"
    assert text_of(changed, "spec", "publicKey") == text_of(registered, "spec", "publicKey")
    _, other_key = generate_key_pair()
    (tmp_path / "other.pem").write_text(other_key)
    key = ["--public-key", str(tmp_path / "other.pem")]
    assert cli("runners", "update", "Rim", *key).code == 2  # nobody can be asked
    rim = cli.does("runners", "update", "Rim", *key, "--no-federation", "--yes", "-o", "json").document["spec"]
    assert isinstance(rim, dict)
    assert (rim["publicKey"], rim["workloadIdentityFederation"]) == (other_key, None)
    assert cli("runners", "update", "Rim").code == 2
    again = cli("runners", "create", "Edge", "-w", "shop", "--dir", str(folder))
    assert (again.code, "already" in again.err) == (2, True)
    cli.does("runners", "delete", settings.runner_uuid, "--yes")
    assert cli("runners", "show", settings.runner_uuid).code == 3


def test_a_definition_goes_from_import_to_release_to_the_next_draft(
    cli: Cli, modules: Repository, tmp_path: Path
) -> None:
    overrides = tmp_path / "definition.toml"
    overrides.write_text(
        'description = "Says hello"\npermissions = ["PROJECT_SAVE"]\n[inputs.loud]\ndisplay_name = "Shout"\n'
    )
    source = ["definitions", "import", modules.path.as_uri(), "--path", "greeting", "-w", "shop"]

    imported = cli.does(*source, "--name", "Step by step", "--file", str(overrides))
    assert "version 1 is draft" in imported.out
    assert "token" in imported.out

    assert "is released" in cli.does("definitions", "release", "Step by step").out
    assert "released already" in cli.does("definitions", "release", "Step by step").out
    shown = cli.does("definitions", "show", "Step by step").out
    assert "Says hello" in shown
    assert "STRING (sensitive)" in shown
    assert "its runs may   Create and change projects" in shown
    unfilled = cli("blocks", "order", "Step by step", "-w", "shop")
    assert unfilled.code == 2
    assert "While it runs it may, in workspace 'shop': create and change projects." in unfilled.err

    assert "Version 2" in cli.does("definitions", "new-draft", "Step by step").out
    assert cli("definitions", "new-draft", "Step by step").code == 1
    cli.does(*source, "--into", "Step by step", "--release")
    cli.does(*source, "--into", "Step by step", "--release")
    listed = cli.does("definitions", "list", "-w", "shop", "-o", "json").documents
    mine = next(item for item in listed if text_of(item, "spec", "displayName") == "Step by step")
    status = mine["status"]
    assert isinstance(status, dict)
    assert status["latestReleasedVersion"] == 3

    identifier = text_of(mine, "metadata", "uuid")
    assert identifier in cli.does("definitions", "show", identifier[:8]).out
    cli.does("definitions", "delete", identifier, "--yes")
    assert cli("definitions", "show", "Step by step").code == 3


def test_a_dry_run_stores_nothing_and_needs_no_server(stranger: Cli, modules: Repository) -> None:
    options = ["--path", "greeting", "-w", "shop", "--dry-run", "-o", "json"]

    planned = stranger.does("definitions", "import", modules.path.as_uri(), *options).document

    version = planned["version"]
    assert isinstance(version, dict)
    assert sorted(version["inputs"] if isinstance(version["inputs"], dict) else []) == ["loud", "name", "token"]


@pytest.mark.parametrize("option", ["--dry-run", "--release"])
def test_a_module_that_cannot_be_read_is_not_imported(cli: Cli, tmp_path: Path, option: str) -> None:
    broken = create_repository(tmp_path / "broken.git", {"main.tf": 'variable "x" { type = \n\n', "more.tf": ""})

    ended = cli("definitions", "import", broken.path.as_uri(), "-w", "shop", "--name", "Unreadable", option)

    assert ended.code == 2
    assert "main.tf line 1 is not valid HCL" in ended.err
    assert "Unreadable" not in cli.does("definitions", "list").out


@pytest.mark.usefixtures("engine")
def test_a_module_that_the_engine_refuses_is_not_released(cli: Cli, tmp_path: Path) -> None:
    wrong = create_repository(tmp_path / "wrong.git", {"main.tf": 'output "o" { value = var.nme }\n'})
    source = ["definitions", "import", wrong.path.as_uri(), "-w", "shop", "--name", "Wrong reference"]

    ended = cli(*source, "--release")

    assert (ended.code, "main.tf line 1: Reference to undeclared input variable" in ended.err) == (2, True)
    assert "version 1 is draft" in cli.does(*source).out


def test_a_refused_import_leaves_no_definition_behind(cli: Cli, modules: Repository) -> None:
    options = [
        "--path",
        "greeting",
        "-w",
        "shop",
        "--name",
        "Refused",
        "--runner",
        "5c9e3f6a-0000-4000-8000-000000000000",
    ]

    ended = cli("definitions", "import", modules.path.as_uri(), *options)

    assert ended.code in {1, 3}
    assert "Refused" not in cli.does("definitions", "list").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["definitions", "import", "-w", "shop"], "SOURCE is missing"),
        (["definitions", "import", "x", "--manual", "-w", "shop"], "has no source"),
        (["runners", "create", "x", "-w", "shop", "--type", "PERL"], "is not one of"),
        (["blocks", "update", "x"], "nothing to change"),
        ([*A_KEY, "--expires", "2020-01-01"], "would have expired already"),
        ([*A_KEY, "--expires", "tomorrow"], "'tomorrow' is not a date"),
        (
            [*A_KEY, "--expires", "2026-02-30"],
            "--expires: '2026-02-30' is not a date; give a day that exists as YYYY-MM-DD",
        ),
        (["payment-methods", "create", "x", "--expires", "2026-02-30"], "--expires: '2026-02-30' is not a date"),
        (["payment-methods", "create", "x", "--expires", "tomorrow"], "--expires: 'tomorrow' is not a date"),
        (["payment-methods", "create", "x", "--amount", "many"], "--amount: 'many' is not a whole number"),
        (["payment-methods", "update", "x", "--tag", "=y"], "--tag: '=y' is not KEY=VALUE"),
        (["payment-methods", "update", "x"], "nothing to change"),
        (["workspaces", "update", "x"], "nothing to change"),
        ([*A_KEY[:-1], "nowhere/key.json"], "there is no folder 'nowhere'"),
        (["runners", "key", "x", "--key-file", "nowhere/key.json"], "there is no folder 'nowhere'"),
        (["state", "pull", "x", "nowhere/state.json"], "there is no folder 'nowhere'"),
        (["runners", "create", "x", "-w", "shop", "--dir", "/nowhere/x"], "there is no folder '/nowhere'"),
        (["blocks", "list", "--status", "FAILD"], "'FAILD' is not one of"),
        (["runs", "list", "--status", "FAILD"], "'FAILD' is not one of"),
    ],
)
def test_wrong_usage_is_told_before_anything_happens(cli: Cli, arguments: list[str], message: str) -> None:
    ended = cli(*arguments)

    assert ended.code == 2
    assert message in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("blocks", "list"),
        ("runs", "list"),
        ("definitions", "list"),
        ("runners", "list"),
        ("blocks", "list", "--managed-by"),
    ],
)
def test_a_workspace_that_there_is_not_is_refused_instead_of_listing_nothing(
    cli: Cli, arguments: tuple[str, ...]
) -> None:
    ended = cli(*arguments, *(() if arguments[-1] == "--managed-by" else ("-w",)), "nope")

    assert (ended.code, "there is no workspace 'nope'" in ended.err) == (3, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("runs", "show", "abcd"), "Give its id, or the beginning of it; 'blockyard runs list' shows them."),
        (("blocks", "show", "26d"), "The beginning of an id must have at least 4 characters."),
        (("blocks", "show", "nowhere"), "Give its id, or the beginning of it, or its exact name;"),
    ],
)
def test_what_is_not_found_is_told_with_how_to_name_it(cli: Cli, arguments: tuple[str, ...], told: str) -> None:
    ended = cli(*arguments)

    assert (ended.code, told in ended.err) == (3, True)
    assert ("name" in ended.err) is (arguments[0] != "runs")


def test_a_definition_is_shown_in_whole_sentences(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "note.toml"
    file.write_text(
        'name = "Sentences"\n[inputs.title]\ndescription = "What it is about."\nregex = "^[A-Z]"\n'
        'regex_message = "A title begins with a capital letter."\n'
    )

    imported = cli.does("definitions", "import", "--manual", "-f", str(file), "-w", "shop", "--release").out

    assert imported.startswith("Sentences\n")
    shown = " ".join(cli.does("definitions", "show", "Sentences").out.split())
    assert "What it is about. A title begins with a capital letter." in shown


def test_a_runner_is_named_by_its_name_too(cli: Cli, tmp_path: Path) -> None:
    cli.does("runners", "create", "Cloud", "-w", "shop", "--dir", str(tmp_path / "cloud"))
    file = tmp_path / "manual.toml"
    file.write_text('name = "By name"\n[inputs.word]\n')

    assert "Cloud" in cli.does("runners", "show", "Cloud").out
    options = ["--manual", "-f", str(file), "-w", "shop", "--runner", "Cloud", "-o", "json"]
    imported = cli.does("definitions", "import", *options).document
    version = imported["version"]
    runner = cli.does("runners", "show", "Cloud", "-o", "json").document
    assert text_of(version if isinstance(version, dict) else {}, "spec", "runnerRef", "uuid") == text_of(
        runner, "metadata", "uuid"
    )
    assert cli("definitions", "import", *options[:-3], "Nobody").code == 3


def test_people_are_bound_to_workspaces_and_projects_alone_and_in_groups(cli: Cli) -> None:
    cli.does("workspaces", "create", "bound")
    cli.does("groups", "create", "devs", "--display-name", "Developers", "--of", "bound", "--member", "admin")
    cli.does("bindings", "create", "admin-bound", "-w", "bound", "--role", "Workspace Member", "--user", "admin")
    cli.does("bindings", "create", "devs-bound", "-w", "bound", "--role", "Workspace Manager", "--group", "devs")

    listed = cli.does("bindings", "list", "-w", "bound").out
    assert all(word in listed for word in ("admin-bound", "Workspace Member", "devs-bound", "devs", "never"))
    assert "admin" in cli.does("groups", "show", "devs").out
    assert "Developers" in cli.does("groups", "list").out
    shown = cli.does("bindings", "show", "devs-bound", "--of-group").out
    assert all(word in shown for word in ("Workspace Manager", "devs", "bound"))
    cli.does("groups", "update", "devs", "--display-name", "Coders")
    assert all(word in cli.does("groups", "show", "devs").out for word in ("Coders", "admin"))
    cli.does("groups", "remove", "devs", "admin", "--yes")
    cli.does("groups", "add", "devs", "admin")
    assert cli("bindings", "create", "x", "-w", "bound", "--role", "Workspace Member").code == 2
    assert cli("bindings", "delete", "admin-bound").code == 2  # nobody can be asked
    cli.does("bindings", "delete", "admin-bound", "--yes")
    cli.does("bindings", "delete", "devs-bound", "--of-group", "--yes")
    cli.does("groups", "delete", "devs", "--yes")
    assert cli("groups", "show", "devs").code == 3


def test_people_and_groups_have_tags(cli: Cli) -> None:
    cli.does("tag-definitions", "create", "meshPrincipal.cli-team")
    cli.does("groups", "create", "tagged")
    for kind, name in (("users", "admin"), ("groups", "tagged")):
        assert cli.does(kind, "tags", name, "-o", "json").document == {"tags": {}}
        cli.does(kind, "tags", name, "--tag", "cli-team=a", "--tag", "cli-team=b")
        assert "a, b" in cli.does(kind, "tags", name).out
        cli.does(kind, "tags", name, "--tag", "cli-team=")
        assert cli.does(kind, "tags", name, "-o", "json").document == {"tags": {}}
        assert cli(kind, "tags", name, "--tag", "unknown=a").code == 1
    assert cli("users", "tags", "nobody").code == 3


def test_workspaces_and_projects_have_tags_and_are_deleted(cli: Cli) -> None:
    for kind in ("meshWorkspace", "meshProject"):
        cli.does("tag-definitions", "create", f"{kind}.cli-level")
    cli.does("workspaces", "create", "tagged", "--tag", "cli-level=a")
    cli.does("workspaces", "update", "tagged", "--tag", "cli-level=b")
    cli.does("payment-methods", "create", "tagged-pays", "-w", "tagged")
    made = ["projects", "create", "dev", "-w", "tagged", "--payment-method", "tagged-pays", "--tag", "cli-level=x"]

    cli.does(*made)
    cli.does("projects", "update", "tagged.dev", "--display-name", "Development", "--payment-method", "none")

    assert "b" in cli.does("workspaces", "show", "tagged").out
    shown = cli.does("projects", "show", "tagged.dev").out
    assert all(word in shown for word in ("Development", "cli-level", "x"))
    assert cli.does("projects", "show", "tagged.dev", "-o", "json").document["spec"] == {
        "displayName": "Development",
        "tags": {"cli-level": ["x"]},
        "paymentMethodIdentifier": None,
        "substitutePaymentMethodIdentifier": None,
    }
    assert "tagged.dev" in cli.does("projects", "list", "-w", "tagged").out
    assert cli("projects", "update", "tagged.dev").code == 2
    assert "project" in cli("workspaces", "delete", "tagged", "--yes").err
    cli.does("projects", "delete", "tagged.dev", "--yes")
    cli.does("workspaces", "delete", "tagged", "--yes")
    assert cli("workspaces", "show", "tagged").code == 3


def test_integrations_keep_their_secret_until_a_file_brings_another(cli: Cli, tmp_path: Path) -> None:
    config, secret = tmp_path / "ado.json", tmp_path / "token"
    secret.write_text("a-secret-token\n")
    config.write_text('{"type": "azuredevops", "azuredevops": {"baseUrl": "https://ado.test", "organization": "o"}}')
    made = ["integrations", "create", "Pipelines", "-w", "shop", "--config", str(config)]

    cli.does(*made, "--secret-file", str(secret))
    shown = cli.does("integrations", "show", "Pipelines", "-o", "json").out
    cli.does("integrations", "update", "Pipelines", "--config", str(config), "--display-name", "Builds")

    assert '"hash"' in shown
    after = cli.does("integrations", "show", "Builds", "-o", "json").document
    assert members(json.loads(shown), "spec", "config") == members(after, "spec", "config")
    assert "a-secret-token" not in "".join(cli.printed)
    assert all(word in cli.does("integrations", "show", "Builds").out for word in ("https://ado.test", "shop"))
    assert "azuredevops" in cli.does("integrations", "list").out
    config.write_text('{"type": "gitlab", "gitlab": {"baseUrl": "https://gl.test"}}')
    assert "has no secret" in cli(*made, "--secret-file", str(secret)).err
    cli.does("integrations", "delete", "Builds", "--yes")
    assert cli("integrations", "show", "Builds").code == 3


def test_a_role_is_asked_for_and_decided(cli: Cli) -> None:
    cli.does("workspaces", "create", "asked")
    options = ["-w", "asked", "--role", "Workspace Member", "--reason", "new here"]

    made = cli.does("requests", "create", "admin-asked", *options, "--user", "admin", "-o", "json").document

    assert made["state"] == "APPROVED"  # nobody else is asked unless a setting says so
    listed = cli.does("requests", "list", "-w", "asked", "--state", "approved").out
    assert all(word in listed for word in ("Workspace Member", "asked", "admin", "APPROVED"))
    assert text_of(made, "uuid") not in cli.does("requests", "list").out
    assert "admin-asked" in cli.does("bindings", "list", "-w", "asked").out
    for decision in ("decline", "cancel"):
        assert cli("requests", decision, text_of(made, "uuid")).code == 1
    assert cli("requests", "create", "x", *options).code == 2


def test_an_identity_provider_is_made_tried_switched_and_deleted(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2-hunter2\n")
    (tmp_path / "claims").write_text('{"sub": "1", "preferred_username": "nora", "groups": ["a=b"]}')
    with socket.create_server(("127.0.0.1", 0)) as taken:
        issuer = f"http://127.0.0.1:{taken.getsockname()[1]}"
    options = ["--issuer", issuer, "--client-id", "blockyard", "--secret-file", str(tmp_path / "secret")]

    cli.does(
        "identity-providers", "create", "corp", *options, "--groups-claim", "groups", "--group", "a=b=devs", "--off"
    )

    shown = cli.does("identity-providers", "show", "corp").out
    assert all(word in shown for word in (issuer, "a=b = devs", "stored", "/sign-in/with/corp/callback"))
    assert "hunter2" not in shown
    previewed = cli.does("identity-providers", "preview", "corp", "--claims", str(tmp_path / "claims"))
    assert all(word in previewed.out for word in ("nora", "devs"))
    tried = cli("identity-providers", "test", "corp")
    assert (tried.code, "it refuses the connection" in tried.out) == (1, True), tried
    cli.does("identity-providers", "enable", "corp")
    cli.does("identity-providers", "update", "corp", "--display-name", "Corporation", "--no-create-accounts")
    changed = cli.does("identity-providers", "show", "corp", "-o", "json").document
    flags = [changed[name] for name in ("displayName", "enabled", "createAccounts", "hasClientSecret")]
    assert flags == ["Corporation", True, False, True]
    assert "Corporation" in cli.does("identity-providers", "list").out
    cli.does("identity-providers", "disable", "corp", "--yes")
    assert "no" in cli.does("identity-providers", "list").out
    cli.does("identity-providers", "delete", "corp", "--yes")
    assert "Corporation" not in cli.does("identity-providers", "list").out


def test_project_roles_are_made_given_and_deleted(cli: Cli) -> None:
    cli.does("project-roles", "create", "auditor", "--display-name", "Project Auditor", "--rank", "50")

    listed = cli.does("project-roles", "list").out
    assert listed.index("Project Admin") < listed.index("Project Auditor")
    cli.does("project-roles", "update", "auditor", "--description", "Looks only")
    shown = cli.does("project-roles", "show", "auditor").out
    assert all(word in shown for word in ("Project Auditor", "50", "Looks only"))
    cli.does("project-roles", "delete", "auditor", "--yes")
    assert "Project Auditor" not in cli.does("project-roles", "list").out


def test_accounts_are_shown_and_admin_roles_given_and_taken(cli: Cli) -> None:
    assert "Organization Admin" in cli.does("users", "list").out
    assert "Organization Admin" in cli.does("users", "show", "ADMIN").out
    assert cli("users", "show", "nobody").code == 3
    assert cli("users", "lock", "admin").code == 2  # nobody can be asked
    assert cli("users", "delete", "admin", "--yes").code == 1  # the last administrator

    given = cli.does("admin-roles", "give", "Auditor", "--user", "admin", "-o", "json").document
    assert "Auditor" in cli.does("admin-roles", "list").out
    shown = cli.does("admin-roles", "show", text_of(given, "uuid")).out
    assert ("Auditor" in shown, "admin" in shown, "never" in shown) == (True, True, True)
    assert cli.does("admin-roles", "show", text_of(given, "uuid"), "-o", "json").document == given
    cli.does("admin-roles", "take", text_of(given, "uuid"), "--yes")
    assert "Auditor" not in cli.does("admin-roles", "list").out


def test_an_account_is_created_changed_and_gets_another_password(
    cli: Cli, stranger: Cli, blockyard: Installation
) -> None:
    first, second = "an-unusual-first-word-9", "an-unusual-second-word-7"
    cli.does("users", "create", "carla", "--first-name", "Carla", "--password-stdin", stdin=f"{first}\n")
    cli.does("users", "update", "carla", "--last-name", "Jones")
    cli.does("users", "password", "carla", "--password-stdin", stdin=f"{second}\n")

    assert "Carla Jones" in cli.does("users", "show", "carla").out
    login = ["login", "--url", blockyard.url, "--user", "carla", "--password-stdin"]
    assert stranger(*login, stdin=f"{first}\n").code != 0
    stranger.does(*login, stdin=f"{second}\n")
    assert cli("users", "update", "carla").code == 2
    assert second not in "".join(cli.printed)
    cli.does("users", "delete", "carla", "--yes")


def test_a_key_gets_the_codes_of_a_preset_and_a_new_secret(cli: Cli, stranger: Cli, tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    options = ["-w", "shop", "--preset", "read-only", "--key-file", str(first)]
    created = cli.does("keys", "create", "viewer", *options, "-o", "json").document
    assert "PROJECT_LIST" in json.dumps(created)
    assert "_SAVE" not in json.dumps(created)
    assert cli("keys", "create", "x", "-w", "shop", "--preset", "all", "--key-file", str(second)).code == 2
    assert cli("keys", "create", "x", "-w", "shop", "--key-file", str(second)).code == 2
    shown = cli.does("keys", "show", "viewer", "-w", "shop").out
    assert ("PROJECT_LIST" in shown, "never" in shown) == (True, True)
    assert "clientSecret" not in json.dumps(created)

    cli.does("keys", "rotate", text_of(created, "metadata", "uuid"), "--key-file", str(second), "--yes")

    assert json.loads(first.read_text())["clientSecret"] != json.loads(second.read_text())["clientSecret"]
    assert stranger("login", "--key-file", str(first)).code == 4
    stranger.does("login", "--key-file", str(second))
    cli.does("keys", "delete", text_of(created, "metadata", "uuid"), "--yes")
