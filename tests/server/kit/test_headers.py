"""What every answer says to browsers."""

import httpx2
import pytest
from fastapi import FastAPI, Request, Response

from blockyard.server.kit.access_log import SingleSlash
from blockyard.server.kit.headers import HSTS, SAFE, SafeHeaders
from tests.support.http import client_for

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[False, True], ids=["http", "https"])
def https(request: pytest.FixtureRequest) -> bool:
    """Whether people reach the server over https."""
    return bool(request.param)


@pytest.fixture
def client(*, https: bool) -> httpx2.AsyncClient:
    """A client of an application that sets cookies and tells those it got."""
    app = FastAPI()

    @app.get("/api/cookies")
    async def cookies(request: Request, response: Response) -> dict[str, str]:
        response.set_cookie("blockyard_session", "s", path="/", secure=https, httponly=True)
        response.set_cookie("theme", "dark")
        return dict(request.cookies)

    @app.get("/metrics")
    async def metrics(response: Response) -> None:
        response.headers["Cache-Control"] = "public"

    app.add_middleware(SingleSlash)
    app.add_middleware(SafeHeaders, https=https)
    return client_for(app)


async def test_an_answer_that_says_nothing_else_is_safe(client: httpx2.AsyncClient, *, https: bool) -> None:
    for path in ("/api/cookies", "/nowhere"):
        headers = (await client.get(path)).headers

        assert {name: headers.get(name) for name in SAFE} == SAFE
        assert headers.get("Strict-Transport-Security") == (HSTS if https else None)
    assert (await client.get("/metrics")).headers["Cache-Control"] == "public"


async def test_cookies_are_bound_to_the_host_where_that_is_possible(client: httpx2.AsyncClient, *, https: bool) -> None:
    sent = "blockyard_session=planted; __Host-blockyard_session=own; theme=light"

    answer = await client.get("/api/cookies", headers={"Cookie": sent})

    name = "__Host-blockyard_session" if https else "blockyard_session"
    assert [cookie.partition("=")[0] for cookie in answer.headers.get_list("set-cookie")] == [name, "theme"]
    assert answer.json()["theme"] == "light"
    assert answer.json()["blockyard_session"] == ("own" if https else "planted")


async def test_only_addresses_of_the_api_may_begin_with_two_slashes(client: httpx2.AsyncClient) -> None:
    statuses = [
        (await client.get(f"http://blockyard.test{path}")).status_code for path in ("//api/cookies", "//metrics")
    ]

    assert statuses == [200, 404]
