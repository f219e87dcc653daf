"""The token files of a run: there before its commands, renewed at half of their lives. Source: concepts.md 14."""

import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from blockyard.protocol.identity import IdentityToken, RunIdentity, TokenPlace
from blockyard.protocol.names import TOKEN_PATHS, Cloud
from blockyard.runner.frame.identity import IdentityError
from blockyard.runner.identity import RETRY_SECONDS, IdentityFiles
from blockyard.runner.journal import FileJournal

WANTED = RunIdentity(clouds={cloud.value: TokenPlace(token_path=TOKEN_PATHS[cloud]) for cloud in Cloud})
AWS = TOKEN_PATHS[Cloud.AWS]


@dataclass
class Issuer:
    """Signs tokens that say how many there were; refuses with `status`."""

    status: int = 200
    asked: list[str] = field(default_factory=list)

    def __call__(self, cloud: str) -> IdentityToken:
        self.asked.append(cloud)
        if self.status != 200:
            request = httpx2.Request("POST", "http://server")
            raise httpx2.HTTPStatusError("", request=request, response=httpx2.Response(self.status, request=request))
        return IdentityToken(
            token=f"head.{cloud}.{len(self.asked)}", audience="a", life_seconds=7200, renew_after_seconds=3600
        )


@dataclass
class Masked:
    """What is masked."""

    secrets: list[str] = field(default_factory=list)

    def add_secrets(self, values: Iterable[str]) -> None:
        self.secrets.extend(values)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Run:
    """The tokens of a run."""

    folder: Path
    issuer: Issuer = field(default_factory=Issuer)
    masked: Masked = field(default_factory=Masked)
    clock: Clock = field(default_factory=Clock)

    def files(self, wanted: RunIdentity = WANTED, *, can_mount: Callable[[], bool] = lambda: True) -> IdentityFiles:
        return IdentityFiles(
            self.folder / "identity",
            wanted,
            fetch=self.issuer,
            journal=FileJournal(self.folder / "journal"),
            can_mount=can_mount,
            secrets=self.masked,
            clock=self.clock,
        )


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run."""
    return Run(tmp_path)


def test_a_run_that_names_no_path_asks_for_nothing(run: Run) -> None:
    files = run.files(can_mount=lambda: pytest.fail("nobody has to know"))

    assert files.placed("/var/run/secrets/other") == "/var/run/secrets/other"
    assert files.provide() == ()
    assert (run.issuer.asked, files.mounts()) == ([], ())


def test_what_an_input_names_or_the_version_needs_is_there_for_the_run_alone(run: Run) -> None:
    files = run.files(WANTED.model_copy(update={"needed": ("gcp",)}))
    text = files.placed(f"token_file = {AWS}")
    said = files.provide()
    mounts = files.mounts()
    files.close()
    token = next(source / "token" for source, target in mounts if str(target / "token") == AWS)

    assert text == f"token_file = {AWS}"
    assert list(said) == ["Identity tokens: aws, gcp"]
    assert sorted(str(target) for _, target in mounts) == [
        "/var/run/secrets/workload-identity/aws",
        "/var/run/secrets/workload-identity/gcp",
    ]
    assert token.read_text() == "head.aws.1"
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert {"head.aws.1", "head.gcp.2"} <= set(run.masked.secrets)


def test_where_nothing_can_be_mounted_inputs_get_the_path_of_the_run_with_a_warning(run: Run) -> None:
    files = run.files(can_mount=lambda: False)
    placed = files.placed(f"token_file = {AWS}")
    said = files.provide()
    files.close()
    own = Path(placed.removeprefix("token_file = "))

    assert own.is_relative_to(run.folder)
    assert own.read_text() == "head.aws.1"
    assert files.mounts() == ()
    assert "Warning" in said[1]
    again = run.files(can_mount=lambda: True)
    assert again.placed(AWS) == str(own), "a restarted runner goes on as the run began"


def test_no_token_is_ever_past_half_of_its_life_in_a_run_of_three_hours(run: Run) -> None:
    files = run.files()
    files.placed(AWS)
    begin = run.clock.now
    files.provide()
    files.close()
    (source, _), *_ = files.mounts()
    seen = {}
    for minute in range(180):
        run.clock.now = begin + minute * 60
        pause = files.renew_due()
        seen[(source / "token").read_text()] = minute
        assert 0 < pause <= 3600

    assert list(seen) == ["head.aws.1", "head.aws.2", "head.aws.3"]
    assert list(seen.values()) == [59, 119, 179]


def test_a_renewal_that_fails_is_tried_again_and_ends_with_the_attempt(run: Run) -> None:
    files = run.files()
    files.placed(AWS)
    files.provide()
    files.close()
    (source, _), *_ = files.mounts()
    run.clock.now += 3600
    run.issuer.status = 503
    pause = files.renew_due()
    run.issuer.status = 200
    run.clock.now += RETRY_SECONDS
    files.renew_due()
    renewed = (source / "token").read_text()
    run.clock.now += 3600
    run.issuer.status = 409
    over = files.renew_due()

    assert (pause, renewed) == (RETRY_SECONDS, "head.aws.3")
    assert over == float("inf")
    asked = len(run.issuer.asked)
    run.clock.now += 7200
    files.renew_due()
    assert len(run.issuer.asked) == asked, "nobody will be given one any more"


def test_a_run_that_is_refused_its_token_does_not_begin(run: Run) -> None:
    run.issuer.status = 404
    files = run.files()
    files.placed(AWS)

    with pytest.raises(IdentityError, match="gives no identity token for aws: status 404"):
        files.provide()


@pytest.mark.parametrize("path", ["token", "/token", "/etc/token", "/run/../etc/x/token"])
def test_no_path_is_taken_that_would_hide_more_than_a_folder_of_its_own(run: Run, path: str) -> None:
    files = run.files(RunIdentity(clouds={"aws": TokenPlace(token_path=path)}, needed=("aws",)))

    assert files.provide() == ()
