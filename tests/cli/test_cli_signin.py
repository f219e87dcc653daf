"""Signing in, and what the command line says when it cannot reach or use a server."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.support.installation import Installation
from tests.support.network import free_port


def credentials_file(cli: Cli) -> Path:
    return Path(cli.environment["XDG_CONFIG_HOME"]) / "blockyard" / "credentials.json"


def test_a_key_file_signs_in_and_the_token_is_kept_for_this_user_only(stranger: Cli, blockyard: Installation) -> None:
    key_file = blockyard.data / "admin-key.json"
    secret = json.loads(key_file.read_text())["clientSecret"]

    signed_in = stranger.does("login", "--key-file", str(key_file))
    me = stranger.does("whoami", "--output", "json").document

    assert f"Signed in to {blockyard.url}" in signed_in.out
    assert (me["url"], me["type"], me["administrator"]) == (blockyard.url, "ApiKey", True)
    assert credentials_file(stranger).stat().st_mode & 0o777 == 0o600
    kept = json.loads(credentials_file(stranger).read_text())
    assert sorted(kept) == ["clientId", "clientSecret", "expiresAt", "token", "url"]
    assert not any(secret in text or kept["token"] in text for text in stranger.printed)


def test_a_person_signs_in_with_a_password_that_is_not_kept(stranger: Cli, blockyard: Installation) -> None:
    password = blockyard.password or ""

    stranger.does("login", "--user", "admin", "--password-stdin", stdin=f"{password}\n")

    assert "User" in stranger.does("whoami").out
    assert password not in credentials_file(stranger).read_text()
    assert stranger.does("logout").out == "Signed out.\n"
    assert stranger("whoami").code == 4


def test_wrong_credentials_are_told_and_nothing_is_kept(stranger: Cli) -> None:
    ended = stranger("login", "--key", "5c9e3f6a-0000-4000-8000-000000000000", "--password-stdin", stdin="wrong\n")

    assert ended.code == 4
    assert "error: the client id or the client secret is wrong" in ended.err
    assert not credentials_file(stranger).exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["login"], "nobody can be asked"),
        (["login", "--key", "k", "--user", "u"], "exclude each other"),
        (["login", "--key-file", "/does/not/exist"], "cannot be read"),
        (["login", "--url", "nonsense"], "no address of a server"),
    ],
)
def test_wrong_usage_is_exit_code_2(stranger: Cli, arguments: list[str], message: str) -> None:
    ended = stranger(*arguments)

    assert ended.code == 2
    assert message in ended.err


def test_a_stranger_is_told_how_to_sign_in(stranger: Cli) -> None:
    ended = stranger("blocks", "list")

    assert ended.code == 4
    assert "Run 'blockyard login" in ended.err


def test_programs_get_problems_as_json(stranger: Cli) -> None:
    ended = stranger("blocks", "list", "-o", "json")

    assert ended.out == ""
    assert json.loads(ended.err)["error"]["errorCode"] == "NotSignedIn"
    assert json.loads(ended.err)["exitCode"] == 4


def test_a_void_token_is_exit_code_4(stranger: Cli) -> None:
    ended = stranger.with_environment(BLOCKYARD_API_TOKEN="void")("whoami")

    assert ended.code == 4
    assert "error:" in ended.err


def test_a_server_that_is_not_there_is_exit_code_7(cli: Cli) -> None:
    ended = cli.with_environment(BLOCKYARD_URL=f"http://127.0.0.1:{free_port()}")("whoami")

    assert ended.code == 7
    assert "cannot be reached" in ended.err
