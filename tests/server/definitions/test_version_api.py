"""The life of versions over HTTP: editing the draft, releasing, the next draft, echo."""

import copy
from typing import Any
from uuid import UUID, uuid4

import pytest

from blockyard.server.definitions.model import VersionId
from blockyard.server.kit.errors import Refusal
from tests.support.definitions import (
    DEFINITIONS,
    VERSIONS,
    Catalogue,
    a_secret_input,
    an_input,
    an_output,
    changed,
    integration_ref,
    next_draft,
    terraform,
)
from tests.support.principals import ADMINISTRATOR, a_key

FULL: Any = {
    "onlyApplyOncePerTenant": True,
    "deletionMode": "PURGE",
    "permissions": ["TENANT_LIST", "MANAGED_BUILDINGBLOCK_LIST"],
    "inputs": {
        "environment": an_input(
            type="SINGLE_SELECT", selectableValues=["dev", "prod", "a&b"], displayOrder=1, description="where"
        ),
        "name": an_input(
            defaultValue="some-name",
            updateableByConsumer=True,
            valueValidationRegex="^[a-z0-9-]+$",
            validationRegexErrorMessage="lower case",
            displayOrder=2,
        ),
        "size": an_input(type="INTEGER", defaultValue=0, valueValidationRegex="[0-9]{1,3}"),
        "on": an_input(type="BOOLEAN", defaultValue=False, argument=True),
        "policy": an_input(type="CODE", assignmentType="STATIC", argument='{"days": 30}'),
        "zones": an_input(type="MULTI_SELECT", selectableValues=["a", "b"], defaultValue=["b", "a"]),
        "AWS_REGION": an_input(assignmentType="STATIC", argument="", isEnvironment=True),
        "sub/name.yaml": an_input(
            type="FILE", assignmentType="STATIC", argument="data:text/plain;base64,c29tZQ==", displayName=""
        ),
        "plaintext": an_input(assignmentType="STATIC", argument="hello", displayOrder=-3),
        "workspace": an_input(assignmentType="WORKSPACE_IDENTIFIER"),
        "members": an_input(type="CODE", assignmentType="USER_PERMISSIONS"),
        "author": an_input(type="CODE", assignmentType="AUTHOR"),
        "size_of_disk": an_input(
            type="INTEGER", assignmentType="PLATFORM_OPERATOR_MANUAL_INPUT", updateableByConsumer=True
        ),
    },
    "outputs": {
        "url": an_output(assignmentType="RESOURCE_URL", displayOrder=5),
        "docs-url": an_output(assignmentType="RESOURCE_URL", isOptional=True),
        "summary": an_output(assignmentType="SUMMARY", type="CODE"),
        "worked": an_output(type="BOOLEAN"),
    },
    "implementation": terraform(
        **{
            "async": True,
            "repositoryPath": "modules/bucket",
            "refName": "v1.0.0",
            "preRunScript": 'echo "hello"\n',
            "sshKnownHost": {
                "host": "github.com",
                "keyType": "ssh-rsa",
                "keyValue": "AAAAB3NzaC1yc2EAAAABIwAAAQEAq2A7+...",
            },
        }
    ),
}
_ABSENT_IN_INPUTS = {
    "selectableValues": None,
    "description": None,
    "valueValidationRegex": None,
    "validationRegexErrorMessage": None,
}


def as_shown(spec: Any) -> Any:
    shown = copy.deepcopy(spec)
    shown["inputs"] = {key: {**_ABSENT_IN_INPUTS, **members} for key, members in shown["inputs"].items()}
    return shown


def test_a_draft_takes_everything_and_returns_it_unchanged(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())

    edited = catalogue.edit(draft, **FULL)

    assert edited["spec"] == {**draft["spec"], **as_shown(FULL)}
    assert edited["metadata"] == draft["metadata"]
    assert catalogue.ok("GET", f"{VERSIONS}/{draft['metadata']['uuid']}") == edited
    assert list(edited["spec"]["inputs"]) == list(FULL["inputs"])


def test_members_a_client_leaves_out_get_their_defaults(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    body = changed(draft)
    for member in ("permissions", "dependencyDefinitionRefs", "onlyApplyOncePerTenant", "deletionMode", "runnerRef"):
        del body["spec"][member]

    assert catalogue.ok("PUT", f"{VERSIONS}/{draft['metadata']['uuid']}", body) == draft


def test_a_release_takes_content_and_is_immediate(catalogue: Catalogue) -> None:
    definition = catalogue.define()
    draft = catalogue.draft(definition)

    released = catalogue.edit(draft, state="RELEASED", **FULL)

    assert released["spec"]["state"] == released["status"]["state"] == "RELEASED"
    status = catalogue.ok("GET", f"{DEFINITIONS}/{definition['metadata']['uuid']}")["status"]
    assert (status["latestReleasedVersion"], status["latestReleasedVersionUuid"]) == (1, draft["metadata"]["uuid"])


def test_an_administrator_releases_for_others(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    catalogue.be(ADMINISTRATOR)

    assert catalogue.edit(draft, state="RELEASED")["spec"]["state"] == "RELEASED"


@pytest.mark.parametrize(
    "change", [{"state": "DRAFT"}, {"inputs": {"a": an_input()}}, {"onlyApplyOncePerTenant": True}]
)
def test_a_released_version_never_changes(catalogue: Catalogue, change: dict[str, Any]) -> None:
    _definition, version = catalogue.released()
    path = f"{VERSIONS}/{version['metadata']['uuid']}"

    error = catalogue.refused(409, "PUT", path, changed(version, **change))

    assert error["errorCode"] == "VersionReleased"
    assert catalogue.ok("GET", path) == version


def test_a_release_that_is_sent_again_changes_nothing(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    content = {"inputs": {"token": a_secret_input("t0ps3cret")}, "implementation": terraform(), "state": "RELEASED"}

    released = catalogue.edit(draft, **content)

    assert catalogue.edit(draft, **content) == released


def test_the_next_draft_leaves_the_released_version_alone(catalogue: Catalogue) -> None:
    definition, version = catalogue.released({"implementation": terraform(), "inputs": {"a": an_input()}})
    path = f"{VERSIONS}/{version['metadata']['uuid']}"

    draft = catalogue.ok("POST", VERSIONS, next_draft(version, inputs={"b": an_input()}))

    assert (draft["spec"]["versionNumber"], draft["spec"]["state"]) == (2, "DRAFT")
    assert catalogue.ok("GET", path) == version
    catalogue.edit(draft, implementation={"type": "manual"})
    assert catalogue.ok("GET", path) == version
    status = catalogue.ok("GET", f"{DEFINITIONS}/{definition['metadata']['uuid']}")["status"]
    assert [item["state"] for item in status["versions"]] == ["RELEASED", "DRAFT"]
    assert (status["latestVersion"], status["latestReleasedVersion"]) == (2, 1)
    listed = catalogue.ok("GET", f"{VERSIONS}?buildingBlockDefinitionUuid={definition['metadata']['uuid']}")
    numbers = [item["spec"]["versionNumber"] for item in listed["_embedded"]["meshBuildingBlockDefinitionVersions"]]
    assert numbers == [1, 2]


def test_there_is_one_draft_at_the_most(catalogue: Catalogue) -> None:
    definition = catalogue.define()
    draft = catalogue.draft(definition)

    error = catalogue.refused(409, "POST", VERSIONS, next_draft(draft))

    assert error["errorCode"] == "DraftExists"


def test_a_number_that_is_not_the_next_is_refused(catalogue: Catalogue) -> None:
    _definition, version = catalogue.released()
    body = next_draft(version)
    body["spec"]["versionNumber"] = 7

    error = catalogue.refused(409, "POST", VERSIONS, body)
    assert (error["errorCode"], error["field"]) == ("WrongVersionNumber", "/spec/versionNumber")


def test_a_version_stays_with_its_definition_and_owner(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    path = f"{VERSIONS}/{draft['metadata']['uuid']}"
    elsewhere = {"kind": "meshBuildingBlockDefinition", "uuid": str(uuid4())}

    error = catalogue.refused(400, "PUT", path, changed(draft, buildingBlockDefinitionRef=elsewhere))
    assert (error["errorCode"], error["field"]) == ("Immutable", "/spec/buildingBlockDefinitionRef/uuid")
    body = changed(draft)
    body["metadata"]["ownedByWorkspace"] = "shop"
    assert catalogue.refused(400, "PUT", path, body)["field"] == "/metadata/ownedByWorkspace"


def test_others_can_neither_edit_nor_add_versions(catalogue: Catalogue) -> None:
    definition = catalogue.define()
    draft = catalogue.draft(definition)
    path = f"{VERSIONS}/{draft['metadata']['uuid']}"
    catalogue.be(a_key("shop"))

    catalogue.refused(404, "GET", path)
    catalogue.refused(404, "PUT", path, changed(draft))
    catalogue.refused(404, "POST", VERSIONS, next_draft(draft))
    catalogue.be(a_key("team"))
    released = catalogue.edit(draft, state="RELEASED")
    catalogue.be(a_key("shop"))
    catalogue.refused(403, "PUT", path, changed(released))
    catalogue.refused(403, "POST", VERSIONS, next_draft(released))
    catalogue.be(a_key("team", "BUILDINGBLOCKDEFINITION_LIST"))
    catalogue.ok("GET", path)
    catalogue.refused(403, "PUT", path, changed(released))
    catalogue.refused(403, "POST", VERSIONS, next_draft(released))


def test_without_a_filter_the_own_versions_are_listed(catalogue: Catalogue) -> None:
    catalogue.define()
    catalogue.define()

    assert catalogue.ok("GET", VERSIONS)["page"]["totalElements"] == 2
    catalogue.be(a_key("shop"))
    assert catalogue.ok("GET", VERSIONS)["page"]["totalElements"] == 0
    catalogue.be(ADMINISTRATOR)
    assert catalogue.ok("GET", VERSIONS)["page"]["totalElements"] == 2


def test_a_manual_version_has_one_output_for_each_input(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    inputs = {
        "b": an_input(displayName="B", type="SINGLE_SELECT", selectableValues=["x"]),
        "a": an_input(displayName="A", type="MULTI_SELECT", selectableValues=["x"]),
        "c": an_input(displayName="C", type="LIST", displayOrder=-1),
        "d": an_input(displayName="D", type="FILE", assignmentType="PLATFORM_OPERATOR_MANUAL_INPUT"),
        "e": an_input(displayName="E", type="BOOLEAN", displayOrder=9),
    }
    override = an_output(displayName="Link", type="FILE", displayOrder=0)

    outputs = catalogue.edit(draft, inputs=inputs, outputs={"d": override})["spec"]["outputs"]

    assert outputs == {
        "c": an_output(displayName="C", type="CODE", displayOrder=0),
        "a": an_output(displayName="A", type="CODE", displayOrder=1),
        "b": an_output(displayName="B", type="STRING", displayOrder=2),
        "d": override,
        "e": an_output(displayName="E", type="BOOLEAN", displayOrder=4),
    }


def test_a_manual_version_follows_its_inputs(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    edited = catalogue.edit(draft, inputs={"a": an_input()})
    path = f"{VERSIONS}/{draft['metadata']['uuid']}"

    error = catalogue.refused(400, "PUT", path, changed(edited, inputs={}))
    assert (error["errorCode"], error["field"]) == ("NoSuchInput", "/spec/outputs/a")
    assert catalogue.edit(edited, inputs={"a": an_input(), "b": an_input()})["spec"]["outputs"].keys() == {"a", "b"}


def test_an_output_of_a_manual_version_has_the_type_of_its_input(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    path = f"{VERSIONS}/{draft['metadata']['uuid']}"
    content = changed(draft, inputs={"a": an_input()}, outputs={"a": an_output(type="INTEGER")})

    error = catalogue.refused(400, "PUT", path, content)

    assert (error["errorCode"], error["field"]) == ("BadOutputType", "/spec/outputs/a/type")
    assert error["remedy"] == "Send STRING."


PIPELINES: dict[str, Any] = {
    "githubWorkflows": {
        "repository": "example/building-block",
        "branch": "main",
        "applyWorkflow": "apply.yml",
        "destroyWorkflow": None,
        "async": True,
        "omitRunObjectInput": True,
    },
    "azureDevOpsPipeline": {"project": "p", "pipelineId": "12", "refName": "refs/heads/x", "async": False},
}


@pytest.mark.parametrize(
    ("type_", "connects_to"), [("githubWorkflows", "github"), ("azureDevOpsPipeline", "azuredevops")]
)
def test_pipelines_are_kept_as_they_were_sent_and_can_be_ordered(
    catalogue: Catalogue, type_: str, connects_to: str
) -> None:
    settings = {**PIPELINES[type_], "integrationRef": integration_ref(catalogue.connect(connects_to))}
    implementation = {"type": type_, type_: settings}
    draft = catalogue.draft(catalogue.define())

    version = catalogue.edit(draft, deletionMode="PURGE", implementation=implementation, state="RELEASED")

    assert version["spec"]["implementation"] == implementation
    assert order(catalogue, version, "team") == "ok"


def test_a_released_version_may_be_ordered_by_everybody_a_draft_by_its_owner(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())

    assert order(catalogue, draft, "team") == "ok"
    assert order(catalogue, draft, "shop") == "UnknownVersion"
    assert order(catalogue, draft, "shop", by=a_key("team")) == "VersionNotReleased"
    assert order(catalogue, draft, "shop", by=ADMINISTRATOR) == "ok"
    catalogue.edit(draft, state="RELEASED")
    assert order(catalogue, draft, "shop") == "ok"


def test_the_latest_released_version_is_known(catalogue: Catalogue) -> None:
    definition, version = catalogue.released()
    catalogue.ok("POST", VERSIONS, next_draft(version))
    found = catalogue.database.read_now(
        lambda tx: catalogue.definitions.version(tx, VersionId(UUID(version["metadata"]["uuid"])))
    )
    latest = catalogue.database.read_now(lambda tx: catalogue.definitions.latest_sound(tx, found[0].id))

    assert latest == found[1]
    assert str(found[0].id) == definition["metadata"]["uuid"]


def test_what_deserves_a_look_is_told_on_demand(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    version = catalogue.edit(
        draft,
        deletionMode="PURGE",
        implementation=terraform(
            useMeshHttpBackendFallback=False,
            sshPrivateKey={"plaintext": "-----BEGIN OPENSSH PRIVATE KEY-----\n..."},
        ),
    )
    path = f"/api/blockyard/v1/definitionversions/{version['metadata']['uuid']}/warnings"

    codes = [item["code"] for item in catalogue.http.send("GET", path).json()["warnings"]]

    assert codes == ["StateMayBeLost", "ResourcesStay", "UnusedKey"]
    catalogue.be(a_key("shop"))
    assert catalogue.http.send("GET", path).status_code == 404


def test_every_change_is_told_to_the_event_log(catalogue: Catalogue) -> None:
    definition, version = catalogue.released({"inputs": {"a": an_input()}})
    catalogue.ok("POST", VERSIONS, next_draft(version, inputs={}, outputs={}))
    catalogue.blocks.of_definition.clear()
    catalogue.http.send("DELETE", f"{DEFINITIONS}/{definition['metadata']['uuid']}")

    dump = catalogue.dump()

    for title in (
        "Building Block Definition Created",
        "Definition Version Modified",
        "Definition Version Released",
        "Definition Version Added",
        "Building Block Definition Deleted",
    ):
        assert title in dump


def order(catalogue: Catalogue, version: Any, workspace: str, *, by: Any = None) -> str:
    version_id = VersionId(UUID(version["metadata"]["uuid"]))
    principal = by or a_key(workspace)
    try:
        catalogue.database.read_now(
            lambda tx: catalogue.definitions.orderable_version(tx, principal, version_id, workspace)
        )
    except Refusal as refusal:
        return refusal.code
    return "ok"
