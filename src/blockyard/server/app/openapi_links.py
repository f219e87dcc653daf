"""Links of the OpenAPI document: what can be done with what an answer tells of. Source: OpenAPI 3.1 §4.8.20.

Generated tests follow them, so that created objects are used by later requests.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from blockyard.protocol.jsontypes import Json, JsonObject

_OBJECTS = "/api/meshobjects"
_OWN = "/api/blockyard/v1"
_STATE = "/api/terraform/state/workspace/{workspace}/buildingBlock/{block_id}"

_UUID = "$response.body#/metadata/uuid"
_NAME = "$response.body#/metadata/name"
_OWNER = "$response.body#/metadata/ownedByWorkspace"
_IN_BODY: JsonObject = {"metadata": "$response.body#/metadata"}
_OF_WORKSPACE: JsonObject = {"metadata": {"ownedByWorkspace": _NAME}}
_RUN_OF_BLOCK = {"run_id": "$response.body#/runUuid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What one answer tells of.

    Attributes:
        to: the operation and the status of the answer.
        addresses: which parameters of which addresses (and of all below them) the answer has.
        queries: parameters of single operations.
        bodies: what of the answer belongs into the bodies of which operations.
    """

    to: tuple[str, str, str]
    addresses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    queries: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    bodies: Mapping[tuple[str, str], JsonObject] = field(default_factory=dict)


def _object(collection: str) -> str:
    return f"{_OBJECTS}/{collection}/{{uuid}}"


def _first(embedded: str) -> str:
    return f"$response.body#/_embedded/{embedded}/0/metadata/uuid"


def _version(method: str, path: str, status: str) -> _Answer:
    ref: JsonObject = {"uuid": _UUID, "kind": "meshBuildingBlockDefinitionVersion"}
    own = f"{_OBJECTS}/meshbuildingblockdefinitionversions/{{uuid}}"
    own_body: JsonObject = {
        "metadata": "$response.body#/metadata",
        "spec": {
            "buildingBlockDefinitionRef": "$response.body#/spec/buildingBlockDefinitionRef",
            "versionNumber": "$response.body#/spec/versionNumber",
        },
    }
    return _Answer(
        to=(method, path, status),
        addresses={own: {"uuid": _UUID}, f"{_OWN}/definitionversions/{{uuid}}": {"uuid": _UUID}},
        bodies={
            ("put", own): own_body,
            ("post", f"{_OBJECTS}/meshbuildingblocks"): {"spec": {"buildingBlockDefinitionVersionRef": ref}},
        },
    )


_ANSWERS = (
    _Answer(
        to=("post", f"{_OBJECTS}/meshworkspaces", "201"),
        addresses={
            f"{_OBJECTS}/meshworkspaces/{{name}}": {"name": _NAME},
            f"{_OWN}/workspaces/{{workspace}}": {"workspace": _NAME},
        },
        queries={
            ("get", f"{_OBJECTS}/meshpaymentmethods"): {"workspaceIdentifier": _NAME},
            ("get", f"{_OBJECTS}/meshprojects"): {"workspaceIdentifier": _NAME},
        },
        bodies={
            ("put", f"{_OBJECTS}/meshworkspaces/{{name}}"): _IN_BODY,
            ("post", f"{_OBJECTS}/meshworkspacebindings/userbindings"): {"targetRef": {"name": _NAME}},
            ("post", f"{_OBJECTS}/meshworkspacebindings/groupbindings"): {"targetRef": {"name": _NAME}},
            ("post", f"{_OBJECTS}/meshpaymentmethods"): _OF_WORKSPACE,
            ("post", f"{_OBJECTS}/meshprojects"): _OF_WORKSPACE,
            ("post", f"{_OBJECTS}/meshapikeys"): _OF_WORKSPACE,
            ("post", f"{_OBJECTS}/meshbuildingblockrunners"): _OF_WORKSPACE,
            ("post", f"{_OBJECTS}/meshintegrations"): _OF_WORKSPACE,
            ("post", f"{_OBJECTS}/meshbuildingblockdefinitions"): _OF_WORKSPACE,
            ("post", f"{_OBJECTS}/meshbuildingblocks"): {
                "spec": {"targetRef": {"kind": "meshWorkspace", "name": _NAME}}
            },
        },
    ),
    _Answer(
        to=("post", f"{_OBJECTS}/meshpaymentmethods", "201"),
        addresses={f"{_OBJECTS}/meshpaymentmethods/{{name}}": {"name": _NAME}},
        queries={("get", f"{_OBJECTS}/meshprojects"): {"workspaceIdentifier": _OWNER, "paymentIdentifier": _NAME}},
        bodies={
            ("put", f"{_OBJECTS}/meshpaymentmethods/{{name}}"): _IN_BODY,
            ("post", f"{_OBJECTS}/meshprojects"): {
                "metadata": {"ownedByWorkspace": _OWNER},
                "spec": {"paymentMethodIdentifier": _NAME},
            },
        },
    ),
    _Answer(
        to=("post", f"{_OBJECTS}/meshprojects", "201"),
        addresses={f"{_OBJECTS}/meshprojects/{{identifier}}": {"identifier": f"{{{_OWNER}}}.{{{_NAME}}}"}},
        bodies={("put", f"{_OBJECTS}/meshprojects/{{identifier}}"): _IN_BODY},
    ),
    *(
        _Answer(
            to=("post", f"{_OBJECTS}/meshworkspacebindings/{kind}", "201"),
            addresses={f"{_OBJECTS}/meshworkspacebindings/{kind}/{{name}}": {"name": _NAME}},
        )
        for kind in ("userbindings", "groupbindings")
    ),
    _Answer(
        to=("post", f"{_OWN}/users", "201"),
        addresses={f"{_OWN}/users/{{uuid}}": {"uuid": "$response.body#/uuid"}},
        bodies={
            ("post", f"{_OBJECTS}/meshworkspacebindings/userbindings"): {
                "subject": {"name": "$response.body#/username"}
            },
            ("post", f"{_OWN}/login"): {"username": "$response.body#/username", "password": "$request.body#/password"},
        },
    ),
    _Answer(
        to=("post", f"{_OBJECTS}/meshapikeys", "201"),
        addresses={_object("meshapikeys"): {"uuid": _UUID}},
        bodies={
            ("put", _object("meshapikeys")): _IN_BODY,
            ("post", "/api/login"): {
                "clientId": "$response.body#/status/clientId",
                "clientSecret": "$response.body#/status/clientSecret",
            },
        },
    ),
    _Answer(
        to=("post", f"{_OBJECTS}/meshbuildingblockrunners", "201"),
        addresses={_object("meshbuildingblockrunners"): {"uuid": _UUID}},
        queries={("post", f"{_OBJECTS}/meshbuildingblockruns/create"): {"forRunnerUuid": _UUID}},
        bodies={
            ("put", _object("meshbuildingblockrunners")): _IN_BODY,
            ("post", f"{_OBJECTS}/meshbuildingblockdefinitionversions"): {
                "spec": {"runnerRef": {"uuid": _UUID, "kind": "meshBuildingBlockRunner"}}
            },
        },
    ),
    _Answer(
        to=("post", f"{_OBJECTS}/meshintegrations", "201"),
        addresses={_object("meshintegrations"): {"uuid": _UUID}},
        bodies={("put", _object("meshintegrations")): _IN_BODY},
    ),
    _Answer(
        to=("post", f"{_OBJECTS}/meshbuildingblockdefinitions", "201"),
        addresses={
            _object("meshbuildingblockdefinitions"): {"uuid": _UUID},
            _object("meshbuildingblockdefinitionversions"): {"uuid": "$response.body#/status/latestVersionUuid"},
        },
        queries={
            ("get", f"{_OBJECTS}/meshbuildingblockdefinitionversions"): {"buildingBlockDefinitionUuid": _UUID},
        },
        bodies={
            ("put", _object("meshbuildingblockdefinitions")): _IN_BODY,
            **{
                operation: {
                    "metadata": {"ownedByWorkspace": _OWNER},
                    "spec": {"buildingBlockDefinitionRef": {"uuid": _UUID, "kind": "meshBuildingBlockDefinition"}},
                }
                for operation in (
                    ("post", f"{_OBJECTS}/meshbuildingblockdefinitionversions"),
                    ("put", _object("meshbuildingblockdefinitionversions")),
                )
            },
        },
    ),
    _version("post", f"{_OBJECTS}/meshbuildingblockdefinitionversions", "201"),
    _version("put", _object("meshbuildingblockdefinitionversions"), "200"),
    _Answer(
        to=("post", f"{_OBJECTS}/meshbuildingblocks", "201"),
        addresses={
            _object("meshbuildingblocks"): {"uuid": _UUID},
            f"{_OWN}/blocks/{{uuid}}": {"uuid": _UUID},
            f"{_OWN}/blocks/{{block_id}}": {"block_id": _UUID},
            _STATE: {"workspace": "$response.body#/spec/targetRef/name", "block_id": _UUID},
        },
        queries={("get", f"{_OBJECTS}/meshbuildingblockruns"): {"buildingBlockUuid": _UUID}},
        bodies={
            ("put", _object("meshbuildingblocks")): {
                "metadata": {"uuid": _UUID},
                "spec": {
                    "buildingBlockDefinitionVersionRef": "$response.body#/spec/buildingBlockDefinitionVersionRef",
                    "targetRef": "$response.body#/spec/targetRef",
                },
            }
        },
    ),
    *(
        _Answer(
            to=("post", f"{_OWN}/blocks/{{uuid}}/{action}", "202"),
            addresses={
                f"{_OBJECTS}/meshbuildingblockruns/{{run_id}}": _RUN_OF_BLOCK,
                f"{_OWN}/runs/{{run_id}}": _RUN_OF_BLOCK,
            },
        )
        for action in ("detect", "apply-plan")
    ),
    _Answer(
        to=("get", f"{_OBJECTS}/meshbuildingblockrunners", "200"),
        queries={
            ("post", f"{_OBJECTS}/meshbuildingblockruns/create"): {"forRunnerUuid": _first("meshBuildingBlockRunners")}
        },
    ),
    _Answer(
        to=("get", f"{_OBJECTS}/meshbuildingblocks", "200"),
        addresses={
            _object("meshbuildingblocks"): {"uuid": _first("meshBuildingBlocks")},
            f"{_OWN}/blocks/{{uuid}}": {"uuid": _first("meshBuildingBlocks")},
            f"{_OWN}/blocks/{{block_id}}": {"block_id": _first("meshBuildingBlocks")},
        },
    ),
    _Answer(
        to=("get", f"{_OBJECTS}/meshbuildingblockruns", "200"),
        addresses={
            f"{_OBJECTS}/meshbuildingblockruns/{{run_id}}": {"run_id": _first("meshBuildingBlockRuns")},
            f"{_OWN}/runs/{{run_id}}": {"run_id": _first("meshBuildingBlockRuns")},
        },
    ),
    _Answer(
        to=("post", f"{_OBJECTS}/meshbuildingblockruns/create", "201"),
        addresses={
            f"{_OBJECTS}/meshbuildingblockruns/{{run_id}}": {"run_id": _UUID},
            f"{_OWN}/runs/{{run_id}}": {"run_id": _UUID},
            _STATE: {
                "workspace": "$response.body#/spec/buildingBlock/spec/workspaceIdentifier",
                "block_id": "$response.body#/spec/buildingBlock/uuid",
            },
        },
    ),
    _Answer(
        to=("get", f"{_OWN}/blocks/{{block_id}}/state/versions", "200"),
        addresses={
            f"{_OWN}/blocks/{{block_id}}/state/versions/{{number}}": {
                "block_id": "$request.path.block_id",
                "number": "$response.body#/versions/0/number",
            }
        },
    ),
)


def add_links(paths: JsonObject) -> None:
    """Add the links to the answers in the paths of a document. Raises TypeError if the table names what is not there."""
    for answer in _ANSWERS:
        method, path, status = answer.to
        responses = _member(_member(_member(paths, path), method), "responses")
        links: JsonObject = {}
        for name, link in _links(paths, answer):
            if name in links:
                raise LookupError(f"two links '{name}' of {method} {path}")
            links[name] = link
        _member(responses, status)["links"] = links


def _links(paths: JsonObject, answer: _Answer) -> Iterator[tuple[str, JsonObject]]:
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
