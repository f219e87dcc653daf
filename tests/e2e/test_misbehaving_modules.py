"""Modules and repositories that misbehave: each run ends with words that help, and nothing of it is left."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import Json, JsonObject
from tests.support.git_repositories import Repository
from tests.support.hanging_server import hanging_server
from tests.support.installation import (
    Installation,
    an_output,
    installation,
    outputs,
    status,
    terraform,
    text_of,
)
from tests.support.network import free_port

pytestmark = pytest.mark.usefixtures("engine")
Module = Callable[..., Repository]

DONE = 'output "done" { value = "yes" }\n'
_PROC = Path("/proc")


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A Blockyard that gives an interrupted run one second, and a clone twelve, and tries nothing again."""
    data: Path = tmp_path_factory.mktemp("patient") / "data"
    limits = {
        "BLOCKYARD_RUN_RETRIES": "0",
        "BLOCKYARD_RUNNER_INTERRUPT_GRACE_SECONDS": "1",
        "BLOCKYARD_RUNNER_CLONE_TIMEOUT_MINUTES": "0.2",
    }
    with installation(data, limits) as running:
        yield running


@pytest.fixture(autouse=True)
def _leaves_nothing(patient: Installation) -> Iterator[None]:
    """After every test: no process, no directory and no lock of a run is there."""
    yield
    deadline = time.monotonic() + 10
    while (left := _left(patient)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []


def _left(blockyard: Installation) -> list[str]:
    folders = [path.name for path in (blockyard.data / "runner" / "runs").iterdir()]
    home = f"HOME={blockyard.data / 'runner' / 'runs'}/".encode()
    processes = [entry.name for entry in _processes() if home in _read(entry / "environ")]
    with closing(sqlite3.connect(f"file:{blockyard.data / 'blockyard.sqlite3'}?mode=ro", uri=True)) as database:
        locks = [str(row) for row in database.execute("SELECT id FROM state_locks")]
    return folders + processes + locks


def _running(words: str) -> list[str]:
    """Return the processes with these words in their command line."""
    line = words.replace(" ", "\0").encode()
    return [entry.name for entry in _processes() if line in _read(entry / "cmdline")]


def _processes() -> Iterator[Path]:
    return (entry for entry in _PROC.iterdir() if entry.name.isdecimal())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _executing(command: str) -> str:
    """Return a module whose one resource runs a command."""
    return f'resource "terraform_data" "it" {{\n  provisioner "local-exec" {{ command = {json.dumps(command)} }}\n}}\n'


def _order(blockyard: Installation, source: JsonObject, outputs: JsonObject | None = None) -> str:
    declared = {name: an_output() for name in (outputs or {})}
    return text_of(blockyard.order(blockyard.define(source, outputs=declared)), "metadata", "uuid")


def _abort(blockyard: Installation, block: str, once: Callable[[], bool]) -> JsonObject:
    """Abort the block's run as soon as `once` holds and return the block after its end."""
    deadline = time.monotonic() + 60
    while not once():
        assert time.monotonic() < deadline, blockyard.logs(blockyard.block(block))
        time.sleep(0.05)
    run = text_of(blockyard.block(block), "status", "latestRunUuid")
    blockyard.call("POST", f"/api/blockyard/v1/runs/{run}/abort", "application/json")
    return blockyard.settled(block, seconds=30)


@pytest.mark.parametrize("where", ["resource", "script"])
def test_a_command_that_ignores_interrupts_is_killed_after_the_grace(
    patient: Installation, module: Module, tmp_path: Path, where: str
) -> None:
    begun = tmp_path / "begun"
    nap = "sleep 86401" if where == "resource" else "sleep 86402"
    command = f"trap '' INT TERM; touch {begun}; {nap}; true"
    source = (
        terraform(module(main_tf=_executing(command)))
        if where == "resource"
        else terraform(module(main_tf=DONE), preRunScript=command)
    )

    block = _abort(patient, _order(patient, source), begun.exists)

    assert status(block) == "ABORTED", patient.logs(block)
    assert "The run was aborted" in patient.logs(block)
    assert not _running(nap)


def test_a_daemon_that_a_module_leaves_behind_is_killed(patient: Installation, module: Module, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    daemon = f"(env -i setsid sh -c 'touch {begun}; exec sleep 86403' </dev/null >/dev/null 2>&1 3>&- &)"
    source = terraform(module(main_tf=_executing(f"{daemon}; while ! test -e {begun}; do sleep 0.1; done") + DONE))

    block = patient.settled(_order(patient, source, {"done": None}))

    assert (status(block), outputs(block)) == ("SUCCEEDED", {"done": "yes"}), patient.logs(block)
    assert begun.exists()
    assert not _running("sleep 86403")


NOISES = {
    "200 000 lines": "seq -f 'line %.0f' 200000",
    "one line of 50 MB": "head -c 50000000 /dev/zero | tr '\\0' x; echo",
    "bytes and escapes": (
        "printf '\\000\\001\\377\\376\\200abc\\n'; head -c 100000 /dev/urandom; "
        "printf '\\n\\033[31mred\\033[0m\\033]0;title\\007\\033[2J\\n'"
    ),
}


@pytest.mark.parametrize(
    ("by_script", "by_resource"),
    [
        ("200 000 lines", "bytes and escapes"),
        ("bytes and escapes", "200 000 lines"),
        ("one line of 50 MB", None),  # engines need most of a minute for it
    ],
)
def test_whatever_a_module_prints_its_run_succeeds(
    patient: Installation, module: Module, by_script: str, by_resource: str | None
) -> None:
    noises = {"script": NOISES[by_script], "resource": NOISES[by_resource] if by_resource else "true"}
    script, command = (
        f"{noise}; echo the end of the ''{where}" for where, noise in noises.items()
    )  # no echo of itself
    source = terraform(module(main_tf=_executing(command) + DONE), preRunScript=script)

    block = patient.settled(_order(patient, source, {"done": None}))

    said = patient.logs(block)
    assert (status(block), outputs(block)) == ("SUCCEEDED", {"done": "yes"}), said[-4000:]
    assert "the end of the script" in said
    assert "the end of the resource" in said
    assert "200 000 lines" not in {by_script, by_resource} or "line 200000" in said
    assert len(said) < 8_000_000


def test_what_waits_for_standard_input_finds_none(patient: Installation, module: Module) -> None:
    asking = 'variable "unasked" { type = string }\n'

    reading = patient.settled(
        _order(patient, terraform(module(main_tf=_executing("read answer || echo nobody there") + DONE)))
    )
    unset = patient.settled(_order(patient, terraform(module(main_tf=asking + DONE))))

    assert status(reading) == "SUCCEEDED", patient.logs(reading)
    assert "nobody there" in patient.logs(reading)
    assert status(unset) == "FAILED"
    assert "No value for required variable" in patient.logs(unset)


def test_a_module_that_deletes_its_own_directory_does_not_stop_the_runner(
    patient: Installation, module: Module
) -> None:
    command = 'rm -rf "$PWD"'

    by_resource = patient.settled(_order(patient, terraform(module(main_tf=_executing(command)))))
    by_script = patient.settled(_order(patient, terraform(module(main_tf=DONE), preRunScript=command)))
    after = patient.settled(_order(patient, terraform(module(main_tf=DONE))))

    assert status(by_resource) in {"FAILED", "SUCCEEDED"}
    assert "unexpected error" not in patient.logs(by_resource)
    assert status(by_script) == "FAILED"
    assert "unexpected error" not in patient.logs(by_script)
    assert "deleted the directory of the run" in patient.logs(by_script)
    assert status(after) == "SUCCEEDED"


def test_a_repository_that_does_not_answer_fails_the_run_and_names_the_limit(patient: Installation) -> None:
    with hanging_server() as url:
        block = patient.settled(_order(patient, terraform(url)))

    assert status(block) == "FAILED"
    assert "the repository was not fetched within 0.2 minutes" in patient.logs(block)
    assert "Check that the runner reaches" in patient.logs(block)


def test_a_run_is_aborted_while_its_repository_does_not_answer(patient: Installation) -> None:
    with hanging_server() as url:
        block = _order(patient, terraform(url))
        aborted = _abort(patient, block, lambda: "Cloning" in patient.logs(patient.block(block)))

    assert status(aborted) == "ABORTED"


def test_a_tag_that_moved_brings_its_new_commit(patient: Installation, module: Module) -> None:
    repository = module(main_tf='output "seen" { value = "old" }\n')
    repository.tag("v1")
    version = patient.define(terraform(repository, refName="v1"), outputs={"seen": an_output()})
    block = patient.ordered(version)
    assert outputs(block) == {"seen": "old"}, patient.logs(block)

    commit = repository.commit({"main.tf": 'output "seen" { value = "new" }\n'})
    repository.git("tag", "--force", "v1", "main")
    uuid = text_of(block, "metadata", "uuid")
    _run_again(patient, uuid)
    again = patient.settled(uuid)

    assert outputs(again) == {"seen": "new"}, patient.logs(again)
    assert commit in patient.logs(again)


def test_what_is_not_fetched_of_a_repository_is_said(patient: Installation, module: Module) -> None:
    repository = module(main_tf=DONE)
    other = module(main_tf="")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 12345\n"
    repository.commit(
        {
            ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n",
            "image.bin": pointer,
            ".gitmodules": f'[submodule "shared"]\n  path = shared\n  url = {other.path.as_uri()}\n',
        }
    )
    tip = other.git("rev-parse", "main")
    _add_submodule(repository, "shared", tip)

    whole = patient.settled(_order(patient, terraform(repository), {"done": None}))
    inside = patient.settled(_order(patient, terraform(repository, repositoryPath="shared")))

    assert (status(whole), outputs(whole)) == ("SUCCEEDED", {"done": "yes"}), patient.logs(whole)
    assert "submodules are not fetched: shared" in patient.logs(whole)
    assert "files kept in Git LFS are not fetched: image.bin" in patient.logs(whole)
    assert status(inside) == "FAILED"
    assert "submodule" in patient.logs(inside)


def _add_submodule(repository: Repository, path: str, commit: str) -> None:
    stream = (
        "commit refs/heads/main\ncommitter A <a@blockyard.test> 1767268800 +0000\ndata 3\nAdd\n"
        f"from refs/heads/main^0\nM 160000 {commit} {path}\n"
    )
    repository.git("fast-import", "--quiet", stdin=stream.encode())


def test_a_folder_without_a_module_does_not_empty_a_block(patient: Installation, module: Module) -> None:
    repository = module(main_tf=_executing("true") + DONE)
    version = patient.define(terraform(repository), outputs={"done": an_output()})
    block = patient.ordered(version)
    uuid = text_of(block, "metadata", "uuid")

    repository.commit({"main.tf": None, "readme.md": "moved"})
    _run_again(patient, uuid)
    again = patient.settled(uuid)

    assert status(again) == "FAILED"
    assert "contains no module" in patient.logs(again)
    resources = _state_of(patient, uuid)["resources"]
    assert isinstance(resources, list)
    assert len(resources) == 1


def _state_of(blockyard: Installation, block: str) -> JsonObject:
    versions: Json = blockyard.call("GET", f"/api/blockyard/v1/blocks/{block}/state/versions", "application/json")
    assert isinstance(versions, dict)
    newest = versions["versions"]
    assert isinstance(newest, list)
    assert isinstance(newest[0], dict)
    return blockyard.call(
        "GET", f"/api/blockyard/v1/blocks/{block}/state/versions/{newest[0]['number']}", "application/json"
    )


def test_a_provider_that_cannot_be_had_is_named(patient: Installation, module: Module) -> None:
    address = f"localhost:{free_port()}/acme/widget"
    required = f'terraform {{\n  required_providers {{\n    widget = {{ source = "{address}" }}\n  }}\n}}\n'
    block = patient.settled(_order(patient, terraform(module(main_tf=required + DONE))))

    said = patient.logs(block)
    assert status(block) == "FAILED"
    assert address in _user_messages(patient, block)
    assert "required_providers" in said
    assert "mirror" in said


def _user_messages(blockyard: Installation, block: JsonObject) -> str:
    run = text_of(block, "status", "latestRunUuid")
    detail = blockyard.call("GET", f"/api/blockyard/v1/runs/{run}", "application/json")
    steps: list[JsonObject] = []
    _collect(detail, steps)
    return " ".join(str(step["userMessage"]) for step in steps)


def _collect(document: Json, found: list[JsonObject]) -> None:
    if isinstance(document, dict):
        if "userMessage" in document:
            found.append(document)
        for member in document.values():
            _collect(member, found)
    if isinstance(document, list):
        for member in document:
            _collect(member, found)


def _run_again(blockyard: Installation, block: str) -> None:
    blockyard.call("POST", f"/api/meshobjects/meshbuildingblocks/{block}/trigger-run", kinds.BLOCK_V2.media)
