"""The engine of this machine validates a module before it is released."""

import os
import re
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


CHECKED = 'output "o" { value = 1 }\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('variable "a" {}\nvariable "a" {}\n', r"main\.tf line 2: Duplicate variable declaration: .*\"a\""),
        ('variable "version" {}\n', r"main\.tf line 1: Invalid variable name: .*reserved"),
        ('variable "a" {\n  sensitive = null\n}\n', r"main\.tf line 2: Unsuitable value type: .*null"),
        ('check "x" {\n}\n', r"main\.tf line 1: Zero assert blocks"),
        ('variable "a" {\n', r"main\.tf line 1: Unclosed configuration block"),
        ('module "x" {\n  source = "./nowhere"\n}\n', r"Unreadable module directory: .*nowhere"),
        ('module "x" {\n  source = "../outside"\n}\n', r"Unreadable module directory"),
        ('module "x" {\n  source  = "./x"\n  version = "1"\n}\n', r"main\.tf line 2: Invalid registry module source"),
        (
            'terraform {\n  required_version = "< 0.1"\n}\nvariable "a" {}\nvariable "a" {}\n',
            r"main\.tf line 5: Duplicate",
        ),
    ],
)
def test_what_the_engine_refuses_when_it_initializes_is_refused(
    engine: Path, tmp_path: Path, text: str, problem: str
) -> None:
    with pytest.raises(Failure, match=f"^the module is not valid: {problem}"):
        check(module(tmp_path, text), [], environment(engine, tmp_path))


def test_a_broken_lock_file_is_refused(engine: Path, tmp_path: Path) -> None:
    made = module(tmp_path, CHECKED)
    (made / ".terraform.lock.hcl").write_text('provider "x" {\n')

    with pytest.raises(Failure, match=r"failed to read dependency lock file: .*Unclosed"):
        check(made, [], environment(engine, tmp_path))


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (
            'terraform {\n  required_providers {\n    a = { source = "127.0.0.1:1/a/a" }\n  }\n}\n',
            "Failed to query available provider packages: .*127.0.0.1:1/a/a",
        ),
        ('module "x" {\n  source = "git::https://127.0.0.1:1/x.git"\n}\n', "Failed to download module: .*127.0.0.1:1"),
        ('terraform {\n  required_version = "< 0.1"\n}\n', "Unsupported .* Core version: .*does not support"),
    ],
)
def test_what_cannot_be_fetched_here_is_a_warning_that_names_the_cause(
    engine: Path, tmp_path: Path, text: str, cause: str
) -> None:
    (warning,) = check(module(tmp_path, text), [], environment(engine, tmp_path))

    assert re.search(f"could not initialize the module, so it was not validated: {cause}", warning)


def test_a_valid_module_may_use_what_every_run_declares(engine: Path, tmp_path: Path) -> None:
    text = 'variable "meshstack_building_block_run_id" {}\noutput "o" { value = var.meshstack_building_block_id }\n'

    declared = ["meshstack_building_block_run_id"]
    assert check(module(tmp_path, text), declared, environment(engine, tmp_path)) == []


def test_a_module_that_cannot_be_initialized_is_not_validated_and_that_is_said(engine: Path, tmp_path: Path) -> None:
    unsupported = module(tmp_path, 'terraform {\n  required_version = "< 0.1"\n}\noutput "o" { value = var.nme }\n')

    (warning,) = check(unsupported, [], environment(engine, tmp_path))

    assert "could not initialize the module, so it was not validated: Unsupported" in warning


def test_files_that_inputs_bring_are_beside_the_module(engine: Path, tmp_path: Path) -> None:
    reads = module(tmp_path, 'output "o" { value = yamldecode(file("conf/some.yaml")).a }\n')

    assert check(reads, [], environment(engine, tmp_path), {"conf/some.yaml": b"a: 1", "../../x": b""}) == []
    with pytest.raises(Failure, match=r"no file exists at .*conf/some\.yaml") as caught:
        check(reads, [], environment(engine, tmp_path))
    assert "of type FILE" in str(caught.value.remedy)
    assert [path.name for path in reads.iterdir()] == ["main.tf"]


def test_what_another_version_of_the_engine_may_accept_is_a_warning(engine: Path, tmp_path: Path) -> None:
    newer = module(
        tmp_path,
        'terraform {\n  required_version = "< 0.1"\n}\nresource "terraform_data" "x" {\n  lifecycle {\n    nonsense = true\n  }\n}\n',
    )

    (warning,) = check(newer, [], environment(engine, tmp_path))

    assert "Unsupported" in warning


def test_without_an_engine_nothing_is_checked(tmp_path: Path) -> None:
    assert check(module(tmp_path, "nonsense"), [], {"PATH": str(tmp_path)}) == []
