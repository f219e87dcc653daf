"""Own keys of runners: who makes, changes and ends them, and what becomes of keys that were made before."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest

from blockyard.server.identity.model import KeySettings, Principal, ServedRunner
from blockyard.server.identity.service import IssuedKey
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Denied, Invalid, NotFound
from blockyard.server.runners.model import Restriction, RunnerId, RunnerSpec, RunnerType
from blockyard.server.runners.service import RunnerKeys
from tests.support.clock import FixedClock
from tests.support.principals import ADMINISTRATOR, a_key
from tests.support.runner_keys import a_runner_key
from tests.support.world import world_of

TEAM = a_key("team")


class World:
    """Runners and API keys of workspaces team and admin."""

    def __init__(self, database: Database, clock: FixedClock, ids: Callable[[], UUID]) -> None:
        whole = world_of(database, clock, ids)
        self.db = database
        self.api_keys, self.runners = whole.services.api_keys, whole.services.runners
        self.keys = RunnerKeys(runners=self.runners, keys=self.api_keys)
        whole.add_workspaces("team", "shop", "admin")

    def runner(self, restriction: Restriction = Restriction.PRIVATE) -> RunnerId:
        """Register a runner of workspace team."""
        spec = RunnerSpec(
            workspace="team",
            display_name="edge",
            public_key=a_runner_key().public_pem,
            implementation_type=RunnerType.ALL,
            restriction=restriction,
        )
        return self.db.write_now(lambda tx: self.runners.create(tx, ADMINISTRATOR, spec)).id

    def key(self, runner: RunnerId, principal: Principal = TEAM) -> IssuedKey:
        """Make a key of a runner."""
        return self.db.write_now(lambda tx: self.keys.create(tx, principal, runner, "runner edge", None))


@pytest.fixture
def world(database: Database, clock: FixedClock, ids: Callable[[], UUID]) -> World:
    return World(database, clock, ids)


def test_the_key_of_a_runner_signs_in_as_this_runner_and_holds_nothing_else(world: World) -> None:
    runner = world.runner()
    issued = world.key(runner)

    secret = issued.secret or ""
    key = world.db.write_now(lambda tx: world.api_keys.sign_in(tx, str(issued.key), secret))

    assert key is not None
    principal = key.principal()
    assert (principal.runner, principal.everywhere, principal.grants) == (runner, frozenset(), {"team": frozenset()})


@pytest.mark.parametrize(
    ("principal", "restriction", "refusal"),
    [
        (a_key("team", "APIKEY_SAVE", "BUILDINGBLOCKRUNNER_LIST"), Restriction.PRIVATE, Denied),
        (a_key("team", "BUILDINGBLOCKRUNNER_SAVE", "BUILDINGBLOCKRUNNER_LIST"), Restriction.PRIVATE, Denied),
        (a_key("shop"), Restriction.PRIVATE, NotFound),
        (a_key("team"), Restriction.PUBLIC, Denied),
        (a_key("shop"), Restriction.PUBLIC, Denied),
    ],
)
@pytest.mark.one_database
def test_only_who_may_register_a_runner_makes_keys_of_it(
    world: World, principal: Principal, restriction: Restriction, refusal: type[Exception]
) -> None:
    runner = world.runner(restriction)

    with pytest.raises(refusal):
        world.key(runner, principal)

    assert world.key(runner, ADMINISTRATOR).secret


@pytest.mark.parametrize("restriction", Restriction)
def test_the_key_of_a_runner_for_all_is_changed_and_ended_by_administrators_only(
    world: World, restriction: Restriction
) -> None:
    key = world.key(world.runner(restriction), ADMINISTRATOR).api_key
    settings = KeySettings(display_name="renamed", permissions=(), expires_at=date(2027, 1, 1))

    def change(principal: Principal) -> None:
        world.db.write_now(lambda tx: world.api_keys.update(tx, principal, key.id, "team", settings))

    def delete(principal: Principal) -> None:
        world.db.write_now(lambda tx: world.api_keys.delete(tx, principal, key.id))

    if restriction is Restriction.PUBLIC:
        for use in (change, delete):
            with pytest.raises(Denied):
                use(TEAM)
        change(ADMINISTRATOR)
        delete(ADMINISTRATOR)
    else:
        change(TEAM)
        delete(TEAM)


def test_the_key_of_a_runner_gets_no_permissions(world: World) -> None:
    key = world.key(world.runner()).api_key
    settings = KeySettings(display_name="wider", permissions=("BUILDINGBLOCK_LIST",), expires_at=None)

    with pytest.raises(Invalid, match="no permissions besides"):
        world.db.write_now(lambda tx: world.api_keys.update(tx, ADMINISTRATOR, key.id, "team", settings))


def test_the_start_of_the_server_binds_a_key_that_could_claim_for_every_runner(world: World) -> None:
    runner, client_id = world.runner(), UUID(int=77)

    def seed(permissions: tuple[str, ...], served: ServedRunner | None) -> Principal:
        world.db.write_now(
            lambda tx: world.api_keys.seed(
                tx,
                client_id=client_id,
                client_secret="kept",
                workspace="admin",
                display_name="shared runner",
                permissions=permissions,
                runner=served,
            )
        )
        key = world.db.write_now(lambda tx: world.api_keys.sign_in(tx, str(client_id), "kept"))
        assert key is not None
        return key.principal()

    assert "BUILDINGBLOCKRUN_SAVE" in seed(("ADM_BUILDINGBLOCKRUN_SAVE",), None).everywhere
    bound = seed((), ServedRunner(id=runner, is_public=True))
    assert (bound.everywhere, bound.runner) == (frozenset(), runner)


def test_the_own_keys_of_a_runner_end_with_it(world: World) -> None:
    runner, other = world.runner(), world.runner()
    issued, kept = [world.key(runner), world.key(runner)], world.key(other)

    world.db.write_now(lambda tx: world.runners.delete(tx, TEAM, runner))

    def signs_in(key: IssuedKey) -> bool:
        return world.db.read_now(lambda tx: world.api_keys.sign_in(tx, str(key.key), key.secret or "")) is not None

    assert [signs_in(key) for key in (*issued, kept)] == [False, False, True]
    of_team = world.db.read_now(lambda tx: world.api_keys.of_workspace(tx, TEAM, "team"))
    assert [key.id for key in of_team] == [kept.key]


def test_whoever_may_delete_a_runner_needs_no_right_to_its_keys(world: World) -> None:
    runner = world.runner()
    issued = world.key(runner)
    deleting = a_key("team", "BUILDINGBLOCKRUNNER_DELETE", "BUILDINGBLOCKRUNNER_LIST")

    world.db.write_now(lambda tx: world.runners.delete(tx, deleting, runner))

    with pytest.raises(NotFound):
        world.db.read_now(lambda tx: world.api_keys.get(tx, TEAM, issued.key))


def test_a_runner_that_was_deleted_gets_no_key(world: World) -> None:
    runner = world.runner()
    world.db.write_now(lambda tx: world.runners.delete(tx, TEAM, runner))

    for use in (
        lambda tx: world.runners.keep(tx, runner),
        lambda tx: world.keys.create(tx, TEAM, runner, "late", None),
    ):
        with pytest.raises(NotFound):
            world.db.write_now(use)
