"""A real browser for tests of pages: the system's Chromium, driven by Playwright, and axe for accessibility."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.support.machine import find_chromium, need
from tests.support.waiting import PATIENCE_SECONDS

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES_OF_COLOURS = ["color-contrast", "link-in-text-block"]
"""All that a theme has a part in: the elements of a page are the same in both."""

_PATIENCE_MILLISECONDS = 1000 * PATIENCE_SECONDS
expect.set_options(timeout=_PATIENCE_MILLISECONDS)

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_NO_OTHER_HOSTS = "--host-resolver-rules=MAP * ~NOTFOUND, " + ", ".join(f"EXCLUDE {host}" for host in sorted(LOOPBACK))
"""Chromium itself refuses all others: where requests are intercepted instead, each page loads and compiles all scripts anew."""

SIZES: dict[str, ViewportSize] = {
    "desktop": {"width": 1280, "height": 800},
    "phone": {"width": 360, "height": 760},
}


ZOOMED: ViewportSize = {"width": 640, "height": 400}
"""What a window of 1280 by 800 shows at 200 %."""

PAINTED = """() => new Promise((told) => {
  new PerformanceObserver((list) => told(list.getEntries().at(-1).startTime))
    .observe({type: "largest-contentful-paint", buffered: true});
})"""
"""Milliseconds until the largest part of a page was painted."""

INTERACTION = """() => new Promise((told) => {
  let longest = 8;
  new PerformanceObserver((list) => list.getEntries().forEach((one) => (longest = Math.max(longest, one.duration))))
    .observe({type: "event", durationThreshold: 16, buffered: true});
  requestAnimationFrame(() => setTimeout(() => told(longest), 50));
})"""
"""Milliseconds until what the visitor did last was seen; 8 if it was quicker than a browser tells."""

SCRIPT_BYTES = """() => performance.getEntriesByType("resource")
  .filter((one) => new URL(one.name).pathname.endsWith(".js")).reduce((sum, one) => sum + one.encodedBodySize, 0)"""
"""Bytes of the scripts that a page loaded, as they came."""

_HAS_RING = """one => [[one], [one, "::after"], [one.closest("tr") ?? one]].some((shown) => {
  const style = getComputedStyle(...shown);
  return parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== "none" || style.boxShadow !== "none";
})"""

_MOVES = """() => document.getAnimations().filter((one) => one.playState === "running")
  .map((one) => one.animationName ?? one.transitionProperty)"""


@contextmanager
def chromium(*, whole: bool = False) -> Iterator[Browser]:
    """Start a browser without a window; with `whole`, the one that people have.

    Playwright's loop counts as running until it is closed: see `KeptBrowser`.
    """
    program = need(find_chromium(whole=whole), "Chromium", "chromium")
    arguments = ["--disable-background-networking", "--disable-dev-shm-usage", "--disable-gpu", _NO_OTHER_HOSTS]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium's sandbox does not work for root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


class KeptBrowser:
    """A browser that is kept while other tests run loops of their own: its loop counts as running while it is used only."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)

    @contextmanager
    def in_use(self) -> Iterator[Browser]:
        """Give the browser to one test."""
        asyncio._set_running_loop(self._loop)
        try:
            yield self._browser
        finally:
            asyncio._set_running_loop(None)


@contextmanager
def kept_chromium() -> Iterator[KeptBrowser]:
    """Start a browser that many tests use, one after the other."""
    with chromium() as browser:
        kept = KeptBrowser(browser)
        try:
            yield kept
        finally:
            asyncio._set_running_loop(kept._loop)


@contextmanager
def fresh_page(
    browser: Browser, *, javascript: bool = True, failures: str | None = None, answered: str | None = None
) -> Iterator[Page]:
    """Open a page without cookies; fail afterwards if it logged an error or asked for anything that is not local.

    `failures` is a part of the lines that requests log which are meant to fail, `answered` the beginning of addresses elsewhere that
    the test answers itself.
    """
    troubles: list[str] = []

    def note(request: Request) -> None:
        if not _is_local(request.url) and not (answered and request.url.startswith(answered)):
            troubles.append(f"not a local address: {request.url}")

    context = browser.new_context(java_script_enabled=javascript, reduced_motion="reduce", locale="en-GB")
    context.set_default_timeout(_PATIENCE_MILLISECONDS)
    context.on("request", note)
    page = context.new_page()
    page.on("pageerror", lambda error: troubles.append(f"error in a script: {error}"))
    page.on("console", lambda line: troubles.append(f"console: {line.text}") if _is_trouble(line, failures) else None)
    try:
        yield page
    finally:
        context.close()
    assert troubles == [], "\n".join(troubles)


def tab_to(page: Page, element: Locator) -> None:
    """Press Tab until an element has the focus, as somebody without a mouse does; who sees no ring is lost on the way."""
    for _ in range(80):
        if element.evaluate("one => one === document.activeElement"):
            assert element.evaluate(_HAS_RING), f"nobody sees that {element} has the focus"
            return
        page.keyboard.press("Tab")
    expect(element).to_be_focused()


def accessibility_violations(page: Page, rules: Sequence[str] = RULES) -> list[str]:
    """Return every WCAG 2.2 AA rule of axe that the page breaks, with the elements that break it."""
    return _examine(page, "document", {"runOnly": list(rules)})


def troubles_of_layout(page: Page) -> list[str]:
    """Return what is wrong with an open page on a desktop and on a phone, in both themes, zoomed in, and with motion reduced.

    On the phone the colours are examined of what looks other than on the desktop.
    """
    troubles = []
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        for theme in ("light", "dark"):
            found: list[str] = []
            page.evaluate(_SHOW_IN_THEME, theme)
            new = page.evaluate(_TAKE_WHAT_LOOKS_NEW, theme)
            if theme == "light":  # at once where everything is new: axe takes long to begin
                found = _examine(page, "document", {"runOnly": RULES} if new == "all" else _ALL_BUT_COLOURS)
            if new and (theme, new) != ("light", "all"):
                found += _examine(page, "{include: newLooks}", {"runOnly": RULES_OF_COLOURS})
            troubles += [f"{size}, {theme}: {trouble}" for trouble in found]
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            troubles.append(f"{size}: too wide")
    page.set_viewport_size(ZOOMED)
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        troubles.append("at 200 %: too wide")
    if moving := page.evaluate(_MOVES):
        troubles.append(f"moves although the visitor wants none of that: {moving}")
    return troubles


def _examine(page: Page, what: str, options: Mapping[str, object]) -> list[str]:
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE.read_text())
    found = page.evaluate(
        f"options => axe.run({what}, {{...options, resultTypes: ['violations'], preload: false}})", options
    )
    return [
        f"{violation['id']}: {violation['help']}: {[node['html'] for node in violation['nodes']]}"
        for violation in found["violations"]
    ]


_ALL_BUT_COLOURS = {"runOnly": RULES, "rules": {rule: {"enabled": False} for rule in RULES_OF_COLOURS}}

_TAKE_WHAT_LOOKS_NEW = """theme => {
  const looks = ((window.looks ??= {})[theme] ??= new WeakMap()), known = ["color", "backgroundColor", "backgroundImage",
    "opacity", "fontSize", "fontWeight", "position", "textDecorationLine", "textDecorationColor", "borderBottom"];
  const within = new WeakSet();
  window.newLooks = [...document.querySelectorAll("body, body *")].filter((one) => {
    const style = getComputedStyle(one);
    const look = one.checkVisibility({visibilityProperty: true}) && known.map((name) => style[name]).join();
    const isNew = look && looks.get(one) !== look, isWithin = within.has(one.parentElement);
    looks.set(one, look);
    if (isNew || isWithin) within.add(one);
    return isNew && !isWithin;
  });
  return window.newLooks[0] === document.body ? "all" : window.newLooks.length;
}"""

_SHOW_IN_THEME = """theme => {
  const still = new CSSStyleSheet();
  still.replaceSync("* { transition: none !important }");
  document.adoptedStyleSheets = [still];
  document.documentElement.dataset.theme = theme;
}"""


def _is_trouble(line: ConsoleMessage, failures: str | None) -> bool:
    return line.type == "error" and (failures is None or failures not in line.text)


def _is_local(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme in {"about", "blob", "data"} or parts.hostname in LOOPBACK
