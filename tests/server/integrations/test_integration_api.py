"""The API of integrations: CRUD, secrets, permissions, refusals. Source: api.md 3.13 and 2.2, concepts.md 9.3 and 13."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from blockyard.protocol.kinds import INTEGRATION
from blockyard.server.integrations.model import IntegrationId
from blockyard.server.runners.model import RunnerId, RunnerSpec, RunnerType
from tests.support.definitions import (
    INTEGRATIONS,
    SHARED_KEY,
    Catalogue,
    a_runner_for,
    an_integration,
    integration_ref,
    runner_ref,
)
from tests.support.principals import ADMINISTRATOR, a_key
from tests.support.runner_keys import RunnerKey, a_runner_key

PEM = "-----BEGIN RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("type_", "secret"), [("github", "appPrivateKey"), ("gitlab", None), ("azuredevops", "personalAccessToken")]
)
def test_an_integration_is_returned_as_it_was_sent_with_a_hash_for_its_secret(
    catalogue: Catalogue, type_: str, secret: str | None
) -> None:
    sent = an_integration(type_, baseUrl=" https://ci.example.org// ")

    created = catalogue.ok("POST", INTEGRATIONS, sent)

    uuid, settings = created["metadata"]["uuid"], sent["spec"]["config"][type_]
    shown = created["spec"]["config"][type_]
    if secret is not None:
        assert list(shown[secret]) == ["hash"]
        assert shown[secret]["hash"].startswith("sha256:")
        settings = {**settings, secret: shown[secret]}
    assert created == {
        "apiVersion": "v1",
        "kind": "meshIntegration",
        "metadata": {"uuid": uuid, "ownedByWorkspace": "team"},
        "spec": {"displayName": "CI", "config": {"type": type_, type_: settings}},
        "status": {"isBuiltIn": False, "workloadIdentityFederation": None},
        "_links": {"self": {"href": f"http://blockyard.test{INTEGRATIONS}/{uuid}"}},
    }
    assert catalogue.ok("GET", f"{INTEGRATIONS}/{uuid}") == created
    assert catalogue.ok("GET", INTEGRATIONS)["_embedded"]["meshIntegrations"] == [created]


def test_without_a_runner_the_shared_one_is_used(catalogue: Catalogue) -> None:
    sent = an_integration()
    del sent["spec"]["config"]["github"]["runnerRef"]

    assert catalogue.ok("POST", INTEGRATIONS, sent)["spec"]["config"]["github"]["runnerRef"] == runner_ref()


def test_everything_but_owner_and_type_may_change(catalogue: Catalogue) -> None:
    made = catalogue.connect()
    path = f"{INTEGRATIONS}/{made['metadata']['uuid']}"
    kept = made["spec"]["config"]["github"]["appPrivateKey"]

    changed = an_integration(owner="other", appId="4712", appPrivateKey={"plaintext": PEM})
    changed["spec"]["displayName"] = "renamed"
    answer = catalogue.ok("PUT", path, changed)

    changed["spec"]["config"]["github"]["appPrivateKey"] = kept
    assert answer["spec"] == changed["spec"]
    assert catalogue.ok("GET", path) == answer
    assert catalogue.ok("PUT", path, changed) == answer
    error = catalogue.refused(400, "PUT", path, an_integration(workspace="shop"))
    assert (error["errorCode"], error["field"]) == ("Immutable", "/metadata/ownedByWorkspace")
    error = catalogue.refused(400, "PUT", path, an_integration("gitlab"))
    assert (error["errorCode"], error["field"]) == ("Immutable", "/spec/config/type")


def test_a_secret_is_sealed_to_the_runner_and_never_shown(catalogue: Catalogue) -> None:
    made = catalogue.connect(appPrivateKey={"plaintext": "first-s3cret"})
    path = f"{INTEGRATIONS}/{made['metadata']['uuid']}"
    first = made["spec"]["config"]["github"]["appPrivateKey"]

    again = catalogue.ok("PUT", path, an_integration(appPrivateKey={"plaintext": "first-s3cret"}))
    rotated = catalogue.ok("PUT", path, an_integration(appPrivateKey={"plaintext": "second-s3cret"}))

    assert again == made
    assert rotated["spec"]["config"]["github"]["appPrivateKey"] != first
    assert opened(catalogue, made, SHARED_KEY) == "second-s3cret"
    error = catalogue.refused(400, "PUT", path, an_integration(appPrivateKey=first))
    assert (error["errorCode"], error["field"]) == ("UnknownSecret", "/spec/config/github/appPrivateKey/hash")
    everything = catalogue.dump() + "".join(catalogue.http.answers)
    assert "first-s3cret" not in everything
    assert "second-s3cret" not in everything


def test_another_runner_asks_for_the_secret_again(catalogue: Catalogue) -> None:
    made = catalogue.connect()
    key = a_runner_key("second")
    runner = a_runner_for(catalogue, key)
    path = f"{INTEGRATIONS}/{made['metadata']['uuid']}"
    kept = made["spec"]["config"]["github"]["appPrivateKey"]

    error = catalogue.refused(400, "PUT", path, an_integration(appPrivateKey=kept, runnerRef=runner_ref(runner)))
    catalogue.ok("PUT", path, an_integration(runnerRef=runner_ref(runner)))

    assert (error["errorCode"], error["field"]) == (
        "SecretOfAnotherKey",
        "/spec/config/github/appPrivateKey/hash",
    )
    assert "again" in error["remedy"]
    assert opened(catalogue, made, key) == PEM


@pytest.mark.parametrize(
    ("type_", "member", "settings"),
    [
        ("github", "appPrivateKey", {"baseUrl": "https://evil.example.org"}),
        ("github", "appPrivateKey", {"baseUrl": "https://github.com:8443"}),
        ("github", "appPrivateKey", {"baseUrl": "http://github.com"}),
        ("github", "appPrivateKey", {"owner": "mallory"}),
        ("azuredevops", "personalAccessToken", {"baseUrl": "https://dev.azure.com.evil.org"}),
        ("azuredevops", "personalAccessToken", {"organization": "mallory"}),
    ],
)
@pytest.mark.one_database
def test_a_kept_secret_is_not_sent_to_another_host_or_account(
    catalogue: Catalogue, type_: str, member: str, settings: dict[str, str]
) -> None:
    made = catalogue.connect(type_)
    path = f"{INTEGRATIONS}/{made['metadata']['uuid']}"
    kept: dict[str, Any] = {member: made["spec"]["config"][type_][member]}

    new: dict[str, Any] = {member: {"plaintext": PEM}}

    error = catalogue.refused(400, "PUT", path, an_integration(type_, **kept, **settings))

    assert error["errorCode"] == "SecretOfAnotherTarget"
    assert error["field"] == f"/spec/config/{type_}/{member}/hash"
    catalogue.ok("PUT", path, an_integration(type_, **kept))
    catalogue.ok("PUT", path, an_integration(type_, **new, **settings))


def test_another_way_to_write_the_same_host_keeps_the_secret(catalogue: Catalogue) -> None:
    made = catalogue.connect("azuredevops", baseUrl="https://dev.azure.com")
    path = f"{INTEGRATIONS}/{made['metadata']['uuid']}"
    kept = made["spec"]["config"]["azuredevops"]["personalAccessToken"]

    for address in ("https://DEV.azure.com:443/", "https://dev.azure.com/tfs"):
        catalogue.ok("PUT", path, an_integration("azuredevops", baseUrl=address, personalAccessToken=kept))


def test_trigger_tokens_of_versions_are_not_sent_to_another_gitlab(catalogue: Catalogue) -> None:
    made = catalogue.connect("gitlab")
    uuid = made["metadata"]["uuid"]
    pipeline = {
        "projectId": "1",
        "refName": "main",
        "integrationRef": {"uuid": uuid, "kind": "meshIntegration"},
        "pipelineTriggerToken": {"plaintext": "tr1gger"},
    }
    catalogue.edit(
        catalogue.draft(catalogue.define()), implementation={"type": "gitlabPipeline", "gitlabPipeline": pipeline}
    )
    elsewhere = an_integration("gitlab", baseUrl="https://evil.example.org")

    error = catalogue.refused(409, "PUT", f"{INTEGRATIONS}/{uuid}", elsewhere)

    assert (error["errorCode"], error["field"]) == ("InUse", "/spec/config/gitlab/baseUrl")
    renamed = an_integration("gitlab")
    renamed["spec"]["displayName"] = "renamed"
    catalogue.ok("PUT", f"{INTEGRATIONS}/{uuid}", renamed)


def test_what_a_version_uses_cannot_be_deleted(catalogue: Catalogue) -> None:
    made = catalogue.connect()
    path = f"{INTEGRATIONS}/{made['metadata']['uuid']}"
    definition, _ = catalogue.released(a_pipeline(made))

    error = catalogue.refused(409, "DELETE", path)
    catalogue.http.send("DELETE", definition["_links"]["self"]["href"])
    deleted = catalogue.http.send("DELETE", path, media=INTEGRATION.media)
    again = catalogue.http.send("DELETE", path, media=INTEGRATION.media)

    assert error["errorCode"] == "InUse"
    assert "version 1 of 'Bucket'" in error["message"]
    assert (deleted.status_code, again.status_code) == (204, 204)
    catalogue.refused(404, "GET", path)


def test_the_runner_and_the_workspace_of_an_integration_are_in_use(catalogue: Catalogue) -> None:
    runner = a_runner_for(catalogue, a_runner_key("second"))
    catalogue.connect(runnerRef=runner_ref(runner))

    def read(workspace: str) -> Sequence[str]:
        return catalogue.database.read_now(lambda tx: catalogue.integrations.of_workspace(tx, workspace))

    assert catalogue.database.read_now(lambda tx: catalogue.integrations.of_runner(tx, RunnerId(runner))) == [
        "integration 'CI'"
    ]
    assert read("team") == ["1 integration"]
    assert read("shop") == []


def test_integrations_of_others_are_unknown(catalogue: Catalogue) -> None:
    made = catalogue.connect()
    path = f"{INTEGRATIONS}/{made['metadata']['uuid']}"

    catalogue.be(a_key("shop"))
    catalogue.refused(404, "GET", path)
    catalogue.refused(404, "PUT", path, an_integration())
    catalogue.refused(404, "DELETE", path)
    catalogue.refused(403, "POST", INTEGRATIONS, an_integration())
    assert catalogue.ok("GET", INTEGRATIONS)["page"]["totalElements"] == 0
    catalogue.be(ADMINISTRATOR)
    assert catalogue.ok("GET", INTEGRATIONS)["page"]["totalElements"] == 1
    catalogue.ok("PUT", path, an_integration())


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_unknown_integration_is_not_found(catalogue: Catalogue, method: str) -> None:
    body = an_integration() if method == "PUT" else None

    assert catalogue.refused(404, method, f"{INTEGRATIONS}/{uuid4()}", body)["errorCode"] == "UnknownIntegration"


def test_a_stored_base_url_that_is_malformed_can_be_replaced(catalogue: Catalogue) -> None:
    made = catalogue.connect(baseUrl="https://github.test")
    path = f"{INTEGRATIONS}/{made['metadata']['uuid']}"
    statement = text("UPDATE integrations SET settings = replace(settings, 'https://github.test', 'https://[bad')")
    catalogue.database.write_now(lambda tx: tx.execute(statement))

    error = catalogue.refused(400, "PUT", path, catalogue.ok("GET", path))
    mended = catalogue.ok("PUT", path, an_integration(baseUrl="https://github.test"))

    assert error["errorCode"] == "BadBaseUrl"
    assert mended["spec"]["config"]["github"]["baseUrl"] == "https://github.test"


BAD: list[tuple[str, dict[str, Any], str, str]] = [
    ("github", {"baseUrl": "github.com"}, "BadBaseUrl", "/baseUrl"),
    ("github", {"baseUrl": "   "}, "BadBaseUrl", "/baseUrl"),
    ("github", {"baseUrl": ""}, "InvalidRequest", "/baseUrl"),
    ("github", {"baseUrl": "https://user:pass@github.com"}, "BadBaseUrl", "/baseUrl"),
    ("github", {"baseUrl": "https://github.com?x=1"}, "BadBaseUrl", "/baseUrl"),
    ("github", {"baseUrl": "file:///etc/passwd"}, "BadBaseUrl", "/baseUrl"),
    ("github", {"baseUrl": "https://github.com/a b"}, "BadBaseUrl", "/baseUrl"),
    ("github", {"baseUrl": "https://[bad"}, "BadBaseUrl", "/baseUrl"),
    ("github", {"baseUrl": "https://a\uff0fb"}, "BadBaseUrl", "/baseUrl"),
    ("github", {"baseUrl": "https://github.com:99999"}, "BadBaseUrl", "/baseUrl"),
    ("github", {"baseUrl": "https://github.com:abc"}, "BadBaseUrl", "/baseUrl"),
    ("github", {"owner": "a/b"}, "BadIntegration", "/owner"),
    ("github", {"owner": ".."}, "BadIntegration", "/owner"),
    ("github", {"owner": None}, "InvalidRequest", "/owner"),
    ("github", {"appId": 4711}, "InvalidRequest", "/appId"),
    ("github", {"appId": " "}, "BadIntegration", "/appId"),
    ("github", {"appPrivateKey": None}, "MissingSecret", "/appPrivateKey"),
    ("github", {"appPrivateKey": {}}, "MissingSecret", "/appPrivateKey"),
    ("github", {"appPrivateKey": {"hash": "sha256:x"}}, "UnknownSecret", "/appPrivateKey/hash"),
    ("github", {"appPrivateKey": {"hash": "x", "plaintext": "y"}}, "InvalidRequest", "/appPrivateKey"),
    ("github", {"appPrivateKey": "s3cret-as-text"}, "InvalidRequest", "/appPrivateKey"),
    ("github", {"appPrivateKey": {"plaintext": ""}}, "InvalidRequest", "/appPrivateKey/plaintext"),
    ("github", {"runnerRef": {"uuid": "x"}}, "InvalidRequest", "/runnerRef/uuid"),
    ("github", {"runnerRef": runner_ref(UUID(int=7))}, "UnknownRunner", "/runnerRef/uuid"),
    ("azuredevops", {"organization": "a?b"}, "BadIntegration", "/organization"),
    ("azuredevops", {"personalAccessToken": {}}, "MissingSecret", "/personalAccessToken"),
    ("gitlab", {"baseUrl": "gitlab"}, "BadBaseUrl", "/baseUrl"),
]


@pytest.mark.parametrize(("type_", "settings", "code", "member"), BAD)
@pytest.mark.one_database
def test_bad_settings_are_refused_by_name(
    catalogue: Catalogue, type_: str, settings: dict[str, Any], code: str, member: str
) -> None:
    error = catalogue.refused(400, "POST", INTEGRATIONS, an_integration(type_, **settings))

    assert (error["errorCode"], error["field"]) == (code, f"/spec/config/{type_}{member}")
    assert "s3cret" not in str(error)


@pytest.mark.parametrize(
    ("config", "code", "field"),
    [
        ({"type": "entraid", "entraid": {}}, "InvalidRequest", "/spec/config/entraid/tenantId"),
        ({"type": "replicator"}, "BuiltIn", "/spec/config/type"),
        ({"type": "github"}, "MissingSettings", "/spec/config/github"),
        ({"type": "github", "gitlab": {"baseUrl": "https://gitlab.com"}}, "MissingSettings", "/spec/config/github"),
        ({}, "InvalidRequest", "/spec/config/type"),
    ],
)
@pytest.mark.one_database
def test_bad_configurations_are_refused(catalogue: Catalogue, config: Any, code: str, field: str) -> None:
    body = an_integration()
    body["spec"]["config"] = config

    error = catalogue.refused(400, "POST", INTEGRATIONS, body)

    assert (error["errorCode"], error["field"]) == (code, field)


def test_an_unknown_owner_is_refused(catalogue: Catalogue) -> None:
    catalogue.be(ADMINISTRATOR)

    error = catalogue.refused(404, "POST", INTEGRATIONS, an_integration(workspace="nowhere"))

    assert (error["errorCode"], error["field"]) == ("UnknownWorkspace", "/metadata/ownedByWorkspace")


def test_a_runner_must_be_usable_and_of_the_right_type(catalogue: Catalogue) -> None:
    foreign = a_runner_for(catalogue, a_runner_key("second"), "shop")
    spec = RunnerSpec(
        workspace="team",
        display_name="engine",
        public_key=SHARED_KEY.public_pem,
        implementation_type=RunnerType.TERRAFORM,
    )
    engine = catalogue.database.write_now(lambda tx: catalogue.runners.create(tx, a_key("team"), spec)).id

    for runner, code in ((foreign, "UnknownRunner"), (engine, "WrongRunnerType")):
        error = catalogue.refused(400, "POST", INTEGRATIONS, an_integration(runnerRef=runner_ref(runner)))
        assert (error["errorCode"], error["field"]) == (code, "/spec/config/github/runnerRef/uuid")


def a_pipeline(integration: Any, **settings: Any) -> dict[str, Any]:
    """Return the members of a version that runs a GitHub workflow."""
    workflow = {
        "repository": "bucket",
        "branch": "main",
        "applyWorkflow": "apply.yml",
        "destroyWorkflow": "destroy.yml",
        "async": False,
        "omitRunObjectInput": False,
        "integrationRef": integration_ref(integration),
        **settings,
    }
    return {"implementation": {"type": "githubWorkflows", "githubWorkflows": workflow}}


def opened(catalogue: Catalogue, integration: Any, key: RunnerKey) -> str:
    """Return the secret as the runner reads it."""
    uuid = IntegrationId(UUID(integration["metadata"]["uuid"]))
    stored = catalogue.database.read_now(lambda tx: catalogue.integrations.by_id(tx, uuid))
    assert stored.secret is not None
    return key.open(stored.secret.sealed)
