"""The routes of some features in this process, asked by one principal after another."""

from collections.abc import Mapping
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI, Request

from blockyard.server.identity.api import current_principal
from blockyard.server.identity.model import Principal
from blockyard.server.kit.http import install_errors
from tests.support.http import client_for, run_aside


class Routes:
    """Sends requests with one media type; remembers the text of all answers."""

    def __init__(self, *routers: APIRouter, media: str, principal: Principal) -> None:
        self.app = FastAPI()
        install_errors(self.app)
        for router in routers:
            self.app.include_router(router)
        self.media = media
        self.answers: list[str] = []
        self.be(principal)

    def be(self, principal: Principal) -> None:
        """Send the following requests as `principal`."""
        self.app.dependency_overrides[current_principal] = lambda: principal

        async def authenticate(_request: Request) -> Principal:
            return principal

        self.app.state.authenticate = authenticate

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        media: str | None = None,
        params: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send a request and return the answer."""
        return run_aside(self._send(method, path, body, media or self.media, params))

    async def _send(
        self, method: str, path: str, body: Any, media: str, params: Mapping[str, str] | None
    ) -> httpx.Response:
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

    def refused(self, status: int, method: str, path: str, body: Any = None) -> Any:
        """Send a request that must be refused with `status` and return the error."""
        answer = self.send(method, path, body)
        assert answer.status_code == status, answer.text
        return answer.json()
