"""Who the runs of runners are to clouds, and the change to subjects of definitions. Source: concepts.md 14."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import DEFINITION, RUNNER, VERSION
from blockyard.protocol.version import PROTOCOL_VERSION
from blockyard.server.kit.database import Database
from blockyard.server.runners.model import RunnerId
from tests.support.block_world import DEFINITIONS, PLATFORM, BlockWorld, definition_of
from tests.support.clock import FixedClock
from tests.support.principals import ADMINISTRATOR, a_key
from tests.support.runner_keys import a_runner_key

NAME = "blockyard-test"
TEMPLATE = (
    f"system:serviceaccount:{NAME}:workspace.{{{{ workspaceIdentifier }}}}"
    ".buildingblockdefinition.{{ buildingBlockDefinitionUuid }}"
)
PATH = "/api/meshobjects/meshbuildingblockrunners"
CLOUD: JsonObject = {"audience": "own", "tokenPath": "/run/own/token"}
USES = {
    "AWS_WEB_IDENTITY_TOKEN_FILE": {
        "displayName": "",
        "type": "STRING",
        "assignmentType": "STATIC",
        "isEnvironment": True,
        "argument": "/var/run/secrets/workload-identity/aws/token",
    }
}


@pytest.fixture
def world(database: Database, clock: FixedClock) -> BlockWorld:
    """A world."""
    return BlockWorld(database, clock)


def a_runner(world: BlockWorld, *, ours: bool = True, **spec: Json) -> str:
    """Return a new runner of the platform team."""
    body = {
        "apiVersion": "v1-preview",
        "kind": "meshBuildingBlockRunner",
        "metadata": {"ownedByWorkspace": "platform"},
        "spec": {
            "displayName": "own",
            "publicKey": a_runner_key("own").public_pem,
            "implementationType": "TERRAFORM",
            **spec,
        },
    }

    made = world.api.ok("POST", PATH, body, media=RUNNER.media)
    uuid = str(made["metadata"]["uuid"])
    if ours:
        heard = RunnerId(UUID(uuid))
        world.db.write_now(lambda tx: world.runners.seen(tx, heard, world.clock(), protocol=PROTOCOL_VERSION))
    return uuid


def identity(world: BlockWorld, runner: str) -> Any:
    """Return who the runs of a runner are."""
    return world.api.ok("GET", f"/api/blockyard/v1/runners/{runner}/identity")


def switched(world: BlockWorld, runner: str, **said: Json) -> Any:
    """Choose subjects."""
    return world.api.send("PUT", f"/api/blockyard/v1/runners/{runner}/identity", said)


def federation(world: BlockWorld, version: Any) -> Mapping[str, Any] | None:
    """Return what the definition says of its version, which may be a draft."""
    definition = world.api.ok("GET", f"{DEFINITIONS}/{definition_of(version)}", media=DEFINITION.media)
    found: Mapping[str, Any] | None = definition["status"]["versions"][-1].get("workloadIdentityFederation")
    return found


def test_the_identity_of_a_draft_is_known_before_its_release(world: BlockWorld) -> None:
    runner = a_runner(world)
    version: Any = world.define(
        released=False, runnerRef={"kind": "meshBuildingBlockRunner", "uuid": runner}, inputs=USES
    )
    definition = definition_of(version)
    subject = f"system:serviceaccount:{NAME}:workspace.platform.buildingblockdefinition.{definition}"
    own = world.api.ok("GET", f"/api/blockyard/v1/definitionversions/{version['metadata']['uuid']}/identity")

    assert federation(world, version) == {
        "issuer": "http://blockyard.test",
        "subject": subject,
        "gcp": {
            "audience": f"gcp-workload-identity-provider:{NAME}",
            "tokenPath": "/var/run/secrets/workload-identity/gcp/token",
        },
        "aws": {
            "audience": f"aws-workload-identity-provider:{NAME}",
            "tokenPath": "/var/run/secrets/workload-identity/aws/token",
        },
        "azure": {
            "audience": "api://AzureADTokenExchange",
            "tokenPath": "/var/run/secrets/workload-identity/azure/token",
        },
    }
    assert (own["subject"], own["usedClouds"], own["signedByBlockyard"]) == (subject, ["aws"], True)


def test_an_official_runner_without_a_declaration_has_no_identity_and_one_with_it_its_own(world: BlockWorld) -> None:
    official = a_runner(world, ours=False)
    declared: JsonObject = {"issuer": "https://oidc.example.org", "subjectTemplate": "fixed", "aws": CLOUD}
    other = a_runner(world, ours=False, workloadIdentityFederation=declared)
    refs = [{"kind": "meshBuildingBlockRunner", "uuid": uuid} for uuid in (official, other)]
    versions: list[Any] = [world.define(runnerRef=ref) for ref in refs]
    path = f"/api/blockyard/v1/definitionversions/{versions[0]['metadata']['uuid']}/identity"

    assert identity(world, official)["issuer"] is None
    assert federation(world, versions[0]) is None
    assert world.api.ok("GET", path)["issuer"] is None
    assert federation(world, versions[1]) == {"issuer": "https://oidc.example.org", "subject": "fixed", "aws": CLOUD}
    assert identity(world, other)["signedByBlockyard"] is False


def test_a_runner_may_choose_audiences_and_paths_but_no_subject_that_the_server_signs(world: BlockWorld) -> None:
    chosen: JsonObject = {"issuer": "http://blockyard.test", "subjectTemplate": TEMPLATE, "aws": CLOUD}
    runner = a_runner(world, workloadIdentityFederation=chosen)
    stolen = {**chosen, "subjectTemplate": f"system:serviceaccount:{NAME}:workspace.shop.buildingblockdefinition.x"}
    body = world.api.ok("GET", f"{PATH}/{runner}", media=RUNNER.media)
    body["spec"]["workloadIdentityFederation"] = stolen
    refused = world.api.send("PUT", f"{PATH}/{runner}", body, media=RUNNER.media)

    assert identity(world, runner)["aws"] == CLOUD
    assert identity(world, runner)["azure"] is None
    assert (refused.status_code, refused.json()["errorCode"]) == (400, "ForeignSubject")
    assert refused.json()["field"] == "/spec/workloadIdentityFederation/subjectTemplate"


def test_a_runner_changes_its_subjects_on_a_day_and_tells_ahead(world: BlockWorld, clock: FixedClock) -> None:
    runner = a_runner(world)
    version: Any = world.define(runnerRef={"kind": "meshBuildingBlockRunner", "uuid": runner}, inputs=USES)
    day = (clock() + timedelta(days=8)).isoformat()
    both = switched(world, runner, subjectForm="BOTH", movesOn=day).json()
    old = f"system:serviceaccount:{NAME}:{runner}"
    new = f"system:serviceaccount:{NAME}:workspace.platform.buildingblockdefinition.{definition_of(version)}"
    meanwhile = federation(world, version)
    _loop(world)
    early = [event.title for event in world.all_events() if "Soon" in event.title]
    clock.advance(timedelta(days=2).total_seconds())
    _loop(world)
    _loop(world)
    told = [event.title for event in world.all_events() if "Soon" in event.title]
    clock.advance(timedelta(days=6).total_seconds())
    on_the_day = federation(world, version)
    _loop(world)

    assert (both["subjectForm"], both["subjectTemplate"], both["otherSubjectTemplates"]) == ("BOTH", old, [TEMPLATE])
    assert both["usedBy"] == ["version 1 of 'Bucket' (aws)"]
    assert meanwhile is not None
    assert (meanwhile["subject"], meanwhile["otherSubjects"]) == (old, [new])
    assert (early, told) == ([], ["Building Block Runner Subject Changes Soon"])
    assert on_the_day is not None
    assert (on_the_day["subject"], "otherSubjects" in on_the_day) == (new, False)
    assert (identity(world, runner)["subjectForm"], identity(world, runner)["movesOn"]) == ("NEW", None)


def test_a_runner_whose_runs_use_no_tokens_moves_by_itself(world: BlockWorld) -> None:
    used, idle = a_runner(world), a_runner(world)
    world.define(runnerRef={"kind": "meshBuildingBlockRunner", "uuid": used}, workloadIdentity={"clouds": ["gcp"]})
    world.define(runnerRef={"kind": "meshBuildingBlockRunner", "uuid": idle})
    for runner in (used, idle):
        switched(world, runner, subjectForm="OLD")
    _loop(world)

    assert [identity(world, runner)["subjectForm"] for runner in (used, idle)] == ["OLD", "NEW"]


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({"subjectForm": "NEW", "movesOn": "2999-01-01T00:00:00Z"}, "NoSubjectChange", "/movesOn"),
        ({"subjectForm": "BOTH", "movesOn": "2000-01-01T00:00:00Z"}, "PastDay", "/movesOn"),
    ],
)
@pytest.mark.one_database
def test_a_day_that_makes_no_sense_is_refused(world: BlockWorld, said: JsonObject, code: str, field: str) -> None:
    refused = switched(world, a_runner(world), **said)

    assert (refused.status_code, refused.json()["errorCode"], refused.json()["field"]) == (400, code, field)


def test_others_see_the_identity_of_a_shared_runner_but_not_who_uses_it(world: BlockWorld) -> None:
    shared = "98520496-627d-43e6-82da-ce499179ff3f"
    world.define(inputs=USES)
    world.api.be(a_key("shop"))
    seen = identity(world, shared)
    refused = switched(world, shared, subjectForm="OLD")
    world.api.be(PLATFORM)
    also_refused = switched(world, shared, subjectForm="OLD")
    world.api.be(ADMINISTRATOR)

    assert seen["usedBy"] == []
    assert (refused.status_code, also_refused.status_code) == (403, 403)
    assert identity(world, shared)["usedBy"] == ["version 1 of 'Bucket' (aws)"]


@pytest.mark.one_database
def test_options_of_tokens_are_for_modules_only(world: BlockWorld) -> None:
    version: Any = world.define(released=False)
    version["spec"]["implementation"] = {"type": "manual", "manual": {}}
    version["spec"]["workloadIdentity"] = {"separatePlanSubject": True}
    path = f"/api/meshobjects/meshbuildingblockdefinitionversions/{version['metadata']['uuid']}"
    refused = world.api.send("PUT", path, version, media=VERSION.media)

    assert (refused.status_code, refused.json()["errorCode"]) == (400, "NoIdentityTokens")


def _loop(world: BlockWorld) -> None:
    world.db.write_now(world.runners.identities.move_due)
