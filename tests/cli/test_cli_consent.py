"""No command destroys anything before somebody agreed."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

import blockyard.cli.commands
import blockyard.cli.plain_kinds
from blockyard.cli.app import build

COMMANDS = Path(blockyard.cli.commands.__file__).parent
OF_PLAIN_KINDS = Path(blockyard.cli.plain_kinds.__file__)
DESTRUCTIVE_WORDS = frozenset({"delete", "purge", "remove", "restore"})


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    of_plain_kinds = next(
        node
        for node in ast.parse(OF_PLAIN_KINDS.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and node.name == "PlainKind"
    )
    modules = {path.name: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(COMMANDS.glob("*.py"))}
    for name, module in {OF_PLAIN_KINDS.name: of_plain_kinds, **modules}.items():
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef):
                yield f"{name}::{node.name}", node


def position_of(node: ast.FunctionDef, name: str) -> int | None:
    """Return the line of the first call of a function or method of this name."""
    calls = [item for item in ast.walk(node) if isinstance(item, ast.Call)]
    lines = [
        call.lineno
        for call in calls
        if (isinstance(call.func, ast.Attribute) and call.func.attr == name)
        or (isinstance(call.func, ast.Name) and call.func.id == name)
    ]
    return min(lines, default=None)


def sends_something_destructive(node: ast.FunctionDef) -> int | None:
    """Return the line of the first request that destroys: a DELETE, or an action with such a name."""
    deleted = position_of(node, "delete")
    if deleted is not None:
        return deleted
    actions = [
        item.lineno
        for item in ast.walk(node)
        if isinstance(item, ast.Constant)
        and isinstance(item.value, str)
        and "/" in item.value
        and item.value.rpartition("/")[2] in DESTRUCTIVE_WORDS
    ]
    return min(actions, default=None)


DESTRUCTIVE = [(name, node) for name, node in functions() if sends_something_destructive(node)]


@pytest.mark.parametrize(("name", "node"), DESTRUCTIVE, ids=[name for name, _ in DESTRUCTIVE])
def test_a_command_asks_before_it_sends_what_destroys(name: str, node: ast.FunctionDef) -> None:
    asked = position_of(node, "require_consent")

    assert asked is not None, f"{name} destroys without asking"
    assert asked < (sends_something_destructive(node) or 0)


def test_every_command_with_a_destructive_name_takes_yes() -> None:
    group = get_command(build())
    assert isinstance(group, TyperGroup)
    found = {
        f"{name} {word}": [option for parameter in command.params for option in parameter.opts]
        for name, inner in group.commands.items()
        if isinstance(inner, TyperGroup)
        for word, command in inner.commands.items()
        if word in DESTRUCTIVE_WORDS
    }

    groups = [
        "bindings",
        "blocks",
        "definitions",
        "groups",
        "identity-providers",
        "keys",
        "landing-zones",
        "locations",
        "integrations",
        "payment-methods",
        "platform-types",
        "platforms",
        "policies",
        "project-roles",
        "projects",
        "runners",
        "tag-definitions",
        "tenants",
        "users",
        "workspaces",
    ]
    assert sorted(found) == sorted(
        [*(f"{group} delete" for group in groups), "groups remove", "state restore", "tenants purge"]
    )
    assert all("--yes" in options for options in found.values()), found
