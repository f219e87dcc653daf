"""The server in this process, asked by one principal after another."""

from collections.abc import Mapping
from typing import Any

import httpx2

from blockyard.server.identity.model import Principal
from tests.support.http import client_for, run_aside
from tests.support.world import World


class Routes:
    """Sends requests with one media type; remembers the text of all answers."""

    def __init__(self, world: World, *, media: str, principal: Principal) -> None:
        self.media = media
        self.principal = principal
        self.answers: list[str] = []
        self.app = world.asked_by(lambda: self.principal)
        """The application as the principal finds it."""

    def be(self, principal: Principal) -> None:
        """Send the following requests as `principal`."""
        self.principal = principal

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        media: str | None = None,
        params: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """Send a request and return the answer."""
        return run_aside(self._send(method, path, body, media or self.media, params))

    async def _send(
        self, method: str, path: str, body: Any, media: str, params: Mapping[str, str] | None
    ) -> httpx2.Response:
        async with client_for(self.app) as client:
            if body is None:
                answer = await client.request(method, path, headers={"Accept": media}, params=params)
            else:
                headers = {"Accept": media, "Content-Type": media}
                answer = await client.request(method, path, headers=headers, params=params, json=body)
        self.answers.append(answer.text)
        return answer

    def ok(self, method: str, path: str, body: Any = None, *, media: str | None = None) -> Any:
        """Send a request that must succeed and return the JSON of its answer."""
        answer = self.send(method, path, body, media=media)
        assert answer.is_success, answer.text
        return answer.json()

    def refused(self, status: int, method: str, path: str, body: Any = None, *, media: str | None = None) -> Any:
        """Send a request that must be refused with `status` and return the error."""
        answer = self.send(method, path, body, media=media)
        assert answer.status_code == status, answer.text
        return answer.json()
