"""What needs somebody, what they find and what they used: only what they may see, of their own alone."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from blockyard.protocol.names import RunStatus
from blockyard.server.home.model import MOST_KEPT, Kind, Thing
from blockyard.server.kit.database import Database
from tests.support.block_world import OTHER, PLATFORM, SHOP, an_input, uuid_of
from tests.support.clock import FixedClock
from tests.support.page_world import PageWorld
from tests.support.principals import ADMINISTRATOR
from tests.support.tenant_world import TenantWorld

HOME = "/api/blockyard/v1"


@pytest.fixture
def world(database: Database, clock: FixedClock) -> TenantWorld:
    """A shop with projects, a platform, and blocks to order."""
    return TenantWorld(database, clock)


@pytest.fixture
def asked(world: TenantWorld) -> Callable[..., Any]:
    """Ask as somebody."""

    def ask(principal: Any, path: str) -> Any:
        world.api.be(principal)
        return world.api.ok("GET", HOME + path, media="application/json")

    return ask


def test_needs_are_told_to_those_who_can_help(world: TenantWorld, asked: Callable[..., Any]) -> None:
    missing = an_input(displayName="Size")
    for_operators = an_input("INTEGER", "PLATFORM_OPERATOR_MANUAL_INPUT", displayName="Quota")
    world.order(world.define("Machine", inputs={"size": missing}), name="machine")
    world.order(world.define("Request", inputs={"quota": for_operators}), name="request")
    world.order(world.define("Cluster"), name="cluster")
    world.report(world.claimed(), RunStatus.FAILED)

    def told(principal: Any, query: str = "") -> list[tuple[str, str]]:
        found = asked(principal, f"/needs{query}")
        assert found["total"] == len(found["needs"])
        return [(one["why"], one["name"]) for one in found["needs"]]

    assert told(SHOP) == [("INPUT", "machine"), ("FAILED", "cluster")]
    assert told(PLATFORM) == [("OPERATOR_INPUT", "request"), ("FAILED", "cluster")]
    assert told(OTHER) == []
    assert told(SHOP, "?workspaceIdentifier=other") == []
    # an administrator is needed where their workspace is; one who has none, as on a laptop, everywhere
    everything = [("INPUT", "machine"), ("OPERATOR_INPUT", "request"), ("FAILED", "cluster")]
    assert told(replace(ADMINISTRATOR, grants=OTHER.grants)) == []
    assert told(replace(ADMINISTRATOR, grants={})) == everything


def test_a_deletion_waits_for_who_offers_the_platform(world: TenantWorld, asked: Callable[..., Any]) -> None:
    world.add_zone(mandatory=[])
    tenant = world.make("dev")
    world.api.be(SHOP)
    world.delete_tenant(tenant)

    assert [(one["why"], one["id"]) for one in asked(PLATFORM, "/needs")["needs"]] == [
        ("TENANT_DELETION", uuid_of(tenant))
    ]
    assert asked(SHOP, "/needs")["needs"] == []


def test_things_are_found_by_their_names_with_typing_errors_and_by_nobody_else(
    world: TenantWorld, asked: Callable[..., Any]
) -> None:
    world.order(world.define("Queue"), name="orders queue")
    world.add_zone(mandatory=[])
    world.make("dev")

    def found(principal: Any, query: str) -> list[tuple[str, str]]:
        return [(one["kind"], one["name"]) for one in asked(principal, f"/search?{query}")["found"]]

    assert found(SHOP, "text=ordres queue") == [("block", "orders queue")]
    assert found(SHOP, "text=qeueu&kind=definition") == [("definition", "Queue")]
    assert found(SHOP, "text=DEV") == [("project", "dev"), ("tenant", "shop.dev.repos.global")]
    assert found(SHOP, "text=shop&kind=workspace") == [("workspace", "Shop")]
    assert sorted(found(SHOP, "kind=project")) == [("project", "dev"), ("project", "prod")]
    assert found(OTHER, "text=shop") == []
    assert found(OTHER, "text=orders queue") == []


def test_an_unknown_kind_and_a_text_that_is_too_long_are_refused(world: TenantWorld) -> None:
    for query in ("kind=colour", "text=" + "x" * 101):
        assert world.api.send("GET", f"{HOME}/search?{query}", media="application/json").status_code == 400


def test_a_person_keeps_what_they_used_last_and_what_they_pinned(database: Database, clock: FixedClock) -> None:
    world = PageWorld(database, clock)
    sam, mia = (world.add(name) for name in ("sam", "mia"))
    home = world.services.home

    def principal(name: str) -> Any:
        return ADMINISTRATOR.__class__(author=(sam if name == "sam" else mia).author)

    def visit(name: str, *, pinned: bool | None = None) -> None:
        clock.advance(1)
        thing = Thing(kind=Kind.BLOCK, id=name, name=name)
        if pinned is None:
            world.db.write_now(lambda tx: home.visit(tx, principal("sam"), thing))
        else:
            world.db.write_now(lambda tx: home.pin(tx, principal("sam"), thing, pinned=pinned))

    visit("first", pinned=True)
    for number in range(MOST_KEPT + 5):
        visit(f"block {number}")
    visit("block 50")

    kept = world.db.read_now(lambda tx: home.kept(tx, principal("sam")))
    assert [one.name for one in kept[:2]] == ["block 50", f"block {MOST_KEPT + 4}"]
    assert len(kept) == MOST_KEPT + 1
    assert [one.name for one in kept if one.is_pinned] == ["first"]
    assert world.db.read_now(lambda tx: home.kept(tx, principal("mia"))) == []
    visit("first", pinned=False)
    assert not any(one.is_pinned for one in world.db.read_now(lambda tx: home.kept(tx, principal("sam"))))


def test_machines_keep_nothing(world: TenantWorld) -> None:
    body = {"name": "a block", "where": "", "pinned": True}

    world.api.be(SHOP)
    answer = world.api.send("PUT", f"{HOME}/kept/block/x", body, media="application/json")

    assert (answer.status_code, answer.json()["errorCode"]) == (403, "PersonNeeded")
    assert world.api.send("GET", f"{HOME}/kept", media="application/json").status_code == 403
