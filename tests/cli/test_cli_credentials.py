"""Where the client's sign-in comes from and where it is kept."""

from pathlib import Path

import pytest

from blockyard.cli import credentials
from blockyard.cli.credentials import Credentials
from blockyard.cli.exits import ExitCode, Failure

SIGNED_IN = Credentials(url="http://one.test", key="k", secret="s3cret", token="t", expires_at=9, user="ada")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(tmp_path)}


def test_what_is_stored_is_loaded_and_only_its_user_may_read_it(environ: dict[str, str]) -> None:
    path = credentials.file_path(environ)

    stored = credentials.store(path, SIGNED_IN)

    assert credentials.load(environ) == stored
    assert stored.stored
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_without_a_config_home_it_is_kept_below_the_home(tmp_path: Path) -> None:
    assert credentials.file_path({"HOME": str(tmp_path)}) == tmp_path / ".config" / "blockyard" / "credentials.json"


def test_the_environment_goes_before_the_file_and_a_token_before_a_key(environ: dict[str, str]) -> None:
    credentials.store(credentials.file_path(environ), SIGNED_IN)
    key = environ | {"BLOCKYARD_API_KEY": "other", "BLOCKYARD_API_SECRET": "x"}

    assert credentials.load(key) == Credentials(url="http://one.test", key="other", secret="x")
    assert credentials.load(key | {"BLOCKYARD_API_TOKEN": "tt"}) == Credentials(url="http://one.test", token="tt")


def test_a_stored_key_is_never_sent_to_another_server(environ: dict[str, str]) -> None:
    credentials.store(credentials.file_path(environ), SIGNED_IN)

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


def test_a_damaged_file_is_named_without_its_content(environ: dict[str, str]) -> None:
    path = credentials.file_path(environ)
    credentials.write_private(path, '{"url": "http://one.test", "clientSecret": "s3cret"')

    with pytest.raises(Failure, match="damaged") as caught:
        credentials.load(environ)

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["one.test", "ftp://one.test", "http://", "http://a:b@one.test", "http://one.test/?x=1"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Failure) as caught:
        credentials.checked_url(url)

    assert caught.value.exit_code is ExitCode.USAGE


def test_forgetting_tells_whether_there_was_anything(environ: dict[str, str]) -> None:
    path = credentials.file_path(environ)
    credentials.store(path, SIGNED_IN)

    assert credentials.forget(path)
    assert not credentials.forget(path)
