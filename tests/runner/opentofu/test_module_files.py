"""What the runner reads of a module and of what it leaves behind."""

import ast
from collections.abc import Callable
from pathlib import Path

from blockyard import runner
from blockyard.modules.module import MAX_JSON_BYTES
from blockyard.runner.executors.opentofu.initialization import Initialized, read_local_state
from blockyard.runner.executors.opentofu.sources.module_files import module_files
from blockyard.runner.executors.opentofu.state.backend import Backend
from blockyard.runner.frame.executor import Outcome
from tests.support.opentofu_runs import OpenTofuRun

NewRun = Callable[..., OpenTofuRun]

OPENERS = {
    "open",
    "read_text",
    "read_bytes",
    "write_text",
    "write_bytes",
    "move",
    "copy",
    "copy2",
    "copyfile",
    "ZipFile",
}
OWN_FILES = {
    "engines.py": "engines lie in a folder of the runner",
    "download.py": "the same",
    "version_cache.py": "a file in the work directory of the runner",
    "files.py": "creates files only, and follows no link",
    "made_files.py": "the one place",
}
"""Modules that open no file of a run; the rest of the executors opens files through `made_files` alone."""

OWN_FUNCTIONS = {
    ("plugins.py", "_operators_config"): "a file of the operator",
    ("initialization.py", "_take_lock_file_of_plan"): "an archive from a file that is open already",
    ("initialization.py", "_lock_file_in"): "a member of that archive",
    ("stage.py", "_read"): "a token that the runner has written; all else goes through that place",
    ("work.py", "open_inputs"): "opens envelopes",
    ("work.py", "mask_former"): "opens envelopes",
}


def test_links_inside_the_folder_are_read_and_no_others(tmp_path: Path) -> None:
    run_dir = tmp_path / "work"
    (run_dir / "nested").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (run_dir / "nested" / "inner.tf").write_text("inner")
    (run_dir / "a.tf").write_text("outer")
    (run_dir / "b.tf").write_bytes(b"odd \xff")
    (run_dir / "c.tf").symlink_to("nested/inner.tf")
    (run_dir / "d.tf").symlink_to("../secret")
    (run_dir / "e.tf").symlink_to("/dev/zero")
    (run_dir / "f.tf").symlink_to("nowhere")
    (run_dir / "g.tf").mkdir()
    (run_dir / "h.tf").write_text(" " * (2 * MAX_JSON_BYTES))
    (run_dir / "i.txt").write_text("data")
    (run_dir / "j.tf").write_text("left out")

    found = module_files(run_dir, leave_out=lambda name: name == "j.tf")
    assert len(found.pop("h.tf")) == MAX_JSON_BYTES + 1
    assert found == {"a.tf": "outer", "b.tf": "odd \udcff", "c.tf": "inner"}


def test_executors_open_what_a_module_made_through_one_place() -> None:
    folder = Path(runner.__file__).parent
    found = []
    for path in [*(folder / "executors").rglob("*.py"), *(folder / "frame").rglob("*.py")]:
        if path.name in OWN_FILES:
            continue
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef) and (path.name, function.name) not in OWN_FUNCTIONS:
                calls = [node for node in ast.walk(function) if isinstance(node, ast.Call) and _opens(node)]
                found += [f"{path.name}:{call.lineno}" for call in calls]

    assert found == []


def _opens(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in OPENERS


def test_a_message_that_is_a_link_to_a_file_of_the_runner_is_not_shown(new_run: NewRun, tmp_path: Path) -> None:
    (tmp_path / "runner-key.pem").write_text("the runner's key")
    script = f"ln -s {tmp_path}/runner-key.pem $MESHSTACK_USER_MESSAGE"
    run = new_run(files={"main.tf": ""}, implementation={"preRunScript": script})

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert "key" not in str(run.reporter.user_messages)


def test_a_message_nobody_writes_does_not_hold_the_runner(new_run: NewRun) -> None:
    run = new_run(files={"main.tf": ""}, implementation={"preRunScript": "mkfifo $MESHSTACK_USER_MESSAGE"})

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()


def test_a_state_that_is_a_link_to_a_file_of_the_runner_is_not_read(tmp_path: Path) -> None:
    run_dir = tmp_path / "work"
    run_dir.mkdir()
    (tmp_path / "other.tfstate").write_text('{"version": 4}')
    initialized = Initialized(Backend(), "", {})

    (run_dir / "terraform.tfstate").write_text('{"version": 4}')
    assert read_local_state(run_dir, initialized) == {"version": 4}
    (run_dir / "terraform.tfstate").unlink()
    (run_dir / "terraform.tfstate").symlink_to("../other.tfstate")
    assert read_local_state(run_dir, initialized) is None


def test_an_errored_state_that_is_a_link_is_not_taken(new_run: NewRun, tmp_path: Path) -> None:
    (tmp_path / "other.tfstate").write_text('{"version": 4}')
    script = f"ln -s {tmp_path}/other.tfstate errored.tfstate"
    failing = 'resource "terraform_data" "it" {\n  provisioner "local-exec" { command = "exit 3" }\n}\n'
    run = new_run(files={"main.tf": failing}, implementation={"preRunScript": script})

    assert run.execute().outcome is Outcome.FAILED
    assert "stored it for it" not in run.reporter.whole_text()
    assert (tmp_path / "other.tfstate").exists()
    assert not (run.folder / "runner" / "errored-states").exists()
