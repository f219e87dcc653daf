"""What the installation holds that each release leaves a dump of: how it is filled, and what a later version must find.

Everything goes over HTTP, so that a release can be filled by its own server. What is added here later is found only in dumps
of later releases: `check` asks for it from the release on that has it.
"""

import json
from base64 import b64encode
from pathlib import Path

import httpx2

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import PAYMENT_METHOD, PROJECT, TAG_DEFINITION
from blockyard.protocol.sealing import load_private_key, unseal
from tests.support.installation import (
    SHARED_RUNNER,
    Installation,
    an_input,
    an_output,
    outputs,
    secret,
    status,
    text_of,
    value,
)
from tests.support.places import (
    KUBERNETES,
    a_landing_zone,
    a_location,
    a_platform,
    a_platform_type,
    a_tenant,
    properties,
)
from tests.support.release_own_kinds import check_own, fill_own
from tests.support.tags import a_tag

OBJECTS = "/api/meshobjects"
BLOCKS = f"{OBJECTS}/meshbuildingblocks"
RUNS = f"{OBJECTS}/meshbuildingblockruns"
DATA = Path(__file__).parents[1] / "data"
SEALING = DATA / "sealing"
"""The key pair of the runner."""

FIRST, SECOND = "correct-horse", "battery-staple"
"""The secret of the first run, and of the one that still waits."""
UNSIGNED = httpx2.Auth()
"""Leaves the credential of a request as it is."""
STATE: JsonObject = {
    "version": 4,
    "terraform_version": "1.11.4",
    "serial": 1,
    "lineage": "3f9e",
    "outputs": {"url": {"value": "https://bucket.example.test", "type": "string"}},
    "resources": [],
}


_REPLICATION: JsonObject = {"clientConfig": {"accessToken": {"plaintext": FIRST}}, "namespaceNamePattern": "x"}


def fill(installed: Installation) -> None:
    """Put something of each kind into a new installation: runs that ended, one that waits, a state, secrets."""
    platform, shop = installed.workspace("platform"), installed.workspace("shop")
    payment: JsonObject = {"displayName": "Budget", "expirationDate": "2026-12-31", "amount": 25000, "tags": {}}
    _make(installed, "meshpaymentmethods", PAYMENT_METHOD.media, _named("budget", shop) | {"spec": payment})
    _make(installed, "meshtagdefinitions", TAG_DEFINITION.media, a_tag())
    project: JsonObject = {"displayName": "Dev", "tags": {"env": ["dev"]}, "paymentMethodIdentifier": "budget"}
    _make(installed, "meshprojects", PROJECT.media, _named("dev", shop) | {"spec": project})
    _fill_places(installed, platform)
    _bind_people(installed, shop)
    integration: JsonObject = {"baseUrl": "https://gitlab.example.test", "runnerRef": _runner_ref(SHARED_RUNNER)}
    _make(
        installed,
        "meshintegrations",
        kinds.INTEGRATION.media,
        {
            "metadata": {"ownedByWorkspace": platform},
            "spec": {"displayName": "GitLab", "config": {"type": "gitlab", "gitlab": integration}},
        },
    )
    by_hand = installed.define({"type": "manual"}, inputs={"size": an_input("INTEGER")}, owner=platform)
    done = installed.ordered(by_hand, {"size": value(16)})
    assert status(done) == "SUCCEEDED"
    block = text_of(installed.order(_bucket(installed, platform), _inputs(FIRST)), "metadata", "uuid")
    _work(installed, FIRST, state=STATE)
    assert status(installed.block(block)) == "SUCCEEDED"
    installed.change(block, _inputs(SECOND))
    fill_own(installed, definition=_definition_of(installed, by_hand), block=text_of(done, "metadata", "uuid"))


def check(installed: Installation) -> None:
    """Find everything again, and do what was left to do."""
    workspaces = {
        name: _read(installed, f"meshworkspaces/{name}", kinds.WORKSPACE.media) for name in ("platform", "shop")
    }
    assert [text_of(workspace, "metadata", "name") for workspace in workspaces.values()] == ["platform", "shop"]
    project = _read(installed, "meshprojects/shop.dev", PROJECT.media)
    assert text_of(project, "spec", "displayName") == "Dev"
    if '"paymentMethodIdentifier": null' not in json.dumps(project):  # from the first release on that has them
        method = _read(installed, "meshpaymentmethods/budget", PAYMENT_METHOD.media)
        assert '"expirationDate": "2026-12-31", "amount": 25000' in json.dumps(method)
    _check_places(installed)
    people = installed.client.get("/api/blockyard/v1/projects/shop.dev/bindings").json()["_embedded"]
    if bound := people["meshProjectUserBindings"]:  # from the first release on that has them
        assert [text_of(one, "roleRef", "name") for one in bound] == ["Project Reader"]
        group = installed.client.get("/api/blockyard/v1/groups/devs").json()
        assert group["members"] == ["admin"]
    users = installed.client.get("/api/blockyard/v1/users").json()["_embedded"]["users"]
    roles = {user["username"]: user["adminRoles"] for user in users}
    assert {name for name in roles if roles[name]} == {"admin"}
    assert roles["admin"] == ["Organization Admin"]
    check_own(installed)
    if '"env": ["dev"]' in json.dumps(project):
        definition = _read(installed, "meshtagdefinitions/meshProject.env", TAG_DEFINITION.media)
        assert '"options": ["dev", "test", "prod"]' in json.dumps(definition)
    integrations = _read(installed, "meshintegrations", kinds.INTEGRATION.media)
    assert "https://gitlab.example.test" in json.dumps(integrations)

    definitions = _read(installed, "meshbuildingblockdefinitions", kinds.DEFINITION.media)
    assert '"publicationState": "PUBLISHED"' in json.dumps(definitions)
    assert "UNPUBLISHED" not in json.dumps(definitions)
    blocks = _blocks(installed)
    by_hand, bucket = blocks["size"], blocks["password"]
    assert (status(by_hand), outputs(by_hand)) == ("SUCCEEDED", {"size": 16})
    assert (status(bucket), outputs(bucket)) == ("PENDING", {"url": "https://bucket.example.test"})
    uuid = text_of(bucket, "metadata", "uuid")
    runs = _read(installed, f"meshbuildingblockruns?buildingBlockUuid={uuid}", kinds.RUN.media)
    assert "created the bucket" in _logs(installed, runs)
    answer = installed.client.get(f"/api/terraform/state/workspace/shop/buildingBlock/{uuid}")
    assert answer.json() == STATE

    _work(installed, SECOND)
    assert status(installed.block(uuid)) == "SUCCEEDED"
    installed.change(text_of(by_hand, "metadata", "uuid"), {"size": value(32)})
    assert outputs(installed.settled(text_of(by_hand, "metadata", "uuid"))) == {"size": 32}
    assert installed.client.get("/api/blockyard/v1/events").json()


def _definition_of(installed: Installation, version: str) -> str:
    found = _read(installed, f"meshbuildingblockdefinitionversions/{version}", kinds.VERSION.media)
    return text_of(found, "spec", "buildingBlockDefinitionRef", "uuid")


def _fill_places(installed: Installation, owner: str) -> None:
    """Make a platform with a secret in a location of its own, and a landing zone."""
    _make(installed, "meshlocations", kinds.LOCATION.media, a_location(workspace=owner))
    _make(installed, "meshplatformtypes", kinds.PLATFORM_TYPE.media, a_platform_type(workspace=owner))
    config = {**KUBERNETES, "kubernetes": {**KUBERNETES["kubernetes"], "replication": _REPLICATION}}
    sent = a_platform("k8s", owner, locationRef={"name": "fra-dc1"}, config=config, contributingWorkspaces=["shop"])
    made = _make(installed, "meshplatforms", kinds.PLATFORM.media, sent)
    zone = a_landing_zone(text_of(made, "metadata", "uuid"), "k8s", owner, platformProperties=properties("kubernetes"))
    _make(installed, "meshlandingzones", kinds.LANDING_ZONE.media, zone)
    tenant = a_tenant(text_of(made, "metadata", "uuid"), "dev", "shop", platformTenantId="shop-dev")
    _make(installed, "meshtenants", kinds.TENANT.media, tenant)


def _check_places(installed: Installation) -> None:
    """Find what every installation has, and what was made; a kept secret still opens."""
    _read(installed, "meshlocations/global", kinds.LOCATION.media)
    _read(installed, "meshplatformtypes/AWS", kinds.PLATFORM_TYPE.media)
    for platform in _embedded(_read(installed, "meshplatforms", kinds.PLATFORM.media)):
        path = f"{OBJECTS}/meshplatforms/{text_of(platform, 'metadata', 'uuid')}"
        assert installed.call("PUT", path, kinds.PLATFORM.media, platform) == platform
        assert '"accessToken": {"hash": "sha256:' in json.dumps(platform)
        zone = _read(installed, "meshlandingzones/k8s", kinds.LANDING_ZONE.media)
        assert text_of(zone, "spec", "platformRef", "uuid") == text_of(platform, "metadata", "uuid")
        for tenant in _embedded(_read(installed, "meshtenants?workspaceIdentifier=shop", kinds.TENANT.media)):
            assert text_of(tenant, "status", "tenantName") == "shop.dev.k8s.fra-dc1"
            assert text_of(tenant, "spec", "platformTenantId") == "shop-dev"


def _bind_people(installed: Installation, workspace: str) -> None:
    """Put the administrator into a group and a project."""
    subject: JsonObject = {"name": "admin"}
    member: JsonObject = {"name": "admin-in-shop"}
    role: JsonObject = {"metadata": member, "roleRef": {"name": "Workspace Member"}, "subject": subject}
    media = kinds.WORKSPACE_USER_BINDING.media
    _make(installed, "meshworkspacebindings/userbindings", media, role | {"targetRef": {"name": workspace}})
    target: JsonObject = {"name": "dev", "ownedByWorkspace": workspace}
    reader: JsonObject = {"metadata": member, "roleRef": {"name": "Project Reader"}, "subject": subject}
    media = kinds.PROJECT_USER_BINDING.media
    _make(installed, "meshprojectbindings/userbindings", media, reader | {"targetRef": target})
    group: JsonObject = {"name": "devs", "displayName": "Developers", "members": ["admin"]}
    made = installed.client.post("/api/blockyard/v1/groups", json=group)
    assert made.is_success, made.text


def _bucket(installed: Installation, owner: str) -> str:
    runner: JsonObject = {
        "metadata": {"ownedByWorkspace": owner},
        "spec": {
            "displayName": "own runner",
            "publicKey": (SEALING / "spki.pem").read_text(),
            "implementationType": "TERRAFORM",
            "restriction": "PRIVATE",
        },
    }
    made = _make(installed, "meshbuildingblockrunners", kinds.RUNNER.media, runner)
    implementation: JsonObject = {
        "terraformVersion": "1.11.4",
        "repositoryUrl": "https://git.example.test/bucket.git",
        "async": False,
        "useMeshHttpBackendFallback": True,
    }
    return installed.define(
        {"type": "terraform", "terraform": implementation},
        inputs={"name": an_input(), "password": an_input(isSensitive=True)},
        outputs={"url": an_output(assignment="RESOURCE_URL")},
        owner=owner,
        runnerRef=_runner_ref(text_of(made, "metadata", "uuid")),
    )


def _work(installed: Installation, password: str, *, state: JsonObject | None = None) -> None:
    """Do the run that waits for the runner as an official runner does, and report that it succeeded."""
    runners = {
        text_of(version, "spec", "runnerRef", "uuid")
        for version in _versions(installed)
        if "bucket.git" in json.dumps(version)
    }
    claimed = installed.client.post(
        f"{RUNS}/create?forRunnerUuid={runners.pop()}",
        headers={"Authorization": f"Bearer {_token_of_key(installed)}", "Accept": kinds.RUN.media},
        auth=UNSIGNED,
    )
    run: JsonObject = claimed.json()
    assert claimed.status_code == 201, claimed.text
    inputs = _inputs_of(run)
    opened = unseal(load_private_key((SEALING / "pkcs8.pem").read_text()), str(inputs["password"]))
    assert (inputs["name"], opened) == ("invoices", password)
    token = text_of(run, "spec", "runToken")
    if state is not None:
        block = text_of(run, "spec", "buildingBlock", "uuid")
        basic = b64encode(f"x:{token}".encode()).decode()
        stored = installed.client.post(
            f"/api/terraform/state/workspace/shop/buildingBlock/{block}",
            content=json.dumps(state),
            headers={"Authorization": f"Basic {basic}", "Content-Type": "application/json"},
            auth=UNSIGNED,
        )
        assert stored.is_success, stored.text
    step: JsonObject = {
        "id": "execute_tf",
        "displayName": "Apply",
        "status": "SUCCEEDED",
        "systemMessage": "created the bucket",
        "outputs": {"url": {"value": "https://bucket.example.test", "type": "STRING", "isSensitive": False}},
    }
    report: JsonObject = {"status": "SUCCEEDED", "steps": [step]}
    told = installed.client.patch(
        f"{RUNS}/{text_of(run, 'metadata', 'uuid')}/status/source/own",
        content=json.dumps(report),
        headers={"Authorization": f"Bearer {token}", "Accept": kinds.RUN.media, "Content-Type": kinds.RUN.media},
        auth=UNSIGNED,
    )
    assert told.is_success, told.text


def _token_of_key(installed: Installation) -> str:
    """Make an API key of the runner's workspace and sign in with it."""
    made = _make(
        installed,
        "meshapikeys",
        kinds.API_KEY.media,
        {
            "metadata": {"ownedByWorkspace": "platform"},
            "spec": {"displayName": "runner", "permissions": ["MANAGED_BUILDINGBLOCKRUN_SAVE"]},
        },
    )
    body = {name: text_of(made, "status", name) for name in ("clientId", "clientSecret")}
    return str(installed.client.post("/api/login", json=body, auth=UNSIGNED).json()["access_token"])


def _inputs(password: str) -> dict[str, JsonObject]:
    return {"name": value("invoices"), "password": secret(password)}


def _inputs_of(run: JsonObject) -> dict[str, Json]:
    found: Json = run
    for name in ("spec", "buildingBlock", "spec", "inputs"):
        assert isinstance(found, dict)
        found = found[name]
    assert isinstance(found, list)
    return {str(item["key"]): item["value"] for item in found if isinstance(item, dict)}


def _blocks(installed: Installation) -> dict[str, JsonObject]:
    """Return the blocks by an input that they have."""
    listed = _embedded(_read(installed, "meshbuildingblocks", kinds.BLOCK_V2.media))
    blocks = [installed.block(text_of(block, "metadata", "uuid")) for block in listed]
    return {key: block for block in blocks for key in ("size", "password") if f'"{key}"' in json.dumps(block)}


def _versions(installed: Installation) -> list[JsonObject]:
    definitions = _embedded(_read(installed, "meshbuildingblockdefinitions", kinds.DEFINITION.media))
    return [
        version
        for definition in definitions
        for version in _embedded(
            _read(
                installed,
                f"meshbuildingblockdefinitionversions?buildingBlockDefinitionUuid={text_of(definition, 'metadata', 'uuid')}",
                kinds.VERSION.media,
            )
        )
    ]


def _logs(installed: Installation, runs: JsonObject) -> str:
    return json.dumps(
        [
            _read(installed, f"meshbuildingblockruns/{text_of(run, 'metadata', 'uuid')}/logs", kinds.RUN.media)
            for run in _embedded(runs)
        ]
    )


def _embedded(document: JsonObject) -> list[JsonObject]:
    embedded = document["_embedded"]
    assert isinstance(embedded, dict)
    (items,) = embedded.values()
    assert isinstance(items, list)
    return [item for item in items if isinstance(item, dict)]


def _named(name: str, workspace: str) -> JsonObject:
    return {"metadata": {"name": name, "ownedByWorkspace": workspace}}


def _runner_ref(uuid: str) -> JsonObject:
    return {"uuid": uuid, "kind": "meshBuildingBlockRunner"}


def _read(installed: Installation, path: str, kind: str) -> JsonObject:
    return installed.call("GET", f"{OBJECTS}/{path}", kind)


def _make(installed: Installation, path: str, kind: str, body: JsonObject) -> JsonObject:
    return installed.call("POST", f"{OBJECTS}/{path}", kind, body)
