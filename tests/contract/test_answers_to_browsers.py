"""No answer leaves out what protects browsers, and no page loads anything from elsewhere."""

import re

import pytest

from blockyard.server.kit.headers import SAFE
from tests.contract.test_bodies_of_strangers import addresses
from tests.support.whole_server import Request, Tenancy, WholeServer

_LOADED = re.compile(
    r"""(?:src|href|action|srcset)\s*=\s*["']?\s*(?:[a-z]+:)?//(?!blockyard\.test)[^"'\s>]+""", re.IGNORECASE
)


@pytest.mark.one_database
def test_every_answer_is_safe_for_browsers_and_loads_nothing_foreign(server: WholeServer, tenancy: Tenancy) -> None:
    asked = [
        Request(method, path, None if method == "GET" else b"{}", "*/*", token)
        for method, path in addresses(server, tenancy)
        if not path.endswith(("/events", "/create"))
        for token in ("nobodys", None)
        if token or method == "GET"
    ]

    answers = server.send_all(asked)

    assert len(answers) > 100
    unsafe = [
        str(answer.url)
        for answer in answers
        if not {name.lower() for name in SAFE} <= {name.lower() for name in answer.headers}
    ]
    assert unsafe == []
    foreign = [
        f"{answer.url}: {found}"
        for answer in answers
        if "html" in answer.headers.get("content-type", "")
        for found in _LOADED.findall(answer.text)
    ]
    assert foreign == []


def test_foreign_addresses_are_found() -> None:
    assert _LOADED.findall('<script src="https://cdn.example/x.js"><link href=//cdn.example/y.css>') != []
    assert _LOADED.findall('<a href="/blocks"> <form action="/x">') == []
