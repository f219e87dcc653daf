"""Nobody who asks by a key makes a run do more than the key itself may, at any depth."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blockyard.protocol.kinds import API_KEY, VERSION
from blockyard.server.identity.model import KeySettings, Principal
from blockyard.server.identity.permissions import EPHEMERAL
from blockyard.server.kit.errors import Denied
from tests.support.block_world import (
    BLOCKS,
    OWN,
    VERSIONS,
    BlockWorld,
    Claimed,
    a_change,
    an_input,
    an_order,
    status_of,
    uuid_of,
)
from tests.support.bulk_jobs import JOBS, a_stored_key, rounds
from tests.support.principals import ADMINISTRATOR, a_key, a_person

JSON = "application/json"
NESTED = ("BUILDINGBLOCK_LIST", "BUILDINGBLOCK_SAVE", "BUILDINGBLOCK_DELETE")
MORE = (*NESTED, "PROJECT_DELETE")
SIZE = {"size": an_input("INTEGER", defaultValue=1, updateableByConsumer=True)}
PERSON = a_person("ada", a_key("shop"))


def key_in(world: BlockWorld, claimed: Claimed) -> Principal:
    """Return who acts with the key of a run."""
    return world.holder(world.key_of(claimed))


def run_with(world: BlockWorld, permissions: Sequence[str] = NESTED) -> Principal:
    """Return who acts with the key of a run of a block whose version has these permissions."""
    version = world.define(f"Kit {uuid4()}", permissions=[*permissions])
    world.api.be(PERSON)
    world.order(version)
    return key_in(world, world.claimed())


def applied(world: BlockWorld, permissions: Sequence[str], **more: Any) -> tuple[Any, Any]:
    """Return a version, and a block of the shop that a person ordered of it and that was applied."""
    version = world.define(f"Leaf {uuid4()}", permissions=[*permissions], inputs=SIZE, transparent=True, **more)
    world.api.be(PERSON)
    block = world.order(version)
    world.finish()
    return version, block


def refusal(world: BlockWorld, principal: Principal, method: str, path: str, body: Any = None, **more: Any) -> str:
    """Send what has to be refused for lack of permissions, and return the sentence."""
    world.api.be(principal)
    refused = world.api.refused(403, method, path, body, **more)
    assert refused["errorCode"] == "PermissionNotHeld", refused
    return str(refused["message"])


def test_a_key_orders_what_asks_for_no_more_than_it_has_and_a_refusal_names_both_lists(world: BlockWorld) -> None:
    run = run_with(world)
    equal, more = world.define("Equal", permissions=[*NESTED]), world.define("More", permissions=[*MORE])

    sentence = refusal(world, run, "POST", BLOCKS, an_order(more))

    assert sentence == (
        "you don't have sufficient permissions: version 1 of 'More' has "
        "BUILDINGBLOCK_DELETE, BUILDINGBLOCK_LIST, BUILDINGBLOCK_SAVE, PROJECT_DELETE; "
        "this key has BUILDINGBLOCK_DELETE, BUILDINGBLOCK_LIST, BUILDINGBLOCK_SAVE"
    )
    assert status_of(world.order(equal)) == "PENDING"


@pytest.mark.parametrize("by", ["run", "key of the workspace"])
def test_a_key_does_not_change_run_plan_or_upgrade_what_may_do_more(world: BlockWorld, by: str) -> None:
    asks = run_with(world) if by == "run" else a_key("shop", *NESTED)
    version, block = applied(world, MORE)
    path, own = f"{BLOCKS}/{uuid_of(block)}", f"{OWN}/{uuid_of(block)}"
    before = world.read(block)

    refusal(world, asks, "PUT", path, a_change(before, inputs={"size": 2}))
    refusal(world, asks, "POST", f"{path}/trigger-run")
    refusal(world, asks, "POST", f"{own}/detect", media=JSON)
    world.api.be(asks)
    assert world.api.ok("PUT", path, a_change(before, name="called otherwise"))["spec"]["displayName"]
    assert world.api.send("DELETE", path).status_code == 202
    world.finish()

    version, block = applied(world, NESTED)
    second = world.next_version(version, permissions=[*MORE])
    path = f"{BLOCKS}/{uuid_of(block)}"
    refusal(world, asks, "PUT", path, a_change(world.read(block), version=second))
    world.api.be(PERSON)
    world.change(world.read(block), version=second)


def test_people_and_keys_that_have_all_of_it_do_what_they_may(world: BlockWorld) -> None:
    for who in (PERSON, a_key("shop"), ADMINISTRATOR):
        _, block = applied(world, MORE)
        world.api.be(who)
        assert world.api.send("POST", f"{BLOCKS}/{uuid_of(block)}/trigger-run").is_success
        world.finish()


def test_the_key_of_the_team_that_offers_it_changes_blocks_elsewhere_but_the_key_of_its_run_does_not(
    world: BlockWorld,
) -> None:
    managed = ("MANAGED_BUILDINGBLOCK_LIST", "MANAGED_BUILDINGBLOCK_SAVE")
    version, block = applied(world, MORE)
    path = f"{BLOCKS}/{uuid_of(block)}/trigger-run"
    own = world.define("Own kit", permissions=[*managed])
    world.api.be(ADMINISTRATOR)
    world.order(own, workspace="platform")
    run = key_in(world, world.claimed())

    refusal(world, run, "POST", path)

    world.api.be(a_key("platform", *managed))
    assert world.api.send("POST", path).is_success
    world.finish()
    world.next_version(version, permissions=[*MORE, "PROJECT_SAVE"])
    assert world.api.send("POST", path).is_success


def test_a_key_lets_nothing_follow_into_what_may_do_more_but_people_and_the_system_do(world: BlockWorld) -> None:
    version, block = applied(world, NESTED)
    path, follows = f"{BLOCKS}/{uuid_of(block)}", f"{OWN}/{uuid_of(block)}/follows"
    world.next_version(version, permissions=[*MORE])
    run = run_with(world)

    refusal(world, run, "PUT", follows, {"follows": "RELEASES"}, media=JSON)
    world.api.be(PERSON)
    world.api.ok("PUT", follows, {"follows": "RELEASES"}, media=JSON)
    refusal(world, run, "POST", f"{path}/trigger-run")
    refusal(world, run, "PUT", path, a_change(world.read(block), inputs={"size": 3}))
    world.api.be(PERSON)
    changes = world.api.ok("GET", f"{OWN}/{uuid_of(block)}/upgrade", media=JSON)["changes"]
    assert "Its runs may do more than before: delete projects" in changes
    assert world.api.send("POST", f"{path}/trigger-run").is_success
    assert set(key_in(world, world.claimed()).grants["shop"]) == {*MORE}
    told = [event.content for event in world.all_events() if event.subject_id == uuid_of(block) and event.content]
    assert [one["newPermissions"] for one in told if "newPermissions" in one] == [["PROJECT_DELETE"]]


def test_what_a_key_has_queued_stays_in_its_version_if_a_newer_one_may_do_more_by_then(world: BlockWorld) -> None:
    version, block = applied(world, NESTED)
    world.api.ok("PUT", f"{OWN}/{uuid_of(block)}/follows", {"follows": "RELEASES"}, media=JSON)
    run = run_with(world)
    world.api.be(PERSON)
    world.api.send("POST", f"{BLOCKS}/{uuid_of(block)}/trigger-run")
    under_way = world.claimed()
    world.api.be(run)
    world.change(world.read(block), inputs={"size": 4})
    world.next_version(version, permissions=[*MORE])

    world.report(under_way)

    assert set(key_in(world, world.claimed()).grants["shop"]) == {*NESTED}


def test_a_run_has_what_its_version_asked_for_when_it_was_requested(world: BlockWorld) -> None:
    draft = world.define("Draft", permissions=[*NESTED], released=False)
    world.api.be(a_person("ada", a_key("platform")))
    world.order(draft, workspace="platform")

    world.edit(draft, released=False, permissions=[*MORE])

    assert set(key_in(world, world.claimed()).grants["platform"]) == {*NESTED}


def test_the_key_of_a_run_writes_no_version_that_may_do_more(world: BlockWorld) -> None:
    codes = (*NESTED, "BUILDINGBLOCKDEFINITION_LIST", "BUILDINGBLOCKDEFINITION_SAVE")
    kit = world.define("Kit of its own", permissions=[*codes])
    draft: Any = world.define("Draft", permissions=[], released=False)
    world.api.be(a_person("ada", a_key("platform")))
    world.order(kit, workspace="platform")
    run = key_in(world, world.claimed())
    body = {"metadata": draft["metadata"], "spec": {**draft["spec"], "permissions": ["PROJECT_DELETE"]}}

    sentence = refusal(world, run, "PUT", f"{VERSIONS}/{uuid_of(draft)}", body, media=VERSION.media)

    assert "the version has PROJECT_DELETE; this key has" in sentence


def test_the_key_of_a_run_makes_changes_and_redraws_no_key_that_has_more(world: BlockWorld) -> None:
    codes = (*NESTED, "APIKEY_LIST", "APIKEY_SAVE", "APIKEY_DELETE")
    strong = a_stored_key(world, "shop", *codes, "PROJECT_DELETE").key
    run = run_with(world, codes)
    both = "PROJECT_DELETE; this key has APIKEY_DELETE, APIKEY_LIST, APIKEY_SAVE, BUILDINGBLOCK_DELETE"

    def a_key_with(*permissions: str) -> Any:
        spec = {"displayName": "key of shop", "permissions": [*permissions], "expiresAt": None}
        return {"metadata": {"ownedByWorkspace": "shop"}, "spec": spec}

    for method, path, body, media in (
        ("POST", API_KEY.collection, a_key_with(*codes, "PROJECT_DELETE"), API_KEY.media),
        ("PUT", API_KEY.path(str(strong)), a_key_with(*codes), API_KEY.media),
        ("DELETE", API_KEY.path(str(strong)), None, API_KEY.media),
        ("POST", f"/api/blockyard/v1/apikeys/{strong}/rotate", None, JSON),
    ):
        assert both in refusal(world, run, method, path, body, media=media)
    made = world.api.ok("POST", API_KEY.collection, a_key_with(*codes), media=API_KEY.media)
    assert made["spec"]["expiresAt"] is None


def test_the_maker_of_a_bulk_job_counts_as_if_they_did_it_themselves(world: BlockWorld) -> None:
    _, block = applied(world, MORE)
    world.api.be(a_stored_key(world, "shop", *NESTED))
    body = {"action": "RUN", "buildingBlockUuids": [uuid_of(block)]}
    job = world.api.ok("POST", JOBS, body, media=JSON)["uuid"]
    world.api.ok("POST", f"{JOBS}/{job}/start", media=JSON)

    rounds(world)

    answer = world.api.ok("GET", f"{JOBS}/{job}/blocks", media=JSON)
    assert [row["code"] for row in answer["_embedded"]["bulkJobBlocks"]] == ["PermissionNotHeld"]


CODES = st.frozensets(st.sampled_from(sorted(EPHEMERAL)), max_size=12).map(lambda found: found | {*NESTED})


@st.composite
def three_levels(draw: st.DrawFn) -> list[frozenset[str]]:
    """Draw what versions ask for that order each other: mostly parts of what the one above has, now and then more."""
    levels = [draw(CODES | st.just(EPHEMERAL))]
    for _ in range(2):
        part = st.frozensets(st.sampled_from(sorted(levels[-1]))).map(lambda found: found | {*NESTED})
        levels.append(draw(st.one_of(part, part, CODES)))
    return levels


@pytest.mark.one_database
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(levels=three_levels(), by_key=st.booleans())
def test_three_levels_down_nothing_may_do_more_than_all_that_are_above_it(
    world: BlockWorld, *, levels: list[frozenset[str]], by_key: bool
) -> None:
    """Each level orders the next one by the key of its run, or by an API key that it makes with all that it can give it."""
    versions = [world.define(f"Level {uuid4()}", permissions=sorted(codes)) for codes in levels]
    asks, all_above = PERSON, EPHEMERAL
    for codes, version in zip(levels, versions, strict=True):
        world.api.be(asks)
        answer = world.api.send("POST", BLOCKS, an_order(version))
        assert answer.is_success is (codes <= all_above), answer.text
        if not answer.is_success:
            assert world.claim() is None
            return
        all_above &= codes
        asks = key_in(world, world.claimed())
        assert asks.grants == {"shop": all_above}
        if by_key and "APIKEY_SAVE" in codes:
            asks = by_key_of(world, asks)


def by_key_of(world: BlockWorld, run: Principal) -> Principal:
    """Return an API key that a run makes: with every permission if that is possible, else with what the run has."""
    keys, held = world.services.api_keys, run.grants["shop"]

    def create(codes: frozenset[str]) -> Principal:
        wanted = KeySettings(display_name="made", permissions=tuple(sorted(codes)), expires_at=None)
        return world.db.write_now(lambda tx: keys.create(tx, run, "shop", wanted)).api_key.principal()

    if held != EPHEMERAL:
        with pytest.raises(Denied, match="this key has"):
            create(EPHEMERAL)
    return create(held)
