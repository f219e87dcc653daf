"""The engine of this machine validates a module before it is released."""

import os
from pathlib import Path

import pytest

from blockyard.cli.engine_check import check
from blockyard.cli.exits import ExitCode, Failure


def environment(engine: Path, home: Path) -> dict[str, str]:
    return {
        "PATH": f"{engine.parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "TF_CLI_ARGS": "-nonsense",
        "TF_DATA_DIR": "/nonsense",
    }


def module(folder: Path, text: str) -> Path:
    made = folder / "module"
    made.mkdir()
    (made / "main.tf").write_text(text)
    return made


def test_a_module_that_the_engine_refuses_is_refused_with_file_and_line(engine: Path, tmp_path: Path) -> None:
    wrong = module(tmp_path, 'variable "name" { type = string }\noutput "o" { value = var.nme }\n')

    with pytest.raises(Failure, match=r"main\.tf line 2: Reference to undeclared input variable") as caught:
        check(wrong, ["name"], environment(engine, tmp_path))

    assert caught.value.exit_code is ExitCode.USAGE
    assert sorted(path.name for path in wrong.iterdir()) == ["main.tf"]


def test_a_valid_module_may_use_what_every_run_declares(engine: Path, tmp_path: Path) -> None:
    text = 'variable "meshstack_building_block_run_id" {}\noutput "o" { value = var.meshstack_building_block_id }\n'

    declared = ["meshstack_building_block_run_id"]
    assert check(module(tmp_path, text), declared, environment(engine, tmp_path)) == []


def test_a_module_that_cannot_be_initialized_is_not_validated_and_that_is_said(engine: Path, tmp_path: Path) -> None:
    unsupported = module(tmp_path, 'terraform {\n  required_version = "< 0.1"\n}\noutput "o" { value = var.nme }\n')

    (warning,) = check(unsupported, [], environment(engine, tmp_path))

    assert "could not initialize the module, so it was not validated: Unsupported" in warning


def test_without_an_engine_nothing_is_checked(tmp_path: Path) -> None:
    assert check(module(tmp_path, "nonsense"), [], {"PATH": str(tmp_path)}) == []
