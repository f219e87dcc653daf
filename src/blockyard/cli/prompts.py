"""Asks on a terminal: for missing inputs, and for passwords."""

import getpass
import re
import sys

import typer
from rich.console import Console
from rich.text import Text

from blockyard.cli.exits import Failure, usage
from blockyard.cli.model import Input
from blockyard.cli.output import plain
from blockyard.cli.session import interactive
from blockyard.cli.values import wire_value
from blockyard.protocol.jsontypes import JsonObject


def ask_one(item: Input, console: Console) -> JsonObject | None:
    """Return the wire value of an input, asking until the answer can be read; None if an optional one is left out."""
    console.print(Text.assemble((plain(item.name), "bold"), f"  {item.key}, {item.type.lower().replace('_', ' ')}"))
    if item.description:
        console.print(Text(plain(item.description.strip()), style="dim"))
    for index, option in enumerate(item.options, start=1):
        console.print(Text(f"  {index}  {plain(option)}"))
    while True:
        answer = typer.prompt(_question(item), hide_input=item.sensitive, err=True, default="", show_default=False)
        if item.can_be_left_out and answer == "":
            return None
        try:
            _check_pattern(item, str(answer))
            return wire_value(item, _answers(item, str(answer)))
        except Failure as failure:
            console.print(Text(plain(failure.message), style="red"))


def _check_pattern(item: Input, answer: str) -> None:
    """Refuse an answer the server would refuse, while it can be given again. Raises Failure (usage)."""
    if item.type in {"STRING", "INTEGER"} and item.regex and not _matches(item.regex, answer):
        raise usage(item.regex_message or f"it must match {item.regex}")


def _matches(pattern: str, answer: str) -> bool:
    try:
        return re.fullmatch(pattern, answer) is not None
    except re.error:
        return True  # the server decides


def _question(item: Input) -> str:
    question = _wanted(item)
    return f"{question}; Enter leaves it out" if item.can_be_left_out else question


def _wanted(item: Input) -> str:
    match item.type:
        case "SINGLE_SELECT":
            return "Number or text of the option"
        case "MULTI_SELECT":
            return "Numbers or texts of the options, separated by commas"
        case "BOOLEAN":
            return "true or false"
        case "FILE":
            return "@path"
        case "CODE" | "JSON":
            return "Text, or @path"
        case _:
            return "Value"


def _answers(item: Input, answer: str) -> list[str]:
    """Return the texts of an answer: numbers of options become the options."""
    if item.type == "SINGLE_SELECT":
        return [_option(item, answer)]
    if item.type == "MULTI_SELECT" and answer not in item.options and not answer.startswith("["):
        return [_option(item, part) for part in answer.split(",") if part.strip()]
    return [answer]


def _option(item: Input, answer: str) -> str:
    word = answer.strip()
    if word in item.options or not word.isdecimal() or not 0 < int(word) <= len(item.options):
        return word
    return item.options[int(word) - 1]


def secret_word(what: str, *, from_stdin: bool) -> str:
    """Return a password or a secret, from standard input or whoever sits at the terminal. Raises Failure (usage), Abort."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not interactive():
        raise usage(f"cannot ask for the {what.lower()}: this is not a terminal", "Give --password-stdin.")
    try:
        return getpass.getpass(f"{what}: ")
    except (KeyboardInterrupt, EOFError):
        raise typer.Abort from None
