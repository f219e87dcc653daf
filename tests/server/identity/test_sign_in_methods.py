"""How people sign in besides a password, over the API: passkeys, authenticator app, recovery codes, sessions."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import httpx2
import pyotp
import pytest

from blockyard.server.identity.api import SESSION_COOKIE
from blockyard.server.identity.model import FRESH, Beginning, NewUser, SignInWay
from blockyard.server.kit.database import Database
from tests.support.clock import FixedClock
from tests.support.passkey_device import Device
from tests.support.principals import ADMINISTRATOR
from tests.support.tenancy import PASSWORD, Tenancy

pytestmark = pytest.mark.anyio

OWN = "/api/blockyard/v1"
ORIGIN, HOST = "http://blockyard.test", "blockyard.test"


async def add_app(client: httpx2.AsyncClient, tenancy: Tenancy) -> tuple[pyotp.TOTP, list[str]]:
    """Add an authenticator app; return it and the recovery codes."""
    begun = (await client.post(f"{OWN}/me/authenticator-app")).json()
    app = pyotp.TOTP(begun["secret"])
    code = app.at(tenancy.clock())
    added = await client.put(f"{OWN}/me/authenticator-app", json={"ticket": begun["ticket"], "code": code})
    assert added.status_code == 200, added.text
    return app, added.json()["recoveryCodes"]


async def log_in(tenancy: Tenancy, **more: str) -> httpx2.Response:
    """Sign in as jane."""
    return await tenancy.client.post(f"{OWN}/login", json={"username": "jane", "password": PASSWORD, **more})


async def add_passkey(client: httpx2.AsyncClient, device: Device, name: str = "laptop") -> httpx2.Response:
    """Add the passkey of a device."""
    begun = (await client.post(f"{OWN}/me/passkeys/options")).json()
    credential = device.make(begun["options"])
    return await client.post(
        f"{OWN}/me/passkeys", json={"name": name, "ticket": begun["ticket"], "credential": credential}
    )


async def test_with_an_app_a_password_is_not_enough(tenancy: Tenancy, clock: FixedClock) -> None:
    app, codes = await add_app(tenancy.person("jane"), tenancy)
    clock.advance(60)

    without, wrong = await log_in(tenancy), await log_in(tenancy, code="000000")
    right, again = await log_in(tenancy, code=app.at(clock())), await log_in(tenancy, code=app.at(clock()))

    assert (without.status_code, without.json()["errorCode"]) == (401, "CodeNeeded")
    assert (wrong.status_code, wrong.json()["errorCode"]) == (401, "WrongCode")
    assert right.status_code == 200
    assert again.json()["errorCode"] == "WrongCode", "a code counts once"
    assert len(codes) == 10
    assert "Authenticator App Added" in tenancy.titles()


@pytest.mark.parametrize(("steps", "status"), [(-1, 200), (1, 200), (-2, 401), (2, 401)])
async def test_clocks_may_differ_by_one_step(tenancy: Tenancy, clock: FixedClock, steps: int, status: int) -> None:
    app, _ = await add_app(tenancy.person("jane"), tenancy)
    clock.advance(300)

    assert (await log_in(tenancy, code=app.at(clock() + timedelta(seconds=30 * steps)))).status_code == status


async def test_a_recovery_code_counts_once(tenancy: Tenancy) -> None:
    client = tenancy.person("jane")
    _, codes = await add_app(client, tenancy)

    first, second = await log_in(tenancy, code=codes[0].upper()), await log_in(tenancy, code=codes[0])
    methods = (await client.get(f"{OWN}/me/sign-in-methods")).json()

    assert (first.status_code, second.status_code) == (200, 401)
    assert methods["recoveryCodesLeft"] == 9
    assert "Recovery Code Used" in tenancy.titles()


async def test_new_recovery_codes_void_the_ones_before(tenancy: Tenancy) -> None:
    client = tenancy.person("jane")
    _, old = await add_app(client, tenancy)

    new = (await client.post(f"{OWN}/me/recovery-codes")).json()["recoveryCodes"]

    assert (await log_in(tenancy, code=old[0])).status_code == 401
    assert (await log_in(tenancy, code=new[0])).status_code == 200


async def test_codes_are_not_guessed(tenancy: Tenancy) -> None:
    await add_app(tenancy.person("jane"), tenancy)

    answers = [(await log_in(tenancy, code=f"{n:06}")).status_code for n in range(11)]

    assert answers == [401] * 10 + [429]


async def test_an_app_is_not_added_by_a_wrong_code_or_for_somebody_else(tenancy: Tenancy) -> None:
    jane, john = tenancy.person("jane"), tenancy.person("john")
    begun = (await jane.post(f"{OWN}/me/authenticator-app")).json()
    code = pyotp.TOTP(begun["secret"]).at(tenancy.clock())

    wrong = await jane.put(f"{OWN}/me/authenticator-app", json={"ticket": begun["ticket"], "code": "1"})
    stolen = await john.put(f"{OWN}/me/authenticator-app", json={"ticket": begun["ticket"], "code": code})
    tenancy.clock.advance(601)
    late = await jane.put(f"{OWN}/me/authenticator-app", json={"ticket": begun["ticket"], "code": code})

    assert [answer.json()["errorCode"] for answer in (wrong, stolen, late)] == [
        "WrongCode",
        "TicketEnded",
        "TicketEnded",
    ]
    assert (await log_in(tenancy)).status_code == 200


async def test_after_the_app_is_removed_the_password_is_enough(tenancy: Tenancy) -> None:
    client = tenancy.person("jane")
    await add_app(client, tenancy)

    removed = [(await client.delete(f"{OWN}/me/authenticator-app")).status_code for _ in range(2)]

    assert removed == [204, 204]
    assert (await log_in(tenancy)).status_code == 200
    assert (await client.post(f"{OWN}/me/recovery-codes")).status_code == 409


async def test_a_passkey_is_added_named_and_removed(tenancy: Tenancy) -> None:
    client = tenancy.person("jane")

    added = await add_passkey(client, Device(ORIGIN, HOST))
    again = await add_passkey(client, Device(ORIGIN, HOST))
    renamed = await client.put(f"{OWN}/me/passkeys/{added.json()['uuid']}", json={"name": "old laptop"})
    shown = (await client.get(f"{OWN}/me/sign-in-methods")).json()["passkeys"]
    removed = await client.delete(f"{OWN}/me/passkeys/{added.json()['uuid']}")

    assert (added.status_code, again.status_code, renamed.status_code, removed.status_code) == (201, 409, 204, 204)
    assert [(one["name"], one["lastUsedOn"]) for one in shown] == [("old laptop", None)]
    assert {"Passkey Added", "Passkey Removed"} <= set(tenancy.titles())


async def test_passkeys_of_others_are_not_there(tenancy: Tenancy) -> None:
    uuid = (await add_passkey(tenancy.person("jane"), Device(ORIGIN, HOST))).json()["uuid"]
    john = tenancy.person("john")

    renamed = await john.put(f"{OWN}/me/passkeys/{uuid}", json={"name": "mine"})
    removed = await john.delete(f"{OWN}/me/passkeys/{uuid}")

    assert (renamed.status_code, removed.status_code) == (404, 404)


@pytest.mark.parametrize(
    "device",
    [
        Device("http://evil.test", HOST),
        Device(ORIGIN, "evil.test"),
        Device(ORIGIN, HOST, verifies=False),
    ],
    ids=["page of another site", "passkey for another site", "nobody was verified"],
)
async def test_a_passkey_that_proves_nothing_is_refused(tenancy: Tenancy, device: Device) -> None:
    answer = await add_passkey(tenancy.person("jane"), device)

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "UnusablePasskey")


@pytest.mark.one_database
@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"id": 1},
        {"id": "x", "rawId": "x", "type": "public-key", "response": {}},
        {"id": "x", "rawId": "x", "type": "public-key", "response": {"clientDataJSON": "!", "attestationObject": "!"}},
    ],
)
async def test_a_malformed_passkey_is_refused(tenancy: Tenancy, credential: dict[str, object]) -> None:
    client = tenancy.person("jane")
    ticket = (await client.post(f"{OWN}/me/passkeys/options")).json()["ticket"]

    answer = await client.post(f"{OWN}/me/passkeys", json={"name": "x", "ticket": ticket, "credential": credential})

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "UnusablePasskey")


async def test_who_has_no_password_keeps_their_last_passkey(tenancy: Tenancy) -> None:
    new = NewUser(username="jane", first_name="Jane", last_name="", email="")
    tenancy.db.write_now(lambda tx: tenancy.users.create(tx, ADMINISTRATOR, new))
    client = begin(tenancy, "jane")
    only = (await add_passkey(client, Device(ORIGIN, HOST))).json()["uuid"]

    last = await client.delete(f"{OWN}/me/passkeys/{only}")
    await add_passkey(client, Device(ORIGIN, HOST, credential=b"another one"))
    spare = await client.delete(f"{OWN}/me/passkeys/{only}")

    assert (last.status_code, spare.status_code) == (409, 204)


async def test_who_signed_in_long_ago_signs_in_again_before_they_change_how(
    tenancy: Tenancy, clock: FixedClock
) -> None:
    client = tenancy.person("jane")
    begun = (await client.post(f"{OWN}/me/authenticator-app")).json()
    clock.advance(FRESH.total_seconds())

    answers = [
        await client.post(f"{OWN}/me/authenticator-app"),
        await client.post(f"{OWN}/me/passkeys/options"),
        await client.delete(f"{OWN}/me/authenticator-app"),
        await client.delete(f"{OWN}/me/passkeys/{uuid4()}"),
        await client.post(f"{OWN}/me/recovery-codes"),
    ]

    assert {(answer.status_code, answer.json()["errorCode"]) for answer in answers} == {(403, "SignInAgain")}
    assert begun["secret"]
    assert (await client.get(f"{OWN}/me/sign-in-methods")).status_code == 200


async def test_machines_have_no_sign_in_methods(tenancy: Tenancy) -> None:
    admin = tenancy.admin()

    for answer in (
        await admin.get(f"{OWN}/me/sign-in-methods"),
        await admin.get(f"{OWN}/me/sessions"),
        await admin.post(f"{OWN}/me/authenticator-app"),
        await admin.post(f"{OWN}/me/passkeys/options"),
    ):
        assert answer.status_code == 404


async def test_an_administrator_helps_somebody_who_lost_everything(tenancy: Tenancy) -> None:
    client = tenancy.person("jane")
    await add_app(client, tenancy)
    await add_passkey(client, Device(ORIGIN, HOST))
    user = tenancy.db.read_now(lambda tx: tenancy.users.by_username(tx, "jane"))
    assert user is not None
    path = f"{OWN}/users/{user.id}/sign-in-methods"

    denied, done = await tenancy.key("admin", "ADM_USER_LIST").delete(path), await tenancy.admin().delete(path)

    assert (denied.status_code, done.status_code) == (403, 204)
    assert (await client.get(f"{OWN}/me")).status_code == 401
    assert (await log_in(tenancy)).status_code == 200
    assert "Sign-In Methods Removed" in tenancy.titles()


def begin(tenancy: Tenancy, username: str, *, strong: bool = False, device: str = "a browser") -> httpx2.AsyncClient:
    """Return a client with a session on the pages."""
    user = tenancy.db.read_now(lambda tx: tenancy.users.by_username(tx, username)) or tenancy.user(username)
    began = Beginning(way=SignInWay.PASSWORD, strong=strong, address="192.0.2.1", device=device)
    cookie = tenancy.db.write_now(lambda tx: tenancy.sessions.begin(tx, user, began))
    client = tenancy.client
    client.cookies.set(SESSION_COOKIE, cookie)
    client.headers["X-CSRF-Token"] = tenancy.sessions.csrf_token(cookie)
    return client


async def test_sessions_are_listed_and_ended(tenancy: Tenancy, clock: FixedClock) -> None:
    first = begin(tenancy, "jane", device="Chrome")
    clock.advance(60)
    second = begin(tenancy, "jane", device="Firefox", strong=True)
    john = begin(tenancy, "john")

    listed = (await second.get(f"{OWN}/me/sessions")).json()["sessions"]
    foreign = await john.delete(f"{OWN}/me/sessions/{listed[1]['uuid']}")
    ended = await second.delete(f"{OWN}/me/sessions/{listed[1]['uuid']}")

    assert [(one["device"], one["current"], one["secondFactor"]) for one in listed] == [
        ("Firefox", True, True),
        ("Chrome", False, False),
    ]
    assert listed[0]["address"] == "192.0.2.1"
    assert (foreign.status_code, ended.status_code) == (404, 204)
    assert (await first.get(f"{OWN}/me")).status_code == 401
    assert (await second.get(f"{OWN}/me")).status_code == 200


async def test_all_other_sessions_end_at_once(tenancy: Tenancy) -> None:
    first, second, john = begin(tenancy, "jane"), begin(tenancy, "jane"), begin(tenancy, "john")

    ended = await second.delete(f"{OWN}/me/sessions")

    assert ended.status_code == 204
    assert (await first.get(f"{OWN}/me")).status_code == 401
    assert (await second.get(f"{OWN}/me")).status_code == (await john.get(f"{OWN}/me")).status_code == 200


async def test_a_session_ends_another_way_only_with_its_token(tenancy: Tenancy) -> None:
    client = begin(tenancy, "jane")
    del client.headers["X-CSRF-Token"]

    assert (await client.delete(f"{OWN}/me/sessions")).json()["errorCode"] == "CsrfTokenInvalid"


@pytest.fixture
def strict(database: Database, clock: FixedClock, ids: Callable[[], UUID]) -> Tenancy:
    """A server that wants two factors of administrators."""
    return Tenancy(database, clock, ids, admin_second_factor=True)


async def test_administrators_show_a_second_factor_where_that_is_asked(strict: Tenancy) -> None:
    strict.user("ada", admin=True)
    weak, member = begin(strict, "ada"), begin(strict, "jane")

    refused = await weak.get("/api/blockyard/v1/users")
    own = await weak.get(f"{OWN}/me/sign-in-methods")
    await add_app(weak, strict)
    still_weak, strong = await weak.get(f"{OWN}/users"), await begin(strict, "ada", strong=True).get(f"{OWN}/users")

    assert (refused.status_code, refused.json()["errorCode"]) == (403, "SecondFactorNeeded")
    assert (own.status_code, still_weak.status_code, strong.status_code) == (200, 403, 200)
    assert (await member.get(f"{OWN}/groups")).status_code == 200


async def test_a_token_says_whether_two_factors_were_shown(strict: Tenancy) -> None:
    strict.user("jane", admin=True)
    weak = strict.client_of((await log_in(strict)).json()["access_token"])
    _, codes = await add_app(weak, strict)
    strong = strict.client_of((await log_in(strict, code=codes[0])).json()["access_token"])

    assert (await weak.get(f"{OWN}/users")).json()["errorCode"] == "SecondFactorNeeded"
    assert (await strong.get(f"{OWN}/users")).status_code == 200
