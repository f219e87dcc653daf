"""How the lists of platforms, their types and landing zones are found: by an index, with as many statements however long they are."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from blockyard.protocol.kinds import LANDING_ZONE, PLATFORM, PLATFORM_TYPE, Kind
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Database, Transaction
from tests.support.clock import FixedClock
from tests.support.places import KUBERNETES, a_landing_zone, a_platform, properties
from tests.support.principals import ADMINISTRATOR, a_key
from tests.support.routes import Routes
from tests.support.world import World, world_of

NOBODY = UUID(int=0)
CONSUMER = a_key("shop", "PLATFORMINSTANCE_LIST", "LANDINGZONE_LIST")


@pytest.fixture
def sqlite(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A SQLite database, whatever the other tests use: its plans do not depend on how full it is."""
    path = tmp_path / "plans.db"
    path.write_bytes(sqlite_template.read_bytes())
    with Database.open(f"sqlite:///{path}") as opened:
        yield opened


@pytest.fixture
def world(sqlite: Database, clock: FixedClock) -> World:
    """Two workspaces, and what platforms stand on."""
    world = world_of(sqlite, clock)
    world.add_workspaces("team", "shop")
    for seeded in (world.services.locations, world.services.platform_types):
        sqlite.write_now(partial(seeded.seed, workspace="team"))
    return world


def statements_of(world: World, kind: Kind, query: str, principal: Principal) -> list[tuple[str, Any]]:
    """Return what a list asks the database for."""
    found: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, text: str, values: Any, *_: object) -> None:
        found.append((text, values))

    event.listen(world.db._read_engine, "before_cursor_execute", note)
    Routes(world, media=kind.media, principal=principal).ok("GET", f"{kind.collection}?{query}")
    event.remove(world.db._read_engine, "before_cursor_execute", note)
    return found


def plan(text: str, values: Any) -> Callable[[Transaction], str]:
    """Return what tells how the database finds the rows of a statement."""
    return lambda tx: repr(tx._connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all())


@pytest.mark.parametrize(
    ("kind", "query", "index"),
    [
        (PLATFORM_TYPE, "", "ix_platform_types_created_at"),
        (PLATFORM_TYPE, "category=AWS", "ix_platform_types_category"),
        (PLATFORM_TYPE, "lifecycleStatus=ACTIVE", "ix_platform_types_state"),
        (PLATFORM, "", "ix_platforms_created_at"),
        (PLATFORM, "ownedByWorkspace=team", "ix_platforms_workspace"),
        (PLATFORM, "identifier=one", "uq_platforms_identifier"),
        (PLATFORM, "locationIdentifier=global", "ix_platforms_location"),
        (PLATFORM, "displayName=one", "ix_platforms_display_name"),
        (PLATFORM, "restriction=PUBLIC", "ix_platforms_restriction"),
        (PLATFORM, "publicationState=PUBLISHED", "ix_platforms_publication_state"),
        (PLATFORM, "platformTypeIdentifier=AWS", "ix_platforms_type_name"),
        (PLATFORM, "contributingWorkspace=shop", "ix_platform_workspaces_workspace"),
        (LANDING_ZONE, "", "ix_landing_zones_created_at"),
        (LANDING_ZONE, f"platformUuid={NOBODY}", "ix_landing_zones_platform_id"),
        (LANDING_ZONE, "identifier=one", "uq_landing_zones_live_name"),
        (LANDING_ZONE, "displayName=one", "ix_landing_zones_display_name"),
        (LANDING_ZONE, "restricted=true", "ix_landing_zones_restricted"),
        (LANDING_ZONE, "ownedByWorkspace=team", "ix_landing_zones_workspace"),
    ],
)
def test_every_filter_has_its_index(world: World, kind: Kind, query: str, index: str) -> None:
    asked = statements_of(world, kind, query, ADMINISTRATOR)

    plans = [world.db.read_now(plan(*statement)) for statement in asked if "ORDER BY" in statement[0]]
    assert len(plans) == 1
    assert index in plans[0]
    assert "TEMP B-TREE" not in plans[0] or "identifier=" in query or "contributing" in query, plans


@pytest.mark.parametrize("principal", [ADMINISTRATOR, CONSUMER])
def test_a_page_takes_as_many_statements_however_many_there_are(world: World, principal: Principal) -> None:
    api = Routes(world, media=PLATFORM.media, principal=ADMINISTRATOR)
    counts = []
    for number in range(3):
        made = api.ok("POST", PLATFORM.collection, a_platform(f"pf-{number}", config=KUBERNETES))
        zone = a_landing_zone(made["metadata"]["uuid"], f"lz-{number}", platformProperties=properties("kubernetes"))
        Routes(world, media=LANDING_ZONE.media, principal=ADMINISTRATOR).ok("POST", LANDING_ZONE.collection, zone)
        counts.append([len(statements_of(world, kind, "", principal)) for kind in (PLATFORM, LANDING_ZONE)])

    assert counts == [[3, 3]] * 3  # BEGIN, how many there are, the page
