"""Lists of blocks: filters, pages, and who sees what."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from blockyard.protocol.names import RunStatus
from blockyard.server.blocks.model.query import BlockQuery, BlockSort
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.paging import Page, PageRequest
from tests.support.block_world import (
    BLOCKS,
    MANUAL,
    OTHER,
    OWN,
    PLATFORM,
    SHOP,
    BlockWorld,
    an_input,
    definition_of,
    uuid_of,
)
from tests.support.clock import FixedClock
from tests.support.principals import ADMINISTRATOR, a_key

NOBODY = "0f0f0f0f-0000-4000-8000-000000000000"


@pytest.fixture
def blocks(world: BlockWorld) -> dict[str, Any]:
    """Three blocks: two of the shop, the second of another definition and waiting, one of another workspace."""
    bucket = world.define("Bucket", implementation=MANUAL)
    queue = world.define("Queue", inputs={"name": an_input()})
    found: dict[str, Any] = {"bucket": bucket, "queue": queue}
    for name, version, workspace in (("one", bucket, "shop"), ("two", queue, "shop"), ("three", bucket, "other")):
        found[name] = world.order(version, name=name, workspace=workspace)
        world.clock.advance(1)
    return found


def names(world: BlockWorld, **filters: str) -> list[str]:
    answer = world.api.send("GET", BLOCKS, params=filters)
    assert answer.status_code == 200, answer.text
    return [block["spec"]["displayName"] for block in answer.json()["_embedded"]["meshBuildingBlocks"]]


def test_lists_come_in_the_order_of_creation_with_whole_documents(world: BlockWorld, blocks: dict[str, Any]) -> None:
    document = world.api.ok("GET", BLOCKS)

    assert document["page"] == {"size": 20, "totalElements": 3, "totalPages": 1, "number": 0}
    assert document["_embedded"]["meshBuildingBlocks"] == [world.read(blocks[name]) for name in ("one", "two", "three")]


@pytest.mark.parametrize(
    ("kind", "value", "is_cut"),
    [
        ("STRING", "x" * 70_000, True),
        ("CODE", '["' + '", "'.join(["x" * 100] * 1000) + '"]', True),
        ("LIST", ["x" * 100] * 1000, True),
        ("LIST", [[1234567] * 100] * 200, True),
        ("LIST", [{"a": "x"}] * 10_000, True),
        ("LIST", [{"a": "x"}] * 1000, False),
        ("STRING", "x" * 60_000, False),
    ],
)
def test_the_list_of_people_leaves_long_values_out_and_says_so(
    world: BlockWorld, kind: str, value: Any, *, is_cut: bool
) -> None:
    version = world.define("Long", inputs={"text": an_input(kind)})
    block = world.order(version, inputs={"text": value})

    listed = world.api.ok("GET", OWN, media="application/json")["_embedded"]["meshBuildingBlocks"]
    found = listed[0]["spec"]["inputs"]["text"]
    whole = world.read(block)["spec"]["inputs"]["text"]

    assert found == {**whole, "value": None if is_cut else whole["value"], "isCut": is_cut}
    assert whole["value"]


def filters_of(bucket: dict[str, Any], queue: dict[str, Any]) -> list[tuple[dict[str, str], list[str]]]:
    """Return filters, and the names of the blocks that each finds."""
    return [
        ({"workspaceIdentifier": "shop"}, ["one", "two"]),
        ({"workspaceIdentifier": "nowhere"}, []),
        ({"name": "two"}, ["two"]),
        ({"definitionUuid": definition_of(bucket)}, ["one", "three"]),
        ({"definitionUuid": NOBODY}, []),
        ({"definitionUuid": "no uuid"}, []),
        ({"versionUuid": uuid_of(queue)}, ["two"]),
        ({"versionNumber": "1"}, ["one", "two", "three"]),
        ({"versionNumber": "v1", "workspaceIdentifier": "other"}, ["three"]),
        ({"versionNumber": "2"}, []),
        ({"versionNumber": "latest"}, []),
        ({"versionNumber": "-1"}, []),
        ({"versionNumber": "9" * 30}, []),
        ({"versionUuid": "no uuid"}, []),
        ({"targetRefKind": "meshWorkspace"}, ["one", "two", "three"]),
        ({"targetRefKind": "meshTenant"}, []),
        ({"tenantUuid": NOBODY}, []),
        ({"projectIdentifier": "p"}, []),
        ({"platformIdentifier": "p"}, []),
        ({"status": "SUCCEEDED"}, ["one", "three"]),
        ({"status": "WAITING_FOR_USER_INPUT"}, ["two"]),
        ({"status": "UNHEARD_OF"}, []),
        ({"status": "", "name": ""}, ["one", "two", "three"]),
        ({"managedByWorkspaceIdentifier": "platform"}, ["one", "two", "three"]),
        ({"managedByWorkspaceIdentifier": "shop"}, []),
        ({"managedByDefinitionUuid": definition_of(queue)}, ["two"]),
        ({"managedByDefinitionUuid": "no uuid"}, []),
        ({"managedByDefinitionUuid": definition_of(queue), "definitionUuid": definition_of(bucket)}, []),
    ]


def test_every_filter_filters(world: BlockWorld, blocks: dict[str, Any]) -> None:
    for filters, expected in filters_of(blocks["bucket"], blocks["queue"]):
        assert names(world, **filters) == expected, filters


def test_every_filter_filters_the_list_of_people_alike(world: BlockWorld, blocks: dict[str, Any]) -> None:
    for filters, expected in filters_of(blocks["bucket"], blocks["queue"]):
        found = own_list(world, **filters, oldestFirst="true")
        assert [block["spec"]["displayName"] for block in found] == expected, filters


def test_people_find_as_managed_what_their_workspaces_provide_for(world: BlockWorld, blocks: dict[str, Any]) -> None:
    managed = {"managedByDefinitionUuid": definition_of(blocks["queue"])}

    world.api.be(PLATFORM)
    assert [block["spec"]["displayName"] for block in own_list(world, **managed)] == ["two"]
    world.api.be(SHOP)
    assert own_list(world, **managed) == []
    assert own_list(world, definitionUuid=managed["managedByDefinitionUuid"]) != []


def test_pages_are_cut_and_linked(world: BlockWorld, blocks: dict[str, Any]) -> None:
    assert blocks
    document = world.api.ok("GET", f"{BLOCKS}?size=2&page=1&workspaceIdentifier=")

    assert [block["spec"]["displayName"] for block in document["_embedded"]["meshBuildingBlocks"]] == ["three"]
    assert document["page"] == {"size": 2, "totalElements": 3, "totalPages": 2, "number": 1}
    assert set(document["_links"]) == {"self", "first", "prev", "last"}


def test_deleted_blocks_are_not_listed(world: BlockWorld, blocks: dict[str, Any]) -> None:
    world.delete(blocks["one"])

    assert names(world) == ["two", "three"]


def test_principals_list_what_they_reach(world: BlockWorld, blocks: dict[str, Any]) -> None:
    assert blocks
    for principal, filters, expected in (
        (SHOP, {}, ["one", "two"]),
        (SHOP, {"workspaceIdentifier": "other"}, []),
        (OTHER, {}, ["three"]),
        (PLATFORM, {}, []),
        (PLATFORM, {"managedByWorkspaceIdentifier": "platform"}, ["one", "two", "three"]),
        (PLATFORM, {"managedByDefinitionUuid": definition_of(blocks["queue"])}, ["two"]),
        (SHOP, {"managedByDefinitionUuid": definition_of(blocks["queue"])}, []),
        (a_key("admin", "ADM_BUILDINGBLOCK_LIST"), {}, ["one", "two", "three"]),
        (
            a_key("admin", "ADM_BUILDINGBLOCK_LIST"),
            {"managedByWorkspaceIdentifier": "platform"},
            ["one", "two", "three"],
        ),
    ):
        world.api.be(principal)
        assert names(world, **filters) == expected, (principal.author.identifier, filters)


def test_lists_need_their_permission(world: BlockWorld) -> None:
    for principal, query in (
        (a_key("shop", "BUILDINGBLOCK_SAVE"), ""),
        (a_key("platform", "MANAGED_BUILDINGBLOCK_LIST"), ""),
        (a_key("shop", "BUILDINGBLOCK_LIST"), "?managedByWorkspaceIdentifier=shop"),
        (SHOP, "?managedByWorkspaceIdentifier=platform"),
    ):
        world.api.be(principal)
        error = world.api.refused(403, "GET", BLOCKS + query)
        assert error["errorCode"] == "MissingPermission"


def test_single_blocks_are_read_by_consumer_provider_and_administrator_only(
    world: BlockWorld, blocks: dict[str, Any]
) -> None:
    path = f"{BLOCKS}/{uuid_of(blocks['one'])}"
    for principal, status in (
        (SHOP, 200),
        (PLATFORM, 200),
        (ADMINISTRATOR, 200),
        (OTHER, 404),
        (a_key("shop", "BUILDINGBLOCK_SAVE"), 403),
        (a_key("platform", "BUILDINGBLOCK_LIST"), 404),
    ):
        world.api.be(principal)
        assert world.api.send("GET", path).status_code == status, principal.author.identifier


def test_odd_addresses_and_pages_are_refused(world: BlockWorld) -> None:
    assert world.api.send("GET", f"{BLOCKS}/no-uuid").status_code == 400
    assert world.api.send("GET", f"{BLOCKS}/{NOBODY}").status_code == 404
    assert world.api.send("GET", f"{BLOCKS}?page=-1").status_code == 400
    assert world.api.send("GET", f"{BLOCKS}?size=0").status_code == 400
    assert world.api.send("GET", f"{BLOCKS}?name={'x' * 300}").status_code == 400


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("", "ix_blocks_active"),
        ("workspaceIdentifier=shop", "ix_blocks_active_workspace"),
        ("name=one", "ix_blocks_active_display_name"),
        (f"definitionUuid={NOBODY}", "ix_blocks_active_definition_id"),
        (f"versionUuid={NOBODY}", "ix_blocks_active_version_id"),
        ("versionNumber=2", "ix_blocks_active_version_number"),
        ("status=FAILED", "ix_blocks_active_status"),
        ("managedByWorkspaceIdentifier=platform", "ix_blocks_active_provider"),
        (f"managedByDefinitionUuid={NOBODY}", "ix_blocks_active_definition_id"),
    ],
)
def test_every_filter_has_its_index(sqlite: Database, clock: FixedClock, query: str, index: str) -> None:
    world = BlockWorld(sqlite, clock)
    statements: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, text: str, values: Any, *_: object) -> None:
        statements.append((text, values))

    event.listen(sqlite._read_engine, "before_cursor_execute", note)
    for page in (0, 1):  # only the one behind the end is counted
        assert world.api.send("GET", f"{BLOCKS}?{query}&page={page}").status_code == 200
    event.remove(sqlite._read_engine, "before_cursor_execute", note)

    plans = [sqlite.read_now(_plan(*statement)) for statement in statements if "FROM blocks" in statement[0]]
    first, _, counting = plans
    assert index in first
    assert "COVERING" in counting
    assert all("ix_blocks_active" in plan and "TEMP B-TREE" not in plan for plan in (first, counting)), plans


@pytest.mark.parametrize(
    ("query", "sort", "index"),
    [
        (BlockQuery(), BlockSort.CREATED, "ix_blocks_live"),
        (BlockQuery(), BlockSort.NAME, "ix_blocks_live_name"),
        (BlockQuery(), BlockSort.WORKSPACE, "ix_blocks_live_workspace"),
        (BlockQuery(), BlockSort.STATUS, "ix_blocks_live_status"),
        (BlockQuery(search="one"), BlockSort.CREATED, "ix_blocks_live"),
        (BlockQuery(workspace="shop"), BlockSort.CREATED, "ix_blocks_live_workspace"),
        (BlockQuery(status="FAILED"), BlockSort.CREATED, "ix_blocks_live_status"),
    ],
)
def test_lists_of_people_are_sorted_and_counted_in_an_index(
    sqlite: Database, clock: FixedClock, query: BlockQuery, sort: BlockSort, index: str
) -> None:
    world = BlockWorld(sqlite, clock)
    statements: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, text: str, values: Any, *_: object) -> None:
        statements.append((text, values))

    event.listen(sqlite._read_engine, "before_cursor_execute", note)
    for page in (PageRequest(0), PageRequest(3)):
        sqlite.read_now(_searching(world, query, page, sort))
    event.remove(sqlite._read_engine, "before_cursor_execute", note)

    plans = [sqlite.read_now(_plan(*statement)) for statement in statements if "FROM blocks" in statement[0]]
    first, later, counting = ([*re.findall(r"ix_\w+", plan), plan] for plan in plans)  # the first is not counted
    assert "COVERING INDEX ix_blocks_live" in counting[-1]
    assert index in first
    assert index in later
    assert "COVERING" in later[-1]


def _searching(
    world: BlockWorld, query: BlockQuery, page: PageRequest, sort: BlockSort
) -> Callable[[Transaction], object]:
    return lambda tx: world.blocks.search(tx, ADMINISTRATOR, query, page, sort=sort, descending=True)


def test_people_sort_and_search_letters_of_any_case(world: BlockWorld) -> None:
    version = world.define("Bucket", implementation=MANUAL)
    for name in ("Zoo", "ÖL 2", "öl 1", "apple"):
        world.order(version, name=name, workspace="shop")

    def found(search: str | None) -> list[str]:
        query = BlockQuery(search=search)
        page = world.db.read_now(
            lambda tx: world.blocks.search(tx, ADMINISTRATOR, query, PageRequest(), sort=BlockSort.NAME)
        )
        return [view.block.name for view in page.items]

    assert found(None) == ["apple", "Zoo", "öl 1", "ÖL 2"]
    assert found("Öl") == ["öl 1", "ÖL 2"]


def test_the_versions_of_a_page_are_read_at_once(sqlite: Database, clock: FixedClock) -> None:
    world = BlockWorld(sqlite, clock)
    for number in range(4):
        world.order(world.define(f"Definition {number}", implementation=MANUAL), workspace="shop")
    statements: list[str] = []

    def note(_connection: object, _cursor: object, text: str, *_: object) -> None:
        statements.append(text)

    event.listen(sqlite._read_engine, "before_cursor_execute", note)
    assert len(names(world)) == 4
    event.remove(sqlite._read_engine, "before_cursor_execute", note)

    assert sum("FROM definition" in statement for statement in statements) == 2


def test_the_list_of_people_reads_no_values(sqlite: Database, clock: FixedClock) -> None:
    world = BlockWorld(sqlite, clock)
    version = world.define("Bucket", inputs={"note": an_input(), "size": an_input()}, implementation=MANUAL)
    for name in ("one", "two"):
        world.order(version, {"note": "long " * 100_000, "size": "1"}, name=name, workspace="shop")
        clock.advance(1)
    statements: list[str] = []

    def note(_connection: object, _cursor: object, text: str, *_: object) -> None:
        statements.append(text)

    event.listen(sqlite._read_engine, "before_cursor_execute", note)
    found = sqlite.read_now(_searching(world, BlockQuery(), PageRequest(), BlockSort.CREATED))
    event.remove(sqlite._read_engine, "before_cursor_execute", note)

    assert isinstance(found, Page)
    assert {(line.block.name, line.definition) for line in found.items} == {("one", "Bucket"), ("two", "Bucket")}
    assert any("blocks.name" in statement for statement in statements)
    assert not any(re.search(r"\b(inputs|outputs|content)\b", statement) for statement in statements), statements


def _plan(text: str, values: Any) -> Callable[[Transaction], str]:
    """Return what tells how the database finds the rows of a statement."""
    return lambda tx: repr(tx._connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all())


@pytest.fixture
def sqlite(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A SQLite database, whatever the other tests use: its plans do not depend on how full it is."""
    file = tmp_path / "plans.sqlite3"
    shutil.copyfile(sqlite_template, file)
    with Database.open(f"sqlite:///{file}") as db:
        yield db


def own_list(world: BlockWorld, **filters: str) -> list[dict[str, Any]]:
    answer = world.api.send("GET", OWN, media="application/json", params=filters)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["_embedded"]["meshBuildingBlocks"]
    return found


def test_those_that_are_gone_are_listed_on_wish_alone(world: BlockWorld, blocks: dict[str, Any]) -> None:
    before = world.api.principal
    world.api.be(PLATFORM)
    for name in ("three", "one"):
        assert world.api.send("DELETE", f"{BLOCKS}/{uuid_of(blocks[name])}/purge").status_code == 202
    world.api.be(before)

    assert [block["name"] for block in own_list(world)] == ["two"]
    assert [block["name"] for block in own_list(world, deleted="true")] == ["three", "one"]
    assert [block["name"] for block in own_list(world, deleted="true", name="one")] == ["one"]
    world.api.be(OTHER)
    assert [block["name"] for block in own_list(world, deleted="true")] == ["three"]


def test_the_list_of_people_begins_with_the_newest_and_says_what_they_read(
    world: BlockWorld, blocks: dict[str, Any]
) -> None:
    found = own_list(world)

    assert [block["name"] for block in found] == ["three", "two", "one"]
    assert [block["name"] for block in own_list(world, oldestFirst="true")] == ["one", "two", "three"]
    assert found[0] | world.read(blocks["three"]) == found[0]
    assert (found[0]["definition"]["displayName"], found[0]["version"]["number"]) == ("Bucket", 1)
    assert [block["name"] for block in own_list(world, workspaceIdentifier="shop", status="SUCCEEDED")] == ["one"]


def test_the_list_of_people_finds_a_block_by_the_name_they_see(world: BlockWorld) -> None:
    version = world.define("Queue", inputs={"name": an_input()})
    world.order(version, {"name": "mail"}, name="{{name}} queue")

    assert [block["name"] for block in own_list(world, name="mail queue")] == ["mail queue"]
    assert own_list(world, name="{{name}} queue") == []


def test_a_block_whose_destruction_failed_stays_in_the_list_of_people(world: BlockWorld) -> None:
    block = world.order(world.define("Bucket"), name="stuck")
    world.finish()
    world.delete(block)
    world.finish(status=RunStatus.FAILED)

    assert names(world) == []
    (found,) = own_list(world, name="stuck")
    assert found["status"]["lifecycle"]["state"] == "MARKED_FOR_DELETION"


def test_the_list_of_people_is_refused_to_a_key_that_may_not_list(world: BlockWorld) -> None:
    world.api.be(a_key("shop", "BUILDINGBLOCK_SAVE"))

    assert world.api.send("GET", OWN, media="application/json").status_code == 403
