"""Recorded requests of public clients, sent again to a server in this process."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

import httpx2

from tests.support.http import client_for, run_aside
from tests.support.whole_server import WholeServer

Learn = Callable[[str, httpx2.Response], Mapping[str, str]]
"""What later requests need to know of the answer to the request of this path."""


def recorded(file: Path) -> list[Any]:
    """Return the requests of a file: method, path, headers, body and perhaps status, with `$NAMES` to fill in."""
    requests: list[Any] = json.loads(file.read_text())
    return requests


def replay(server: WholeServer, requests: Sequence[Any], known: dict[str, str], learn: Learn) -> list[httpx2.Response]:
    """Send requests one after the other with what is `known`, which grows by what is learnt; return the answers."""
    return run_aside(_replay(server, requests, known, learn))


async def _replay(
    server: WholeServer, requests: Sequence[Any], known: dict[str, str], learn: Learn
) -> list[httpx2.Response]:
    answers: list[httpx2.Response] = []
    async with client_for(server.app) as client:
        for request in requests:
            headers = {name: _filled(value, known) for name, value in request["headers"].items()}
            body = None if request["body"] is None else _filled(request["body"], known)
            path = _filled(request["path"], known)
            answer = await client.request(request["method"], path, headers=headers, content=body)
            known |= learn(path, answer)
            answers.append(answer)
    return answers


def _filled(text: str, known: Mapping[str, str]) -> str:
    return Template(text).substitute(known)
