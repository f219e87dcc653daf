"""What the shell offers after a tab."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.support.network import free_port

FORM = """
name = "{name}"
[inputs.size]
type = "INTEGER"
description = "How many"
[inputs.agent]
assignment_type = "PLATFORM_OPERATOR_MANUAL_INPUT"
"""


def offered(cli: Cli, words: str, *, kind: str = "zsh") -> str:
    """Return what is offered after the words of a command."""
    asked = {"_BLOCKYARD_COMPLETE": f"complete_{kind}", "_TYPER_COMPLETE_ARGS": words, "COMP_WORDS": words}
    count = {"COMP_CWORD": str(len(words.split(" ")) - 1)}
    ended = subprocess.run(
        [Path(sys.executable).with_name("blockyard")],
        env=cli.environment | asked | count,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stderr == ""
    return ended.stdout


@pytest.fixture
def furnished(cli: Cli, tmp_path: Path) -> Cli:
    if cli("definitions", "show", "Two words").code:
        for name in ("Two words", "Single"):
            file = tmp_path / f"{name}.toml"
            file.write_text(FORM.format(name=name))
            cli.does("definitions", "import", "--manual", "-f", str(file), "-w", "shop", "--release")
        cli("blocks", "order", "Single", "-w", "shop", "-i", "size=1", "--name", "to-complete")
    return cli


def test_names_of_everything_are_offered(furnished: Cli) -> None:
    assert "Single" in offered(furnished, "blockyard definitions show ")
    assert "to-complete" in offered(furnished, "blockyard blocks show ")
    assert "to-complete" in offered(furnished, "blockyard blocks delete to-")
    assert "shop" in offered(furnished, "blockyard blocks list --workspace ")
    assert "Shared runner" in offered(furnished, "blockyard runners show ")
    assert "WAITING_FOR_OPERATOR_INPUT" in offered(furnished, "blockyard blocks list --status WAIT")
    assert offered(furnished, "blockyard blocks show nothing-of-the-kind") in {"", "_files\n"}


def test_inputs_are_offered_with_what_they_are(furnished: Cli) -> None:
    ordered = offered(furnished, "blockyard blocks order Single -w shop -i ")
    assert '"size=":"How many"' in ordered
    assert "agent=" in ordered
    assert "size=" in offered(furnished, "blockyard blocks update to-complete -i ")


def test_a_name_of_two_words_is_spelled_for_the_shell(furnished: Cli) -> None:
    assert r"Two\ words" in offered(furnished, "blockyard definitions show Two", kind="bash")


def test_nothing_is_offered_and_nothing_said_without_a_sign_in_or_a_server(stranger: Cli) -> None:
    away = stranger.with_environment(BLOCKYARD_URL=f"http://127.0.0.1:{free_port()}", BLOCKYARD_API_TOKEN="t")

    for nobody in (stranger, away):
        assert offered(nobody, "blockyard blocks show ") in {"", "_files\n"}
        assert offered(nobody, "blockyard blocks order x -i ") in {"", "_files\n"}
