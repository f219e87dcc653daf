"""What a refused form said, kept by the browser that sent it until the next page shows it again.

A refusal answers with a redirection like a success does, so that no page of the history asks to send a form again. What was
typed travels in a cookie for that one address: encrypted with the master key, bound to the session, gone after ten minutes.
Secrets and files are left out, they have to be entered again. Any replica can read it, and nothing is stored on the server.
"""

import base64
import hashlib
import json
import zlib
from datetime import datetime, timedelta

from fastapi import Request, Response

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.sealed import MasterKey, Undecryptable

LIFE = timedelta(minutes=10)

_COOKIE = "blockyard_draft_"
"""Begin of the name; its end stands for the address, as browsers send the cookies of outer paths along."""

_LARGEST = 3000
"""Characters. Browsers take 4096 bytes, and proxies refuse answers with large headers."""


class Drafts:
    """Writes and reads the cookie."""

    def __init__(self, master_key: MasterKey, clock: Clock, *, secure: bool) -> None:
        self._master_key = master_key
        self._clock = clock
        self._secure = secure

    def keep(self, response: Response, path: str, owner: str, content: JsonObject) -> bool:
        """Give the browser what the page at `path` shows next; return whether it was small enough.

        `owner` is the cookie of the session, or whatever else only this browser knows.
        """
        ends = (self._clock() + LIFE).isoformat()
        data = zlib.compress(json.dumps([ends, content], ensure_ascii=False).encode())
        text = base64.urlsafe_b64encode(self._master_key.encrypt(data, context=_context(path, owner))).decode()
        if len(text) > _LARGEST:
            return False
        response.set_cookie(
            _name(path),
            text,
            max_age=int(LIFE.total_seconds()),
            path=path,
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )
        return True

    def read(self, request: Request, owner: str) -> JsonObject | None:
        """Return what was kept for this address and this owner."""
        text = request.cookies.get(_name(request.url.path), "")
        if not text or len(text) > _LARGEST:
            return None
        try:
            context = _context(request.url.path, owner)
            data = self._master_key.decrypt(base64.urlsafe_b64decode(text), context=context)
        except (ValueError, Undecryptable):
            return None
        kept: Json = json.loads(zlib.decompress(data))
        match kept:
            case [str(ends), dict(content)] if datetime.fromisoformat(ends) > self._clock():
                return content
            case _:
                return None

    def drop(self, response: Response, path: str) -> None:
        """Make the browser forget what it keeps for a path."""
        response.delete_cookie(_name(path), path=path, secure=self._secure, httponly=True, samesite="lax")


def _name(path: str) -> str:
    return _COOKIE + hashlib.sha256(path.encode()).hexdigest()[:12]


def _context(path: str, owner: str) -> str:
    return f"form draft\0{path}\0{owner}"
