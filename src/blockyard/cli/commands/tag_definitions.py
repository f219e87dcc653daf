"""`tag-definitions list | show | create | update | delete`."""

from enum import StrEnum
from typing import Annotated

import typer

from blockyard.cli.completion import names_of
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import flag, member, members, text, texts
from blockyard.cli.exits import usage
from blockyard.cli.listing import Limit, PageNumber, tell_list
from blockyard.cli.output import Format, columns, shown
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
DisplayName = Annotated[str | None, typer.Option("--display-name", help="Name for people.")]
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


@tag_definitions.command("list")
def list_tag_definitions(
    *, limit: Limit = 50, page: PageNumber = 1, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """List the tag definitions, the oldest first."""
    with connected(output, url) as session:
        found = session.client.page(TAG_DEFINITION, {}, number_=page - 1, size=limit)
        tell_list(
            session,
            found,
            None,
            columns("NAME", "DISPLAY NAME", "TYPE", "RULES", wide=["DESCRIPTION"]),
            lambda item: (
                text(item, "metadata", "name"),
                text(item, "spec", "displayName"),
                ", ".join(members(item, "spec", "valueType")),
                _rules(item),
                text(item, "spec", "description"),
            ),
        )


@tag_definitions.command("show")
def show_tag_definition(name: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Show a tag definition."""
    with connected(output, url) as session:
        document = session.client.show(TAG_DEFINITION, name)
        if session.printer.for_programs:
            session.printer.document(document)
            return
        ((type_, content),) = _types(document).items()
        facts = [
            ("name", text(document, "metadata", "name")),
            ("display name", text(document, "spec", "displayName")),
            ("description", text(document, "spec", "description") or "-"),
            ("type", type_),
            ("options", ", ".join(texts(content, "options")) or "-"),
            ("regex", text(content, "validationRegex") or "-"),
            ("default", shown(member(content, "defaultValue"))),
            ("rules", _rules(document)),
        ]
        session.printer.facts([fact for fact in facts if fact[1] != "-"])


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
        spec = _changed(
            {"targetKind": kind, "key": key, "displayName": key, "valueType": {type_.value: {}}},
            {"displayName": display_name, "description": description},
            {"mandatory": mandatory, "immutable": immutable, "restricted": restricted},
        )
        spec["valueType"] = {type_.value: _content({}, type_, option, default, regex)}
        content: JsonObject = {"metadata": {"name": name}, "spec": spec}
        session.printer.result(session.client.create(TAG_DEFINITION, content), f"Tag definition {name} created.")


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
        given: list[object] = [display_name, description, regex, mandatory, immutable, restricted]
        if all(one is None for one in given) and not (option or default or no_default):
            raise usage("nothing to change", "Give --display-name, --option, --default or another option.")
        before = session.client.show(TAG_DEFINITION, name)
        ((type_, content),) = _types(before).items()
        if no_default:
            content.pop("defaultValue", None)
        spec = _changed(
            members(before, "spec"),
            {"displayName": display_name, "description": description},
            {"mandatory": mandatory, "immutable": immutable, "restricted": restricted},
        )
        spec["valueType"] = {type_: _content(content, Type(type_), option, default, regex)}
        sent: JsonObject = {"metadata": before["metadata"], "spec": spec}
        session.printer.result(session.client.replace(TAG_DEFINITION, name, sent), f"Tag definition {name} changed.")


@tag_definitions.command("delete")
def delete_tag_definition(
    name: Which, *, yes: YesOption = False, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Delete a tag definition and its values everywhere."""
    with connected(output, url) as session:
        require_consent(f"Delete the tag definition '{name}' and its values everywhere?", yes=yes)
        session.client.delete(TAG_DEFINITION, name)
        session.printer.result({"deleted": name}, f"Tag definition {name} deleted.")


def _types(document: JsonObject) -> dict[str, JsonObject]:
    """Return the type of values with what is said about it."""
    return {
        name: content for name, content in members(document, "spec", "valueType").items() if isinstance(content, dict)
    }


def _rules(document: JsonObject) -> str:
    return ", ".join(rule for rule in ("mandatory", "immutable", "restricted") if flag(document, "spec", rule)) or "-"


def _changed(spec: JsonObject, words: dict[str, str | None], flags: dict[str, bool | None]) -> JsonObject:
    """Return a specification with what was given."""
    changes: JsonObject = {name: value for name, value in {**words, **flags}.items() if value is not None}
    return spec | changes


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
