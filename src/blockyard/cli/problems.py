"""Turns error answers of the server into failures people can act on."""

import json
from http import HTTPStatus

import httpx

from blockyard.cli.documents import text
from blockyard.cli.exits import ExitCode, Failure
from blockyard.protocol.jsontypes import Json

_EXIT_CODES = {
    HTTPStatus.UNAUTHORIZED: ExitCode.DENIED,
    HTTPStatus.FORBIDDEN: ExitCode.DENIED,
    HTTPStatus.NOT_FOUND: ExitCode.NOT_FOUND,
}
_REMEDIES = {
    HTTPStatus.UNAUTHORIZED: "Sign in again with 'blockyard login'.",
    HTTPStatus.CONFLICT: "Look at the object's state and try again later.",
}


def failure_of(answer: httpx.Response) -> Failure:
    """Return the failure an error answer stands for; its body is read as far as it can be."""
    body = _body(answer)
    phrase = f"{answer.status_code} {answer.reason_phrase}".strip()
    status = _status(answer)
    return Failure(
        text(body, "message") or f"the server answered {phrase}",
        remedy=text(body, "remedy") or (_REMEDIES.get(status) if status else None),
        exit_code=_EXIT_CODES.get(status, ExitCode.REFUSED) if status else ExitCode.REFUSED,
        code=text(body, "errorCode") or text(body, "error") or phrase,
        field=text(body, "field") or None,
    )


def _status(answer: httpx.Response) -> HTTPStatus | None:
    try:
        return HTTPStatus(answer.status_code)
    except ValueError:
        return None


def _body(answer: httpx.Response) -> Json:
    try:
        body: Json = json.loads(answer.content)
    except ValueError:
        return None
    return body


def unreachable(url: str, error: httpx.TransportError) -> Failure:
    """Return the failure of a request that got no answer."""
    reason = str(error).strip() or type(error).__name__
    return Failure(
        f"{url} cannot be reached: {reason}",
        remedy="Check that the server runs and that its URL is right (--url, BLOCKYARD_URL, 'blockyard login').",
        exit_code=ExitCode.UNREACHABLE,
        code="Unreachable",
    )
