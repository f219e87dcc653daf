"""What the dump of a release holds besides the objects of the public API: people and how they sign in, rules, drafts, jobs."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pyotp

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.kit.clock import utc_now
from tests.support.installation import Installation, an_input, text_of, value
from tests.support.matrix_bodies import A_FREEZE, A_POLICY, A_PROVIDER, a_binding_request, a_tag, an_instance
from tests.support.passkey_device import Device
from tests.support.whole_server import an_order

OWN = kinds.OWN
PERSON, OTHER = "paula", "otto"
GIVEN, CHOSEN = "a sentence of an administrator", "a sentence of somebody who stays"
SETTINGS = {"BLOCKYARD_HOST": "localhost"}
"""Of the server that is filled: passkeys need a name."""

FIELDS: JsonObject = {"name": ["my draft"]}
PATTERNS: JsonObject = {
    "patterns": [{"text": "mirror * is syncing", "cause": "TRANSIENT", "message": "Busy.", "remedy": "Wait."}]
}


def fill_own(installed: Installation, *, definition: str, block: str) -> None:
    """Make one of each, where the workspace shop has a project dev, a definition is published, and shop has a block."""
    for name in (
        "meshWorkspace.stages",
        "meshProject.stage",
        "meshPrincipal.clearance",
        "meshBuildingBlockDefinition.area",
    ):
        installed.call("POST", kinds.TAG_DEFINITION.collection, kinds.TAG_DEFINITION.media, a_tag(name))
    installed.call("POST", kinds.POLICY.collection, kinds.POLICY.media, A_POLICY)
    path = f"{kinds.PROJECT.collection}/shop.dev"
    project = installed.call("GET", path, kinds.PROJECT.media)
    spec = project["spec"]
    assert isinstance(spec, dict)
    spec["tags"] = {"env": ["dev"], "stage": ["dev"]}
    installed.call("PUT", path, kinds.PROJECT.media, project)
    _ok(installed.client.put(f"{OWN}/serviceinstances/db", json=an_instance()))
    _ok(installed.client.post(f"{OWN}/identity-providers", json={"alias": "corp", **A_PROVIDER}))
    _ok(installed.client.put(f"{OWN}/definitions/{definition}/failure-patterns", json=PATTERNS))
    _ok(installed.client.post(f"{OWN}/brakes", json=A_FREEZE))
    _ok(installed.client.put(f"{OWN}/blocks/{block}/expiry", json={"expiresAt": "2999-12-31T12:00:00Z"}))
    for name in (PERSON, OTHER):
        person: JsonObject = {"username": name, "password": GIVEN, "firstName": name, "lastName": "Doe"}
        _ok(installed.client.post(f"{OWN}/users", json=person | {"email": f"{name}@x.test"}))
        _choose_password(installed, name)
        user = _user_called(installed, name)
        _ok(installed.client.put(f"{OWN}/users/{user}/tags", json={"tags": {"clearance": ["dev"]}}))
    _ok(installed.client.post(f"{OWN}/binding-requests", json=a_binding_request("asked") | {"subject": PERSON}))
    role: JsonObject = {
        "metadata": {"name": f"{PERSON}-in-shop"},
        "roleRef": {"name": "Workspace Manager"},
        "targetRef": {"name": "shop"},
        "subject": {"name": PERSON},
    }
    installed.call("POST", kinds.WORKSPACE_USER_BINDING.collection, kinds.WORKSPACE_USER_BINDING.media, role)
    _fill_references(installed, definition=definition, block=block)
    with signed_in(installed, PERSON, CHOSEN) as person_client:
        _ok(person_client.post(f"{OWN}/order-drafts", json={"definitionUuid": definition, "fields": FIELDS}))
        _ok(person_client.put(f"{OWN}/kept/block/{block}", json={"name": "a block", "pinned": True}))
        _ok(person_client.post(f"{OWN}/bulk-jobs", json={"action": "RUN", "buildingBlockUuids": [block]}))
        begun = _ok(person_client.post(f"{OWN}/me/passkeys/options")).json()
        device = Device(origin=installed.url, host=begun["options"]["rp"]["id"])
        made = {"name": "laptop", "ticket": begun["ticket"], "credential": device.make(begun["options"])}
        _ok(person_client.post(f"{OWN}/me/passkeys", json=made))
    with signed_in(installed, OTHER, CHOSEN) as other_client:
        begun = _ok(other_client.post(f"{OWN}/me/authenticator-app")).json()
        code = pyotp.TOTP(begun["secret"]).at(utc_now())
        _ok(other_client.put(f"{OWN}/me/authenticator-app", json={"ticket": begun["ticket"], "code": code}))


def _fill_references(installed: Installation, *, definition: str, block: str) -> None:
    """Make a definition that depends on another, reads tags and a payment method, and is for some workspaces only; order it."""
    inputs = {
        "team": an_input("CODE", "TAG", argument="WORKSPACE.stages"),
        "paid": an_input("CODE", "PAYMENT_METHOD"),
    }
    refs: list[Json] = [kinds.DEFINITION.ref(definition)]
    child = installed.define(
        {"type": "manual"}, inputs=inputs, owner="platform", name="Child", dependencyDefinitionRefs=refs
    )
    found = installed.call("GET", kinds.VERSION.path(child), kinds.VERSION.media)
    of_child = text_of(found, "spec", "buildingBlockDefinitionRef", "uuid")
    audience: JsonObject = {"restriction": "RESTRICTED", "restrictedToWorkspaces": ["shop"]}
    _ok(installed.client.put(f"{OWN}/definitions/{of_child}/publication", json=audience))
    order = an_order(child)
    spec = order["spec"]
    assert isinstance(spec, dict)
    spec |= {
        "inputs": {"paid": value("budget")},
        "parentBuildingBlockRefs": [{"uuid": block, "kind": "meshBuildingBlock"}],
        "parentBuildingBlocks": [{"buildingBlockUuid": block}],
    }
    installed.call("POST", kinds.BLOCK_V2.collection, kinds.BLOCK_V2.media, order)
    _recommend(installed)


def _recommend(installed: Installation) -> None:
    """Release a definition for tenants, and have the landing zone name it."""
    spec: JsonObject = {
        "displayName": "Access",
        "description": "Lets people in",
        "targetType": "TENANT_LEVEL",
        "supportedPlatforms": [{"kind": "meshPlatformType", "name": "KUBERNETES"}],
    }
    metadata: JsonObject = {"ownedByWorkspace": "platform", "tags": {"area": ["dev"]}}
    body: JsonObject = {"metadata": metadata, "spec": spec}
    made = installed.call("POST", kinds.DEFINITION.collection, kinds.DEFINITION.media, body)
    path = kinds.VERSION.path(text_of(made, "status", "latestVersionUuid"))
    version = installed.call("GET", path, kinds.VERSION.media)
    content = version["spec"]
    assert isinstance(content, dict)
    content |= {"implementation": {"type": "manual"}, "state": "RELEASED"}
    installed.call("PUT", path, kinds.VERSION.media, version)
    zone = installed.call("GET", kinds.LANDING_ZONE.path("k8s"), kinds.LANDING_ZONE.media)
    named = zone["spec"]
    assert isinstance(named, dict)
    named["recommendedBuildingBlockRefs"] = [kinds.DEFINITION.ref(text_of(made, "metadata", "uuid"))]
    installed.call("PUT", kinds.LANDING_ZONE.path("k8s"), kinds.LANDING_ZONE.media, zone)


def check_own(installed: Installation) -> None:
    """Find all of it again, where the release had it."""
    users = installed.client.get(f"{OWN}/users").json()["_embedded"]["users"]
    if PERSON not in {user["username"] for user in users}:
        return
    policies = installed.call("GET", kinds.POLICY.collection, kinds.POLICY.media)
    violations = installed.call("GET", kinds.POLICY_VIOLATION.collection, kinds.POLICY_VIOLATION.media)
    assert [_member(found, "spec", "name") for found in _items(policies)] == ["Stages"]
    assert [_member(found, "affected", "name") for found in _items(violations)] == ["project 'shop.dev'"]
    path = kinds.TAG_DEFINITION.path("meshProject.stage")
    instance = installed.call("GET", kinds.SERVICE_INSTANCE.path("db"), kinds.SERVICE_INSTANCE.media)
    assert text_of(instance, "spec", "displayName") == "DB"
    provider = installed.client.get(f"{OWN}/identity-providers/corp").json()
    assert provider["issuer"] == A_PROVIDER["issuer"]
    (asked,) = installed.client.get(f"{OWN}/binding-requests").json()["_embedded"]["bindingRequests"]
    assert (asked["subject"], asked["state"]) == (PERSON, "APPROVED")
    if brakes := installed.client.get(f"{OWN}/brakes").json()["_embedded"]["brakes"]:
        assert [brake["calendar"] for brake in brakes] == [A_FREEZE["calendar"]]
    tags = installed.client.get(f"{OWN}/users/{_user_called(installed, PERSON)}/tags").json()
    assert tags == {"tags": {"clearance": ["dev"]}}
    with signed_in(installed, PERSON, CHOSEN) as client:
        (draft,) = client.get(f"{OWN}/order-drafts").json()["_embedded"]["orderDrafts"]
        assert draft["fields"] == FIELDS
        (kept,) = client.get(f"{OWN}/kept").json()["kept"]
        assert kept["name"] == "a block"
        methods = client.get(f"{OWN}/me/sign-in-methods").json()
        assert [one["name"] for one in methods["passkeys"]] == ["laptop"]
    refused = installed.client.post(f"{OWN}/login", json={"username": OTHER, "password": CHOSEN}, auth=_UNSIGNED)
    assert refused.json()["errorCode"] == "CodeNeeded"
    installed.client.delete(f"{OWN}/policies/{text_of(_items(policies)[0], 'metadata', 'uuid')}")
    installed.call("DELETE", path, kinds.TAG_DEFINITION.media)
    project = installed.call("GET", f"{kinds.PROJECT.collection}/shop.dev", kinds.PROJECT.media)
    assert _member(project, "spec", "tags") == {"env": ["dev"]}, "the values of a tag are found by its uses"


_UNSIGNED = httpx2.Auth()


@contextmanager
def signed_in(installed: Installation, name: str, password: str) -> Iterator[httpx2.Client]:
    """Give a client of somebody who has signed in."""
    body = {"username": name, "password": password}
    token = _ok(installed.client.post(f"{OWN}/login", json=body, auth=_UNSIGNED)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=installed.url, timeout=60, headers=headers) as client:
        yield client


def _user_called(installed: Installation, name: str) -> str:
    users = installed.client.get(f"{OWN}/users").json()["_embedded"]["users"]
    return next(str(user["uuid"]) for user in users if user["username"] == name)


def _choose_password(installed: Installation, name: str) -> None:
    with signed_in(installed, name, GIVEN) as client:
        _ok(client.put(f"{OWN}/me/password", json={"currentPassword": GIVEN, "password": CHOSEN}))


def _items(document: JsonObject) -> list[JsonObject]:
    embedded = document["_embedded"]
    assert isinstance(embedded, dict)
    (items,) = embedded.values()
    assert isinstance(items, list)
    return [item for item in items if isinstance(item, dict)]


def _member(document: JsonObject, *names: str) -> object:
    found: object = document
    for name in names:
        assert isinstance(found, dict)
        found = found[name]
    return found


def _ok(answer: httpx2.Response) -> httpx2.Response:
    assert answer.is_success, f"{answer.request.url}: {answer.text}"
    return answer
