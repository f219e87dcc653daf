"""Texts, patterns and documents made to be slow hold neither the event loop nor the writer, whatever page or route takes them."""

import asyncio
from collections.abc import Mapping, Sequence

import httpx2
import pytest

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import Json, JsonObject
from tests.contract.test_bad_input import STREAMS, filled, operations
from tests.support.held import LIMIT_SECONDS, Held, measured
from tests.support.http import client_for
from tests.support.huge_json import HUGE
from tests.support.installation import an_input, an_output, text_of
from tests.support.page_world import Person
from tests.support.whole_server import (
    BLOCKS,
    DEFINITIONS,
    RUNS,
    VERSIONS,
    Request,
    Tenancy,
    WholeServer,
    a_definition,
    a_version,
    an_order,
    claim,
)

LONGEST = 255
"""Characters of a description."""

JSON = "application/json"

EVIL: Mapping[str, str] = {
    "images": "![",
    "brackets": "[",
    "links": "[a](",
    "references": "[][]",
    "stars": "*a*a",
    "strong": "**a *a ",
    "lines below": "_a__b ",
    "backticks": "`a``b```",
    "tags": "<",
    "tables": "|",
    "wide tables": "|a" * 500 + "\n" + "|-" * 500 + "\n" + "x\n" * 3000,
    "quotes": ">",
    "lists": "- ",
    "short lists": "-\n\na",
    "many lines": "a\n",
    "definitions": "[a]: b\n",
    "entities": "&#x",
    "backslashes": "\\",
    "nested lists": "\n".join(" " * (2 * depth) + "- a" for depth in range(90)),
    "mentions": "@buildingblock[",
}


def evil(name: str, length: int = LONGEST) -> str:
    """Return an evil text of this length."""
    return (EVIL[name] * length)[:length]


@pytest.fixture(scope="module")
def member(server: WholeServer, tenancy: Tenancy) -> Person:
    """Somebody who may look at the blocks of the workspace."""
    del tenancy
    person: JsonObject = {"username": "mia", "password": "four random words", "euid": None}
    server.ok(Request("POST", "/api/blockyard/v1/users", person, "application/json"))
    binding: JsonObject = {
        "apiVersion": "v2",
        "kind": "meshWorkspaceUserBinding",
        "metadata": {"name": "mia-shop"},
        "roleRef": {"name": "Workspace Member"},
        "targetRef": {"name": "shop"},
        "subject": {"name": "mia"},
    }
    server.ok(
        Request(
            "POST", "/api/meshobjects/meshworkspacebindings/userbindings", binding, kinds.WORKSPACE_USER_BINDING.media
        )
    )
    mia = Person(server.app)
    assert mia.sign_in("mia").status_code == 303
    own = "four other random words"
    chosen = mia.post("/account/password", {"current": "four random words", "new": own, "repeated": own})
    assert chosen.status_code == 303
    return mia


def new_version(server: WholeServer, inputs: JsonObject, outputs: JsonObject) -> str:
    """Return a released version of a definition of its own."""
    created = server.ok(Request("POST", DEFINITIONS, a_definition(), kinds.DEFINITION.media))
    definition, version = text_of(created, "metadata", "uuid"), text_of(created, "status", "latestVersionUuid")
    body = a_version(definition, version, inputs=inputs, outputs=outputs)
    server.ok(Request("PUT", f"{VERSIONS}/{version}", body, kinds.VERSION.media))
    return version


def order(version: str, inputs: Mapping[str, Json]) -> Request:
    """Return the order of a block with these inputs."""
    body = an_order(version)
    spec = body["spec"]
    assert isinstance(spec, dict)
    spec["inputs"] = {key: {"value": value, "isSensitive": False} for key, value in inputs.items()}
    return Request("POST", BLOCKS, body, kinds.BLOCK_V2.media)


def held_by_requests(
    server: WholeServer, requests: Sequence[Request], *, is_interpreter_watched: bool = False
) -> tuple[Held, list[httpx2.Response]]:
    """Send requests and return what was held, and the answers."""
    answers: list[httpx2.Response] = []

    async def send() -> None:
        answers.extend(await server._send_all(requests))

    return measured(server.db, send, is_interpreter_watched=is_interpreter_watched), answers


def held_by_pages(server: WholeServer, person: Person, paths: Sequence[str]) -> Held:
    """Open pages and return what was held."""

    async def look() -> None:
        async with client_for(server.app, "https://blockyard.test") as client:
            client.cookies = person.cookies
            for path in paths:
                answer = await client.get(path)
                assert answer.status_code == 200, f"{path}: {answer.status_code}"

    return measured(server.db, look)


def assert_short(held: Held) -> None:
    """Fail if the loop or the writer was held too long."""
    assert held.loop < LIMIT_SECONDS, held
    assert held.writer < LIMIT_SECONDS, held


@pytest.mark.one_database
def test_the_measurement_sees_what_holds_the_loop_and_the_writer(server: WholeServer) -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        sum(range(20_000_000))
        await server.db.write(lambda _tx: sum(range(20_000_000)))

    held = measured(server.db, work)

    assert held.loop > LIMIT_SECONDS
    assert held.writer > LIMIT_SECONDS


@pytest.mark.parametrize("name", EVIL)
@pytest.mark.one_database
def test_evil_texts_hold_no_page_up(server: WholeServer, tenancy: Tenancy, member: Person, name: str) -> None:
    del tenancy
    text = evil(name)
    inputs: JsonObject = {f"in{at}": an_input(description=text, displayOrder=at) for at in range(20)}
    version = new_version(server, inputs, {"summary": an_output("STRING", "SUMMARY")})
    block = text_of(server.ok(order(version, dict.fromkeys(inputs, evil(name, 1000)))), "metadata", "uuid")
    run = claim(server)
    run_id, token = text_of(run, "metadata", "uuid"), text_of(run, "spec", "runToken")
    _report(server, run_id, token, evil(name, 90_000))

    held = held_by_pages(
        server,
        member,
        [f"/blocks/{block}", f"/blocks/{block}/inputs", f"/blocks/{block}/delete", f"/runs/{run_id}", "/blocks"],
    )

    assert_short(held)


def _report(server: WholeServer, run_id: str, token: str, text: str) -> None:
    """Let a run end whose every text is evil."""
    source: JsonObject = {"source": {"id": "source"}, "steps": [{"id": "apply", "displayName": text[:200].strip()}]}
    server.ok(Request("POST", f"{RUNS}/{run_id}/status/source", source, kinds.RUN.media, token))
    outputs: JsonObject = {"summary": {"value": text, "type": "STRING", "isSensitive": False}}
    step: JsonObject = {
        "id": "apply",
        "status": "SUCCEEDED",
        "userMessage": text,
        "systemMessage": text,
        "outputs": outputs,
    }
    update: JsonObject = {"status": "SUCCEEDED", "summary": text[:2000], "steps": [step]}
    server.ok(Request("PATCH", f"{RUNS}/{run_id}/status/source/source", update, kinds.RUN.media, token))


@pytest.mark.one_database
def test_slow_patterns_and_evil_values_hold_no_order_up(server: WholeServer, tenancy: Tenancy) -> None:
    del tenancy
    inputs: JsonObject = {
        f"in{at}": an_input(valueValidationRegex="(?:(?:a|aa)+b|a*)", displayOrder=at) for at in range(40)
    }
    version = new_version(server, inputs, {"result": an_output()})
    values: dict[str, Json] = {f"in{at}": "a" * (20 + at) for at in range(40)}

    held, answers = held_by_requests(server, [order(version, values)])

    assert [answer.json()["errorCode"] for answer in answers] == ["PatternTooSlow"]
    assert_short(held)


DOCUMENTS: Mapping[str, bytes] = {
    "wide": b"[" + b"[]," * 80_000 + b"[]]",
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "keys": b"{" + b",".join(b'"%d":{}' % at for at in range(20_000)) + b"}",
    "numbers": b"[" + b"1e9," * 60_000 + b"1]",
    "escapes": b'"' + b"\\u0041" * 40_000 + b'"',
}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.one_database
def test_deep_and_wide_documents_hold_no_route_up(server: WholeServer, tenancy: Tenancy, name: str) -> None:
    evil_document = DOCUMENTS[name]
    bodies = [evil_document, b'{"metadata": %b, "spec": {"inputs": %b}}' % (evil_document[:120_000], b"{}")]
    requests = [
        Request(method, filled(path, tenancy), body, kind)
        for method, path, kind in operations()
        if kind is not None and not path.endswith((*STREAMS, "/release", "/lock"))
        for body in bodies
    ]

    held, answers = held_by_requests(server, requests)

    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []
    assert_short(held)


@pytest.mark.parametrize("name", ["digits", "one wide letter"])
@pytest.mark.one_database
def test_a_huge_single_token_does_not_hold_the_interpreter(server: WholeServer, tenancy: Tenancy, name: str) -> None:
    state, document = f"/api/terraform/state/workspace/shop/buildingBlock/{tenancy.block}", HUGE[name]()
    requests = [
        Request("POST", BLOCKS, document, kinds.BLOCK_V2.media),
        Request("POST", state, document, "application/json", tenancy.run_token),
    ]

    held, answers = held_by_requests(server, requests, is_interpreter_watched=True)

    assert {answer.status_code for answer in answers} <= {400, 413}
    assert held.interpreter < LIMIT_SECONDS, held


@pytest.mark.parametrize("text", ['{\n"a":\n' * 400 + "[" + "[]," * 350_000, "{\n" * 500_000, "}\n{\n" * 250_000])
@pytest.mark.one_database
def test_braces_in_the_text_of_a_step_hold_no_report_up(server: WholeServer, tenancy: Tenancy, text: str) -> None:
    step: JsonObject = {"id": "trigger", "status": "IN_PROGRESS", "systemMessage": f'"sensitive": true\n{text}'}
    update: JsonObject = {"status": "IN_PROGRESS", "steps": [step]}

    held, answers = held_by_requests(
        server, [Request("PATCH", f"{RUNS}/{tenancy.run}/status/source/github", update, kinds.RUN.media)]
    )

    assert [answer.status_code for answer in answers] == [200]
    assert_short(held)


LARGE = "x" * 15_000_000
"""A value may have 16 MB."""


@pytest.mark.one_database
def test_large_values_hold_no_reader_up(server: WholeServer, tenancy: Tenancy) -> None:
    del tenancy
    version = new_version(server, {"text": an_input()}, {"result": an_output()})
    blocks = [text_of(server.ok(order(version, {"text": LARGE})), "metadata", "uuid") for _ in range(4)]
    run = next(
        run for run in iter(lambda: claim(server), None) if text_of(run, "spec", "buildingBlock", "uuid") in blocks
    )
    block, run_id = text_of(run, "spec", "buildingBlock", "uuid"), text_of(run, "metadata", "uuid")
    looks = [
        Request("GET", f"{BLOCKS}?size=1000&versionUuid={version}", None, kinds.BLOCK_V2.media),
        Request("GET", f"{BLOCKS}/{block}", None, kinds.BLOCK_V2.media),
        Request("GET", f"/api/blockyard/v1/blocks/{block}", None, JSON),
        Request("GET", f"{RUNS}/{run_id}", None, kinds.RUN.media),
    ]

    held, answers = held_by_requests(server, looks)

    for gone in blocks:
        server.ok(Request("DELETE", f"{BLOCKS}/{gone}/purge", None, kinds.BLOCK_V2.media))
    assert [answer.content.count(LARGE.encode()) for answer in answers] == [4, 1, 1, 1]
    assert held.loop < LIMIT_SECONDS, held  # nothing is written


@pytest.mark.one_database
def test_large_outputs_hold_no_viewer_up(server: WholeServer, tenancy: Tenancy) -> None:
    del tenancy
    version = new_version(server, {}, {"text": an_output(), "list": an_output("CODE")})
    block = text_of(server.ok(order(version, {})), "metadata", "uuid")
    run = next(
        run for run in iter(lambda: claim(server), None) if text_of(run, "spec", "buildingBlock", "uuid") == block
    )
    run_id, token = text_of(run, "metadata", "uuid"), text_of(run, "spec", "runToken")
    outputs: JsonObject = {
        "text": {"value": "ä" * (len(LARGE) // 2), "type": "STRING", "isSensitive": False},
        "list": {"value": [*range(190_000)], "type": "CODE", "isSensitive": False},
    }
    step: JsonObject = {"id": "apply", "status": "SUCCEEDED", "outputs": outputs}
    update: JsonObject = {"status": "SUCCEEDED", "steps": [step]}
    server.ok(Request("PATCH", f"{RUNS}/{run_id}/status/source/source", update, kinds.RUN.media, token))
    server.ok(Request("DELETE", f"{BLOCKS}/{block}/purge", None, kinds.BLOCK_V2.media))
    events = f"/api/blockyard/v1/blocks/{block}/events"
    looks = [Request("GET", events, None, kind) for kind in (JSON, "text/event-stream")]

    held, answers = held_by_requests(server, [*looks, Request("GET", f"/api/blockyard/v1/runs/{run_id}", None, JSON)])

    assert [answer.status_code for answer in answers if len(answer.content) > len(LARGE)] == [200, 200, 200]
    assert held.loop < LIMIT_SECONDS, held  # nothing is written
