"""Projects over HTTP. Source: api.md 3.3."""

from typing import Any

import pytest
from sqlalchemy import text

from blockyard.server.kit.database import Database
from blockyard.server.projects.model import ProjectKey, parse_key
from tests.support.tenancy import PAYMENT_METHOD, PROJECT, Tenancy

pytestmark = pytest.mark.anyio
PATH = "/api/meshobjects/meshprojects"


def body(name: str = "checkout-dev", workspace: str = "shop", **spec: Any) -> dict[str, Any]:
    """Return a request for a project."""
    return {
        "apiVersion": "v2",
        "kind": "meshProject",
        "metadata": {"name": name, "ownedByWorkspace": workspace},
        "spec": {
            "displayName": "Checkout (dev)",
            "tags": {"env": ["dev"]},
            "paymentMethodIdentifier": None,
            "substitutePaymentMethodIdentifier": None,
        }
        | spec,
    }


@pytest.fixture(autouse=True)
def _shop(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")
    tenancy.workspace("bank")
    tenancy.declare_tags("meshProject", "env", "a", "z", options=["dev", "1", "2"])


async def test_a_project_is_returned_as_it_was_sent(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    tenancy.payment_method("shop", "pm-2026")
    tenancy.payment_method("shop", "pm-2027")
    sent = body(paymentMethodIdentifier="pm-2026", substitutePaymentMethodIdentifier="pm-2027")

    created = await admin.post(PATH, json=sent, headers=PROJECT)

    assert created.status_code == 201
    assert created.headers["content-type"] == PROJECT["Accept"]
    dates = {"createdOn": "2026-01-01T12:00:00Z", "deletedOn": None}
    assert created.json() == sent | {
        "metadata": sent["metadata"] | dates,
        "_links": {"self": {"href": f"http://blockyard.test{PATH}/shop.checkout-dev"}},
    }
    tenancy.clock.advance(5)
    assert (await admin.get(f"{PATH}/shop.checkout-dev", headers=PROJECT)).json() == created.json()
    again = await admin.put(f"{PATH}/shop.checkout-dev", json=created.json(), headers=PROJECT)
    assert again.json() == created.json()
    assert tenancy.titles().count("Project Modified") == 0


async def test_payment_methods_that_are_not_sent_come_back_as_null(tenancy: Tenancy) -> None:
    sent = {"metadata": {"name": "a", "ownedByWorkspace": "shop"}, "spec": {"displayName": "A"}}

    created = await tenancy.admin().post(PATH, json=sent, headers=PROJECT)

    assert created.json()["spec"] == {
        "displayName": "A",
        "tags": {},
        "paymentMethodIdentifier": None,
        "substitutePaymentMethodIdentifier": None,
    }


async def test_a_put_replaces_everything(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    tenancy.payment_method("shop", "pm")
    await admin.post(PATH, json=body(paymentMethodIdentifier="pm"), headers=PROJECT)

    changed = await admin.put(
        f"{PATH}/shop.checkout-dev", json=body(displayName="New", tags={"z": ["1"], "a": ["2", "1"]}), headers=PROJECT
    )

    assert changed.status_code == 200
    assert changed.json()["spec"] == body(displayName="New", tags={"z": ["1"], "a": ["2", "1"]})["spec"]
    events = [event for event in tenancy.all_events() if event.subject_id == "shop.checkout-dev"]
    assert [event.title for event in events] == ["Project Created", "Project Modified"]
    assert events[1].previous is not None
    assert events[1].previous["paymentMethodIdentifier"] == "pm"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"metadata": {"name": "Upper", "ownedByWorkspace": "shop"}}, "/metadata/name"),
        ({"metadata": {"name": "", "ownedByWorkspace": "shop"}}, "/metadata/name"),
        ({"metadata": {"name": "a.b", "ownedByWorkspace": "shop"}}, "/metadata/name"),
        ({"metadata": {"name": "a" * 65, "ownedByWorkspace": "shop"}}, "/metadata/name"),
        ({"metadata": {"name": "a"}}, "/metadata/ownedByWorkspace"),
        ({"metadata": []}, "/metadata"),
        ({"spec": {"tags": {}}}, "/spec/displayName"),
        ({"spec": {"displayName": "a", "tags": []}}, "/spec/tags"),
        ({"spec": {"displayName": "a", "paymentMethodIdentifier": 1}}, "/spec/paymentMethodIdentifier"),
        (
            {"spec": {"displayName": "a", "substitutePaymentMethodIdentifier": "s"}},
            "/spec/substitutePaymentMethodIdentifier",
        ),
    ],
)
@pytest.mark.one_database
async def test_a_bad_request_is_refused_and_names_the_member(
    tenancy: Tenancy, change: dict[str, Any], field: str
) -> None:
    answer = await tenancy.admin().post(PATH, json=body() | change, headers=PROJECT)

    assert answer.status_code == 400
    assert answer.json()["field"] == field


async def test_a_put_checks_too(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await admin.post(PATH, json=body(), headers=PROJECT)
    one = f"{PATH}/shop.checkout-dev"

    assert (await admin.put(one, json=body("other"), headers=PROJECT)).status_code == 400
    assert (await admin.put(one, json=body(workspace="bank"), headers=PROJECT)).status_code == 400
    alone = body(substitutePaymentMethodIdentifier="s")
    assert (await admin.put(one, json=alone, headers=PROJECT)).status_code == 400
    assert (await admin.put(f"{PATH}/shop.none", json=body("none"), headers=PROJECT)).status_code == 404


async def test_a_name_is_unique_in_its_workspace_while_the_project_lives(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    one = f"{PATH}/shop.checkout-dev"
    assert (await admin.post(PATH, json=body(), headers=PROJECT)).status_code == 201
    assert (await admin.post(PATH, json=body(), headers=PROJECT)).status_code == 409
    assert (await admin.post(PATH, json=body(workspace="bank"), headers=PROJECT)).status_code == 201

    assert (await admin.delete(one, headers=PROJECT)).status_code == 204
    assert (await admin.delete(one, headers=PROJECT)).status_code == 204
    assert (await admin.get(one, headers=PROJECT)).status_code == 404

    assert (await admin.post(PATH, json=body(), headers=PROJECT)).status_code == 201
    assert (await admin.get(one, headers=PROJECT)).status_code == 200
    assert (await admin.delete(f"{PATH}/shop.never", headers=PROJECT)).status_code == 404


@pytest.mark.parametrize("identifier", ["nodot", "shop.", ".x", "shop.a.b", "shop.%C3%A9", "a" * 300 + ".b"])
@pytest.mark.one_database
async def test_an_address_that_names_no_project_is_not_found(tenancy: Tenancy, identifier: str) -> None:
    assert (await tenancy.admin().get(f"{PATH}/{identifier}", headers=PROJECT)).status_code == 404


def test_an_address_is_split_at_the_first_dot() -> None:
    assert parse_key("shop.a.b") == ProjectKey("shop", "a.b")
    assert parse_key("shop") is None
    assert str(ProjectKey("shop", "dev")) == "shop.dev"


async def test_a_project_with_contents_cannot_be_deleted(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await admin.post(PATH, json=body(), headers=PROJECT)
    tenancy.projects.uses.add(lambda _tx, key: [f"tenant 1 of {key}"])

    refused = await admin.delete(f"{PATH}/shop.checkout-dev", headers=PROJECT)

    assert refused.status_code == 409
    assert refused.json()["message"] == "project 'shop.checkout-dev' still has tenant 1 of shop.checkout-dev"
    assert (await admin.get(f"{PATH}/shop.checkout-dev", headers=PROJECT)).status_code == 200


async def test_the_list_filters_and_pages(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    tenancy.payment_method("shop", "pm-1")
    for name, payment in (("c", "pm-1"), ("a", None), ("b", "pm-1")):
        tenancy.clock.advance(1)
        await admin.post(PATH, json=body(name, paymentMethodIdentifier=payment), headers=PROJECT)
    await admin.post(PATH, json=body("x", "bank"), headers=PROJECT)

    async def names(query: str) -> list[str]:
        listed = (await admin.get(f"{PATH}{query}", headers=PROJECT)).json()
        return [one["metadata"]["name"] for one in listed["_embedded"]["meshProjects"]]

    assert await names("?workspaceIdentifier=shop&page=0") == ["c", "a", "b"]
    assert await names("?workspaceIdentifier=shop&paymentIdentifier=pm-1") == ["c", "b"]
    assert await names("") == ["c", "a", "b", "x"]
    assert await names("?workspaceIdentifier=nowhere") == []
    page = (await admin.get(f"{PATH}?workspaceIdentifier=shop&size=2&page=1", headers=PROJECT)).json()
    assert page["page"] == {"size": 2, "totalElements": 3, "totalPages": 2, "number": 1}
    assert page["_links"]["prev"]["href"].endswith("?workspaceIdentifier=shop&page=0&size=2")
    empty = (await admin.get(f"{PATH}?workspaceIdentifier=nowhere&page=0", headers=PROJECT)).json()
    assert empty["page"]["totalPages"] == 0
    assert set(empty["_links"]) == {"self"}


async def test_own_projects_are_seen_and_foreign_ones_not(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await admin.post(PATH, json=body(), headers=PROJECT)
    one = f"{PATH}/shop.checkout-dev"
    own = tenancy.key("shop", "PROJECT_LIST", "PROJECT_SAVE", "PROJECT_DELETE")
    stranger = tenancy.key("bank", "PROJECT_LIST", "PROJECT_SAVE", "PROJECT_DELETE")

    listed = (await stranger.get(f"{PATH}?workspaceIdentifier=shop", headers=PROJECT)).json()
    assert listed["_embedded"] == {"meshProjects": []}
    assert (await stranger.get(one, headers=PROJECT)).status_code == 404
    assert (await stranger.put(one, json=body(), headers=PROJECT)).status_code == 404
    assert (await stranger.delete(one, headers=PROJECT)).status_code == 404
    assert (await stranger.post(PATH, json=body("x"), headers=PROJECT)).status_code == 403
    assert (await own.get(one, headers=PROJECT)).status_code == 200
    assert (await own.put(one, json=body(), headers=PROJECT)).status_code == 200
    assert (await own.delete(one, headers=PROJECT)).status_code == 204
    assert (await own.post(PATH, json=body(), headers=PROJECT)).status_code == 201


FIELDS = ("paymentMethodIdentifier", "substitutePaymentMethodIdentifier")


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("name", ["of-the-bank", "deleted", "never-made", ""])
async def test_a_project_names_payment_methods_of_its_workspace_only(tenancy: Tenancy, field: str, name: str) -> None:
    admin = tenancy.admin()
    for owner, method in (("shop", "good"), ("shop", "deleted"), ("bank", "of-the-bank")):
        tenancy.payment_method(owner, method)
    await admin.delete("/api/meshobjects/meshpaymentmethods/deleted", headers=PAYMENT_METHOD)
    bad = body(**{"paymentMethodIdentifier": "good", field: name})

    refused = await admin.post(PATH, json=bad, headers=PROJECT)
    await admin.post(PATH, json=body(paymentMethodIdentifier="good"), headers=PROJECT)
    refused_change = await admin.put(f"{PATH}/shop.checkout-dev", json=bad, headers=PROJECT)

    for answer in (refused, refused_change):
        assert (answer.status_code, answer.json()["errorCode"]) == (400, "UnknownPaymentMethod")
        assert answer.json()["field"] == f"/spec/{field}"
        assert answer.json()["message"] == f"workspace 'shop' has no payment method '{name}'"


async def test_a_project_may_keep_what_it_named_before_there_were_payment_methods(
    tenancy: Tenancy, database: Database
) -> None:
    admin, one = tenancy.admin(), f"{PATH}/shop.checkout-dev"
    await admin.post(PATH, json=body(), headers=PROJECT)
    await admin.post(PATH, json=body("other", "bank"), headers=PROJECT)
    with database.engine.begin() as connection:
        connection.execute(
            text("UPDATE projects SET payment_method = 'Cost Centre 4711', substitute_payment_method = 'x'")
        )

    read = (await admin.get(one, headers=PROJECT)).json()
    renamed = await admin.put(one, json=read | {"spec": read["spec"] | {"displayName": "New"}}, headers=PROJECT)
    swapped = await admin.put(
        one, json=body(**dict(zip(FIELDS, ("x", "Cost Centre 4711"), strict=True))), headers=PROJECT
    )
    given_up = await admin.put(one, json=body(), headers=PROJECT)
    again = await admin.put(one, json=read, headers=PROJECT)

    assert read["spec"]["paymentMethodIdentifier"] == "Cost Centre 4711"
    assert [answer.status_code for answer in (renamed, swapped, given_up, again)] == [200, 200, 200, 400]
    tenancy.payment_method("shop", "x")  # a free text elsewhere does not use it
    assert (await admin.delete("/api/meshobjects/meshpaymentmethods/x", headers=PAYMENT_METHOD)).status_code == 204


async def test_a_project_needs_a_living_workspace(tenancy: Tenancy) -> None:
    answer = await tenancy.admin().post(PATH, json=body(workspace="nowhere"), headers=PROJECT)

    assert answer.status_code == 404
