"""Tags as options: `--tag KEY=VALUE`, repeatable; `KEY=` takes a tag away."""

from typing import Annotated

import typer

from blockyard.cli.documents import members, texts
from blockyard.cli.listing import tell_one
from blockyard.cli.option_words import key_and_value
from blockyard.cli.resources import JSON
from blockyard.cli.session import Session
from blockyard.protocol.jsontypes import JsonObject

Tag = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        metavar="KEY=VALUE",
        help="A value of a tag; repeatable. KEY= takes the tag away.",
        parser=key_and_value,
    ),
]


def with_tags(before: JsonObject, given: list[str] | None) -> JsonObject:
    """Return all tags; those whose keys are given have the given values only."""
    values: dict[str, list[str]] = {}
    for word in given or []:
        key, _, value = word.partition("=")
        values.setdefault(key, []).extend([value] if value else [])
    kept: JsonObject = {key: value for key, value in before.items() if key not in values}
    return kept | {key: [*new] for key, new in values.items() if new}


def tag_facts(tags: JsonObject) -> list[tuple[str, str]]:
    """Return the tags of an object as facts about it."""
    return [(f"tag {key}", ", ".join(texts(tags, key))) for key in tags]


def tell_tags(session: Session, path: str, given: list[str] | None, called: str) -> None:
    """Print the tags at an address; with tags that were given, store these and tell. Raises Failure."""
    document = session.client.get(path)
    if given:
        body: JsonObject = {"tags": with_tags(members(document, "tags"), given)}
        stored: JsonObject = session.client.request("PUT", path, body=body, sends=JSON).json()
        session.printer.result(stored, f"Tags of {called} changed.")
    else:
        tell_one(session, document, tag_facts(members(document, "tags")))
