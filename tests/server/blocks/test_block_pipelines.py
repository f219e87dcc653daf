"""Blocks whose runs start a pipeline: what official runners of GitHub, GitLab and Azure DevOps get. Source: runner.md 1.5.3, 4."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from blockyard.protocol.binding import Owner, member_key
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import INTEGRATION
from blockyard.protocol.names import ImplementationType
from blockyard.protocol.run import ManualImplementation, RunDocument
from blockyard.protocol.sealing import BOUND_PREFIX
from blockyard.runner.frame.failures import StepFailed
from blockyard.runner.frame.inputs import Opener
from blockyard.server.runners.model import SHARED_RUNNER, RunnerId, RunnerSpec, RunnerType
from blockyard.server.runs.model import Claimer
from blockyard.server.runs.service import Claim
from tests.support.block_world import BlockWorld, a_secret, an_input, uuid_of
from tests.support.definitions import INTEGRATIONS, an_integration, integration_ref, runner_ref
from tests.support.principals import ADMINISTRATOR, a_key
from tests.support.runner_keys import RunnerKey, a_runner_key

PIPELINES: list[tuple[str, str, JsonObject, JsonObject]] = [
    (
        "githubWorkflows",
        "github",
        {"repository": "bucket", "branch": "main", "applyWorkflow": "apply.yml", "destroyWorkflow": "destroy.yml"},
        {
            "type": "GITHUB_WORKFLOW",
            "githubBaseUrl": "https://ci.example.org/api",
            "owner": "acme",
            "appId": "4711",
            "repository": "bucket",
            "branch": "main",
            "applyWorkflow": "apply.yml",
            "destroyWorkflow": "destroy.yml",
            "async": False,
            "omitRunObjectInput": False,
        },
    ),
    (
        "gitlabPipeline",
        "gitlab",
        {"projectId": "17", "refName": "main", "pipelineTriggerToken": a_secret("glptt-token")},
        {
            "type": "GITLAB_CICD",
            "gitlabBaseUrl": "https://ci.example.org/api",
            "projectId": "17",
            "refName": "main",
        },
    ),
    (
        "azureDevOpsPipeline",
        "azuredevops",
        {"project": "p", "pipelineId": "12", "async": True},
        {
            "type": "AZURE_DEVOPS",
            "azureDevOpsBaseUrl": "https://ci.example.org/api",
            "organization": "acme",
            "project": "p",
            "pipelineId": "12",
            "async": True,
        },
    ),
]
SECRETS = {
    "githubWorkflows": ("appPem", "-----BEGIN RSA PRIVATE KEY-----"),
    "gitlabPipeline": ("pipelineTriggerToken", "glptt-token"),
    "azureDevOpsPipeline": ("personalAccessToken", "pat-of-acme"),
}


@pytest.mark.parametrize(
    ("type_", "connects_to", "settings", "expected"), PIPELINES, ids=[item[0] for item in PIPELINES]
)
def test_a_run_carries_the_connection_and_the_secrets_for_the_runner_of_the_integration(
    world: BlockWorld, type_: str, connects_to: str, settings: JsonObject, expected: JsonObject
) -> None:
    key, runner = given_runner(world)
    integration = connect(world, connects_to, baseUrl=" https://ci.example.org/api/ ", runnerRef=runner_ref(runner))
    inputs: Any = {"token": an_input(isSensitive=True, isEnvironment=True)}
    version = define(world, type_, settings, integration, inputs=inputs)
    world.order(version, {"token": a_secret("t0ps3cret")})

    assert claim(world, SHARED_RUNNER) is None
    document = claim(world, runner)

    assert document is not None
    implementation = document["spec"]["buildingBlockDefinition"]["spec"]["implementation"]
    member, plaintext = SECRETS[type_]
    assert key.open(implementation.pop(member)) == plaintext
    assert implementation == expected
    sent = {item["key"]: item for item in document["spec"]["buildingBlock"]["spec"]["inputs"]}
    assert key.open(sent["token"]["value"]) == "t0ps3cret"
    if type_ == "githubWorkflows":
        assert key.open(sent["MESHSTACK_RUN_TOKEN"]["value"]) == document["spec"]["runToken"]


@pytest.mark.parametrize(("type_", "connects_to", "settings"), [item[:3] for item in PIPELINES], ids=[*SECRETS])
def test_the_secret_of_a_pipeline_is_bound_to_its_place_for_a_runner_that_opens_bound_ones(
    world: BlockWorld, type_: str, connects_to: str, settings: JsonObject
) -> None:
    world.protocol = 2
    pem = world.key.public_pem
    world.db.write_now(lambda tx: world.runners.seed_shared(tx, workspace="admin", public_key=pem, protocol=2))
    world.order(define(world, type_, settings, connect(world, connects_to)))
    run = RunDocument.model_validate(world.claimed().document)
    member, plaintext = SECRETS[type_]

    implementation = run.spec.building_block_definition.spec.implementation
    assert not isinstance(implementation, ManualImplementation)
    place = (implementation.sealed_for or {})[member]
    envelope = str(implementation.wire()[member])
    opener = Opener.of(run, world.key.private, in_clear=False)

    owner = Owner.DEFINITION if type_ == "gitlabPipeline" else Owner.INTEGRATION
    assert (place.workspace, place.owner, place.key) == ("platform", owner, member_key(member))
    assert envelope.startswith(BOUND_PREFIX)
    assert opener.open_text(envelope, member, key=member_key(member), sealed_for=place) == plaintext
    for key, other in (
        (member_key(member), replace(place, workspace="shop")),
        (member_key(member), replace(place, uuid=str(uuid4()))),
        (member_key("sshPrivateKey"), place),
        (member_key(member), None),
    ):
        with pytest.raises(StepFailed):
            opener.open_text(envelope, member, key=key, sealed_for=other)


@pytest.mark.parametrize(
    ("type_", "hands_over"), [("githubWorkflows", False), ("gitlabPipeline", True), ("azureDevOpsPipeline", True)]
)
def test_who_does_not_wait_for_the_pipeline_hands_over(world: BlockWorld, type_: str, *, hands_over: bool) -> None:
    _, connects_to, settings, _ = next(item for item in PIPELINES if item[0] == type_)
    block = world.order(define(world, type_, settings, connect(world, connects_to)))

    assert world.latest_run(block).target.is_async is hands_over


def test_a_key_the_runner_has_no_more_fails_the_run_by_name(world: BlockWorld) -> None:
    github, gitlab = PIPELINES[0], PIPELINES[1]
    first = world.order(define(world, github[0], github[2], connect(world, "github")))
    second = world.order(define(world, gitlab[0], gitlab[2], connect(world, "gitlab")))
    world.set_runner_key(a_runner_key("rotated"))

    assert claim(world, SHARED_RUNNER) is None

    for block, named in ((first, "integration 'CI'"), (second, "'pipelineTriggerToken'")):
        run = world.latest_run(block)
        assert run.status == "FAILED"
        assert named in (run.summary or "")


@pytest.mark.parametrize(
    ("type_", "connects_to", "workspace", "code"),
    [
        ("githubWorkflows", "gitlab", "platform", "WrongIntegrationType"),
        ("githubWorkflows", "github", "shop", "UnknownIntegration"),
        ("gitlabPipeline", "azuredevops", "platform", "WrongIntegrationType"),
    ],
)
def test_a_version_needs_an_integration_of_its_owner_and_of_its_type(
    world: BlockWorld, type_: str, connects_to: str, workspace: str, code: str
) -> None:
    integration = connect(world, connects_to, workspace=workspace)
    settings = next(item for item in PIPELINES if item[0] == type_)[2]
    version = world.define(released=False)
    body = {
        "metadata": version["metadata"],
        "spec": {**as_object(version["spec"]), **content(type_, settings, integration)},
    }

    error = world.api.send(
        "PUT",
        f"/api/meshobjects/meshbuildingblockdefinitionversions/{uuid_of(version)}",
        body,
        media="application/vnd.meshcloud.api.meshbuildingblockdefinitionversion.v1-preview.hal+json",
    ).json()

    assert (error["errorCode"], error["field"]) == (code, f"/spec/implementation/{type_}/integrationRef/uuid")


def given_runner(world: BlockWorld) -> tuple[RunnerKey, RunnerId]:
    """Register a runner of the platform team and return it with its key."""
    key = a_runner_key("platform")
    spec = RunnerSpec(
        workspace="platform",
        display_name="trigger",
        public_key=key.public_pem,
        implementation_type=RunnerType.ALL,
    )
    return key, world.db.write_now(lambda tx: world.runners.create(tx, ADMINISTRATOR, spec)).id


def connect(world: BlockWorld, type_: str, workspace: str = "platform", **settings: Any) -> Any:
    """Make an integration."""
    return world.as_admin("POST", INTEGRATIONS, an_integration(type_, workspace, **settings), media=INTEGRATION.media)


def content(type_: str, settings: JsonObject, integration: Any) -> dict[str, Any]:
    """Return the members of a version with this implementation."""
    members: JsonObject = {**settings, "integrationRef": integration_ref(integration)}
    return {"implementation": {"type": type_, type_: members}}


def define(world: BlockWorld, type_: str, settings: JsonObject, integration: Any, **spec: Any) -> JsonObject:
    """Release a version with this implementation."""
    return world.define(**content(type_, settings, integration), **spec)


def claim(world: BlockWorld, runner: UUID) -> Any:
    """Take the next run as an official runner does, with a key of the runner's workspace."""
    wanted = Claim(runner_id=RunnerId(runner), claimer=Claimer.OFFICIAL, types=frozenset(ImplementationType))
    asking = ADMINISTRATOR if runner == SHARED_RUNNER else a_key("platform", "MANAGED_BUILDINGBLOCKRUN_SAVE")
    return world.db.write_now(lambda tx: world.claims.claim(tx, asking, wanted)).document


def as_object(value: Any) -> dict[str, Any]:
    """Return `value`, which must be an object."""
    assert isinstance(value, dict)
    return value
