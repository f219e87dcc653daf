"""Run documents and status updates have the shapes of runner.md 1.5 to 1.7."""

import json

import pytest
from pydantic import ValidationError

from blockyard.protocol import kinds, media
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.run import (
    AzureDevopsImplementation,
    Behavior,
    InputType,
    OutputType,
    RunDocument,
    RunInput,
    TerraformImplementation,
)
from blockyard.protocol.status import OutputValue, SourceRegistration, StatusUpdate
from blockyard.protocol.version import speaks_blockyard

CLAIMED: JsonObject = {
    "kind": "meshBuildingBlockRun",
    "apiVersion": "v1",
    "metadata": {"uuid": "5d0b7b5c-2b0c-4a37-9a0e-0d6b5c0f1a11"},
    "spec": {
        "runNumber": 4,
        "behavior": "APPLY",
        "runToken": "run-token-1",
        "buildingBlock": {
            "uuid": "0a4f5f2e-6a6e-4f0b-8c58-1f6f2f1c9a10",
            "spec": {
                "displayName": "team storage",
                "workspaceIdentifier": "team-a",
                "projectIdentifier": "shop",
                "fullPlatformIdentifier": "aws.eu-central",
                "inputs": [
                    {"key": "n", "value": 30, "type": "INTEGER", "isSensitive": False, "isEnvironment": False},
                    {"key": "z", "value": ["a"], "type": "MULTI_SELECT", "isSensitive": False, "isEnvironment": False},
                    {"key": "S", "value": "c2VhbGVk", "type": "STRING", "isSensitive": True, "isEnvironment": True},
                ],
                "parentBuildingBlocks": [{"buildingBlockUuid": "7c0a", "definitionUuid": "aa11"}],
            },
        },
        "buildingBlockDefinition": {
            "uuid": "2c6f0d4b-13a7-4b7e-b9b5-30a7d6a8a001",
            "spec": {
                "workspaceIdentifier": "platform-team",
                "version": 3,
                "implementation": {
                    "type": "TERRAFORM",
                    "terraformVersion": "1.11.4",
                    "repositoryUrl": "https://git.example.org/platform/modules.git",
                    "repositoryPath": "aws/bucket",
                    "refName": "v3.1.0",
                    "async": False,
                    "useMeshHttpBackendFallback": True,
                    "preRunScript": "echo preparing",
                },
            },
        },
        "trigger": {
            "reason": "MANUAL_EXECUTION",
            "author": {"identifier": "u-17", "type": "User", "displayName": "Ada L."},
        },
    },
    "status": "IN_PROGRESS",
    "_links": {
        "self": {"href": "https://cp.example.org/r"},
        "registerSource": {"href": "https://cp.example.org/r/status/source"},
        "updateSource": {"href": "https://cp.example.org/r/status/source/{sourceId}", "templated": True},
        "meshstackBaseUrl": {"href": "https://cp.example.org"},
    },
}


def test_a_run_document_comes_back_as_it_was() -> None:
    assert RunDocument.model_validate(CLAIMED).wire() == CLAIMED


def test_unknown_members_are_ignored_and_missing_lists_are_sent_empty() -> None:
    document = RunDocument.model_validate(
        {
            "metadata": {"uuid": "u", "new": 1},
            "spec": {
                "behavior": "DETECT",
                "buildingBlock": {"uuid": "b", "spec": {"workspaceIdentifier": "w", "inputs": None}},
                "buildingBlockDefinition": {"uuid": "d", "spec": {"implementation": {"type": "MANUAL", "extra": {}}}},
            },
        }
    )

    assert '"parentBuildingBlocks": []' in json.dumps(document.wire())
    assert document.wire()["_links"] == {}
    assert document.spec.behavior is Behavior.DETECT


def test_secrets_never_show_in_the_repr_of_a_run() -> None:
    shown = repr(RunDocument.model_validate(CLAIMED))

    assert "run-token-1" not in shown
    assert "c2VhbGVk" not in shown
    assert "git.example.org" not in shown


@pytest.mark.parametrize(
    ("path", "value"),
    [(("spec", "behavior"), "PURGE"), (("metadata", "uuid"), ""), (("spec", "buildingBlockDefinition"), None)],
)
def test_a_run_nobody_could_execute_is_refused_without_showing_its_content(
    path: tuple[str, str], value: str | None
) -> None:
    section, member = path
    part = CLAIMED[section]
    assert isinstance(part, dict)

    with pytest.raises(ValidationError) as refused:
        RunDocument.model_validate(CLAIMED | {section: part | {member: value}})

    assert "run-token-1" not in str(refused.value)


def test_an_absent_ssh_key_is_omitted_and_async_keeps_its_name() -> None:
    wire = TerraformImplementation(terraform_version="1.9.0", repository_url="https://x", is_async=True).wire()

    assert "sshPrivateKey" not in wire
    assert wire["async"] is True


def test_numbers_are_taken_for_pipeline_ids() -> None:
    implementation = AzureDevopsImplementation.model_validate(
        {
            "type": "AZURE_DEVOPS",
            "azureDevOpsBaseUrl": "https://dev.azure.com",
            "organization": "o",
            "project": "p",
            "pipelineId": 7,
            "personalAccessToken": "e",
        }
    )

    assert implementation.wire()["pipelineId"] == "7"
    assert implementation.wire()["azureDevOpsBaseUrl"] == "https://dev.azure.com"


def test_big_integers_keep_every_digit() -> None:
    value = 2**80 + 1

    assert RunInput(key="n", value=value, type=InputType.INTEGER).wire()["value"] == value


def test_empty_strings_of_the_send_status_action_mean_no_change() -> None:
    update = StatusUpdate.model_validate(
        {"status": "", "steps": [{"id": "s1", "status": "", "userMessage": "", "systemMessage": "", "outputs": {}}]}
    )

    assert update.status is None
    assert update.steps is not None
    assert (update.steps[0].status, update.steps[0].user_message, update.steps[0].outputs) == (None, None, {})


def test_registrations_of_every_known_client_are_understood() -> None:
    go = SourceRegistration.model_validate(
        {"source": {"id": "R"}, "steps": [{"id": "sources", "displayName": "Prepare", "status": None}]}
    )
    action = SourceRegistration.model_validate(
        {"source": {"id": "github", "externalRunId": 77}, "steps": [{"id": "a"}]}
    )

    assert go.wire() == {
        "source": {"id": "R"},
        "steps": [{"id": "sources", "displayName": "Prepare", "status": None}],
    }
    assert action.source.external_run_id == "77"


def test_outputs_may_lack_sensitivity_and_carry_input_types() -> None:
    output = OutputValue.model_validate({"value": ["a"], "type": "MULTI_SELECT"})

    assert (output.type, output.is_sensitive) == (OutputType.CODE, False)


def test_updates_always_say_status_and_summary() -> None:
    update = StatusUpdate(source="R", steps=())

    assert update.wire() == {"status": None, "summary": None, "source": "R", "steps": []}


def test_media_types_match_without_case_and_parameters() -> None:
    assert kinds.RUN.media == "application/vnd.meshcloud.api.meshBuildingBlockRun.v1.hal+json"
    assert media.matches(
        "application/vnd.meshcloud.api.meshbuildingblockrun.v1.hal+json; charset=utf-8", kinds.RUN.media
    )
    assert not media.matches("application/json", kinds.RUN.media)


@pytest.mark.parametrize(
    ("header", "spoken"), [(None, False), ("1", True), ("2", True), ("0", False), ("x", False), ("²", False)]
)
def test_the_protocol_is_spoken_from_version_1_on(header: str | None, spoken: bool) -> None:  # noqa: FBT001  a table
    assert speaks_blockyard(header) is spoken
