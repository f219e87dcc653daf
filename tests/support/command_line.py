"""The command line in this process, made once: to make its commands takes longer than most of them take."""

from collections.abc import Mapping, Sequence
from functools import cache

import typer
from typer import testing

from blockyard.cli.app import build

testing._get_command = cache(typer.main.get_command)  # type: ignore[attr-defined]  # `invoke` makes them anew else
_application = cache(build)


def invoke(
    words: Sequence[str],
    environment: Mapping[str, str | None] | None = None,
    stdin: str | None = None,
    *,
    catch_exceptions: bool = True,
) -> testing.Result:
    """Run a command in this process."""
    runner = testing.CliRunner(env=environment)
    return runner.invoke(_application(), [*words], input=stdin, catch_exceptions=catch_exceptions)
