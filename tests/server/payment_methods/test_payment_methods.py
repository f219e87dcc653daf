"""Payment methods over HTTP. Source: api.md 3.5, concepts.md 23."""

import asyncio
from typing import Any

import pytest

from tests.support.tenancy import PAYMENT_METHOD, PROJECT, WORKSPACE, Tenancy

pytestmark = pytest.mark.anyio
PATH = "/api/meshobjects/meshpaymentmethods"
ONE = f"{PATH}/pm-2026"
PROJECTS = "/api/meshobjects/meshprojects"
SPEC = {
    "displayName": "Budget 2026",
    "expirationDate": "2026-12-31",
    "amount": 25000,
    "tags": {"cost-center": ["4711"]},
}


def body(name: str = "pm-2026", workspace: str = "shop", **spec: Any) -> dict[str, Any]:
    """Return a request for a payment method."""
    return {
        "apiVersion": "v2",
        "kind": "meshPaymentMethod",
        "metadata": {"name": name, "ownedByWorkspace": workspace},
        "spec": SPEC | spec,
    }


def a_project(name: str = "dev", workspace: str = "shop", **spec: Any) -> dict[str, Any]:
    """Return a request for a project."""
    return {"metadata": {"name": name, "ownedByWorkspace": workspace}, "spec": {"displayName": name} | spec}


@pytest.fixture(autouse=True)
def _shop(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")
    tenancy.workspace("bank")
    tenancy.declare_tags("meshPaymentMethod", "cost-center", "a", "b")


async def test_a_payment_method_is_returned_as_it_was_sent(tenancy: Tenancy) -> None:
    admin = tenancy.admin()

    created = await admin.post(PATH, json=body(), headers=PAYMENT_METHOD)

    assert created.status_code == 201
    assert created.headers["content-type"] == PAYMENT_METHOD["Accept"]
    assert created.json() == body() | {
        "metadata": body()["metadata"] | {"createdOn": "2026-01-01T12:00:00Z", "deletedOn": None},
        "_links": {"self": {"href": f"http://blockyard.test{ONE}"}},
    }
    tenancy.clock.advance(5)
    assert (await admin.get(ONE, headers=PAYMENT_METHOD)).json() == created.json()
    assert (await admin.put(ONE, json=created.json(), headers=PAYMENT_METHOD)).json() == created.json()
    assert tenancy.titles().count("Payment Method Modified") == 0


async def test_what_is_not_sent_is_null_and_tags_are_empty(tenancy: Tenancy) -> None:
    sent = body() | {"spec": {"displayName": "A"}}

    created = await tenancy.admin().post(PATH, json=sent, headers=PAYMENT_METHOD)

    assert created.json()["spec"] == {"displayName": "A", "expirationDate": None, "amount": None, "tags": {}}


@pytest.mark.parametrize("amount", [0, -1, 2**63 - 1, -(2**63)])
async def test_an_amount_comes_back_as_the_integer_it_was(tenancy: Tenancy, amount: int) -> None:
    admin = tenancy.admin()
    created = await admin.post(PATH, json=body(amount=amount), headers=PAYMENT_METHOD)

    assert created.json()["spec"]["amount"] == amount
    assert f'"amount":{amount}' in (await admin.get(ONE, headers=PAYMENT_METHOD)).text.replace(" ", "")


async def test_a_put_replaces_everything_and_is_told(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await admin.post(PATH, json=body(), headers=PAYMENT_METHOD)

    changed = await admin.put(ONE, json=body() | {"spec": {"displayName": "New"}}, headers=PAYMENT_METHOD)
    await admin.delete(ONE, headers=PAYMENT_METHOD)

    spec: dict[str, Any] = {"displayName": "New", "expirationDate": None, "amount": None, "tags": {}}
    assert (changed.status_code, changed.json()["spec"]) == (200, spec)
    events = [event for event in tenancy.all_events() if event.subject_kind == "meshPaymentMethod"]
    assert [(event.title, event.subject_id, event.workspace) for event in events] == [
        (f"Payment Method {verb}", "pm-2026", "shop") for verb in ("Created", "Modified", "Deleted")
    ]
    assert (events[1].content, events[1].previous) == (spec, SPEC)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"metadata": {"name": "Upper", "ownedByWorkspace": "shop"}}, "/metadata/name"),
        ({"metadata": {"name": "a.b", "ownedByWorkspace": "shop"}}, "/metadata/name"),
        ({"metadata": {"name": "a" * 65, "ownedByWorkspace": "shop"}}, "/metadata/name"),
        ({"metadata": {"name": "a"}}, "/metadata/ownedByWorkspace"),
        ({"metadata": None}, "/metadata"),
        ({"spec": {}}, "/spec/displayName"),
        ({"spec": SPEC | {"displayName": ""}}, "/spec/displayName"),
        ({"spec": SPEC | {"displayName": " \t"}}, "/spec/displayName"),
        ({"spec": SPEC | {"displayName": "a" * 256}}, "/spec/displayName"),
        ({"spec": SPEC | {"expirationDate": "2026-12-31T23:59:59Z"}}, "/spec/expirationDate"),
        ({"spec": SPEC | {"expirationDate": "2026-02-30"}}, "/spec/expirationDate"),
        ({"spec": SPEC | {"amount": "25000"}}, "/spec/amount"),
        ({"spec": SPEC | {"amount": 1.5}}, "/spec/amount"),
        ({"spec": SPEC | {"amount": True}}, "/spec/amount"),
        ({"spec": SPEC | {"amount": 2**63}}, "/spec/amount"),
        ({"spec": SPEC | {"tags": []}}, "/spec/tags"),
        ({"spec": SPEC | {"tags": {"": ["b"]}}}, "/spec/tags"),
        ({"spec": SPEC | {"tags": {"a": [], " ": []}}}, "/spec/tags"),
        ({"spec": SPEC | {"tags": {"a": "b"}}}, "/spec/tags/a"),
    ],
)
@pytest.mark.one_database
async def test_a_bad_request_is_refused_and_names_the_member(
    tenancy: Tenancy, change: dict[str, Any], field: str
) -> None:
    answer = await tenancy.admin().post(PATH, json=body() | change, headers=PAYMENT_METHOD)

    assert (answer.status_code, answer.json()["field"]) == (400, field)


@pytest.mark.parametrize("name", ["x" * 65, "x" * 300, "A", ""])
@pytest.mark.one_database
async def test_one_rule_says_what_a_name_may_be(tenancy: Tenancy, name: str) -> None:
    answer = await tenancy.admin().post(PATH, json=body(name), headers=PAYMENT_METHOD)

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "InvalidName")
    assert answer.json()["message"].startswith("the name of a payment method has up to 64 lower-case letters")


@pytest.mark.parametrize("day", ["2026-13-01", "2026-02-30", "0000-01-01"])
@pytest.mark.one_database
async def test_a_day_that_no_calendar_has_is_refused_in_plain_words(tenancy: Tenancy, day: str) -> None:
    answer = await tenancy.admin().post(PATH, json=body(expirationDate=day), headers=PAYMENT_METHOD)

    assert answer.status_code == 400
    assert answer.json()["message"] == "/spec/expirationDate must be a day that the calendar has, such as 2026-12-31"


async def test_name_and_workspace_never_change(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await admin.post(PATH, json=body(), headers=PAYMENT_METHOD)

    for sent, field in (
        (body("other"), "/metadata/name"),
        (body(workspace="bank"), "/metadata/ownedByWorkspace"),
        (body(workspace="nowhere"), "/metadata/ownedByWorkspace"),
    ):
        answer = await admin.put(ONE, json=sent, headers=PAYMENT_METHOD)
        assert (answer.status_code, answer.json()["errorCode"], answer.json()["field"]) == (400, "Immutable", field)
    assert (await admin.put(f"{PATH}/none", json=body("none"), headers=PAYMENT_METHOD)).status_code == 404


async def test_a_name_is_unique_everywhere_and_free_again_after_a_deletion(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    assert (await admin.post(PATH, json=body(), headers=PAYMENT_METHOD)).status_code == 201
    for owner in ("shop", "bank"):
        taken = await admin.post(PATH, json=body(workspace=owner), headers=PAYMENT_METHOD)
        assert (taken.status_code, taken.json()["errorCode"]) == (409, "NameTaken")

    assert (await admin.delete(ONE, headers=PAYMENT_METHOD)).status_code == 204
    assert (await admin.delete(ONE, headers=PAYMENT_METHOD)).status_code == 204
    assert tenancy.titles().count("Payment Method Deleted") == 1
    assert (await admin.get(ONE, headers=PAYMENT_METHOD)).status_code == 404
    assert (await admin.put(ONE, json=body(), headers=PAYMENT_METHOD)).status_code == 404

    replaced = await admin.post(PATH, json=body(workspace="bank"), headers=PAYMENT_METHOD)
    assert (replaced.status_code, replaced.json()["metadata"]["ownedByWorkspace"]) == (201, "bank")
    assert (await admin.get(ONE, headers=PAYMENT_METHOD)).json() == replaced.json()
    assert (await admin.delete(f"{PATH}/never", headers=PAYMENT_METHOD)).status_code == 404


async def test_a_name_is_given_once_when_many_ask_for_it_at_once(tenancy: Tenancy) -> None:
    admin = tenancy.admin()

    answers = await asyncio.gather(
        *(admin.post(PATH, json=body(workspace=owner), headers=PAYMENT_METHOD) for owner in ("shop", "bank") * 3)
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5


async def test_the_list_filters_and_pages_oldest_first(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    for name, owner in (("c", "shop"), ("a", "bank"), ("b", "shop"), ("gone", "shop")):
        tenancy.clock.advance(1)
        await admin.post(PATH, json=body(name, owner), headers=PAYMENT_METHOD)
    await admin.delete(f"{PATH}/gone", headers=PAYMENT_METHOD)

    async def names(query: str) -> list[str]:
        listed = (await admin.get(f"{PATH}{query}", headers=PAYMENT_METHOD)).json()
        return [one["metadata"]["name"] for one in listed["_embedded"]["meshPaymentMethods"]]

    assert await names("") == ["c", "a", "b"]
    assert await names("?workspaceIdentifier=shop") == ["c", "b"]
    assert await names("?workspaceIdentifier=nowhere") == []
    assert await names("?size=2&page=1") == ["b"]
    page = (await admin.get(f"{PATH}?workspaceIdentifier=shop&size=1", headers=PAYMENT_METHOD)).json()
    assert page["page"] == {"size": 1, "totalElements": 2, "totalPages": 2, "number": 0}
    assert page["_links"]["next"]["href"].endswith(f"{PATH}?workspaceIdentifier=shop&page=1&size=1")


async def test_a_workspace_sees_its_own_and_changes_nothing(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await admin.post(PATH, json=body(), headers=PAYMENT_METHOD)
    await admin.post(PATH, json=body("of-the-bank", "bank"), headers=PAYMENT_METHOD)
    own = tenancy.key("shop", "PAYMENTMETHOD_LIST")

    listed = (await own.get(PATH, headers=PAYMENT_METHOD)).json()
    assert [one["metadata"]["name"] for one in listed["_embedded"]["meshPaymentMethods"]] == ["pm-2026"]
    assert (await own.get(f"{PATH}?workspaceIdentifier=bank", headers=PAYMENT_METHOD)).json()["page"][
        "totalElements"
    ] == 0
    assert (await own.get(ONE, headers=PAYMENT_METHOD)).status_code == 200
    refused = [
        await own.post(PATH, json=body("x"), headers=PAYMENT_METHOD),
        await own.put(ONE, json=body(), headers=PAYMENT_METHOD),
        await own.delete(ONE, headers=PAYMENT_METHOD),
    ]
    assert [(answer.status_code, answer.json()["message"].rpartition(": ")[2]) for answer in refused] == [
        (403, f"ADM_PAYMENTMETHOD_{verb} is needed") for verb in ("SAVE", "SAVE", "DELETE")
    ]


async def test_to_strangers_a_payment_method_is_as_one_that_is_not_there(tenancy: Tenancy) -> None:
    await tenancy.admin().post(PATH, json=body(), headers=PAYMENT_METHOD)
    stranger = tenancy.key("bank", "PAYMENTMETHOD_LIST")

    for method, content in (("GET", None), ("PUT", body()), ("DELETE", None)):
        answers = [
            await stranger.request(method, f"{PATH}/{name}", json=content, headers=PAYMENT_METHOD)
            for name in ("pm-2026", "pm-none")
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        hidden, absent = (answer.json()["message"] for answer in answers)
        assert hidden.replace("pm-2026", "pm-none") == absent


async def test_a_payment_method_needs_a_living_workspace(tenancy: Tenancy) -> None:
    answer = await tenancy.admin().post(PATH, json=body(workspace="nowhere"), headers=PAYMENT_METHOD)

    assert answer.status_code == 404


@pytest.mark.parametrize("field", ["paymentMethodIdentifier", "substitutePaymentMethodIdentifier"])
async def test_what_a_project_names_cannot_be_deleted_before_the_project(tenancy: Tenancy, field: str) -> None:
    admin = tenancy.admin()
    for name in ("pm-2026", "main"):
        await admin.post(PATH, json=body(name), headers=PAYMENT_METHOD)
    for name in ("dev", "prod"):
        named = {"paymentMethodIdentifier": "main", field: "pm-2026"}
        assert (await admin.post(PROJECTS, json=a_project(name, **named), headers=PROJECT)).status_code == 201

    refused = await admin.delete(ONE, headers=PAYMENT_METHOD)

    assert (refused.status_code, refused.json()["errorCode"]) == (409, "InUse")
    assert refused.json()["message"] == (
        "payment method 'pm-2026' is still used by project 'shop.dev', project 'shop.prod'"
    )
    assert (await admin.get(ONE, headers=PAYMENT_METHOD)).status_code == 200
    await admin.delete(f"{PROJECTS}/shop.dev", headers=PROJECT)
    await admin.put(f"{PROJECTS}/shop.prod", json=a_project("prod"), headers=PROJECT)
    assert (await admin.delete(ONE, headers=PAYMENT_METHOD)).status_code == 204


async def test_of_many_projects_that_name_a_payment_method_the_first_are_told(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await admin.post(PATH, json=body(), headers=PAYMENT_METHOD)
    for number in range(7):
        project = a_project(f"dev-{number}", paymentMethodIdentifier="pm-2026")
        await admin.post(PROJECTS, json=project, headers=PROJECT)
        tenancy.clock.advance(1)

    refused = await admin.delete(ONE, headers=PAYMENT_METHOD)

    projects = ", ".join(f"project 'shop.dev-{number}'" for number in range(5))
    assert refused.json()["message"] == f"payment method 'pm-2026' is still used by {projects}, 2 more projects"


async def test_an_expired_payment_method_may_be_made_and_named(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    expired = await admin.post(PATH, json=body(expirationDate="2025-12-31"), headers=PAYMENT_METHOD)

    project = await admin.post(PROJECTS, json=a_project(paymentMethodIdentifier="pm-2026"), headers=PROJECT)

    assert expired.json()["spec"]["expirationDate"] == "2025-12-31"
    assert project.json()["spec"]["paymentMethodIdentifier"] == "pm-2026"


async def test_no_project_names_a_payment_method_that_is_deleted_meanwhile(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    for number in range(10):
        name = f"pm-{number}"
        tenancy.payment_method("shop", name)
        project = a_project(f"dev-{number}", paymentMethodIdentifier=name)

        created, deleted = await asyncio.gather(
            admin.post(PROJECTS, json=project, headers=PROJECT),
            admin.delete(f"{PATH}/{name}", headers=PAYMENT_METHOD),
        )

        assert (created.status_code, deleted.status_code) in {(201, 409), (400, 204)}


async def test_payment_methods_go_with_their_workspace(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    for name in ("a", "b"):
        await admin.post(PATH, json=body(name), headers=PAYMENT_METHOD)
    await admin.post(PATH, json=body("of-the-bank", "bank"), headers=PAYMENT_METHOD)
    owner = tenancy.key("shop", "WORKSPACE_DELETE", "PROJECT_SAVE", "PROJECT_DELETE")
    await owner.post(PROJECTS, json=a_project(paymentMethodIdentifier="a"), headers=PROJECT)

    while_used = await owner.delete("/api/meshobjects/meshworkspaces/shop", headers=WORKSPACE)
    assert while_used.json()["message"] == "workspace 'shop' still has 1 project"
    await owner.delete(f"{PROJECTS}/shop.dev", headers=PROJECT)
    assert (await owner.delete("/api/meshobjects/meshworkspaces/shop", headers=WORKSPACE)).status_code == 204

    listed = (await admin.get(PATH, headers=PAYMENT_METHOD)).json()
    assert [one["metadata"]["name"] for one in listed["_embedded"]["meshPaymentMethods"]] == ["of-the-bank"]
    assert tenancy.titles().count("Payment Method Deleted") == 2
    assert (await admin.post(PATH, json=body("a", "bank"), headers=PAYMENT_METHOD)).status_code == 201
