"""Whether a thing may have these tags. Source: api.md 2.3, concepts.md 20."""

from collections.abc import Mapping, Sequence

from blockyard.server.kit.errors import Denied, Invalid, pointer
from blockyard.server.tags.model.definition import TagDefinition, Tags, TargetKind
from blockyard.server.tags.model.value_types import check_values

Definitions = Mapping[str, TagDefinition]
"""Those of one kind, by their keys."""


def checked_tags(
    definitions: Definitions, kind: TargetKind, sent: Tags, before: Tags | None, *, unrestricted: bool
) -> Tags:
    """Return the tags a thing has from now on: without empty ones, a new one (`before` is None) with defaults.

    What stood there and is sent back passes, whatever the definitions say meanwhile. `unrestricted`: restricted tags may be set.

    Raises:
        Denied: a restricted tag would change.
        Invalid: a tag is unknown, fixed or missing, or its values do not fit.
    """
    is_new = before is None
    stood = _defaults(definitions, kind) if before is None else before
    kept = {key: values for key, values in stood.items() if is_new and key not in sent}
    after = {key: list(values) for key, values in {**sent, **kept}.items() if values}
    for key in sorted({*after, *stood}):
        was, now = list(stood.get(key, ())), after.get(key, [])
        if was != now:
            _check_change(definitions.get(key), kind, key, [] if is_new else was, now, unrestricted=unrestricted)
    if is_new:
        for definition in definitions.values():
            if definition.mandatory and (unrestricted or not definition.restricted):
                _require_value(definition, after.get(definition.tag, ()))
    return after


def _defaults(definitions: Definitions, kind: TargetKind) -> Tags:
    """Return what a new thing has where nothing was sent: the defaults of restricted tags."""
    if not kind.gets_defaults:
        return {}
    return {key: one.default for key, one in definitions.items() if one.restricted and one.default}


def _check_change(
    definition: TagDefinition | None,
    kind: TargetKind,
    key: str,
    was: Sequence[str],
    now: Sequence[str],
    *,
    unrestricted: bool,
) -> None:
    """Raise Denied or Invalid unless the values of a tag may become others."""
    field = pointer(kind.field, key)
    if definition is None:
        if not now:
            return
        raise Invalid(
            f"there is no tag '{key}' for a {kind}",
            code="UnknownTag",
            field=field,
            remedy="Leave it out, or ask an administrator for a tag definition.",
        )
    if definition.restricted and not unrestricted:
        raise Denied(
            f"you don't have sufficient permissions: tag '{key}' is restricted, ADM_{kind.saved_by} is needed to change it",
            code="RestrictedTag",
            field=field,
            remedy="Send it as it is, or ask an administrator.",
        )
    if definition.immutable and was:
        raise Invalid(
            f"tag '{key}' never changes once it is set: it is {', '.join(map(repr, was))}",
            code="ImmutableTag",
            field=field,
            remedy="Send it as it is.",
        )
    check_values(definition.value_type, key, now, field=field)
    if definition.mandatory:
        _require_value(definition, now)


def _require_value(definition: TagDefinition, values: Sequence[str]) -> None:
    if not any(value.strip() for value in values):
        raise Invalid(
            f"tag '{definition.tag}' is mandatory for a {definition.target_kind}",
            code="MissingTag",
            field=pointer(definition.target_kind.field, definition.tag),
            remedy="Send a value.",
        )
