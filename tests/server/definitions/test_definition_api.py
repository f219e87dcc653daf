"""The API of definitions: echo, permissions, lists, refusals, deletion."""

import base64
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from blockyard.protocol.kinds import DEFINITION, PLATFORM_TYPE
from blockyard.server.runners.model import CloudIdentity, Federation, RunnerId, RunnerSpec, RunnerType
from tests.support.clock import FixedClock
from tests.support.definitions import (
    DEFINITIONS,
    VERSIONS,
    Catalogue,
    a_definition,
    a_runner_for,
    definition_ref,
    next_draft,
    runner_ref,
    terraform,
)
from tests.support.places import a_platform_type
from tests.support.principals import ADMINISTRATOR, a_key
from tests.support.runner_keys import a_runner_key

NO_APPROVALS = {
    "versionUpgrade": False,
    "userInputChanges": False,
    "manualTriggers": False,
    "buildingBlockCreation": False,
    "anyInputChanges": False,
}
NO_SCHEDULE = {"mode": "DISABLED", "frequency": "NONE", "automaticApproval": False}


def a_schedule(mode: str = "DISABLED", frequency: str = "NONE", *, automatic: bool = False) -> Any:
    """Return a schedule."""
    return {"mode": mode, "frequency": frequency, "automaticApproval": automatic}


def test_a_new_definition_is_returned_as_it_was_sent_with_an_empty_draft(catalogue: Catalogue) -> None:
    created = catalogue.define()

    uuid = created["metadata"]["uuid"]
    version = created["status"]["versions"][0]["versionUuid"]
    symbol = created["spec"]["symbol"]
    assert symbol.startswith("data:image/svg+xml;base64,")
    assert created == {
        "apiVersion": "v1-preview",
        "kind": "meshBuildingBlockDefinition",
        "metadata": {"uuid": uuid, "ownedByWorkspace": "team", "tags": {}},
        "spec": {
            "displayName": "Bucket",
            "targetType": "WORKSPACE_LEVEL",
            "description": "Creates a bucket",
            "readme": None,
            "runTransparency": False,
            "useInLandingZonesOnly": False,
            "supportUrl": None,
            "documentationUrl": None,
            "notificationSubscriberUsernames": [],
            "symbol": symbol,
            "supportedPlatforms": None,
            "displayNameTemplate": None,
            "approvalPolicies": NO_APPROVALS,
            "schedule": NO_SCHEDULE,
        },
        "status": {
            "usageCount": 0,
            "versions": [{"versionUuid": version, "versionNumber": 1, "state": "DRAFT"}],
            "redactedForNonOwnerAccess": False,
            "latestVersion": 1,
            "latestVersionUuid": version,
            "latestReleasedVersion": None,
            "latestReleasedVersionUuid": None,
            "publicationState": "UNPUBLISHED",
        },
        "_links": {"self": {"href": f"http://blockyard.test{DEFINITIONS}/{uuid}"}},
    }
    assert catalogue.ok("GET", f"{DEFINITIONS}/{uuid}") == created


def test_the_first_version_is_manual_and_empty(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())

    assert draft["spec"] == {
        "buildingBlockDefinitionRef": draft["spec"]["buildingBlockDefinitionRef"],
        "versionNumber": 1,
        "state": "DRAFT",
        "runnerRef": {"uuid": "98520496-627d-43e6-82da-ce499179ff3f", "kind": "meshBuildingBlockRunner"},
        "onlyApplyOncePerTenant": False,
        "deletionMode": "DELETE",
        "permissions": [],
        "dependencyDefinitionRefs": [],
        "inputs": {},
        "outputs": {},
        "implementation": {"type": "manual"},
    }
    assert draft["status"] == {"state": "DRAFT", "usageCount": 0}


def test_everything_a_client_sends_comes_back(catalogue: Catalogue) -> None:
    image = "data:image/png;base64," + base64.b64encode(b"\x89PNG" * 100).decode()
    spec: Any = {
        "displayName": "Mailing list {{name}}",
        "targetType": "TENANT_LEVEL",
        "description": "",
        "readme": "| a | b |\n|---|---|\n| ✅ | `x` |",
        "runTransparency": True,
        "useInLandingZonesOnly": True,
        "supportUrl": "mailto:help@example.org",
        "documentationUrl": "https://docs.example.org/a?b=c#d",
        "notificationSubscriberUsernames": ["user:someone", "email:ops@example.com"],
        "symbol": image,
        "supportedPlatforms": [
            {"kind": "meshPlatformType", "name": "AZURE"},
            {"kind": "meshPlatformType", "name": "AWS"},
        ],
        "displayNameTemplate": "{{env}}-{{ name }}",
        "approvalPolicies": {**NO_APPROVALS, "versionUpgrade": True, "anyInputChanges": True},
        "schedule": {"mode": "DRIFT_RECONCILIATION", "frequency": "WEEKLY", "automaticApproval": True},
    }
    catalogue.seed_platform_types()
    catalogue.declare_tags("environment", options=["dev", "prod"])
    tags = {"environment": ["prod", "dev", "prod"]}

    created = catalogue.ok("POST", DEFINITIONS, a_definition(tags=tags | {"empty": []}, **spec))

    assert created["spec"] == spec
    assert created["metadata"]["tags"] == tags
    again = catalogue.ok("PUT", f"{DEFINITIONS}/{created['metadata']['uuid']}", created)
    assert again == created


def test_a_put_replaces_spec_and_tags_and_leaves_versions(catalogue: Catalogue) -> None:
    catalogue.declare_tags("a")
    definition, _version = catalogue.released(readme="old")
    path = f"{DEFINITIONS}/{definition['metadata']['uuid']}"

    changed = catalogue.ok("PUT", path, a_definition(tags={"a": ["b"]}, displayName="Other"))

    assert changed["spec"]["displayName"] == "Other"
    assert changed["spec"]["readme"] is None
    assert changed["metadata"]["tags"] == {"a": ["b"]}
    assert changed["status"]["latestReleasedVersion"] == 1
    assert catalogue.ok("GET", path) == changed


BAD_DEFINITIONS = [
    ({"displayName": ""}, "InvalidRequest", "/spec/displayName"),
    ({"displayName": "x" * 129}, "InvalidRequest", "/spec/displayName"),
    ({"supportUrl": "https://help.test/" + "x" * 238}, "InvalidRequest", "/spec/supportUrl"),
    ({"displayNameTemplate": "x" * 256}, "InvalidRequest", "/spec/displayNameTemplate"),
    ({"approvalPolicies": {"versionUpgrade": 1}}, "InvalidRequest", "/spec/approvalPolicies/versionUpgrade"),
    ({"schedule": {"mode": "SOMETIMES"}}, "InvalidRequest", "/spec/schedule/mode"),
    ({"schedule": a_schedule("DRIFT_DETECTION", "HOURLY")}, "InvalidRequest", "/spec/schedule/frequency"),
    ({"schedule": a_schedule("DISABLED", "DAILY")}, "BadSchedule", "/spec/schedule/frequency"),
    ({"schedule": a_schedule("DRIFT_DETECTION")}, "BadSchedule", "/spec/schedule/frequency"),
    ({"schedule": a_schedule(automatic=True)}, "BadSchedule", "/spec/schedule/automaticApproval"),
    (
        {"schedule": a_schedule("DRIFT_DETECTION", "DAILY", automatic=True)},
        "BadSchedule",
        "/spec/schedule/automaticApproval",
    ),
    ({"notificationSubscriberUsernames": ["user: x"]}, "BadSubscriber", "/spec/notificationSubscriberUsernames/0"),
    ({"displayName": 5}, "InvalidRequest", "/spec/displayName"),
    ({"description": "x" * 256}, "InvalidRequest", "/spec/description"),
    ({"targetType": "PLANET_LEVEL"}, "InvalidRequest", "/spec/targetType"),
    ({"runTransparency": "yes"}, "InvalidRequest", "/spec/runTransparency"),
    ({"supportUrl": "javascript:alert(1)"}, "BadUrl", "/spec/supportUrl"),
    ({"documentationUrl": "docs"}, "BadUrl", "/spec/documentationUrl"),
    ({"documentationUrl": "https://[bad"}, "BadUrl", "/spec/documentationUrl"),
    ({"supportUrl": "https://help.test:99999/"}, "BadUrl", "/spec/supportUrl"),
    ({"symbol": "https://[bad/x.png"}, "BadSymbol", "/spec/symbol"),
    ({"notificationSubscriberUsernames": ["someone"]}, "BadSubscriber", "/spec/notificationSubscriberUsernames/0"),
    ({"symbol": "brick"}, "BadSymbol", "/spec/symbol"),
    ({"symbol": "data:text/html;base64,PGI+"}, "BadSymbol", "/spec/symbol"),
    ({"symbol": "data:image/png;base64,A"}, "BadSymbol", "/spec/symbol"),
    (
        {"symbol": "data:image/png;base64," + base64.b64encode(b"x" * (100 * 1024 + 1)).decode()},
        "SymbolTooLarge",
        "/spec/symbol",
    ),
    ({"targetType": "TENANT_LEVEL"}, "MissingPlatforms", "/spec/supportedPlatforms"),
    ({"targetType": "TENANT_LEVEL", "supportedPlatforms": []}, "MissingPlatforms", "/spec/supportedPlatforms"),
    (
        {"supportedPlatforms": [{"kind": "meshPlatformType", "name": "AWS"}]},
        "UnexpectedPlatforms",
        "/spec/supportedPlatforms",
    ),
    (
        {"supportedPlatforms": [{"kind": "meshPlatform", "name": "AWS"}]},
        "InvalidRequest",
        "/spec/supportedPlatforms/0/kind",
    ),
    (
        {"targetType": "TENANT_LEVEL", "supportedPlatforms": [{"name": "NONE"}]},
        "UnknownPlatformType",
        "/spec/supportedPlatforms/0/name",
    ),
]


@pytest.mark.parametrize(("spec", "code", "field"), BAD_DEFINITIONS)
@pytest.mark.one_database
def test_a_bad_member_is_refused_by_name_with_a_remedy(
    catalogue: Catalogue, spec: dict[str, Any], code: str, field: str
) -> None:
    error = catalogue.refused(400, "POST", DEFINITIONS, a_definition(**spec))

    assert (error["errorCode"], error["field"]) == (code, field)
    assert error["remedy"]


def test_the_largest_symbol_is_accepted(catalogue: Catalogue) -> None:
    catalogue.define(symbol="data:image/png;base64," + base64.b64encode(b"x" * 100 * 1024).decode())


def test_owner_and_target_never_change(catalogue: Catalogue) -> None:
    path = f"{DEFINITIONS}/{catalogue.define()['metadata']['uuid']}"
    catalogue.be(ADMINISTRATOR)

    target = a_definition(targetType="TENANT_LEVEL", supportedPlatforms=[{"name": "AWS"}])
    assert catalogue.refused(400, "PUT", path, target)["field"] == "/spec/targetType"
    owner = catalogue.refused(400, "PUT", path, a_definition("shop"))
    assert (owner["errorCode"], owner["field"]) == ("Immutable", "/metadata/ownedByWorkspace")


def test_a_definition_of_an_unknown_workspace_is_refused(catalogue: Catalogue) -> None:
    catalogue.be(ADMINISTRATOR)
    error = catalogue.refused(404, "POST", DEFINITIONS, a_definition("nobody"))
    assert (error["errorCode"], error["field"]) == ("UnknownWorkspace", "/metadata/ownedByWorkspace")


def test_others_do_not_know_of_a_definition_that_was_never_released(catalogue: Catalogue) -> None:
    definition = catalogue.define()
    path = f"{DEFINITIONS}/{definition['metadata']['uuid']}"
    catalogue.be(a_key("shop"))

    for method, body in (("GET", None), ("PUT", a_definition()), ("DELETE", None)):
        assert catalogue.refused(404, method, path, body)["errorCode"] == "UnknownDefinition"
    versions = catalogue.ok("GET", f"{VERSIONS}?buildingBlockDefinitionUuid={definition['metadata']['uuid']}")
    assert versions["page"]["totalElements"] == 0
    assert catalogue.refused(403, "POST", DEFINITIONS, a_definition())["errorCode"] == "MissingPermission"


def test_others_see_of_a_definition_what_is_released(catalogue: Catalogue) -> None:
    definition, version = catalogue.released({"implementation": terraform()})
    uuid = definition["metadata"]["uuid"]
    draft = catalogue.ok("POST", VERSIONS, next_draft(version))
    assert catalogue.ok("GET", f"{DEFINITIONS}/{uuid}")["status"]["latestVersion"] == 2
    catalogue.be(a_key("shop"))

    status = catalogue.ok("GET", f"{DEFINITIONS}/{uuid}")["status"]

    released = version["metadata"]["uuid"]
    assert status == {
        "usageCount": None,
        "redactedForNonOwnerAccess": True,
        "versions": [{"versionUuid": released, "versionNumber": 1, "state": "RELEASED"}],
        "latestVersion": 1,
        "latestVersionUuid": released,
        "latestReleasedVersion": 1,
        "latestReleasedVersionUuid": released,
        "publicationState": "PUBLISHED",
    }
    assert catalogue.refused(403, "GET", f"{VERSIONS}?buildingBlockDefinitionUuid={uuid}")["errorCode"]
    shown = catalogue.ok("GET", f"{VERSIONS}/{released}")
    assert (shown["spec"]["implementation"], shown["status"]) == ({"type": "terraform"}, {"state": "RELEASED"})
    catalogue.refused(404, "GET", f"{VERSIONS}/{draft['metadata']['uuid']}")
    catalogue.refused(403, "PUT", f"{DEFINITIONS}/{uuid}", a_definition())
    catalogue.refused(403, "DELETE", f"{DEFINITIONS}/{uuid}")


def test_a_list_shows_own_definitions_and_on_demand_released_ones_of_others(catalogue: Catalogue) -> None:
    own = catalogue.define()["metadata"]["uuid"]
    catalogue.be(a_key("shop"))
    hidden = catalogue.ok("POST", DEFINITIONS, a_definition("shop"))["metadata"]["uuid"]
    open_ = catalogue.ok("POST", DEFINITIONS, a_definition("shop"))
    catalogue.edit(catalogue.draft(open_), state="RELEASED")
    released = open_["metadata"]["uuid"]

    def listed(**filters: str) -> list[str]:
        answer = catalogue.http.send("GET", DEFINITIONS, params=filters, media=DEFINITION.media).json()
        return [item["metadata"]["uuid"] for item in answer["_embedded"]["meshBuildingBlockDefinitions"]]

    assert listed() == [hidden, released]
    catalogue.be(a_key("team"))
    assert listed() == [own]
    assert listed(includeAllPublished="true") == [own, released]
    assert listed(includeAllPublished="true", ownedByWorkspace="shop") == [released]
    assert listed(includeAllPublished="true", ownedByWorkspace="nobody") == []
    assert listed(ownedByWorkspace="shop") == []
    catalogue.be(ADMINISTRATOR)
    assert listed() == [own, hidden, released]
    assert listed(size="1", page="1") == [hidden]


def test_how_many_blocks_use_a_definition_and_its_versions_is_shown_to_its_owner(catalogue: Catalogue) -> None:
    definition, version = catalogue.released()
    catalogue.blocks.of_definition[UUID(definition["metadata"]["uuid"])] = 7
    catalogue.blocks.of_version[UUID(version["metadata"]["uuid"])] = 3

    assert catalogue.ok("GET", f"{DEFINITIONS}/{definition['metadata']['uuid']}")["status"]["usageCount"] == 7
    assert catalogue.ok("GET", f"{VERSIONS}/{version['metadata']['uuid']}")["status"]["usageCount"] == 3


def test_a_definition_with_blocks_stays(catalogue: Catalogue) -> None:
    definition = catalogue.define()
    uuid = UUID(definition["metadata"]["uuid"])
    catalogue.blocks.of_definition[uuid] = 2

    error = catalogue.refused(409, "DELETE", f"{DEFINITIONS}/{uuid}")

    assert error["errorCode"] == "DefinitionInUse"
    assert "2 existing building blocks referencing" in error["message"]
    assert error["message"].endswith(f": block of {uuid}, 1 other")
    assert catalogue.blocks.forgotten == []


def test_a_deleted_definition_goes_with_its_versions_and_deleted_blocks(catalogue: Catalogue) -> None:
    definition, version = catalogue.released()
    uuid = definition["metadata"]["uuid"]

    answer = catalogue.http.send("DELETE", f"{DEFINITIONS}/{uuid}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert catalogue.blocks.forgotten == [UUID(uuid)]
    catalogue.refused(404, "GET", f"{DEFINITIONS}/{uuid}")
    catalogue.refused(404, "GET", f"{VERSIONS}/{version['metadata']['uuid']}")


def test_a_deletion_that_is_sent_again_succeeds_for_who_sent_it(catalogue: Catalogue, clock: FixedClock) -> None:
    path = f"{DEFINITIONS}/{catalogue.define()['metadata']['uuid']}"

    assert [catalogue.http.send("DELETE", path).status_code for _time in range(2)] == [204, 204]
    catalogue.be(a_key("shop"))
    catalogue.refused(404, "DELETE", path)
    catalogue.be(a_key("team"))
    clock.advance(3600)
    catalogue.refused(404, "DELETE", path)


def test_a_definition_others_depend_on_stays_while_their_latest_version_does(catalogue: Catalogue) -> None:
    parent, _released = catalogue.released(displayName="Parent")
    _child, version = catalogue.released({"dependencyDefinitionRefs": [definition_ref(parent)]}, displayName="Child")
    path = f"{DEFINITIONS}/{parent['metadata']['uuid']}"

    error = catalogue.refused(409, "DELETE", path)
    assert error["errorCode"] == "DefinitionInUse"
    assert "'Child'" in error["message"]

    catalogue.ok("POST", VERSIONS, next_draft(version, dependencyDefinitionRefs=[]))
    assert catalogue.http.send("DELETE", path).status_code == 204


@pytest.mark.parametrize("uuid", ["9b2f0b7e-1f1d-4a3c-9a52-6f1f3f9d4c11", "rubbish"])
def test_an_unknown_definition_is_no_defect(catalogue: Catalogue, uuid: str) -> None:
    for method, body in (("GET", None), ("PUT", a_definition()), ("DELETE", None)):
        answer = catalogue.http.send(method, f"{DEFINITIONS}/{uuid}", body)
        assert answer.status_code in {400, 404}, answer.text


def test_a_wrong_media_type_is_refused(catalogue: Catalogue) -> None:
    assert catalogue.http.send("GET", DEFINITIONS, media="text/plain").status_code == 406
    assert catalogue.http.send("POST", DEFINITIONS, a_definition(), media="application/json").status_code in {406, 415}


def test_platform_types_are_there_and_stay_while_a_definition_supports_them(catalogue: Catalogue) -> None:
    types = "/api/meshobjects/meshplatformtypes"

    def put(*names: str) -> Any:
        platforms = [{"kind": "meshPlatformType", "name": name} for name in names]
        return a_definition(targetType="TENANT_LEVEL", supportedPlatforms=platforms)

    def delete(name: str) -> Any:
        return catalogue.http.send("DELETE", f"{types}/{name}", media=PLATFORM_TYPE.media)

    catalogue.be(ADMINISTRATOR)
    for name in ("MAINFRAME", "SPARE"):
        catalogue.http.ok("POST", types, a_platform_type(name), media=PLATFORM_TYPE.media)
    path = f"{DEFINITIONS}/{catalogue.ok('POST', DEFINITIONS, put('MAINFRAME'))['metadata']['uuid']}"

    refused = catalogue.refused(400, "PUT", path, put("MAINFRAME", "NONE"))
    assert (refused["errorCode"], refused["field"]) == ("UnknownPlatformType", "/spec/supportedPlatforms/1/name")
    in_use = delete("MAINFRAME").json()["message"]
    assert in_use == "platform type 'MAINFRAME' is still used by building block definition 'Bucket'"
    catalogue.ok("PUT", path, put("SPARE"))
    assert delete("MAINFRAME").status_code == 204
    assert catalogue.http.send("DELETE", path).status_code == 204
    assert delete("SPARE").status_code == 204


def test_a_type_that_was_named_before_there_were_any_may_stay(catalogue: Catalogue) -> None:
    catalogue.seed_platform_types()
    sent = a_definition(targetType="TENANT_LEVEL", supportedPlatforms=[{"kind": "meshPlatformType", "name": "AWS"}])
    path = f"{DEFINITIONS}/{catalogue.ok('POST', DEFINITIONS, sent)['metadata']['uuid']}"
    catalogue.database.write_now(lambda tx: tx.execute(text("DELETE FROM platform_types WHERE name = 'AWS'")))

    assert catalogue.ok("PUT", path, sent)["spec"]["supportedPlatforms"] == sent["spec"]["supportedPlatforms"]


def test_each_version_shows_the_identity_that_its_runner_declares_to_the_owner(catalogue: Catalogue) -> None:
    declared = Federation(
        issuer="https://oidc.test",
        subject_template="ns:{{workspaceIdentifier}}.{{ buildingBlockDefinitionUuid }}",
        aws=CloudIdentity(audience="aws", token_path="/token"),
    )
    runner = a_runner_for(catalogue, a_runner_key("own"))
    definition, first = catalogue.released()
    draft = catalogue.ok("POST", VERSIONS, next_draft(first, runnerRef=runner_ref(runner)))
    path = f"{DEFINITIONS}/{definition['metadata']['uuid']}"

    before = catalogue.ok("GET", path)["status"]
    spec = RunnerSpec(
        workspace="team",
        display_name="own runner",
        public_key=a_runner_key("own").public_pem,
        implementation_type=RunnerType.ALL,
        federation=declared,
    )
    catalogue.database.write_now(lambda tx: catalogue.runners.update(tx, a_key("team"), RunnerId(runner), spec))
    shared, own = catalogue.ok("GET", path)["status"]["versions"]
    catalogue.edit(draft, state="RELEASED")
    catalogue.be(a_key("shop"))
    foreign = catalogue.ok("GET", path)["status"]

    assert not any("workloadIdentityFederation" in item for item in [*before["versions"], shared])
    assert own["workloadIdentityFederation"] == {
        "issuer": "https://oidc.test",
        "subject": f"ns:team.{definition['metadata']['uuid']}",
        "aws": {"audience": "aws", "tokenPath": "/token"},
    }
    assert (before["redactedForNonOwnerAccess"], foreign["redactedForNonOwnerAccess"]) == (False, True)
    assert not any("workloadIdentityFederation" in item for item in foreign["versions"])
