"""The keys that sign tokens: one for all replicas, encrypted, and followed by the next in time."""

import base64
import json
from functools import partial

import pytest
from joserfc.jwk import OctKey, RSAKey
from joserfc.jwt import encode
from sqlalchemy import text

from blockyard.server.events.basics import Basics
from blockyard.server.issuer.model import KEY_AHEAD, KEY_LIFE, Algorithm
from blockyard.server.issuer.service import SigningKeys
from blockyard.server.issuer.service.tokens import SKEW
from blockyard.server.kit.database import Database
from blockyard.server.kit.ids import new_id
from tests.support.clock import FixedClock
from tests.support.http import run_aside
from tests.support.page_world import PageWorld
from tests.support.program import Program
from tests.support.world import MASTER_KEY


@pytest.fixture
def world(database: Database, clock: FixedClock) -> PageWorld:
    """A world of people."""
    return PageWorld(database, clock)


@pytest.fixture
def program(world: PageWorld) -> Program:
    """The command line of sam."""
    return Program(world)


def shown(program: Program) -> list[str]:
    """Return the ids of the keys that everybody can see."""
    return [key["kid"] for key in program.machine.get("/oidc/jwks").json()["keys"]]


def key_of(token: str) -> str:
    """Return the id of the key that signed a token."""
    part = token.partition(".")[0]
    return str(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["kid"])


def test_the_next_key_is_shown_before_it_signs_and_the_last_one_after(program: Program, clock: FixedClock) -> None:
    first = key_of(program.sign_in()["access_token"])
    clock.advance(KEY_LIFE.total_seconds())
    both = shown(program)
    old = Program(program.world).sign_in()
    clock.advance(KEY_AHEAD.total_seconds() - 1)
    last = program.refresh(old["refresh_token"]).json()
    clock.advance(1)
    new = program.refresh(last["refresh_token"]).json()

    assert (both[0], len(both)) == (first, 2)
    assert key_of(last["access_token"]) == first
    assert key_of(new["access_token"]) == both[1]
    assert program.call(last["access_token"]).status_code == 200, "it is still good"
    clock.advance(KEY_AHEAD.total_seconds())
    assert shown(program) == [both[1]]


def test_two_replicas_make_one_key_and_both_use_it(world: PageWorld, clock: FixedClock) -> None:
    one, two = (SigningKeys(Basics.of(clock, new_id), master_key=MASTER_KEY) for _ in range(2))
    made = [RSAKey.generate_key(2048, {"alg": "RS256", "use": "sig"}, auto_kid=True) for _ in range(2)]

    for keys, key in zip((one, two), made, strict=True):
        world.db.write_now(partial(keys.change, made={Algorithm.RS256: key}))
    run_aside(one.provide(world.db))

    signing = [world.db.read_now(keys.signing).kid for keys in (one, two)]
    assert signing == [made[0].kid] * 2
    assert [key["kid"] for key in world.db.read_now(two.shown)] == [made[0].kid]


def test_private_keys_are_kept_encrypted(program: Program) -> None:
    program.sign_in()

    found = text("SELECT private, public FROM signing_keys")
    key = program.world.db.read_now(lambda tx: tx.execute(found).mappings().one())

    assert b'"d"' not in bytes(key["private"])
    assert '"d"' not in key["public"]


@pytest.mark.one_database
def test_tokens_that_others_signed_are_worth_nothing(program: Program) -> None:
    mine = program.sign_in()["access_token"]
    header = json.loads(base64.urlsafe_b64decode(mine.partition(".")[0] + "=="))
    claims = json.loads(base64.urlsafe_b64decode(mine.split(".")[1] + "=="))
    stranger = RSAKey.generate_key(2048)
    public = program.machine.get("/oidc/jwks").json()["keys"][0]
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    forged = [
        encode(header, claims, stranger, algorithms=["RS256"]),
        encode({**header, "kid": "another"}, claims, stranger, algorithms=["RS256"]),
        encode({**header, "alg": "HS256"}, claims, OctKey.import_key(json.dumps(public)), algorithms=["HS256"]),
        f"{mine.rpartition('.')[0]}.",
        f"{unsigned}.{mine.split('.')[1]}.",
        f"e30.{mine.split('.')[1]}.{mine.split('.')[2]}",
    ]

    assert [program.call(token).status_code for token in forged] == [401] * len(forged)


def test_clocks_of_replicas_may_differ_a_little(program: Program, clock: FixedClock) -> None:
    token = program.sign_in()["access_token"]

    clock.advance(-SKEW.total_seconds())
    a_little = program.call(token).status_code
    clock.advance(-1)

    assert (a_little, program.call(token).status_code) == (200, 401)
