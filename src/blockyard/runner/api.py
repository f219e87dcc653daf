"""The HTTP side of a runner: logging in and claiming with the API key. What follows a claim is in `run_api.py`.

A run's token is never used for a claim: the two have no object in common.
"""

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx2

from blockyard import __version__
from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.run import RUNNER_TYPES, ImplementationType
from blockyard.protocol.version import (
    ATTEMPT_HEADER,
    CLAIM_WAIT_SECONDS,
    HELD_RUN_PARAMETER,
    IMPLEMENTATION_TYPE_PARAMETER,
    PROTOCOL_HEADER,
    PROTOCOL_VERSION,
    SLOTS_PARAMETER,
    attempt_minutes,
    speaks_blockyard,
)
from blockyard.runner.connections import Connections
from blockyard.runner.retry import is_passing, repeat
from blockyard.runner.settings import RunnerSettings

RUNS = "/api/meshobjects/meshbuildingblockruns"
TIMEOUT = httpx2.Timeout(30, connect=10)
_CLAIM_TIMEOUT = httpx2.Timeout(CLAIM_WAIT_SECONDS + 15, connect=10)
FULL_WAIT_SECONDS = 5
"""How long a claim of a full runner is held: what it says of its runs must not grow old."""

_LOGIN_RETRY_SECONDS = 5
_EXPIRY_MARGIN_SECONDS = 30
_SHORTEST_REUSE_SECONDS = 1
_NO_RUN = 404
_NO_RUN_CODE = "NoRunAvailable"
"""How a Blockyard server says that its queue is empty."""

_RACE_LOST = 409
_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that is ours to execute, as received."""

    document: JsonObject = field(repr=False)
    blockyard: bool
    attempt_minutes: float | None = None
    """After so long the server counts the attempt as lost; None: it does not say."""


@dataclass(frozen=True, slots=True)
class Full:
    """What a runner says all of whose slots are taken: the runs it executes, and how many slots there are."""

    runs: Sequence[str]
    slots: int


@dataclass(frozen=True, slots=True)
class NoRun:
    """Nothing to do now."""

    waited: bool
    """The server held the request until there was none; ask again at once."""


class ClaimError(Exception):
    """A claim did not work; the message is for the operator."""


def new_client(settings: RunnerSettings) -> httpx2.Client:
    """Return a connection pool for several threads. Redirects are not followed: a token stays where it was sent."""
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=2 * settings.concurrency + 2)
    headers = {
        "User-Agent": f"blockyard-runner/{__version__}",
        "X-Meshcloud-Runner-Name": "blockyard-runner",
        "X-Meshcloud-Runner-Version": __version__,
    }
    return httpx2.Client(timeout=TIMEOUT, limits=limits, headers=headers)


class ControlPlane:
    """The control plane as the runner's API key sees it. Thread-safe. Nothing else uses its client."""

    def __init__(self, settings: RunnerSettings, client: httpx2.Client) -> None:
        self._settings = settings
        self._client = client
        self._connections = Connections()
        self._lock = threading.Lock()
        self._token = ""
        self._token_until = 0.0

    def claim(self, worker: int, types: Sequence[ImplementationType], full: Full | None = None) -> Claim | NoRun:
        """Claim the next run of one of these types; a Blockyard server may hold the request. Raises ClaimError.

        A runner that is `full` gets only what a run waits for, if one of its own only waits.
        """
        try:
            response = self._claim(worker, types, full)
            if response.status_code == _UNAUTHORIZED:
                self._forget_token()
                response = self._claim(worker, types, full)
        except httpx2.HTTPError as error:
            raise ClaimError(_describe(error)) from error
        blockyard = speaks_blockyard(response.headers.get(PROTOCOL_HEADER))
        if response.status_code in {_NO_RUN, _RACE_LOST}:
            _refuse_unknown_runner(response, blockyard=blockyard)
            return NoRun(waited=blockyard)
        if not response.is_success:
            raise ClaimError(f"the control plane answered {response.status_code} {_error_code(response)}".rstrip())
        try:
            document = json.loads(response.content)
        except ValueError as error:
            raise ClaimError("the control plane answered with something that is not JSON") from error
        if not isinstance(document, dict):
            raise ClaimError("the control plane answered with something that is not a run")
        return Claim(document, blockyard, attempt_minutes(response.headers.get(ATTEMPT_HEADER)))

    def hang_up(self) -> None:
        """Take back all claims that are held, so that none is answered; every later one fails."""
        self._connections.hang_up()

    def _claim(self, worker: int, types: Sequence[ImplementationType], full: Full | None) -> httpx2.Response:
        settings = self._settings
        held = (
            []
            if full is None
            else [*((HELD_RUN_PARAMETER, run_id) for run_id in full.runs), (SLOTS_PARAMETER, str(full.slots))]
        )
        return self._client.post(
            f"{settings.server_url}{RUNS}/create",
            params=[
                ("forRunnerUuid", settings.runner_uuid),
                *((IMPLEMENTATION_TYPE_PARAMETER, RUNNER_TYPES[kind]) for kind in types),
                *held,
            ],
            headers={
                "Accept": kinds.RUN.media,
                "Content-Type": kinds.RUN.media,
                "X-Block-Runner-Node-Id": f"{settings.runner_uuid}-worker-{worker}",
                "Authorization": f"Bearer {self._current_token()}",
                "Prefer": f"wait={CLAIM_WAIT_SECONDS if full is None else FULL_WAIT_SECONDS}",
                PROTOCOL_HEADER: str(PROTOCOL_VERSION),
            },
            timeout=_CLAIM_TIMEOUT,
            extensions={"trace": self._connections.trace},
        )

    def _current_token(self) -> str:
        with self._lock:
            if time.monotonic() >= self._token_until:
                self._token, seconds = repeat(self._login, seconds=_LOGIN_RETRY_SECONDS)
                reuse = max(seconds - _EXPIRY_MARGIN_SECONDS, _SHORTEST_REUSE_SECONDS)
                self._token_until = time.monotonic() + reuse
            return self._token

    def _forget_token(self) -> None:
        with self._lock:
            self._token_until = 0.0

    def _login(self) -> tuple[str, float]:
        response = self._client.post(
            f"{self._settings.server_url}/api/login",
            json={"clientId": self._settings.client_id, "clientSecret": self._settings.read_client_secret()},
            headers={"Accept": "application/json"},
            extensions={"trace": self._connections.trace},
        )
        response.raise_for_status()
        try:
            answer = response.json()
            return str(answer["access_token"]), float(answer["expires_in"])
        except (ValueError, KeyError, TypeError) as error:
            raise httpx2.DecodingError("the login answered without a token", request=response.request) from error


def _refuse_unknown_runner(response: httpx2.Response, *, blockyard: bool) -> None:
    """Tell an empty queue from a runner the server does not know, where it says so. Raises ClaimError."""
    code = _error_code(response)
    if "runner" in code.lower() or (blockyard and response.status_code == _NO_RUN and code != _NO_RUN_CODE):
        raise ClaimError(f"the control plane does not know this runner: {code}")


def _error_code(response: httpx2.Response) -> str:
    try:
        answer = response.json()
    except ValueError:
        return ""
    return str(answer.get("errorCode", "")) if isinstance(answer, dict) else ""


def _describe(error: httpx2.HTTPError) -> str:
    if isinstance(error, httpx2.HTTPStatusError):
        return f"the login was answered with {error.response.status_code}"
    passing = "" if is_passing(error) else " (will not pass by itself)"
    return f"{type(error).__name__}: {error}{passing}"
