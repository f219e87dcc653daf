"""JSON answers that hold nobody up, however large they are."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask
from starlette.types import Receive, Scope, Send

from blockyard.server.kit.aside import aside
from blockyard.server.kit.json_writer import encode, encoded, is_small


class Answer(JSONResponse):
    """A JSON answer; a large one is encoded aside and sent in pieces."""

    def __init__(
        self,
        content: object,
        status_code: int = HTTPStatus.OK,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        self._large = None if is_small(content) else content
        super().__init__(content if self._large is None else None, status_code, headers, media_type, background)

    def render(self, content: object) -> bytes:
        """Encode `content`."""
        return encode(content)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        if self._large is None:
            await super().__call__(scope, receive, send)
            return
        pieces = await aside(lambda: list(encoded(self._large)))
        self.headers["content-length"] = str(sum(map(len, pieces)))
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)  # a client that takes all at once must not hold up the others
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        if self.background is not None:
            await self.background()
