"""The public Terraform provider's sequences of requests, as its newest version sends them. Source: api.md appendix E, 3.16 to 3.18.

What it polls is answered 200 in between, and says at last that it has ended.
"""

from typing import Any

import pytest

from blockyard.protocol import kinds
from blockyard.server.app.seeds import SHARED_RUNNER_UUID
from tests.support.echo import put
from tests.support.installation import an_input, an_output
from tests.support.matrix_bodies import a_tag
from tests.support.places import a_tenant
from tests.support.polling import Provider
from tests.support.whole_server import (
    BLOCKS,
    DEFINITIONS,
    RUNS,
    TERRAFORM,
    VERSIONS,
    Request,
    Tenancy,
    WholeServer,
    a_workspace,
    an_order,
    claim,
)

FINAL = {"SUCCEEDED", "FAILED", "ABORTED"}
POLICIES = ("versionUpgrade", "userInputChanges", "manualTriggers", "buildingBlockCreation", "anyInputChanges")
DEFINITION: Any = {
    "metadata": {"ownedByWorkspace": "platform", "tags": {}},
    "spec": {
        "displayName": "Bucket",
        "displayNameTemplate": "bucket {{name}}",
        "description": "Creates a bucket",
        "targetType": "WORKSPACE_LEVEL",
        "runTransparency": True,
        "useInLandingZonesOnly": False,
        "supportedPlatforms": None,
        "approvalPolicies": dict.fromkeys(POLICIES, False),
        "schedule": {"mode": "DISABLED", "frequency": "NONE", "automaticApproval": False},
    },
}
INPUTS: Any = {
    "name": an_input(),
    "size": an_input("INTEGER", isOptional=True, displayOrder=1),
    "reason": an_input(condition="input.size > 5", displayOrder=2),
    "settings": an_input("JSON", jsonSchema='{"type": "object"}', defaultValue={"a": 1}, displayOrder=3),
    "stage": an_input("CODE", "TAG", argument="WORKSPACE.stage", updateableByConsumer=False, displayOrder=4),
    "payment": an_input("CODE", "PAYMENT_METHOD", displayOrder=5),
}


@pytest.fixture(scope="module")
def provider(server: WholeServer, tenancy: Tenancy) -> Provider:
    """A provider; the run of the world has ended, and there is a tag."""
    found = Provider(server)
    tag = a_tag("meshWorkspace.stage")
    found.ok("POST", kinds.TAG_DEFINITION.collection, kinds.TAG_DEFINITION, tag)
    found.ok("DELETE", f"{BLOCKS}/{tenancy.block}/purge", kinds.BLOCK_V2)
    return found


@pytest.fixture(scope="module")
def released(provider: Provider) -> Any:
    """A released version of a definition with inputs of all new kinds, made as the provider makes it."""
    definition = provider.ok("POST", DEFINITIONS, kinds.DEFINITION, DEFINITION)
    uuid = definition["metadata"]["uuid"]
    (draft,) = provider.versions(uuid)
    spec = {
        **draft["spec"],
        "inputs": INPUTS,
        "outputs": {"result": an_output()},
        "implementation": {"type": "terraform", "terraform": dict(TERRAFORM)},
        "runnerRef": kinds.RUNNER.ref(str(SHARED_RUNNER_UUID)),
        "deletionMode": "DELETE",
    }
    address, document = f"{VERSIONS}/{draft['metadata']['uuid']}", {**draft, "spec": spec}
    saved = provider.ok("PUT", address, kinds.VERSION, document)
    assert provider.versions(uuid) == [saved]
    refreshed = provider.ok("GET", f"{DEFINITIONS}/{uuid}", kinds.DEFINITION)
    assert refreshed["spec"] == {**refreshed["spec"], **DEFINITION["spec"]}
    assert provider.ok("PUT", f"{DEFINITIONS}/{uuid}", kinds.DEFINITION, DEFINITION)["spec"] == refreshed["spec"]
    done = provider.ok("PUT", address, kinds.VERSION, put(saved, "spec/state", "RELEASED"))
    assert [version["spec"]["state"] for version in provider.versions(uuid)] == ["RELEASED"]
    return done


def order(version: Any, **inputs: Any) -> Any:
    """Return the order of a block as the provider sends it."""
    made: Any = an_order(version["metadata"]["uuid"])
    payment = {"value": "shop", "isSensitive": False}
    values = {key: {"value": value, "isSensitive": False} for key, value in inputs.items()}
    return put(put(made, "spec/inputs", {"payment": payment, **values}), "spec/displayName", "bucket {{name}}")


def test_a_released_version_gets_a_draft_and_the_draft_is_released(provider: Provider, released: Any) -> None:
    definition = released["spec"]["buildingBlockDefinitionRef"]["uuid"]
    body = {
        "metadata": {"ownedByWorkspace": "platform"},
        "spec": {**released["spec"], "versionNumber": 2, "state": "DRAFT"},
    }

    draft = provider.ok("POST", VERSIONS, kinds.VERSION, body)

    first, second = provider.versions(definition)
    assert (first["spec"], second) == (released["spec"], draft)
    assert draft["spec"] == {**released["spec"], "versionNumber": 2, "state": "DRAFT"}
    address = f"{VERSIONS}/{draft['metadata']['uuid']}"
    provider.ok("PUT", address, kinds.VERSION, put(draft, "spec/state", "RELEASED"))
    assert [version["spec"]["state"] for version in provider.versions(definition)] == ["RELEASED", "RELEASED"]
    listed = provider.ok("GET", DEFINITIONS, kinds.DEFINITION, includeAllPublished="true", page="0")
    assert definition in [one["metadata"]["uuid"] for one in listed["_embedded"]["meshBuildingBlockDefinitions"]]


def test_a_block_is_polled_to_its_end_changed_run_again_and_deleted(provider: Provider, released: Any) -> None:
    made = provider.ok("POST", BLOCKS, kinds.BLOCK_V2, order(released, name="one"))
    address = f"{BLOCKS}/{made['metadata']['uuid']}"
    assert made["status"]["status"] == "PENDING"

    def until_final() -> Any:
        return provider.poll(address, kinds.BLOCK_V2, lambda block: block["status"]["status"] in FINAL, provider.run)

    applied = until_final()
    assert (applied["status"]["status"], [*applied["status"]["outputs"]]) == ("SUCCEEDED", ["result"])
    assert applied["spec"]["displayName"] == "bucket {{name}}"
    renamed = provider.ok("PUT", address, kinds.BLOCK_V2, put(applied, "spec/displayName", "renamed"))
    assert (renamed["spec"]["displayName"], renamed["status"]["status"]) == ("renamed", "SUCCEEDED")
    waiting = provider.ok("PUT", address, kinds.BLOCK_V2, order(released, name="one", size=6))
    assert waiting["status"]["status"] == "WAITING_FOR_USER_INPUT"
    changed = provider.ok("PUT", address, kinds.BLOCK_V2, order(released, name="one", size=6, reason="much"))
    assert changed["status"]["status"] == "PENDING"
    until_final()
    same = provider.ok("PUT", address, kinds.BLOCK_V2, order(released, name="one", size=6, reason="much"))
    assert same["status"]["status"] == "SUCCEEDED"
    provider.ok("POST", f"{address}/trigger-run", kinds.BLOCK_V2)
    again = provider.ok("GET", address, kinds.BLOCK_V2)
    assert again["status"]["latestRunUuid"] not in {None, same["status"]["latestRunUuid"]}
    until_final()

    provider.ok("DELETE", address, kinds.BLOCK_V2)
    provider.poll(address, kinds.BLOCK_V2, _is_deleted, provider.run)


def test_a_plan_is_shown_and_then_applied(provider: Provider, released: Any) -> None:
    made = provider.ok("POST", BLOCKS, kinds.BLOCK_V2, order(released, name="three"))
    own = f"{kinds.OWN}/blocks/{made['metadata']['uuid']}"
    provider.run()

    provider.server.ok(Request("POST", f"{own}/detect"))
    planned = provider.run(plan=b"the plan")["metadata"]["uuid"]

    shown = Request("GET", f"{RUNS}/{planned}/plan-artifact", headers={"Accept": "*/*"})
    assert provider.server.send(shown).content == b"the plan"
    provider.server.ok(Request("POST", f"{own}/apply-plan"))
    applying: Any = claim(provider.server)
    plan = Request(
        "GET",
        f"{RUNS}/{planned}/planartifact",
        token=applying["spec"]["runToken"],
        headers={"Accept": "*/*"},
    )
    assert provider.server.send(plan).content == b"the plan"


def test_a_failed_block_tells_its_logs(provider: Provider, released: Any) -> None:
    made = provider.ok("POST", BLOCKS, kinds.BLOCK_V2, order(released, name="two"))
    address = f"{BLOCKS}/{made['metadata']['uuid']}"

    failed = provider.poll(
        address, kinds.BLOCK_V2, lambda block: block["status"]["status"] in FINAL, lambda: provider.run("FAILED")
    )

    assert failed["status"]["status"] == "FAILED"
    logs = provider.server.send(Request("GET", f"{RUNS}/{failed['status']['latestRunUuid']}/logs"))
    assert "intentionally broken" in logs.text
    provider.ok("DELETE", f"{address}/purge", kinds.BLOCK_V2)
    provider.poll(address, kinds.BLOCK_V2, _is_deleted, lambda: None)


def test_a_tenant_is_polled_imported_by_its_name_and_deleted(provider: Provider, tenancy: Tenancy) -> None:
    body = a_tenant(tenancy.platform, "dev", "shop", platformTenantId="known")
    made = provider.ok("POST", kinds.TENANT.collection, kinds.TENANT, body)
    address = kinds.TENANT.path(made["metadata"]["uuid"])

    there = provider.poll(address, kinds.TENANT, lambda one: bool(one["spec"]["platformTenantId"]), lambda: None)
    identifier = "k8s.global"
    named = {"workspaceIdentifier": "shop", "projectIdentifier": "dev", "platformIdentifier": identifier}
    found = provider.ok("GET", kinds.TENANT.collection, kinds.TENANT, **named)["_embedded"]["meshTenants"]
    assert [one["metadata"]["uuid"] for one in found] == [there["metadata"]["uuid"]]
    provider.ok("DELETE", address, kinds.TENANT)
    provider.poll(address, kinds.TENANT, _is_deleted, lambda: provider.server.ok(_confirmed(made["metadata"]["uuid"])))


def test_one_tag_of_a_workspace_is_set_and_taken_away(provider: Provider) -> None:
    provider.ok("POST", kinds.WORKSPACE.collection, kinds.WORKSPACE, a_workspace("tagged"))
    address = kinds.WORKSPACE.path("tagged")
    for tags in ({"stage": ["dev"]}, {}):
        before = provider.ok("GET", address, kinds.WORKSPACE)
        after = provider.ok("PUT", address, kinds.WORKSPACE, put(before, "metadata/tags", tags))
        assert (after["metadata"]["tags"], after["spec"]) == (tags, before["spec"])


def _is_deleted(document: Any) -> bool:
    state: str = document["status"].get("lifecycle", {}).get("state") or document["status"].get("state", "")
    return state == "DELETED"


def _confirmed(tenant: str) -> Request:
    return Request("POST", f"{kinds.OWN}/tenants/{tenant}/purge")
