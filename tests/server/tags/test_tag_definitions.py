"""Tag definitions over HTTP. Source: api.md 3.7, concepts.md 20, 23."""

import asyncio
from typing import Any

import pytest

from tests.support.tags import TAGS, a_tag
from tests.support.tenancy import TAG_DEFINITION, Tenancy

pytestmark = pytest.mark.anyio
ONE = f"{TAGS}/meshProject.env"


@pytest.fixture(autouse=True)
def _shop(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")


VALUE_TYPES: list[dict[str, Any]] = [
    {"string": {}},
    {"string": {"defaultValue": "a", "validationRegex": "[a-z]+"}},
    {"email": {"defaultValue": "default", "validationRegex": ".*"}},
    {"integer": {"defaultValue": 5}},
    {"number": {"defaultValue": 5}},
    {"number": {"defaultValue": 0.5}},
    {"singleSelect": {"options": ["b", "a"], "defaultValue": "a"}},
    {"multiSelect": {"options": ["b", "a"], "defaultValue": ["a", "b"]}},
    {"multiSelect": {"options": ["b"]}},
]


@pytest.mark.parametrize("value_type", VALUE_TYPES)
@pytest.mark.one_database
async def test_the_type_of_values_comes_back_as_it_was_sent(tenancy: Tenancy, value_type: dict[str, Any]) -> None:
    admin, sent = tenancy.admin(), a_tag(valueType=value_type)

    created = await admin.post(TAGS, json=sent, headers=TAG_DEFINITION)

    assert created.status_code == 201
    read = (await admin.get(ONE, headers=TAG_DEFINITION)).json()
    assert read == created.json()
    assert read.pop("_links") == {"self": {"href": f"http://blockyard.test{ONE}"}}
    assert read == sent


async def test_members_that_may_be_left_out_have_neutral_values(tenancy: Tenancy) -> None:
    spec = {"targetKind": "meshPrincipal", "key": "cost.center", "displayName": "Cost", "valueType": {"string": {}}}
    sent = {"metadata": {"name": "meshPrincipal.cost.center"}, "spec": spec}

    created = await tenancy.admin().post(TAGS, json=sent, headers=TAG_DEFINITION)

    flags = {"mandatory": False, "immutable": False, "restricted": False}
    assert created.json()["spec"] == spec | flags | {"description": "", "sortOrder": 0}


async def test_a_change_replaces_everything_but_kind_and_key(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await admin.post(TAGS, json=a_tag(), headers=TAG_DEFINITION)
    changes: dict[str, Any] = {
        "displayName": "Environment",
        "valueType": {"string": {}},
        "replicationKey": "env",
        "restricted": True,
    }

    changed = await admin.put(ONE, json=a_tag(**changes), headers=TAG_DEFINITION)

    assert changed.json()["spec"] == a_tag(**changes)["spec"]
    await admin.put(ONE, json=a_tag(**changes), headers=TAG_DEFINITION)
    titles = [title for title in tenancy.titles() if title.startswith("Tag")]
    assert titles == ["Tag Definition Created", "Tag Definition Modified"]
    for sent, field in (
        (a_tag("meshWorkspace"), "/spec/targetKind"),
        (a_tag(key="other"), "/spec/key"),
        (a_tag() | {"metadata": {"name": "meshProject.other"}}, "/metadata/name"),
    ):
        refused = await admin.put(ONE, json=sent, headers=TAG_DEFINITION)
        assert (refused.status_code, refused.json()["errorCode"], refused.json()["field"]) == (400, "Immutable", field)
    unknown = await admin.put(f"{TAGS}/meshProject.none", json=a_tag(key="none"), headers=TAG_DEFINITION)
    assert unknown.status_code == 404


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"metadata": None}, "/metadata"),
        ({"metadata": {"name": "meshProject.other"}}, "/metadata/name"),
        ({"metadata": {"name": "env"}}, "/metadata/name"),
        (a_tag("meshTenant"), "/spec/targetKind"),
        (a_tag(key=""), "/spec/key"),
        (a_tag(key="a/b"), "/metadata/name"),
        (a_tag(key="a" * 256), "/spec/key"),
        (a_tag(displayName=" "), "/spec/displayName"),
        (a_tag(sortOrder="1"), "/spec/sortOrder"),
        (a_tag(mandatory="yes"), "/spec/mandatory"),
        (a_tag(valueType={}), "/spec/valueType"),
        (a_tag(valueType={"string": None}), "/spec/valueType"),
        (a_tag(valueType={"string": {}, "email": {}}), "/spec/valueType"),
        (a_tag(valueType={"string": {"validationRegex": "("}}), "/spec/valueType/string/validationRegex"),
        (
            a_tag(valueType={"multiSelect": {"options": ["a", "b"], "defaultValue": ["a", "b", "a"]}}),
            "/spec/valueType/multiSelect/defaultValue",
        ),
        (
            a_tag(valueType={"string": {"validationRegex": "[0-9]", "defaultValue": "a"}}),
            "/spec/valueType/string/defaultValue",
        ),
        (a_tag(valueType={"integer": {"defaultValue": 1.5}}), "/spec/valueType/integer/defaultValue"),
        (a_tag(valueType={"integer": {"defaultValue": "1"}}), "/spec/valueType/integer/defaultValue"),
        (a_tag(valueType={"singleSelect": {}}), "/spec/valueType/singleSelect/options"),
        (a_tag(valueType={"singleSelect": {"options": []}}), "/spec/valueType/singleSelect/options"),
        (a_tag(valueType={"singleSelect": {"options": ["a", "a"]}}), "/spec/valueType/singleSelect/options"),
        (
            a_tag(valueType={"singleSelect": {"options": ["a"], "defaultValue": "b"}}),
            "/spec/valueType/singleSelect/defaultValue",
        ),
        (
            a_tag(valueType={"multiSelect": {"options": ["a"], "defaultValue": ["a", "b"]}}),
            "/spec/valueType/multiSelect/defaultValue",
        ),
    ],
)
async def test_a_bad_tag_definition_is_refused_and_names_the_member(
    tenancy: Tenancy, change: dict[str, Any], field: str
) -> None:
    answer = await tenancy.admin().post(TAGS, json=a_tag() | change, headers=TAG_DEFINITION)

    assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_a_key_is_unique_per_kind_whatever_its_case_and_free_again_after_a_deletion(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    for kind in ("meshProject", "meshWorkspace"):
        assert (await admin.post(TAGS, json=a_tag(kind, "Env"), headers=TAG_DEFINITION)).status_code == 201
    for key in ("Env", "ENV"):
        taken = await admin.post(TAGS, json=a_tag(key=key), headers=TAG_DEFINITION)
        assert (taken.status_code, taken.json()["errorCode"]) == (409, "NameTaken")
    assert (await admin.get(ONE, headers=TAG_DEFINITION)).status_code == 404

    first = f"{TAGS}/meshProject.Env"
    assert [(await admin.delete(first, headers=TAG_DEFINITION)).status_code for _ in range(2)] == [204, 204]
    assert (await admin.get(first, headers=TAG_DEFINITION)).status_code == 404
    replaced = await admin.post(TAGS, json=a_tag(valueType={"string": {}}), headers=TAG_DEFINITION)
    assert (replaced.status_code, replaced.json()["metadata"]["name"]) == (201, "meshProject.env")
    assert tenancy.titles().count("Tag Definition Deleted") == 1
    for unknown in ("meshProject.never", "meshProject", "meshTenant.env", "env"):
        assert (await admin.delete(f"{TAGS}/{unknown}", headers=TAG_DEFINITION)).status_code == 404


async def test_a_key_is_given_once_when_many_ask_for_it_at_once(tenancy: Tenancy) -> None:
    admin = tenancy.admin()

    answers = await asyncio.gather(*(admin.post(TAGS, json=a_tag(), headers=TAG_DEFINITION) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 3


async def test_there_are_256_tag_definitions_at_most(tenancy: Tenancy) -> None:
    tenancy.declare_tags("meshWorkspace", *(f"tag-{number}" for number in range(255)))
    admin = tenancy.admin()
    assert (await admin.post(TAGS, json=a_tag(), headers=TAG_DEFINITION)).status_code == 201

    refused = await admin.post(TAGS, json=a_tag(key="other"), headers=TAG_DEFINITION)

    assert (refused.status_code, refused.json()["errorCode"]) == (409, "TooManyTagDefinitions")


async def test_the_list_pages_oldest_first(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    for key in ("c", "a", "b"):
        tenancy.clock.advance(1)
        await admin.post(TAGS, json=a_tag(key=key), headers=TAG_DEFINITION)

    listed = (await admin.get(f"{TAGS}?size=2", headers=TAG_DEFINITION)).json()

    names = [one["metadata"]["name"] for one in listed["_embedded"]["meshTagDefinitions"]]
    assert (names, listed["page"]["totalElements"]) == (["meshProject.c", "meshProject.a"], 3)


async def test_only_administrators_know_of_tag_definitions(tenancy: Tenancy) -> None:
    await tenancy.admin().post(TAGS, json=a_tag(), headers=TAG_DEFINITION)
    own = tenancy.key("shop", "WORKSPACE_SAVE", "PROJECT_LIST")

    answers = [await own.get(path, headers=TAG_DEFINITION) for path in (TAGS, ONE, f"{TAGS}/meshProject.none")]

    assert [answer.status_code for answer in answers] == [403, 404, 404]
    assert answers[0].json()["message"].endswith("ADM_TAGDEFINITION_LIST is needed")
