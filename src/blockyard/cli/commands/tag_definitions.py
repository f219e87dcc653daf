"""`tag-definitions list | show | create | update | delete`."""

from enum import StrEnum
from typing import Annotated

import typer

from blockyard.cli.changes import given
from blockyard.cli.completion import names_of
from blockyard.cli.documents import flag, member, members, text, texts
from blockyard.cli.exits import usage
from blockyard.cli.listing import Limit, PageNumber
from blockyard.cli.output import Format, columns, shown
from blockyard.cli.plain_kinds import DisplayName, Merge, MeshObjects, PlainKind
from blockyard.cli.session import OutputOption, UrlOption, connected
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import TAG_DEFINITION

tag_definitions = typer.Typer(
    name="tag-definitions", help="Tag definitions: which tags things may have. Only administrators have any."
)


class Type(StrEnum):
    """What values are."""

    STRING = "string"
    EMAIL = "email"
    INTEGER = "integer"
    NUMBER = "number"
    SINGLE_SELECT = "singleSelect"
    MULTI_SELECT = "multiSelect"


Which = Annotated[
    str,
    typer.Argument(
        metavar="KIND.KEY",
        help="Kind and key, such as meshProject.env.",
        autocompletion=names_of("tag-definitions"),
    ),
]
Description = Annotated[str | None, typer.Option("--description", help="What it is for.")]
Options = Annotated[
    list[str] | None, typer.Option("--option", metavar="VALUE", help="A value to choose; repeatable, in this order.")
]
Default = Annotated[
    list[str] | None, typer.Option("--default", metavar="VALUE", help="The default; repeatable with multiSelect.")
]
Regex = Annotated[
    str | None, typer.Option("--regex", metavar="REGEX", help="What values match as a whole; empty for anything.")
]
Mandatory = Annotated[
    bool | None,
    typer.Option("--mandatory/--no-mandatory", help="Whether a new thing needs a value.", show_default=False),
]
Immutable = Annotated[
    bool | None, typer.Option("--immutable/--no-immutable", help="Whether a value never changes.", show_default=False)
]
Restricted = Annotated[
    bool | None,
    typer.Option("--restricted/--no-restricted", help="Whether only administrators set it.", show_default=False),
]


def _types(document: JsonObject) -> dict[str, JsonObject]:
    """Return the type of values with what is said about it."""
    return {
        name: content for name, content in members(document, "spec", "valueType").items() if isinstance(content, dict)
    }


def _rules(document: JsonObject) -> str:
    return ", ".join(rule for rule in ("mandatory", "immutable", "restricted") if flag(document, "spec", rule)) or "-"


def _row(item: JsonObject) -> tuple[str, ...]:
    return (
        text(item, "metadata", "name"),
        text(item, "spec", "displayName"),
        ", ".join(_types(item)),
        _rules(item),
        text(item, "spec", "description"),
    )


def _more(document: JsonObject) -> list[tuple[str, str]]:
    content = next(iter(_types(document).values()), {})
    facts = [
        ("options", ", ".join(texts(content, "options")) or "-"),
        ("regex", text(content, "validationRegex") or "-"),
        ("default", shown(member(content, "defaultValue"))),
    ]
    return [fact for fact in facts if fact[1] != "-"]


_DEFINITIONS = PlainKind(
    word="tag definition",
    which=Which,
    objects=MeshObjects(kind=TAG_DEFINITION),
    columns=columns("NAME", "DISPLAY NAME", "TYPE", "RULES", wide=["DESCRIPTION"]),
    row=_row,
    more=_more,
)


@tag_definitions.command("list")
def list_tag_definitions(
    *, limit: Limit = 50, page: PageNumber = 1, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """List the tag definitions, the oldest first."""
    with connected(output, url) as session:
        _DEFINITIONS.tell_page(session, {}, page=page, limit=limit)


_DEFINITIONS.add_show(tag_definitions, "Show a tag definition.")


@tag_definitions.command("create")
def create_tag_definition(
    name: Annotated[str, typer.Argument(metavar="KIND.KEY", help="Kind and key, such as meshProject.env.")],
    *,
    type_: Annotated[
        Type | None, typer.Option("--type", help="What values are; string, or singleSelect with --option.")
    ] = None,
    display_name: DisplayName = None,
    description: Description = None,
    option: Options = None,
    default: Default = None,
    regex: Regex = None,
    mandatory: Mandatory = None,
    immutable: Immutable = None,
    restricted: Restricted = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Create a tag definition."""
    with connected(output, url) as session:
        kind, _, key = name.partition(".")
        type_ = type_ or (Type.SINGLE_SELECT if option else Type.STRING)
        spec: JsonObject = {"targetKind": kind, "key": key, "displayName": key}
        spec |= given(
            displayName=display_name,
            description=description,
            mandatory=mandatory,
            immutable=immutable,
            restricted=restricted,
        )
        spec["valueType"] = {type_.value: _content({}, type_, option, default, regex)}
        _DEFINITIONS.create(session, {"metadata": {"name": name}, "spec": spec}, name)


@tag_definitions.command("update")
def update_tag_definition(
    name: Which,
    *,
    display_name: DisplayName = None,
    description: Description = None,
    option: Options = None,
    default: Default = None,
    no_default: Annotated[bool, typer.Option("--no-default", help="Take the default away.")] = False,
    regex: Regex = None,
    mandatory: Mandatory = None,
    immutable: Immutable = None,
    restricted: Restricted = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Change a tag definition.

    What no option names stays as it is, and so do values that things have.
    """
    with connected(output, url) as session:
        changes = given(
            displayName=display_name,
            description=description,
            mandatory=mandatory,
            immutable=immutable,
            restricted=restricted,
        )
        has_values = bool(option or default or no_default) or regex is not None
        merge = _values(option, default, regex, no_default=no_default) if has_values else None
        options = "--display-name, --option, --default or another option"
        _DEFINITIONS.change(session, name, changes, merge=merge, options=options)


_DEFINITIONS.add_delete(
    tag_definitions,
    "Delete a tag definition and its values everywhere.",
    question="Delete the tag definition '{}' and its values everywhere?",
)


def _values(option: list[str] | None, default: list[str] | None, regex: str | None, *, no_default: bool) -> Merge:
    """Return what changes which values there may be. It raises Failure."""

    def merge(before: JsonObject) -> JsonObject:
        ((type_, content),) = members(before, "valueType").items()
        kept = {name: value for name, value in members(content).items() if not (no_default and name == "defaultValue")}
        return {"valueType": {type_: _content(kept, Type(type_), option, default, regex)}}

    return merge


def _content(
    content: JsonObject, type_: Type, options: list[str] | None, defaults: list[str] | None, regex: str | None
) -> JsonObject:
    """Return what is said about a type with what was given."""
    changes: JsonObject = {} if options is None else {"options": [*options]}
    if regex is not None:
        changes["validationRegex"] = regex or None
    if defaults:
        values = [_value(type_, word) for word in defaults]
        if len(values) > 1 and type_ is not Type.MULTI_SELECT:
            raise usage(f"{type_.value} has one default", "Give --default once.")
        changes["defaultValue"] = values if type_ is Type.MULTI_SELECT else values[0]
    merged = content | changes
    return {name: value for name, value in merged.items() if value is not None}


def _value(type_: Type, word: str) -> Json:
    if type_ not in {Type.INTEGER, Type.NUMBER}:
        return word
    try:
        return int(word) if type_ is Type.INTEGER or word.lstrip("+-").isdecimal() else float(word)
    except ValueError:
        raise usage(f"'{word}' is not a number", f"Give a default of type {type_.value}.") from None
