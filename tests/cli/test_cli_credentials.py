"""Where the client's sign-in comes from and where it is kept."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from blockyard.cli import contexts, credentials
from blockyard.cli.contexts import Contexts, Credentials
from blockyard.cli.exits import ExitCode, Failure
from blockyard.cli.session import renewed

ONE = Credentials(
    url="http://one.test", key="k", secret="s3cret", token="t", expires_at=9, user="ada", context="one.test"
)
TWO = Credentials(url="http://two.test:8500", token="t2", context="work", workspace="shop")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(tmp_path)}


def stored(environ: dict[str, str], *known: Credentials) -> Path:
    """Sign in to servers one after the other."""
    path = contexts.file_path(environ)
    for one in known:
        with contexts.changing(path) as held:
            held[0] = held[0].holding(one, current=True)
    return path


def test_what_is_stored_is_loaded_and_only_its_user_may_read_it(environ: dict[str, str]) -> None:
    path = stored(environ, ONE)

    assert credentials.load(environ) == ONE
    assert path.stat().st_mode & 0o777 == 0o600


def test_without_a_config_home_it_is_kept_below_the_home(tmp_path: Path) -> None:
    assert contexts.file_path({"HOME": str(tmp_path)}) == tmp_path / ".config" / "blockyard" / "credentials.json"


def test_the_sign_ins_to_several_servers_are_kept_and_the_last_one_is_current(environ: dict[str, str]) -> None:
    stored(environ, ONE, TWO)

    assert credentials.load(environ) == TWO
    assert credentials.load(environ, url="http://one.test") == ONE
    assert credentials.load(environ, context="one.test") == ONE
    assert credentials.load(environ | {"BLOCKYARD_CONTEXT": "one.test"}) == ONE
    assert credentials.load(environ | {"BLOCKYARD_URL": "http://one.test/"}) == ONE


def test_of_two_contexts_of_one_server_the_current_one_is_used(environ: dict[str, str]) -> None:
    other = replace(ONE, context="as bob", user="bob")
    stored(environ, other, ONE)

    assert credentials.load(environ, url="http://one.test") == ONE
    assert credentials.load(environ, context="as bob") == other


def test_an_unknown_context_is_refused_with_the_known_ones(environ: dict[str, str]) -> None:
    stored(environ, ONE, TWO)

    with pytest.raises(Failure, match="there is no context 'three'") as caught:
        credentials.load(environ, context="three")

    assert (caught.value.exit_code, caught.value.remedy) == (
        ExitCode.USAGE,
        "Known contexts: one.test, work. 'blockyard login' makes one.",
    )


def test_a_context_and_the_url_of_another_server_are_refused_together(environ: dict[str, str]) -> None:
    stored(environ, ONE, TWO)

    with pytest.raises(Failure, match=r"context 'work' is of http://two\.test:8500"):
        credentials.load(environ, context="work", url="http://one.test")


def test_the_default_workspace_is_that_of_the_environment_else_of_the_context(environ: dict[str, str]) -> None:
    stored(environ, ONE, TWO)

    assert credentials.default_workspace(environ) == "shop"
    assert credentials.default_workspace(environ | {"BLOCKYARD_WORKSPACE": "lab"}) == "lab"
    assert credentials.default_workspace(environ, context="one.test") is None
    assert credentials.default_workspace(environ, url="http://two.test:8500/") == "shop"


def test_a_sign_in_of_a_version_that_knew_one_server_is_a_context(environ: dict[str, str]) -> None:
    old = {"url": ONE.url, "clientId": "k", "clientSecret": "s3cret", "token": "t", "expiresAt": 9, "user": "ada"}
    path = contexts.file_path(environ)
    contexts.write_private(path, json.dumps(old))

    assert credentials.load(environ) == ONE
    stored(environ, TWO)
    assert sorted(contexts.read(path).by_name) == ["one.test", "work"]


def test_two_commands_that_store_at_once_lose_nothing(environ: dict[str, str]) -> None:
    path = stored(environ, ONE)
    script = (
        "import sys; from pathlib import Path; from blockyard.cli import contexts\n"
        "for i in range(20):\n"
        "    with contexts.changing(Path(sys.argv[1])) as held:\n"
        "        one = contexts.Credentials(url='http://x', token='t', context=f'{sys.argv[2]}{i}')\n"
        "        held[0] = held[0].holding(one)\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", script, str(path), name]) for name in ("a", "b")]

    assert [process.wait(60) for process in running] == [0, 0]
    assert len(contexts.read(path).by_name) == len(["one.test"]) + 2 * 20


def test_the_environment_takes_precedence_over_what_is_stored_and_a_token_over_a_key(environ: dict[str, str]) -> None:
    stored(environ, ONE)
    key = environ | {"BLOCKYARD_API_KEY": "other", "BLOCKYARD_API_SECRET": "x"}

    assert credentials.load(key) == Credentials(url="http://one.test", key="other", secret="x")
    assert credentials.load(key | {"BLOCKYARD_API_TOKEN": "tt"}) == Credentials(
        url="http://one.test", token="tt", origin="BLOCKYARD_API_TOKEN"
    )


def test_a_stored_key_is_never_sent_to_another_server(environ: dict[str, str]) -> None:
    stored(environ, ONE)

    with pytest.raises(Failure, match=r"not signed in to http://two\.test") as caught:
        credentials.load(environ | {"BLOCKYARD_URL": "http://two.test/"})
    with pytest.raises(Failure, match="not signed in"):
        credentials.load(environ, url="http://two.test")

    assert caught.value.exit_code is ExitCode.DENIED


def test_half_a_key_is_a_usage_error(environ: dict[str, str]) -> None:
    with pytest.raises(Failure, match="belong together") as caught:
        credentials.load(environ | {"BLOCKYARD_URL": "http://one.test", "BLOCKYARD_API_KEY": "k"})

    assert caught.value.exit_code is ExitCode.USAGE


def test_nobody_is_signed_in_without_file_and_environment(environ: dict[str, str]) -> None:
    with pytest.raises(Failure, match="no server is known") as caught:
        credentials.load(environ)

    assert caught.value.exit_code is ExitCode.DENIED


@pytest.mark.parametrize(
    "content", ['{"url": "http://one.test", "clientSecret": "s3cret"', '{"contexts": {"a": {}}}', "[]"]
)
def test_a_damaged_file_is_named_without_its_content(environ: dict[str, str], content: str) -> None:
    contexts.write_private(contexts.file_path(environ), content)

    with pytest.raises(Failure, match="damaged") as caught:
        credentials.load(environ)

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "one.test",
        "ftp://one.test",
        "http://",
        "http://a:b@one.test",
        "http://one.test/?x=1",
        "http://x:99999",
        "http://[x",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Failure) as caught:
        credentials.checked_url(url)

    assert caught.value.exit_code is ExitCode.USAGE


def test_a_forgotten_context_is_gone_and_nothing_else() -> None:
    known = Contexts().holding(ONE).holding(TWO, current=True)

    assert known.without("work") == Contexts({"one.test": ONE}, None)
    assert known.without("one.test") == Contexts({"work": TWO}, "work")


def test_a_command_takes_the_tokens_that_another_one_got_meanwhile(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", environ["XDG_CONFIG_HOME"])
    by_browser = replace(TWO, refresh="first", issuer="http://127.0.0.1:1/oidc", issuer_client="cli")
    stored(environ, replace(by_browser, token="newer", refresh="second"))

    assert renewed(by_browser).token == "newer", "the refresh token was used: it counts once"
    with pytest.raises(Failure) as failure:
        renewed(replace(by_browser, token="newer", refresh="second"))

    assert failure.value.exit_code is ExitCode.UNREACHABLE
    assert contexts.read(contexts.file_path(environ)).by_name["work"].refresh == "second", "nothing is lost"
