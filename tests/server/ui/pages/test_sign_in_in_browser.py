"""Signing in, in a real browser: a one-time link to a passkey, and an identity provider in a process of its own."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from blockyard.server.identity_providers.api import NewProvider
from blockyard.server.kit.database import Database
from tests.support.browser import fresh_page, troubles_of_layout
from tests.support.clock import RunningClock
from tests.support.machine import find_node, need
from tests.support.page_world import PASSWORD, PageWorld, come, serving
from tests.support.principals import ADMINISTRATOR

pytestmark = pytest.mark.one_database

PROVIDER = Path(__file__).parents[3] / "support" / "node" / "provider.mjs"


def a_free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@pytest.fixture(scope="module")
def port() -> int:
    """The port of the server: its address is one of its settings."""
    return a_free_port()


@pytest.fixture
def site(database: Database, port: int) -> Iterator[tuple[PageWorld, str]]:
    """A served world at the name of this machine, so that passkeys work, and with its time, as others look at it."""
    url = f"http://localhost:{port}"
    world = PageWorld(database, RunningClock(), public_url=url)
    with serving(world.app, port=port):
        yield world, url


def with_authenticator(page: Page) -> None:
    """Give the browser a device that keeps passkeys and always recognizes its owner."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_link_leads_to_a_passkey_that_signs_in(site: tuple[PageWorld, str], page: Page) -> None:
    world, url = site
    world.add("admin")
    token = world.db.write_now(lambda tx: world.links.make(tx, "admin"))
    with_authenticator(page)

    page.goto(f"{url}/sign-in/link?token={token}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome, Admin")
    assert troubles_of_layout(page) == []
    page.get_by_label("Name of the passkey").fill("My laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("The passkey was added.")).to_be_visible()
    page.goto(f"{url}/account")
    expect(page.get_by_role("list", name="Passkeys")).to_contain_text("My laptop")
    assert troubles_of_layout(page) == []
    page.locator("summary[aria-label^='Your account']").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda address: "/sign-in" not in address)
    page.goto(f"{url}/account")

    expect(page.get_by_role("list", name="Sessions")).to_contain_text("Passkey, second factor")


def test_without_a_passkey_the_page_says_what_happened(site: tuple[PageWorld, str], page: Page) -> None:
    world, url = site
    world.add("sam")
    with_authenticator(page)

    page.goto(f"{url}/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_role("alert")).to_contain_text("Nothing was chosen")
    page.get_by_label("Username").fill("sam")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda address: "/sign-in" not in address)


def test_an_app_is_added_and_its_codes_are_kept(site: tuple[PageWorld, str], page: Page) -> None:
    world, url = site
    come(page, world, url)

    page.goto(f"{url}/account/authenticator")
    expect(page.get_by_alt_text("QR code", exact=False)).to_be_visible()
    assert troubles_of_layout(page) == []
    page.get_by_text("Enter it by hand").click()
    secret = (page.locator("#app-secret").text_content() or "").replace(" ", "")
    page.get_by_label("Enter the code").fill(pyotp.TOTP(secret).at(world.clock()))
    page.get_by_role("button", name="Add the app").click()

    expect(page.get_by_role("region", name="Recovery codes")).to_be_visible()
    assert troubles_of_layout(page) == []


@contextmanager
def a_real_provider(url: str) -> Iterator[str]:
    """Start an identity provider, and give its issuer."""
    port = a_free_port()
    node = need(find_node(), "Node.js", "nodejs")
    command = [str(node), str(PROVIDER), str(port), url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            assert "listening" in process.stdout.readline()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def test_a_person_signs_in_and_out_with_an_identity_provider(site: tuple[PageWorld, str], browser: Browser) -> None:
    world, url = site
    with a_real_provider(url) as issuer, fresh_page(browser, failures="favicon") as page:
        new = NewProvider.model_validate(
            {
                "alias": "corp",
                "displayName": "Example Corp",
                "issuer": issuer,
                "clientId": "blockyard",
                "clientSecret": "a secret of this test",
                "scopes": ["openid", "profile", "email", "groups"],
                "groupsClaim": "groups",
                "groupRules": [{"value": "developers", "group": "devs"}],
            }
        )
        providers = world.services.identity_providers
        world.db.write_now(lambda tx: providers.create(tx, ADMINISTRATOR, "corp", new.spec(), new.client_secret))

        page.route("https://fonts.googleapis.com/**", lambda route: route.fulfill(body=""))  # the provider's own pages
        page.goto(f"{url}/account")
        assert troubles_of_layout(page) == []
        page.get_by_role("link", name="Sign in with Example Corp").click()
        page.locator("input[name=login]").fill("nora")
        page.locator("input[name=password]").fill("anything")
        page.locator("button[type=submit]").click()
        page.locator("button[type=submit]").click()
        expect(page.get_by_role("list", name="Sessions")).to_contain_text("Identity provider corp")
        groups = world.db.read_now(lambda tx: world.services.groups.of_user(tx, "nora"))
        page.locator("summary[aria-label^='Your account']").click()
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url(lambda address: address.startswith(issuer))
        page.get_by_role("button", name="Yes").click()
        page.wait_for_url(lambda address: address.startswith(url))

        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        assert groups == ["devs"]
