"""Reads and writes a building block's state with the run's token, beside the engine."""

import time
from base64 import b64encode
from hashlib import md5

import httpx2

from blockyard.modules import literals
from blockyard.runner.executors.opentofu.state.backend import USER
from blockyard.runner.executors.opentofu.state.outputs import State

_TIMEOUT = httpx2.Timeout(60, connect=10)
_PAUSES_SECONDS = (0.5, 2.0, 4.0)
_TRANSIENT = 500
_NO_STATE = (204, 404)


class StateError(Exception):
    """The state cannot be read or written; the message is for people."""


def new_http() -> httpx2.Client:
    """Return the client all runs share: making one takes tens of milliseconds. No connection is kept open."""
    return httpx2.Client(timeout=_TIMEOUT, limits=httpx2.Limits(max_keepalive_connections=0))


class StateClient:
    """One building block's state on the control plane."""

    def __init__(self, http: httpx2.Client, address: str, run_token: str) -> None:
        self._http = http
        self._address = address
        self._auth = httpx2.BasicAuth(USER, run_token)

    def read(self) -> State | None:
        """Return the state, None if there is none. Raises StateError."""
        answer = self._send("GET")
        if answer.status_code in _NO_STATE or not answer.content:
            return None
        try:
            state = literals.read_json(answer.content)
        except (ValueError, RecursionError) as error:
            raise StateError("the control plane answered something that is not a state") from error
        return state if isinstance(state, dict) else None

    def write(self, state: bytes) -> None:
        """Store a state the engine could not store. Raises StateError."""
        literals.read_json(state)
        self._send("POST", state)

    def _send(self, method: str, content: bytes | None = None) -> httpx2.Response:
        headers = {"Accept": "application/json"}
        if content is not None:
            digest = md5(content, usedforsecurity=False).digest()
            headers |= {"Content-Type": "application/json", "Content-MD5": b64encode(digest).decode()}
        answer, reason = None, ""
        for pause in (*_PAUSES_SECONDS, None):
            try:
                answer = self._http.request(method, self._address, auth=self._auth, headers=headers, content=content)
            except httpx2.HTTPError as error:
                answer, reason = None, type(error).__name__
            if (answer is not None and answer.status_code < _TRANSIENT) or pause is None:
                break
            time.sleep(pause)
        if answer is None:
            raise StateError(f"the control plane could not be reached ({reason})")
        if not answer.is_success and answer.status_code not in _NO_STATE:
            raise StateError(f"the control plane answered {answer.status_code}")
        if content is not None and not answer.is_success:
            raise StateError(f"the control plane answered {answer.status_code}")
        return answer
