"""Signing in to the pages as a browser does."""

import re

import httpx2

from tests.support.installation import Installation

_FORM_TOKEN = re.compile(r'name="csrf_token"\s+value="([^"]+)"')


def signed_in(blockyard: Installation, password: str | None = None) -> str:
    """Sign in as the administrator and return the Cookie header of the session.

    The password is that of the installation's first start, unless given.
    """
    with httpx2.Client(base_url=blockyard.url) as browser:
        form = _FORM_TOKEN.search(browser.get("/sign-in").raise_for_status().text)
        if form is None:
            raise RuntimeError("the sign-in page has no token")
        secret = password or blockyard.password or ""
        browser.post("/sign-in", data={"csrf_token": form[1], "username": "admin", "password": secret, "next": "/"})
        return f"blockyard_session={browser.cookies['blockyard_session']}"


def bearer(blockyard: Installation) -> str:
    """Return the bearer token that the administrator's client uses."""
    answer = blockyard.client.get("/api/blockyard/v1/events", headers={"Accept": "application/json"})
    return answer.request.headers["Authorization"].removeprefix("Bearer ")
