"""Reviews of platforms: the same list and the same decisions as those of definitions."""

from typing import Any

import pytest

from tests.support.places import a_platform, an_availability
from tests.support.tenancy import PLATFORM, Tenancy

pytestmark = pytest.mark.anyio
PATH = "/api/meshobjects/meshplatforms"
REVIEWS = "/api/blockyard/v1/publications"


async def asked(places: Tenancy) -> str:
    """Let the owner ask for the publication of a platform and return its address."""
    owner = places.key("team", "PLATFORMINSTANCE_SAVE", "PLATFORMINSTANCE_LIST")
    answer = await owner.post(PATH, json=a_platform(), headers=PLATFORM)
    assert answer.status_code == 201, answer.text
    return f"{PATH}/{answer.json()['metadata']['uuid']}"


async def requests(places: Tenancy) -> list[Any]:
    listed = (await places.admin().get(f"{REVIEWS}?kind=meshPlatform")).json()
    found: list[Any] = listed["_embedded"]["publications"]
    return found


async def state(places: Tenancy, address: str) -> str:
    answer = await places.admin().get(address, headers=PLATFORM)
    return str(answer.json()["spec"]["availability"]["publicationState"])


@pytest.mark.parametrize(
    ("step", "comment", "after", "title"),
    [("approve", "", "PUBLISHED", "Approved"), ("reject", "no support", "REJECTED", "Rejected")],
)
async def test_a_reviewer_decides_on_a_platform(
    places: Tenancy, step: str, comment: str, after: str, title: str
) -> None:
    address = await asked(places)
    (request,) = await requests(places)
    assert (request["decision"], request["objectUuid"]) == ("OPEN", address.rpartition("/")[2])

    decided = await places.admin().post(f"{REVIEWS}/{request['uuid']}/{step}", json={"comment": comment})

    assert (decided.status_code, decided.json()["comment"]) == (200, comment)
    assert await state(places, address) == after
    assert f"Platform Marketplace Publication {title}" in places.titles()


async def test_a_request_ends_with_what_becomes_of_the_platform(places: Tenancy) -> None:
    address = await asked(places)
    admin = places.admin()

    async def put(wanted: str) -> None:
        sent = a_platform(availability=an_availability("PUBLIC", wanted))
        assert (await admin.put(address, json=sent, headers=PLATFORM)).status_code == 200

    await put("UNPUBLISHED")
    await put("PUBLISHED")
    assert [request["decision"] for request in await requests(places)] == ["WITHDRAWN", "APPROVED"]
    assert (await admin.delete(address, headers=PLATFORM)).status_code == 204
    assert await requests(places) == []
