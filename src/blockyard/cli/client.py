"""The HTTP client: signs in, reuses its token, tries again while the server is busy or away. Source: api.md 1.2, 1.7, 1.8."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from types import TracebackType
from typing import Self
from uuid import uuid4

import httpx2

from blockyard import __version__
from blockyard.cli.contexts import Credentials
from blockyard.cli.documents import number, objects, text
from blockyard.cli.exits import ExitCode, Failure
from blockyard.cli.issuers import refreshed
from blockyard.cli.problems import failure_of, is_permanent, object_of, retry_after, sign_in_refused, unreachable
from blockyard.cli.resources import JSON
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import Kind

MAX_RETRIES = 12
"""How often a request is repeated, with `WAITS` in between: about four minutes. Source: api.md 1.8."""

WAITS = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds before the first repetitions; the last one counts for all further ones."""

MAX_RETRIES_UNKNOWN = 2
"""How often the connection to a server that never answered is tried again: a wrong URL should not take minutes."""

RENEWAL_SECONDS = 30
"""A token this close to its end is replaced before it is used. Source: api.md 1.2."""

PAGE_SIZE = 200
TIMEOUT = httpx2.Timeout(60.0, connect=10.0)
STREAM_TIMEOUT = httpx2.Timeout(60.0, connect=10.0, read=45.0)
"""A stream of events that says nothing for longer than `read`, not even a comment, is taken for broken."""

_BUSY = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, and how many there are."""

    items: list[JsonObject]
    number: int
    pages: int
    total: int


def page_in(document: JsonObject, embedded: str) -> Page:
    """Return the page that a document is; `embedded` is the member that has its items."""
    return Page(
        items=objects(document, "_embedded", embedded),
        number=number(document, "page", "number") or 0,
        pages=number(document, "page", "totalPages") or 0,
        total=number(document, "page", "totalElements") or 0,
    )


class Client:
    """Talks to one server as one principal.

    Args:
        credentials: where and as whom.
        renewed: told of every new token, so that it can be kept for the next command.
        renewing: gets new tokens of a sign-in with a browser, one process at a time: each refresh token counts once.
        waiting: told why and for how many seconds the client waits before it tries again.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        renewed: Callable[[Credentials], None] = lambda _: None,
        renewing: Callable[[Credentials], Credentials] = refreshed,
        waiting: Callable[[str, float], None] = lambda _, __: None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
        timeout: httpx2.Timeout = TIMEOUT,
    ) -> None:
        self._credentials = credentials
        self._renewed = renewed
        self._renewing = renewing
        self._waiting = waiting
        self._sleep = sleep
        self._now = now
        self._answered = False
        self._http = httpx2.Client(
            base_url=credentials.url,
            headers={"User-Agent": f"blockyard/{__version__}"},
            timeout=timeout,
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    @property
    def url(self) -> str:
        """The server's base URL."""
        return self._credentials.url

    def show(self, kind: Kind, *segments: str) -> JsonObject:
        """Return one object. Raises Failure."""
        return self.get(kind.path(*segments), accept=kind.media)

    def create(self, kind: Kind, content: JsonObject, *, headers: Mapping[str, str] | None = None) -> JsonObject:
        """Store a new object and return it as stored. Raises Failure."""
        body, media = _enveloped(kind, content), kind.media
        return object_of(self.request("POST", kind.path(), accept=media, body=body, sends=media, headers=headers))

    def replace(self, kind: Kind, identifier: str, content: JsonObject) -> JsonObject:
        """Store an object anew and return it as stored. Raises Failure."""
        path, body = kind.path(identifier), _enveloped(kind, content)
        return object_of(self.request("PUT", path, accept=kind.media, body=body, sends=kind.media))

    def delete(self, kind: Kind, *segments: str) -> None:
        """Delete an object. Raises Failure."""
        self.request("DELETE", kind.path(*segments), accept=kind.media)

    def page(
        self,
        kind: Kind,
        filters: Mapping[str, str | None],
        *,
        number_: int = 0,
        size: int = PAGE_SIZE,
        path: str | None = None,
    ) -> Page:
        """Return one page of a list; filters without a value are left out. Raises Failure."""
        accept = kind.media if path is None else JSON
        return self.page_at(path or kind.path(), kind.plural, filters, number_=number_, size=size, accept=accept)

    def page_at(
        self,
        path: str,
        embedded: str,
        filters: Mapping[str, str | None],
        *,
        number_: int = 0,
        size: int = PAGE_SIZE,
        accept: str = JSON,
    ) -> Page:
        """Do what `page` does for a list of what is no kind of objects; `embedded` is the member that has its items."""
        query = {name: value for name, value in filters.items() if value} | {"page": str(number_), "size": str(size)}
        document = self.get(path, accept=accept, query=query)
        return page_in(document, embedded)

    def list(
        self, kind: Kind, filters: Mapping[str, str | None], *, limit: int = 0, path: str | None = None
    ) -> Iterator[JsonObject]:
        """Yield the objects of a list, page by page; the first `limit` of them unless that is 0. Raises Failure.

        `path` is where Blockyard lists what the public API does not.
        """
        given = 0
        for index in range(1_000_000):
            page = self.page(kind, filters, number_=index, path=path)
            for item in page.items:
                yield item
                given += 1
                if limit and given >= limit:
                    return
            if index >= page.pages - 1:
                return

    def get(self, path: str, *, accept: str = JSON, query: Mapping[str, str] | None = None) -> JsonObject:
        """Return the object at `path`. Raises Failure."""
        return object_of(self.request("GET", path, accept=accept, query=query))

    def post(self, path: str, body: JsonObject | None = None, *, accept: str = JSON) -> JsonObject:
        """Send an action; return its answer, empty if it has none. Raises Failure."""
        answer = self.request("POST", path, accept=accept, body=body)
        return object_of(answer) if answer.content.strip() else {}

    def request(
        self,
        method: str,
        path: str,
        *,
        accept: str = JSON,
        query: Mapping[str, str] | None = None,
        body: JsonObject | None = None,
        sends: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """Send one request as the principal, a body as JSON unless `sends` says what it is. Raises Failure.

        A refused token is replaced once. A POST carries a key of its own, so that it takes effect once however often it is sent.
        """
        sends = sends or (None if body is None else JSON)
        sent = {**(headers or {}), "Accept": accept} | ({"Content-Type": sends} if sends else {})
        sent |= {"Idempotency-Key": str(uuid4())} if method == "POST" else {}
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        request = self._http.build_request(method, path, params=query, headers=sent, content=content)
        answer = self._send(request, token=self._token())
        if answer.status_code == HTTPStatus.UNAUTHORIZED and self._credentials.renewable:
            answer = self._send(request, token=self._login())
        if not answer.is_success:
            raise failure_of(answer, self.url, origin=self._credentials.origin)
        return answer

    @contextmanager
    def stream(self, path: str, *, last_event: str = "") -> Iterator[Iterator[str]]:
        """Open a stream of server-sent events and yield its lines. Raises Failure and httpx2.TransportError."""
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        headers |= {"Last-Event-ID": last_event} if last_event else {}
        request = self._http.build_request("GET", path, headers=headers, timeout=STREAM_TIMEOUT)
        request.headers["Authorization"] = f"Bearer {self._token()}"
        answer = self._http.send(request, stream=True)
        if answer.status_code == HTTPStatus.UNAUTHORIZED and self._credentials.renewable:
            answer.close()
            request.headers["Authorization"] = f"Bearer {self._login()}"
            answer = self._http.send(request, stream=True)
        try:
            if not answer.is_success:
                answer.read()
                raise failure_of(answer, self.url, origin=self._credentials.origin)
            yield answer.iter_lines()
        finally:
            answer.close()

    def sign_in(self, path: str, body: JsonObject, *, patient: bool = True) -> Credentials:
        """Return the credentials with the token that `path` answers to `body`. Raises Failure, which names the server.

        Who is not `patient` is told of a server that asks to wait, as after many wrong passwords.
        """
        request = self._http.build_request("POST", path, headers={"Accept": JSON}, json=body)
        answer = self._send(request, patient=patient)
        if not answer.is_success:
            raise sign_in_refused(self.url, answer)
        document = object_of(answer)
        token, expires_in = text(document, "access_token"), number(document, "expires_in")
        if not token:
            raise Failure(f"{self.url} answered the sign-in without a token", remedy="Check the server's URL.")
        expires_at = None if expires_in is None else int(self._now()) + expires_in
        self._credentials = replace(self._credentials, token=token, expires_at=expires_at)
        return self._credentials

    def key_token(self) -> str:
        """Return the token of an API key, for a tool that shows it to the server. Raises Failure: a person is signed in."""
        if self._credentials.refresh is not None:
            raise Failure(
                "tools read and write states with an API key, not with the sign-in of a person",
                remedy="Sign in with an API key: 'blockyard login --key', or set BLOCKYARD_API_KEY and BLOCKYARD_API_SECRET.",
            )
        return self._token()

    def _token(self) -> str:
        current = self._credentials
        if current.token and (current.expires_at is None or current.expires_at - self._now() > RENEWAL_SECONDS):
            return current.token
        if current.renewable:
            return self._login()
        if current.token and current.expires_at and current.expires_at > self._now():
            return current.token
        raise Failure(
            f"the sign-in to {self.url} has ended",
            remedy=f"Sign in again with 'blockyard login --url {self.url}'.",
            exit_code=ExitCode.DENIED,
            code="NotSignedIn",
        )

    def _login(self) -> str:
        """Get a new token with the refresh token or the key, and keep it."""
        if self._credentials.refresh:
            self._credentials = self._renewing(self._credentials)
            return self._credentials.token or ""
        body: JsonObject = {"clientId": self._credentials.key, "clientSecret": self._credentials.secret}
        renewed = self.sign_in("/api/login", body)
        self._renewed(renewed)
        return renewed.token or ""

    def _send(self, request: httpx2.Request, *, token: str | None = None, patient: bool = True) -> httpx2.Response:
        """Send `request` until it is answered and not told to wait, or until patience ends."""
        if token is not None:
            request.headers["Authorization"] = f"Bearer {token}"
        attempt = 0
        while True:
            wait = WAITS[min(attempt, len(WAITS) - 1)]
            try:
                answer = self._http.send(request)
            except httpx2.TransportError as error:
                if is_permanent(error) or attempt >= (MAX_RETRIES if self._answered else MAX_RETRIES_UNKNOWN):
                    raise unreachable(self.url, error) from error
                reason = "the server cannot be reached"
            else:
                self._answered = True
                if answer.status_code not in _BUSY or attempt >= MAX_RETRIES or not patient:
                    return answer
                wait = retry_after(answer, self._now()) or wait
                reason = f"the server answered {answer.status_code}"
            attempt += 1
            self._waiting(reason, wait)
            self._sleep(wait)


def _enveloped(kind: Kind, content: JsonObject) -> JsonObject:
    return {"apiVersion": kind.version, "kind": kind.name} | content
