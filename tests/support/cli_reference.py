"""The reference of all commands, as docs/cli.md holds it; run as a script it writes it there."""

from pathlib import Path

import typer
from typer.core import TyperArgument, TyperGroup, TyperOption

from blockyard import __main__ as command
from blockyard.cli.app import build
from blockyard.cli.examples import EXAMPLES
from blockyard.cli.exits import MEANINGS

DOCUMENT = Path(__file__).parents[2] / "docs" / "cli.md"
BEGIN, END = "<!-- reference: begin -->\n", "<!-- reference: end -->\n"


def render() -> str:
    """Return the reference: exit codes, then every command with its arguments and options."""
    application = build()
    for name, server in command._SERVERS.items():
        application.command(name, hidden=name in command._HIDDEN)(server)
    group = typer.main.get_command(application)
    assert isinstance(group, TyperGroup)
    codes = "".join(f"| {code.value} | {meaning} |\n" for code, meaning in MEANINGS.items())
    parts = ["## Exit codes\n\n| code | means |\n|---|---|\n" + codes, "## Commands\n"]
    return "\n".join([*parts, *_group(group, "blockyard")])


def reference_of(document: str) -> str:
    """Return the reference that a document holds."""
    return document.partition(BEGIN)[2].partition(END)[0]


def _group(group: TyperGroup, path: str) -> list[str]:
    parts: list[str] = []
    for name, item in group.commands.items():
        if isinstance(item, TyperGroup):
            parts += _group(item, f"{path} {name}")
        elif not item.hidden:
            parts.append(_command(item.params, item.help or "", f"{path} {name}"))
            words = f"{path} {name}".removeprefix("blockyard ")
            lines = "".join(f"$ blockyard {example}\n" for example in EXAMPLES.get(words, ()))
            parts.append(f"```console\n{lines}```\n")
    return parts


def _command(parameters: object, text: str, path: str) -> str:
    assert isinstance(parameters, list)
    arguments = [item for item in parameters if isinstance(item, TyperArgument)]
    options = [item for item in parameters if isinstance(item, TyperOption) and not item.hidden and item.name != "help"]
    usage = " ".join([path, *(_usage(item) for item in arguments)])
    rows = [f"| `{_name(item)}` | {_described(item)} |\n" for item in arguments]
    rows += [f"| {_spellings(item)} | {_described(item)} |\n" for item in options]
    table = "| | |\n|---|---|\n" + "".join(rows) if rows else ""
    return f"### `{usage}`\n\n{_paragraphs(text)}\n\n{table}"


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _name(item: TyperArgument) -> str:
    return (item.metavar or item.name or "").upper()


def _usage(item: TyperArgument) -> str:
    return _name(item) if item.required else f"[{_name(item)}]"


def _spellings(item: TyperOption) -> str:
    return ", ".join(f"`{word}`" for word in [*item.opts, *item.secondary_opts])


def _described(item: TyperArgument | TyperOption) -> str:
    text = (item.help or "").replace("|", "\\|")
    if item.required and isinstance(item, TyperOption):
        return f"{text} Required."
    shown = item.default if isinstance(item.default, str | int) and not isinstance(item.default, bool) else None
    return text if shown in {None, ""} else f"{text} Default: `{shown}`."


if __name__ == "__main__":
    written = DOCUMENT.read_text(encoding="utf-8")
    head, tail = written.partition(BEGIN)[0], written.partition(END)[2]
    DOCUMENT.write_text(f"{head}{BEGIN}\n{render()}\n{END}{tail}", encoding="utf-8")
