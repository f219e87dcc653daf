"""What must hold when requests come at the same time."""

import asyncio
from collections.abc import Mapping

import pytest

from tests.support.tenancy import (
    API_KEY,
    GROUP_BINDING,
    PROJECT,
    PROJECT_USER_BINDING,
    USER_BINDING,
    WORKSPACE,
    Tenancy,
)

pytestmark = pytest.mark.anyio
OWN = "/api/blockyard/v1"
WORKSPACE_BINDINGS = "/api/meshobjects/meshworkspacebindings"
PROJECT_BINDINGS = "/api/meshobjects/meshprojectbindings/userbindings"


async def test_three_requests_at_once_make_no_third_owner(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")
    for name in ("ann", "jane", "joe"):
        tenancy.user(name)
    admin = tenancy.admin()

    def owner(name: str) -> dict[str, object]:
        return {
            "metadata": {"name": f"owner-{name}"},
            "roleRef": {"name": "Workspace Owner"},
            "targetRef": {"name": "shop"},
            "subject": {"name": name},
        }

    path = "/api/meshobjects/meshworkspacebindings/userbindings"
    answers = await asyncio.gather(
        *(admin.post(path, json=owner(name), headers=USER_BINDING) for name in ("ann", "jane", "joe"))
    )

    assert sorted(answer.status_code for answer in answers) == [201, 201, 409]


async def test_a_name_is_taken_once_when_many_ask_for_it_at_once(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    sent = {"metadata": {"name": "shop"}, "spec": {"displayName": "Shop"}}

    answers = await asyncio.gather(
        *(admin.post("/api/meshobjects/meshworkspaces", json=sent, headers=WORKSPACE) for _ in range(8))
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert tenancy.titles().count("Workspace Created") == 2


async def test_no_project_is_left_in_a_workspace_that_is_deleted_meanwhile(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    for number in range(10):
        name = f"shop-{number}"
        tenancy.workspace(name)
        project = {"metadata": {"name": "dev", "ownedByWorkspace": name}, "spec": {"displayName": "Dev"}}

        created, deleted = await asyncio.gather(
            admin.post("/api/meshobjects/meshprojects", json=project, headers=PROJECT),
            admin.delete(f"/api/meshobjects/meshworkspaces/{name}", headers=WORKSPACE),
        )

        assert (created.status_code, deleted.status_code) in {(201, 409), (404, 204)}


async def test_settings_written_at_once_are_all_answered_and_the_last_one_stays(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")
    admin = tenancy.admin()

    def change(number: int) -> dict[str, object]:
        return {"metadata": {"name": "shop"}, "spec": {"displayName": f"Shop {number}"}}

    path = "/api/meshobjects/meshworkspaces/shop"
    answers = await asyncio.gather(*(admin.put(path, json=change(number), headers=WORKSPACE) for number in range(6)))

    assert {answer.status_code for answer in answers} <= {200, 409}
    assert 200 in {answer.status_code for answer in answers}
    read = (await admin.get(path, headers=WORKSPACE)).json()
    assert read["spec"]["displayName"] in {
        answer.json()["spec"]["displayName"] for answer in answers if answer.is_success
    }


async def test_a_key_changed_at_once_has_one_valid_secret(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    body = {
        "metadata": {"ownedByWorkspace": "admin"},
        "spec": {"displayName": "ci", "permissions": [], "expiresAt": None},
    }
    path = "/api/meshobjects/meshapikeys"
    uuid = (await admin.post(path, json=body, headers=API_KEY)).json()["metadata"]["uuid"]

    answers = await asyncio.gather(
        *(
            admin.put(
                f"{path}/{uuid}",
                json=body | {"spec": {"displayName": "ci", "permissions": [], "expiresAt": f"2027-01-0{day}"}},
                headers=API_KEY,
            )
            for day in range(1, 5)
        )
    )

    secrets = [answer.json()["status"]["clientSecret"] for answer in answers if answer.is_success]
    logins = [
        (await tenancy.client.post("/api/login", json={"clientId": uuid, "clientSecret": secret})).status_code
        for secret in secrets
    ]
    assert logins.count(200) == 1


def binding(role: str, target: Mapping[str, str], subject: str) -> dict[str, object]:
    """Return a request for a binding."""
    return {
        "metadata": {"name": f"of-{subject}"},
        "roleRef": {"name": role},
        "targetRef": target,
        "subject": {"name": subject},
    }


async def test_no_role_is_left_to_somebody_who_is_deleted_meanwhile(tenancy: Tenancy) -> None:
    """The next one of this name would have it."""
    admin = tenancy.admin()
    tenancy.workspace("shop")
    tenancy.project("shop", "dev")
    in_shop, in_dev = {"name": "shop"}, {"name": "dev", "ownedByWorkspace": "shop"}
    for number in range(6):
        left, moved, trusted = (f"{name}-{number}" for name in ("left", "moved", "trusted"))
        ids = {name: tenancy.user(name).id for name in (left, moved, trusted)}
        tenancy.member("shop", moved)
        await admin.post(f"{OWN}/groups", json={"name": left, "displayName": left, "members": []})
        auditor = {"role": "Auditor", "subject": {"kind": "user", "name": trusted}}

        answers = await asyncio.gather(
            admin.post(
                f"{WORKSPACE_BINDINGS}/userbindings",
                json=binding("Workspace Manager", in_shop, left),
                headers=USER_BINDING,
            ),
            admin.post(PROJECT_BINDINGS, json=binding("Project Admin", in_dev, moved), headers=PROJECT_USER_BINDING),
            admin.post(f"{OWN}/admin-bindings", json=auditor),
            admin.post(
                f"{WORKSPACE_BINDINGS}/groupbindings",
                json=binding("Workspace Manager", in_shop, left),
                headers=GROUP_BINDING,
            ),
            *(admin.delete(f"{OWN}/users/{uuid}") for uuid in ids.values()),
            admin.delete(f"{OWN}/groups/{left}"),
        )

        assert {answer.status_code for answer in answers[:4]} <= {201, 409, 422}
        assert {answer.status_code for answer in answers[4:]} == {204}
        for path in (f"{OWN}/workspaces/shop/bindings", f"{OWN}/projects/shop.dev/bindings", f"{OWN}/admin-bindings"):
            listed = await admin.get(path)
            assert f"-{number}" not in str([one for kind in listed.json()["_embedded"].values() for one in kind])
