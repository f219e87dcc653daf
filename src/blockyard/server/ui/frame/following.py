"""Inputs that follow each other, as a browser reads them (`lib/hiding.js`): conditions, options, defaults, checks.

Expressions are trees: a browser does not read their text.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import InputType
from blockyard.server.blocks.model.block import InputValue
from blockyard.server.blocks.service.adapting import Looked
from blockyard.server.definitions.model import InputSpec, Version
from blockyard.server.definitions.model.conditions import parsed, tree_of
from blockyard.server.definitions.model.hiding import with_options
from blockyard.server.definitions.model.values import texts_of, usable_value
from blockyard.server.ui.frame import controls
from blockyard.server.ui.frame.refusals import sentence

MOVED = "Its default has changed with what else you chose: this one is taken unless you change it."


def chooses_none(spec: InputSpec) -> bool:
    """Whether it means something that nothing is chosen."""
    return spec.type is InputType.MULTI_SELECT and not spec.is_optional


def condition_of(spec: InputSpec) -> Json:
    """Return when an input is asked for; None for always."""
    return _tree(spec.condition)


def sources_of(spec: InputSpec, looked: Looked, *, also: Sequence[str] = ()) -> Json:
    """Return where options come from: pairs of a tree, or None, and texts; `also` are always offered."""
    if not spec.option_sources:
        return None
    found: list[Json] = [[None, [*(spec.selectable_values or ()), *also]]]
    for source in spec.option_sources:
        texts: list[Json] = [*(source.values if source.list is None else looked.lists.get(source.list, ()))]
        found.append([_tree(source.condition), texts])
    return found


def defaults_of(spec: InputSpec) -> Json:
    """Return defaults that depend on something: a tree, or None, what the control holds then, and the mark of that."""
    if not spec.dependent_defaults:
        return None
    choices = [(_tree(one.condition), usable_value(spec.type, one.value)) for one in spec.dependent_defaults]
    found: list[Json] = []
    for tree, value in [*choices, (None, usable_value(spec.type, spec.default_value))]:
        open_spec = with_options(spec, texts_of(value)) if spec.selectable_values is not None else spec
        chosen: list[Json] = [*controls.chosen_of(open_spec, value)]
        held: Json = chosen if spec.type is InputType.MULTI_SELECT else controls.text_of(open_spec, value)
        found.append([tree, held, controls.mark_of(open_spec, value)])
    return found


def checks_of(version: Version) -> Json:
    """Return the checks between inputs."""
    return [
        {"condition": _tree(check.condition), "message": sentence(check.message), "key": check.key}
        for check in version.input_checks
    ]


def known_of(specs: Sequence[InputSpec], values: Mapping[str, InputValue]) -> Json:
    """Return inputs that expressions may read and that have no field: their condition, and the leaf of a tree."""
    return {spec.key: {"condition": _tree(spec.condition), "value": _leaf(values.get(spec.key))} for spec in specs}


def as_of(spec: InputSpec, looked: Looked) -> datetime | None:
    """Return how old the oldest list is that a runner fetched for the options."""
    return min(looked.ages(spec), default=None)


def language_of(spec: InputSpec, value: InputValue) -> str | None:
    """Return which language code is most likely in."""
    if spec.is_json:
        return "json"
    text = value.lstrip() if isinstance(value, str) else ""
    if text.startswith(("{", "[")):
        return "json" if '":' in text or text.startswith("[") else "hcl"
    return "yaml" if text.startswith("---") or ":\n" in text else "hcl"


def _tree(condition: str | None) -> Json:
    return None if not condition else tree_of(parsed(condition))


def _leaf(value: InputValue) -> Json:
    """Return a value as a tree holds it: numbers as digits, as browsers would round them; a secret is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return ["number", str(value)]
    if isinstance(value, list):
        return ["literal", [item for item in value if isinstance(item, str)]]
    return ["literal", value if isinstance(value, str | bool) else None]
