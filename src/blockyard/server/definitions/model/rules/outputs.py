"""Rules of outputs, and the outputs that manual definitions have by themselves. Source: concepts.md 7, api.md 3.17."""

import re
from collections.abc import Mapping

from blockyard.protocol.names import ImplementationType, InputType
from blockyard.server.definitions.model.definition import (
    DeclaredType,
    InputSpec,
    OutputAssignment,
    OutputSpec,
    TargetType,
    VersionContent,
    output_pointer,
)
from blockyard.server.kit.errors import Invalid

MAX_OUTPUTS = 500

_OUTPUT_OF: Mapping[InputType, DeclaredType] = {
    InputType.STRING: DeclaredType.STRING,
    InputType.SINGLE_SELECT: DeclaredType.STRING,
    InputType.CODE: DeclaredType.CODE,
    InputType.LIST: DeclaredType.CODE,
    InputType.MULTI_SELECT: DeclaredType.CODE,
    InputType.INTEGER: DeclaredType.INTEGER,
    InputType.BOOLEAN: DeclaredType.BOOLEAN,
    InputType.FILE: DeclaredType.FILE,
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def check_outputs(content: VersionContent, target: TargetType) -> None:
    """Refuse outputs that break a rule. Raises Invalid."""
    if len(content.outputs) > MAX_OUTPUTS:
        raise Invalid(
            f"a version has at most {MAX_OUTPUTS} outputs",
            code="TooManyOutputs",
            field="/spec/outputs",
            remedy="Gather several outputs in one of type CODE.",
        )
    manual = content.implementation.type is ImplementationType.MANUAL
    for spec in content.outputs.values():
        if not spec.key.strip() or _CONTROL.search(spec.key):
            raise Invalid(
                f"output key '{spec.key}' is empty or has control characters",
                code="BadOutputKey",
                field=output_pointer(spec.key),
                remedy="Use the name of the output in the automation.",
            )
        if manual:
            _check_manual(spec, content.inputs)
        elif spec.type is DeclaredType.FILE:
            raise Invalid(
                f"output '{spec.key}' cannot be a file",
                code="BadOutputType",
                field=output_pointer(spec.key, "type"),
                remedy="Use STRING or CODE.",
            )
    _check_tenant_ids(content.outputs, target)


def derived_outputs(content: VersionContent) -> Mapping[str, OutputSpec]:
    """Return the outputs the version really has: of manual definitions one for each input, of others those it declares."""
    if content.implementation.type is not ImplementationType.MANUAL:
        return content.outputs
    ordered = sorted(content.inputs.values(), key=lambda spec: (spec.display_order, spec.key))
    return {
        spec.key: content.outputs.get(spec.key)
        or OutputSpec(key=spec.key, display_name=spec.display_name, type=_OUTPUT_OF[spec.type], display_order=position)
        for position, spec in enumerate(ordered)
    }


def _check_manual(spec: OutputSpec, inputs: Mapping[str, InputSpec]) -> None:
    source = inputs.get(spec.key)
    if source is None:
        raise Invalid(
            f"output '{spec.key}' has no input of this key: outputs of a manual definition are its inputs",
            code="NoSuchInput",
            field=output_pointer(spec.key),
            remedy="Remove the output, or add the input.",
        )
    if spec.type is not _OUTPUT_OF[source.type]:
        raise Invalid(
            f"output '{spec.key}' must have type {_OUTPUT_OF[source.type]}, which follows from its input",
            code="BadOutputType",
            field=output_pointer(spec.key, "type"),
            remedy=f"Send {_OUTPUT_OF[source.type]}.",
        )


def _check_tenant_ids(outputs: Mapping[str, OutputSpec], target: TargetType) -> None:
    found = [spec for spec in outputs.values() if spec.assignment_type is OutputAssignment.PLATFORM_TENANT_ID]
    for position, spec in enumerate(found):
        if target is not TargetType.TENANT_LEVEL:
            problem, remedy = "is possible for blocks of tenants only", "Use another assignmentType."
        elif spec.type is not DeclaredType.STRING:
            problem, remedy = "must be a STRING", "Use type STRING."
        elif position:
            problem, remedy = "exists already in this version", "Use it for one output only."
        else:
            continue
        raise Invalid(
            f"output '{spec.key}': PLATFORM_TENANT_ID {problem}",
            code="BadOutputAssignment",
            field=output_pointer(spec.key, "assignmentType"),
            remedy=remedy,
        )
