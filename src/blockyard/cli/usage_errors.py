"""What is wrong with the words of a command line, in our words, and as a document for programs that ask for it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import typer
from pydantic_core import ValidationError
from typer._click.core import Command, Context  # these are public nowhere
from typer._click.exceptions import MissingParameter, NoArgsIsHelpError, UsageError
from typer.core import TyperArgument, TyperGroup, TyperOption

from blockyard.cli.examples import shown
from blockyard.cli.exits import usage
from blockyard.cli.output import Format, Printer
from blockyard.diagnosis.validation import in_words

_OWN_WORDS = frozenset({"value_error", "assertion_error"})
"""Kinds of errors that come with a whole sentence."""

_SURPLUS = re.compile(r"Got unexpected extra argument(?:\(s\)|s)? \((.*)\)")


class Commands(TyperGroup):
    """The outermost group of commands: tells wrong usage as commands tell their failures."""

    _words: tuple[str, ...] = ()

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """Return a command, its arguments spelled as our sentences and documents spell them, with its examples."""
        found = super().get_command(ctx, cmd_name)
        if found is not None:
            spell(found, cmd_name)
        return found

    def make_context(
        self, info_name: str | None, args: list[str], parent: Context | None = None, **extra: object
    ) -> Context:
        """Read the words up to the name of a command."""
        self._words = tuple(args)
        with _telling(self._words):
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: Context) -> object:
        """Read the words after the name of the command, and do it."""
        with _telling(self._words):
            return super().invoke(ctx)


def spell(command: Command, path: str) -> None:
    """Complete what help says of a command, and of those below it; `path` is its words."""
    command.epilog = shown(path) or None
    for parameter in command.params:
        if isinstance(parameter, TyperArgument):
            parameter.metavar = parameter.metavar or (parameter.name or "").upper()
    for name, inner in command.commands.items() if isinstance(command, TyperGroup) else ():
        spell(inner, f"{path} {name}")


@contextmanager
def _telling(words: Sequence[str]) -> Iterator[None]:
    try:
        yield
    except NoArgsIsHelpError:
        raise
    except UsageError as error:
        failure = usage(_sentence(error), f"'{error.ctx.command_path} -h' shows the usage." if error.ctx else None)
        Printer(_format(words)).fail(failure)
        raise typer.Exit(failure.exit_code) from None


def _format(words: Sequence[str]) -> Format:
    """Return how the problem is printed: as the words ask for, though they are not understood."""
    for form in (Format.JSON, Format.YAML):
        pairs = {("-o", form.value), ("--output", form.value)}
        if not {f"-o{form}", f"--output={form}"}.isdisjoint(words) or not pairs.isdisjoint(pairwise(words)):
            return form
    return Format.TABLE


def _sentence(error: UsageError) -> str:
    if isinstance(error, MissingParameter) and error.param is not None:
        return f"{_name(error.param)} is missing"
    if isinstance(error, typer.BadParameter) and error.param is not None:
        name = _name(error.param)
        if not isinstance(error.__cause__, ValidationError):
            return f"{name}: {error.message}"
        found = error.__cause__.errors(include_input=False, include_url=False)[0]
        return f"{name}{':' if found['type'] in _OWN_WORDS else ''} {in_words(found).rstrip('.')}"
    message = error.format_message().rstrip(".")
    if surplus := _SURPLUS.fullmatch(message):
        return f"too many words: {surplus[1]}"
    return message[:1].lower() + message[1:]


def _name(parameter: object) -> str:
    """Return an option as it is written, by its first long name, and an argument as help shows it."""
    if isinstance(parameter, TyperOption):
        return next((name for name in parameter.opts if name.startswith("--")), parameter.opts[0])
    return (parameter.metavar or parameter.name or "").upper() if isinstance(parameter, TyperArgument) else "a value"
