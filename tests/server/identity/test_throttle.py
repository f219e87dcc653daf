"""Guessing is slow, whoever guesses and however they do it, and does not keep the right people out."""

import asyncio
from collections import Counter
from functools import partial
from uuid import uuid4

import httpx2
import pytest
import structlog
import uvicorn
from fastapi import FastAPI, Request

from blockyard.server.app.server import configuration
from blockyard.server.app.settings import SettingsError, load_settings
from blockyard.server.events.basics import Basics
from blockyard.server.identity.api import SignIn
from blockyard.server.identity.api.signin import WAITING
from blockyard.server.identity.model.attempts import LIMITS, Attempt, Scope, Way
from blockyard.server.identity.service import Throttle
from blockyard.server.kit.errors import TooManyRequests, Unauthenticated, Unavailable
from tests.support.tenancy import PASSWORD, Tenancy
from tests.support.world import MASTER_KEY

pytestmark = pytest.mark.anyio

HOME, OFFICE = "192.0.2.10", "198.51.100.7"


def a_replica(tenancy: Tenancy) -> SignIn:
    """Return the sign-in of one more server on the same database."""
    throttle = Throttle(Basics(tenancy.clock, uuid4, tenancy.events), master_key=MASTER_KEY)
    return SignIn(db=tenancy.db, users=tenancy.users, factors=tenancy.services.second_factors, throttle=throttle)


async def outcome(
    sign_in: SignIn, name: str, password: str = "wrong", address: str = HOME, *, device: str = "", left: str = ""
) -> str:
    """Return what an attempt is answered: "right", or the name of the refusal."""
    try:
        await sign_in.check(name, password, address, device=device, next_device=left)
    except (Unauthenticated, TooManyRequests, Unavailable) as refusal:
        return type(refusal).__name__
    return "right"


async def test_many_guesses_at_once_are_not_more_than_one_after_the_other(tenancy: Tenancy) -> None:
    tenancy.user("ann")
    sign_in = a_replica(tenancy)

    found = Counter(await asyncio.gather(*(outcome(sign_in, "ann") for _ in range(200))))

    assert found["Unauthenticated"] <= LIMITS[Scope.NAME]
    assert found["right"] == 0
    assert found["TooManyRequests"] + found["Unavailable"] >= 200 - LIMITS[Scope.NAME]


async def test_the_queue_of_sign_ins_is_short_and_the_rest_are_told_so_at_once(tenancy: Tenancy) -> None:
    sign_in = a_replica(tenancy)

    found = Counter(await asyncio.gather(*(outcome(sign_in, f"u{n}", address=f"10.0.0.{n}") for n in range(100))))

    assert found["Unavailable"] >= 100 - WAITING - LIMITS[Scope.ALL]
    assert found["Unavailable"] > 0
    assert 0 < found["Unauthenticated"] < 100


async def test_guesses_are_counted_over_all_servers(tenancy: Tenancy) -> None:
    tenancy.user("ann")
    replicas = [a_replica(tenancy) for _ in range(3)]

    found = [await outcome(replicas[n % 3], "ann", address=f"10.0.{n}.1") for n in range(LIMITS[Scope.NAME] + 3)]

    assert found == ["Unauthenticated"] * LIMITS[Scope.NAME] + ["TooManyRequests"] * 3


async def test_one_password_for_many_names_is_counted_by_address(tenancy: Tenancy) -> None:
    sign_in = a_replica(tenancy)

    found = Counter([await outcome(sign_in, f"user-{n}") for n in range(60)])

    assert found == {"Unauthenticated": LIMITS[Scope.ADDRESS], "TooManyRequests": 60 - LIMITS[Scope.ADDRESS]}


async def test_the_addresses_of_one_ipv6_network_are_one(tenancy: Tenancy) -> None:
    sign_in = a_replica(tenancy)

    found = Counter([await outcome(sign_in, f"user-{n}", address=f"2001:db8:1:2::{n:x}") for n in range(60)])

    assert found["Unauthenticated"] == LIMITS[Scope.ADDRESS]


async def test_many_addresses_together_are_counted_over_all(tenancy: Tenancy) -> None:
    throttle = Throttle(Basics(tenancy.clock, uuid4, tenancy.events), master_key=MASTER_KEY)

    locks = []
    for n in range(LIMITS[Scope.ALL] + 2):
        attempt = Attempt(way=Way.PERSON, name=f"user-{n}", address=f"10.0.{n // 250}.{n % 250}")
        locks.append(tenancy.db.write_now(partial(throttle.count, attempt=attempt, place=None)).lock)

    assert locks[: LIMITS[Scope.ALL]] == [None] * LIMITS[Scope.ALL]
    assert [lock.scope for lock in locks[LIMITS[Scope.ALL] :] if lock is not None] == [Scope.ALL, Scope.ALL]


async def test_what_was_locked_is_open_again_when_its_time_is_over(tenancy: Tenancy) -> None:
    tenancy.user("ann")
    sign_in = a_replica(tenancy)
    for _ in range(LIMITS[Scope.NAME] + 1):
        await outcome(sign_in, "ann")
    assert await outcome(sign_in, "ann", PASSWORD) == "TooManyRequests"

    tenancy.clock.advance(61)

    assert await outcome(sign_in, "ann", PASSWORD) == "right"


async def test_right_passwords_are_given_back(tenancy: Tenancy) -> None:
    for n in range(LIMITS[Scope.ADDRESS] + 5):
        tenancy.user(f"user-{n}")
    sign_in = a_replica(tenancy)

    found = {await outcome(sign_in, f"user-{n}", PASSWORD) for n in range(LIMITS[Scope.ADDRESS] + 5)}

    assert found == {"right"}


async def test_the_right_person_at_a_known_address_is_not_locked_out_by_strangers(tenancy: Tenancy) -> None:
    tenancy.user("ann")
    sign_in = a_replica(tenancy)
    assert await outcome(sign_in, "ann", PASSWORD, OFFICE) == "right"

    for n in range(LIMITS[Scope.NAME] + 5):
        await outcome(sign_in, "ann", address=f"10.0.{n}.1")

    assert await outcome(sign_in, "ann", PASSWORD, HOME) == "TooManyRequests"
    assert await outcome(sign_in, "ann", PASSWORD, OFFICE) == "right"


async def test_the_right_person_with_a_known_browser_is_not_locked_out_behind_a_shared_address(
    tenancy: Tenancy,
) -> None:
    tenancy.user("ann")
    sign_in = a_replica(tenancy)
    assert await outcome(sign_in, "ann", PASSWORD, left="first") == "right"
    tenancy.clock.advance(1)

    for _ in range(LIMITS[Scope.PLACE] + 5):
        await outcome(sign_in, "ann", device="made up")

    assert await outcome(sign_in, "ann", PASSWORD) == "TooManyRequests"
    assert await outcome(sign_in, "ann", PASSWORD, device="first", left="second") == "right"
    assert await outcome(sign_in, "ann", PASSWORD, device="first") == "TooManyRequests"
    assert await outcome(sign_in, "ann", PASSWORD, device="second") == "right"


async def test_a_known_browser_may_not_guess_for_ever(tenancy: Tenancy) -> None:
    tenancy.user("ann")
    sign_in = a_replica(tenancy)
    await outcome(sign_in, "ann", PASSWORD, left="known")

    found = Counter([await outcome(sign_in, "ann", device="known") for _ in range(20)])

    assert found["Unauthenticated"] == LIMITS[Scope.PLACE]


async def test_a_lock_is_one_event_and_one_line_with_a_name_that_can_be_shown(tenancy: Tenancy) -> None:
    sign_in = a_replica(tenancy)
    name = "eve\x1b[2J\u202e" + "x" * 300

    with structlog.testing.capture_logs() as lines:
        for _ in range(LIMITS[Scope.NAME] + 5):
            await outcome(sign_in, name)

    locks = [line for line in lines if line["event"] == "sign-in locked"]
    failures = [line for line in lines if line["event"] == "sign-in failed"]
    assert len(locks) == 1
    assert len(failures) == LIMITS[Scope.NAME]
    for line in (*locks, *failures):
        assert line["address"] == HOME
        assert line["name"].startswith("eve\ufffd[2J\ufffdxxx")
        assert len(line["name"]) == 64
    (event,) = [event for event in tenancy.all_events() if event.title == "Sign-In Locked"]
    assert event.content == {"name": locks[0]["name"], "address": HOME, "by": "name"}


async def test_keys_that_fail_are_counted_too_but_keep_no_person_out(tenancy: Tenancy) -> None:
    tenancy.user("ann")

    found: Counter[int] = Counter()
    for n in range(LIMITS[Scope.ADDRESS] + 10):
        body = {"clientId": f"key-{n}", "clientSecret": "wrong"}
        found[(await tenancy.client.post("/api/login", json=body)).status_code] += 1

    assert found == {401: LIMITS[Scope.ADDRESS], 429: 10}
    login = {"username": "ann", "password": PASSWORD}
    assert (await tenancy.client.post("/api/blockyard/v1/login", json=login)).status_code == 200


async def seen_by(config: uvicorn.Config, caller: str, forwarded: str) -> str:
    """Return the address that an application sees of a request."""
    config.load()
    transport = httpx2.ASGITransport(config.loaded_app, client=(caller, 1234))
    async with httpx2.AsyncClient(transport=transport, base_url="http://blockyard.test") as client:
        return (await client.get("/who", headers={"X-Forwarded-For": forwarded})).text.strip('"')


def who_asks() -> FastAPI:
    app = FastAPI()

    @app.get("/who")
    async def who(request: Request) -> str:
        return request.client.host if request.client is not None else ""

    return app


@pytest.mark.parametrize(
    ("trusted", "caller", "forwarded", "seen"),
    [
        ("", "127.0.0.1", "203.0.113.9", "127.0.0.1"),
        ("192.0.2.1", "127.0.0.1", "203.0.113.9", "127.0.0.1"),
        ("192.0.2.1", "192.0.2.1", "203.0.113.9", "203.0.113.9"),
        ("192.0.2.1", "192.0.2.1", "10.9.9.9, 203.0.113.9", "203.0.113.9"),
        ("192.0.2.0/24, 10.0.0.1", "10.0.0.1", "203.0.113.9, 192.0.2.5", "203.0.113.9"),
    ],
)
async def test_a_forwarded_address_is_believed_of_trusted_proxies_alone(
    trusted: str, caller: str, forwarded: str, seen: str
) -> None:
    settings = load_settings({"BLOCKYARD_TRUSTED_PROXIES": trusted})

    assert await seen_by(configuration(who_asks(), settings), caller, forwarded) == seen


@pytest.mark.parametrize("trusted", ["*", "proxy.example.org", "10.0.0.1/33", "10.0.0.1;10.0.0.2"])
def test_a_proxy_that_is_no_address_is_refused_at_the_start(trusted: str) -> None:
    with pytest.raises(SettingsError, match="BLOCKYARD_TRUSTED_PROXIES must be addresses and networks such as"):
        load_settings({"BLOCKYARD_TRUSTED_PROXIES": trusted})
