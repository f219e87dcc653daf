"""Rules of inputs that may stay empty or are asked for only sometimes. Source: api.md 3.17, concepts.md 6.1."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from blockyard.protocol.names import ImplementationType, InputType
from blockyard.server.definitions.model.conditions import ConditionError, Kind, check_condition, parsed
from blockyard.server.definitions.model.definition import (
    PEOPLE,
    AssignmentType,
    InputSpec,
    VersionContent,
    input_pointer,
)
from blockyard.server.definitions.model.hiding import reads_of
from blockyard.server.kit.errors import Invalid
from blockyard.server.runners.model import SecretChange

MAX_CHARACTERS = 10_000
"""How long all conditions of a version may be together: reading that much takes less than a tenth of a second."""

_KINDS: Mapping[InputType, Kind] = {
    InputType.STRING: Kind.TEXT,
    InputType.CODE: Kind.TEXT,
    InputType.FILE: Kind.TEXT,
    InputType.SINGLE_SELECT: Kind.TEXT,
    InputType.INTEGER: Kind.NUMBER,
    InputType.BOOLEAN: Kind.TRUTH,
    InputType.MULTI_SELECT: Kind.TEXTS,
}
"""What conditions read of inputs; lists have no type that is known."""


def check_optional(content: VersionContent, changes: Mapping[str, SecretChange]) -> None:
    """Refuse inputs that cannot stay empty. Raises Invalid."""
    for spec in content.inputs.values():
        if not spec.is_optional:
            continue
        if spec.assignment_type not in PEOPLE:
            problem, remedy = f"{spec.assignment_type} is not filled in by people", "Leave isOptional out."
        elif spec.type is InputType.BOOLEAN:
            problem, remedy = "true or false is always said", "Leave isOptional out, or use SINGLE_SELECT."
        elif content.implementation.type is ImplementationType.MANUAL:
            problem, remedy = "every input of manual work becomes an output", "Leave isOptional out."
        elif spec.default_value is not None or input_pointer(spec.key, "defaultValue") in changes:
            problem, remedy = "it has a default value", "Leave isOptional out, or set defaultValue to null."
        else:
            continue
        raise Invalid(
            f"input '{spec.key}' cannot be optional: {problem}",
            code="BadOptional",
            field=input_pointer(spec.key, "isOptional"),
            remedy=remedy,
        )


def check_conditions(content: VersionContent) -> None:
    """Refuse expressions that cannot be decided: malformed, of what they may not read, or of each other. Raises Invalid."""
    inputs = content.inputs
    expressions = [found for spec in inputs.values() for found in _expressions(spec)]
    total = sum(len(one.text) for one in expressions) + sum(len(check.condition) for check in content.input_checks)
    if total > MAX_CHARACTERS:
        raise Invalid(
            f"the conditions of a version have at most {MAX_CHARACTERS} characters together",
            code="TooManyConditions",
            field="/spec/inputs",
            remedy="Make a version with fewer inputs, or shorter conditions.",
        )
    for one in expressions:
        _check(one, inputs)
    for at, check in enumerate(content.input_checks):
        what = f"check {at + 1} of the inputs"
        _check(_Expression(check.condition, what, f"/spec/inputChecks/{at}/condition", by_operator=True), inputs)
    _refuse_circles(inputs)


@dataclass(frozen=True, slots=True)
class _Expression:
    """An expression: whose it is, in words, and where it stands; `own` is the input that it must not read."""

    text: str
    whose: str
    field: str
    by_operator: bool
    own: str | None = None

    def refused(self, problem: str, remedy: str) -> Invalid:
        return Invalid(
            f"{self.whose} has a condition that cannot be used: {problem}",
            code="BadCondition",
            field=self.field,
            remedy=remedy,
        )


def _expressions(spec: InputSpec) -> Iterator[_Expression]:
    by_operator = spec.assignment_type is not AssignmentType.USER_INPUT
    places = [
        ("", "condition", spec.condition),
        *(
            (f"default {at + 1} of ", f"dependentDefaults/{at}/condition", one.condition)
            for at, one in enumerate(spec.dependent_defaults)
        ),
        *(
            (f"option source {at + 1} of ", f"optionSources/{at}/condition", one.condition)
            for at, one in enumerate(spec.option_sources)
        ),
    ]
    for part, member, text in places:
        if text is None:
            continue
        if spec.assignment_type not in PEOPLE:
            raise Invalid(
                f"input '{spec.key}' has a condition that cannot be used: {spec.assignment_type} is not filled in by people and "
                "cannot be hidden",
                code="BadCondition",
                field=input_pointer(spec.key, member),
                remedy="Leave condition out.",
            )
        pointer = input_pointer(spec.key, member)
        yield _Expression(text, f"{part}input '{spec.key}'", pointer, by_operator, spec.key if part else None)


def _check(one: _Expression, inputs: Mapping[str, InputSpec]) -> None:
    try:
        root = parsed(one.text)
    except ConditionError as error:
        raise one.refused(str(error), "Write CEL such as input.size > 3 && input.region in ['eu', 'us'].") from error
    for key in sorted(root.inputs_read()):
        problem = "is what it is about" if key == one.own else _unreadable(key, inputs, by_operator=one.by_operator)
        if problem:
            raise one.refused(f"it reads 'input.{key}', which {problem}", "Read other inputs.")
    try:
        check_condition(root, {key: _KINDS[inputs[key].type] for key in root.inputs_read()})
    except ConditionError as error:
        raise one.refused(str(error), "Compare what has the same type.") from error


def _refuse_circles(inputs: Mapping[str, InputSpec]) -> None:
    try:
        TopologicalSorter({key: found for key, spec in inputs.items() if (found := reads_of(spec))}).prepare()
    except CycleError as error:
        around: list[str] = error.args[1]
        raise Invalid(
            f"input '{around[0]}' has a condition that cannot be used: conditions read each other in a circle: "
            + " → ".join(around),
            code="BadCondition",
            field=input_pointer(around[0], "condition"),
            remedy="Let one of these inputs have no condition, or one that reads none of the others.",
        ) from error


def _unreadable(key: str, inputs: Mapping[str, InputSpec], *, by_operator: bool) -> str:
    read = inputs.get(key)
    if read is None:
        return "is not an input of this version"
    if read.assignment_type not in PEOPLE:
        return f"is not filled in by people but {read.assignment_type}"
    if read.assignment_type is not AssignmentType.USER_INPUT and not by_operator:
        return "an operator fills in after the order"
    if read.is_sensitive:
        return "is sensitive"
    return "" if read.type in _KINDS else f"has type {read.type}"
