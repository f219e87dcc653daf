"""The HTTP client against real connections."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx2
import pytest

from blockyard.cli.client import Client
from blockyard.cli.contexts import Credentials
from blockyard.cli.exits import ExitCode, Failure
from blockyard.cli.problems import unreachable
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import BLOCK_V2, WORKSPACE
from tests.support.certificates import Authority
from tests.support.network import free_port
from tests.support.scripted_http import Answer, ScriptedServer, scripted_server

NOW = 1_000_000.0
TOKEN = Answer(200, {"access_token": "t1", "expires_in": 300, "token_type": "Bearer"})


class Waits:
    """Notes how long the client waited, and does not."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@contextmanager
def connection(answers: dict[str, list[Answer]], **known: str | int) -> Iterator[tuple[Client, ScriptedServer, Waits]]:
    waits = Waits()
    with scripted_server({"/api/login": [TOKEN]} | answers) as server:
        expires_at = known.get("expires_at")
        credentials = Credentials(
            url=server.url,
            key="key",
            secret="s3cret",
            token=str(known["token"]) if "token" in known else None,
            expires_at=int(expires_at) if expires_at is not None else None,
        )
        with Client(credentials, sleep=waits, now=lambda: NOW) as client:
            yield client, server, waits


def test_the_first_request_signs_in_with_the_key_and_the_token_is_used_again() -> None:
    path = WORKSPACE.path("shop")
    with connection({path: [Answer(200, {})]}) as (client, server, _):
        client.show(WORKSPACE, "shop")
        client.show(WORKSPACE, "shop")

    assert [asked.path for asked in server.asked] == ["/api/login", path, path]
    assert json.loads(server.asked[0].body) == {"clientId": "key", "clientSecret": "s3cret"}
    assert {asked.headers["Authorization"] for asked in server.asked[1:]} == {"Bearer t1"}
    assert server.asked[1].headers["Accept"] == WORKSPACE.media


@pytest.mark.parametrize(("seconds_left", "logins"), [(31, 0), (30, 1), (-5, 1)])
def test_a_token_near_its_end_is_replaced_before_it_is_used(seconds_left: int, logins: int) -> None:
    answers = {WORKSPACE.path("shop"): [Answer(200, {})]}
    with connection(answers, token="old", expires_at=int(NOW) + seconds_left) as (client, server, _):
        client.show(WORKSPACE, "shop")

    assert sum(asked.path == "/api/login" for asked in server.asked) == logins


def test_a_refused_token_is_replaced_once() -> None:
    path = WORKSPACE.path("shop")
    answers = {path: [Answer(401, {"message": "the token is void"}), Answer(200, {"ok": True})]}
    with connection(answers, token="old") as (client, server, _):
        assert client.show(WORKSPACE, "shop") == {"ok": True}

    assert [asked.headers.get("Authorization") for asked in server.asked] == ["Bearer old", None, "Bearer t1"]


def test_a_busy_server_is_asked_again_after_the_time_it_names() -> None:
    path = WORKSPACE.path("shop")
    busy = [Answer(503, {}, {"Retry-After": "7"}), Answer(429, {}), Answer(502, {}), Answer(504, {}), Answer(200, {})]
    with connection({path: busy}) as (client, _, waits):
        client.show(WORKSPACE, "shop")

    assert waits.seconds == [7, 2, 4, 8]


def test_an_order_whose_answer_was_lost_is_sent_again_with_the_same_key() -> None:
    lost = [Answer(status=None), Answer(201, {"metadata": {"uuid": "b"}})]
    with connection({BLOCK_V2.path(): lost}, token="t") as (client, server, waits):
        assert client.create(BLOCK_V2, {"spec": {}}) == {"metadata": {"uuid": "b"}}

    first, second = server.asked
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert json.loads(first.body) == {"apiVersion": "v2-preview", "kind": "meshBuildingBlock", "spec": {}}
    assert first.headers["Content-Type"] == BLOCK_V2.media
    assert waits.seconds == [1]


def test_a_server_that_does_not_exist_is_given_up_soon() -> None:
    waits = Waits()
    with (
        Client(Credentials(url=f"http://127.0.0.1:{free_port()}", token="t"), sleep=waits) as client,
        pytest.raises(Failure) as caught,
    ):
        client.show(WORKSPACE, "shop")

    assert caught.value.exit_code is ExitCode.UNREACHABLE
    assert waits.seconds == [1, 2]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, ExitCode.REFUSED),
        (401, ExitCode.DENIED),
        (403, ExitCode.DENIED),
        (404, ExitCode.NOT_FOUND),
        (409, ExitCode.REFUSED),
        (500, ExitCode.REFUSED),
    ],
)
def test_a_problem_becomes_cause_remedy_and_exit_code(status: int, code: ExitCode) -> None:
    body = {"status": status, "errorCode": "X", "message": "no", "field": "/spec", "remedy": "Do this."}
    with (
        connection({WORKSPACE.path("shop"): [Answer(status, body)]}) as (client, _, _waits),
        pytest.raises(Failure) as caught,
    ):
        client.show(WORKSPACE, "shop")

    failure = caught.value
    assert (failure.remedy, failure.code, failure.field) == ("Do this.", "X", "/spec")
    named = f"{client.url} does not accept the sign-in: " if code is ExitCode.DENIED and status == 401 else ""
    assert failure.message == f"{named}no"
    assert failure.exit_code is code


def test_an_answer_that_is_no_json_is_explained() -> None:
    answers = {WORKSPACE.path("shop"): [Answer(200, b"<html>")], WORKSPACE.path("x"): [Answer(500, b"<html>")]}
    with connection(answers) as (client, _, _waits):
        with pytest.raises(Failure, match="did not answer with a JSON object"):
            client.show(WORKSPACE, "shop")
        with pytest.raises(Failure, match=r"http://127\.0\.0\.1:\d+ answered 500"):
            client.show(WORKSPACE, "x")


def test_a_refused_sign_in_names_the_server_and_does_not_wait() -> None:
    busy = Answer(429, {"message": "too many wrong passwords"}, {"Retry-After": "54"})
    with connection({"/api/login": [busy]}) as (client, _, waits), pytest.raises(Failure) as caught:
        client.sign_in("/api/login", {}, patient=False)

    assert caught.value.message == f"{client.url} refused the sign-in: too many wrong passwords"
    assert (caught.value.remedy, waits.seconds) == ("Try again in 54 s.", [])


@pytest.mark.parametrize("status", [200, 401, 404, 405, 501])
def test_another_program_at_the_address_of_a_server_is_told_apart(status: int) -> None:
    with (
        connection({"/api/login": [Answer(status, b"<html>hello")]}) as (client, _, _waits),
        pytest.raises(Failure) as caught,
    ):
        client.sign_in("/api/login", {}, patient=False)

    assert client.url in caught.value.message
    assert "wrong" not in caught.value.message


@pytest.mark.parametrize(
    "answer", [Answer(404, b"<html>File not found"), Answer(501, b""), Answer(404, {"detail": "?"})]
)
def test_another_program_is_told_apart_by_who_has_a_token(answer: Answer) -> None:
    with (
        connection({WORKSPACE.path("shop"): [answer]}, token="t") as (client, _, _waits),
        pytest.raises(Failure, match="does not answer as a Blockyard server") as caught,
    ):
        client.show(WORKSPACE, "shop")

    assert (caught.value.code, caught.value.exit_code) == ("NotBlockyard", ExitCode.REFUSED)


def tls_server(context: ssl.SSLContext | None) -> socket.socket:
    """Return a server that speaks TLS with a certificate nobody knows, or only plain text."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                if context is None:
                    connection.recv(100)
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                else:
                    context.wrap_socket(connection, server_side=True)

    threading.Thread(target=serve, daemon=True).start()
    return server


@pytest.mark.parametrize("encrypted", [True, False])
def test_trouble_with_tls_is_told_in_plain_words_and_not_tried_again(authority: Authority, *, encrypted: bool) -> None:
    waits = Waits()
    with tls_server(authority.server_context() if encrypted else None) as server:
        url = f"https://localhost:{server.getsockname()[1]}"
        with Client(Credentials(url=url, token="t"), sleep=waits) as client, pytest.raises(Failure) as caught:
            client.show(WORKSPACE, "shop")

    failure = caught.value
    expected = "its certificate is not accepted" if encrypted else "this port speaks http, not https"
    assert f"{url} cannot be reached: {expected}" in failure.message
    assert ("SSL_CERT_FILE" if encrypted else "http://") in (failure.remedy or "")
    assert (failure.exit_code, waits.seconds) == (ExitCode.UNREACHABLE, [])
    assert "_ssl" not in failure.message


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (httpx2.ConnectError("[Errno 111] Connection refused"), "connection refused"),
        (httpx2.ConnectError("All connection attempts failed"), "the connection was closed without an answer"),
        (httpx2.ReadTimeout("timed out"), "it does not answer in time"),
        (httpx2.RemoteProtocolError("Server disconnected without sending a response."), "closed without an answer"),
        (httpx2.ProxyError("502 Bad Gateway"), "the proxy refuses the connection"),
    ],
)
def test_a_broken_connection_is_told_in_our_words(error: httpx2.TransportError, reason: str) -> None:
    failure = unreachable("http://one.test", error)

    assert failure.message.startswith("http://one.test cannot be reached: ")
    assert reason in failure.message
    assert reason.lower() == reason
    assert "Errno" not in failure.message


def test_all_pages_of_a_list_are_read_and_empty_filters_left_out() -> None:
    def page(number: int, *names: str) -> Answer:
        items: list[JsonObject] = [{"metadata": {"name": name}} for name in names]
        body = {"_embedded": {"meshWorkspaces": items}, "page": {"number": number, "totalPages": 2, "totalElements": 3}}
        return Answer(200, body)

    answers = {WORKSPACE.path(): [page(0, "a", "b"), page(1, "c")]}
    with connection(answers) as (client, server, _):
        found = [item["metadata"] for item in client.list(WORKSPACE, {"name": None, "tag": "x"})]

    assert found == [{"name": "a"}, {"name": "b"}, {"name": "c"}]
    assert server.asked[1].path == f"{WORKSPACE.path()}?tag=x&page=0&size=200"


def test_a_token_without_a_key_that_has_ended_asks_for_a_new_sign_in() -> None:
    with (
        Client(Credentials(url="http://127.0.0.1:9", token="t", expires_at=5), now=lambda: NOW) as client,
        pytest.raises(Failure, match=r"the sign-in to http://127\.0\.0\.1:9 has ended") as caught,
    ):
        client.show(WORKSPACE, "shop")

    assert caught.value.exit_code is ExitCode.DENIED


def test_secrets_are_not_in_what_credentials_look_like() -> None:
    assert "s3cret" not in repr(Credentials(url="http://x", key="k", secret="s3cret", token="t0ken"))
    assert "t0ken" not in repr(Credentials(url="http://x", key="k", secret="s3cret", token="t0ken"))
