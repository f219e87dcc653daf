"""Tags of workspaces, projects, payment methods and definitions over HTTP. Source: api.md 2.3, concepts.md 20, 23."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from blockyard.protocol import kinds
from tests.support.definitions import a_definition
from tests.support.runner_keys import a_runner_key
from tests.support.tags import TAGS, a_tag
from tests.support.tenancy import PROJECT, TAG_DEFINITION, Tenancy, vendor

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Tagged:
    """A kind of things with tags as requests see it; `address` addresses the one of a body, None for its id."""

    kind: kinds.Kind
    body: Callable[[str, Any], Any]
    part: str
    address: str | None

    async def send(self, client: httpx2.AsyncClient, tags: Any, one: str = "") -> httpx2.Response:
        """Make a thing with these tags, or change the one at `one`."""
        method, path = ("PUT", one) if one else ("POST", self.kind.collection)
        return await client.request(method, path, json=self.body("dev", tags), headers=vendor(self.kind.media))

    async def read(self, client: httpx2.AsyncClient, one: str) -> Any:
        """Return the tags of a thing."""
        return (await client.get(one, headers=vendor(self.kind.media))).json()[self.part]["tags"]

    def path_of(self, made: httpx2.Response) -> str:
        """Return the address of what was made."""
        return f"{self.kind.collection}/{self.address or made.json()['metadata']['uuid']}"


def _named(name: str, spec: Any) -> Any:
    return {"metadata": {"name": name, "ownedByWorkspace": "shop"}, "spec": {"displayName": name} | spec}


KINDS = [
    Tagged(
        kinds.WORKSPACE,
        lambda name, tags: {"metadata": {"name": name, "tags": tags}, "spec": {"displayName": name}},
        "metadata",
        "dev",
    ),
    Tagged(kinds.PROJECT, lambda name, tags: _named(name, {"tags": tags}), "spec", "shop.dev"),
    Tagged(kinds.PAYMENT_METHOD, lambda name, tags: _named(name, {"tags": tags}), "spec", "dev"),
    Tagged(kinds.DEFINITION, lambda _, tags: a_definition("builder", tags=tags), "metadata", None),
]
of_each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind.name)


@pytest.fixture(autouse=True)
def _workspaces(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")
    tenancy.db.write_now(lambda tx: tenancy.workspaces.seed(tx, "builder", "Builder", platform_builder=True))
    runners, key = tenancy.services.runners, a_runner_key().public_pem
    tenancy.db.write_now(lambda tx: runners.seed_shared(tx, workspace="builder", public_key=key))


def removed_last(tenancy: Tenancy) -> object:
    """Return from how many things the last deletion took values."""
    content = tenancy.all_events()[-1].content
    return None if content is None else content["valuesRemoved"]


@of_each_kind
async def test_only_declared_tags_of_the_kind_are_taken(tenancy: Tenancy, kind: Tagged) -> None:
    admin = tenancy.admin()
    others = [other for other in KINDS if other is not kind]
    for other in others:
        await admin.post(TAGS, json=a_tag(other.kind.name), headers=TAG_DEFINITION)
    undeclared = await kind.send(admin, {"env": ["dev"]})
    assert (undeclared.status_code, undeclared.json()["errorCode"]) == (400, "UnknownTag")
    assert undeclared.json()["field"] == f"/{kind.part}/tags/env"
    await admin.post(TAGS, json=a_tag(kind.kind.name), headers=TAG_DEFINITION)

    made = await kind.send(admin, {"env": ["prod", "dev"], "none": []})

    assert (made.status_code, made.json()[kind.part]["tags"]) == (201, {"env": ["prod", "dev"]})
    one = kind.path_of(made)
    refused = await kind.send(admin, {"env": ["other"]}, one)
    assert (refused.status_code, refused.json()["field"]) == (400, f"/{kind.part}/tags/env/0")
    assert await kind.read(admin, one) == {"env": ["prod", "dev"]}
    assert (await kind.send(admin, {"env": []}, one)).json()[kind.part]["tags"] == {}


@of_each_kind
async def test_with_a_definition_its_values_go_everywhere(tenancy: Tenancy, kind: Tagged) -> None:
    admin = tenancy.admin()
    for key in ("env", "other"):
        await admin.post(TAGS, json=a_tag(kind.kind.name, key), headers=TAG_DEFINITION)
    one = kind.path_of(await kind.send(admin, {"env": ["dev"], "other": ["prod"]}))

    assert (await admin.delete(f"{TAGS}/{kind.kind.name}.env", headers=TAG_DEFINITION)).status_code == 204

    assert await kind.read(admin, one) == {"other": ["prod"]}
    assert tenancy.all_events()[-1].content == a_tag(kind.kind.name, "env")["spec"] | {"valuesRemoved": 1}
    await admin.post(TAGS, json=a_tag(kind.kind.name), headers=TAG_DEFINITION)
    assert await kind.read(admin, one) == {"other": ["prod"]}
    await kind.send(admin, {"env": ["dev"]}, one)
    await kind.send(admin, {}, one)
    await admin.delete(f"{TAGS}/{kind.kind.name}.env", headers=TAG_DEFINITION)
    assert removed_last(tenancy) == 0


async def test_restricted_tags_are_the_administrators(tenancy: Tenancy) -> None:
    admin, project = tenancy.admin(), KINDS[1]
    await admin.post(TAGS, json=a_tag(restricted=True), headers=TAG_DEFINITION)
    own = tenancy.key("shop", "PROJECT_SAVE", "PROJECT_LIST")

    denied = await project.send(own, {"env": ["dev"]})
    assert (denied.status_code, denied.json()["errorCode"]) == (403, "RestrictedTag")
    assert denied.json()["message"].endswith("tag 'env' is restricted, ADM_PROJECT_SAVE is needed to change it")
    one = project.path_of(await project.send(admin, {"env": ["dev"]}))
    assert (await project.send(own, {"env": ["dev"]}, one)).status_code == 200
    assert (await project.send(own, {"env": ["prod"]}, one)).status_code == 403
    assert (await project.send(admin, {"env": ["prod"]}, one)).status_code == 200


@pytest.mark.parametrize("kind", [KINDS[1], KINDS[3]], ids=lambda kind: kind.kind.name)
async def test_new_things_get_defaults_of_restricted_tags(tenancy: Tenancy, kind: Tagged) -> None:
    value_type = {"string": {"defaultValue": "standard"}}
    sent = a_tag(kind.kind.name, "tier", restricted=True, valueType=value_type)
    await tenancy.admin().post(TAGS, json=sent, headers=TAG_DEFINITION)
    codes = ("PROJECT_SAVE", "BUILDINGBLOCKDEFINITION_SAVE", "PROJECT_LIST", "BUILDINGBLOCKDEFINITION_LIST")
    own = tenancy.key("shop" if kind.part == "spec" else "builder", *codes)

    made = await kind.send(own, {})

    assert made.json()[kind.part]["tags"] == {"tier": ["standard"]}
    one = kind.path_of(made)
    assert await kind.read(own, one) == {"tier": ["standard"]}
    assert (await kind.send(tenancy.admin(), {}, one)).json()[kind.part]["tags"] == {}


async def test_a_tag_is_not_deleted_while_something_reads_it(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await admin.post(TAGS, json=a_tag(), headers=TAG_DEFINITION)
    tenancy.services.tag_definitions.uses.add(lambda _tx, tag: [f"version 1 of 'Reads {tag.tag}'"])

    refused = await admin.delete(f"{TAGS}/meshProject.env", headers=TAG_DEFINITION)

    assert (refused.status_code, refused.json()["errorCode"]) == (409, "InUse")
    assert refused.json()["message"] == ("tag definition 'meshProject.env' is still used by version 1 of 'Reads env'")
    assert (await admin.get(f"{TAGS}/meshProject.env", headers=TAG_DEFINITION)).status_code == 200


async def test_a_deleted_thing_keeps_no_tag_from_being_deleted(tenancy: Tenancy) -> None:
    admin, project = tenancy.admin(), KINDS[1]
    await admin.post(TAGS, json=a_tag(), headers=TAG_DEFINITION)
    one = project.path_of(await project.send(admin, {"env": ["dev"]}))
    await admin.delete(one, headers=PROJECT)

    assert (await admin.delete(f"{TAGS}/meshProject.env", headers=TAG_DEFINITION)).status_code == 204

    assert removed_last(tenancy) == 0


async def test_no_value_is_left_of_a_tag_that_is_deleted_meanwhile(tenancy: Tenancy) -> None:
    admin, project = tenancy.admin(), KINDS[1]
    one = project.path_of(await project.send(admin, {}))
    for _ in range(10):
        await admin.post(TAGS, json=a_tag(), headers=TAG_DEFINITION)

        changed, deleted = await asyncio.gather(
            project.send(admin, {"env": ["dev"]}, one),
            admin.delete(f"{TAGS}/meshProject.env", headers=TAG_DEFINITION),
        )

        assert (changed.status_code, deleted.status_code) in {(200, 204), (400, 204)}
        assert await project.read(admin, one) == {}
