"""The search of what states say exists: how long a page takes where there are very many resources."""

import time
from collections.abc import Iterator
from uuid import UUID

from bench.figures import Figure, median, percentile
from bench.groups import Setting
from blockyard.server.app import migrate
from blockyard.server.kit.clock import utc_now
from blockyard.server.kit.database import Database
from blockyard.server.kit.paging import PageRequest
from blockyard.server.tofu_state.model import Resource, ResourceFilter, ResourceReach
from blockyard.server.tofu_state.store import ResourceStore
from blockyard.server.tofu_state.store.resources import Place

RESOURCES = 1_000_000
PER_STATE = 200
WORKSPACES = 500
TYPES = ("aws_s3_bucket", "aws_instance", "aws_iam_role", "azurerm_subnet", "google_sql_database_instance")

EVERYTHING = ResourceReach(everything=True)


def resource_search(setting: Setting, count: int = RESOURCES) -> Iterator[Figure]:
    """Search by what is rare, and by what nearly everything begins with, as an administrator and as a workspace."""
    url = setting.new_database() or f"sqlite:///{setting.new_data()}.db"
    db = Database.open(url)
    try:
        migrate.upgrade(db)
        _fill(db, count)
        one = ResourceReach(workspaces=frozenset({"workspace-7"}), definitions=frozenset({_definition(7 % 40)}))
        for name, chosen, reach in (
            ("an id", ResourceFilter(search="id-7-1"), EVERYTHING),
            ("a type", ResourceFilter(search="aws_"), EVERYTHING),
            ("a type, in one workspace", ResourceFilter(search="aws_"), one),
            ("no word, one type", ResourceFilter(type="aws_instance"), EVERYTHING),
        ):
            seconds = [_searched(db, chosen, reach) for _ in range(setting.rounds)]
            yield Figure(
                f"search of {count:,} resources by {name}, p99",
                setting.database,
                percentile(seconds, 0.99) * 1000,
                "ms",
                comparator=median(seconds) * 1000,
                comparator_name="its own median",
                budget=100 if count >= RESOURCES else None,
                samples=len(seconds),
            )
    finally:
        db.close()


def _searched(db: Database, chosen: ResourceFilter, reach: ResourceReach) -> float:
    started = time.perf_counter()
    db.read_now(lambda tx: ResourceStore(tx).page(chosen, reach, PageRequest()))
    return time.perf_counter() - started


def _fill(db: Database, count: int) -> None:
    at = utc_now()
    for state in range(count // PER_STATE):
        workspace = state % WORKSPACES
        place = Place(
            UUID(int=(4 << 96) + state),
            f"workspace-{workspace}",
            None,
            f"provider-{state % 8}",
            _definition(workspace % 40),
        )
        found = [(_resource(state, number), at) for number in range(PER_STATE)]
        db.write_now(lambda tx, place=place, found=found: ResourceStore(tx).add(place, found))  # type: ignore[misc]  # bound


def _resource(state: int, number: int) -> Resource:
    type_ = TYPES[number % len(TYPES)]
    return Resource(f"{type_}.thing[{number}]", type_, "hashicorp/aws", "thing", f"id-{state}-{number}")


def _definition(number: int) -> UUID:
    return UUID(int=(5 << 96) + number)
