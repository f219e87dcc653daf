"""Rules of inputs. Source: concepts.md 6, api.md 3.17, runner.md 3.8 and 3.9."""

import re
from collections.abc import Mapping

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import ImplementationType, InputType
from blockyard.server.definitions.model.definition import (
    PEOPLE,
    AssignmentType,
    InputSpec,
    TagOwner,
    TargetType,
    VersionContent,
    input_pointer,
)
from blockyard.server.definitions.model.json_schemas import SchemaError, check_schema
from blockyard.server.definitions.model.rules.adaptive import check_adaptive
from blockyard.server.definitions.model.rules.conditions import check_conditions, check_optional
from blockyard.server.definitions.model.values import PATTERN_TYPES, check_type, check_value, usable_value
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.patterns import PatternError, check_pattern
from blockyard.server.runners.model import SecretChange, StoredSecret

MAX_INPUTS = 500
MAX_OPTIONS = 1000

_TEXT_SOURCES = frozenset(
    {
        AssignmentType.PLATFORM_TENANT_ID,
        AssignmentType.MESHSTACK_TENANT_UUID,
        AssignmentType.WORKSPACE_IDENTIFIER,
        AssignmentType.PROJECT_IDENTIFIER,
        AssignmentType.FULL_PLATFORM_IDENTIFIER,
        AssignmentType.TENANT_BUILDING_BLOCK_UUID,
    }
)
_CODE_SOURCES = frozenset({AssignmentType.USER_PERMISSIONS, AssignmentType.AUTHOR})
_ONLY_CODE = frozenset({AssignmentType.TAG, AssignmentType.PAYMENT_METHOD})
_TENANT_SOURCES = frozenset(
    {
        AssignmentType.MESHSTACK_TENANT_UUID,
        AssignmentType.PROJECT_IDENTIFIER,
        AssignmentType.FULL_PLATFORM_IDENTIFIER,
    }
)
"""Not PLATFORM_TENANT_ID: public definitions for workspaces have such inputs, which is worth a warning."""

_WITH_ARGUMENT = frozenset({AssignmentType.STATIC, AssignmentType.BUILDING_BLOCK_OUTPUT, AssignmentType.TAG})
_MAY_BE_SENSITIVE = PEOPLE | {AssignmentType.STATIC}
_SENSITIVE_TYPES = frozenset({InputType.STRING, InputType.CODE, InputType.FILE})
_SELECTS = frozenset({InputType.SINGLE_SELECT, InputType.MULTI_SELECT})

_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ENGINE_NAME = re.compile(r"TF_(VAR|TOKEN|REGISTRY)_.+\Z|TF_ENCRYPTION\Z")
"""Of the engine's own variables these give it values, credentials and patience; every other one changes how it works, where it
keeps things or what it loads. Source: runner.md 3.8, the engines' lists of environment variables."""

_FED_BY_OTHERS = frozenset(
    {
        AssignmentType.USER_INPUT,
        AssignmentType.BUILDING_BLOCK_OUTPUT,
        AssignmentType.USER_PERMISSIONS,
        AssignmentType.AUTHOR,
    }
)
"""Sources whose values the platform team does not choose."""

_NAME_FOR_OTHERS = re.compile(r"(TF_VAR|INPUT)_.+\Z|(?!(TF|TOFU|MESHSTACK|BLOCKYARD)_)(.+_)?(TOKEN|PASSWORD|SECRET)\Z")
"""Variables that others may fill: a variable of the module, what a script reads as an input, a credential. Names that a loader, a
shell, git or a provider understands (LD_PRELOAD, PATH, HOME, BASH_ENV, GIT_SSH_COMMAND, AWS_CONFIG_FILE, …) are none of these."""


def check_inputs(content: VersionContent, changes: Mapping[str, SecretChange], target: TargetType) -> None:
    """Refuse inputs that break a rule; `changes` are the secrets that came with `content`. Raises Invalid."""
    if len(content.inputs) > MAX_INPUTS:
        raise Invalid(
            f"a version has at most {MAX_INPUTS} inputs",
            code="TooManyInputs",
            field="/spec/inputs",
            remedy="Gather several inputs in one of type CODE.",
        )
    for spec in content.inputs.values():
        _check_key(spec, content.implementation.type)
        _check_source(spec, target)
        _check_options(spec)
        _check_regex(spec)
        _check_schema(spec)
        _check_sensitivity(spec)
        _check_argument(spec, changes, target)
        _check_default(spec, changes)
    check_adaptive(content, target)
    check_optional(content, changes)
    check_conditions(content)


def check_kept_inputs(content: VersionContent, before: VersionContent) -> None:
    """Refuse to make an existing input secret or public. Raises Invalid."""
    for key, spec in content.inputs.items():
        was = before.inputs.get(key)
        if was is not None and was.is_sensitive is not spec.is_sensitive:
            raise Invalid(
                f"input '{key}' is {'' if was.is_sensitive else 'not '}sensitive and stays so",
                code="SensitivityFixed",
                field=input_pointer(key, "isSensitive"),
                remedy="Save the draft without this input, then add it again; or give the input another key.",
            )


def _check_key(spec: InputSpec, implementation: ImplementationType) -> None:
    key = spec.key
    problem = remedy = ""
    if not key.strip() or _CONTROL.search(key):
        problem, remedy = "is empty or has control characters", "Use the name of the variable or parameter."
    elif spec.type is InputType.FILE and spec.is_environment:
        problem, remedy = "is a file and cannot be an environment variable", "Set isEnvironment to false."
    elif spec.type is InputType.FILE and not _is_inner_path(key):
        problem = "is not a path inside the module"
        remedy = "Use a file name, or a relative path such as 'config/app.yaml' without '..'."
    elif spec.is_environment and not _ENVIRONMENT_NAME.match(key):
        problem = "is not the name of an environment variable"
        remedy = "Use letters, digits and underscores, and begin with no digit."
    elif spec.is_environment and implementation is ImplementationType.TERRAFORM and _steers_engine(key):
        problem = "is an environment variable that steers the engine itself"
        remedy = "Use another name; of TF_… only TF_VAR_…, TF_TOKEN_…, TF_REGISTRY_… and TF_ENCRYPTION can be inputs."
    elif spec.is_environment and implementation is ImplementationType.TERRAFORM and _is_for_the_platform_team(spec):
        problem = f"is an environment variable that the platform team has to set itself, not {spec.assignment_type}"
        remedy = "Call it TF_VAR_…, INPUT_… or …_TOKEN, …_PASSWORD, …_SECRET, or make it STATIC."
    if problem:
        raise Invalid(f"input key '{key}' {problem}", code="BadInputKey", field=input_pointer(key), remedy=remedy)


def _is_inner_path(key: str) -> bool:
    parts = key.split("/")
    return "\\" not in key and all(part.strip() and part not in {".", ".."} for part in parts)


def _steers_engine(name: str) -> bool:
    return name.startswith("TF_") and not _ENGINE_NAME.match(name)


def _is_for_the_platform_team(spec: InputSpec) -> bool:
    return spec.assignment_type in _FED_BY_OTHERS and not _NAME_FOR_OTHERS.match(spec.key)


def _check_source(spec: InputSpec, target: TargetType) -> None:
    source, pointer = spec.assignment_type, input_pointer(spec.key, "assignmentType")
    if target is TargetType.WORKSPACE_LEVEL and source in _TENANT_SOURCES:
        raise Invalid(
            f"input '{spec.key}': {source} exists only for blocks of tenants",
            code="TenantOnly",
            field=pointer,
            remedy="Use another assignmentType, or a definition with targetType TENANT_LEVEL.",
        )
    if target is TargetType.TENANT_LEVEL and source is AssignmentType.PAYMENT_METHOD:
        raise Invalid(
            f"input '{spec.key}': {source} exists only for blocks of workspaces",
            code="WorkspaceOnly",
            field=pointer,
            remedy="Use another assignmentType, or a definition with targetType WORKSPACE_LEVEL.",
        )
    wanted = (
        {InputType.STRING}
        if source in _TEXT_SOURCES
        else {InputType.CODE, InputType.LIST}
        if source in _CODE_SOURCES
        else {InputType.CODE}
        if source in _ONLY_CODE
        else set(InputType)
    )
    if source is AssignmentType.USER_INPUT:
        wanted.discard(InputType.FILE)
    if spec.type not in wanted:
        raise Invalid(
            f"input '{spec.key}': {source} is not possible with type {spec.type}",
            code="BadInputType",
            field=input_pointer(spec.key, "type"),
            remedy=f"Use type {min(wanted)}."
            if len(wanted) <= 2  # noqa: PLR2004  one type and its legacy form
            else "Let an operator supply files (PLATFORM_OPERATOR_MANUAL_INPUT), or use CODE.",
        )


def _check_options(spec: InputSpec) -> None:
    options = spec.selectable_values or ()
    pointer = input_pointer(spec.key, "selectableValues")
    if spec.type in _SELECTS and not (options or spec.option_sources):
        problem, remedy = "has nothing to select", "List the options in selectableValues."
    elif options and spec.type not in _SELECTS:
        problem, remedy = f"has options but type {spec.type}", "Leave selectableValues out, or use SINGLE_SELECT."
    elif len(set(options)) < len(options) or len(options) > MAX_OPTIONS:
        problem, remedy = "has an option twice, or too many", f"List each option once, at most {MAX_OPTIONS}."
    else:
        return
    raise Invalid(f"input '{spec.key}' {problem}", code="BadOptions", field=pointer, remedy=remedy)


def _check_regex(spec: InputSpec) -> None:
    pattern = spec.value_validation_regex
    if spec.assignment_type is AssignmentType.PAYMENT_METHOD:
        _check_no_pattern(spec)
    if not pattern:
        return
    problem = ""
    if spec.type not in PATTERN_TYPES or spec.is_json:
        problem = f"type {spec.kind} cannot be checked against one"
    elif len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/"):
        problem = "it is written between slashes"
    else:
        try:
            check_pattern(pattern)
        except PatternError as error:
            problem = str(error)
    if problem:
        raise Invalid(
            f"input '{spec.key}' has a regular expression that cannot be used: {problem}",
            code="BadRegex",
            field=input_pointer(spec.key, "valueValidationRegex"),
            remedy="Write the bare expression; the whole value has to match it.",
        )


def _check_no_pattern(spec: InputSpec) -> None:
    """Refuse a regular expression, or what it would say, where a payment method is named. Raises Invalid."""
    members = {
        "valueValidationRegex": spec.value_validation_regex,
        "validationRegexErrorMessage": spec.validation_regex_error_message,
    }
    for member, value in members.items():
        if value:
            raise Invalid(
                f"input '{spec.key}' names a payment method, which is checked by itself",
                code="BadRegex",
                field=input_pointer(spec.key, member),
                remedy=f"Leave {member} out.",
            )


def _check_schema(spec: InputSpec) -> None:
    """Refuse JSON from other sources than a form or the author, and a schema that cannot be used. Raises Invalid."""
    if spec.is_json and spec.assignment_type not in PEOPLE | {AssignmentType.STATIC}:
        raise Invalid(
            f"input '{spec.key}': {spec.assignment_type} is not possible with type JSON",
            code="BadInputType",
            field=input_pointer(spec.key, "type"),
            remedy="Use type CODE.",
        )
    if spec.json_schema is None:
        return
    problem = "" if spec.is_json else f"type {spec.type} has none"
    try:
        check_schema(spec.json_schema)
    except SchemaError as error:
        problem = problem or str(error)
    if problem:
        raise Invalid(
            f"input '{spec.key}' has a JSON Schema that cannot be used: {problem}",
            code="BadJsonSchema",
            field=input_pointer(spec.key, "jsonSchema"),
            remedy="Send the text of a JSON Schema that refers to nothing outside itself, with type JSON; or leave it out.",
        )


def _check_sensitivity(spec: InputSpec) -> None:
    if not spec.is_sensitive:
        return
    if spec.assignment_type not in _MAY_BE_SENSITIVE:
        problem, remedy = f"{spec.assignment_type} cannot be sensitive", "Set isSensitive to false."
    elif spec.type not in _SENSITIVE_TYPES:
        problem, remedy = f"type {spec.type} cannot be sensitive", "Use STRING, CODE or FILE for secrets."
    else:
        return
    raise Invalid(
        f"input '{spec.key}': {problem}",
        code="BadSensitivity",
        field=input_pointer(spec.key, "isSensitive"),
        remedy=remedy,
    )


def _check_argument(spec: InputSpec, changes: Mapping[str, SecretChange], target: TargetType) -> None:
    pointer = input_pointer(spec.key, "argument")
    present, known = _present(spec, spec.argument, changes.get(pointer))
    if present and spec.assignment_type not in _WITH_ARGUMENT and spec.assignment_type is not AssignmentType.USER_INPUT:
        raise Invalid(
            f"input '{spec.key}': {spec.assignment_type} takes no argument",
            code="UnexpectedArgument",
            field=pointer,
            remedy="Set argument to null.",
        )
    if not present and spec.assignment_type in _WITH_ARGUMENT:
        raise Invalid(
            f"input '{spec.key}': {spec.assignment_type} needs an argument",
            code="MissingArgument",
            field=pointer,
            remedy="Send the value of STATIC inputs, '<definition uuid>.<output key>' for BUILDING_BLOCK_OUTPUT, or "
            "'WORKSPACE.<tag key>' for TAG.",
        )
    if spec.assignment_type is AssignmentType.BUILDING_BLOCK_OUTPUT and spec.parent_output is None:
        raise Invalid(
            f"the argument of input '{spec.key}' names no output of a definition",
            code="BadArgument",
            field=pointer,
            remedy="Send '<definition uuid>.<output key>'.",
        )
    if spec.assignment_type is AssignmentType.TAG:
        _check_tag(spec, target, pointer)
    if known is not None and spec.assignment_type is AssignmentType.STATIC:
        _check_written(spec, known, pointer)


def _check_tag(spec: InputSpec, target: TargetType, pointer: str) -> None:
    if spec.tag is None:
        raise Invalid(
            f"the argument of input '{spec.key}' names no tag",
            code="BadArgument",
            field=pointer,
            remedy=f"Send '<owner>.<tag key>', with one of {', '.join(TagOwner)} as owner.",
        )
    if target is TargetType.WORKSPACE_LEVEL and spec.tag[0] is not TagOwner.WORKSPACE:
        raise Invalid(
            f"input '{spec.key}': blocks of workspaces read no tags of {spec.tag[0]}",
            code="TenantOnly",
            field=pointer,
            remedy="Read a tag of WORKSPACE, or use a definition with targetType TENANT_LEVEL.",
        )


def _check_default(spec: InputSpec, changes: Mapping[str, SecretChange]) -> None:
    pointer = input_pointer(spec.key, "defaultValue")
    present, known = _present(spec, spec.default_value, changes.get(pointer))
    if present and spec.assignment_type not in PEOPLE:
        raise Invalid(
            f"input '{spec.key}': {spec.assignment_type} takes no default value",
            code="UnexpectedDefault",
            field=pointer,
            remedy="Set defaultValue to null.",
        )
    if known is not None:
        _check_written(spec, known, pointer)


def _check_written(spec: InputSpec, value: Json, pointer: str) -> None:
    """Refuse a default or an argument that does not fit; code may be written as JSON, which is kept as it is."""
    usable = usable_value(spec.type, value)
    shown: Json = None if isinstance(usable, StoredSecret) else usable
    if spec.is_json or spec.option_sources:
        check_value(spec, shown, pointer=pointer)
    else:
        check_type(spec.type, spec.selectable_values, shown, label=spec.label, pointer=pointer)


def _present(spec: InputSpec, value: object, change: SecretChange | None) -> tuple[bool, Json]:
    """Return whether there is a value, and the value if it is known (a kept secret is not)."""
    if not spec.is_sensitive:
        plain: Json = value if isinstance(value, bool | int | float | str | list | dict) else None
        return value is not None, plain
    if change is not None:
        return True, change.plaintext
    return isinstance(value, StoredSecret), None
