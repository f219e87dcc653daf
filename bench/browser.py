"""Pages in a real browser: how soon their largest part is painted, and how soon they answer."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from playwright.sync_api import Browser

from tests.support.browser import INTERACTION, PAINTED, chromium
from tests.support.machine import find_chromium

LCP_MS, INP_MS = 1000.0, 100.0
"""Budgets. Source: architecture.md 7, and what a visitor feels as immediate."""


def is_there() -> bool:
    """Whether this machine has a browser; without one nothing is measured."""
    return find_chromium(whole=True) is not None


def opened(url: str, cookies: str, path: str, rounds: int) -> tuple[Sequence[float], Sequence[float]]:
    """Open a page again and again, without what the browser kept; return LCP and INP in milliseconds, each time."""
    painted: list[float] = []
    answered: list[float] = []
    with chromium(whole=True) as browser:
        for _ in range(rounds):
            first, then = _once(browser, url, cookies, path)
            painted.append(first)
            answered.append(then)
    return painted, answered


def _once(browser: Browser, url: str, cookies: str, path: str) -> tuple[float, float]:
    name, _, value = cookies.partition("=")
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_cookies([{"name": name, "value": value, "domain": urlsplit(url).hostname or "", "path": "/"}])
    try:
        page = context.new_page()
        page.goto(url + path)
        painted = float(page.evaluate(PAINTED))
        page.keyboard.press("Control+k")
        return painted, float(page.evaluate(INTERACTION))
    finally:
        context.close()
