"""Bad input to the whole application: every answer is a refusal that helps, and nothing has changed.

What single features refuse is tested with them; here are the things every operation must bear, and those that go
through several features.
"""

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.kit.bodies import OPEN_BYTES
from tests.support.refused import Refused
from tests.support.whole_server import (
    BLOCKS,
    DEFINITIONS,
    RUNS,
    VERSIONS,
    WORKSPACES,
    Request,
    Tenancy,
    WholeServer,
    a_definition,
    a_version,
    a_workspace,
    error_of,
)

UNKNOWN = "0f0f0f0f-0000-4000-8000-000000000000"
OPEN = {"/mesh/info", "/healthz", "/readyz", "/metrics", "/api/login", "/api/blockyard/v1/login"}
"""What needs no sign-in."""

STREAMS = ("/log",)
"""Operations that take any bytes."""

_PATHS: JsonObject = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text())["paths"]


def operations() -> Iterator[tuple[str, str, str | None]]:
    """Yield method, path template and the media type of the body of every operation."""
    for path, methods in _PATHS.items():
        assert isinstance(methods, dict)
        for method, operation in methods.items():
            assert isinstance(operation, dict)
            body: Any = operation.get("requestBody")
            yield method.upper(), path, next(iter(body["content"])) if body else None


def filled(template: str, tenancy: Tenancy | None = None) -> str:
    """Return a path to what is there, or to what nobody knows."""
    block, run, name = (tenancy.block, tenancy.run, "shop") if tenancy else (UNKNOWN, UNKNOWN, "nobody")
    uuid = UNKNOWN
    if tenancy:
        uuid = tenancy.definition if template.startswith(f"{DEFINITIONS}/") else tenancy.version
        uuid = tenancy.block if template.startswith((BLOCKS + "/", "/api/blockyard/v1/blocks/")) else uuid
    return (
        template.replace("{uuid}", uuid)
        .replace("{run_id}", run)
        .replace("{block_id}", block)
        .replace("{definition_id}", tenancy.definition if tenancy else UNKNOWN)
        .replace("{workspace}", name)
        .replace("{name}", name)
        .replace("{identifier}", name)
        .replace("{number}", "1")
        .replace("{cloud}", "aws")
        .replace("{source_id}", "source")
        .replace("{cause}", "TRANSIENT")
    )


BODIES: Mapping[str, bytes] = {
    "nothing": b"",
    "half": b'{"metadata": {"name": "x"',
    "not UTF-8": b'{"spec": "\xff\xfe"}',
    "deep": b"[" * 100_000,
    "deep and whole": b'{"metadata": ' * 5000 + b"1" + b"}" * 5000,
    "a list": b"[]",
    "a text": b'"text"',
    "null": b"null",
    "a huge number": b'{"metadata": ' + b"9" * 5000 + b"}",
    "two values": b"{} {}",
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.one_database
def test_bodies_that_are_no_object_are_refused(server: WholeServer, tenancy: Tenancy, body: str) -> None:
    refused = Refused(server)
    optional = ("/release", "/lock")
    asked = [
        Request(method, filled(path, tenancy), BODIES[body], kind)
        for method, path, kind in operations()
        if kind is not None and not path.endswith(STREAMS)
        if not (path.endswith(optional) and body in {"nothing", "null"})
    ]

    refused.all(asked)

    refused.done()


@pytest.mark.one_database
def test_other_media_types_are_refused(server: WholeServer, tenancy: Tenancy) -> None:
    refused = Refused(server)
    vendor = [(m, filled(path, tenancy), kind) for m, path, kind in operations() if kind and "vnd.meshcloud" in kind]
    assert vendor

    refused.all(
        (Request(m, path, b"{}", kind, headers={"Content-Type": "text/xml"}) for m, path, kind in vendor), [415]
    )
    refused.all((Request(m, path, {}, kind, headers={"Accept": "image/png"}) for m, path, kind in vendor), [406])

    refused.done()


def test_what_nobody_knows_of_is_not_found(server: WholeServer, tenancy: Tenancy) -> None:
    del tenancy
    refused = Refused(server)
    refused.all(
        (
            Request(method, filled(path), None, _accepted(path, method), params=_NEEDED)
            for method, path, kind in operations()
            if "{" in path and kind is None and not path.endswith(_FOR_RUNS)
        ),
        [404],
    )
    refused.done()


_FOR_RUNS = ("/planartifact", "/identity-tokens/{cloud}")
"""Whoever is no run is refused there, whether there is one or not."""

_NEEDED = {"workspace": "shop", "step": "apply"}
"""Parameters without which some operations do not look at their path."""


def test_each_unknown_part_of_an_address_is_not_found(server: WholeServer, tenancy: Tenancy) -> None:
    refused = Refused(server)
    for method, path, kind in operations():
        if method != "GET" or kind is not None or path.endswith(_FOR_RUNS):
            continue
        known, unknown = filled(path, tenancy).split("/"), filled(path).split("/")
        for place, part in enumerate(path.split("/")):
            if part.startswith("{"):
                nobody = "999" if part == "{number}" else unknown[place]
                address = "/".join([*known[:place], nobody, *known[place + 1 :]])
                refused.all([Request(method, address, None, _accepted(path, method), params=_NEEDED)], [404])
    refused.done()


ODD_PARTS = (
    "%00",
    "..%2f..%2fetc%2fpasswd",
    "x" * 3000,
    "%F0%9F%92%A5",
    "%ff",
    "0",
    "'; DROP TABLE blocks; --",
    "%0d%0a",
)


def test_odd_addresses_are_refused(server: WholeServer, tenancy: Tenancy) -> None:
    del tenancy
    refused = Refused(server)
    for part in ODD_PARTS:
        refused.all(
            (
                Request(method, _with_parts(path, part), None, _accepted(path, method))
                for method, path, kind in operations()
                if "{" in path and (kind is None or method == "GET")
            ),
            [400, 401, 403, 404, 405],
        )
    refused.done()


def _with_parts(template: str, part: str) -> str:
    return "/".join(part if name.startswith("{") else name for name in template.split("/"))


def _accepted(path: str, method: str) -> str:
    operation: Any = _PATHS[path]
    answers = operation[method.lower()]["responses"]
    found = [kind for status, answer in answers.items() if status.startswith("2") for kind in answer.get("content", {})]
    return found[0] if found and found[0] != "text/event-stream" else "*/*"


ODD_VALUES = (
    "",
    "-1",
    "99999999999999999999",
    "9" * 5000,
    "NaN",
    "a\0b",
    "💥",
    "x" * 5000,
    "[]",
    "2026-13-45T99:99:99Z",
)
ODD_VALUES_TO_DATABASES = ("-1", "99999999999999999999", "a\0b", "💥", "x" * 5000)
"""Numbers and texts that may reach a statement; the rest is refused before, or differs from these in nothing that a
second database sees."""


def test_odd_parameters_are_refused_or_mean_nothing(server: WholeServer, tenancy: Tenancy) -> None:
    refused = Refused(server)
    values = ODD_VALUES if server.db.is_sqlite else ODD_VALUES_TO_DATABASES
    for method, path, _ in operations():
        operation: Any = _PATHS[path]
        names = [
            (parameter["in"], parameter["name"])
            for parameter in operation[method.lower()].get("parameters", [])
            if parameter["in"] in {"query", "header"}
        ]
        if method == "GET":
            odd = _odd_requests(filled(path, tenancy), _accepted(path, method), names, values)
            refused.all(odd, [200, 204, 400, 404])
    refused.faults = [fault for fault in refused.faults if ": no " not in fault]
    refused.done()


@pytest.mark.one_database
def test_no_number_in_an_address_is_larger_than_databases_take() -> None:
    """Also of what changes something, and so is not sent odd values above."""
    numbers = 0
    for method, path, _ in operations():
        operation: Any = _PATHS[path]
        for parameter in operation[method.lower()].get("parameters", []):
            for schema in (parameter["schema"], *parameter["schema"].get("anyOf", ())):
                if schema.get("type") in {"integer", "number"}:
                    numbers += 1
                    assert schema["minimum"] >= 0, (method, path, parameter["name"])
                    assert schema["maximum"] < 2**63, (method, path, parameter["name"])
    assert numbers


def _odd_requests(path: str, kind: str, names: Iterable[tuple[str, str]], values: Iterable[str]) -> Iterator[Request]:
    for where, name in names:
        for value in values:
            if where == "query":
                yield Request("GET", path, media=kind, params={name: value})
            elif value.isascii() and value.isprintable():
                yield Request("GET", path, media=kind, headers={name: value})


FORGED = (
    "",
    "x",
    "x" * 60_000,
    "a.b.c",
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.c2lnbmF0dXJl",
    "byr_" + "A" * 43,
)


SCHEMES = ("Bearer", "Basic", "Negotiate")


@pytest.mark.one_database
def test_forged_tokens_open_nothing(server: WholeServer, tenancy: Tenancy) -> None:
    """Each operation meets each token and each scheme, each token each scheme."""
    refused = Refused(server)
    almost = tenancy.run_token[:-1] + ("A" if tenancy.run_token[-1] != "A" else "B")
    closed = [operation for operation in operations() if operation[1] not in OPEN]
    for number, token in enumerate((*FORGED, almost)):
        refused.all(
            (
                Request(
                    method, filled(path, tenancy), {} if kind else None, kind, None, {}, _forged(number + at, token)
                )
                for at, (method, path, kind) in enumerate(closed)
            ),
            [400, 401, 406, 415],
        )
    refused.done()


def _forged(number: int, token: str) -> Mapping[str, str]:
    return {"Authorization": f"{SCHEMES[number % len(SCHEMES)]} {token}"}


@pytest.mark.one_database
def test_large_bodies_of_strangers_are_not_read(server: WholeServer, tenancy: Tenancy) -> None:
    refused = Refused(server)
    large = b'{"filler": "' + b"x" * OPEN_BYTES
    refused.all(
        (
            Request(method, filled(path, tenancy), large, kind, "nobodys")
            for method, path, kind in operations()
            if kind is not None
        ),
        [401, 413],
    )
    refused.done()


ODD: list[Json] = [
    None,
    True,
    -1,
    10**30,
    1.5,
    "",
    "a\0b",
    "\ud800",
    "x" * 70_000,
    [],
    [None],
    {},
    {"a": {"b": []}},
    "../x",
]


ODD_TO_DATABASES: list[Json] = [10**30, "a\0b", "\ud800", "x" * 70_000]
"""What a database may refuse that JSON has let through; of the rest, the second database sees nothing new."""


def _places(document: Json, *path: str) -> Iterator[tuple[str, ...]]:
    if isinstance(document, dict):
        for key, value in document.items():
            yield (*path, key)
            yield from _places(value, *path, key)


def _with(document: JsonObject, path: tuple[str, ...], value: Json) -> JsonObject:
    changed: JsonObject = copy.deepcopy(document)
    target: Any = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return changed


def _documents(tenancy: Tenancy) -> dict[str, tuple[str, str, str, JsonObject]]:
    draft = a_version(tenancy.definition, tenancy.version, number=1)
    step: JsonObject = {
        "id": "a",
        "displayName": "A",
        "status": "IN_PROGRESS",
        "userMessage": "m",
        "systemMessage": "m",
    }
    update: JsonObject = {
        "status": "IN_PROGRESS",
        "summary": "s",
        "steps": [step],
        "source": "source",
        "type": "TERRAFORM",
        "artifact": "eA==",
        "changesDetected": True,
    }
    binding: JsonObject = {
        "apiVersion": "v2",
        "kind": "meshWorkspaceUserBinding",
        "metadata": {"name": "b"},
        "roleRef": {"name": "Workspace Owner"},
        "targetRef": {"name": "shop"},
        "subject": {"name": "admin"},
    }
    return {
        "workspace": ("POST", WORKSPACES, kinds.WORKSPACE.media, a_workspace("shop")),
        "binding": (
            "POST",
            "/api/meshobjects/meshworkspacebindings/userbindings",
            kinds.WORKSPACE_USER_BINDING.media,
            binding,
        ),
        "definition": ("PUT", f"{DEFINITIONS}/{UNKNOWN}", kinds.DEFINITION.media, a_definition()),
        "version": ("PUT", f"{VERSIONS}/{tenancy.version}", kinds.VERSION.media, draft),
        "step": ("PATCH", f"{RUNS}/{tenancy.run}/status/source/source", kinds.RUN.media, step),
        "update": ("PATCH", f"{RUNS}/{tenancy.run}/status/source/source", kinds.RUN.media, update),
    }


@pytest.mark.parametrize("thing", ["workspace", "binding", "definition", "version", "step", "update"])
def test_no_member_of_a_document_breaks_the_server(server: WholeServer, tenancy: Tenancy, thing: str) -> None:
    method, path, kind, document = _documents(tenancy)[thing]
    values = ODD if server.db.is_sqlite else ODD_TO_DATABASES
    bodies = [_with(document, place, odd) for place in _places(document) for odd in values]
    if thing == "step":
        bodies = [{"status": "IN_PROGRESS", "steps": [body]} for body in bodies]
    token = tenancy.run_token if method == "PATCH" else None

    answers = server.send_all(Request(method, path, body, kind, token) for body in bodies)

    faults = [answer.text for answer in answers if answer.status_code >= 500]
    assert not faults, f"{len(faults)} of {len(bodies)}: {faults[0]}"
    assert all(error_of(answer)["errorCode"] for answer in answers if answer.is_error)
