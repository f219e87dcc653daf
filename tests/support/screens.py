"""Pictures of every screen, for whoever works on pages: `make screenshots`, or `python -m tests.support.screens NAME …`.

Each is taken in both themes and on a phone, of an installation that is empty, one that is full, and one whose content is very
long. They are written below `build/screens/`. A new screen is one line of `SCREENS`; what its address names in braces stands in
`screen_fillings.py`, and where a filling has no such thing, the screen is left out there.
"""

import argparse
import logging
import string
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from blockyard.server.kit.clock import utc_now
from blockyard.server.kit.database import Database, metadata
from tests.support.browser import chromium
from tests.support.clock import FixedClock
from tests.support.page_world import come, serving
from tests.support.screen_fillings import FILLINGS, ScreenWorld

BUILD = Path(__file__).parents[2] / "build" / "screens"

CONSENT = (
    "/oidc/authorize?response_type=code&client_id=blockyard-cli&redirect_uri=http://127.0.0.1:43215/callback"
    "&scope=openid+offline_access+cli-access-full&code_challenge_method=S256"
    "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)
"""What a command line asks for."""

SINCE = timedelta(days=4)
"""How long ago what a filling makes was made."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen: its name, its address, who looks at it, and what they do there first."""

    name: str
    path: str
    who: str | None = "sam"
    act: Callable[[Page], None] | None = None

    def address(self, known: dict[str, str]) -> str | None:
        """Return the path in an installation where these things are; None if it has no such thing."""
        wanted = {name for _, name, _, _ in string.Formatter().parse(self.path) if name}
        return self.path.format(**known) if wanted <= known.keys() else None


def _review(page: Page) -> None:
    """Fill a new project in and look through it."""
    page.get_by_label("Name", exact=False).first.fill("Continuous integration")
    page.get_by_label("Identifier").fill("ci")
    page.get_by_role("radio").last.check()
    page.get_by_role("button", name="Review first").click()
    page.wait_for_load_state("load")


SCREENS: Sequence[Screen] = (
    Screen("sign-in", "/sign-in", who=None),
    Screen("password", "/account/password"),
    Screen("account", "/account"),
    Screen("consent", CONSENT),
    Screen("consent-refused", "/oidc/authorize?client_id=unknown"),
    Screen("consent-code", "/oidc/code?code=oP0V2TcWk6Vj6cSGdg0yy6POuEH7Yap0uGtwXasiGg1"),
    Screen("identity-providers", "/admin/identity-providers", who="admin"),
    Screen("identity-provider-new", "/admin/identity-providers/new", who="admin"),
    Screen("identity-provider", "/admin/identity-providers/{provider}", who="admin"),
    Screen(
        "identity-provider-tested",
        "/admin/identity-providers/{provider}",
        who="admin",
        act=lambda page: page.get_by_role("button", name="Test").click(),
    ),
    Screen(
        "identity-provider-tried",
        "/admin/identity-providers/{provider}",
        who="admin",
        act=lambda page: page.get_by_role("button", name="Show what would follow").click(),
    ),
    Screen("style", "/style"),
    Screen("marketplace", "/marketplace"),
    Screen("marketplace-none-match", "/marketplace?search=xylophone"),
    Screen("definition", "/marketplace/{definition}"),
    Screen("order", "/order/{definition}"),
    Screen("order-refused", "/order/{definition}", act=lambda page: page.get_by_role("button", name="Review").click()),
    Screen("order-together", "/order/{adaptive}?place=new&project_place=new&also={definition}&input.region=us"),
    Screen("drafts", "/orders"),
    Screen("blocks", "/blocks"),
    Screen("blocks-selected", "/blocks", act=lambda page: page.keyboard.type("jxjxjx")),
    Screen("blocks-grouped", "/blocks?group=status"),
    Screen("blocks-deleted", "/blocks?status=DELETED"),
    Screen("blocks-none-match", "/blocks?search=nothing+of+this+name"),
    Screen("block", "/blocks/{block}"),
    Screen("block-failed", "/blocks/{failed}"),
    Screen("block-inputs", "/blocks/{block}/inputs"),
    Screen("block-runs", "/blocks/{block}/runs"),
    Screen("block-graph", "/blocks/{cluster}/graph"),
    Screen("block-activity", "/blocks/{block}/activity"),
    Screen("block-settings", "/blocks/{block}/settings"),
    Screen("block-waiting", "/blocks/{waiting}", who="pat"),
    Screen("block-undecided", "/blocks/{undecided}"),
    Screen("block-checked", "/blocks/{cluster}"),
    Screen("block-more", "/blocks/{block}", act=lambda page: page.locator("#block-actions summary").click()),
    Screen("run", "/runs/{run}"),
    Screen("run-failed", "/runs/{failed_run}"),
    Screen("home", "/"),
    Screen("search", "/search?q=queeu"),
    Screen("palette", "/blocks", act=lambda page: page.keyboard.press("Control+k")),
    Screen("workspaces", "/w"),
    Screen("workspace-new", "/workspaces/new", who="admin"),
    Screen("workspace", "/w/{workspace}"),
    Screen("projects", "/w/{workspace}/projects"),
    Screen("project-new", "/w/{workspace}/projects/new"),
    Screen("project-review", "/w/{workspace}/projects/new", act=_review),
    Screen("project", "/w/{workspace}/projects/{project}"),
    Screen("project-access", "/w/{workspace}/projects/{project}/access"),
    Screen("project-settings", "/w/{workspace}/projects/{project}/settings"),
    Screen("tenants", "/w/{workspace}/tenants"),
    Screen("tenant-new", "/w/{workspace}/tenants/new"),
    Screen("tenant", "/w/{workspace}/tenants/{tenant}"),
    Screen("access", "/w/{workspace}/access"),
    Screen("groups", "/w/{workspace}/groups"),
    Screen("group", "/w/{workspace}/groups/{group}"),
    Screen("keys", "/w/{workspace}/keys"),
    Screen("key-new", "/w/{workspace}/keys/new"),
    Screen("key", "/w/{workspace}/keys/{key}"),
    Screen("tenant-inputs", "/w/{workspace}/tenants/new/inputs?project={project}&platform={asking_zone}"),
    Screen("financials", "/w/{workspace}/money"),
    Screen("compliance", "/w/{workspace}/compliance"),
    Screen("events", "/w/{workspace}/events"),
    Screen("settings", "/w/{workspace}/settings"),
    Screen("run-changes", "/runs/{dry_run}/changes"),
    Screen("run-undecided", "/runs/{undecided_run}/changes", who="pat"),
    Screen("run-wanted", "/runs/{undecided_run}/changes"),
    Screen("run-checked", "/runs/{dry_run}"),
    Screen("run-inputs", "/runs/{changed_run}/inputs"),
    Screen("run-failed-lines", "/runs/{failed_run}/lines?source=runner&step=apply"),
    Screen("run-lines", "/runs/{dry_run}/lines?source=runner&step=plan"),
    Screen("not-found", "/nowhere"),
    Screen("account-menu", "/blocks", act=lambda page: page.locator("summary[aria-label^='Your account']").click()),
    Screen("keyboard", "/blocks", act=lambda page: page.keyboard.press("?")),
)


@dataclass(frozen=True, slots=True)
class Served:
    """An installation with some filling, and what its things are called."""

    filling: str
    world: ScreenWorld
    url: str
    known: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Look:
    theme: str
    size: ViewportSize


IN_DOCUMENTS = ("marketplace", "order", "block", "blocks", "run-failed", "run-changes")
"""Screens whose pictures README and guides show."""

DOCUMENTS = Path(__file__).parents[2] / "docs" / "pictures"

LOOKS = {
    "light": _Look("light", {"width": 1280, "height": 800}),
    "dark": _Look("dark", {"width": 1280, "height": 800}),
    "phone": _Look("light", {"width": 390, "height": 844}),
}


def main(arguments: Sequence[str]) -> int:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description="Take pictures of the screens.")
    parser.add_argument("names", nargs="*", help="of screens; all unless some are named")
    parser.add_argument("--filling", choices=sorted(FILLINGS), action="append")
    parser.add_argument("--look", choices=sorted(LOOKS), action="append")
    parser.add_argument(
        "--documents", action="store_true", help="only those that README and guides show, into docs/pictures/"
    )
    chosen = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    screens = [one for one in SCREENS if not chosen.names or one.name in chosen.names]
    with chromium() as browser:
        if chosen.documents:
            with _served("full") as served:
                _take(browser, served, "light", [one for one in SCREENS if one.name in IN_DOCUMENTS], DOCUMENTS)
            return 0
        for filling in chosen.filling or FILLINGS:
            with _served(filling) as served:
                for look in chosen.look or LOOKS:
                    _take(browser, served, look, screens)
    return 0


@contextmanager
def _served(filling: str) -> Iterator[Served]:
    with tempfile.TemporaryDirectory() as folder, Database.open(f"sqlite:///{folder}/blockyard.sqlite3") as db:
        metadata.create_all(db.engine)
        clock = FixedClock(utc_now() - SINCE)
        world = ScreenWorld(db, clock)
        known = FILLINGS[filling](world)
        clock.now = utc_now()
        with serving(world.app) as url:
            yield Served(filling, world, url, known)


def _take(
    browser: Browser, served: Served, look: str, screens: Sequence[Screen], documents: Path | None = None
) -> None:
    for screen in screens:
        address = screen.address(served.known)
        if address is None:
            continue
        with _opened(browser, LOOKS[look], served.url) as page:
            if screen.who is not None:
                come(page, served.world, served.url, screen.who)
            page.goto(served.url + address)
            page.wait_for_timeout(300)  # what scripts bring
            if screen.act is not None:
                screen.act(page)
                page.wait_for_timeout(300)
            file = (
                documents / f"{screen.name}.png" if documents else BUILD / served.filling / f"{screen.name}-{look}.png"
            )
            file.parent.mkdir(parents=True, exist_ok=True)
            if screen.act is None and not documents:  # as tall as the page: what is fixed stands at its end
                page.set_viewport_size(
                    {**LOOKS[look].size, "height": page.evaluate("document.documentElement.scrollHeight")}
                )
            page.screenshot(path=file)
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                print(f"{served.filling} {screen.name} {look}: scrolls sideways")  # noqa: T201  the report of a tool


@contextmanager
def _opened(browser: Browser, look: _Look, url: str) -> Iterator[Page]:
    context: BrowserContext = browser.new_context(
        viewport=look.size,
        reduced_motion="reduce",
        locale="en-GB",
        color_scheme="dark" if look.theme == "dark" else "light",
    )
    context.add_cookies([{"name": "theme", "value": look.theme, "url": url}])
    try:
        yield context.new_page()
    finally:
        context.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
