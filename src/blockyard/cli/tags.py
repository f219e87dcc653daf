"""Tags as options: `--tag KEY=VALUE`, repeatable; `KEY=` takes a tag away."""

from typing import Annotated

import typer

from blockyard.cli.documents import texts
from blockyard.cli.option_words import key_and_value
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
