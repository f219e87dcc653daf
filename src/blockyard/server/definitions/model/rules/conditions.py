"""Rules of inputs that may stay empty or are asked for only sometimes. Source: api.md 3.17, concepts.md 6.1."""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from blockyard.protocol.names import ImplementationType, InputType
from blockyard.server.definitions.model.conditions import ConditionError, Kind, Node, check_condition, parsed
from blockyard.server.definitions.model.definition import (
    PEOPLE,
    AssignmentType,
    InputSpec,
    VersionContent,
    input_pointer,
)
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


def check_conditions(inputs: Mapping[str, InputSpec]) -> None:
    """Refuse conditions that cannot be decided: malformed, of what they may not read, or of each other. Raises Invalid."""
    conditional = {key: spec.condition for key, spec in inputs.items() if spec.condition is not None}
    if sum(map(len, conditional.values())) > MAX_CHARACTERS:
        raise Invalid(
            f"the conditions of a version have at most {MAX_CHARACTERS} characters together",
            code="TooManyConditions",
            field="/spec/inputs",
            remedy="Make a version with fewer inputs, or shorter conditions.",
        )
    reads = {key: _checked(inputs[key], condition, inputs).inputs_read() for key, condition in conditional.items()}
    try:
        TopologicalSorter(reads).prepare()
    except CycleError as error:
        around: list[str] = error.args[1]
        raise _refusal(
            around[0],
            f"conditions read each other in a circle: {' → '.join(around)}",
            "Let one of these inputs have no condition, or one that reads none of the others.",
        ) from error


def _checked(spec: InputSpec, condition: str, inputs: Mapping[str, InputSpec]) -> Node:
    if spec.assignment_type not in PEOPLE:
        raise _refusal(
            spec.key, f"{spec.assignment_type} is not filled in by people and cannot be hidden", "Leave condition out."
        )
    try:
        root = parsed(condition)
    except ConditionError as error:
        raise _refusal(
            spec.key, str(error), "Write CEL such as input.size > 3 && input.region in ['eu', 'us']."
        ) from error
    for key in sorted(root.inputs_read()):
        problem = _unreadable(key, inputs, by_operator=spec.assignment_type is not AssignmentType.USER_INPUT)
        if problem:
            raise _refusal(spec.key, f"it reads 'input.{key}', which {problem}", "Read other inputs.")
    try:
        check_condition(root, {key: _KINDS[inputs[key].type] for key in root.inputs_read()})
    except ConditionError as error:
        raise _refusal(spec.key, str(error), "Compare what has the same type.") from error
    return root


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


def _refusal(key: str, problem: str, remedy: str) -> Invalid:
    return Invalid(
        f"input '{key}' has a condition that cannot be used: {problem}",
        code="BadCondition",
        field=input_pointer(key, "condition"),
        remedy=remedy,
    )
