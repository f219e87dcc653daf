"""Signing in, and what the command line says when it cannot reach or use a server."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pyotp
import pytest

from tests.cli.conftest import Cli
from tests.support.installation import Installation, text_of
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
    written = json.loads(credentials_file(stranger).read_text())
    kept = written["contexts"][written["current"]]
    assert sorted(kept) == ["clientId", "clientSecret", "expiresAt", "token", "url"]
    assert not any(secret in text or kept["token"] in text for text in stranger.printed)


def test_the_key_file_of_a_server_leads_to_that_server_whatever_its_port(
    stranger: Cli, blockyard: Installation
) -> None:
    del stranger.environment["BLOCKYARD_URL"]

    signed_in = stranger.does("login", "--key-file", str(blockyard.data / "admin-key.json"))

    assert f"Signed in to {blockyard.url} " in signed_in.out


def test_a_person_signs_in_with_a_password_that_is_not_kept(stranger: Cli, blockyard: Installation) -> None:
    password = blockyard.password or ""

    stranger.does("login", "--user", "admin", "--password-stdin", stdin=f"{password}\n")

    assert "User" in stranger.does("whoami").out
    assert password not in credentials_file(stranger).read_text()
    assert stranger.does("logout").out == f"Signed out of {urlsplit(blockyard.url).netloc}.\n"
    assert stranger("whoami").code == 4


def test_a_person_with_an_authenticator_app_is_asked_for_a_code(
    cli: Cli, stranger: Cli, blockyard: Installation
) -> None:
    first, password = "a sentence of somebody who tests", "another sentence of somebody"
    cli.does("users", "create", "robin", "--password-stdin", stdin=f"{first}\n")
    recovery = _recovery_codes_of(blockyard.url, "robin", first, password)

    without = stranger("login", "--user", "robin", "--password-stdin", stdin=f"{password}\n")
    wrong = stranger("login", "--user", "robin", "--password-stdin", "--code", "000000", stdin=f"{password}\n")

    assert (without.code, wrong.code) == (4, 4)
    stranger.does("login", "--user", "robin", "--password-stdin", stdin=f"{password}\n{recovery[0]}\n")
    assert "robin" in stranger.does("whoami").out
    stranger.does("login", "--user", "robin", "--password-stdin", "--code", recovery[1], stdin=f"{password}\n")


def _recovery_codes_of(url: str, username: str, first: str, password: str) -> list[str]:
    """Give a person another password than their first one, and an authenticator app; return their recovery codes."""
    own = f"{url}/api/blockyard/v1"

    def signed_in(word: str) -> httpx2.Client:
        answer = httpx2.post(f"{own}/login", json={"username": username, "password": word})
        return httpx2.Client(headers={"Authorization": f"Bearer {answer.json()['access_token']}"})

    with signed_in(first) as client:
        client.put(f"{own}/me/password", json={"currentPassword": first, "password": password}).raise_for_status()
    with signed_in(password) as client:
        begun = client.post(f"{own}/me/authenticator-app").json()
        code = pyotp.TOTP(begun["secret"]).now()
        added = client.put(f"{own}/me/authenticator-app", json={"ticket": begun["ticket"], "code": code})
    codes: list[str] = added.json()["recoveryCodes"]
    return codes


def test_wrong_credentials_are_told_and_nothing_is_kept(stranger: Cli) -> None:
    ended = stranger("login", "--key", "5c9e3f6a-0000-4000-8000-000000000000", "--password-stdin", stdin="wrong\n")

    assert ended.code == 4
    assert "refused the sign-in: the client id or the client secret is wrong" in ended.err
    assert not credentials_file(stranger).exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["login"], "cannot ask anybody to sign in"),
        (["login", "--key", "k", "--user", "u"], "give only one of"),
        (["login", "--key-file", "/does/not/exist"], "cannot be read"),
        (["login", "--url", "nonsense"], "is not a server URL"),
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
    assert "Correct BLOCKYARD_API_TOKEN, or unset it" in ended.err


def test_a_server_that_is_not_there_is_exit_code_7(cli: Cli) -> None:
    ended = cli.with_environment(BLOCKYARD_URL=f"http://127.0.0.1:{free_port()}")("whoami")

    assert ended.code == 7
    assert "cannot be reached" in ended.err


def test_several_servers_are_kept_as_contexts_and_each_has_a_default_workspace(
    stranger: Cli, cli: Cli, blockyard: Installation
) -> None:
    del stranger.environment["BLOCKYARD_URL"]
    key_file = str(blockyard.data / "admin-key.json")
    other_name = blockyard.url.replace("127.0.0.1", "localhost")
    cli.does("workspaces", "list")

    stranger.does("login", "--url", blockyard.url, "--key-file", key_file, "--context", "first")
    stranger.does("login", "--url", other_name, "--key-file", key_file)

    listed = {text_of(item, "name"): item for item in stranger.does("context", "list", "-o", "json").documents}
    second = urlsplit(other_name).netloc
    assert {name: (item["url"], item["current"]) for name, item in listed.items()} == {
        "first": (blockyard.url, False),
        second: (other_name, True),
    }
    assert stranger.does("whoami", "-o", "json").document["url"] == other_name
    assert stranger.does("whoami", "--context", "first", "-o", "json").document["url"] == blockyard.url
    assert stranger.does("whoami", "--url", blockyard.url, "-o", "json").document["url"] == blockyard.url

    assert stranger("keys", "list").code == 2
    unknown = stranger("context", "use", "first", "-w", "nope")
    assert (unknown.code, "there is no workspace 'nope'" in unknown.err) == (3, True)
    assert stranger("keys", "list").code == 2
    assert stranger.does("whoami", "-o", "json").document["url"] == other_name
    stranger.does("context", "use", "first", "-w", "shop")
    key = json.loads(Path(key_file).read_text())["clientId"]
    assert key not in stranger.does("context", "list").out
    assert key in stranger.does("context", "list", "-o", "wide").out
    stranger.does("keys", "list")
    assert stranger.does("whoami", "-o", "json").document["url"] == blockyard.url
    assert stranger("keys", "list", "--context", second).code == 2
    assert "no context is given" in stranger("context", "use").err
    assert "Now using" in stranger.does("context", "use", "--workspace", "shop").out
    stranger.with_environment(BLOCKYARD_WORKSPACE="shop").does("keys", "list", "--context", second)

    stranger.does("logout")
    assert "not signed in" in stranger("whoami", "--url", blockyard.url).err
    stranger.does("whoami", "--context", second)
    stranger.does("logout", "--all")
    assert stranger.does("context", "list", "-o", "json").documents == []


def test_an_unknown_context_is_exit_code_2(stranger: Cli) -> None:
    for arguments in (["whoami", "--context", "nowhere"], ["context", "use", "nowhere"]):
        ended = stranger(*arguments)
        assert (ended.code, "there is no context 'nowhere'" in ended.err) == (2, True)


def test_a_sign_in_that_reaches_nothing_names_the_address(stranger: Cli) -> None:
    url = f"http://127.0.0.1:{free_port()}"

    ended = stranger("login", "--url", url, "--key", "k", "--password-stdin", stdin="x\n")

    assert (ended.code, f"{url} cannot be reached: connection refused" in ended.err) == (7, True)
