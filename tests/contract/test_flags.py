"""Flags of documents: each one that stands for a right changes what is refused; a flag nobody asks for would be a promise."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.identity.permissions import MANAGED, PLAIN
from blockyard.server.kit.ids import new_id
from tests.support.installation import an_input, text_of
from tests.support.places import KUBERNETES, a_landing_zone, a_platform, properties
from tests.support.whole_server import (
    BLOCKS,
    DEFINITIONS,
    OBJECTS,
    RUNS,
    VERSIONS,
    WORKSPACES,
    Request,
    WholeServer,
    a_definition,
    a_version,
    a_workspace,
    an_order,
    error_of,
)

PASSWORD = "a sentence of somebody who tests"
NEW_PASSWORD = "another sentence of somebody who tests"
CARRIED = {
    "async": "tells the runner how to work",
    "omitRunObjectInput": "tells the runner what to send to a workflow",
    "isPaused": "says that nothing is checked for drift for now",
    "useMeshHttpBackendFallback": "tells the runner to use the server's state backend",
    "changesDetected": "what a runner found",
    "includeAllPublished": "a filter of a list",
    "awaitsApproval": "a filter of a list",
    "restricted": "hides a landing zone, which its owner may do, and is a filter of a list",
    "automateDeletionApproval": "what a landing zone does with its own tenants",
    "automateDeletionReplication": "what a landing zone does with its own tenants",
    "immutable": "what a tag definition asks of values; administrators make them",
    "mandatory": "what a tag definition asks of things; administrators make them",
    "anyInputChanges": "when a run of a definition's blocks waits for an approval",
    "automaticApproval": "when a run of a definition's blocks waits for an approval",
    "buildingBlockCreation": "when a run of a definition's blocks waits for an approval",
    "manualTriggers": "when a run of a definition's blocks waits for an approval",
    "userInputChanges": "when a run of a definition's blocks waits for an approval",
    "versionUpgrade": "when a run of a definition's blocks waits for an approval",
    "byBlast": "what an approval takes",
    "fourEyes": "what an approval takes",
    "sensitive": "what a runner found in a plan",
    "unknown": "what a runner found in a plan",
    "forcesReplacement": "what a runner found in a plan",
    "cut": "what a runner found in a plan",
    "isOptional": "lets a run leave an output out",
    "separatePlanSubject": "what identity tokens of runs say, which are for those who already run",
    "awsSessionTags": "what identity tokens of runs say, which are for those who already run",
    "oldestFirst": "the order of a list",
    "deleted": "which objects a list is about",
    "onlyApplyOncePerTenant": "how many blocks of a definition may be in one place",
    "createAccounts": "what an identity provider may do; only who holds everything sets one up",
    "linkAccounts": "what an identity provider may do; only who holds everything sets one up",
    "trustsSecondFactor": "what an identity provider is believed; only who holds everything sets one up",
    "enabled": "whether an identity provider signs people in; only who holds everything sets one up",
    "pinned": "how people order what they keep at hand",
    "useInLandingZonesOnly": "hides a definition from orders; who offers it orders it nevertheless",
}
"""Flags that are no rights, and what they are."""


class Answers(NamedTuple):
    """What the same request is answered without and with the flag."""

    off: int
    on: int


def key_of(server: WholeServer, workspace: str) -> str:
    """Return the token of a key that may do in its workspace what an owner may."""
    spec: JsonObject = {"displayName": "all", "permissions": [*sorted(PLAIN | MANAGED)]}
    body: JsonObject = {"metadata": {"ownedByWorkspace": workspace}, "spec": spec}
    made = server.ok(Request("POST", f"{OBJECTS}/meshapikeys", body, kinds.API_KEY.media))
    login: JsonObject = {
        "clientId": text_of(made, "status", "clientId"),
        "clientSecret": text_of(made, "status", "clientSecret"),
    }
    return text_of(server.ok(Request("POST", "/api/login", login)), "access_token")


def a_team(server: WholeServer, *, builder: bool = True) -> str:
    """Make a workspace and return its name."""
    workspace: Any = a_workspace(f"team-{new_id().hex[:12]}")
    workspace["spec"]["platformBuilderAccessEnabled"] = builder
    server.ok(Request("POST", WORKSPACES, workspace, kinds.WORKSPACE.media))
    return str(workspace["metadata"]["name"])


def defined(
    server: WholeServer,
    owner: str,
    inputs: JsonObject | None = None,
    *,
    transparent: bool = True,
    **members: JsonObject,
) -> tuple[Request, str]:
    """Make a definition of a workspace; return the request that releases its version, and the version's id."""
    body: Any = a_definition()
    body["metadata"]["ownedByWorkspace"] = owner
    body["spec"]["runTransparency"] = transparent
    made = server.ok(Request("POST", DEFINITIONS, body, kinds.DEFINITION.media))
    version = text_of(made, "status", "latestVersionUuid")
    content: Any = a_version(text_of(made, "metadata", "uuid"), version, inputs=inputs or {})
    content["metadata"]["ownedByWorkspace"] = owner
    content["spec"] |= members
    return Request("PUT", f"{VERSIONS}/{version}", content, kinds.VERSION.media), version


def ordered(server: WholeServer, version: str, consumer: str, **inputs: Json) -> JsonObject:
    """Order a block for a workspace."""
    order: Any = an_order(version)
    order["spec"]["targetRef"]["name"] = consumer
    order["spec"]["inputs"] = {key: {"value": value, "isSensitive": False} for key, value in inputs.items()}
    return server.ok(Request("POST", BLOCKS, order, kinds.BLOCK_V2.media))


def platform_builder(server: WholeServer, *, flag: bool) -> int:
    """Answer of the definition that a team's own key saves."""
    owner = a_team(server, builder=flag)
    body: Any = a_definition()
    body["metadata"]["ownedByWorkspace"] = owner
    return server.send(
        Request("POST", DEFINITIONS, body, kinds.DEFINITION.media, token=key_of(server, owner))
    ).status_code


def administrator(server: WholeServer, *, flag: bool) -> int:
    """Answer of the list of all people, asked by a person."""
    return server.send(Request("GET", "/api/blockyard/v1/users", token=_person(server, admin=flag)[1])).status_code


def locked(server: WholeServer, *, flag: bool) -> int:
    """Answer of the sign-in of a person."""
    account, _ = _person(server)
    body: JsonObject = {"disabled": flag}
    server.ok(Request("PUT", f"/api/blockyard/v1/users/{text_of(account, 'uuid')}/lock", body))
    login: JsonObject = {"username": text_of(account, "username"), "password": NEW_PASSWORD}
    return server.send(Request("POST", "/api/blockyard/v1/login", login)).status_code


def transparent(server: WholeServer, *, flag: bool) -> int:
    """Answer of the run that a consumer reads."""
    release, version = defined(server, a_team(server), transparent=flag)
    server.ok(release)
    consumer = a_team(server, builder=False)
    block = text_of(ordered(server, version, consumer), "metadata", "uuid")
    found: Any = server.ok(Request("GET", RUNS, media=kinds.RUN.media, params={"buildingBlockUuid": block}))
    run = found["_embedded"]["meshBuildingBlockRuns"][0]["metadata"]["uuid"]
    return server.send(
        Request("GET", f"{RUNS}/{run}", media=kinds.RUN.media, token=key_of(server, consumer))
    ).status_code


def updateable(server: WholeServer, *, flag: bool) -> int:
    """Answer of another value that a consumer gives to an input of a block."""
    size = an_input("STRING", updateableByConsumer=flag)
    manual: JsonObject = {"type": "manual"}
    release, version = defined(server, a_team(server), {"size": size}, implementation=manual, outputs={})
    server.ok(release)
    consumer = a_team(server, builder=False)
    block: Any = ordered(server, version, consumer, size="small")
    block["spec"]["inputs"]["size"]["value"] = "large"
    path = f"{BLOCKS}/{block['metadata']['uuid']}"
    return server.send(Request("PUT", path, block, kinds.BLOCK_V2.media, token=key_of(server, consumer))).status_code


def environment(server: WholeServer, *, flag: bool) -> int:
    """Answer of an input whose key is not the name of an environment variable."""
    release, _ = defined(server, a_team(server), {"two words": an_input("STRING", isEnvironment=flag)})
    return server.send(release).status_code


def sensitive(server: WholeServer, *, flag: bool) -> int:
    """Answer of a fixed value that is sent in clear."""
    secret: JsonObject = {**an_input("STRING", "STATIC"), "isSensitive": flag, "argument": "in clear"}
    release, _ = defined(server, a_team(server), {"secret": secret})
    return server.send(release).status_code


def restricted(server: WholeServer, *, flag: bool) -> int:
    """Answer to somebody who may see the platform of a landing zone and asks for the landing zone."""
    owner, consumer = a_team(server), key_of(server, a_team(server))
    platform = server.ok(
        Request("POST", kinds.PLATFORM.collection, a_platform(owner, owner, config=KUBERNETES), kinds.PLATFORM.media)
    )
    zone = a_landing_zone(
        text_of(platform, "metadata", "uuid"),
        owner,
        owner,
        platformProperties=properties("kubernetes"),
        restricted=flag,
    )
    server.ok(Request("POST", kinds.LANDING_ZONE.collection, zone, kinds.LANDING_ZONE.media))
    path, media = kinds.LANDING_ZONE.path(owner), kinds.LANDING_ZONE.media
    return server.send(Request("GET", path, media=media, token=consumer)).status_code


def _person(server: WholeServer, *, admin: bool = False) -> tuple[JsonObject, str]:
    username = f"p-{new_id().hex}"
    new: JsonObject = {"username": username, "password": PASSWORD, "admin": admin}
    account = server.ok(Request("POST", "/api/blockyard/v1/users", new))
    login: JsonObject = {"username": username, "password": PASSWORD}
    token = text_of(server.ok(Request("POST", "/api/blockyard/v1/login", login)), "access_token")
    change: JsonObject = {"currentPassword": PASSWORD, "password": NEW_PASSWORD}
    server.ok(Request("PUT", "/api/blockyard/v1/me/password", change, token=token))
    login = {"username": username, "password": NEW_PASSWORD}
    return account, text_of(server.ok(Request("POST", "/api/blockyard/v1/login", login)), "access_token")


RIGHTS: Mapping[str, tuple[Callable[..., int], Answers]] = {
    "platformBuilderAccessEnabled": (platform_builder, Answers(403, 201)),
    "admin": (administrator, Answers(403, 200)),
    "disabled": (locked, Answers(200, 401)),
    "runTransparency": (transparent, Answers(403, 200)),
    "updateableByConsumer": (updateable, Answers(403, 200)),
    "isEnvironment": (environment, Answers(200, 400)),
    "isSensitive": (sensitive, Answers(200, 400)),
    "restricted": (restricted, Answers(200, 404)),
}


@pytest.mark.parametrize("name", RIGHTS)
def test_a_flag_that_is_a_right_changes_what_is_refused(server: WholeServer, name: str) -> None:
    ask, expected = RIGHTS[name]

    assert (ask(server, flag=False), ask(server, flag=True)) == tuple(expected)


def test_each_flag_that_clients_send_is_known_as_a_right_or_as_something_else(server: WholeServer) -> None:
    document: Any = server.app.openapi()

    sent = {name for _, name in _flags(document)}

    assert sent == RIGHTS.keys() | CARRIED.keys()


def _flags(document: Any) -> Iterator[tuple[str, str]]:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                yield from ((path, name) for name in _booleans(document, content["schema"], frozenset()))
            for parameter in operation.get("parameters", ()):
                if "boolean" in str(parameter["schema"]):
                    yield path, parameter["name"]


def _booleans(document: Any, schema: Any, seen: frozenset[str], name: str = "") -> Iterator[str]:
    if reference := schema.get("$ref"):
        if reference not in seen:
            target = document["components"]["schemas"][reference.rpartition("/")[2]]
            yield from _booleans(document, target, seen | {reference}, name)
        return
    if schema.get("type") == "boolean" and name:
        yield name
    for choice in ("anyOf", "oneOf", "allOf"):
        for item in schema.get(choice, ()):
            yield from _booleans(document, item, seen, name)
    for member, item in schema.get("properties", {}).items():
        yield from _booleans(document, item, seen, member)
    for inner in (schema.get("items"), schema.get("additionalProperties")):
        if isinstance(inner, dict):
            yield from _booleans(document, inner, seen)


class TestPlatformBuilder:
    """Who may run code: workspaces to which an administrator gave the flag."""

    @pytest.mark.parametrize("flag", [True, False])
    def test_a_manager_cannot_switch_it_but_sends_it_as_it_is(self, server: WholeServer, *, flag: bool) -> None:
        team = a_team(server, builder=flag)
        token = key_of(server, team)
        body: Any = a_workspace(team)
        body["spec"] = {"displayName": "Renamed", "platformBuilderAccessEnabled": flag}
        path = f"{WORKSPACES}/{team}"

        assert server.send(Request("PUT", path, body, kinds.WORKSPACE.media, token=token)).status_code == 200
        body["spec"]["platformBuilderAccessEnabled"] = not flag
        refused = server.send(Request("PUT", path, body, kinds.WORKSPACE.media, token=token))

        assert refused.status_code == 403
        assert error_of(refused)["errorCode"] == "AdministratorNeeded"
        assert error_of(refused)["field"] == "/spec/platformBuilderAccessEnabled"
        assert server.send(Request("PUT", path, body, kinds.WORKSPACE.media)).status_code == 200

    def test_without_it_nothing_that_runs_is_saved_any_more_and_what_is_there_stays(self, server: WholeServer) -> None:
        team = a_team(server)
        release, version = defined(server, team)
        server.ok(release)
        body: Any = a_workspace(team)
        body["spec"]["platformBuilderAccessEnabled"] = False
        server.ok(Request("PUT", f"{WORKSPACES}/{team}", body, kinds.WORKSPACE.media))
        token = key_of(server, team)
        assert isinstance(release.body, dict)
        definition = text_of(release.body, "spec", "buildingBlockDefinitionRef", "uuid")

        refused = [
            server.send(Request(request.method, request.path, request.body, request.media, token=token))
            for request in (
                release,
                Request("POST", VERSIONS, release.body, kinds.VERSION.media),
                Request("PUT", f"{DEFINITIONS}/{definition}", _owned(a_definition(), team), kinds.DEFINITION.media),
                Request("POST", f"{OBJECTS}/meshbuildingblockrunners", _a_runner(team), kinds.RUNNER.media),
                Request("POST", f"{OBJECTS}/meshintegrations", _an_integration(team), kinds.INTEGRATION.media),
            )
        ]

        assert [error_of(answer)["errorCode"] for answer in refused] == ["PlatformBuilderNeeded"] * 5
        assert {answer.status_code for answer in refused} == {403}
        assert ordered(server, version, a_team(server, builder=False))
        assert (
            server.send(Request("DELETE", f"{DEFINITIONS}/{definition}", media=kinds.DEFINITION.media)).status_code
            == 409
        )

    def test_the_server_says_when_a_second_workspace_may_run_code(
        self, server: WholeServer, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        first, second = a_team(server), a_team(server)

        told = [line for line in (caplog.text + capsys.readouterr().out).splitlines() if "may run code" in line]
        assert first in told[-1]
        assert second in told[-1]


def _owned(document: JsonObject, workspace: str) -> JsonObject:
    return {**document, "metadata": {"ownedByWorkspace": workspace, "tags": {}}}


def _a_runner(workspace: str) -> JsonObject:
    spec: JsonObject = {"displayName": "own", "publicKey": "PEM", "implementationType": "ALL"}
    return {"metadata": {"ownedByWorkspace": workspace}, "spec": spec}


def _an_integration(workspace: str) -> JsonObject:
    runner: JsonObject = {"uuid": str(new_id()), "kind": "meshBuildingBlockRunner"}
    gitlab: JsonObject = {"baseUrl": "https://gitlab.example.test", "runnerRef": runner}
    spec: JsonObject = {"displayName": "CI", "config": {"type": "gitlab", "gitlab": gitlab}}
    return {"metadata": {"ownedByWorkspace": workspace}, "spec": spec}
