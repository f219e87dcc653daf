"""The permission codes and what a principal may do with them."""

import re
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest

import blockyard.server
from blockyard.server.identity.model import Principal, WorkspaceRole, require_may_grant, system
from blockyard.server.identity.model.codes import KNOWN
from blockyard.server.identity.permissions import ADMIN, ALL, EPHEMERAL, MANAGED, PLAIN, codes_of_roles, everywhere
from blockyard.server.kit.errors import Denied, NotFound
from tests.support.principals import ADMINISTRATOR, a_key, a_run_token


def test_there_are_138_codes_and_66_of_them_are_for_runs() -> None:
    assert len(ALL) == 138
    assert len(EPHEMERAL) == 66
    assert PLAIN.isdisjoint(MANAGED)
    assert all(code.startswith("ADM_") for code in ADMIN)


def test_an_owner_has_more_than_a_manager_and_a_manager_more_than_a_member() -> None:
    owner, manager, member = (
        codes_of_roles([role]) for role in ("OWNER", "MANAGER", "MEMBER") for role in [WorkspaceRole[role]]
    )

    assert owner > manager > member
    assert owner - manager == {"WORKSPACE_DELETE", "PROJECT_DELETE", "MANAGED_BRAKE_PASS"}
    assert "BUILDINGBLOCK_LIST" in member
    assert "APIKEY_LIST" not in member
    assert not any(code.endswith(("_SAVE", "_DELETE")) for code in member)
    assert codes_of_roles([]) == frozenset()


@pytest.mark.parametrize(
    ("principal", "workspace", "provider", "allowed"),
    [
        (a_key("shop", "TENANT_LIST"), "shop", None, True),
        (a_key("shop", "TENANT_LIST"), "bank", None, False),
        (a_key("shop", "TENANT_LIST"), None, None, False),
        (a_key("shop", "TENANT_SAVE"), "shop", None, False),
        (a_key("admin", "ADM_TENANT_LIST"), "bank", None, True),
        (a_key("admin", "ADM_TENANT_LIST"), None, None, True),
        (a_key("platform", "MANAGED_TENANT_LIST"), "shop", "platform", True),
        (a_key("platform", "MANAGED_TENANT_LIST"), "shop", "bank", False),
        (a_key("platform", "MANAGED_TENANT_LIST"), "platform", None, False),
        (Principal(author=ADMINISTRATOR.author), "shop", "shop", False),
        (a_run_token(uuid4()), "shop", "shop", False),
        (system("TENANT_LIST"), "shop", None, True),
    ],
)
def test_a_code_reaches_own_provided_or_all_objects(
    principal: Principal, workspace: str | None, provider: str | None, *, allowed: bool
) -> None:
    assert principal.allows("TENANT_LIST", workspace=workspace, provider=provider) is allowed


@pytest.mark.parametrize(
    ("workspace", "provider", "needed"),
    [
        ("bank", None, "TENANT_SAVE is needed in workspace 'bank'"),
        ("bank", "platform", "TENANT_SAVE is needed in workspace 'bank'"),
        (None, "platform", "MANAGED_TENANT_SAVE is needed"),
        (None, None, "ADM_TENANT_SAVE is needed"),
    ],
)
def test_a_refusal_says_which_code_is_needed_and_where(
    workspace: str | None, provider: str | None, needed: str
) -> None:
    with pytest.raises(Denied, match=f"sufficient permissions: {needed}$"):
        a_key("shop", "TENANT_SAVE").require("TENANT_SAVE", workspace=workspace, provider=provider)


def test_a_refusal_never_asks_for_a_code_that_no_workspace_can_give() -> None:
    with pytest.raises(Denied, match=r"permissions: ADM_PAYMENTMETHOD_SAVE is needed$") as refused:
        a_key("shop", "PAYMENTMETHOD_LIST").require("PAYMENTMETHOD_SAVE", workspace="shop")
    assert refused.value.remedy.startswith("Ask an administrator")


def test_a_refused_list_names_the_code_that_is_enough() -> None:
    with pytest.raises(Denied, match=r"permissions: BUILDINGBLOCK_LIST is needed in a workspace$"):
        a_key("shop", "PROJECT_LIST").require_somewhere("BUILDINGBLOCK_LIST")
    a_key("shop", "BUILDINGBLOCK_LIST").require_somewhere("BUILDINGBLOCK_LIST")


def test_what_one_may_not_know_of_is_not_found() -> None:
    with pytest.raises(NotFound, match="there is no tenant"):
        a_key("shop").require_in("TENANT_SAVE", "bank", hide="there is no tenant")
    with pytest.raises(Denied):
        a_key("shop", "TENANT_LIST").require_in("TENANT_SAVE", "shop", hide="there is no tenant")


def test_the_reach_of_a_list_is_everything_or_the_own_and_provided_workspaces() -> None:
    assert ADMINISTRATOR.reach("TENANT_LIST").everything
    with pytest.raises(Denied, match="a run token cannot list anything"):
        a_run_token(UUID(int=1)).reach("TENANT_LIST")
    some = a_key("shop", "BUILDINGBLOCK_LIST", "MANAGED_BUILDINGBLOCK_LIST").reach("BUILDINGBLOCK_LIST")
    assert (some.everything, some.workspaces, some.providers) == (False, frozenset({"shop"}), frozenset({"shop"}))
    assert a_key("shop", "TENANT_LIST").reach("BUILDINGBLOCK_LIST").nothing


@pytest.mark.parametrize(
    ("held", "wanted", "allowed"),
    [
        (["TENANT_LIST"], ["TENANT_LIST"], True),
        (["TENANT_LIST"], [], True),
        (["TENANT_LIST"], ["TENANT_SAVE"], False),
        (["TENANT_LIST"], ["ADM_TENANT_LIST"], False),
        (["ADM_TENANT_LIST"], ["TENANT_LIST", "ADM_TENANT_LIST"], True),
        (["ADM_BUILDINGBLOCK_SAVE"], ["MANAGED_BUILDINGBLOCK_SAVE"], True),
        (["BUILDINGBLOCK_SAVE"], ["MANAGED_BUILDINGBLOCK_SAVE"], False),
        (["MANAGED_BUILDINGBLOCK_SAVE"], ["BUILDINGBLOCK_SAVE"], False),
        (sorted(ALL), sorted(ALL), True),
    ],
)
def test_nobody_grants_more_than_they_hold(held: list[str], wanted: list[str], *, allowed: bool) -> None:
    principal = a_key("shop", *held)
    if allowed:
        require_may_grant(principal, "shop", wanted)
    else:
        with pytest.raises(Denied, match=r"the new key has .*; this key has "):
            require_may_grant(principal, "shop", wanted)


def test_codes_everywhere_lose_their_prefix() -> None:
    assert everywhere(["ADM_TENANT_LIST", "TENANT_SAVE"]) == {"TENANT_LIST"}


def test_a_run_token_stands_for_its_own_run_only() -> None:
    run_id = uuid4()
    holder = a_run_token(run_id, attempt=3)

    assert holder.attempt_of(run_id) == 3
    assert holder.attempt_of(uuid4()) is None
    assert ADMINISTRATOR.attempt_of(run_id) is None


@dataclass(frozen=True)
class Thing:
    """An object of a workspace."""

    workspace: str


def test_a_use_case_on_one_object_begins_alike_for_all() -> None:
    mine, foreign, unknown = Thing("shop"), Thing("bank"), NotFound("there is no thing", code="UnknownThing")
    reader = a_key("shop", "TENANT_LIST")

    assert reader.opened("TENANT_LIST", mine, unknown) is mine
    assert ADMINISTRATOR.opened("TENANT_SAVE", foreign, unknown) is foreign
    with pytest.raises(Denied):
        reader.opened("TENANT_SAVE", mine, unknown)
    for principal, found in ((reader, foreign), (reader, None), (ADMINISTRATOR, None), (a_run_token(uuid4()), mine)):
        with pytest.raises(NotFound) as refused:
            principal.opened("TENANT_LIST", found, unknown)
        assert refused.value.code == "UnknownThing"


def test_what_others_may_see_too_is_refused_as_such() -> None:
    foreign, unknown = Thing("bank"), NotFound("there is no thing")

    with pytest.raises(Denied):
        a_key("shop", "TENANT_LIST").opened("TENANT_SAVE", foreign, unknown, shown=True)
    assert a_key("shop", "TENANT_LIST").holds_somewhere("TENANT_LIST")
    assert not a_key("shop", "TENANT_LIST").holds_somewhere("TENANT_SAVE")
    assert not a_run_token(uuid4()).holds_somewhere("TENANT_LIST")


def test_a_list_shows_what_is_in_reach_and_is_refused_to_those_who_reach_nothing() -> None:
    assert a_key("shop", "TENANT_LIST").listing("TENANT_LIST").owners == frozenset({"shop"})
    assert ADMINISTRATOR.listing("TENANT_LIST").owners is None
    assert a_key("shop", "MANAGED_BUILDINGBLOCK_LIST").listing("BUILDINGBLOCK_LIST").owners == frozenset()
    for principal in (a_key("shop", "TENANT_SAVE"), a_run_token(uuid4())):
        with pytest.raises(Denied):
            principal.listing("TENANT_LIST")
    assert Principal(author=ADMINISTRATOR.author).listing("TENANT_LIST").owners == frozenset()


def test_a_code_that_nobody_can_hold_is_a_defect() -> None:
    for ask in (
        lambda: ADMINISTRATOR.allows("TENNANT_LIST", workspace=None),
        lambda: ADMINISTRATOR.reach("ADM_TENANT_LIST"),
        lambda: system("TENANT_READ"),
    ):
        with pytest.raises(LookupError, match="no permission code"):
            ask()


def test_every_code_in_the_source_is_in_the_table() -> None:
    looks_like_one = re.compile(r'"((?:ADM_|MANAGED_)?[A-Z]+_(?:LIST|SAVE|DELETE|IMPORT))"')
    named = {
        (file.name, code)
        for file in Path(blockyard.server.__file__).parent.rglob("*.py")
        for code in looks_like_one.findall(file.read_text())
    }

    assert len(named) > 50
    assert {(file, code) for file, code in named if code not in KNOWN | ALL} == set()
