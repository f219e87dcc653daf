"""The HTTP side of one run: everything that carries its run token."""

import json
from collections.abc import Callable
from urllib.parse import quote

import httpx2

from blockyard.protocol import addresses, kinds
from blockyard.protocol.identity import IdentityToken
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.live import LOG_OFFSET_PARAMETER, LOG_STEP_PARAMETER, LogReply, Release
from blockyard.protocol.run import Link, RunDocument
from blockyard.protocol.status import SourceRegistration, StatusUpdate, UpdateReply
from blockyard.protocol.version import HEARTBEAT_WAIT_SECONDS
from blockyard.runner.api import RUNS
from blockyard.runner.frame.executor import ArtifactError
from blockyard.runner.retry import repeat

ARTIFACT_BYTES = 128 * 1024 * 1024
"""A saved plan may be that large. Source: runner.md 1.7."""

_ARTIFACT_RETRY_SECONDS = 30
_UPLOAD_TIMEOUT = httpx2.Timeout(120, connect=10)
_HELD_TIMEOUT = httpx2.Timeout(HEARTBEAT_WAIT_SECONDS + 15, connect=10)
_LOG_TYPE = "application/octet-stream"


class RunApi:
    """One run on its control plane. Calls raise httpx2.HTTPError; repeating any of them is safe. Thread-safe."""

    def __init__(self, client: httpx2.Client, *, base_url: str, runner_uuid: str, run_id: str, token: str) -> None:
        self._client = client
        self._base_url = base_url
        self._runner_uuid = runner_uuid
        self._run_url = f"{base_url}{RUNS}/{quote(run_id, safe='')}"
        self._token = token

    @property
    def update_path(self) -> str:
        """Where status updates go."""
        return f"{self._run_url}/status/source/{quote(self._runner_uuid, safe='')}"

    def register(self, registration: SourceRegistration) -> UpdateReply:
        """Register this runner as a source, which acknowledges the claim."""
        return self._exchange("POST", f"{self._run_url}/status/source", registration.wire())

    def update(self, update: StatusUpdate) -> UpdateReply:
        """Send a status update."""
        return self.send_update(update.wire())

    def send_update(self, body: JsonObject) -> UpdateReply:
        """Send a status update that was rendered before."""
        return self._exchange("PATCH", self.update_path, body)

    def heartbeat(self, link: str) -> UpdateReply:
        """Give a sign of life."""
        return self._exchange("POST", link, None)

    def held_heartbeat(self, link: str) -> UpdateReply:
        """Give a sign of life that is answered when the run shall stop, or after some seconds."""
        response = self._client.post(
            link,
            headers={**self._headers(), "Content-Type": kinds.RUN.media, "Prefer": f"wait={HEARTBEAT_WAIT_SECONDS}"},
            timeout=_HELD_TIMEOUT,
        )
        return UpdateReply.model_validate(_json(response))

    def release(self, link: str, release: Release) -> UpdateReply:
        """Hand the run back to the queue."""
        return self._exchange("POST", link, release.wire())

    def identity_token(self, link: str, cloud: str) -> IdentityToken:
        """Ask for an identity token of the run."""
        response = self._client.post(
            f"{link}/{quote(cloud, safe='')}", headers={**self._headers(), "Accept": "application/json"}
        )
        return IdentityToken.model_validate(_json(response))

    def append_log(self, link: str, step_id: str, offset: int, data: bytes) -> LogReply:
        """Send a part of a step's log; return what the server holds of it."""
        response = self._client.post(
            link,
            params={LOG_STEP_PARAMETER: step_id, LOG_OFFSET_PARAMETER: offset},
            content=data,
            headers={**self._headers(), "Accept": "application/json", "Content-Type": _LOG_TYPE},
            timeout=_UPLOAD_TIMEOUT,
        )
        return LogReply.model_validate(_json(response))

    def download_artifact(self, link: str, allowed: "LinkRebase") -> bytes:
        """Download a saved plan. Raises ArtifactError."""
        url = allowed(link)
        if url is None:
            raise ArtifactError("the saved plan is at another origin than the control plane; it was not downloaded")
        try:
            return repeat(lambda: self._download(url), seconds=_ARTIFACT_RETRY_SECONDS)
        except httpx2.HTTPStatusError as error:
            raise ArtifactError(f"the saved plan cannot be had: status {error.response.status_code}") from error
        except httpx2.HTTPError as error:
            raise ArtifactError(f"the saved plan cannot be had: {type(error).__name__}") from error

    def _download(self, url: str) -> bytes:
        headers = {"Accept": _LOG_TYPE, "Authorization": f"Bearer {self._token}"}
        content = bytearray()
        with self._client.stream("GET", url, headers=self._node() | headers) as response:
            response.raise_for_status()
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > ARTIFACT_BYTES:
                    raise ArtifactError("the saved plan is larger than 128 MiB")
        return bytes(content)

    def _exchange(self, method: str, url: str, body: JsonObject | None) -> UpdateReply:
        response = self._client.request(
            method,
            url,
            content=None if body is None else json.dumps(body).encode(),  # ASCII: a lone surrogate passes
            headers={**self._headers(), "Content-Type": kinds.RUN.media},
            timeout=_UPLOAD_TIMEOUT,
        )
        return UpdateReply.model_validate(_json(response))

    def _headers(self) -> dict[str, str]:
        return self._node() | {"Accept": kinds.RUN.media, "Authorization": f"Bearer {self._token}"}

    def _node(self) -> dict[str, str]:
        return {"X-Block-Runner-Node-Id": self._runner_uuid}


LinkRebase = Callable[[str], str | None]


def rebase(document: RunDocument, base_url: str) -> LinkRebase:
    """Return a function that maps a link of the run to where this runner reaches it; None for a foreign origin.

    Links begin with the server's public base URL; the runner may know the server by another one.
    """
    public = document.links.meshstack_base_url

    def place(href: str) -> str | None:
        if public is not None and href.startswith(public.href.rstrip("/") + "/"):
            return base_url + href.removeprefix(public.href.rstrip("/"))
        there = origin(href)
        return href if there is not None and there == origin(base_url) else None

    return place


def origin(url: str) -> tuple[str, str, int | None] | None:
    """Return scheme, host and port of a URL; None if it is malformed."""
    address = addresses.split(url)
    return None if address is None else (address.scheme, address.host, address.effective_port)


def placed(link: Link | None, place: LinkRebase) -> str | None:
    """Return where a link is reached, or None."""
    return None if link is None else place(link.href)


def _json(response: httpx2.Response) -> object:
    """Return the answer's JSON object; an answer without one says nothing. Raises httpx2.HTTPStatusError."""
    response.raise_for_status()
    try:
        answer: object = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
