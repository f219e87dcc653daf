"""Turns error answers and broken connections into failures people can act on; texts of libraries are never passed on."""

import json
import os
import re
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx2

from blockyard.cli.documents import text
from blockyard.cli.exits import ExitCode, Failure
from blockyard.protocol.jsontypes import Json, JsonObject

MAX_RETRY_AFTER = 300.0
"""Longest wait a server can ask for, in seconds. Source: api.md 1.8."""

_EXIT_CODES = {
    HTTPStatus.UNAUTHORIZED: ExitCode.DENIED,
    HTTPStatus.FORBIDDEN: ExitCode.DENIED,
    HTTPStatus.NOT_FOUND: ExitCode.NOT_FOUND,
}
_REMEDIES = {
    HTTPStatus.UNAUTHORIZED: "Sign in again with 'blockyard login'.",
    HTTPStatus.CONFLICT: "Look at the object's state and try again later.",
}
_OF_PROXIES = frozenset(
    {
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""What a proxy answers in its own words for a server that is away; any other answer of a server has words of ours."""


def failure_of(answer: httpx2.Response, url: str, *, origin: str | None = None) -> Failure:
    """Return the failure an error answer of the server at `url` stands for; its body is read as far as it can be.

    `origin` names the variables that the credentials come from.
    """
    body = _body(answer)
    phrase = f"{answer.status_code} {answer.reason_phrase}".strip()
    status = _status(answer)
    if status not in _OF_PROXIES and not any(text(body, name) for name in ("message", "errorCode", "error")):
        return _not_blockyard(answer, url)
    message = text(body, "message") or f"{url} answered {phrase}"
    if status is HTTPStatus.UNAUTHORIZED and url not in message:
        message = f"{url} does not accept the sign-in: {message}"
    if status is HTTPStatus.UNAUTHORIZED and origin:
        remedy: str | None = f"Correct {origin}, or unset it and sign in with 'blockyard login'."
    else:
        remedy = text(body, "remedy") or (_REMEDIES.get(status) if status else None)
    return Failure(
        message,
        remedy=remedy,
        exit_code=_EXIT_CODES.get(status, ExitCode.REFUSED) if status else ExitCode.REFUSED,
        code=text(body, "errorCode") or text(body, "error") or phrase,
        field=text(body, "field") or None,
    )


_FOR_PROGRAMS = re.compile(
    r"Correct this member|Use the codes the API documentation|Send (a JSON|the id in|valid JSON)"
)
"""Remedies that help those who write requests themselves."""


def in_words(failure: Failure) -> tuple[str, str | None]:
    """Return cause and remedy for people: fields by their names, nothing said twice."""
    message = failure.message
    if failure.field:
        message = message.removeprefix(f"{failure.field} ").removeprefix(f"{failure.field}: ")
        name = _name_of(failure.field)
        if name and name.lower() not in message.lower():
            if message.startswith(("must ", "is ", "has ")):
                message = f"{name} {message}"
            elif name.startswith(_KEYED):  # others are whole sentences, which name what they are about
                message = f"{name}: {message}"
    remedy = failure.remedy
    if remedy and (_FOR_PROGRAMS.match(remedy) or _bare(remedy) in _bare(message)):
        remedy = None
    return message, remedy


_KEYED = ("input '", "output '")


def _bare(sentence: str) -> str:
    return " ".join(sentence.split()).rstrip(".").lower()


def _name_of(field: str) -> str:
    """Return what people call the member at a JSON pointer: an input by its key, others in words."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in field.strip("/").split("/")]
    for kind in ("inputs", "outputs"):
        if kind in parts[:-1]:
            return f"{kind[:-1]} '{parts[parts.index(kind) + 1]}'"
    last = next((part for part in reversed(parts) if not part.isdecimal() and part != "value"), "")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", last).lower()


def sign_in_refused(url: str, answer: httpx2.Response) -> Failure:
    """Return the failure of a sign-in that the server at `url` did not accept, or that reached another program."""
    reason = text(_body(answer), "message")
    if not reason:
        return _not_blockyard(answer, url)
    wait = retry_after(answer, datetime.now(UTC).timestamp())
    return Failure(
        f"{url} refused the sign-in: {reason}",
        remedy=f"Try again in {wait:.0f} s."
        if wait
        else "Check name, password or key, and that this is the right server.",
        exit_code=ExitCode.DENIED,
        code=text(_body(answer), "errorCode") or "NotSignedIn",
    )


def _not_blockyard(answer: httpx2.Response, url: str) -> Failure:
    return Failure(
        f"{url} does not answer as a Blockyard server: {answer.status_code} {answer.reason_phrase}".strip(),
        remedy="Another program may use this port. Give the URL that 'blockyard up' prints: blockyard login --url …",
        code="NotBlockyard",
    )


def retry_after(answer: httpx2.Response, now: float) -> float | None:
    """Return the seconds an answer asks to wait; None if it does not say. Source: RFC 9110 §10.2.3."""
    value = answer.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return min(float(value), MAX_RETRY_AFTER)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def _status(answer: httpx2.Response) -> HTTPStatus | None:
    try:
        return HTTPStatus(answer.status_code)
    except ValueError:
        return None


def _body(answer: httpx2.Response) -> Json:
    try:
        body: Json = json.loads(answer.content)
    except ValueError:
        return None
    return body


def is_permanent(error: httpx2.TransportError) -> bool:
    """Whether sending the same again cannot help: a certificate, a protocol, a name stays what it is."""
    if isinstance(error, httpx2.UnsupportedProtocol | httpx2.LocalProtocolError | httpx2.ProxyError):
        return True
    return any(isinstance(cause, ssl.SSLError) for cause in _causes(error)) or "SSL" in str(error)


def unreachable(url: str, error: httpx2.TransportError) -> Failure:
    """Return the failure of a request that got no answer."""
    reason, remedy = _reason(error)
    return Failure(
        f"{url} cannot be reached: {reason}", remedy=remedy, exit_code=ExitCode.UNREACHABLE, code="Unreachable"
    )


_CHECK = "Check that the server runs and that its URL is right (--url, BLOCKYARD_URL, 'blockyard context list')."


def _reason(error: httpx2.TransportError) -> tuple[str, str]:
    """Return why there was no answer and what to do, in our words."""
    if isinstance(error, httpx2.TimeoutException):
        return "it does not answer in time", _CHECK
    if isinstance(error, httpx2.ProxyError):
        return "the proxy refuses the connection", "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY."
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError):
            return _reason_of_tls(cause)
        if isinstance(cause, socket.gaierror):
            return "its name is not known to the name servers", _CHECK
    return _reason_of_system(error), _CHECK


def _reason_of_tls(cause: ssl.SSLError) -> tuple[str, str]:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not accepted ({cause.verify_message or 'it is not trusted'})",
            "If it comes from an authority of your own, name the file with the authority's certificate in SSL_CERT_FILE.",
        )
    if cause.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}:
        return "this port speaks http, not https", "Give the URL with http://, or the port that speaks https."
    return "no encrypted connection could be agreed on", _CHECK


def _reason_of_system(error: httpx2.TransportError) -> str:
    numbers = [cause.errno for cause in _causes(error) if isinstance(cause, OSError) and cause.errno]
    told = re.match(r"\[\w+ (\d+)\]", str(error))  # a number of the system without its exception
    number = numbers[0] if numbers else int(told[1]) if told else None
    return os.strerror(number).lower() if number else "the connection was closed without an answer"


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def object_of(answer: httpx2.Response) -> JsonObject:
    """Return the JSON object that a server answered with. Raises Failure."""
    try:
        document: Json = json.loads(answer.content)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise Failure(
            f"{answer.request.url} did not answer with a JSON object",
            remedy="Check that the URL is that of a Blockyard server.",
        )
    return document
