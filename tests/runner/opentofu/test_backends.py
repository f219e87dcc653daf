"""The state of a block outlives its runs, whatever backend the module declares."""

from collections.abc import Callable

import pytest

from blockyard.modules.module import read
from blockyard.runner.frame.executor import Outcome
from tests.support.opentofu_runs import OpenTofuRun, an_input
from tests.support.state_server import StateServer

RESOURCE = 'resource "terraform_data" "one" {}\noutput "id" { value = terraform_data.one.id }\n'


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (
            {"main.tf": 'terraform {\n  backend "local" { path = "state/my.tfstate" }\n}'},
            'a backend "local", whose state',
        ),
        ({"main.tf": 'terraform {\n  backend "http" {}\n}'}, 'a backend "http" without an address'),
        ({"main.tf": "", "zz_override.tf": 'terraform {\n  backend "local" {}\n}'}, 'a backend "local", whose state'),
        ({"main.tf.json": '{"terraform": {"backend": {"local": {"path": "x"}}}}'}, 'a backend "local", whose state'),
    ],
)
def test_a_backend_that_keeps_nothing_is_replaced_by_the_control_plane(
    new_run: Callable[..., OpenTofuRun], state: StateServer, files: dict[str, str], says: str
) -> None:
    all_files = {**files, "resource.tf": RESOURCE}
    first = new_run(files=all_files)
    assert first.execute().outcome is Outcome.SUCCEEDED
    assert says in first.reporter.whole_text()
    assert state.resources() == ["one"]

    second = new_run(files=all_files)
    assert second.execute().outcome is Outcome.SUCCEEDED
    assert second.reporter.outputs["id"] == first.reporter.outputs["id"]

    last = new_run(files=all_files, behavior="DESTROY")
    assert last.execute().outcome is Outcome.SUCCEEDED
    assert "1 destroyed" in last.reporter.whole_text()
    assert state.resources() == []


def test_a_backend_that_gets_its_address_from_the_environment_is_left_alone(
    new_run: Callable[..., OpenTofuRun], state: StateServer
) -> None:
    elsewhere = f"{state.base_url}/elsewhere"
    inputs = [
        an_input(f"TF_HTTP_{name}", value, environment=True)
        for name, value in (("ADDRESS", elsewhere), ("USERNAME", "x"))
    ]
    run = new_run(files={"main.tf": 'terraform {\n  backend "http" {}\n}\n' + RESOURCE}, inputs=inputs)

    run.execute()

    assert "Using the existing backend of the module: http" in run.reporter.whole_text()
    assert {request.split(" ")[-1] for request in state.requests} == {"/elsewhere"}


def test_a_run_without_any_lasting_state_says_so(new_run: Callable[..., OpenTofuRun]) -> None:
    run = new_run(files={"main.tf": RESOURCE}, implementation={"useMeshHttpBackendFallback": False})

    assert run.execute().outcome is Outcome.SUCCEEDED
    assert "The state is gone with this run" in run.reporter.whole_text()


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("", None),
        ('terraform {\n  backend "local" {}\n}', None),
        ('terraform {\n  backend "http" {\n    lock_method = "POST"\n  }\n}', None),
        ('terraform {\n  backend "http" {\n    address = "https://x.example"\n  }\n}', "http"),
        ('terraform {\n  backend "s3" {}\n}', "s3"),
        ('terraform {\n  backend "http" {\n}\n}\nbroken = ${', None),
        ('terraform {\n  backend "http" {\naddress = "a"\n}\n}\nbroken = ${', "http"),
        ("terraform {\n  cloud {}\n}", "cloud"),
    ],
)
def test_a_modules_own_backend_is_one_that_keeps_its_state(text: str, own: str | None) -> None:
    assert read({"main.tf": text}).own_backend == own
