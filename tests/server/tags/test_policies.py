"""Policies and their violations over HTTP. Source: concepts.md 20."""

import asyncio
from typing import Any

import httpx2
import pytest

from blockyard.protocol.kinds import POLICY, POLICY_VIOLATION
from blockyard.server.tags.model import PolicySpec, Strategy, Subject, TargetKind
from tests.support.tags import TAGS, a_tag
from tests.support.tenancy import PROJECT, TAG_DEFINITION, WORKSPACE, Tenancy, vendor

pytestmark = pytest.mark.anyio
PROJECTS = "/api/meshobjects/meshprojects"
WORKSPACES = "/api/meshobjects/meshworkspaces"
OWN = vendor(POLICY.media)
HINT = "Ask the cloud team for another stage."


def a_policy(**spec: Any) -> Any:
    """Return a policy as clients send it."""
    subjects = {
        "authoritative": {"kind": "meshWorkspace", "tag": "stages"},
        "affected": {"kind": "meshProject", "tag": "stage"},
    }
    given = {"name": "Stages", "description": "Where teams may work", "hint": HINT, "strategy": "SUBSET"}
    return {"spec": given | subjects | spec}


def a_project(name: str, *stages: str) -> Any:
    tags = {"stage": [*stages]}
    return {"metadata": {"name": name, "ownedByWorkspace": "shop"}, "spec": {"displayName": name, "tags": tags}}


def a_workspace(name: str, *stages: str) -> Any:
    return {"metadata": {"name": name, "tags": {"stages": [*stages]}}, "spec": {"displayName": name}}


@pytest.fixture(autouse=True)
def _declared(tenancy: Tenancy) -> None:
    for name in ("shop", "bank"):
        tenancy.workspace(name)
    tenancy.declare_tags("meshWorkspace", "stages", options=["dev", "test", "prod"])
    tenancy.declare_tags("meshProject", "stage", options=["dev", "test", "prod"])


async def made(client: httpx2.AsyncClient, **spec: Any) -> str:
    """Make a policy and return its address."""
    answer = await client.post(POLICY.collection, json=a_policy(**spec), headers=OWN)
    assert answer.status_code == 201, answer.text
    return f"{POLICY.collection}/{answer.json()['metadata']['uuid']}"


async def violations(client: httpx2.AsyncClient, query: str = "") -> list[Any]:
    """Return the violations that a client sees."""
    answer = await client.get(f"{POLICY_VIOLATION.collection}{query}", headers=OWN)
    assert answer.status_code == 200, answer.text
    listed: list[Any] = answer.json()["_embedded"]["policyViolations"]
    return listed


async def shop_may(admin: httpx2.AsyncClient, *stages: str) -> None:
    answer = await admin.put(f"{WORKSPACES}/shop", json=a_workspace("shop", *stages), headers=WORKSPACE)
    assert answer.status_code == 200, answer.text


def sweep(tenancy: Tenancy) -> None:
    while tenancy.db.write_now(tenancy.services.policies.sweep):
        pass


async def test_a_policy_comes_back_as_it_was_sent_and_a_put_replaces_it(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    created = await admin.post(POLICY.collection, json=a_policy(), headers=OWN)

    one = f"{POLICY.collection}/{created.json()['metadata']['uuid']}"
    assert (created.status_code, created.json()["spec"]) == (201, a_policy()["spec"])
    assert (await admin.get(one, headers=OWN)).json() == created.json()
    assert (await admin.put(one, json=created.json(), headers=OWN)).json() == created.json()
    changed = await admin.put(one, json=a_policy(name="Other", strategy="INTERSECTION", hint=""), headers=OWN)
    assert changed.json()["spec"] == a_policy(name="Other", strategy="INTERSECTION", hint="")["spec"]
    listed = (await admin.get(POLICY.collection, headers=OWN)).json()
    assert listed["_embedded"]["policies"] == [changed.json()]
    assert [(await admin.delete(one, headers=OWN)).status_code for _ in range(2)] == [204, 204]
    assert (await admin.get(one, headers=OWN)).status_code == 404
    assert tenancy.titles()[-3:] == ["Policy Created", "Policy Modified", "Policy Deleted"]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"name": " "}, "InvalidRequest", "/spec/name"),
        ({"strategy": "EQUAL"}, "InvalidRequest", "/spec/strategy"),
        ({"affected": {"kind": "meshTenant", "tag": "a"}}, "InvalidRequest", "/spec/affected/kind"),
        ({"affected": {"kind": "meshWorkspace", "tag": "stages"}}, "UnrelatedKinds", "/spec/affected/kind"),
        ({"affected": {"kind": "meshProject", "tag": "none"}}, "UnknownTag", "/spec/affected/tag"),
        ({"authoritative": {"kind": "meshWorkspace", "tag": "none"}}, "UnknownTag", "/spec/authoritative/tag"),
    ],
)
@pytest.mark.one_database
async def test_a_bad_policy_is_refused_and_names_the_member(
    tenancy: Tenancy, change: Any, code: str, field: str
) -> None:
    answer = await tenancy.admin().post(POLICY.collection, json=a_policy(**change), headers=OWN)

    assert (answer.status_code, answer.json()["errorCode"], answer.json()["field"]) == (400, code, field)


async def test_only_administrators_have_policies(tenancy: Tenancy) -> None:
    one = await made(tenancy.admin())
    own = tenancy.key("shop", "WORKSPACE_SAVE", "WORKSPACE_LIST")

    answers = [
        await own.get(POLICY.collection, headers=OWN),
        await own.post(POLICY.collection, json=a_policy(), headers=OWN),
    ]

    assert [(answer.status_code, answer.json()["message"].rpartition("ADM_")[2]) for answer in answers] == [
        (403, f"TAGDEFINITION_{verb} is needed") for verb in ("LIST", "SAVE")
    ]
    assert (await own.get(one, headers=OWN)).status_code == 404
    assert (await own.put(one, json=a_policy(), headers=OWN)).status_code == 404
    assert (await own.delete(one, headers=OWN)).status_code == 404


PERMITTED = [
    (Strategy.SUBSET, [], [], True),
    (Strategy.SUBSET, ["a", "b"], ["a"], True),
    (Strategy.SUBSET, ["a"], ["a"], True),
    (Strategy.SUBSET, ["a"], [], False),
    (Strategy.SUBSET, [], ["a"], False),
    (Strategy.SUBSET, ["a"], ["a", "b"], False),
    (Strategy.INTERSECTION, [], [], True),
    (Strategy.INTERSECTION, ["a"], ["a", "b"], True),
    (Strategy.INTERSECTION, ["a"], ["b"], False),
    (Strategy.INTERSECTION, ["a"], [], False),
    (Strategy.INTERSECTION, [], ["a"], False),
]


@pytest.mark.one_database
@pytest.mark.parametrize(("strategy", "authoritative", "affected", "permitted"), PERMITTED)
def test_a_strategy_says_which_values_fit_together(
    strategy: Strategy, authoritative: list[str], affected: list[str], *, permitted: bool
) -> None:
    policy = PolicySpec(
        name="",
        description="",
        hint="",
        strategy=strategy,
        authoritative=Subject(TargetKind.WORKSPACE, "x"),
        affected=Subject(TargetKind.PROJECT, "y"),
    )

    assert policy.permits({"x": authoritative}, {"y": affected}) is permitted


async def test_a_workspace_cannot_violate_a_policy_by_making_or_changing(tenancy: Tenancy) -> None:
    admin, own = tenancy.admin(), tenancy.key("shop", "PROJECT_SAVE", "WORKSPACE_SAVE", "WORKSPACE_LIST")
    await made(admin)
    await shop_may(admin, "dev", "test")

    refused = await own.post(PROJECTS, json=a_project("web", "prod"), headers=PROJECT)

    assert (refused.status_code, refused.json()["errorCode"]) == (409, "PolicyViolated")
    assert refused.json()["message"] == (
        "policy 'Stages' forbids this: tag 'stage' of project 'shop.web' has 'prod', but tag 'stages' of workspace 'shop' "
        "allows nothing but 'dev', 'test'"
    )
    assert (refused.json()["remedy"], refused.json()["field"]) == (HINT, "/spec/tags/stage")
    assert (await own.post(PROJECTS, json=a_project("web", "dev"), headers=PROJECT)).status_code == 201
    changed = await own.put(f"{PROJECTS}/shop.web", json=a_project("web", "prod"), headers=PROJECT)
    assert changed.status_code == 409
    narrowed = await own.put(f"{WORKSPACES}/shop", json=a_workspace("shop", "test"), headers=WORKSPACE)
    assert (narrowed.status_code, narrowed.json()["field"]) == (409, "/metadata/tags/stages")
    assert await violations(admin) == []


async def test_what_an_administrator_changes_is_listed_until_it_fits_again(tenancy: Tenancy) -> None:
    admin, own = tenancy.admin(), tenancy.key("shop", "PROJECT_SAVE", "PROJECT_LIST", "WORKSPACE_LIST")
    one = await made(admin)
    await shop_may(admin, "dev")
    project = await admin.post(PROJECTS, json=a_project("web", "prod"), headers=PROJECT)

    assert project.status_code == 201
    (found,) = await violations(own)
    assert found == {
        "policy": {
            "uuid": one.rpartition("/")[2],
            "name": "Stages",
            "description": "Where teams may work",
            "hint": HINT,
            "strategy": "SUBSET",
        },
        "authoritative": {"kind": "meshWorkspace", "tag": "stages", "id": "shop", "name": "workspace 'shop'"},
        "affected": {
            "kind": "meshProject",
            "tag": "stage",
            "id": found["affected"]["id"],
            "name": "project 'shop.web'",
        },
        "workspaceIdentifier": "shop",
        "reason": "tag 'stage' of project 'shop.web' has 'prod', but tag 'stages' of workspace 'shop' allows nothing but 'dev'",
        "since": "2026-01-01T12:00:00Z",
    }
    renamed = a_project("web", "prod") | {"spec": {"displayName": "Web", "tags": {"stage": ["prod"]}}}
    assert (await own.put(f"{PROJECTS}/shop.web", json=renamed, headers=PROJECT)).status_code == 200
    assert await violations(own) == [found]
    await shop_may(admin, "dev", "prod")
    assert await violations(own) == []
    await shop_may(admin, "dev")
    assert len(await violations(own)) == 1
    assert (await own.put(f"{PROJECTS}/shop.web", json=a_project("web", "dev"), headers=PROJECT)).status_code == 200
    assert await violations(own) == []


async def test_violations_go_with_the_things_and_with_the_policy(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    one = await made(admin)
    for name in ("web", "app"):
        await admin.post(PROJECTS, json=a_project(name, "prod"), headers=PROJECT)
    await admin.delete(f"{PROJECTS}/shop.web", headers=PROJECT)

    assert [found["affected"]["name"] for found in await violations(admin)] == ["project 'shop.app'"]
    await admin.delete(one, headers=OWN)
    assert await violations(admin) == []


async def test_a_workspace_sees_its_own_violations_and_lists_filter_and_page(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    one, other = await made(admin), await made(admin, name="Other")
    for workspace in ("shop", "bank"):
        project = a_project("web", "prod")
        project["metadata"]["ownedByWorkspace"] = workspace
        await admin.post(PROJECTS, json=project, headers=PROJECT)

    def names(found: list[Any]) -> set[tuple[str, str]]:
        return {(item["policy"]["name"], item["workspaceIdentifier"]) for item in found}

    everything = {(policy, workspace) for policy in ("Stages", "Other") for workspace in ("shop", "bank")}
    assert names(await violations(admin)) == everything
    assert names(await violations(tenancy.key("bank", "WORKSPACE_LIST"))) == {("Stages", "bank"), ("Other", "bank")}
    assert names(await violations(admin, f"?policyUuid={other.rpartition('/')[2]}")) == {
        ("Other", "shop"),
        ("Other", "bank"),
    }
    assert names(await violations(admin, f"?workspaceIdentifier=shop&policyUuid={one.rpartition('/')[2]}")) == {
        ("Stages", "shop")
    }
    assert len(await violations(admin, "?size=3&page=1")) == 1
    assert (await tenancy.key("shop", "PROJECT_LIST").get(POLICY_VIOLATION.collection, headers=OWN)).status_code == 403


async def test_what_violates_a_new_policy_is_found_soon_and_what_no_longer_does_is_forgotten(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    for name, stage in (("web", "prod"), ("app", "dev")):
        await admin.post(PROJECTS, json=a_project(name, stage), headers=PROJECT)
    await shop_may(admin, "dev")
    one = await made(admin)
    assert await violations(admin) == []

    sweep(tenancy)

    assert [found["affected"]["name"] for found in await violations(admin)] == ["project 'shop.web'"]
    await admin.put(one, json=a_policy(strategy="INTERSECTION", hint="Other"), headers=OWN)
    assert await violations(admin) == []
    sweep(tenancy)
    (found,) = await violations(admin)
    assert (found["policy"]["hint"], found["reason"].rpartition("allows ")[2]) == ("Other", "at least one of 'dev'")
    tenancy.clock.advance(86400)
    sweep(tenancy)
    assert [item["since"] for item in await violations(tenancy.admin())] == ["2026-01-01T12:00:00Z"]


async def test_two_changes_of_both_sides_at_once_do_not_both_pass(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await made(admin)
    owner = tenancy.key("shop", "WORKSPACE_SAVE", "PROJECT_SAVE")
    for number in range(5):
        await shop_may(admin, "dev", "test")
        name = f"p{number}"
        await admin.post(PROJECTS, json=a_project(name, "dev"), headers=PROJECT)

        answers = await asyncio.gather(
            owner.put(f"{WORKSPACES}/shop", json=a_workspace("shop", "dev"), headers=WORKSPACE),
            owner.put(f"{PROJECTS}/shop.{name}", json=a_project(name, "test"), headers=PROJECT),
        )

        assert sorted(answer.status_code for answer in answers) == [200, 409]
        await admin.delete(f"{PROJECTS}/shop.{name}", headers=PROJECT)


async def test_very_many_pairs_are_looked_at_in_portions(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    for number in range(7):
        await admin.post(PROJECTS, json=a_project(f"p-{number}", "prod"), headers=PROJECT)
    relation = tenancy.services.tags.guard.relations[0]

    pairs = tenancy.db.read_now(lambda tx: relation.pairs(tx, "", 5))
    rest = tenancy.db.read_now(lambda tx: relation.pairs(tx, pairs[-1].place, 5))

    assert (len(pairs), len(rest)) == (5, 2)
    assert {pair.affected.name for pair in [*pairs, *rest]} == {f"project 'shop.p-{number}'" for number in range(7)}


async def test_a_tag_that_a_policy_reads_is_not_deleted(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    one = await made(admin)

    refused = await admin.delete(f"{TAGS}/meshProject.stage", headers=TAG_DEFINITION)

    assert (refused.status_code, refused.json()["errorCode"]) == (409, "InUse")
    assert refused.json()["message"] == "tag definition 'meshProject.stage' is still used by policy 'Stages'"
    await admin.post(TAGS, json=a_tag("meshWorkspace", "stage"), headers=TAG_DEFINITION)
    assert (await admin.delete(f"{TAGS}/meshWorkspace.stage", headers=TAG_DEFINITION)).status_code == 204
    await admin.delete(one, headers=OWN)
    assert (await admin.delete(f"{TAGS}/meshProject.stage", headers=TAG_DEFINITION)).status_code == 204
