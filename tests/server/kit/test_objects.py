"""Envelope, schemas, router and answers of a plain kind."""

from dataclasses import dataclass
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import Body, FastAPI, Request, Response

from blockyard.protocol.kinds import Kind
from blockyard.server.kit.connections import BodyGuard
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import install_errors
from blockyard.server.kit.objects import Answers, ObjectIn, list_schema, object_router, object_schema
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.wire import WireModel
from tests.support.http import client_for

pytestmark = pytest.mark.anyio
KIND = Kind("meshThing", "v3")
HEADERS = {"Accept": KIND.media, "Content-Type": KIND.media}


class ThingMetadata(WireModel):
    """Which thing it is."""

    name: str


class ThingSpec(WireModel):
    """What its author says."""

    display_name: str


class ThingIn(ObjectIn[ThingMetadata, ThingSpec]):
    """A thing as clients send it."""


@dataclass(frozen=True)
class Thing:
    """What is stored."""

    key: str
    display_name: str


def parts(thing: Thing) -> dict[str, Any]:
    """Return what a thing shows."""
    return {"metadata": {"name": thing.key}, "spec": {"displayName": thing.display_name}, "status": {"size": "big"}}


@pytest.fixture
def app() -> FastAPI:
    """An application with things."""
    out = object_schema(KIND, ThingMetadata, ThingSpec, WireModel)
    router, answer = object_router(KIND, "Things"), Answers(KIND, Links("http://blockyard.test/"), parts)

    @router.post("", status_code=201, response_model=out)
    async def make(body: Annotated[ThingIn, Body(media_type=KIND.media)]) -> Response:
        return answer.one(Thing(body.metadata.name, body.spec.display_name))

    @router.get("", response_model=list_schema(KIND, out))
    async def listed(request: Request) -> Response:
        return answer.page(Page([Thing("b", "B")], 3, PageRequest(1, 1)), request)

    app = FastAPI()
    install_errors(app)
    app.add_middleware(BodyGuard, max_bytes=100_000)
    app.include_router(router)
    return app


@pytest.fixture
def client(app: FastAPI) -> httpx2.AsyncClient:
    """A client of the application."""
    return client_for(app)


async def test_an_object_comes_in_its_envelope_and_media_type(client: httpx2.AsyncClient) -> None:
    sent = {"metadata": {"name": "a b"}, "spec": {"displayName": "A"}, "status": "ignored"}

    answer = await client.post(KIND.collection, json=sent, headers=HEADERS)

    assert answer.headers["content-type"] == KIND.media
    assert answer.json() == {
        "apiVersion": "v3",
        "kind": "meshThing",
        "metadata": {"name": "a b"},
        "spec": {"displayName": "A"},
        "status": {"size": "big"},
        "_links": {"self": {"href": "http://blockyard.test/api/meshobjects/meshthings/a%20b"}},
    }


@pytest.mark.parametrize(("header", "status"), [("Accept", 406), ("Content-Type", 415)])
async def test_another_media_type_is_refused(client: httpx2.AsyncClient, header: str, status: int) -> None:
    headers = {**HEADERS, header: Kind("meshOther", "v3").media}

    assert (await client.post(KIND.collection, json={}, headers=headers)).status_code == status


async def test_a_list_links_its_other_pages_with_all_filters_of_the_request(client: httpx2.AsyncClient) -> None:
    listed = (await client.get(f"{KIND.collection}?tag=x&page=1&size=1&tag=y", headers=HEADERS)).json()

    assert [one["metadata"]["name"] for one in listed["_embedded"]["meshThings"]] == ["b"]
    assert listed["page"] == {"size": 1, "totalElements": 3, "totalPages": 3, "number": 1}
    start = f"http://blockyard.test{KIND.collection}?tag=x&tag=y&page="
    numbers = {"self": 1, "first": 0, "last": 2, "prev": 0, "next": 2}
    assert listed["_links"] == {rel: {"href": f"{start}{number}&size=1"} for rel, number in numbers.items()}


def test_the_schemas_say_which_kind_it_is(app: FastAPI) -> None:
    schemas = app.openapi()["components"]["schemas"]

    assert schemas["ThingOut"]["properties"]["kind"]["const"] == "meshThing"
    assert schemas["ThingOut"]["properties"]["apiVersion"]["const"] == "v3"
    assert set(schemas["ThingOut"]["required"]) == {"apiVersion", "kind", "metadata", "spec", "status", "_links"}
    assert "ThingList" in schemas
    assert "ThingIn" in schemas
