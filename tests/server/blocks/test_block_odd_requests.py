"""Odd requests are refused or served, and never a defect of the server."""

import asyncio
import copy
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from blockyard.protocol.kinds import BLOCK_V2
from tests.support.block_world import (
    BLOCKS,
    BlockWorld,
    a_change,
    a_secret,
    an_input,
    an_order,
    status_of,
    uuid_of,
)
from tests.support.http import client_for

ODD: list[Any] = [
    None,
    0,
    -1,
    1.5,
    2**70,
    True,
    "",
    " ",
    "x" * 300,
    "a\0b",
    "💥",
    [],
    [[]],
    {},
    {"hash": 5},
    {"uuid": ""},
]
ODD_TO_DATABASES: list[Any] = [2**70, "x" * 300, "a\0b", "💥"]
"""What a database may refuse that JSON has let through; of the rest, the second database sees nothing new."""

INPUTS = {
    "name": an_input(),
    "size": an_input("INTEGER"),
    "flag": an_input("BOOLEAN"),
    "kind": an_input("SINGLE_SELECT", selectableValues=["a"]),
    "many": an_input("MULTI_SELECT", selectableValues=["a", "b"]),
    "code": an_input("CODE"),
    "token": an_input(isSensitive=True),
}
VALUES: dict[str, Any] = {
    "name": "n",
    "size": 1,
    "flag": False,
    "kind": "a",
    "many": ["b"],
    "code": "{}",
    "token": a_secret("t0p-s3cret"),
}


def places(document: Any, *path: str) -> Iterator[tuple[str, ...]]:
    """Yield the path of every member of a JSON object and of the objects in it."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield (*path, key)
            yield from places(value, *path, key)


def with_member(document: Any, path: tuple[str, ...], value: Any) -> Any:
    changed = copy.deepcopy(document)
    target = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return changed


def send_all(world: BlockWorld, requests: list[tuple[str, str, Any]]) -> list[httpx2.Response]:
    async def send() -> list[httpx2.Response]:
        headers = {"Accept": BLOCK_V2.media, "Content-Type": BLOCK_V2.media}
        async with client_for(world.api.app) as client:
            return [await client.request(method, path, json=body, headers=headers) for method, path, body in requests]

    return asyncio.run(send())


def test_no_member_of_an_order_breaks_the_server(world: BlockWorld) -> None:
    order = an_order(world.define(inputs=INPUTS), VALUES, name="{{name}}")
    values = ODD if world.db.is_sqlite else ODD_TO_DATABASES
    bodies = [with_member(order, path, odd) for path in places(order) for odd in values]

    answers = send_all(world, [("POST", BLOCKS, body) for body in [*bodies, *values]])

    assert {answer.status_code for answer in answers} <= {201, 400, 404}
    assert all(answer.json()["remedy"] for answer in answers if answer.status_code == 400)
    assert all("t0p-s3cret" not in answer.text for answer in answers)


def test_no_member_of_a_change_breaks_the_server(world: BlockWorld) -> None:
    block = world.order(world.define(inputs=INPUTS), VALUES)
    world.finish()
    change = a_change(world.read(block), inputs=VALUES)
    values = ODD if world.db.is_sqlite else ODD_TO_DATABASES
    bodies = [with_member(change, path, odd) for path in places(change) for odd in values]

    answers = send_all(world, [("PUT", f"{BLOCKS}/{uuid_of(block)}", body) for body in bodies])

    assert {answer.status_code for answer in answers} <= {200, 400, 404, 409}
    assert all("t0p-s3cret" not in answer.text for answer in answers)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[",
        b"\xff\xfe",
        b'{"spec": NaN}',
        b"[" * 100_000,
        b'{"spec": {"displayName": "\\ud800"}}',
        b'{"metadata": 5}',
    ],
)
@pytest.mark.one_database
def test_bodies_that_are_no_order_are_refused(world: BlockWorld, content: bytes) -> None:
    async def send() -> httpx2.Response:
        headers = {"Accept": BLOCK_V2.media, "Content-Type": BLOCK_V2.media}
        async with client_for(world.api.app) as client:
            return await client.post(BLOCKS, content=content, headers=headers)

    answer = asyncio.run(send())

    assert answer.status_code in {400, 415}
    assert answer.json()["errorCode"]


def test_values_that_databases_find_hard_come_back_as_they_were(world: BlockWorld) -> None:
    values = {"name": "a\0b 💥 \u2028", "code": "\0", "size": 2**63 - 1}

    block = world.order(world.define(inputs=INPUTS), VALUES | values, name="{{name}}")

    assert {key: block["spec"]["inputs"][key]["value"] for key in values} == values
    assert world.stored(block).name == "a\N{REPLACEMENT CHARACTER}b 💥 \u2028"
    assert world.claimed().inputs["name"]["value"] == values["name"]
    assert status_of(world.read(block)) == "IN_PROGRESS"
