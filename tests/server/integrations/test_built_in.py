"""The identities of the installation among the integrations. Source: api.md 3.13, concepts.md 14."""

import pytest

from blockyard.server.integrations.identity import federation_of
from blockyard.server.integrations.model import IntegrationType
from blockyard.server.issuer.model.workload import Installation
from tests.support.definitions import INTEGRATIONS, Catalogue, an_integration
from tests.support.principals import ADMINISTRATOR, a_key


@pytest.fixture(autouse=True)
def _seeded(catalogue: Catalogue) -> None:
    for _ in range(2):
        catalogue.database.write_now(lambda tx: catalogue.integrations.seed(tx, "admin"))


def test_everybody_who_lists_integrations_sees_whom_clouds_trust(catalogue: Catalogue) -> None:
    own = catalogue.connect()
    catalogue.be(a_key("team", "INTEGRATION_LIST"))

    replicator, metering, seen = sorted(
        catalogue.ok("GET", INTEGRATIONS)["_embedded"]["meshIntegrations"],
        key=lambda one: ["replicator", "metering", "github"].index(one["spec"]["config"]["type"]),
    )

    assert seen == own
    assert replicator["spec"] == {"displayName": "Replicator", "config": {"type": "replicator"}}
    assert replicator["status"] == {
        "isBuiltIn": True,
        "workloadIdentityFederation": {
            "issuer": "http://blockyard.test",
            "subject": "system:serviceaccount:blockyard-test:replicator",
            "gcp": {"audience": "gcp-workload-identity-provider:blockyard-test"},
            "aws": {"audience": "aws-workload-identity-provider:blockyard-test", "thumbprint": "f" * 40},
            "azure": {"audience": "api://AzureADTokenExchange"},
        },
    }
    assert metering["status"]["workloadIdentityFederation"]["subject"].endswith(":metering")
    assert catalogue.ok("GET", f"{INTEGRATIONS}/{metering['metadata']['uuid']}") == metering


def test_who_lists_no_integrations_sees_none(catalogue: Catalogue) -> None:
    [replicator, _] = catalogue.ok("GET", INTEGRATIONS)["_embedded"]["meshIntegrations"]
    path = f"{INTEGRATIONS}/{replicator['metadata']['uuid']}"
    catalogue.be(a_key("team", "RUNNER_LIST"))

    catalogue.refused(404, "GET", path)
    catalogue.refused(403, "GET", INTEGRATIONS)


def test_nobody_makes_changes_or_deletes_one(catalogue: Catalogue) -> None:
    [replicator, _] = catalogue.ok("GET", INTEGRATIONS)["_embedded"]["meshIntegrations"]
    path = f"{INTEGRATIONS}/{replicator['metadata']['uuid']}"

    catalogue.be(ADMINISTRATOR)
    for method, at in (("POST", INTEGRATIONS), ("PUT", path)):
        refused = catalogue.refused(400, method, at, replicator)
        assert (refused["errorCode"], refused["field"]) == ("BuiltIn", "/spec/config/type")
    assert catalogue.refused(409, "PUT", path, an_integration(workspace="admin"))["errorCode"] == "BuiltIn"
    assert catalogue.refused(409, "DELETE", path)["errorCode"] == "BuiltIn"
    catalogue.be(a_key("team", "INTEGRATION_LIST", "INTEGRATION_DELETE"))
    catalogue.refused(403, "DELETE", path)


@pytest.mark.parametrize(
    ("issuer", "name"),
    [
        ("https://Blocks.Example.org:8443/x", "blocks-example-org"),
        ("http://[::1]:80", "1"),
    ],
)
@pytest.mark.one_database
def test_the_name_of_an_installation_is_its_host(issuer: str, name: str) -> None:
    assert (
        federation_of(Installation(issuer), IntegrationType.METERING)["subject"]
        == f"system:serviceaccount:{name}:metering"
    )
