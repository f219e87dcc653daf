"""Tags in forms: what each definition asks for, and what came back."""

from collections.abc import Mapping, Sequence

from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.services import Services
from blockyard.server.tags.model import TagDefinition, TargetKind, ValueTypeName
from blockyard.server.ui.frame.plain_forms import Ask, Filled, Option

_NAME = "tag."


def tag_asks(
    tx: Transaction,
    principal: Principal,
    services: Services,
    kind: TargetKind,
    tags: Mapping[str, Sequence[str]],
) -> list[Ask]:
    """Return what a form asks for of the tags of a kind; `tags` are those that are there."""
    is_admin = kind.saved_by in principal.everywhere
    definitions = services.tag_definitions.of_kind(tx, kind).values()
    ordered = sorted(definitions, key=lambda one: (one.sort_order, one.display_name.casefold()))
    return [_ask(one, kind, tags.get(one.tag, ()), is_admin=is_admin) for one in ordered]


def _ask(one: TagDefinition, kind: TargetKind, values: Sequence[str], *, is_admin: bool) -> Ask:
    controls = {ValueTypeName.SINGLE_SELECT: "select", ValueTypeName.MULTI_SELECT: "checkboxes"}
    is_fixed = one.immutable and bool(values)
    control = controls.get(one.value_type.name, "text")
    options = [Option(option, option) for option in one.value_type.options]
    if control == "select" and not one.mandatory:
        options.insert(0, Option("", "None"))
    off = (
        "Only administrators set this." if one.restricted and not is_admin else "It never changes." if is_fixed else ""
    )
    default = () if values or one.restricted else one.default
    shown = values or default
    return Ask(
        name=_NAME + one.tag,
        label=one.display_name or one.tag,
        kind=control,
        help=one.description,
        needed=one.mandatory and not off,
        value=", ".join(shown) if control == "text" else (shown[0] if shown else ""),
        chosen=shown,
        options=options,
        pointers=[f"{kind.field}/{one.tag}"],
        off=off,
    )


def tags_in(filled: Filled, asks: Sequence[Ask], before: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Return the tags that a form says; those it cannot change stay as they are."""
    tags: dict[str, Sequence[str]] = dict(before)
    for one in asks:
        if not one.name.startswith(_NAME) or one.off:
            continue
        key = one.name.removeprefix(_NAME)
        given = filled.lists[one.name] if one.kind == "checkboxes" else [filled.texts[one.name]]
        values = [text for text in given if text]
        tags.pop(key, None)
        if values:
            tags[key] = values
    return tags
