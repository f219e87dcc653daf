"""The search of what states say exists: how long a page takes where there are very many resources."""

from collections.abc import Iterator
from uuid import UUID

from bench.figures import Figure, median, percentile, timed
from bench.groups import Setting
from blockyard.server.app import migrate
from blockyard.server.kit.clock import utc_now
from blockyard.server.kit.database import Database
from blockyard.server.kit.paging import PageRequest
from blockyard.server.tofu_state.model import Resource, ResourceFilter, ResourceReach
from blockyard.server.tofu_state.store import ResourceStore
from blockyard.server.tofu_state.store.resources import Place
from tests.support.copies import copying, is_id, seeded_id

RESOURCES = 1_000_000
PER_BLOCK = 10
PER_STATE = 200
WORKSPACES = 500
DEFINITIONS = 40
TYPES = ("aws_s3_bucket", "aws_instance", "aws_iam_role", "azurerm_subnet", "google_sql_database_instance")

EVERYTHING = ResourceReach(everything=True)


def resource_search(setting: Setting) -> Iterator[Figure]:
    """Search by what is rare, and by what nearly everything begins with, as an administrator and as a workspace."""
    count = setting.blocks * PER_BLOCK
    url = setting.new_database() or f"sqlite:///{setting.new_data()}.db"
    db = Database.open(url)
    try:
        migrate.upgrade(db)
        _fill(db, url, count // PER_STATE)
        one = ResourceReach(workspaces=frozenset({"workspace-7"}), definitions=frozenset({seeded_id("definition", 7)}))
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
    return timed(lambda: db.read_now(lambda tx: ResourceStore(tx).page(chosen, reach, PageRequest())))


def _fill(db: Database, url: str, states: int) -> None:
    """Write one state, and copy it."""
    place = Place(UUID(int=1), "workspace-0", None, "provider-0", seeded_id("definition", 0))
    found = [(_resource(number), utc_now()) for number in range(PER_STATE)]
    db.write_now(lambda tx: ResourceStore(tx).add(place, found))
    where = {"block_id": "seed_id('block', n)", "owner": "'provider-' || (n % 8)"}
    where["workspace"] = f"'workspace-' || (n % {WORKSPACES})"
    resource = {
        "definition_id": f"seed_id('definition', (n % {WORKSPACES}) % {DEFINITIONS})",
        "resource_id": f"'id-' || n || substr(t.resource_id, {_BEHIND})",
        "found_at": "seed_time(n)",
    }
    word = f"CASE WHEN t.word LIKE 'id-0-%' THEN 'id-' || n || substr(t.word, {_BEHIND}) ELSE t.word END"
    which = is_id("block_id", str(place.block_id))
    with copying(url, states) as copies, copies.without_indexes("state_resources", "state_resource_words"):
        for start in range(1, states, _AT_ONCE):
            some = range(start, min(states, start + _AT_ONCE))
            copies.copy("state_resources", which, some, {**where, **resource})
            copies.copy("state_resource_words", which, some, {**where, "word": word})


_AT_ONCE = 500
"""So many states are copied by one statement: SQLite keeps in memory what one writes."""

_BEHIND = len("id-0") + 1
"""Where that of an id begins which stands behind the number of its state."""


def _resource(number: int) -> Resource:
    type_ = TYPES[number % len(TYPES)]
    return Resource(f"{type_}.thing[{number}]", type_, "hashicorp/aws", "thing", f"id-0-{number}")
