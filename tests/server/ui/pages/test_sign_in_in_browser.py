"""Signing in, in a real browser: a one-time link to a passkey, an identity provider, and a command line, each a process of its own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from blockyard.server.identity_providers.api import NewProvider
from blockyard.server.kit.database import Database
from tests.support.browser import fresh_page, tab_to, troubles_of_layout
from tests.support.clock import RunningClock
from tests.support.machine import find_node, need
from tests.support.network import free_port
from tests.support.page_world import PASSWORD, PageWorld, come, serving
from tests.support.principals import ADMINISTRATOR

pytestmark = pytest.mark.one_database

PROVIDER = Path(__file__).parents[3] / "support" / "node" / "provider.mjs"


@pytest.fixture(scope="module")
def port() -> int:
    """The port of the server: its address is one of its settings."""
    return free_port()


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
    port = free_port()
    node = need(find_node(), "Node.js", "nodejs")
    command = [str(node), str(PROVIDER), str(port), url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            assert "listening" in process.stdout.readline()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def test_a_person_signs_in_and_out_with_an_identity_provider_by_keyboard(
    site: tuple[PageWorld, str], browser: Browser
) -> None:
    world, url = site
    fonts = "https://fonts.googleapis.com/"  # of the provider's own pages
    with a_real_provider(url) as issuer, fresh_page(browser, failures="favicon", answered=fonts) as page:
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

        page.route(f"{fonts}**", lambda route: route.fulfill(body=""))
        page.goto(f"{url}/account")
        assert troubles_of_layout(page) == []
        tab_to(page, page.get_by_role("link", name="Sign in with Example Corp"))
        page.keyboard.press("Enter")
        page.locator("input[name=login]").focus()  # the provider's own pages
        page.keyboard.type("nora")
        page.keyboard.press("Tab")
        page.keyboard.type("anything")
        page.keyboard.press("Enter")
        page.locator("button[type=submit]").press("Enter")
        expect(page.get_by_role("list", name="Sessions")).to_contain_text("Identity provider corp")
        groups = world.db.read_now(lambda tx: world.services.groups.of_user(tx, "nora"))
        tab_to(page, page.locator("summary[aria-label^='Your account']"))
        page.keyboard.press("Enter")
        tab_to(page, page.get_by_role("button", name="Sign out", exact=True))
        page.keyboard.press("Enter")
        page.wait_for_url(lambda address: address.startswith(issuer))
        page.get_by_role("button", name="Yes").click()
        page.wait_for_url(lambda address: address.startswith(url))

        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        assert groups == ["devs"]


class CommandLine:
    """The command line of somebody on this machine; the browser it opens is a file with the address."""

    def __init__(self, home: Path, url: str) -> None:
        self.url, self.opened = url, home / "opened"
        opener = home / "open"
        opener.write_text(f'#!/bin/sh\necho "$1" > {self.opened}.part && mv {self.opened}.part {self.opened}\n')
        opener.chmod(0o700)
        self.kept = home / "config" / "blockyard" / "credentials.json"
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "BROWSER": f"{opener} %s",
        }

    @contextmanager
    def begin(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """Start a command; it does not outlive the block."""
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        command = [sys.executable, "-m", "blockyard", *words]
        with subprocess.Popen(command, env=self._environment, text=True, **pipes) as process:
            try:
                yield process
            finally:
                process.kill()

    def run(self, *words: str) -> str:
        """Run a command that succeeds; return what it prints."""
        with self.begin(*words) as process:
            out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        return out

    def address(self, process: subprocess.Popen[str]) -> str:
        """Return the address that a command opens in the browser."""
        until = time.monotonic() + 30
        while not self.opened.exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until
            time.sleep(0.05)
        return self.opened.read_text().strip()

    def credentials(self) -> dict[str, Any]:
        """Return what is kept of the sign-in."""
        document = json.loads(self.kept.read_text())
        found: dict[str, Any] = document["contexts"][document["current"]]
        return found

    def let_the_token_expire(self) -> None:
        """Write that the access token has ended."""
        document = json.loads(self.kept.read_text())
        document["contexts"][document["current"]]["expiresAt"] = 1
        self.kept.write_text(json.dumps(document))


def test_a_command_line_signs_in_with_the_browser_and_goes_on_by_itself(
    site: tuple[PageWorld, str], browser: Browser, tmp_path: Path
) -> None:
    world, url = site
    world.add("sam")
    line = CommandLine(tmp_path, url)

    with (
        line.begin("login", "--url", url, "--access", "write") as process,
        fresh_page(browser, failures="favicon") as page,
    ):
        page.goto(line.address(process))
        page.get_by_label("Username").fill("sam")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Let a command line act for you?")
        assert troubles_of_layout(page) == []
        page.get_by_label("Only read").check()
        page.get_by_label("Workspace", exact=True).select_option("shop")
        page.get_by_role("button", name="Allow", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Go on in your terminal")
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert "Signed in to" in out
        page.goto(f"{url}/account")
        expect(page.get_by_role("list", name="Command lines")).to_contain_text("only reads, in workspace shop")
        assert troubles_of_layout(page) == []

    first = line.credentials()
    line.let_the_token_expire()
    assert "sam" in line.run("whoami")
    second = line.credentials()
    assert line.kept.stat().st_mode & 0o777 == 0o600
    assert second["refreshToken"] != first["refreshToken"]
    assert "read" in line.run("sessions", "list")
    line.run("logout")
    assert not json.loads(line.kept.read_text())["contexts"]
    assert client_sessions(world) == []


def test_a_code_is_carried_to_a_machine_without_a_browser(
    site: tuple[PageWorld, str], page: Page, tmp_path: Path
) -> None:
    world, url = site
    come(page, world, url)
    line = CommandLine(tmp_path, url)

    with line.begin("login", "--url", url, "--no-browser") as process:
        assert process.stderr is not None
        address = next(text.strip() for text in process.stderr if text.startswith("http"))
        page.goto(address)
        page.get_by_role("button", name="Allow", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your code")
        assert troubles_of_layout(page) == []
        out, err = process.communicate(f"{page.locator('#code').text_content()}\n", timeout=60)

    assert process.returncode == 0, err
    assert "Signed in to" in out
    assert "cli-access" not in out
    assert len(client_sessions(world)) == 1


def test_a_command_line_that_is_not_let_in_says_so(
    site: tuple[PageWorld, str], browser: Browser, tmp_path: Path
) -> None:
    world, url = site
    line = CommandLine(tmp_path, url)

    with line.begin("login", "--url", url) as process, fresh_page(browser, failures="favicon") as page:
        come(page, world, url)
        page.goto(line.address(process))
        page.get_by_role("button", name="Do not allow").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You are not signed in")
        _, err = process.communicate(timeout=60)

    assert process.returncode == 4
    assert "you did not let the command line act for you" in err
    assert not line.kept.exists()


def client_sessions(world: PageWorld) -> list[str]:
    """Return the programs that act for sam."""
    user = world.add("sam")
    principal = world.services.sessions.of_cookie
    session = world.db.write_now(lambda tx: world.sessions.begin(tx, user))
    me = world.db.read_now(lambda tx: principal(tx, session)).principal
    return [str(one.id) for one in world.db.read_now(lambda tx: world.services.client_sessions.own(tx, me))]
