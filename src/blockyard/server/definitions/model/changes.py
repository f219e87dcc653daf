"""What changed from one version to the next, in sentences for those who order. Source: concepts.md 17."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from blockyard.server.definitions.model.definition import (
    PEOPLE,
    AssignmentType,
    DefinitionId,
    DeletionMode,
    InputSpec,
    OutputSpec,
    VersionContent,
)
from blockyard.server.definitions.model.migrations import InputMigration, MigrationAction
from blockyard.server.identity.permissions import permissions_in_words

_ASKED = PEOPLE | {AssignmentType.PAYMENT_METHOD}
_UNKNOWN = "another definition"


def changes_between(before: VersionContent, after: VersionContent, names: Mapping[DefinitionId, str]) -> Sequence[str]:
    """Return what is new, gone or otherwise; `names` are those of definitions that the reader may know of."""
    moved = after.input_migrations
    found = [
        *_of_migrations(_asked(before), _asked(after), moved),
        *_of_inputs(
            _without(_asked(before), {step.source for step in moved}),
            _without(
                _asked(after),
                {key for step in moved for key in step.written if step.source is not None or key not in before.inputs},
            ),
        ),
        *_of_outputs(before.outputs, after.outputs),
        *_of_dependencies(before, after, names),
    ]
    if before.input_checks != after.input_checks:
        found.append("Other things have to hold between its inputs")
    found.extend(_of_permissions({*before.run_permissions}, {*after.run_permissions}))
    if before.implementation.type is not after.implementation.type:
        found.append("It is made in another way")
    if before.deletion_mode is not after.deletion_mode:
        destroys = after.deletion_mode is DeletionMode.DELETE
        found.append("Deleting it destroys what it made" if destroys else "Deleting it leaves what it made")
    if before.only_apply_once_per_tenant is not after.only_apply_once_per_tenant:
        found.append("There may be only one" if after.only_apply_once_per_tenant else "There may be several")
    return found


def _of_permissions(before: Collection[str], after: Collection[str]) -> Iterable[str]:
    for head, codes in (
        ("Its runs may do more than before", {*after} - {*before}),
        ("Its runs may do less than before", {*before} - {*after}),
    ):
        if codes:
            said = "; ".join(f"{one[:1].lower()}{one[1:]}" for one in permissions_in_words(codes))
            yield f"{head}: {said}"


def _asked(content: VersionContent) -> Mapping[str, InputSpec]:
    return {key: spec for key, spec in content.inputs.items() if spec.assignment_type in _ASKED}


def _of_inputs(before: Mapping[str, InputSpec], after: Mapping[str, InputSpec]) -> Iterable[str]:
    for key, spec in after.items():
        was = before.get(key)
        if was is None:
            needed = "" if spec.default_value is not None or spec.is_optional else ", which is needed"
            yield f"New input {spec.label}{needed}"
        elif was.kind is not spec.kind:
            yield f"Input {spec.label} has another type"
        elif _options(was) != _options(spec):
            yield f"Input {spec.label} has other options"
        elif _defaults(was) != _defaults(spec) and not spec.is_sensitive:
            yield f"Input {spec.label} has another default"
        elif _checks(was) != _checks(spec):
            yield f"Input {spec.label} is checked differently"
    yield from (f"Input {spec.label} is gone" for key, spec in before.items() if key not in after)


def _without(specs: Mapping[str, InputSpec], keys: Collection[str | None]) -> Mapping[str, InputSpec]:
    return {key: spec for key, spec in specs.items() if key not in keys}


def _of_migrations(
    before: Mapping[str, InputSpec], after: Mapping[str, InputSpec], steps: Iterable[InputMigration]
) -> Iterable[str]:
    """Yield what becomes of values by itself."""
    for step in steps:
        was = before.get(step.source or "")
        written = [after[key] for key in step.written if key in after]
        called = {spec.label for spec in (was, *written) if spec is not None}
        are_told_apart = len(called) == len(written) + (was is not None)
        names = " and ".join(spec.label if are_told_apart else spec.key for spec in written)
        old = None if was is None else was.label if are_told_apart else was.key
        match step.action:
            case MigrationAction.RENAME if old is not None:
                yield f"Input {old} is {names} now, with the same value"
            case MigrationAction.MAP if was is not None:
                yield f"Input {names} gets its value from that of {old}"
            case MigrationAction.SPLIT if was is not None:
                yield f"Input {old} is split into {names}"
            case MigrationAction.DEFAULT:
                yield f"Input {names} gets a value where there is none"
            case _:
                continue


def _options(spec: InputSpec) -> tuple[object, ...]:
    return (spec.selectable_values, spec.option_sources)


def _defaults(spec: InputSpec) -> tuple[object, ...]:
    return (spec.default_value, spec.dependent_defaults)


def _checks(spec: InputSpec) -> tuple[object, ...]:
    return (spec.value_validation_regex, spec.json_schema, spec.is_optional, spec.condition)


def _of_outputs(before: Mapping[str, OutputSpec], after: Mapping[str, OutputSpec]) -> Iterable[str]:
    yield from (f"New output {spec.display_name or key}" for key, spec in after.items() if key not in before)
    yield from (f"Output {spec.display_name or key} is gone" for key, spec in before.items() if key not in after)


def _of_dependencies(before: VersionContent, after: VersionContent, names: Mapping[DefinitionId, str]) -> Iterable[str]:
    for one in after.dependencies:
        if one not in before.dependencies:
            yield f"Needs {names.get(one, _UNKNOWN)} now"
    for one in before.dependencies:
        if one not in after.dependencies:
            yield f"Does not need {names.get(one, _UNKNOWN)} any more"
