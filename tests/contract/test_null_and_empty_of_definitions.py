"""Null and empty members of definitions and versions, row by row. Source: api.md 2.4, 3.16 and 3.17.

Each row is a member that is not configured: what clients send, and what they have to get back from POST, PUT, GET and list.
"""

from collections.abc import Callable
from uuid import UUID

import pytest

from blockyard.server.kit.database import Database
from tests.support.clock import FixedClock
from tests.support.definitions import (
    DEFINITIONS,
    VERSIONS,
    Catalogue,
    a_definition,
    an_input,
    changed,
    next_draft,
    terraform,
)
from tests.support.echo import ABSENT, Row, found, put

NEUTRAL_POLICIES = dict.fromkeys(
    ("versionUpgrade", "userInputChanges", "manualTriggers", "buildingBlockCreation", "anyInputChanges"), False
)
NEUTRAL_SCHEDULE = {"mode": "DISABLED", "frequency": "NONE", "automaticApproval": False}

OF_DEFINITIONS: list[Row] = [
    ("spec/notificationSubscriberUsernames", ABSENT, []),
    ("spec/supportedPlatforms", None, ABSENT),
    ("metadata/tags", {}, {}),
    ("metadata/tags", ABSENT, {}),
    ("spec/readme", ABSENT, ABSENT),
    ("spec/supportUrl", ABSENT, ABSENT),
    ("spec/documentationUrl", ABSENT, ABSENT),
    ("spec/displayNameTemplate", ABSENT, ABSENT),
    ("spec/approvalPolicies", ABSENT, NEUTRAL_POLICIES),
    ("spec/schedule", ABSENT, NEUTRAL_SCHEDULE),
]

OF_VERSIONS: list[Row] = [
    ("permissions", ABSENT, []),
    ("dependencyDefinitionRefs", ABSENT, []),
    ("inputs", {}, {}),
    ("outputs", {}, {}),
    *(
        (f"inputs/name/{member}", sent, ABSENT)
        for member, sent in {
            "selectableValues": ABSENT,
            "argument": None,
            "defaultValue": None,
            "description": ABSENT,
            "valueValidationRegex": ABSENT,
            "validationRegexErrorMessage": ABSENT,
            "jsonSchema": ABSENT,
        }.items()
    ),
    *(
        (f"implementation/terraform/{member}", sent, ABSENT)
        for member in ("repositoryPath", "refName", "sshKnownHost", "sshPrivateKey", "preRunScript")
        for sent in (ABSENT, None)
    ),
]

LEFT_OUT: list[Row] = [
    ("inputs/name/isOptional", ABSENT, ABSENT),
    ("inputs/name/isOptional", False, ABSENT),
    ("inputs/name/isOptional", None, ABSENT),
    ("inputs/name/condition", ABSENT, ABSENT),
    ("inputs/name/condition", None, ABSENT),
]
"""Members that are not even null in an answer: content hashes of clients count them."""


@pytest.fixture
def catalogue(database: Database, clock: FixedClock, ids: Callable[[], UUID]) -> Catalogue:
    """Definitions of the workspace `team`, over HTTP."""
    return Catalogue(database, clock, ids)


def test_each_member_of_a_definition_comes_back_as_its_row_says(catalogue: Catalogue) -> None:
    for path, sent, expected in OF_DEFINITIONS:
        document = put(a_definition(), path, sent)
        created = catalogue.ok("POST", DEFINITIONS, document)
        address = f"{DEFINITIONS}/{created['metadata']['uuid']}"
        answers = [created, catalogue.ok("GET", address), catalogue.ok("PUT", address, document)]

        assert [found(answer, path) for answer in answers] == [expected] * 3, path
        assert catalogue.ok("PUT", address, answers[1]) == answers[1], path
        assert created["spec"]["symbol"]
    listed = catalogue.ok("GET", DEFINITIONS)["_embedded"]["meshBuildingBlockDefinitions"]
    assert [found(item, path) for item, (path, _, _) in zip(listed, OF_DEFINITIONS, strict=True)] == [
        expected for _, _, expected in OF_DEFINITIONS
    ]


def test_each_member_of_a_version_comes_back_as_its_row_says(catalogue: Catalogue) -> None:
    definition = catalogue.define()
    draft = catalogue.draft(definition)
    address = f"{VERSIONS}/{draft['metadata']['uuid']}"
    whole = changed(draft, inputs={"name": an_input()}, implementation=terraform())
    for member, sent, expected in [*OF_VERSIONS, *LEFT_OUT]:
        path = f"spec/{member}"
        answers = [catalogue.ok("PUT", address, put(whole, path, sent))]
        answers += [catalogue.ok("GET", address), catalogue.draft(definition)]

        assert [found(answer, path) for answer in answers] == [expected] * 3, path
        assert answers[0]["spec"] == answers[1]["spec"] == answers[2]["spec"], path
        assert catalogue.ok("PUT", address, answers[1]) == answers[1], path
        if (member, sent, expected) in LEFT_OUT:
            assert member.rpartition("/")[2] not in answers[0]["spec"]["inputs"]["name"]


def test_a_workflow_without_a_destroy_workflow_and_a_new_draft_keep_their_nulls(catalogue: Catalogue) -> None:
    integration = catalogue.connect()
    workflow = {
        "type": "githubWorkflows",
        "githubWorkflows": {
            "repository": "acme/blocks",
            "branch": "main",
            "applyWorkflow": "apply.yml",
            "destroyWorkflow": None,
            "async": False,
            "omitRunObjectInput": False,
            "integrationRef": {"uuid": integration["metadata"]["uuid"], "kind": "meshIntegration"},
        },
    }
    _, released = catalogue.released({"implementation": workflow, "deletionMode": "PURGE"})

    copied = catalogue.ok("POST", VERSIONS, next_draft(released))

    for version in (released, copied):
        assert found(version, "spec/implementation/githubWorkflows/destroyWorkflow") is ABSENT
        assert version["spec"]["implementation"] == released["spec"]["implementation"]
