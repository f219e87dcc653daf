"""Folders that spare later runs of the same sources the clone and `init`."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from blockyard.runner.executors.opentofu.engine.diagnostics import asks_for_init
from blockyard.runner.executors.opentofu.sources.prepared import MAX_FOLDERS, Family, family
from blockyard.runner.frame.executor import Outcome
from tests.support.git_repositories import Repository, create_repository
from tests.support.opentofu_runs import OpenTofuRun, a_data_url, an_input

NewRun = Callable[..., OpenTofuRun]
MODULE = {
    "main.tf": 'variable "name" {}\nresource "terraform_data" "it" { input = var.name }\n'
    'module "local" { source = "./local" }\noutput "o" { value = "${terraform_data.it.output}${module.local.o}" }\n',
    "local/main.tf": 'output "o" { value = "!" }\n',
}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """The repository of all runs."""
    return create_repository(tmp_path / "shared.git", MODULE)


@pytest.fixture
def shared(new_run: NewRun, repository: Repository, tmp_path: Path) -> NewRun:
    """Make runs of one runner and one repository."""

    def make(name: str = "ada", **implementation: object) -> OpenTofuRun:
        return new_run(
            implementation={"repositoryUrl": f"file://{repository.path}", **implementation},
            inputs=[an_input("name", name)],
            settings={"work_dir": tmp_path / "runner"},
        )

    return make


def succeed(run: OpenTofuRun) -> OpenTofuRun:
    """Execute a run that must succeed."""
    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    return run


def test_a_second_run_of_the_same_commit_needs_one_engine_start(shared: NewRun) -> None:
    first, second, third = succeed(shared("ada")), succeed(shared("eve", preRunScript="touch made")), shared("bob")
    succeed(third)

    assert (first.commands, second.commands, third.commands) == (["init", "apply"], ["pre-run", "apply"], ["apply"])
    assert [run.reporter.outputs["o"].value for run in (first, second, third)] == ["ada!", "eve!", "bob!"]
    assert "init is not needed" in second.reporter.text("init_tf")
    assert not (third.run_dir / "made").exists()


def test_nothing_of_a_run_is_kept(shared: NewRun, tmp_path: Path) -> None:
    succeed(shared("very-private"))

    kept = [path for path in (tmp_path / "runner" / "prepared").rglob("*") if path.is_file()]
    assert {path.name for path in kept} >= {"main.tf"}
    assert not [path for path in kept if b"very-private" in path.read_bytes() or path.name.startswith("meshStack")]


def test_a_new_commit_a_branch_and_a_tag_are_told_apart(shared: NewRun, repository: Repository) -> None:
    repository.tag("v1", annotated=True)
    succeed(shared())
    repository.commit({"local/main.tf": 'output "o" { value = "?" }\n'})

    assert succeed(shared()).reporter.outputs["o"].value == "ada?"
    tagged = succeed(shared(refName="v1"))
    assert (tagged.reporter.outputs["o"].value, tagged.commands) == ("ada!", ["apply"])
    commit = repository.resolve("v1^{commit}")
    assert succeed(shared(refName=commit)).commands == ["apply"]
    unknown = shared(refName="unknown")
    assert unknown.execute().outcome is Outcome.FAILED
    assert unknown.reporter.user_messages["sources"].startswith("reference not found: ")


def test_a_repository_that_may_not_be_read_is_not_opened_by_a_kept_folder(
    shared: NewRun, repository: Repository
) -> None:
    succeed(shared())
    shutil.move(repository.path, repository.path.with_name("moved"))

    assert shared().execute().outcome is Outcome.FAILED


def test_runs_that_differ_in_more_than_their_sources_share_nothing(shared: NewRun, tmp_path: Path) -> None:
    succeed(shared())
    with_file, steered, official, none = (shared() for _ in range(4))
    with_file.inputs = [*with_file.inputs, an_input("x", a_data_url(b"x"), "FILE")]
    steered.inputs = [*steered.inputs, an_input("HTTPS_PROXY", "http://127.0.0.1:9", environment=True)]
    official.blockyard = False
    none.settings = {"work_dir": tmp_path / "runner", "prepared_dir": "none"}

    for run in (with_file, steered, official, none):
        assert "init" in succeed(run).commands


def test_the_runs_of_another_workspace_share_nothing(shared: NewRun) -> None:
    succeed(shared())
    other = shared()
    other.owner = "somebody-else"

    assert "init" in succeed(other).commands


def test_a_folder_the_engine_does_not_accept_is_initialized(shared: NewRun, tmp_path: Path) -> None:
    succeed(shared())
    (data,) = (tmp_path / "runner" / "prepared").glob("*/*/*/.terraform")
    shutil.rmtree(data)

    run = succeed(shared("eve"))
    assert run.commands == ["apply", "init", "apply-again"]
    assert run.reporter.outputs["o"].value == "eve!"


def test_what_asks_for_init_is_an_error_of_the_engine_not_any_text() -> None:
    assert asks_for_init('Error: Backend initialization required, please run "terraform init"\n')
    assert asks_for_init("│ Error: Required plugins are not installed\n")
    assert not asks_for_init('echo: Error in script: please run "terraform init"\n')


def a_folder(tmp_path: Path, name: str = "work") -> Path:
    """Return a run directory with a module."""
    folder = tmp_path / name
    folder.mkdir()
    (folder / "main.tf").write_text("# module")
    (folder / "secret").write_text("of the run")
    return folder


def keep(kept: Family, folder: Path, commit: str = "c") -> None:
    """Keep a folder without its secret."""
    kept.keep(commit, folder, lambda name: name == "secret")


def test_a_folder_is_copied_without_what_belongs_to_the_run(tmp_path: Path) -> None:
    kept = family(tmp_path / "prepared", "shop", ["a"])
    keep(kept, a_folder(tmp_path))
    used = tmp_path / "used"

    assert kept.use("c", used)
    assert [path.name for path in used.iterdir()] == ["main.tf"]
    assert not kept.use("other", tmp_path / "unused")
    assert not family(tmp_path / "prepared", "shop", ["b"]).has_any


@pytest.mark.parametrize(
    ("listed", "is_kept"),
    [
        ('{"Modules": [{"Key": "", "Source": "", "Dir": "."}, {"Key": "a", "Source": "./a"}]}', True),
        ('{"Modules": [{"Key": "a", "Source": "git::https://x.test/a"}]}', False),
        ('{"Modules": [{"Key": "a", "Source": "registry.opentofu.org/a/b/c", "Version": "1.0.0"}]}', False),
        ("broken", False),
    ],
)
def test_modules_that_fetch_modules_are_not_kept(tmp_path: Path, listed: str, is_kept: bool) -> None:  # noqa: FBT001  a parameter
    folder = a_folder(tmp_path)
    (folder / ".terraform" / "modules").mkdir(parents=True)
    (folder / ".terraform" / "modules" / "modules.json").write_text(listed)
    kept = family(tmp_path / "prepared", "shop", ["a"])
    keep(kept, folder)

    assert kept.has_any is is_kept


def test_a_folder_with_providers_grows_old_and_needs_its_providers(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    provider = folder / ".terraform" / "providers" / "h.test" / "a" / "b" / "1.0.0"
    provider.mkdir(parents=True)
    (tmp_path / "cached").mkdir()
    (provider / "linux").symlink_to(tmp_path / "cached")
    kept = family(tmp_path / "prepared", "shop", ["a"])

    keep(kept, folder)
    assert kept.use("c", tmp_path / "fresh")
    os.utime(kept.folder / "c", (time.time() - 1000, time.time() - 1000))
    assert not kept.use("c", tmp_path / "old")

    keep(kept, folder)
    (tmp_path / "cached").rmdir()
    assert not kept.use("c", tmp_path / "dangling")
    assert not (kept.folder / "c").exists()


def test_large_folders_are_not_kept_and_the_oldest_go(tmp_path: Path) -> None:
    large = a_folder(tmp_path, "large")
    with (large / "big").open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    kept = family(tmp_path / "prepared", "shop", ["a"])
    keep(kept, large)
    assert not kept.has_any

    folder = a_folder(tmp_path)
    for number in range(MAX_FOLDERS + 2):
        keep(kept, folder, f"c{number}")
        os.utime(kept.folder / f"c{number}", (number, number))
    assert len(list(kept.folder.iterdir())) == MAX_FOLDERS
    assert not (kept.folder / "c0").exists()


@pytest.mark.parametrize(
    ("name", "text", "is_kept"),
    [
        ("main.tf", 'module "m" {\n  source = "./mods/${var.kind}"\n}\n', False),
        ("main.tf", 'module "m" {\n  source = var.source\n}\n', False),
        (
            "main.tf",
            'module "m" {\n  tags = { a = "x" }\n  version = local.version # 1.0\n  source = "./mods/a"\n}\n',
            False,
        ),
        ("mods/a/inner.tofu", 'module "m" {\n  source = "./${local.x}"\n}\n', False),
        ("main.tf.json", '{"module": {"m": {"source": "./${var.kind}"}}}', False),
        (
            "main.tf",
            'module "m" {\n  source = "./mods/a" # ${no}\n}\nresource "x" "y" {\n  source = var.file\n}\n',
            True,
        ),
        ("main.tf.json", '{"module": {"m": {"source": "./mods/a", "x": "${var.kind}"}}}', True),
    ],
)
def test_modules_that_compute_where_a_module_comes_from_are_not_kept(
    tmp_path: Path,
    name: str,
    text: str,
    is_kept: bool,  # noqa: FBT001  a parameter
) -> None:
    run_dir = tmp_path / "run"
    (run_dir / name).parent.mkdir(parents=True)
    (run_dir / name).write_text(text)
    kept = family(tmp_path / "prepared", "team", ["x"])

    kept.keep("c0ffee", run_dir, lambda _: False)

    assert (kept.folder / "c0ffee").exists() is is_kept


@pytest.mark.parametrize("summary", ["Module source has changed", "Module version requirements have changed"])
def test_an_engine_that_finds_another_module_asks_for_init(summary: str) -> None:
    assert asks_for_init(f'\nError: {summary}\n\n  on main.tf line 2, in module "m":\n')
