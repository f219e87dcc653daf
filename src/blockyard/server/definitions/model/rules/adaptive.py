"""Rules of options, defaults and checks that depend on something (decision 79)."""

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import InputType
from blockyard.server.definitions.model.adaptive import InputCheck, OptionSource
from blockyard.server.definitions.model.definition import (
    PEOPLE,
    InputSpec,
    TagOwner,
    TargetType,
    VersionContent,
    input_pointer,
    tag_named,
)
from blockyard.server.definitions.model.values import check_value, usable_value
from blockyard.server.kit.errors import Invalid
from blockyard.server.runners.model import StoredSecret

MAX_SOURCES = 50
MAX_LISTS = 10
"""Lists of one version that are looked up: each costs a statement whenever its form is shown."""

MAX_DEFAULTS = 50
MAX_CHECKS = 50
MAX_OPTIONS = 1000

_SELECTS = frozenset({InputType.SINGLE_SELECT, InputType.MULTI_SELECT})
_NO_DEPENDENT_DEFAULT = frozenset({InputType.FILE, InputType.LIST})


def check_adaptive(content: VersionContent, target: TargetType) -> None:
    """Refuse sources, defaults and checks that cannot be used; their expressions are checked apart. Raises Invalid."""
    lists = 0
    for spec in content.inputs.values():
        if spec.option_sources:
            _check_sources(spec, target)
            lists += sum(source.list is not None for source in spec.option_sources)
        if spec.dependent_defaults:
            _check_defaults(spec)
    if lists > MAX_LISTS:
        raise Invalid(
            f"the options of a version come from at most {MAX_LISTS} tags and outputs together",
            code="TooManyOptionSources",
            field="/spec/inputs",
            remedy="Write options into the version, or gather several lists in one output.",
        )
    if len(content.input_checks) > MAX_CHECKS:
        raise Invalid(
            f"a version has at most {MAX_CHECKS} checks of its inputs",
            code="TooManyInputChecks",
            field="/spec/inputChecks",
            remedy="Join checks with &&.",
        )
    for at, check in enumerate(content.input_checks):
        _check_check(content, check, at)


def _check_sources(spec: InputSpec, target: TargetType) -> None:
    pointer = input_pointer(spec.key, "optionSources")
    problem = remedy = ""
    if spec.type not in _SELECTS or spec.assignment_type not in PEOPLE:
        problem = f"{spec.assignment_type} with type {spec.type} has no options to choose from"
        remedy = "Leave optionSources out, or use SINGLE_SELECT or MULTI_SELECT of people."
    elif len(spec.option_sources) > MAX_SOURCES or _written(spec) > MAX_OPTIONS:
        problem = "there are too many"
        remedy = f"Use at most {MAX_SOURCES} sources, with at most {MAX_OPTIONS} values together."
    else:
        for at, source in enumerate(spec.option_sources):
            problem, remedy = _problem_of(source, target)
            if problem:
                pointer = f"{pointer}/{at}"
                break
    if problem:
        raise Invalid(
            f"input '{spec.key}' has option sources that cannot be used: {problem}",
            code="BadOptionSource",
            field=pointer,
            remedy=remedy,
        )


def _written(spec: InputSpec) -> int:
    return len(spec.selectable_values or ()) + sum(len(source.values) for source in spec.option_sources)


def _problem_of(source: OptionSource, target: TargetType) -> tuple[str, str]:
    said = [source.values, source.tag, source.output, source.block]
    if sum(bool(one) for one in said) != 1:
        return "a source says one of values, tag, output and block", "Write a source of its own for each of them."
    if len({*source.values}) < len(source.values):
        return "a source has an option twice", "List each option once."
    if source.tag is not None:
        return _problem_of_tag(source.tag, target)
    if source.list is not None and source.list.output is None:
        return (
            f"'{source.list.name}' names no output",
            "Write '<definition uuid>.<output key>' for output, '<building block uuid>.<output key>' for block.",
        )
    return "", ""


def _problem_of_tag(name: str, target: TargetType) -> tuple[str, str]:
    tag = tag_named(name)
    if tag is None:
        return f"'{name}' names no tag", f"Write '<owner>.<tag key>', with one of {', '.join(TagOwner)} as owner."
    if target is TargetType.WORKSPACE_LEVEL and tag[0] is not TagOwner.WORKSPACE:
        return (
            f"building blocks of workspaces read no tags of {tag[0]}",
            "Read a tag of WORKSPACE, or use a definition with targetType TENANT_LEVEL.",
        )
    return "", ""


def _check_defaults(spec: InputSpec) -> None:
    pointer = input_pointer(spec.key, "dependentDefaults")
    problem = remedy = ""
    if spec.assignment_type not in PEOPLE:
        problem, remedy = f"{spec.assignment_type} takes no default value", "Leave dependentDefaults out."
    elif spec.is_sensitive or spec.type in _NO_DEPENDENT_DEFAULT:
        kind = "a sensitive input" if spec.is_sensitive else f"type {spec.type}"
        problem, remedy = f"{kind} has none", "Leave dependentDefaults out."
    elif spec.is_optional:
        problem, remedy = "it may stay empty", "Leave isOptional out, or dependentDefaults."
    elif len(spec.dependent_defaults) > MAX_DEFAULTS:
        problem, remedy = "there are too many", f"Use at most {MAX_DEFAULTS}."
    if problem:
        raise Invalid(
            f"input '{spec.key}' has dependent defaults that cannot be used: {problem}",
            code="BadDependentDefault",
            field=pointer,
            remedy=remedy,
        )
    for at, one in enumerate(spec.dependent_defaults):
        usable = usable_value(spec.type, one.value)
        shown: Json = None if isinstance(usable, StoredSecret) else usable
        check_value(spec, shown, pointer=f"{pointer}/{at}/value")


def _check_check(content: VersionContent, check: InputCheck, at: int) -> None:
    field = f"/spec/inputChecks/{at}"
    if not check.message.strip():
        raise Invalid(
            f"check {at + 1} of the inputs has no message",
            code="BadInputCheck",
            field=f"{field}/message",
            remedy="Say to people what has to hold, such as 'The smallest size is at most the largest'.",
        )
    read = content.inputs.get(check.key) if check.key is not None else None
    if check.key is not None and (read is None or read.assignment_type not in PEOPLE):
        raise Invalid(
            f"check {at + 1} of the inputs is about '{check.key}', which people do not fill in",
            code="BadInputCheck",
            field=f"{field}/inputKey",
            remedy="Name one of the inputs that it reads, or leave inputKey out.",
        )
