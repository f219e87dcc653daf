"""Who gets a role: the options of the commands that give one."""

from typing import Annotated

import typer

from blockyard.cli.exits import usage
from blockyard.cli.option_words import last_day

User = Annotated[str | None, typer.Option("--user", help="Username of a person.")]
Expires = Annotated[str | None, typer.Option("--expires", metavar="DAY", help="Last day, YYYY-MM-DD.", parser=last_day)]


def the_one(user: str | None, group: str | None, rule: str) -> str:
    """Return the person or the group that was given. Raises Failure (usage): not exactly one, which `rule` asks for."""
    subject = user or group
    if subject is None or (user and group):
        raise usage(rule, "Give --user or --group.")
    return subject
