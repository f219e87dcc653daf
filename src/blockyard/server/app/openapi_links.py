"""Links of the OpenAPI document: what can be done with what an answer tells of. Source: OpenAPI 3.1 §4.8.20.

Generated tests follow them, so that created objects are used by later requests.
"""

from collections.abc import Iterator, Mapping

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import (
    API_KEY,
    BLOCK_V2,
    DEFINITION,
    INTEGRATION,
    LANDING_ZONE,
    LOCATION,
    OWN,
    PAYMENT_METHOD,
    PLATFORM,
    PLATFORM_TYPE,
    POLICY,
    POLICY_VIOLATION,
    PROJECT,
    PROJECT_GROUP_BINDING,
    PROJECT_USER_BINDING,
    RUN,
    RUNNER,
    SERVICE_INSTANCE,
    TAG_DEFINITION,
    TENANT,
    VERSION,
    WORKSPACE,
    WORKSPACE_GROUP_BINDING,
    WORKSPACE_USER_BINDING,
    Kind,
)
from blockyard.server.app.openapi_answers import Answer, address_of, of_lists

_STATE = "/api/terraform/state/workspace/{workspace}/buildingBlock/{block_id}"

_UUID = "$response.body#/metadata/uuid"
_NAME = "$response.body#/metadata/name"
_OWNER = "$response.body#/metadata/ownedByWorkspace"
_IN_BODY: JsonObject = {"metadata": "$response.body#/metadata"}
_TAG: JsonObject = {"targetKind": "$response.body#/spec/targetKind", "key": "$response.body#/spec/key"}
_OF_WORKSPACE: JsonObject = {"metadata": {"ownedByWorkspace": _NAME}}
_RUN_OF_BLOCK = {"run_id": "$response.body#/runUuid"}


def _kind(
    kind: Kind,
    parameter: str = "uuid",
    value: str = _UUID,
    *,
    addresses: Mapping[str, Mapping[str, str]] | None = None,
    queries: Mapping[tuple[str, str], Mapping[str, str]] | None = None,
    bodies: Mapping[tuple[str, str], JsonObject] | None = None,
    changes: bool = True,
) -> Answer:
    """Return what a new object leads to: itself, its change, and what else is said."""
    one = address_of(kind, parameter)
    return Answer(
        to=("post", kind.collection, "201"),
        addresses={one: {parameter: value}, **(addresses or {})},
        queries=queries or {},
        bodies={**({("put", one): _IN_BODY} if changes else {}), **(bodies or {})},
    )


def _version(method: str, path: str, status: str) -> Answer:
    ref = VERSION.ref(_UUID)
    own = address_of(VERSION)
    own_body: JsonObject = {
        "metadata": "$response.body#/metadata",
        "spec": {
            "buildingBlockDefinitionRef": "$response.body#/spec/buildingBlockDefinitionRef",
            "versionNumber": "$response.body#/spec/versionNumber",
        },
    }
    return Answer(
        to=(method, path, status),
        addresses={own: {"uuid": _UUID}, f"{OWN}/definitionversions/{{uuid}}": {"uuid": _UUID}},
        bodies={
            ("put", own): own_body,
            ("post", BLOCK_V2.collection): {"spec": {"buildingBlockDefinitionVersionRef": ref}},
        },
    )


_OWNED = (
    PAYMENT_METHOD,
    PROJECT,
    API_KEY,
    RUNNER,
    INTEGRATION,
    LOCATION,
    PLATFORM_TYPE,
    PLATFORM,
    DEFINITION,
    LANDING_ZONE,
)
"""What is made for a workspace and says so in its metadata."""

_ANSWERS = (
    _kind(
        WORKSPACE,
        "name",
        _NAME,
        addresses={f"{OWN}/workspaces/{{workspace}}": {"workspace": _NAME}},
        queries={("get", kind.collection): {"workspaceIdentifier": _NAME} for kind in (PAYMENT_METHOD, PROJECT)},
        bodies={
            **{
                ("post", kind.collection): {"targetRef": {"name": _NAME}}
                for kind in (WORKSPACE_USER_BINDING, WORKSPACE_GROUP_BINDING)
            },
            **{("post", kind.collection): _OF_WORKSPACE for kind in _OWNED},
            ("post", BLOCK_V2.collection): {"spec": {"targetRef": {"kind": WORKSPACE.name, "name": _NAME}}},
        },
    ),
    _kind(POLICY, queries={("get", POLICY_VIOLATION.collection): {"policyUuid": _UUID}}),
    _kind(
        TAG_DEFINITION,
        "name",
        _NAME,
        bodies={("put", address_of(TAG_DEFINITION, "name")): _IN_BODY | {"spec": _TAG}},
    ),
    _kind(
        PAYMENT_METHOD,
        "name",
        _NAME,
        queries={("get", PROJECT.collection): {"workspaceIdentifier": _OWNER, "paymentIdentifier": _NAME}},
        bodies={
            ("post", PROJECT.collection): {
                "metadata": {"ownedByWorkspace": _OWNER},
                "spec": {"paymentMethodIdentifier": _NAME},
            }
        },
    ),
    _kind(
        PROJECT,
        "identifier",
        f"{{{_OWNER}}}.{{{_NAME}}}",
        addresses={f"{OWN}/projects/{{identifier}}": {"identifier": f"{{{_OWNER}}}.{{{_NAME}}}"}},
        queries={("get", TENANT.collection): {"workspaceIdentifier": _OWNER, "projectIdentifier": _NAME}},
        bodies={
            **{
                ("post", kind.collection): {"targetRef": {"name": _NAME, "ownedByWorkspace": _OWNER}}
                for kind in (PROJECT_USER_BINDING, PROJECT_GROUP_BINDING)
            },
            ("post", TENANT.collection): {"metadata": {"ownedByWorkspace": _OWNER, "ownedByProject": _NAME}},
        },
    ),
    *(
        _kind(kind, "name", _NAME, changes=False)
        for kind in (WORKSPACE_USER_BINDING, WORKSPACE_GROUP_BINDING, PROJECT_USER_BINDING, PROJECT_GROUP_BINDING)
    ),
    Answer(
        to=("post", f"{OWN}/project-roles", "201"),
        addresses={f"{OWN}/project-roles/{{name}}": {"name": "$response.body#/name"}},
        bodies={
            ("post", kind.collection): {"roleRef": {"name": "$response.body#/displayName"}}
            for kind in (PROJECT_USER_BINDING, PROJECT_GROUP_BINDING)
        },
    ),
    Answer(
        to=("post", f"{OWN}/users", "201"),
        addresses={f"{OWN}/users/{{uuid}}": {"uuid": "$response.body#/uuid"}},
        bodies={
            ("post", WORKSPACE_USER_BINDING.collection): {"subject": {"name": "$response.body#/username"}},
            ("post", f"{OWN}/admin-bindings"): {"subject": {"name": "$response.body#/username"}},
            ("post", f"{OWN}/login"): {"username": "$response.body#/username", "password": "$request.body#/password"},
        },
    ),
    Answer(
        to=("post", f"{OWN}/groups", "201"),
        addresses={f"{OWN}/groups/{{name}}": {"name": "$response.body#/name"}},
        bodies={
            ("post", kind.collection): {"subject": {"name": "$response.body#/name"}}
            for kind in (WORKSPACE_GROUP_BINDING, PROJECT_GROUP_BINDING)
        },
    ),
    Answer(
        to=("post", f"{OWN}/identity-providers", "201"),
        addresses={f"{OWN}/identity-providers/{{alias}}": {"alias": "$response.body#/alias"}},
    ),
    Answer(
        to=("post", f"{OWN}/admin-bindings", "201"),
        addresses={f"{OWN}/admin-bindings/{{uuid}}": {"uuid": "$response.body#/uuid"}},
    ),
    Answer(
        to=("post", f"{OWN}/order-drafts", "201"),
        addresses={f"{OWN}/order-drafts/{{uuid}}": {"uuid": "$response.body#/uuid"}},
    ),
    Answer(
        to=("post", f"{OWN}/brakes", "201"),
        addresses={
            f"{OWN}/brakes/{{uuid}}": {"uuid": "$response.body#/uuid"},
        },
    ),
    Answer(
        to=("post", f"{OWN}/orders", "201"),
        addresses={f"{OWN}/blocks/{{uuid}}": {"uuid": "$response.body#/blocks/0/uuid"}},
    ),
    Answer(
        to=("post", f"{OWN}/bulk-jobs", "201"),
        addresses={f"{OWN}/bulk-jobs/{{uuid}}": {"uuid": "$response.body#/uuid"}},
    ),
    Answer(
        to=("post", f"{OWN}/binding-requests", "201"),
        addresses={f"{OWN}/binding-requests/{{uuid}}": {"uuid": "$response.body#/uuid"}},
    ),
    _kind(
        API_KEY,
        addresses={f"{OWN}/apikeys/{{uuid}}": {"uuid": _UUID}},
        bodies={
            ("post", "/api/login"): {
                "clientId": "$response.body#/status/clientId",
                "clientSecret": "$response.body#/status/clientSecret",
            }
        },
    ),
    _kind(
        RUNNER,
        addresses={f"{OWN}/runners/{{uuid}}": {"uuid": _UUID}},
        queries={("post", RUN.path("create")): {"forRunnerUuid": _UUID}},
        bodies={("post", VERSION.collection): {"spec": {"runnerRef": RUNNER.ref(_UUID)}}},
    ),
    _kind(INTEGRATION),
    Answer(
        to=("put", f"{OWN}/serviceinstances/{{instance_id}}", "200"),
        addresses={address_of(SERVICE_INSTANCE, "instance_id"): {"instance_id": "$request.path.instance_id"}},
    ),
    _kind(
        LOCATION,
        "name",
        _NAME,
        queries={("get", PLATFORM.collection): {"locationIdentifier": _NAME}},
        bodies={
            ("post", PLATFORM.collection): {
                "metadata": {"ownedByWorkspace": _OWNER},
                "spec": {"locationRef": {"kind": LOCATION.name, "name": _NAME}},
            }
        },
    ),
    _kind(
        PLATFORM,
        queries={("get", LANDING_ZONE.collection): {"platformUuid": _UUID}},
        bodies={
            ("post", LANDING_ZONE.collection): {
                "metadata": {"ownedByWorkspace": _OWNER},
                "spec": {"platformRef": PLATFORM.ref(_UUID)},
            },
            ("post", TENANT.collection): {"spec": {"platformRef": PLATFORM.ref(_UUID)}},
        },
    ),
    _kind(
        TENANT,
        addresses={f"{OWN}/tenants/{{uuid}}": {"uuid": _UUID}},
        queries={("get", BLOCK_V2.collection): {"tenantUuid": _UUID}},
        bodies={("post", BLOCK_V2.collection): {"spec": {"targetRef": TENANT.ref(_UUID)}}},
        changes=False,
    ),
    _kind(LANDING_ZONE, "name", _NAME, addresses={f"{OWN}/landingzones/{{name}}": {"name": _NAME}}),
    _kind(
        PLATFORM_TYPE,
        "name",
        _NAME,
        addresses={f"{OWN}/platformtypes/{{name}}": {"name": _NAME}},
        queries={("get", PLATFORM_TYPE.collection): {"category": "$response.body#/spec/category"}},
    ),
    _kind(
        DEFINITION,
        addresses={
            address_of(VERSION): {"uuid": "$response.body#/status/latestVersionUuid"},
            f"{OWN}/definitions/{{uuid}}": {"uuid": _UUID},
        },
        queries={("get", VERSION.collection): {"buildingBlockDefinitionUuid": _UUID}},
        bodies={
            operation: {
                "metadata": {"ownedByWorkspace": _OWNER},
                "spec": {"buildingBlockDefinitionRef": DEFINITION.ref(_UUID)},
            }
            for operation in (("post", VERSION.collection), ("put", address_of(VERSION)))
        },
    ),
    _version("post", VERSION.collection, "201"),
    _version("put", address_of(VERSION), "200"),
    Answer(
        to=("post", BLOCK_V2.collection, "201"),
        addresses={
            address_of(BLOCK_V2): {"uuid": _UUID},
            f"{OWN}/blocks/{{uuid}}": {"uuid": _UUID},
            f"{OWN}/blocks/{{block_id}}": {"block_id": _UUID},
            _STATE: {"workspace": "$response.body#/spec/targetRef/name", "block_id": _UUID},
        },
        queries={("get", RUN.collection): {"buildingBlockUuid": _UUID}},
        bodies={
            ("put", address_of(BLOCK_V2)): {
                "metadata": {"uuid": _UUID},
                "spec": {
                    "buildingBlockDefinitionVersionRef": "$response.body#/spec/buildingBlockDefinitionVersionRef",
                    "targetRef": "$response.body#/spec/targetRef",
                },
            }
        },
    ),
    *(
        Answer(
            to=("post", f"{OWN}/blocks/{{uuid}}/{action}", "202"),
            addresses={
                address_of(RUN, "run_id"): _RUN_OF_BLOCK,
                f"{OWN}/runs/{{run_id}}": _RUN_OF_BLOCK,
            },
        )
        for action in ("detect", "apply-plan")
    ),
    Answer(
        to=("post", RUN.path("create"), "201"),
        addresses={
            address_of(RUN, "run_id"): {"run_id": _UUID},
            f"{OWN}/runs/{{run_id}}": {"run_id": _UUID},
            _STATE: {
                "workspace": "$response.body#/spec/buildingBlock/spec/workspaceIdentifier",
                "block_id": "$response.body#/spec/buildingBlock/uuid",
            },
        },
    ),
    Answer(
        to=("get", f"{OWN}/blocks/{{block_id}}/state/versions", "200"),
        addresses={
            f"{OWN}/blocks/{{block_id}}/state/versions/{{number}}": {
                "block_id": "$request.path.block_id",
                "number": "$response.body#/versions/0/number",
            }
        },
    ),
)


def add_links(paths: JsonObject) -> None:
    """Add the links to the answers in the paths of a document. Raises TypeError if the table names what is not there."""
    for answer in (*_ANSWERS, *of_lists()):
        method, path, status = answer.to
        responses = _member(_member(_member(paths, path), method), "responses")
        links: JsonObject = {}
        for name, link in _links(paths, answer):
            if name in links:
                raise LookupError(f"two links '{name}' of {method} {path}")
            links[name] = link
        _member(responses, status)["links"] = links


def _links(paths: JsonObject, answer: Answer) -> Iterator[tuple[str, JsonObject]]:
    bodies = dict(answer.bodies)
    for address, parameters in answer.addresses.items():
        for path in (path for path in paths if path == address or path.startswith(f"{address}/")):
            for method, operation in _member(paths, path).items():
                yield _link(operation, parameters, bodies.pop((method, path), None))
    for (method, path), parameters in answer.queries.items():
        yield _link(_member(_member(paths, path), method), parameters, bodies.pop((method, path), None))
    for (method, path), body in bodies.items():
        yield _link(_member(_member(paths, path), method), {}, body)


def _link(operation: Json, parameters: Mapping[str, str], body: JsonObject | None) -> tuple[str, JsonObject]:
    if not isinstance(operation, dict):
        raise TypeError("the document has no such operation")
    link: JsonObject = {"operationId": operation["operationId"]}
    if parameters:
        link["parameters"] = dict(parameters)
    if body is not None:
        link["requestBody"] = body
    return str(operation["summary"]).lower().replace(" ", "_"), link


def _member(parent: JsonObject, name: str) -> JsonObject:
    member = parent.get(name)
    if not isinstance(member, dict):
        raise TypeError(f"the document has no {name}")
    return member
